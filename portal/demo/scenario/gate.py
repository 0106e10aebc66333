"""A badge's holder comes in and goes out."""

from __future__ import annotations

from portal.demo.scenario.browser import Page
from portal.demo.scenario.story import HOLDERS, Story, scanned
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("At the gate")


@CHAPTER.step("duty staff scan the printed badge")
def scans(story: Story) -> str:
    card = story.kept["card 1"]
    page = story.kept["scan"] = scanned(story.staff(Role.DUTY), card).done()
    story.kept["scan of a colleague"] = scanned(story.staff(Role.DUTY, 1), card).done()
    if page.verdict != "ok" or HOLDERS[0] not in page.main.text:
        raise Unexpected(f"the gate says {page.verdict}: {page.main.text}")
    return page.said


@CHAPTER.step("entry without the house rules told refused", "gate.checklist")
def without_checklist(story: Story) -> Outcome:
    page = story.kept["scan"]
    return story.staff(Role.DUTY).submit(page, page.form(id="confirm"), press=None).outcome()


@CHAPTER.step("holder let in")
def enters(story: Story) -> str:
    page = story.kept["entered"] = _enter(story, story.kept["scan"], 0).done()
    return page.said


@CHAPTER.step("the same confirm sent again counts once")
def sent_again(story: Story) -> str:
    before = story.kept["entered"]
    page = _enter(story, story.kept["scan"], 0).done()
    inside = story.staff(Role.DUTY).get("/gate/inside").rows
    if page.path != before.path or len(inside) != 1:
        raise Unexpected(f"{len(inside)} are inside, and the answer is {page.path}")
    return f"the first answer again, {len(inside)} inside"


@CHAPTER.step("second entry while inside refused", "gate.already_inside")
def second_entry(story: Story) -> Outcome:
    story.needs("entered")
    return _enter(story, story.kept["scan of a colleague"], 1).outcome()


@CHAPTER.step("holder let out")
def leaves(story: Story) -> str:
    story.needs("entered")
    browser = story.staff(Role.DUTY)
    page = scanned(browser, story.kept["card 1"]).done()
    page = browser.submit(page, page.form(id="confirm")).done()
    if browser.get("/gate/inside").rows:
        raise Unexpected("someone is inside still")
    return f"{page.said}, nobody inside"


def _enter(story: Story, page: Page, guard: int) -> Page:
    form = page.form(id="confirm")
    return story.staff(Role.DUTY, guard).submit(page, form, {"point": [box.value for box in form.named("point")]})
