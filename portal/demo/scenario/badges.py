"""Two badges, not three."""

from __future__ import annotations

from portal.demo.numbers import identity_number
from portal.demo.scenario.browser import Page
from portal.demo.scenario.story import HOLDERS, Story, identity_copy, letter, photo
from portal.demo.scenario.telling import Chapter, Outcome
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Badges")


@CHAPTER.step("client applies for a first badge")
def first(story: Story) -> Outcome:
    story.needs("signed")
    return _applied(story, story.client().get("/badges/apply"), 0)


@CHAPTER.step("client applies for a second badge")
def second(story: Story) -> Outcome:
    page = story.client().get("/badges/apply").done()
    story.kept["third form"] = story.client().get("/badges/apply").done()  # opened while there is one place left
    return _applied(story, page, 1)


@CHAPTER.step("third badge refused", "badge.limit")
def third(story: Story) -> Outcome:
    return _applied(story, story.kept["third form"], 2)


@CHAPTER.step("customer service issues both")
def issues(story: Story) -> str:
    browser = story.staff(Role.CUSTOMER_SERVICE)
    numbers = []
    for path in (story.kept["badge 1"], story.kept["badge 2"]):
        page = browser.get(f"{path}/issue")
        page = browser.submit(page, page.form("valid_until")).done()
        numbers.append(f"{page.number} {page.state.lower()}, valid until {page.facts['Valid until']}")
    story.kept["issued"] = True
    return "; ".join(numbers)


@CHAPTER.step("badges printed: a sheet, and each as a card")
def prints(story: Story) -> str:
    story.needs("issued")
    browser = story.staff(Role.CUSTOMER_SERVICE)
    story.printed(browser, "/badges/sheet.pdf", "badges-sheet")
    for which in (1, 2):
        page = browser.get(story.kept[f"badge {which}"])
        story.kept[f"card {which}"] = story.printed(browser, page.link(to=r"/badge\.pdf$"), f"badge-{page.number}")
    return "3 PDFs"


def _applied(story: Story, page: Page, which: int) -> Outcome:
    browser, name = story.client(), HOLDERS[which]
    form = page.form("person")
    files = {
        "photo": photo(which + 1),
        "identity_copy": identity_copy(name, identity_number(which + 40)),
        "letter": letter("机房出入证", name),
    }
    page = browser.submit(page, form, {"person": form.option("person", name)}, files=files)
    if page.codes:
        return page.outcome()
    story.kept[f"badge {which + 1}"] = page.done().path
    return Outcome(f"{page.number} {page.state.lower()}, {name}")
