"""The second factor: set up, asked for, taken once, lost; and that someone shows again who they are before a sensitive act."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts import second_factor, totp
from portal.accounts.models import RecoveryCode, SecondFactor, UserSession
from portal.audit.models import AuditEntry
from portal.kernel import clock, crypto, ids
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Refusal, Refused
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, PASSWORD, Cast
from tests.threads import at_once

As = Callable[[str], FlaskClient]
SEED = "A" * 43
SECRET = totp.secret_of(SEED)
WEEKS = timedelta(days=14)


def code(moment: object = None) -> str:
    return pyotp.TOTP(SECRET).at(int((moment or clock.now()).timestamp()))  # type: ignore[attr-defined]


def has_it(cast: Cast, name: str = "guard") -> None:
    """As if set up an hour ago."""
    with transaction():
        then = NOW - timedelta(hours=1)
        second_factor.set_up(SEED, code(then), cast.actor(name), then)


def signed_in_half(app: Flask, email: str = "guard@rackpass.example") -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"email": email, "password": PASSWORD}).status_code == 302
    return client


def mails(name: str) -> int:
    return session().scalar(select(func.count()).select_from(OutboxMessage).where(OutboxMessage.code == f"accounts.{name}")) or 0


class TestCodes:
    def test_an_app_and_the_portal_agree(self) -> None:
        assert totp.step_of(SECRET, code(NOW), NOW) == int(NOW.timestamp()) // 30
        assert totp.link_of(SECRET, "a@b.example", "Rackpass").startswith("otpauth://totp/Rackpass:a%40b.example?secret=" + SECRET)

    @pytest.mark.parametrize(("seconds", "taken"), [(0, True), (30, True), (-30, True), (90, False), (-90, False)])
    def test_clocks_may_differ_by_half_a_minute(self, seconds: int, taken: bool) -> None:
        assert (totp.step_of(SECRET, code(NOW), NOW + timedelta(seconds=seconds)) is not None) is taken

    def test_recovery_codes_differ_and_are_read_however_they_are_typed(self) -> None:
        codes = totp.recovery_codes_of(SEED)
        assert len(set(codes)) == 10
        assert totp.normalised(f" {codes[0].upper().replace('-', ' ')} ") == totp.normalised(codes[0])
        assert totp.recovery_codes_of("B" * 43)[0] not in codes

    @pytest.mark.parametrize("typed", ["", "A" * 42, "A" * 44, "A" * 42 + "!", "../" * 14 + "A"])
    def test_what_is_no_seed_is_refused(self, typed: str) -> None:
        assert not totp.is_seed(typed)


def test_setting_it_up(app: Flask, cast: Cast, as_: As) -> None:
    """What the page shows is what is set up: the secret, and recovery codes that work. The owner is told."""
    client = as_("guard")
    html = client.get("/profile/second-factor/set-up").text
    seed = re.search(r'name="seed"[^>]*value="([^"]+)"', html)[1]  # type: ignore[index]
    once = re.search(r'name="once"[^>]*value="([^"]+)"', html)[1]  # type: ignore[index]
    secret = totp.secret_of(seed)
    assert " ".join(secret[n : n + 4] for n in range(0, 32, 4)) in html
    assert all(shown in html for shown in totp.recovery_codes_of(seed))
    data = {"seed": seed, "once": once}
    wrong = client.post("/profile/second-factor/set-up", data={**data, "code": "000000"})
    assert (wrong.status_code, wrong.headers["X-Refusal"]) == (422, "accounts.wrong_code")
    assert seed in wrong.text, "the app that was set up already is not in vain"
    data["code"] = pyotp.TOTP(secret).at(int(clock.now().timestamp()))
    for _sent in range(2):
        assert client.post("/profile/second-factor/set-up", data=data).location == "/profile/second-factor"
    with isolated():
        assert session().scalars(select(SecondFactor.secret)).one() == secret
        assert session().scalar(select(func.count()).select_from(RecoveryCode)) == 10
        assert mails("second_factor_on") == 1
        raw = session().connection().exec_driver_sql("SELECT secret FROM second_factors").scalar()
    assert secret.encode() not in bytes(raw), "it is stored encrypted"


def test_signing_in_takes_both_halves(app: Flask, cast: Cast) -> None:
    has_it(cast)
    client = signed_in_half(app)
    assert client.get("/gate/").location == "/sign-in?next=/gate/", "half is nobody"
    assert client.get("/sign-in?next=/gate/").location == "/sign-in/second?next=/gate/"
    assert client.post("/sign-out").status_code == 302
    client = signed_in_half(app)
    refused = client.post("/sign-in/second?next=/gate/", data={"code": "123456"})
    assert (refused.status_code, refused.headers["X-Refusal"]) == (422, "accounts.wrong_code")
    assert client.post("/sign-in/second?next=/gate/", data={"code": code()}).location == "/gate/"
    assert client.get("/gate/").status_code == 200
    with isolated():
        told = session().scalars(select(AuditEntry).where(AuditEntry.tag == "accounts.signed_in")).one()
        assert told.after["second"] == "app"
        assert session().scalar(select(func.count()).select_from(UserSession).where(UserSession.half, UserSession.ended_at.is_(None))) == 0


def test_half_a_sign_in_is_over_after_ten_minutes(app: Flask, cast: Cast) -> None:
    has_it(cast)
    client = signed_in_half(app)
    with time_machine.travel(NOW + timedelta(minutes=11), tick=True):
        assert client.get("/sign-in/second").location == "/sign-in?next=/"


def test_a_code_is_taken_once_however_many_send_it(app: Flask, cast: Cast) -> None:
    has_it(cast)
    half = replace(cast.actor("guard"), session_id=None)

    def send(_number: int) -> str | Refusal:
        with transaction():
            return second_factor.answer(half, code(NOW), "127.0.0.1", "b", NOW, WEEKS)

    outcomes = at_once(8, send)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1


def test_a_recovery_code_works_once_and_is_told_of(app: Flask, cast: Cast) -> None:
    has_it(cast)
    shown = totp.recovery_codes_of(SEED)[3]
    client = signed_in_half(app)
    assert client.post("/sign-in/second", data={"code": shown.upper().replace("-", "")}).status_code == 302
    with isolated():
        assert second_factor.codes_left(cast.user("guard").id) == 9
        assert mails("recovery_code_used") == 1
    again = signed_in_half(app)
    assert again.post("/sign-in/second", data={"code": shown}).headers["X-Refusal"] == "accounts.wrong_code"


def test_anothers_recovery_code_is_none(app: Flask, cast: Cast) -> None:
    has_it(cast)
    with transaction():
        second_factor.set_up("B" * 43, pyotp.TOTP(totp.secret_of("B" * 43)).at(int(NOW.timestamp())), cast.actor("sales"), NOW)
    client = signed_in_half(app)
    code_of_sales = totp.recovery_codes_of("B" * 43)[0]
    assert client.post("/sign-in/second", data={"code": code_of_sales}).headers["X-Refusal"] == "accounts.wrong_code"


def test_guessing_codes_locks_the_account_over_all_its_sessions_and_is_told(app: Flask, cast: Cast) -> None:
    has_it(cast)
    answers = [signed_in_half(app).post("/sign-in/second", data={"code": f"{number:06d}"}) for number in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [422] * 4
    assert answers[5].status_code == 429
    assert int(answers[5].headers["Retry-After"]) >= 60
    assert signed_in_half(app).post("/sign-in/second", data={"code": code()}).status_code == 429, "even the right one"
    with isolated():
        assert mails("guessed") == 1


def test_guessing_passwords_is_told_to_the_owner_and_then_to_the_administrators(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    for number in range(10):
        with time_machine.travel(NOW + timedelta(hours=2 * number), tick=True):
            client.post("/sign-in", data={"email": "guard@rackpass.example", "password": "wrong wrong wrong"})
    with isolated():
        assert (mails("guessed"), mails("guessing")) == (1, 1)
    for number in range(10):
        with time_machine.travel(NOW + timedelta(hours=2 * number), tick=True):
            client.post("/sign-in", data={"email": "nobody@rackpass.example", "password": "wrong wrong wrong"})
    with isolated():
        assert (mails("guessed"), mails("guessing")) == (1, 1), "nobody is told of an address without an account"


def test_staff_set_one_up_before_anything_else_where_it_is_required(app: Flask, cast: Cast, as_: As) -> None:
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, second_factor_required=True)
    try:
        guard, client = as_("guard"), as_("admin")
        assert guard.get("/gate/").location == "/profile/second-factor/set-up?next=/gate/"
        assert guard.post("/sessions/end-others").location == "/profile/second-factor/set-up"
        data = {"seed": SEED, "code": code(), "once": crypto.new_token()}
        assert guard.post("/profile/second-factor/set-up?next=/gate/", data=data).location == "/gate/"
        assert guard.get("/gate/").status_code == 200
        assert guard.get("/profile/second-factor/off").location == "/profile/second-factor"
        assert client.get("/badges/").status_code == 200, "clients choose"
        with pytest.raises(Refused, match="second_factor_required"), transaction():
            second_factor.turn_off(cast.actor("guard"), NOW, required=True)
    finally:
        app.config["SETTINGS"] = before


def test_going_without_again(app: Flask, cast: Cast, as_: As) -> None:
    has_it(cast, "admin")
    client = as_("admin")
    assert client.post("/profile/second-factor/off", data={"once": crypto.new_token()}).status_code == 302
    assert app.test_client().post("/sign-in", data={"email": "admin@client.example", "password": PASSWORD}).location == "/"
    with isolated():
        assert session().scalar(select(func.count()).select_from(RecoveryCode)) == 0
        assert mails("second_factor_off") == 1


def test_new_recovery_codes_replace_the_earlier_ones(app: Flask, cast: Cast, as_: As) -> None:
    has_it(cast)
    client = as_("guard")
    data = {"seed": "C" * 43, "once": crypto.new_token()}
    assert client.post("/profile/second-factor/codes", data=data).status_code == 422, "they have to be kept first"
    assert client.post("/profile/second-factor/codes", data=data | {"kept": "y"}).status_code == 302
    refused = signed_in_half(app).post("/sign-in/second", data={"code": totp.recovery_codes_of(SEED)[0]})
    assert refused.headers["X-Refusal"] == "accounts.wrong_code"
    assert signed_in_half(app).post("/sign-in/second", data={"code": totp.recovery_codes_of("C" * 43)[0]}).location == "/"


def test_an_administrator_removes_a_lost_one(app: Flask, cast: Cast, as_: As) -> None:
    has_it(cast)
    guard, administrator = as_("guard"), as_("administrator")
    path = f"/users/{ids.to_text(cast.user('guard').id)}"
    assert "已设置" in unescape(administrator.get(path).text) or "设置于" in administrator.get(path).text
    assert administrator.post(f"{path}/second-factor", data={"reason": ""}).status_code == 422
    assert administrator.post(f"{path}/second-factor", data={"reason": "手机遗失，已当面核验"}).location == path
    assert guard.get("/gate/").status_code == 302, "signed out everywhere"
    with isolated():
        told = session().scalars(select(AuditEntry).where(AuditEntry.tag == "accounts.second_factor_removed")).one()
        assert (told.reason, told.actor_name) == ("手机遗失，已当面核验", "吴凡")
        assert mails("second_factor_removed") == 1
    own = f"/users/{ids.to_text(cast.user('administrator').id)}/second-factor"
    assert administrator.post(own, data={"reason": "x"}).headers["X-Refusal"] == "accounts.not_yourself"
    assert as_("supervisor").post(f"{path}/second-factor", data={"reason": "x"}).status_code == 403


def test_who_was_idle_shows_again_who_they_are_before_a_sensitive_act(app: Flask, cast: Cast, as_: As) -> None:
    administrator = as_("administrator")
    path = f"/users/{ids.to_text(cast.user('guard').id)}/role"
    assert administrator.get(path).status_code == 200, "just signed in"
    with time_machine.travel(NOW + timedelta(minutes=11), tick=True):
        assert administrator.get(path).location == f"/sign-in/again?next={path}"
        assert administrator.post(path, data={"role": "duty"}).status_code == 302, "a form that was opened in time is taken"
        again = f"/sign-in/again?next={path}"
        assert administrator.post(again, data={"present": "wrong wrong wrong"}).headers["X-Refusal"] == "accounts.wrong_password"
        assert administrator.post(again, data={"present": PASSWORD}).location == path
        assert administrator.get(path).status_code == 200
    with time_machine.travel(NOW + timedelta(hours=2), tick=True):
        late = administrator.post(path, data={"role": "room_staff"}, headers={"Referer": f"http://localhost{path}"})
        assert late.location == f"/sign-in/again?next={path}"
    with isolated():
        assert cast.user("guard").role == "duty"
