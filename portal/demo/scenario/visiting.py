"""A fitter without a badge comes once: requested with the letter, approved for one of two, in within the window, out, over."""

from __future__ import annotations

from datetime import timedelta

from portal.demo.numbers import identity_number
from portal.demo.scenario.story import Story, letter, scanned
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel import clock
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Visit")
FITTER, SECOND = "许巍", "段誉"
FIRM = "凯捷工程有限公司"
STAYS = timedelta(hours=2)


@CHAPTER.step("a person with a wrong document number is marked in the list")
def wrong_line(story: Story) -> str:
    browser = story.client()
    page = browser.get("/visits/request")
    lines = [
        f"{FITTER}\t身份证\t{identity_number(91)}\t13800138091\t{FIRM}",
        f"{SECOND}\t身份证\t{identity_number(92)[:-2]}00\t13800138092\t{FIRM}",
    ]
    form = page.form("pasted")
    page = story.kept["visit's list"] = browser.submit(page, form, {"pasted": "\n".join(lines)}, press=form.button("do", "take"))
    if "identity number" not in page.main.text:
        raise Unexpected(f"the wrong line was not marked: {page.main.text}")
    return f"{SECOND}: the identity number is wrong; {FITTER} stays in the table"


@CHAPTER.step("corrected, and sent with the stamped letter")
def requests(story: Story) -> str:
    browser, page = story.client(), story.kept["visit's list"]
    start = (clock.local(clock.now()) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    story.kept["visit begins"], form = start, page.form("pasted")
    values: dict[str, str | list[str]] = {
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + STAYS:%Y-%m-%dT%H:%M}",
        "reason": "更换故障光模块",
        "tools": "光功率计一台",
        "row_document_number": [identity_number(91), identity_number(92)],
    }
    page = browser.submit(page, form, values, files={"letter": letter("光模块更换", FITTER)}, press=form.button("do", "save")).done()
    story.kept["visit"] = page.path
    return f"{page.number} for {start:%H:%M}–{start + STAYS:%H:%M}, {page.state.lower()}"


@CHAPTER.step("customer service approves one of the two, escorted")
def approves(story: Story) -> str:
    browser, path = story.staff(Role.CUSTOMER_SERVICE), story.kept["visit"]
    page = browser.get(f"{path}/approve")
    form = page.form("people")
    page = browser.submit(page, form, {"people": [form.option("people", FITTER)], "escorted": "y"}).done()
    story.kept["visit approved"] = page.path
    return f"{page.number} {page.state.lower()} for {FITTER}"


@CHAPTER.step("access pass printed")
def prints(story: Story) -> str:
    story.needs("visit approved")
    browser = story.client()
    page = browser.get(story.kept["visit"])
    story.kept["visitor's pass"] = story.printed(browser, page.link(to=r"/pass\.pdf$"), f"access-pass-{page.number}")
    return "1 PDF"


@CHAPTER.step("the pass before its window refused", "gate.visit_early")
def early(story: Story) -> Outcome:
    return scanned(story.staff(Role.DUTY), story.kept["visitor's pass"]).outcome()


@CHAPTER.step("entry without naming the escort refused", "gate.choose_escort")
def alone(story: Story) -> Outcome:
    story.later(story.kept["visit begins"] + timedelta(minutes=1))
    browser = story.staff(Role.DUTY)
    page = story.kept["visitor scanned"] = scanned(browser, story.kept["visitor's pass"]).done()
    form = page.form(id="confirm")
    return browser.submit(page, form, {"point": [box.value for box in form.named("point")]}).outcome()


@CHAPTER.step("visitor let in with an escort")
def enters(story: Story) -> str:
    browser, page = story.staff(Role.DUTY), story.kept["visitor scanned"]
    form = page.form(id="confirm")
    escort = form.option("escort", "马超")
    page = browser.submit(page, form, {"point": [box.value for box in form.named("point")], "escort": escort}).done()
    story.kept["visitor inside"] = True
    return page.said


@CHAPTER.step("visitor let out")
def leaves(story: Story) -> str:
    story.needs("visitor inside")
    browser = story.staff(Role.DUTY)
    page = scanned(browser, story.kept["visitor's pass"]).done()
    page = browser.submit(page, page.form(id="confirm")).done()
    story.kept["visitor left"] = True
    return page.said


@CHAPTER.step("the pass after its window refused", "gate.visit_over")
def late(story: Story) -> Outcome:
    story.needs("visitor left")
    story.later(story.kept["visit begins"] + STAYS)
    return scanned(story.staff(Role.DUTY), story.kept["visitor's pass"]).outcome()
