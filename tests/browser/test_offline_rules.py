"""Phone and portal read and judge alike: one table of cases through both, in a real browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from itertools import product
from typing import Any

import pytest
import qrcode
from playwright.sync_api import expect
from sqlalchemy import select

from portal.clients import rules as client_rules
from portal.emergencies import rules as emergency_rules
from portal.gate import rules
from portal.gate import services as gate
from portal.gate.offline import snapshot
from portal.gate.rules import BadgeFacts, Entering, SlipFacts, VisitFacts
from portal.kernel.db import session, transaction
from portal.passes.models import Pass
from portal.shifts.models import Shift
from portal.visits import services as visit_services
from tests.badges import making as badges
from tests.browser.conftest import OpenPage
from tests.browser.offline import cut, press, ready, scan, token_of
from tests.browser.site import PHONE, Site
from tests.calendar import making as freezes
from tests.cast import NOW
from tests.conduct import making as conduct
from tests.emergencies import making as emergencies
from tests.shifts import making as shifts
from tests.visits import making as visits


@pytest.fixture(autouse=True)
def shift(site: Site) -> Shift:
    """The guard's, at the site of the cast: only on a shift does a phone keep a copy."""
    with transaction():
        return shifts.running(site.cast)


def test_both_decide_by_the_same_rules(site: Site, open_page: OpenPage) -> None:
    """One table of cases through the Python rules and, in the browser, through those of the page."""
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    today = NOW.date()
    days = (today - timedelta(days=1), today, today + timedelta(days=1))
    code = lambda refusal: refusal.code if refusal else None  # noqa: E731
    cases: list[list[Any]] = []
    states = ("under_review", "needs_correction", "issued", "suspended", "lost", "cancelled", "returned", "expired", "refused")
    for state, until, rooms, revoked in product(states, (None, *days), ([], ["B2"]), (None, "reissued")):
        facts = {"state": state, "until": until.isoformat() if until else None, "rooms": rooms, "revoked": revoked}
        cases.append(["whyNotBadge", facts, code(rules.why_not_badge(BadgeFacts(state, until, rooms, revoked), today))])
    slip_states = ("under_review", "issued", "released", "awaiting_return", "completed", "cancelled", "lapsed")
    for state, day, released, revoked in product(slip_states, days, (None, NOW), (None, "used")):
        facts = {"state": state, "day": day.isoformat(), "released": released and int(released.timestamp() * 1000), "revoked": revoked}
        cases.append(["whyNotSlip", facts, code(rules.why_not_slip(SlipFacts(state, day, released, revoked), today))])
    points = [key for key, _label in rules.CHECKLIST_POINTS]
    several = product((None, rules.BADGE_LOST), ([], ["A1", "B2"]), (None, "B2", "C3"), (None, ("B2", NOW)), (False, True), (False, True))
    for (refusal, rooms, room, inside, escorted, named), checked in product(several, (points, points[1:], [])):
        entering = Entering(refusal, rooms, room, inside, escorted, named, checked)
        facts = {
            "refusal": refusal and {"code": refusal.code}, "rooms": rooms, "room": room, "inside": inside and {"room": "B2", "since": 0},
            "escorted": escorted, "escortNamed": named, "checked": checked, "points": points,
        }  # fmt: skip
        cases.append(["whyNotEnter", facts, code(rules.why_not_enter(entering))])
    ms = lambda moment: moment and int(moment.timestamp() * 1000)  # noqa: E731
    hour = timedelta(hours=1)
    visit_states = ("under_review", "needs_correction", "approved", "refused", "cancelled", "over")
    windows = ((NOW - hour, NOW), (NOW, NOW + hour), (NOW + hour, NOW + 2 * hour))
    several = product(visit_states, ("expected", "approved", "refused", "withdrawn", "over"), windows, (True, False), (None, NOW + hour))
    for (visit, state, (starts, ends), in_force, frozen), revoked in product(several, (None, "reissued")):
        facts = {
            "visit": visit, "state": state, "starts": ms(starts), "ends": ms(ends), "inForce": in_force, "frozenUntil": ms(frozen),
            "revoked": revoked,
        }  # fmt: skip
        said = rules.why_not_visit(VisitFacts(visit, state, starts, ends, in_force, frozen, revoked), NOW)
        cases.append(["whyNotVisit", facts, code(said)])
    emergency_states = ("asked", "approved", "refused", "lapsed", "in_use", "report_due", "reported", "closed", "cancelled")
    for state, lapses in product(emergency_states, (None, NOW - hour, NOW, NOW + hour)):
        facts = {"number": "EM-1", "state": state, "lapses": ms(lapses), "contract": "C", "inForce": True, "revoked": None}
        cases.append(["whyNotEmergency", facts, code(emergency_rules.why_not_enter("EM-1", state, lapses, NOW))])
    identity = ("110101199003070652", "110101 19900307-0652", "11010119900307065X", "11010119900307065")
    numbers = (*identity, "", "E1234567X", "ABCDEF", "H12345678", "h1234567890", "12345678", "１２３４５６７８", "123")
    for kind, number in product(client_rules.DOCUMENT_KINDS, numbers):
        facts = {"name": "罗成", "kind": kind, "number": number}
        cases.append(["whyNotDocument", facts, code(client_rules.why_not_document(kind, number, today))])
    for kept in ([], ["camera", "背包"], ["长" * 60], ["长" * 61], [str(n) for n in range(12)], [str(n) for n in range(13)]):
        cases.append(["whyNotKept", kept, code(rules.why_not_kept(kept))])
    told = page.evaluate(
        """async ([cases, today, now]) => {
          const rules = await import("/static/gate/rules.js");
          const at = (name) => (["whyNotVisit", "whyNotEmergency"].includes(name) ? now : today);
          return cases.map(([name, facts]) => rules[name](facts, at(name))?.code ?? null);
        }""",
        [[case[:2] for case in cases], today.isoformat(), ms(NOW)],
    )
    assert len(cases) > 1200
    differing = [(case, said) for case, said in zip(cases, told, strict=True) if case[2] != said]
    assert differing == []


def test_tokens_and_short_codes_are_read_alike(site: Site, open_page: OpenPage) -> None:
    with transaction():
        text = token_of(badges.issued(site.cast)).rpartition("/")[2]
        code = session().scalars(select(Pass.short_code)).one()
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    forged = text[:-3] + ("A" if text[-3] != "A" else "B") + text[-2:]
    read = """async (texts) => {
      const { importKeys, readToken, normaliseShortCode, tokenFromScan } = await import("/static/gate/token.js");
      const { sections: { house } } = await (await fetch("/gate/offline/snapshot")).json();
      const keys = await importKeys(house.data.keys);
      const why = async (work) => { try { return await work(); } catch (error) { return error.code; } };
      return Promise.all(texts.map(async (text) => {
        const token = tokenFromScan(text);
        return token ? why(async () => (await readToken(token, keys)).kind) : why(() => normaliseShortCode(text));
      }));
    }"""
    spelt = code.lower().replace("0", "o").replace("1", "l")
    wrong = code[:-1] + ("Z" if code[-1] != "Z" else "Y")
    swapped = next(code[:n] + code[n + 1] + code[n] + code[n + 2 :] for n in range(9) if code[n] != code[n + 1])
    spare = text[:-1] + {"A": "B", "Q": "R", "I": "J", "Y": "Z", "E": "F", "U": "V", "M": "N", "4": "5"}.get(text[-1], "B")
    found = page.evaluate(read, [text, text.lower(), forged, f"HTTP://X/G/{text}", spelt, wrong, swapped, "hello", text[:-1], spare])
    assert found[:8] == [1, 1, "bad_signature", 1, code, "wrong_check", "wrong_check", "malformed"]
    assert found[8:] == ["malformed", "malformed"]


def test_a_browser_that_knows_no_such_signature_says_so(site: Site, open_page: OpenPage) -> None:
    with transaction():
        text = token_of(badges.issued(site.cast))
        code = session().scalars(select(Pass.short_code)).one()
    page = open_page(width=PHONE)
    page.add_init_script(
        "const own = SubtleCrypto.prototype.importKey; SubtleCrypto.prototype.importKey = function (format, bytes, algorithm, ...rest) {"
        " if (algorithm.name === 'Ed25519') return Promise.reject(new DOMException('no', 'NotSupportedError'));"
        " return own.call(this, format, bytes, algorithm, ...rest); };"
    )
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, text)
    expect(page.locator(".verdict.wait")).to_contain_text("断网时无法核验签名")
    press(page, "继续扫码")
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_contain_text("可以进入")


@pytest.mark.parametrize("shown", [(1.0, 0, 6), (0.55, 0, 4), (1.0, 17, 6)], ids=["plain", "small", "turned"])
def test_the_packaged_decoder_reads_what_is_printed(site: Site, open_page: OpenPage, shown: tuple[float, int, int]) -> None:
    size, turned, box = shown
    with transaction():
        text = token_of(badges.issued(site.cast))
    code = qrcode.QRCode(border=4, box_size=box, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    drawn = code.make_image().get_image().convert("L").rotate(turned, expand=True, fillcolor=255)
    drawn = drawn.resize((round(drawn.width * size), round(drawn.height * size)))
    made = BytesIO()
    drawn.save(made, "PNG")
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    read: Callable[..., Any] = page.evaluate
    found = read(
        """async (png) => {
          const picture = new Image();
          picture.src = `data:image/png;base64,${png}`;
          await picture.decode();
          const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
          canvas.getContext("2d").drawImage(picture, 0, 0);
          const { packagedDecoder } = await import("/static/gate/decoder.js");
          const decode = await packagedDecoder();
          const blank = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
          return [await decode(blank), await decode(canvas)];
        }""",
        base64.b64encode(made.getvalue()).decode(),
    )
    assert found == [None, text]


def test_the_copy_is_judged_as_the_portal_judges(site: Site, open_page: OpenPage) -> None:
    """Visits and emergencies made through the services, at the edges of their time: phone and portal say the same of every pass."""
    cast, hour, second = site.cast, timedelta(hours=1), timedelta(seconds=1)
    moments = (visits.START - second, visits.START, visits.START + 2 * hour, visits.END - second, visits.END, NOW, NOW + 4 * hour - second)
    with transaction():
        for state in ("approved", "over"):
            visits.in_state(cast, state)
        visit_services.cancel(visits.approved(cast), "改期", cast.actor("admin"), NOW)
        apart = visits.approved(cast, people=(visits.Named(cast.people["wang"].id), visits.new(5)))
        visit_services.withdraw(visits.people(apart)[0], "不来了", cast.actor("admin"), NOW)
        shortened = visits.approved(cast, "wang", "liu")
        visit_services.shorten(shortened, visits.END - hour, cast.actor("admin"), NOW)
        visits.approved(cast, "liu")
        conduct.decided(cast, person="liu")
        freezes.frozen(cast, "B2", starts_at=visits.START + 2 * hour, ends_at=visits.START + 3 * hour)
        for state in ("approved", "in_use", "report_due", "reported", "closed", "cancelled", "lapsed"):
            emergencies.in_state(cast, state)
    cases: list[list[Any]] = []
    with site.app.test_request_context(), transaction():
        copy = json.loads(snapshot.compact(snapshot.sections(snapshot.Scope(), visits.START - hour, english=False)))
        held = session().scalars(select(Pass).where(Pass.kind.in_(("visit", "emergency")))).all()
        for found, at in product(held, moments):
            verdict = gate.judge_pass(found, at)
            refused = None if verdict.inside or verdict.refusal is None else verdict.refusal.code
            cases.append([found.short_code, int(at.timestamp() * 1000), refused])
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    told = page.evaluate(
        """async ([copy, cases]) => {
          const { judge } = await import("/static/gate/judge.js");
          const records = [...copy.badges, ...copy.visits, ...copy.emergencies, ...copy.slips];
          copy.byCode = new Map(records.map((record) => [record.code, record]));
          const said = cases.map(async ([code, at]) => (await judge(code, copy, [], at)).refusal?.code ?? null);
          return Promise.all(said);
        }""",
        [copy, cases],
    )
    differing = [(case, said) for case, said in zip(cases, told, strict=True) if case[2] != said]
    assert differing == []
    assert len({case[2] for case in cases}) >= 10, (
        "early, over, cancelled, taken off, old print, barred, frozen, lapsed, emergency over, and none"
    )
