"""What must be sent is sent: after the commit, once, again when it must be, and a server's trouble is waited out."""

from __future__ import annotations

import dataclasses
import re
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from portal.accounts import emails as accounts_emails
from portal.accounts import queries as accounts
from portal.badges import emails
from portal.kernel.db import isolated, session, transaction
from portal.outbox import services as outbox
from portal.outbox.mail import Mailer, compose
from portal.outbox.messages import MESSAGES, Message, Recipient
from portal.outbox.models import Notice, OutboxMessage
from portal.outbox.services import LEASE, MAX_ATTEMPTS, RETRY_AFTER, notify
from tests.cast import NOW, Cast
from tests.mail_server import MailServer, free_port, mail_server
from tests.threads import at_once

DATA = {"number": "BA-2611-0001", "person": "王珺", "why": "left"}


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def settings_with_mail(app: Flask, server: MailServer) -> Settings:
    settings: Settings = app.config["SETTINGS"]
    return dataclasses.replace(settings, smtp_url=server.url)


def told(count: int = 1, locale: str = "zh_CN", message: Message = emails.STOPPED, data: dict[str, str] | None = None) -> list[uuid.UUID]:
    """So many people are told something, each at an address of their own."""
    with transaction():
        for number in range(count):
            notify(message, [Recipient(f"p{number}@client.example", locale)], NOW, path="/badges/x", data=data or DATA)
    return list(session().scalars(select(OutboxMessage.id).order_by(OutboxMessage.id)))


def send(settings: Settings, now: datetime = NOW, *, mark: bool = True) -> int:
    """One turn of a worker's. Without `mark` it dies after sending."""
    with transaction():
        batch = outbox.claim(now)
    with Mailer(settings) as mailer:
        results = outbox.deliver(batch, mailer.send)
    if mark:
        with transaction():
            for message_id, error in results:
                if error is None:
                    outbox.mark_sent(message_id, now)
                else:
                    outbox.mark_failed(message_id, now, error)
    return len(batch)


def row(message_id: uuid.UUID) -> OutboxMessage:
    return session().get_one(OutboxMessage, message_id, populate_existing=True)


def test_nobody_hears_of_what_was_not_committed(app: Flask) -> None:
    def half() -> None:
        notify(emails.STOPPED, [Recipient("a@client.example", "en")], NOW, path="/x", data=DATA)
        raise ArithmeticError

    with pytest.raises(ArithmeticError), transaction():
        half()
    assert session().scalar(select(OutboxMessage.id)) is None


@pytest.mark.parametrize(("locale", "word"), [("zh_CN", "出入证"), ("en", "badge")])
def test_a_mail_is_in_the_readers_language_and_leads_to_its_page(
    settings_with_mail: Settings, server: MailServer, locale: str, word: str
) -> None:
    (message_id,) = told(locale=locale)
    send(settings_with_mail)
    (mail,) = server.mails
    body = mail.get_content()
    assert (mail["To"], mail["From"]) == ("p0@client.example", settings_with_mail.mail_from)
    assert word in str(mail["Subject"]).lower()
    assert "BA-2611-0001" in str(mail["Subject"]) + body
    assert "http://localhost/badges/x" in body
    assert mail["Message-ID"] == f"<{message_id.hex}@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert row(message_id).sent_at == NOW
    assert send(settings_with_mail) == 0


def test_every_message_is_put_into_words_in_both_languages(app: Flask) -> None:
    """Each with the data that it names, and Chinese where it is read in Chinese."""

    for message in MESSAGES.values():
        for locale in ("zh_CN", "en"):
            one = OutboxMessage(id=uuid.uuid4(), created_at=NOW, code=message.code, address="a@b.example", locale=locale, path="/x")
            one.attachments = []
            one.data = dict.fromkeys(re.findall(r"%\((\w+)\)", message.subject + message.body), "x")
            mail = compose(one, app.config["SETTINGS"])
            text = str(mail["Subject"]) + mail.get_content()
            assert "%(" not in text, message.code
            assert (locale == "en") != any("\u4e00" <= c <= "\u9fff" for c in str(mail["Subject"])), message.code


def test_each_person_is_told_once_and_finds_it_on_their_desk(cast: Cast) -> None:
    with transaction():
        people = accounts.recipients_of_client(cast.alpha.id)
        notify(emails.STOPPED, [*people, *people], NOW, path="/badges/x", data=DATA)
    assert sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == emails.STOPPED.code))) == [
        "admin@client.example",
        "colleague@client.example",
    ]
    assert {*session().scalars(select(Notice.user_id).where(Notice.code == emails.STOPPED.code))} == {
        cast.user("admin").id,
        cast.user("colleague").id,
    }


def test_a_secret_is_never_on_a_desk_and_forgotten_once_it_was_sent(cast: Cast, settings_with_mail: Settings, server: MailServer) -> None:
    with transaction():
        data = {"email": "x", "name": "x", "by": "x", "until": "x", "site": "x", "minutes": 1, "hours": 1, "days": 1}
        notify(accounts_emails.RESET, accounts.recipient(cast.user("admin").id), NOW, path="/reset/secret-token", data=data)
    reset = accounts_emails.RESET.code
    assert session().scalar(select(Notice.id).where(Notice.code == reset)) is None
    send(settings_with_mail)
    assert any("secret-token" in mail.get_content() for mail in server.mails)
    stored = session().scalars(select(OutboxMessage).where(OutboxMessage.code == reset).execution_options(populate_existing=True)).one()
    assert (stored.path, stored.data) == ("", {})


def test_of_two_workers_each_takes_what_the_other_does_not(app: Flask) -> None:
    made = told(60)

    def claim(_number: int) -> list[uuid.UUID]:
        mine: list[uuid.UUID] = []
        while True:
            with transaction():
                batch = outbox.claim(NOW, batch=7)
            if not batch:
                return mine
            mine += [message.id for message in batch]

    claimed = [id_ for mine in at_once(4, claim) for id_ in mine]
    # One that skipped what another was just taking may have stopped early: what is left is there for the next turn.
    with isolated():
        claimed += claim(0)
    assert sorted(claimed) == sorted(made)


def test_one_that_died_after_sending_sends_again_under_the_same_id(settings_with_mail: Settings, server: MailServer) -> None:
    (message_id,) = told()
    assert send(settings_with_mail, mark=False) == 1
    assert send(settings_with_mail, NOW + LEASE - timedelta(seconds=1)) == 0, "the lease still stands"
    assert send(settings_with_mail, NOW + LEASE) == 1
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{message_id.hex}@localhost>"] * 2
    assert row(message_id).sent_at == NOW + LEASE


def test_a_server_that_is_away_is_tried_later_and_later(settings_with_mail: Settings) -> None:
    (message_id,) = told()
    port, now = free_port(), NOW
    away = dataclasses.replace(settings_with_mail, smtp_url=f"smtp://127.0.0.1:{port}")
    for wait in RETRY_AFTER:
        assert send(away, now) == 1
        assert "refused" in (row(message_id).last_error or "").lower()
        assert send(away, now + wait - timedelta(seconds=1)) == 0
        now += wait
    with mail_server(port) as back:
        assert send(away, now) == 1
        assert len(back.mails) == 1
    assert row(message_id).attempts == len(RETRY_AFTER) + 1


def test_a_server_that_is_busy_is_tried_later(settings_with_mail: Settings, server: MailServer) -> None:
    (message_id,) = told()
    server.busy = True
    send(settings_with_mail)
    assert row(message_id).sent_at is None
    server.busy = False
    send(settings_with_mail, NOW + RETRY_AFTER[0])
    assert len(server.mails) == 1


def test_after_the_last_attempt_it_stays_for_a_person_to_see(settings_with_mail: Settings, server: MailServer) -> None:
    (message_id,) = told()
    server.refused_addresses = {"p0@client.example"}
    now = NOW
    for _ in range(MAX_ATTEMPTS):
        assert send(settings_with_mail, now) == 1
        now += RETRY_AFTER[-1]
    assert send(settings_with_mail, now) == 0
    stored = row(message_id)
    assert (stored.attempts, stored.failed_at is not None, "550" in (stored.last_error or "")) == (MAX_ATTEMPTS, True, True)


def test_one_that_is_refused_does_not_hold_up_the_others(settings_with_mail: Settings, server: MailServer) -> None:
    told(5)
    server.refused_addresses = {"p1@client.example", "p3@client.example"}
    send(settings_with_mail)
    assert [mail["To"] for mail in server.mails] == ["p0@client.example", "p2@client.example", "p4@client.example"]


def test_one_that_cannot_be_put_into_words_does_not_hold_up_the_others(settings_with_mail: Settings, server: MailServer) -> None:
    broken = told(1, data={"number": "only"})[0]
    told(1)
    send(settings_with_mail)
    assert len(server.mails) == 1
    assert row(broken).sent_at is None
    assert "KeyError" in (row(broken).last_error or "")


def test_a_name_with_a_line_break_does_not_make_a_header(settings_with_mail: Settings, server: MailServer) -> None:
    told(1, data={**DATA, "number": "BA-1\r\nBcc: everyone@client.example"})
    send(settings_with_mail)
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert "BA-1 Bcc" in str(mail["Subject"])


def test_without_a_server_mails_are_files(app: Flask) -> None:
    settings = dataclasses.replace(app.config["SETTINGS"], smtp_url="")
    (message_id,) = told()
    send(settings)
    found = list((settings.var_dir / "mail").glob(f"*{message_id.hex[-8:]}.eml"))
    assert len(found) == 1
    assert message_id.hex.encode() in found[0].read_bytes()
