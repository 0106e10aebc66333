"""Chat channels: which addresses are taken, what is sent, what is tried again, what nobody reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, Refused
from portal.oncall import addresses, rules, services
from portal.oncall.delivery import ChatSender
from portal.oncall.models import ChatChannel
from portal.oncall.services import ChannelFacts
from portal.outbox import services as outbox
from portal.outbox.models import OutboxMessage
from portal.worker import work_once
from tests.cast import NOW, Cast
from tests.mail_server import mail_server
from tests.oncall.making import Hook, webhook


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A local receiver, with the setting that allows one."""
    addresses.configure(inside_allowed=True)
    with webhook() as running:
        yield running
    addresses.configure(inside_allowed=False)


def channel(cast: Cast, url: str, name: str = "值班群") -> ChatChannel:
    return services.add_channel(ChannelFacts(name, url), cast.actor("administrator"), NOW)


def with_test(cast: Cast, url: str) -> ChatChannel:
    """A channel with a test message on its way."""
    with transaction():
        made = channel(cast, url)
        services.send_test(made, cast.actor("administrator"), NOW)
    return made


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a1234-7aoc-4bc4-97a0-0ec2sifa5aaa", "WeCom Bot"),
        ("https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef0123456789abcdef", "DingTalk"),
        (" https://open.feishu.cn/open-apis/bot/v2/hook/0123456789abcdef0123456789abcdef ", "Feishu"),
        ("feishu://0123456789abcdef0123456789abcdef", "Feishu"),
    ],
)
def test_addresses_as_the_services_show_them_are_taken(cast: Cast, url: str, service: str) -> None:
    with transaction():
        assert channel(cast, url).service == service


@pytest.mark.parametrize(
    "url",
    ["", "hello", "https://evil.example/x", "mailto://a:b@c.example", "syslog://", "file:///etc/passwd", "form://127.0.0.1/", "dbus://"],
)
def test_what_is_no_chat_is_refused(cast: Cast, url: str) -> None:
    with pytest.raises(Refused) as refused, transaction():
        channel(cast, url)
    assert refused.value.refusal.code in ("oncall.address_unknown", "oncall.address_missing")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9",
        "localhost",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "no.such.invalid",
    ],
)
def test_targets_inside_the_network_are_refused_unless_a_setting_allows_them(cast: Cast, host: str) -> None:
    with pytest.raises(Refused) as refused, transaction():
        channel(cast, f"json://{host}/hook")
    assert refused.value.refusal.code in ("oncall.address_inside", "oncall.address_unknown")


def test_which_addresses_are_inside() -> None:
    for inside in ("127.0.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1", "fe80::1%eth0", "::ffff:127.0.0.1", "2002:7f00:1::", "::"):
        assert rules.is_inside([inside]), inside
    assert rules.is_inside([])
    assert rules.is_inside(["114.114.114.114", "10.1.1.1"]), "one of several is enough"
    assert not rules.is_inside(["114.114.114.114", "2400:3200::1"])


def test_a_test_message_reaches_the_channel_with_its_id(app: Flask, cast: Cast, hook: Hook) -> None:
    made = with_test(cast, hook.url)
    with mail_server() as server:
        app.config["SETTINGS"], kept = dataclasses.replace(app.config["SETTINGS"], smtp_url=server.url), app.config["SETTINGS"]
        try:
            work_once(app)
        finally:
            app.config["SETTINGS"] = kept
        assert not [mail for mail in server.mails if "测试" in str(mail["Subject"])], "a chat message is no mail"
    (message,) = hook.taken
    row = session().scalars(select(OutboxMessage).where(OutboxMessage.medium == "chat")).one()
    assert message["key"] == row.id.hex
    assert message["title"] == "测试消息"
    assert "值班群" in message["message"]
    assert "http://localhost/on-call/channels/" in message["message"]
    session().refresh(made)
    assert row.sent_at is not None
    assert made.last_sent_at is not None
    work_once(app)
    assert len(hook.taken) == 1


def test_a_failing_channel_is_tried_again_under_the_same_id_and_its_error_stands_there(app: Flask, cast: Cast, hook: Hook) -> None:
    made = with_test(cast, hook.url)
    hook.status = 500
    settings = app.config["SETTINGS"]

    def turn(now_offset: timedelta) -> None:
        now = NOW + now_offset
        with transaction():
            batch = [row for row in outbox.claim(now) if row.medium == "chat"]
        sender = ChatSender(settings)
        results = outbox.deliver(batch, sender.send)
        with transaction():
            services.note_deliveries(sender.results, now)
            for message_id, error in results:
                if error is None:
                    outbox.mark_sent(message_id, now)
                else:
                    outbox.mark_failed(message_id, now, error)

    turn(timedelta())
    session().refresh(made)
    assert "500" in made.last_error
    row = session().scalars(select(OutboxMessage).where(OutboxMessage.medium == "chat")).one()
    assert "a-secret" not in f"{made.last_error} {row.last_error}"
    turn(timedelta(seconds=30))
    assert hook.tries == 1, "not before its time"
    hook.status = 200
    turn(timedelta(minutes=2))
    session().refresh(made)
    assert (hook.tries, made.last_error) == (2, "")
    assert hook.taken[0]["key"] == row.id.hex


def test_a_redirect_is_not_followed(app: Flask, cast: Cast, hook: Hook) -> None:
    made = with_test(cast, hook.url)
    with webhook() as elsewhere:
        hook.status, hook.location = 307, elsewhere.url.replace("json://", "http://")
        work_once(app)
        assert elsewhere.tries == 0
    session().refresh(made)
    assert "307" in made.last_error


def test_a_target_that_moved_inside_is_not_written_to(app: Flask, cast: Cast, hook: Hook) -> None:
    made = with_test(cast, hook.url)
    addresses.configure(inside_allowed=False)
    work_once(app)
    session().refresh(made)
    assert hook.tries == 0
    assert made.last_error == "oncall.address_inside"


def test_what_waits_for_a_channel_that_is_switched_off_is_given_up(app: Flask, cast: Cast, hook: Hook) -> None:
    made = with_test(cast, hook.url)
    with transaction():
        services.switch_channel(made, False, cast.actor("administrator"), NOW)
    work_once(app)
    assert hook.tries == 0
    assert session().scalars(select(OutboxMessage.last_error).where(OutboxMessage.medium == "chat")).one() == "the channel was switched off"
    with transaction():
        services.switch_channel(made, True, cast.actor("administrator"), NOW)
        services.send_test(made, cast.actor("administrator"), NOW)
    work_once(app)
    assert len(hook.taken) == 1


def test_the_address_is_stored_encrypted_and_never_told(cast: Cast, hook: Hook) -> None:
    with transaction():
        made = channel(cast, hook.url)
        services.change_channel(made, ChannelFacts("夜班群", hook.url + "-2", "en"), cast.actor("administrator"), NOW)
    with pytest.raises(Refused) as refused, transaction():
        channel(cast, hook.url, "夜班群")
    assert refused.value.refusal.code == "oncall.name_taken"
    raw = bytes(session().execute(text("SELECT url FROM chat_channels")).scalar_one())
    assert b"secret" not in raw
    entries = session().execute(text("SELECT before, after FROM audit_entries WHERE tag LIKE 'channel.%'")).all()
    assert "secret" not in str(entries)
    for name in ("supervisor", "service", "auditor", "admin"):
        with pytest.raises(Forbidden), transaction():
            services.send_test(made, cast.actor(name), NOW)
