"""The e-mails of accounts, sent to a real SMTP server; and what stays in the outbox of a link that is secret: nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from flask import Flask
from sqlalchemy import select

from config import Settings
from portal.accounts import managing, queries, services
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.policy import Role
from portal.outbox import services as outbox
from portal.outbox.mail import Mailer
from portal.outbox.models import OutboxMessage
from tests.cast import Cast

SECRET = {"accounts.invited", "accounts.reset"}


class Postbox:
    """What the server was given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content
        assert content is not None
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 kept"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box = Postbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


def send_all(settings: Settings) -> None:
    """What the worker does: claim, send, mark."""
    with transaction():
        batch = outbox.claim(clock.now(), batch=100)
    with Mailer(settings) as mailer:
        results = outbox.deliver(batch, mailer.send)
    with transaction():
        for message_id, error in results:
            assert error is None, error
            outbox.mark_sent(message_id, clock.now())


def rows(code: str) -> list[OutboxMessage]:
    return list(session().scalars(select(OutboxMessage).where(OutboxMessage.code == code).execution_options(populate_existing=True)))


@pytest.mark.parametrize(("locale", "word"), [("zh_CN", "邀请您使用"), ("en", "has opened an account for you")])
def test_an_invitation_arrives_and_opens(
    app: Flask, cast: Cast, settings: Settings, postbox: tuple[Postbox, int], locale: str, word: str
) -> None:
    box, port = postbox
    with transaction():
        command = managing.InviteUser("new@client.example", "新人", Role.CLIENT_MEMBER, cast.alpha.id, locale)
        managing.invite(command, cast.actor("admin"), clock.now())
    send_all(replace(settings, smtp_url=f"smtp://127.0.0.1:{port}"))
    (mail,) = [mail for mail in box.mails if mail["To"] == "new@client.example"]
    body = mail.get_content()
    link = re.search(r"http://localhost(/invitation/\S+)", body)
    assert link is not None
    assert f"赵一鸣 {word}" in body
    assert app.test_client().get(link.group(1)).status_code == 200
    (row,) = rows("accounts.invited")
    assert (row.path, row.data) == ("", {})
    assert row.sent_at is not None


def test_a_reset_arrives_and_opens(app: Flask, cast: Cast, settings: Settings, postbox: tuple[Postbox, int]) -> None:
    box, port = postbox
    with transaction():
        services.ask_for_reset("admin@client.example", clock.now())
    send_all(replace(settings, smtp_url=f"smtp://127.0.0.1:{port}"))
    bodies = [mail.get_content() for mail in box.mails if mail["To"] == "admin@client.example"]
    (link,) = [found.group(1) for body in bodies if (found := re.search(r"http://localhost(/password/\S+)", body))]
    assert app.test_client().get(link).status_code == 200
    assert rows("accounts.reset")[0].path == ""


def test_other_messages_stay_as_they_are(app: Flask, cast: Cast, settings: Settings, postbox: tuple[Postbox, int]) -> None:
    with transaction():
        managing.change_role(
            queries.get_user(cast.actor("administrator"), cast.user("guard").id), Role.AUDITOR, cast.actor("administrator"), clock.now()
        )
    send_all(replace(settings, smtp_url=f"smtp://127.0.0.1:{postbox[1]}"))
    (row,) = rows("accounts.role_changed")
    assert (row.path, row.data) == ("/profile", {"who": "吴凡"})


def test_a_secret_that_cannot_be_sent_is_forgotten_in_the_end(app: Flask, cast: Cast) -> None:
    with transaction():
        services.ask_for_reset("admin@client.example", clock.now())
    now = clock.now()
    for attempt in range(outbox.MAX_ATTEMPTS):
        with transaction():
            now += timedelta(hours=5)
            batch = [message for message in outbox.claim(now, batch=100) if message.code in SECRET]
        with transaction():
            for message in batch:
                outbox.mark_failed(message.id, now, "no server")
        (row,) = rows("accounts.reset")
        assert (row.path == "") == (attempt == outbox.MAX_ATTEMPTS - 1)
    assert row.failed_at is not None
