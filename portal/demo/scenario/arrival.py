"""Three servers come in: notice to the second, positions held, accepted item by item, papers."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.demo.scenario.browser import Page
from portal.demo.scenario.story import Story
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel import clock
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Equipment in")
SERVERS = (("Huawei 2288H V5", "2102312CJX10M8000071"), ("Dell PowerEdge R650", "7QK4LN3"), ("HPE ProLiant DL380 Gen10", "CZJ0420B7X"))
DAY = timedelta(hours=24)


@CHAPTER.step("client drafts a work order for three servers and sends it to sales")
def drafts(story: Story) -> str:
    story.needs("signed")
    browser = story.client()
    page = browser.get("/work-orders/draft").done()
    story.kept["arrival"] = arrival = clock.at_local(clock.today() + timedelta(days=1), 10, 30)
    columns: dict[str, str | list[str]] = {"row_model": [m for m, _serial in SERVERS], "row_serial": [serial for _m, serial in SERVERS]}
    written = {"arrives_at": _typed(arrival), "bringer_name": "顺达物流 王师傅", "bringer_phone": "13800138000"}
    form = page.form("row_model")
    page = browser.submit(page, form, {**written, **columns}, press=form.button("do", "save")).done()
    story.kept["order"] = page.path
    page = browser.get(page.link(to=r"/request$"))
    page = browser.submit(page, page.form("once")).done()
    return f"{page.number} for {clock.local(arrival):%d %b %H:%M}, {page.state.lower()}"


@CHAPTER.step("issue 23 h 59 min before arrival refused", "work_order.too_early")
def too_late_to_issue(story: Story) -> Outcome:
    browser = story.staff(Role.SALES)
    page = browser.get(f"{story.kept['order']}/issue")
    story.system.set_clock(story.kept["arrival"] - DAY + timedelta(minutes=1), still=True)
    page = browser.submit(page, page.form("arrives_at"))
    story.kept["refused form"] = page
    return page.outcome(f"at {_notice(story.kept['arrival'])}; {page.said}")


@CHAPTER.step("issued 24 h before the first possible arrival")
def issues(story: Story) -> str:
    browser, page = story.staff(Role.SALES), story.kept["refused form"]
    story.kept["arrival"] = arrival = story.kept["arrival"] + timedelta(minutes=1)
    if f"{clock.local(arrival):%H:%M}" not in page.said:
        raise Unexpected(f"{clock.local(arrival):%H:%M} was not offered: {page.said}")
    page = browser.submit(page, page.form("arrives_at"), {"arrives_at": _typed(arrival)}).done()
    notice = _notice(arrival)
    story.system.set_clock(clock.now())
    return f"{page.number} {page.state.lower()} {notice} before {clock.local(arrival):%d %b %H:%M}"


@CHAPTER.step("room staff plan positions, held with addresses and ports")
def plans(story: Story) -> Outcome:
    browser = story.staff(Role.ROOM_STAFF)
    page = browser.get(browser.get(story.kept["order"]).link(to=r"/plan$"))
    page = browser.submit(page, page.form("once")).done()
    story.kept["planned"] = True
    return Outcome(f"{page.number}, {page.state.lower()}", lines=_allocations(page))


@CHAPTER.step("acceptance before the notice has passed refused", "work_order.not_expected_yet")
def too_early(story: Story) -> Outcome:
    return _accept(story, 0, SERVERS[0][1])


@CHAPTER.step("another serial number at the door refused", "work_order.serial_differs")
def wrong_serial(story: Story) -> Outcome:
    story.needs("planned")
    story.later(story.kept["arrival"])
    return _accept(story, 0, SERVERS[0][1][:-1] + "2")


@CHAPTER.step("three servers accepted and in service")
def accepts(story: Story) -> Outcome:
    story.needs("planned")
    outcome = Outcome("")
    for which, (_model, serial) in enumerate(SERVERS):
        outcome = _accept(story, which, serial)
        if outcome.code:
            return outcome
    page = story.staff(Role.ROOM_STAFF).get(story.kept["order"]).done()
    story.kept["in service"] = rows = _allocations(page)
    if len(rows) != len(SERVERS) or len({row.split("  ")[1] for row in rows}) != len(SERVERS):
        raise Unexpected(f"{len(rows)} servers have {rows}")
    return Outcome(f"{page.number}, {page.state.lower()}", lines=rows)


@CHAPTER.step("work order, acceptance record and allocation sheet printed")
def prints(story: Story) -> str:
    story.needs("in service")
    browser = story.client()
    page = browser.get(story.kept["order"])
    for paper in ("work-order", "acceptance", "allocation"):
        story.printed(browser, page.link(to=rf"/{paper}\.pdf$"), f"{paper}-{page.number}")
    return "3 PDFs"


def _accept(story: Story, which: int, seen: str) -> Outcome:
    """At the door: the item is looked up by its serial number, looked at, and accepted as what stands on it."""
    story.needs("planned")
    browser = story.staff(Role.ROOM_STAFF)
    page = browser.get(f"{story.kept['order']}/accept").done()
    page = browser.submit(page, page.form("serial"), {"serial": SERVERS[which][1]}).done()
    form = page.form("unpacked")
    page = browser.submit(page, form, {"unpacked": form.named("unpacked")[0].value, "model_agrees": form.named("model_agrees")[0].value,
                                       "serial": seen})  # fmt: skip
    return page.outcome()


def _allocations(page: Page) -> list[str]:
    """Position, address, switch and port, model and serial number of each item."""
    return [f"{row['Position']}  {row['Address and port']}  {row['Equipment']}" for row in page.rows if row.get("Position", "—") != "—"]


def _typed(moment: datetime) -> str:
    return f"{clock.local(moment):%Y-%m-%dT%H:%M}"


def _notice(arrival: datetime) -> str:
    """How long it is until then."""
    seconds = int((arrival - clock.now()).total_seconds())
    return f"{seconds // 3600} h {seconds // 60 % 60:02d} min {seconds % 60:02d} s"
