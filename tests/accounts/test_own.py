"""Profile, password, sessions, language and theme: what belongs to oneself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts import services
from portal.accounts.models import Throttle, User, UserSession, UserToken
from portal.accounts.passwords import verify
from portal.audit.models import AuditEntry
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, PASSWORD, Cast

As = Callable[[str], FlaskClient]
NEW = "seven quiet otters"
CHANGE = {"present": PASSWORD, "password": NEW, "repeat": NEW}


def me(cast: Cast, name: str) -> User:
    return session().get_one(User, cast.user(name).id, populate_existing=True)


@pytest.mark.parametrize("name", ["admin", "colleague", "guard", "auditor", "administrator"])
def test_everyone_has_a_profile(cast: Cast, as_: As, name: str) -> None:
    user_id = cast.user(name).id
    browser = as_(name)
    assert browser.get("/profile").status_code == 200
    data = {"name": "新名字", "phone": "010-5550 0199", "locale": "en", "theme": "dark"}
    assert browser.post("/profile", data=data).location == "/profile"
    page = browser.get("/profile").text
    assert 'lang="en"' in page
    assert 'data-bs-theme="dark"' in page
    user = session().get_one(User, user_id, populate_existing=True)
    assert (user.name, user.phone, user.locale, user.theme) == tuple(data.values())
    (entry,) = session().scalars(select(AuditEntry).where(AuditEntry.tag == "accounts.profile_changed"))
    assert entry.after["name"] == "新名字"


@pytest.mark.parametrize("changes", [{"name": ""}, {"name": "x" * 81}, {"phone": "call me"}, {"locale": "fr"}, {"theme": "pink"}])
def test_a_profile_must_fit(cast: Cast, as_: As, changes: dict[str, str]) -> None:
    data = {"name": "新名字", "phone": "", "locale": "en", "theme": "dark"} | changes
    before = me(cast, "admin").name
    assert as_("admin").post("/profile", data=data).status_code == 422
    assert me_name(as_) == before


def me_name(as_: As) -> str:
    return session().scalars(select(User.name).where(User.email == "admin@client.example")).one()


def test_a_profile_gives_no_rights(cast: Cast, as_: As) -> None:
    user_id, client_id = cast.user("colleague").id, cast.alpha.id
    data = {
        "name": "新名字",
        "phone": "",
        "locale": "en",
        "theme": "dark",
        "role": "administrator",
        "client_id": "",
        "email": "x@y.example",
    }
    as_("colleague").post("/profile", data=data)
    user = session().get_one(User, user_id, populate_existing=True)
    assert (user.role, user.client_id, user.email) == ("client_member", client_id, "colleague@client.example")


# Password


def test_a_password_is_changed_and_others_are_signed_out(cast: Cast, as_: As) -> None:
    user_id = cast.user("admin").id
    here, there = as_("admin"), as_("admin")
    assert here.get("/profile/password").status_code == 200
    assert here.post("/profile/password", data=CHANGE).location == "/profile"
    assert here.get("/profile").status_code == 200
    assert there.get("/profile").status_code == 302
    assert verify(session().get_one(User, user_id, populate_existing=True).password_hash, NEW)
    mail = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "accounts.password_changed")).one()
    assert NEW not in str(mail.data)


@pytest.mark.parametrize(
    "changes",
    [
        {"present": "wrong"},
        {"present": ""},
        {"password": "short", "repeat": "short"},
        {"repeat": "different"},
        {"password": PASSWORD, "repeat": PASSWORD},
        {"password": "Password123", "repeat": "Password123"},
    ],
)
def test_a_password_that_does_not_fit_is_refused(cast: Cast, as_: As, changes: dict[str, str]) -> None:
    user_id = cast.user("admin").id
    answer = as_("admin").post("/profile/password", data=CHANGE | changes)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert verify(session().get_one(User, user_id, populate_existing=True).password_hash, PASSWORD)


def test_guessing_the_present_password_locks(app: Flask, as_: As) -> None:
    browser = as_("admin")
    for _ in range(5):
        browser.post("/profile/password", data=CHANGE | {"present": "wrong"})
    assert browser.post("/profile/password", data=CHANGE).status_code == 422
    answer = app.test_client().post("/sign-in", data={"email": "admin@client.example", "password": PASSWORD})
    assert answer.status_code == 429


# Sessions


def test_sessions_are_seen_and_ended(cast: Cast, as_: As) -> None:
    user_id = cast.user("admin").id
    here, there = as_("admin"), as_("admin")
    page = here.get("/sessions").text
    assert page.count("test browser") == 2
    for session_id in session().scalars(select(UserSession.id).where(UserSession.user_id == user_id)):
        if f"/sessions/{ids.to_text(session_id)}/end" in page:
            assert here.post(f"/sessions/{ids.to_text(session_id)}/end").location == "/sessions"
            assert here.post(f"/sessions/{ids.to_text(session_id)}/end").location == "/sessions", "again is harmless"
    assert there.get("/profile").status_code == 302
    assert here.get("/sessions").text.count("test browser") == 1, "the present one has no button"


def test_all_other_sessions_are_ended(as_: As) -> None:
    here, one, two, other = as_("admin"), as_("admin"), as_("admin"), as_("colleague")
    assert here.post("/sessions/end-others").location == "/sessions"
    assert [browser.get("/profile").status_code for browser in (here, one, two, other)] == [200, 302, 302, 200]


def test_a_strangers_session_does_not_exist(cast: Cast, as_: As) -> None:
    user_id = cast.user("stranger").id
    victim, attacker = as_("stranger"), as_("admin")
    session_id = session().scalars(select(UserSession.id).where(UserSession.user_id == user_id)).one()
    assert attacker.post(f"/sessions/{ids.to_text(session_id)}/end").status_code == 404
    assert victim.get("/profile").status_code == 200


def test_what_is_long_over_is_forgotten(cast: Cast, as_: As) -> None:
    """Sessions and links 90 days after their end, failed attempts after a day; what is younger stays."""
    browser = as_("admin")
    browser.post("/sign-out")
    browser.post("/password", data={"email": "colleague@client.example"})
    browser.post("/sign-in", data={"email": "admin@client.example", "password": "wrong"})

    def kept(days: float) -> tuple[int, int, int]:
        with transaction():
            services.forget_old(NOW + timedelta(days=days - 90), NOW + timedelta(days=days))
        counts = [session().scalar(select(func.count()).select_from(table)) or 0 for table in (UserSession, UserToken, Throttle)]
        return counts[0], counts[1], counts[2]

    assert kept(0.9) == (1, 1, 2)
    assert kept(89) == (1, 1, 0)
    assert kept(91) == (0, 0, 0)


# Language and theme


def test_strangers_switch_the_language(app: Flask) -> None:
    browser = app.test_client()
    assert 'lang="zh-CN"' in browser.get("/sign-in").text
    assert browser.post("/language", data={"locale": "en", "next": "/sign-in?next=/x"}).location == "/sign-in?next=/x"
    assert 'lang="en"' in browser.get("/sign-in").text
    browser.post("/language", data={"locale": "fr", "next": "/sign-in"})
    assert 'lang="en"' in browser.get("/sign-in").text
    assert browser.post("/language", data={"locale": "en", "next": "//evil.example"}).location == "/"


def test_a_chosen_language_is_kept_in_the_profile(cast: Cast, as_: As) -> None:
    user_id = cast.user("admin").id
    as_("admin").post("/language", data={"locale": "en"})
    assert session().get_one(User, user_id, populate_existing=True).locale == "en"
    assert 'lang="en"' in as_("admin").get("/profile").text, "in another browser too"


def test_strangers_switch_the_theme(app: Flask) -> None:
    browser = app.test_client()
    assert browser.post("/theme", data={"theme": "dark", "next": "/sign-in"}).location == "/sign-in"
    assert 'data-bs-theme="dark"' in browser.get("/sign-in").text


def test_a_theme_is_kept(cast: Cast, as_: As) -> None:
    user_id = cast.user("admin").id
    browser = as_("admin")
    assert browser.post("/theme", data={"theme": "dark", "next": "/profile"}).location == "/profile"
    browser.post("/theme", data={"theme": "pink"})
    assert session().get_one(User, user_id, populate_existing=True).theme == "dark"
    browser.post("/sign-out")
    assert 'data-bs-theme="dark"' in browser.get("/sign-in").text


@pytest.mark.parametrize("address", ["/profile", "/profile/password", "/sessions", "/rules"])
def test_strangers_are_sent_to_sign_in(app: Flask, address: str) -> None:
    assert app.test_client().get(address).location == f"/sign-in?next={address}"
    assert app.test_client().post(address).status_code in (401, 405)


@pytest.mark.parametrize("address", ["/sign-out", "/language", "/theme", "/sessions/end-others"])
def test_what_changes_something_is_not_a_get(as_: As, address: str) -> None:
    assert as_("admin").get(address).status_code == 405
