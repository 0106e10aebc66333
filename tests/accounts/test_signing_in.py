"""Signing in: the same answer for everyone who may not, and a lock that grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.accounts import managing, passwords
from portal.accounts.models import Throttle, User, UserSession
from portal.audit.models import AuditEntry
from portal.kernel import clock
from portal.kernel.db import session, transaction
from tests.cast import NOW, PASSWORD, Cast

As = Callable[[str], FlaskClient]
ADMIN = "admin@client.example"


@pytest.fixture
def browser(app: Flask, cast: Cast) -> FlaskClient:
    return app.test_client()


def sign_in(browser: FlaskClient, email: str = ADMIN, password: str = PASSWORD, onward: str = "") -> TestResponse:
    return browser.post(f"/sign-in{onward}", data={"email": email, "password": password, "once": "x"})


def cookie(browser: FlaskClient) -> dict[str, object]:
    with browser.session_transaction() as held:
        return dict(held)


def sessions_of(user: User) -> list[UserSession]:
    return list(session().scalars(select(UserSession).where(UserSession.user_id == user.id).order_by(UserSession.id)))


def tags(user: User) -> list[str]:
    return list(session().scalars(select(AuditEntry.tag).where(AuditEntry.subject_id == user.id).order_by(AuditEntry.id)))


def test_signs_in_and_goes_on(browser: FlaskClient, cast: Cast) -> None:
    answer = sign_in(browser, " Admin@Client.Example ", onward="?next=/profile")
    assert (answer.status_code, answer.location) == (302, "/profile")
    assert browser.get("/profile").status_code == 200
    user = cast.user("admin")
    (opened,) = sessions_of(user)
    assert opened.token_hash != cookie(browser)["token"]
    assert tags(user)[-1] == "accounts.signed_in"
    assert session().get_one(User, user.id, populate_existing=True).last_signed_in_at is not None


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "/\t/evil.example", ""]
)
def test_goes_on_to_own_paths_alone(browser: FlaskClient, onward: str) -> None:
    answer = browser.post("/sign-in", query_string={"next": onward}, data={"email": ADMIN, "password": PASSWORD})
    assert answer.location == "/"


def test_a_page_that_needs_a_sign_in_leads_there_and_back(browser: FlaskClient) -> None:
    answer = browser.get("/sessions?x=1")
    assert answer.location == "/sign-in?next=/sessions?x%3D1"
    assert sign_in(browser, onward="?next=/sessions?x%3D1").location == "/sessions?x=1"


def test_the_session_is_a_new_one(browser: FlaskClient) -> None:
    with browser.session_transaction() as held:
        held["token"], held["planted"], held["locale"] = "planted-by-someone", "x", "en"
    sign_in(browser)
    assert cookie(browser)["token"] != "planted-by-someone"
    assert "planted" not in cookie(browser)
    assert cookie(browser)["locale"] == "en"


def test_who_is_signed_in_is_sent_on(browser: FlaskClient) -> None:
    sign_in(browser)
    assert browser.get("/sign-in?next=/profile").location == "/profile"


@pytest.fixture
def nobody_gets_in(cast: Cast) -> list[tuple[str, str]]:
    """Attempts that fail for different reasons."""
    admin = cast.actor("administrator")
    with transaction():
        managing.disable(session().get_one(User, cast.user("colleague").id), "left", admin, clock.now())
        client = cast.alpha
        command = managing.InviteUser("new@client.example", "新人", managing.Role.CLIENT_MEMBER, client.id, "zh_CN")
        managing.invite(command, admin, clock.now())
    return [
        (ADMIN, "not the password"),
        ("nobody@client.example", PASSWORD),
        ("colleague@client.example", PASSWORD),
        ("colleague@client.example", "not the password"),
        ("new@client.example", PASSWORD),
        ("not an address", PASSWORD),
    ]


def test_all_failures_look_alike(browser: FlaskClient, nobody_gets_in: list[tuple[str, str]]) -> None:
    pages = set()
    for email, password in nobody_gets_in:
        answer = sign_in(browser, email, password)
        assert answer.status_code == 422
        pages.add(answer.text.replace(email, "…").partition("<main")[2])
        assert "token" not in cookie(browser)
    assert len(pages) == 1


def test_all_failures_cost_one_hash(browser: FlaskClient, nobody_gets_in: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of argon2: each failure computes exactly one, of the cost of the day."""
    computed: list[str] = []

    class Hasher:
        def __init__(self, real: object) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def verify(self, stored: str, password: str) -> bool:
            computed.append(stored.rsplit("$", 2)[0])
            return self.real.verify(stored, password)  # type: ignore[attr-defined]

    monkeypatch.setattr(passwords, "_hasher", Hasher(passwords._hasher))
    for email, password in nobody_gets_in:
        before = len(computed)
        sign_in(browser, email, password)
        assert len(computed) == before + 1, email
    assert len(set(computed)) == 1


@pytest.mark.parametrize("email", [ADMIN, "nobody@client.example"])
def test_the_lock_grows_and_ends(app: Flask, cast: Cast, email: str) -> None:
    browser = app.test_client()
    with time_machine.travel(NOW, tick=False) as time:
        for _ in range(4):
            assert sign_in(browser, email, "wrong").status_code == 422
        answer = sign_in(browser, email, "wrong")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "60"
        assert "10:31" in answer.text
        time.shift(timedelta(seconds=59))
        assert sign_in(browser, email, PASSWORD).status_code == 429, "even the right password comes too early"
        time.shift(timedelta(seconds=1))
        answer = sign_in(browser, email, "wrong")
        assert answer.headers["Retry-After"] == "120", "an attempt while locked was not counted, this one was"
        time.shift(timedelta(minutes=2))
        if email == ADMIN:
            assert sign_in(browser, email, PASSWORD).status_code == 302
            assert "accounts.locked" in tags(cast.user("admin"))
            other = app.test_client()
            assert sign_in(other, email, "wrong").status_code == 422, "a success begins anew"


def test_failures_are_forgotten_after_a_day(browser: FlaskClient) -> None:
    with time_machine.travel(NOW, tick=False) as time:
        for _ in range(4):
            sign_in(browser, ADMIN, "wrong")
        time.shift(timedelta(hours=24))
        assert sign_in(browser, ADMIN, "wrong").status_code == 422


def test_a_lock_of_one_address_is_no_others(browser: FlaskClient) -> None:
    for _ in range(5):
        sign_in(browser, ADMIN, "wrong")
    assert sign_in(browser, "stranger@client.example").status_code == 302


def test_what_was_tried_does_not_stand_in_the_database(browser: FlaskClient) -> None:
    sign_in(browser, "someone.private@elsewhere.example", "wrong")
    (row,) = session().scalars(select(Throttle))
    assert len(row.key) == 64
    assert "private" not in row.key


def test_a_hash_of_yesterdays_cost_is_made_anew(browser: FlaskClient, cast: Cast) -> None:
    with transaction():
        user = session().get_one(User, cast.user("admin").id)
        user.password_hash = outdated = passwords.PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    assert sign_in(browser).status_code == 302
    renewed = session().get_one(User, user.id, populate_existing=True).password_hash
    assert renewed != outdated
    assert passwords.verify(renewed, PASSWORD)
    assert not passwords.needs_rehash(renewed or "")


def test_signing_out_ends_the_session_for_good(browser: FlaskClient, cast: Cast) -> None:
    sign_in(browser)
    token = cookie(browser)["token"]
    assert browser.post("/sign-out").location == "/sign-in"
    assert browser.get("/profile").status_code == 302
    with browser.session_transaction() as held:
        held["token"] = token
    assert browser.get("/profile").status_code == 302, "a kept cookie is worth nothing"
    assert browser.post("/sign-out").location == "/sign-in", "again is harmless"


@pytest.fixture
def still() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


def test_a_session_ends_when_idle(browser: FlaskClient, still: time_machine.Traveller) -> None:
    sign_in(browser)
    still.shift(timedelta(hours=11, minutes=59))
    assert browser.get("/profile").status_code == 200
    still.shift(timedelta(hours=11, minutes=59))
    assert browser.get("/profile").status_code == 200, "being used keeps it"
    still.shift(timedelta(hours=12))
    assert browser.get("/profile").status_code == 302


def test_a_session_ends_after_its_days(browser: FlaskClient, still: time_machine.Traveller) -> None:
    sign_in(browser)
    for _ in range(14 * 4 - 1):
        still.shift(timedelta(hours=6))
        assert browser.get("/profile").status_code == 200
    still.shift(timedelta(hours=6))
    assert browser.get("/profile").status_code == 302


def test_last_seen_is_written_every_five_minutes_at_most(browser: FlaskClient, cast: Cast, still: time_machine.Traveller) -> None:
    def last_seen() -> object:
        return session().scalar(select(UserSession.last_seen_at).where(UserSession.user_id == cast.user("admin").id))

    sign_in(browser)
    still.shift(timedelta(minutes=4, seconds=59))
    browser.get("/profile")
    assert last_seen() == NOW
    still.shift(timedelta(seconds=1))
    browser.get("/profile")
    assert last_seen() == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("token", ["", "nonsense", 7, None])
def test_a_cookie_without_a_session_opens_nothing(browser: FlaskClient, token: object) -> None:
    with browser.session_transaction() as held:
        held["token"] = token
    assert browser.get("/profile").status_code == 302


def test_the_form_says_what_is_missing(browser: FlaskClient) -> None:
    answer = browser.post("/sign-in", data={})
    assert answer.status_code == 422
    assert session().scalar(select(func.count()).select_from(Throttle)) == 0
