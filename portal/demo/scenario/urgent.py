"""Something breaks: asked, approved, documents seen at the gate, in, out, reported, reviewed."""

from __future__ import annotations

from portal.demo.numbers import identity_number
from portal.demo.scenario.browser import Page
from portal.demo.scenario.story import Story
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Emergency")
ENGINEER = "罗成"


@CHAPTER.step("client asks for emergency access")
def asks(story: Story) -> str:
    browser = story.client()
    page = browser.get("/emergencies/ask")
    form = page.form("reason")
    page = browser.submit(page, form, {"reason": "核心交换机掉电，业务中断", "people": f"{ENGINEER} 139 0013 9000"}).done()
    story.kept["emergency"] = page.path
    return f"{page.number}, {page.state.lower()}"


@CHAPTER.step("supervisor approves")
def approves(story: Story) -> str:
    browser, path = story.staff(Role.SUPERVISOR), story.kept["emergency"]
    page = browser.get(f"{path}/approve")
    page = browser.submit(page, page.form("reason"), {"reason": "业务中断，同意"}).done()
    return f"{page.number} {page.state.lower()}"


@CHAPTER.step("duty staff open it from the gate's first screen")
def opens(story: Story) -> str:
    story.needs("emergency")
    browser = story.staff(Role.DUTY)
    page = story.kept["emergency at the gate"] = browser.get(browser.get("/gate/").link(to=r"^/gate/passes/")).done()
    if page.verdict != "ok" or ENGINEER not in page.main.text:
        raise Unexpected(f"the gate says {page.verdict}: {page.main.text}")
    return page.said


@CHAPTER.step("document with a wrong number refused", "document.identity_check")
def wrong_document(story: Story) -> Outcome:
    number = identity_number(90)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    return _identify(story, wrong).outcome()


@CHAPTER.step("identity document recorded")
def identifies(story: Story) -> str:
    page = story.kept["engineer"] = _identify(story, identity_number(90)).done()
    if page.verdict != "ok" or identity_number(90) in page.main.text:
        raise Unexpected(f"the gate says {page.verdict}: {page.main.text}")
    return f"{ENGINEER}, the number masked"


@CHAPTER.step("engineer let in")
def enters(story: Story) -> str:
    browser, page = story.staff(Role.DUTY), story.kept["engineer"]
    form = page.form(id="confirm")
    page = browser.submit(page, form, {"point": [box.value for box in form.named("point")], "kept": "camera"}).done()
    story.kept["engineer inside"] = True
    return page.said


@CHAPTER.step("without what was left at the desk, nobody goes", "gate.kept_not_back")
def desk(story: Story) -> Outcome:
    story.needs("engineer inside")
    browser = story.staff(Role.DUTY)
    page = browser.get(story.kept["engineer"].path)
    return browser.submit(page, page.form(id="confirm")).outcome()


@CHAPTER.step("engineer let out")
def leaves(story: Story) -> str:
    story.needs("engineer inside")
    browser = story.staff(Role.DUTY)
    page = browser.get(story.kept["engineer"].path)
    page = browser.submit(page, page.form(id="confirm"), {"back": "camera"}).done()
    story.kept["engineer left"] = True
    state = story.client().get(story.kept["emergency"]).state
    return f"{page.said}; {state.lower()}"


@CHAPTER.step("client reports what was done")
def reports(story: Story) -> str:
    story.needs("engineer left")
    browser = story.client()
    page = browser.get(f"{story.kept['emergency']}/report")
    page = browser.submit(page, page.form("report"), {"report": "更换电源模块，业务恢复"}).done()
    story.kept["reported"] = True
    return f"{page.number}: {page.state.lower()}"


@CHAPTER.step("supervisor reviews and closes")
def closes(story: Story) -> str:
    story.needs("reported")
    browser = story.staff(Role.SUPERVISOR)
    page = browser.get(f"{story.kept['emergency']}/close")
    page = browser.submit(page, page.form("once")).done()
    return f"{page.number} {page.state.lower()}"


def _identify(story: Story, number: str) -> Page:
    browser = story.staff(Role.DUTY)
    page = browser.get(story.kept["emergency at the gate"].link(to=r"/identify\?person="))
    return browser.submit(page, page.form("document_number"), {"name": ENGINEER, "document_number": number})
