"""One server is withdrawn, one goes out for repair and comes back: each on a slip that is verified at the gate, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from portal.demo.numbers import identity_number
from portal.demo.scenario.arrival import SERVERS
from portal.demo.scenario.browser import Page
from portal.demo.scenario.story import MOVER, Story, identity_copy, letter, scanned
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel import clock
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Equipment out")
DOCUMENT = identity_number(90)
WITHDRAWN, REPAIRED = SERVERS[0][1], SERVERS[1][1]


@CHAPTER.step("client applies for a withdrawal and for a repair")
def applies(story: Story) -> str:
    story.needs("in service")
    tomorrow = clock.today() + timedelta(days=1)
    numbers = [apply(story, "withdrawal", [WITHDRAWN], tomorrow), apply(story, "repair", [REPAIRED], tomorrow)]
    return ", ".join(numbers)


@CHAPTER.step("slip before every line is agreed refused", "exit.not_all_agreed")
def not_agreed(story: Story) -> Outcome:
    browser = story.staff(Role.CUSTOMER_SERVICE)
    page = browser.get(f"{story.kept['withdrawal']}/issue")
    return browser.submit(page, page.form("once")).outcome()


@CHAPTER.step("customer service agrees line by line and issues both slips")
def issues(story: Story) -> str:
    return ", ".join(f"{issue(story, kind).number} issued" for kind in ("withdrawal", "repair"))


@CHAPTER.step("both slips printed")
def prints(story: Story) -> str:
    for kind in ("withdrawal", "repair"):
        print_slip(story, kind)
    return "2 PDFs"


@CHAPTER.step("slip a day early refused", "gate.slip_early")
def early(story: Story) -> Outcome:
    return scanned(story.staff(Role.DUTY), story.kept["withdrawal slip"]).outcome()


@CHAPTER.step("equipment that is not on the slip refused", "gate.not_on_slip")
def not_on_slip(story: Story) -> Outcome:
    slip = story.kept["withdrawal slip"]
    story.later(clock.at_local(clock.today() + timedelta(days=1), 14))
    browser = story.staff(Role.DUTY)
    page = scanned(browser, slip)
    return browser.submit(page, page.form(id="confirm"), {"serial": REPAIRED}).outcome()


@CHAPTER.step("withdrawal verified item by item and released")
def withdraws(story: Story) -> str:
    return release(story, "withdrawal", [WITHDRAWN])


@CHAPTER.step("second use of the slip refused", "gate.slip_used")
def second_use(story: Story) -> Outcome:
    story.needs("withdrawal released")
    return scanned(story.staff(Role.DUTY), story.kept["withdrawal slip"]).outcome()


@CHAPTER.step("repair verified and released, return expected")
def repairs(story: Story) -> str:
    figure = release(story, "repair", [REPAIRED])
    page = story.client().get(story.kept["repair"])
    return f"{figure}; {page.state.lower()} by {page.facts['Comes back by']}"


@CHAPTER.step("repaired server booked in at the gate and put back in its place")
def comes_back(story: Story) -> str:
    story.needs("repair released")
    story.later(clock.at_local(clock.today() + timedelta(days=3), 11))
    guard = story.staff(Role.DUTY)
    page = scanned(guard, story.kept["repair slip"])
    page = guard.get(page.link(to=r"/exits/\w+$"))
    page = guard.submit(page, page.form(button="item")).done()
    staff = story.staff(Role.ROOM_STAFF)
    page = staff.get(story.kept["repair"])
    page = staff.submit(page, page.form(action="/back")).done()
    row = page.rows[0]
    story.kept["back"] = row["Place"]
    kept = next(line for line in story.kept["in service"] if REPAIRED in line)
    if not kept.startswith(row["Place"]):
        raise Unexpected(f"it stood at {kept} and is back at {row['Place']}")
    return f"{page.number} {page.state.lower()}, {REPAIRED} at {row['Place']} again"


def apply(story: Story, kind: str, serials: Sequence[str], leaves: date) -> str:
    """An application of the client; `story.kept[kind]` is where it stands then. Returns its number."""
    browser = story.client()
    page = browser.get("/exits/apply")
    form = page.form("picked")
    facts: dict[str, str | list[str]] = {
        "kind": kind,
        "picked": [form.option("picked", serial) for serial in serials],
        "leaves_on": f"{leaves}",
        "mover_name": MOVER,
        "mover_document": DOCUMENT,
        "note": "业务下线" if kind == "withdrawal" else "主板故障，送厂检修",
    }
    if kind == "withdrawal":
        page = browser.submit(page, form, facts).done()
    else:
        files = {"letter": letter("设备检修出门", MOVER), "identity_copy": identity_copy(MOVER, DOCUMENT)}
        page = browser.submit(page, form, facts | {"return_due_on": f"{leaves + timedelta(days=10)}"}, files=files).done()
    story.kept[kind] = page.path
    return f"{page.number} {page.state.lower()}"


def issue(story: Story, kind: str) -> Page:
    """Customer service: every line beside the records, agreed one by one; then the slip."""
    browser = story.staff(Role.CUSTOMER_SERVICE)
    page = browser.get(story.kept[kind]).done()
    for row in page.rows:
        if row.get("Records") != "Agrees":
            raise Unexpected(f"{row} does not agree")
        page = browser.press(page, page.form(button="item"), "item").done()
    page = browser.get(page.link(to=r"/issue$"))
    page = browser.submit(page, page.form("once")).done()
    story.kept[f"{kind} issued"] = True
    return page


def print_slip(story: Story, kind: str) -> None:
    story.needs(f"{kind} issued")
    browser = story.client()
    page = browser.get(story.kept[kind])
    story.kept[f"{kind} slip"] = story.printed(browser, page.link(to=r"/slip\.pdf$"), f"exit-slip-{page.number}")


def release(story: Story, kind: str, serials: Sequence[str]) -> str:
    """Duty staff: the slip's code is scanned, then each serial number, the mover's document seen, and out it goes."""
    browser = story.staff(Role.DUTY)
    page = scanned(browser, story.kept[f"{kind} slip"]).done()
    for serial in serials:
        page = browser.submit(page, page.form(id="confirm"), {"serial": serial}).done()
    form = page.form(id="confirm")
    if not all(box.on for box in form.named("item")):
        raise Unexpected("not everything on the slip is ticked")
    page = browser.submit(page, form, {"mover": "1"}).done()
    story.kept[f"{kind} released"] = True
    return page.said
