"""Writing the rota (ROTA_WRITE) and running the chat channels (CHANNEL_WRITE)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from portal.accounts import queries as accounts
from portal.accounts.models import User
from portal.audit import services as audit
from portal.kernel import change, clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, Refused
from portal.kernel.policy import Actor, Permission, Role
from portal.oncall import addresses, emails, queries, rules
from portal.oncall.models import ChatChannel, DutyWeek
from portal.outbox.messages import Message
from portal.outbox.services import give_up, notify, notify_chat

PATH = "/on-call/"


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """`url` empty: it stays as it is."""

    name: str
    url: str
    locale: str = "zh_CN"


def set_week(monday: date, supervisor_id: uuid.UUID | None, deputy_id: uuid.UUID | None, actor: Actor, now: datetime) -> DutyWeek:
    """Enters who is on call in a week; nobody is allowed too, and shown as a gap. Who is newly entered is told.

    Raises Refused: the week is over, not an active supervisor, the same person twice, a deputy without a supervisor.
    """
    _need(actor, Permission.ROTA_WRITE)
    monday = rules.monday_of(monday)
    if monday + rules.WEEK <= clock.today(now):
        raise Refused(rules.WEEK_OVER)
    if supervisor_id is None and deputy_id is not None:
        raise Refused(rules.DEPUTY_ALONE)
    if supervisor_id is not None and supervisor_id == deputy_id:
        raise Refused(rules.TWICE)
    able = {user.id: user for user in queries.supervisors()}
    for field, user_id in (("supervisor", supervisor_id), ("deputy", deputy_id)):
        if user_id is not None and user_id not in able:
            raise Refused(rules.NOT_A_SUPERVISOR.on(field))
    week = session().scalars(select(DutyWeek).where(DutyWeek.monday == monday).with_for_update()).one_or_none()
    before = (week.supervisor_id, week.deputy_id) if week is not None else (None, None)
    if week is None:
        week = DutyWeek(created_at=now, monday=monday, supervisor_id=supervisor_id, deputy_id=deputy_id)
        with guarded({"uq_duty_weeks_monday": rules.CHANGED_MEANWHILE}):
            session().add(week)
    else:
        week.supervisor_id, week.deputy_id = supervisor_id, deputy_id
        session().flush()
    if before == (supervisor_id, deputy_id):
        return week
    names = _names(*before, supervisor_id, deputy_id)
    told = [{"supervisor": names.get(one, ""), "deputy": names.get(two, "")} for one, two in (before, (supervisor_id, deputy_id))]
    audit.record("rota.week_set", "duty_week", week.id, monday.isoformat(), actor, now, before=told[0], after=told[1])
    for user_id, message in ((supervisor_id, emails.ON_CALL), (deputy_id, emails.DEPUTY)):
        if user_id is not None and user_id not in before and user_id != actor.user_id:
            notify(message, accounts.recipient(user_id), now, path=PATH, data={"monday": monday.isoformat(), "who": actor.name})
    return week


def tell_gaps(now: datetime) -> int:
    """Tells the supervisors, once a week that has nobody on call, that it is so: 10 days ahead, or as soon as it is so."""
    mondays = queries.gaps(now)
    there = {week.monday: week for week in session().scalars(select(DutyWeek).where(DutyWeek.monday.in_(mondays)).with_for_update())}
    told = 0
    for monday in mondays:
        week = there.get(monday)
        if week is None:
            week = DutyWeek(created_at=now, monday=monday)
            session().add(week)
        if week.gap_told_at is None:
            week.gap_told_at = now
            path = f"/on-call/weeks/{monday.isoformat()}"
            notify(emails.GAP, accounts.recipients_with_role(Role.SUPERVISOR), now, path=path, data={"monday": monday.isoformat()})
            told += 1
    session().flush()
    return told


def add_channel(command: ChannelFacts, actor: Actor, now: datetime) -> ChatChannel:
    """Raises Refused: no address of a chat, inside the network, name taken."""
    _need(actor, Permission.CHANNEL_WRITE)
    if not command.url:
        raise Refused(rules.ADDRESS_MISSING)
    url, service = addresses.check(command.url)
    channel = ChatChannel(created_at=now, name=command.name, url=url, service=service, locale=command.locale)
    with guarded({"uq_chat_channels_name": rules.NAME_TAKEN}):
        session().add(channel)
    _record("channel.added", channel, actor, now, after={"name": channel.name, "service": service, "locale": channel.locale})
    return channel


def change_channel(channel: ChatChannel, command: ChannelFacts, actor: Actor, now: datetime) -> None:
    """Changes name, language, and the address where a new one is given. Raises as `add_channel` does."""
    _need(actor, Permission.CHANNEL_WRITE)
    change.lock(channel)
    facts: dict[str, Any] = {"name": command.name, "locale": command.locale}
    if command.url:
        facts["url"], facts["service"] = addresses.check(command.url)
    before = {name: getattr(channel, name) for name, value in facts.items() if getattr(channel, name) != value}
    if not before:
        return
    with guarded({"uq_chat_channels_name": rules.NAME_TAKEN}):
        for name in before:
            setattr(channel, name, facts[name])
    after = {name: facts[name] for name in before}
    for told in (before, after):  # the address itself opens the channel: that it changed is told, not what it is
        if told.pop("url", None) is not None:
            told["new_address"] = told is after
    _record("channel.changed", channel, actor, now, before=before, after=after)


def switch_channel(channel: ChatChannel, active: bool, actor: Actor, now: datetime) -> None:
    """On or off. What waits for a channel that is switched off is not sent any more."""
    _need(actor, Permission.CHANNEL_WRITE)
    change.lock(channel)
    if channel.active == active:
        return
    channel.active, channel.last_error = active, ""
    session().flush()
    if not active:
        give_up(ids.to_text(channel.id), now, "the channel was switched off")
    _record("channel.switched_on" if active else "channel.switched_off", channel, actor, now)


def send_test(channel: ChatChannel, actor: Actor, now: datetime) -> None:
    """Writes a test message for the worker to send; whether it went through stands at the channel afterwards."""
    _need(actor, Permission.CHANNEL_WRITE)
    data = {"who": actor.name, "channel": channel.name}
    notify_chat(
        emails.TEST, [(ids.to_text(channel.id), channel.locale)], now, path=f"/on-call/channels/{ids.to_text(channel.id)}", data=data
    )
    _record("channel.tested", channel, actor, now)


def tell_channels(message: Message, now: datetime, *, path: str, data: Mapping[str, Any]) -> int:
    """Tells every active channel. Returns how many there are."""
    channels = [(ids.to_text(channel.id), channel.locale) for channel in queries.active_channels()]
    notify_chat(message, channels, now, path=path, data=data)
    return len(channels)


def note_deliveries(results: Mapping[uuid.UUID, str | None], now: datetime) -> None:
    """What came of sending to each channel: None when it took the message, else what was wrong."""
    for channel_id, error in results.items():
        values = {"last_sent_at": now, "last_error": ""} if error is None else {"last_error": error[:500], "last_error_at": now}
        session().execute(update(ChatChannel).where(ChatChannel.id == channel_id).values(**values))


def _names(*user_ids: uuid.UUID | None) -> dict[uuid.UUID | None, str]:
    rows = session().execute(select(User.id, User.name).where(User.id.in_([user_id for user_id in user_ids if user_id])))
    return dict(rows.all())


def _record(
    tag: str,
    channel: ChatChannel,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(tag, "chat_channel", channel.id, channel.name, actor, now, before=before, after=after)


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Forbidden(permission)
