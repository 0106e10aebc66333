"""Invitations and forgotten passwords: links that work once, until their time is over, and tell a stranger nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts import links, managing
from portal.accounts.models import User, UserSession, UserToken
from portal.accounts.passwords import verify
from portal.audit.models import AuditEntry
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.policy import Role
from portal.outbox.models import Notice, OutboxMessage
from tests.cast import NOW, PASSWORD, Cast

As = Callable[[str], FlaskClient]
NEW = "seven quiet otters"
NEWCOMER = "new@client.example"


@pytest.fixture
def still() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


def mails(address: str) -> list[OutboxMessage]:
    """What accounts have to say to this address, in order."""
    about = select(OutboxMessage).where(OutboxMessage.address == address, OutboxMessage.code.startswith("accounts."))
    return list(session().scalars(about.order_by(OutboxMessage.id)))


def user_called(email: str) -> User:
    return session().scalars(select(User).where(User.email == email).execution_options(populate_existing=True)).one()


@pytest.fixture
def invited(app: Flask, cast: Cast) -> str:
    """The path of an invitation that the client's admin sent."""
    with transaction():
        command = managing.InviteUser("New@Client.example", "新人", Role.CLIENT_MEMBER, cast.alpha.id, "en")
        managing.invite(command, cast.actor("admin"), clock.now())
    return mails(NEWCOMER)[-1].path


def accept(browser: FlaskClient, path: str, **data: str) -> object:
    return browser.post(path, data={"name": "新人", "phone": "", "password": NEW, "repeat": NEW, **data})


@pytest.fixture
def reset(app: Flask, cast: Cast) -> str:
    """The path of a reset link for the client's admin."""
    app.test_client().post("/password", data={"email": "Admin@client.example"})
    return mails("admin@client.example")[-1].path


# Invitations


def test_an_invitation_opens_an_account(app: Flask, cast: Cast, invited: str) -> None:
    browser = app.test_client()
    page = browser.get(invited)
    assert page.status_code == 200
    assert NEWCOMER in page.text
    assert cast.alpha.name in page.text
    assert accept(browser, invited, name="新来的人", phone="+86 138 0000 0000").location == "/"
    user = user_called(NEWCOMER)
    assert (user.state, user.name, user.phone, user.client_id) == ("active", "新来的人", "+86 138 0000 0000", cast.alpha.id)
    assert verify(user.password_hash, NEW)
    assert browser.get("/profile").status_code == 200, "signed in at once"
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "user.accept", AuditEntry.subject_id == user.id)).one()
    assert entry.actor_id == user.id


def test_an_invitation_is_secret(app: Flask, invited: str) -> None:
    user = user_called(NEWCOMER)
    token = invited.removeprefix("/invitation/")
    assert session().scalar(select(func.count()).select_from(Notice).where(Notice.user_id == user.id)) == 0
    stored = session().scalars(select(UserToken).where(UserToken.user_id == user.id)).one()
    assert token not in stored.token_hash
    entries = session().scalars(select(AuditEntry).where(AuditEntry.subject_id == user.id)).all()
    assert all(token not in str((entry.before, entry.after)) for entry in entries)
    assert mails(NEWCOMER)[0].locale == "en"


def test_an_invitation_works_once(app: Flask, invited: str) -> None:
    accept(app.test_client(), invited)
    again = app.test_client()
    assert again.get(invited).status_code == 410
    assert accept(again, invited, password="another fine one", repeat="another fine one").status_code == 410
    assert verify(user_called(NEWCOMER).password_hash, NEW)


def test_an_invitation_lasts_seven_days(app: Flask, cast: Cast, still: time_machine.Traveller) -> None:
    with transaction():
        managing.invite(managing.InviteUser(NEWCOMER, "新人", Role.CLIENT_MEMBER, cast.alpha.id, "en"), cast.actor("admin"), clock.now())
    path = mails(NEWCOMER)[-1].path
    still.shift(timedelta(days=7) - timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 200
    still.shift(timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 410
    assert accept(app.test_client(), path).status_code == 410
    assert user_called(NEWCOMER).state == "invited"


def test_sent_again_the_earlier_link_dies(app: Flask, as_: As, invited: str) -> None:
    record = f"/users/{ids.to_text(user_called(NEWCOMER).id)}"
    assert as_("admin").post(f"{record}/invite-again").status_code == 302
    later = mails(NEWCOMER)[-1].path
    assert later != invited
    assert app.test_client().get(invited).status_code == 410
    assert accept(app.test_client(), later).status_code == 302


def test_a_withdrawn_invitation_opens_nothing_until_renewed(app: Flask, cast: Cast, as_: As, invited: str) -> None:
    record = f"/users/{ids.to_text(user_called(NEWCOMER).id)}"
    assert as_("admin").post(f"{record}/withdraw_colleague").status_code == 302
    assert app.test_client().get(invited).status_code == 410
    assert accept(app.test_client(), invited).status_code == 410
    assert as_("admin").post(f"{record}/renew_colleague").status_code == 302
    assert accept(app.test_client(), mails(NEWCOMER)[-1].path).status_code == 302


@pytest.mark.parametrize(
    "data",
    [
        {"name": ""},
        {"password": "short", "repeat": "short"},
        {"password": "Password123", "repeat": "Password123"},
        {"password": NEWCOMER, "repeat": NEWCOMER},
        {"repeat": "seven quiet ottern"},
        {"phone": "call me"},
    ],
)
def test_a_wrong_form_uses_nothing_up(app: Flask, invited: str, data: dict[str, str]) -> None:
    answer = accept(app.test_client(), invited, **data)
    assert answer.status_code == 422
    assert NEW not in answer.text, "a password is never sent back"
    assert accept(app.test_client(), invited).status_code == 302


def test_who_is_signed_in_becomes_who_accepts(as_: As, invited: str) -> None:
    browser = as_("administrator")
    accept(browser, invited)
    assert NEWCOMER in browser.get("/profile").text


# Forgotten passwords


def test_a_reset_sets_a_new_password_and_signs_out_everywhere(app: Flask, cast: Cast, as_: As, reset: str) -> None:
    elsewhere = as_("admin")
    browser = app.test_client()
    assert browser.get(reset).status_code == 200
    assert browser.post(reset, data={"password": NEW, "repeat": NEW}).location == "/sign-in"
    assert elsewhere.get("/profile").status_code == 302
    assert browser.post("/sign-in", data={"email": "admin@client.example", "password": PASSWORD}).status_code == 422
    assert browser.post("/sign-in", data={"email": "admin@client.example", "password": NEW}).status_code == 302
    assert mails("admin@client.example")[-1].code == "accounts.password_changed"
    open_ones = select(UserSession).where(UserSession.user_id == cast.user("admin").id, UserSession.ended_at.is_(None))
    assert len(session().scalars(open_ones).all()) == 1


def test_a_reset_works_once(app: Flask, reset: str) -> None:
    app.test_client().post(reset, data={"password": NEW, "repeat": NEW})
    assert app.test_client().get(reset).status_code == 410
    assert app.test_client().post(reset, data={"password": "yet another one", "repeat": "yet another one"}).status_code == 410
    assert verify(user_called("admin@client.example").password_hash, NEW)


def test_a_reset_lasts_an_hour(app: Flask, cast: Cast, still: time_machine.Traveller) -> None:
    app.test_client().post("/password", data={"email": "admin@client.example"})
    path = mails("admin@client.example")[-1].path
    still.shift(timedelta(minutes=59, seconds=59))
    assert app.test_client().get(path).status_code == 200
    still.shift(timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 410
    assert app.test_client().post(path, data={"password": NEW, "repeat": NEW}).status_code == 410


def test_a_reset_lifts_a_lock(app: Flask, cast: Cast, reset: str) -> None:
    browser = app.test_client()
    for _ in range(6):
        browser.post("/sign-in", data={"email": "admin@client.example", "password": "wrong"})
    browser.post(reset, data={"password": NEW, "repeat": NEW})
    assert browser.post("/sign-in", data={"email": "admin@client.example", "password": NEW}).status_code == 302


def test_links_are_of_one_kind(app: Flask, invited: str, reset: str) -> None:
    browser = app.test_client()
    assert browser.get(invited.replace("/invitation/", "/password/")).status_code == 410
    assert browser.get(reset.replace("/password/", "/invitation/")).status_code == 410
    assert browser.get("/password/nonsense").status_code == 410


def test_the_answer_to_a_reset_is_the_same_for_all(app: Flask, cast: Cast, invited: str) -> None:
    with transaction():
        managing.disable(session().get_one(User, cast.user("colleague").id), "left", cast.actor("admin"), clock.now())
    before = session().scalar(select(func.count()).select_from(OutboxMessage))
    pages = set()
    for email in ("nobody@client.example", "colleague@client.example", "admin@client.example", NEWCOMER):
        answer = app.test_client().post("/password", data={"email": email}, follow_redirects=True)
        assert answer.status_code == 200
        pages.add(answer.text.partition("<main")[2])
    assert len(pages) == 1
    assert session().scalar(select(func.count()).select_from(OutboxMessage)) == (before or 0) + 2
    assert mails("admin@client.example")[-1].code == "accounts.reset"
    assert mails(NEWCOMER)[-1].code == "accounts.invited", "who never accepted gets the invitation again"


def test_nobody_is_flooded(app: Flask, cast: Cast, still: time_machine.Traveller) -> None:
    def ask() -> int:
        assert app.test_client().post("/password", data={"email": "admin@client.example"}).location == "/password/sent"
        return len(mails("admin@client.example"))

    assert [ask() for _ in range(5)] == [1, 2, 3, 3, 3]
    still.shift(timedelta(hours=1))
    assert ask() == 4


def test_a_newer_link_and_a_changed_password_kill_the_earlier_one(app: Flask, as_: As, reset: str) -> None:
    app.test_client().post("/password", data={"email": "admin@client.example"})
    later = mails("admin@client.example")[-1].path
    assert app.test_client().get(reset).status_code == 410
    done = as_("admin").post("/profile/password", data={"present": PASSWORD, "password": NEW, "repeat": NEW})
    assert done.status_code == 302
    assert app.test_client().get(later).status_code == 410


def test_the_link_of_a_disabled_user_is_dead(app: Flask, cast: Cast, reset: str) -> None:
    with transaction():
        managing.disable(session().get_one(User, cast.user("admin").id), "left", cast.actor("administrator"), clock.now())
    assert app.test_client().get(reset).status_code == 410
    assert links.holder(reset.removeprefix("/password/"), "reset", clock.now()) is None
