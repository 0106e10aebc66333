"""What people do while the portal is killed: each life is a chain of changes over HTTP, begun again until it is told to stop.

Every change that was acknowledged is written into the ledger, by the tag and the label of its audit entry, or as an event at the gate.
Now and then a form is sent once more than it was answered; that must give the same answer and count once.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from portal.demo import pictures
from portal.demo.numbers import identity_number
from portal.demo.scenario.browser import File, Page
from portal.demo.scenario.html import Control, Form
from portal.demo.scenario.story import identity_copy, letter, photo
from portal.kernel import clock, ids
from portal.kernel.db import isolated, session
from portal.passes.queries import live_pass
from tests.cast import PASSWORD
from tests.faults.patience import PatientBrowser
from tests.faults.portal import EXPECTED, FIRST_EXPECTED

Values = Mapping[str, str | list[str]]
_numbers = iter(range(1000, 100_000))
_lock = threading.Lock()


@dataclass
class Ledger:
    """What the portal said it had done. `audit`: (tag, label); `gate`: (kind of event, label); `again`: forms sent once more."""

    audit: Counter[tuple[str, str]] = field(default_factory=Counter)
    gate: Counter[tuple[str, str]] = field(default_factory=Counter)
    again: int = 0
    unanswered: int = 0
    breaches: list[str] = field(default_factory=list)


class Person:
    """Someone at a browser that is signed in."""

    def __init__(self, base_url: str, email: str, ledger: Ledger, chance: random.Random) -> None:
        self.browser, self.ledger, self._chance = PatientBrowser(base_url), ledger, chance
        page = self.browser.get("/sign-in")
        self.browser.submit(page, page.form("password"), {"email": email, "password": PASSWORD}).done()

    def get(self, path: str) -> Page:
        return self.browser.get(path).done()

    def send(
        self, page: Page, form: Form, values: Values | None = None, *, files: Mapping[str, File] | None = None, press: Control | None = None
    ) -> Page:
        """Sends a form that changes something. One time in four it is sent again: the answer has to be the same."""
        answer = self.browser.submit(page, form, values, files=files, press=press).done()
        if self._chance.random() < 0.25:
            self.ledger.again += 1
            again = self.browser.submit(page, form, values, files=files, press=press)
            if again.path != answer.path or again.codes:
                self.ledger.breaches.append(f"sent again, {page.path} led to {again.path} ({again.codes}), not to {answer.path}")
        return answer

    def act(self, path: str, action: str, tag: str, values: Values | None = None, field: str = "once") -> Page:
        """One action of a record's lifecycle, through its page."""
        page = self.get(f"{path}/{action}")
        answer = self.send(page, page.form(field), values)
        self.did(tag, answer.number)
        return answer

    def did(self, tag: str, label: str) -> None:
        with _lock:
            self.ledger.audit[tag, label] += 1

    def seen(self, kind: str, label: str) -> None:
        with _lock:
            self.ledger.gate[kind, label] += 1

    def close(self) -> None:
        with _lock:
            self.ledger.unanswered += self.browser.transport.unanswered
        self.browser.close()


Sign = Callable[[str], Person]


def badges(sign: Sign) -> Callable[[], None]:
    """A person is added, gets a badge, goes in and out, gives it back."""
    client, service, guard = sign("admin@client.example"), sign("service@rackpass.example"), sign("guard@rackpass.example")

    def live() -> None:
        number = _next()
        name, document = f"张{number}", identity_number(number)
        page = client.get(client.get("/clients/own").link(to=r"/people/add$"))
        client.send(page, page.form("document_number"), {"name": name, "document_number": document})
        client.did("person.added", name)
        page = client.get("/badges/apply")
        form = page.form("person")
        files = {"photo": photo(number % 40 + 1), "identity_copy": identity_copy(name, document), "letter": letter("机房出入证", name)}
        badge = client.send(page, form, {"person": form.option("person", name)}, files=files)
        client.did("badge.apply", badge.number)
        service.act(badge.path, "issue", "badge.issue", field="valid_until")
        code = _short_code(badge.path)
        for kind in ("entry", "exit"):
            page = guard.get("/gate/")
            page = guard.browser.submit(page, page.form("code"), {"code": code}).done()
            form = page.form(id="confirm")
            points = {"point": [box.value for box in form.named("point")]} if kind == "entry" else {}
            guard.send(page, form, points)
            guard.seen(kind, badge.number)
        client.act(badge.path, "cancel", "badge.cancel", {"reason": "离职"}, field="reason")

    return live


def visits(sign: Sign) -> Callable[[], None]:
    """A visit is asked for, approved (which sends each visitor their pass), and cancelled."""
    client, service = sign("stranger@client.example"), sign("service2@rackpass.example")

    def live() -> None:
        number = _next()
        page = client.get("/visits/request")
        start = (clock.local(clock.now()) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
        pasted = f"李{number}\t身份证\t{identity_number(number)}\t13800138091\t凯捷工程有限公司"
        form = page.form("pasted")
        page = client.browser.submit(page, form, {"pasted": pasted}, press=form.button("do", "take")).done()
        form = page.form("pasted")
        values = {
            "starts_at": f"{start:%Y-%m-%dT%H:%M}",
            "ends_at": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}",
            "reason": "更换光模块",
            "row_email": [f"visitor{number}@visitors.example"],
        }
        files = {"letter": letter("光模块更换", f"李{number}")}
        visit = client.send(page, form, values, files=files, press=form.button("do", "save"))
        client.did("visit.request", visit.number)
        client.did("person.added", f"李{number}")
        page = service.get(f"{visit.path}/approve")
        form = page.form("people")
        page = service.send(page, form, {"people": [box.value for box in form.named("people")], "escorted": "y"})
        service.did("visit.approve", page.number)
        client.act(visit.path, "cancel", "visit.cancel", {"reason": "改期"}, field="reason")

    return live


def repairs(sign: Sign) -> Callable[[], None]:
    """A server goes out for repair on a slip and comes back to its place."""
    client, service = sign("admin@client.example"), sign("service@rackpass.example")
    guard, staff = sign("guard2@rackpass.example"), sign("room_staff@rackpass.example")

    def live() -> None:
        page = client.get("/exits/apply")
        form = page.form("picked")
        today, serial = clock.today(), f"SN-{_next() % 4 + 1:04d}"
        files = {"letter": letter("设备检修出门", "周师傅"), "identity_copy": identity_copy("周师傅", identity_number(90))}
        values = {
            "kind": "repair", "picked": [form.option("picked", serial)], "leaves_on": f"{today}", "note": "送厂检修",
            "return_due_on": f"{today + timedelta(days=10)}", "mover_name": "周师傅", "mover_document": identity_number(90),
        }  # fmt: skip
        slip = client.send(page, form, values, files=files)
        client.did("exit.apply", slip.number)
        page = service.get(slip.path)
        page = service.send(page, page.form(button="item"), press=page.form(button="item").button("item"))
        service.act(slip.path, "issue", "exit.issue")
        code = _short_code(slip.path)
        page = guard.get("/gate/")
        page = guard.browser.submit(page, page.form("code"), {"code": code}).done()
        page = guard.browser.submit(page, page.form(id="confirm"), {"serial": serial}).done()
        guard.send(page, page.form(id="confirm"), {"mover": "1"})
        guard.seen("release", slip.number)
        page = guard.get(slip.path)
        page = guard.send(page, page.form(button="item"))
        guard.seen("return", slip.number)
        page = staff.get(slip.path)
        staff.send(page, page.form(action="/back"))
        staff.did("exit.complete", slip.number)

    return live


def arrivals(sign: Sign) -> Callable[[], None]:
    """Servers at the door are accepted into service; then orders are drafted, issued, planned, and cancelled again."""
    client, sales, staff = sign("admin@client.example"), sign("sales@rackpass.example"), sign("room_staff@rackpass.example")
    waiting = [f"SN-{number:04d}" for number in range(FIRST_EXPECTED, FIRST_EXPECTED + EXPECTED)]
    order_path = staff.get("/work-orders/").link(to=r"^/work-orders/\w{20,}$")

    def live() -> None:
        if waiting:
            serial = waiting.pop()
            page = staff.get(f"{order_path}/accept")
            page = staff.browser.submit(page, page.form("serial"), {"serial": serial}).done()
            form = page.form("unpacked")
            ticks = {name: form.named(name)[0].value for name in ("unpacked", "model_agrees")}
            staff.send(page, form, {**ticks, "serial": serial})
            staff.did("equipment.accept", serial)
        page = client.get("/work-orders/draft")
        form = page.form("row_model")
        arrives = clock.local(clock.now()) + timedelta(hours=30)
        values: dict[str, str | list[str]] = {
            "arrives_at": f"{arrives:%Y-%m-%dT%H:%M}", "bringer_name": "王师傅", "bringer_phone": "13800138000",
            "row_model": ["Dell PowerEdge R650"], "row_serial": [f"NEW-{_next()}"],
        }  # fmt: skip
        order = client.send(page, form, values, press=form.button("do", "save"))
        client.did("work_order.draft", order.number)
        client.act(order.path, "request", "work_order.request")
        sales.act(order.path, "issue", "work_order.issue", field="arrives_at")
        page = staff.get(f"{order.path}/plan")
        staff.send(page, page.form("once"))
        staff.did("work_order.prepare", order.number)
        sales.act(order.path, "cancel", "work_order.cancel", {"reason": "改期"}, field="reason")

    return live


def violations(sign: Sign) -> Callable[[], None]:
    """A violation is recorded with a picture and decided."""
    guard, supervisor = sign("guard@rackpass.example"), sign("supervisor@rackpass.example")

    def live() -> None:
        page = guard.get("/violations/record?q=王珺")
        page = guard.get(page.link("王珺"))
        form = page.form("rule")
        values = {
            "rule": "r_e2",
            "severity": "serious",
            "place": "货运通道",
            "description": "吸烟。",
        }
        files = {"evidence1": ("cam.jpg", pictures.scene(_next() % 5 + 1))}
        found = guard.send(page, form, values, files=files)
        guard.did("violation.record", found.number)
        supervisor.act(found.path, "decide", "violation.decide", {"measures": ["warning"], "reason": "严禁吸烟"}, field="days")

    return live


def emergencies(sign: Sign) -> Callable[[], None]:
    """Somebody asks for emergency access; the supervisors are told by mail and chat, and refuse."""
    client, supervisor = sign("solo@client.example"), sign("supervisor@rackpass.example")

    def live() -> None:
        page = client.get("/emergencies/ask")
        asked = client.send(page, page.form("reason"), {"reason": "业务中断", "people": "罗成 13900139000"})
        client.did("emergency.ask", asked.number)
        supervisor.act(asked.path, "refuse", "emergency.refuse", {"reason": "请走临时进入"}, field="reason")

    return live


LIVES = (badges, visits, repairs, arrivals, violations, emergencies)


def run(which: Callable[[Sign], Callable[[], None]], base_url: str, ledger: Ledger, stop: threading.Event, seed: int) -> int:
    """Lives one life after the other until told to stop, and the last one to its end. Returns how many."""
    people: list[Person] = []
    chance = random.Random(seed)

    def sign(email: str) -> Person:
        people.append(Person(base_url, email, ledger, chance))
        return people[-1]

    lived = 0
    try:
        live = which(sign)
        while not stop.is_set() or not lived:
            live()
            lived += 1
    except Exception as error:
        ledger.breaches.append(f"{which.__name__}, life {lived + 1}: {type(error).__name__}: {error}")
    finally:
        for person in people:
            person.close()
    return lived


def _next() -> int:
    with _lock:
        return next(_numbers)


def _short_code(path: str) -> str:
    """What is printed under the code of a record's pass, for typing."""
    with isolated():
        found = live_pass(ids.from_text(path.rpartition("/")[2]))
        assert found is not None
        session().expunge(found)
        return found.short_code
