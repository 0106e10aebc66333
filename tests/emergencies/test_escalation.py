"""Who is told of an emergency, and when the next one is: with a real SMTP server, a real webhook, and the clock moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.emergencies import escalation, services
from portal.emergencies.models import Emergency, EmergencyCall
from portal.kernel.db import session, transaction
from portal.oncall import addresses
from portal.oncall import services as oncall
from portal.oncall.services import ChannelFacts
from portal.outbox.models import Notice
from portal.worker import work_once
from tests.cast import NOW, Cast
from tests.emergencies import making
from tests.mail_server import MailServer, mail_server
from tests.oncall.making import Hook, supervisors, webhook

MINUTE = timedelta(minutes=1)


@dataclasses.dataclass
class World:
    """The portal with its worker, mail and chat, at a time that the test says."""

    app: Flask
    mail: MailServer
    hook: Hook

    def at(self, moment: datetime) -> None:
        with time_machine.travel(moment, tick=True):
            work_once(self.app)

    def told(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mail.mails if "EM-" in str(mail["Subject"])]


@pytest.fixture
def world(app: Flask, cast: Cast) -> Iterator[World]:
    addresses.configure(inside_allowed=True)
    kept = app.config["SETTINGS"]
    with mail_server() as mail, webhook() as hook:
        app.config["SETTINGS"] = dataclasses.replace(kept, smtp_url=mail.url)
        with transaction():
            first, deputy, _third = supervisors(cast)
            oncall.set_week(date(2026, 11, 23), first.id, deputy.id, cast.actor("administrator"), NOW)
            oncall.add_channel(ChannelFacts("值班群", hook.url), cast.actor("administrator"), NOW)
        work_once(app)
        mail.mails.clear()
        yield World(app, mail, hook)
    app.config["SETTINGS"] = kept
    addresses.configure(inside_allowed=False)


def test_nobody_answers_and_each_is_told_in_turn_then_all_again(world: World, cast: Cast) -> None:
    with transaction():
        emergency = making.asked(cast)
    world.at(NOW + MINUTE)
    assert world.told() == ["supervisor@rackpass.example"]
    (message,) = world.hook.taken
    assert emergency.number in message["title"]
    assert "核心交换机掉电" in message["message"]
    assert f"/emergencies/{escalation.path(emergency).rsplit('/', 1)[1]}" in message["message"]
    world.at(NOW + 9 * MINUTE)
    assert world.told() == ["supervisor@rackpass.example"], "ten minutes are not over"
    world.at(NOW + 10 * MINUTE)
    world.at(NOW + 12 * MINUTE)
    assert world.told() == ["supervisor@rackpass.example", "deputy@rackpass.example"]
    world.at(NOW + 21 * MINUTE)
    world.at(NOW + 22 * MINUTE)
    assert world.told()[2:] == ["third@rackpass.example"]
    world.at(NOW + 33 * MINUTE)
    world.at(NOW + 34 * MINUTE)
    everyone = {"supervisor@rackpass.example", "deputy@rackpass.example", "third@rackpass.example"}
    assert set(world.told()[3:]) == everyone
    world.at(NOW + 45 * MINUTE)
    world.at(NOW + 46 * MINUTE)
    assert len(world.told()) == 9, "and again"
    calls = session().execute(select(EmergencyCall.step).order_by(EmergencyCall.id)).scalars().all()
    assert calls == [1, 2, 3, 4, 4, 4, 5, 5, 5]
    assert len(world.hook.taken) == 5, "the chats hear of every round"
    notices = session().scalars(select(Notice.user_id).where(Notice.code == "emergency.asked")).all()
    assert len(notices) == 9


def test_an_answer_ends_it(world: World, cast: Cast) -> None:
    with transaction():
        emergency = making.asked(cast)
    world.at(NOW + MINUTE)
    with transaction():
        services.approve(emergency, "情况属实", cast.actor("deputy"), NOW + 3 * MINUTE)
    world.at(NOW + 30 * MINUTE)
    world.at(NOW + 31 * MINUTE)
    asked = [mail for mail in world.mail.mails if "待审批" in str(mail["Subject"])]
    assert [mail["To"] for mail in asked] == ["supervisor@rackpass.example"]
    approved = {str(mail["To"]) for mail in world.mail.mails if "已批准" in str(mail["Subject"])}
    assert {"admin@client.example", "colleague@client.example", "guard@rackpass.example", "guard2@rackpass.example"} <= approved


def test_whoever_came_on_call_meanwhile_is_next(world: World, cast: Cast) -> None:
    """Asked on Sunday at 23:55; on Monday another week begins."""
    late = datetime.fromisoformat("2026-11-29T15:55:00+00:00")
    third = cast.user("third")
    with transaction():
        oncall.set_week(date(2026, 11, 30), third.id, None, cast.actor("administrator"), NOW)
        making.asked(cast, now=late)
    world.at(late + 10 * MINUTE)
    world.at(late + 11 * MINUTE)
    assert world.told() == ["supervisor@rackpass.example", "third@rackpass.example"]


def test_without_any_supervisor_the_administrators_are_told(app: Flask, cast: Cast) -> None:
    with transaction():
        cast.user("supervisor").role = "auditor"
        emergency = making.asked(cast)
        assert escalation.call_next(emergency, NOW) == []
    assert session().scalars(select(EmergencyCall)).all() == []
    told = session().scalars(select(Notice.user_id).where(Notice.code == "emergency.asked")).all()
    assert set(told) == {cast.user("administrator").id}
    assert session().get_one(Emergency, emergency.id).next_call_at == NOW + 10 * MINUTE
