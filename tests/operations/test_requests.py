"""Each request has an id and one line in the log; what people must not read in a log is not in it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from config import Settings
from portal import create_app
from portal.demo.numbers import identity_number
from portal.kernel import ids, logs
from portal.kernel.db import session, transaction
from portal.kernel.logs import logger, scrubbed
from tests.cast import PASSWORD, Cast

As = Callable[[str], FlaskClient]
ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def lines(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, object]]]:
    """The log as in production: what was written since it was asked last."""
    logs.configure(replace(settings, environment="production"))
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_a_request(app: Flask, cast: Cast, as_: As, lines: Callable[[], list[dict[str, object]]]) -> None:
    client = as_("guard")
    lines()
    answer = client.get("/?secret=in-the-query")
    (line,) = lines()
    assert line.pop("timestamp")
    assert 0 <= float(str(line.pop("ms"))) < 60_000
    assert line == {
        "event": "request", "level": "info", "request_id": answer.headers["X-Request-Id"], "endpoint": "desk.home", "method": "GET",
        "status": 200, "actor": ids.to_text(cast.user("guard").id),
    }  # fmt: skip
    client.get("/health")
    client.get("/static/app.js").close()
    assert lines() == []


def test_an_id_is_taken_from_a_trusted_proxy_only_and_only_a_sound_one(app: Flask, settings: Settings) -> None:
    assert app.test_client().get("/sign-in", headers={"X-Request-Id": ID}).headers["X-Request-Id"] != ID
    behind = create_app(replace(settings, trusted_proxies=1))
    for given, taken in ((ID, True), ("short", False), ("a b c d e f g h", False), ("x" * 65, False), ("<script>alert(1)</script>", False)):
        answer = behind.test_client().get("/sign-in", headers={"X-Request-Id": given})
        assert (answer.headers["X-Request-Id"] == given) is taken


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_every_error_page_shows_it(app: Flask, cast: Cast, as_: As, locale: str) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = as_("guard")
    with client.session_transaction() as cookie:
        cookie["locale"] = locale
    try:
        for answer in (client.get("/nothing"), client.get("/users"), client.post("/"), app.test_client().post("/sign-out/x")):
            assert answer.status_code >= 400
            assert f"<code>{answer.headers['X-Request-Id']}</code>" in answer.text
    finally:
        app.config.pop("PROPAGATE_EXCEPTIONS")


def test_a_fault_is_told_with_its_id_and_without_its_secrets(
    app: Flask, cast: Cast, as_: As, lines: Callable[[], list[dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = identity_number(10)

    def fail() -> None:
        raise ValueError(f"cannot read {number} of wang@client.example at postgresql://u:secret@db/x")

    monkeypatch.setitem(app.view_functions, "accounts.accept_invitation", _anyone(fail))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        answer = app.test_client().get("/invitation/S3cretTokenS3cretTokenS3cretTokenS3cretToken")
    finally:
        app.config.pop("PROPAGATE_EXCEPTIONS")
    assert answer.status_code == 500
    assert "ValueError" not in answer.text
    found = lines()
    assert [line["event"] for line in found] == ["fault", "request"]
    assert {line["request_id"] for line in found} == {answer.headers["X-Request-Id"]}
    told = json.dumps(found, ensure_ascii=False)
    assert "ValueError: cannot read ‹number› of ‹address› at postgresql://‹withheld›@db/x" in told
    assert not [secret for secret in (number, "wang@client", "secret@", "S3cretToken") if secret in told]


def _anyone(fail: Callable[[], None]) -> Callable[..., str]:
    from portal.kernel.policy import allow_anyone

    def view(**_: object) -> str:
        fail()
        return ""

    return allow_anyone(view)


def test_what_libraries_log_goes_the_same_way(app: Flask, lines: Callable[[], list[dict[str, object]]]) -> None:
    logging.getLogger("some.library").warning("sent to %s with %s", "wang@client.example", "tok_" + "a1" * 30)
    (line,) = lines()
    assert line["event"] == "sent to ‹address› with ‹token›"
    assert line["level"] == "warning"


def test_what_is_scrubbed_and_what_stays() -> None:
    assert scrubbed(f"x {identity_number(3)} y 13800138000") == "x ‹number› y ‹number›"
    assert scrubbed("smtp://u:p%40ss@mail:25 and /srv/portal/file.py, 2026-11-24T10:30:00, 198.51.100.7") == (
        "smtp://‹withheld›@mail:25 and /srv/portal/file.py, 2026-11-24T10:30:00, 198.51.100.7"
    )
    assert scrubbed(f"{ID} 01kb0000000000000000000000") == f"{ID} 01kb0000000000000000000000"
    assert scrubbed("duplicate\nDETAIL:  Key (email)=(x) already exists.\nmore") == "duplicate\n‹withheld›\nmore"


def test_a_run_leaves_no_number_password_or_token_in_the_log(
    app: Flask, cast: Cast, as_: As, lines: Callable[[], list[dict[str, object]]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Signing in, rightly and wrongly, inviting, asking for a reset, giving identity numbers; and a database error with the row in it."""
    client = app.test_client()
    client.post("/sign-in", data={"email": "guard@rackpass.example", "password": PASSWORD})
    client.post("/sign-in", data={"email": "guard@rackpass.example", "password": "wrong-" + PASSWORD})
    client.post("/password/forgotten", data={"email": "admin@client.example"})
    token = client.get_cookie("rackpass-8000")
    number = identity_number(77)
    as_("admin").post("/people/new", data={"name": "新人", "document_kind": "identity_card", "document_number": number})
    logger().error("careless", text=f"person {number} with {token.value if token else 'x' * 50}")
    row = {"email": cast.user("admin").email, "name": number}
    try:
        with transaction():
            session().execute(text("UPDATE users SET email = :email, name = :name"), row)
    except IntegrityError:  # PostgreSQL tells the row
        logger().exception("it failed")
    told = json.dumps(lines(), ensure_ascii=False)
    assert "it failed" in told
    secrets = [number, PASSWORD, token.value if token else "none", "@client.example", "@rackpass.example"]
    assert not [secret for secret in secrets if secret in told]
