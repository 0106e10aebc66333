"""Rules text, client, its administrator, contract."""

from __future__ import annotations

from datetime import timedelta

import click

from portal.demo.numbers import company_code, identity_number
from portal.demo.people import PASSWORD
from portal.demo.scenario.story import CLIENT_ADMIN, COMPANY, HOLDERS, Story
from portal.demo.scenario.telling import Chapter, Outcome, Unexpected
from portal.kernel import clock
from portal.kernel.policy import Role

CHAPTER: Chapter[Story] = Chapter("Client and contract")
ROOM = "B2"


@CHAPTER.step("portal runs on an empty database of its own")
def starts(story: Story) -> str:
    try:
        story.system.start()
    except click.ClickException as error:
        raise Unexpected(error.message) from error
    story.kept["running portal"] = True
    story.stranger().get("/sign-in").done()
    models = story.staff(Role.ADMINISTRATOR).get("/equipment/models").done()
    return f"{story.system.settings.base_url}, {story.system.racks()} racks, {models.heading.lower()} ready"


@CHAPTER.step("administrator publishes the rules text")
def publishes_rules(story: Story) -> str:
    browser = story.staff(Role.ADMINISTRATOR)
    page = browser.get("/rules/versions/new")
    page = browser.submit(page, page.form("body_zh")).done()
    page = browser.press(page, page.form(button="step"), "step", "publish").done()
    return page.rows[0]["Version"]


@CHAPTER.step("wrong company code refused", "client.code_check")
def wrong_code(story: Story) -> Outcome:
    return _register(story, company_code(7)[:-1] + ("0" if company_code(7)[-1] != "0" else "1"))


@CHAPTER.step("sales registers the client")
def registers(story: Story) -> Outcome | str:
    return _register(story, company_code(7))


@CHAPTER.step("administrator invites the client's administrator")
def invites(story: Story) -> str:
    browser = story.staff(Role.ADMINISTRATOR)
    page = browser.get("/users/invite")
    form = page.form("email")
    chosen = {"client": form.option("client", COMPANY), "role": "client_admin", "locale": "en"}
    return browser.submit(page, form, {"email": CLIENT_ADMIN[0], "name": CLIENT_ADMIN[1], **chosen}).done().state


@CHAPTER.step("link in the e-mail opens the account")
def accepts_invitation(story: Story) -> str:
    path = story.system.mailed_link(CLIENT_ADMIN[0], "/invitation/")
    browser = story.stranger()
    page = browser.get(path)
    page = browser.submit(page, page.form("repeat"), {"password": PASSWORD, "repeat": PASSWORD}).done()
    story.stays(browser)
    if not page.path.startswith("/rules"):
        raise Unexpected(f"a client user came to {page.path} without having accepted the rules")
    return "the rules text stands before everything else"


@CHAPTER.step("client accepts the rules")
def accepts_rules(story: Story) -> str:
    browser = story.client()
    page = browser.get("/badges/apply")
    page = browser.submit(page, page.form("version"))
    if not page.path.startswith("/badges/apply"):
        raise Unexpected(f"it did not go on where it was, but to {page.path}")
    return page.flash


@CHAPTER.step("badge without a contract refused", "badge.no_contract")
def no_badge_without_contract(story: Story) -> Outcome:
    return story.client().get("/badges/apply").outcome()


@CHAPTER.step("sales drafts a contract")
def drafts(story: Story) -> str:
    browser = story.staff(Role.SALES)
    page = browser.get("/contracts/draft")
    form = page.form("room")
    page = browser.submit(page, form, {"client": form.option("client", COMPANY), "room": form.option("room", ROOM)}).done()
    today = clock.today()
    terms = {"starts_on": f"{today}", "ends_on": f"{today + timedelta(days=364)}"}
    amounts = {"units_granted": "12", "power_w": "6000", "bandwidth_mbps": "100", "ips_per_server": "1", "ports_per_server": "1"}
    page = browser.submit(page, page.form("units_granted"), terms | amounts).done()
    story.kept["contract"], story.kept["contract number"] = page.path, page.number
    return f"{page.number}, {page.state}, room {ROOM}, 12 U, 6,000 W, one IP and one port a server"


@CHAPTER.step("sales signs it")
def signs(story: Story) -> str:
    browser = story.staff(Role.SALES)
    page = browser.get(f"{story.kept['contract']}/sign")
    page = browser.submit(page, page.form("once")).done()
    story.kept["signed"] = True
    return f"{page.number} {page.state.lower()}"


@CHAPTER.step("client adds its people")
def adds_people(story: Story) -> str:
    browser = story.client()
    own = browser.get("/clients/own").link(to=r"/people/add$")
    for index, name in enumerate(HOLDERS):
        page = browser.get(own)
        page = browser.submit(page, page.form("document_number"), {"name": name, "document_number": identity_number(index + 40)}).done()
    story.kept["people"] = HOLDERS
    return "、".join(HOLDERS)


def _register(story: Story, code: str) -> Outcome:
    browser = story.staff(Role.SALES)
    page = browser.get("/clients/register")
    facts = {"kind": "company", "name": COMPANY, "registration_number": code, "phone": "010-55501007", "address": "北京市海淀区"}
    page = browser.submit(page, page.form("registration_number"), facts)
    if page.codes:
        return page.outcome()
    story.kept["client"] = page.done().path
    return Outcome(f"{COMPANY}, {page.number}")
