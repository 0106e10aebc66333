"""Somebody breaks the house rules, is shut out, and comes back."""

from __future__ import annotations

from portal.demo import pictures
from portal.demo.scenario.story import HOLDERS, Story, scanned
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Conduct")


@CHAPTER.step("duty staff record smoking, with a picture")
def records(story: Story) -> str:
    story.needs("entered")
    browser = story.staff(Role.DUTY)
    page = browser.get(f"/violations/record?q={HOLDERS[0]}").done()
    page = browser.get(page.link(HOLDERS[0])).done()
    form = page.form("rule")
    values = {
        "rule": form.option("rule", "R-E2 Smoking or litter"),
        "severity": form.option("severity", "Serious"),
        "place": "货运通道",
        "description": "在货运通道内吸烟，经制止后离开。",
    }
    files = {"evidence1": ("cam-03.jpg", pictures.scene(3))}
    page = browser.submit(page, form, values, files=files).done()
    story.kept["violation"] = page.path
    return f"{page.number} {page.state.lower()}"


@CHAPTER.step("supervisor suspends entry for 7 days")
def decides(story: Story) -> str:
    browser = story.staff(Role.SUPERVISOR)
    page = browser.get(f"{story.kept['violation']}/decide").done()
    page = browser.submit(page, page.form("days"), {"measures": ["suspension"], "days": "7", "reason": "机房内严禁吸烟。"}).done()
    story.printed(browser, f"{story.kept['violation']}/decision.pdf", f"decision-{page.number}")
    story.kept["decided"] = True
    return f"{page.state.lower()}; {page.said}"


@CHAPTER.step("badge of the suspended holder refused at the gate", "gate.barred")
def barred(story: Story) -> Outcome:
    story.needs("decided")
    return scanned(story.staff(Role.DUTY), story.kept["card 1"]).outcome()


@CHAPTER.step("customer service cannot give the badge back", "conduct.barred")
def not_resumed(story: Story) -> Outcome:
    story.needs("decided")
    browser = story.staff(Role.CUSTOMER_SERVICE)
    page = browser.get(f"{story.kept['badge 1']}/resume").done()
    return browser.submit(page, page.form("reason"), {"reason": "客户来电要求。"}).outcome()


@CHAPTER.step("client appeals, another supervisor grants it")
def appeals(story: Story) -> str:
    story.needs("decided")
    browser = story.client()
    page = browser.get(f"{story.kept['violation']}/appeal").done()
    browser.submit(page, page.form("text"), {"text": "录像中并非本公司人员，请复核。"}).done()
    browser = story.staff(Role.SUPERVISOR, 1)  # who decided does not answer the appeal
    page = browser.get(f"{story.kept['violation']}/grant").done()
    page = browser.submit(page, page.form("reason"), {"reason": "经复核录像，当事人认定有误。"}).done()
    story.kept["granted"] = True
    return page.state.lower()


@CHAPTER.step("the same badge opens the gate again")
def opens(story: Story) -> str:
    story.needs("granted")
    page = scanned(story.staff(Role.DUTY), story.kept["card 1"]).done()
    if page.verdict != "ok":
        raise Unexpected(f"the gate says {page.verdict}: {page.main.text}")
    return page.said
