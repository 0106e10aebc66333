"""Entering working days by hand; making and lifting freezes. Who may: CALENDAR_WRITE."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from portal.accounts import queries as accounts
from portal.accounts.models import User
from portal.audit import services as audit
from portal.calendar import emails, queries, rules
from portal.calendar.models import CalendarDay, Freeze
from portal.contracts.models import Contract
from portal.facility.models import Room, Site
from portal.kernel import change, clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Permission, Role
from portal.outbox.messages import Message
from portal.outbox.services import notify

NAMED = 10  # numbers in a message; the freeze's page has them all


@dataclass(frozen=True, slots=True)
class NewFreeze:
    """A freeze of a site or of one room; exactly one of the two is given. Times are aware."""

    site_id: uuid.UUID | None
    room_id: uuid.UUID | None
    starts_at: datetime
    ends_at: datetime
    reason: str


def set_day(day: date, working: bool, note: str, actor: Actor, now: datetime) -> CalendarDay:
    """Enters whether people work on a day, over what is published. Of two who enter the same day at once the second is told."""
    _need(actor)
    entered = session().scalars(select(CalendarDay).where(CalendarDay.day == day).with_for_update()).one_or_none()
    before = {} if entered is None else {"working": entered.working, "note": entered.note}
    if entered is None:
        entered = CalendarDay(created_at=now, day=day, working=working, note=note, set_by_id=actor.user_id)
        faster = rules.ENTERED_MEANWHILE.on("working")
        with guarded({"uq_calendar_days_day": faster}):
            session().add(entered)
    else:
        entered.working, entered.note, entered.set_by_id = working, note, actor.user_id
        session().flush()
    after = {"working": working, "note": note}
    audit.record("calendar.day_set", "calendar_day", entered.id, day.isoformat(), actor, now, before=before, after=after)
    return entered


def clear_day(day: date, actor: Actor, now: datetime) -> None:
    """Takes back what was entered: the day is again what is published. Nothing happens when nothing was entered."""
    _need(actor)
    entered = session().scalars(select(CalendarDay).where(CalendarDay.day == day).with_for_update()).one_or_none()
    if entered is None:
        return
    before = {"working": entered.working, "note": entered.note}
    session().delete(entered)
    session().flush()
    audit.record("calendar.day_cleared", "calendar_day", entered.id, day.isoformat(), actor, now, before=before)


def make_freeze(command: NewFreeze, actor: Actor, now: datetime) -> Freeze:
    """From now on nothing new is planned into that time; what was granted before stays, and whoever granted it decides about it.

    Told to the clients with a contract in force there, customer service, sales and the machine room; to each client that has a visit
    or a work order inside it, which (`queries.caught_by`).
    """
    _need(actor)
    if (command.site_id is None) == (command.room_id is None):
        raise ValueError("a freeze is of a site or of a room")
    place = session().get(Site, command.site_id) if command.site_id else session().get(Room, command.room_id)
    if place is None:
        raise NotFound(command.site_id or command.room_id)
    if command.ends_at <= command.starts_at:
        raise Refused(rules.ENDS_BEFORE)
    if command.ends_at <= now:
        raise Refused(rules.OVER_ALREADY)
    assert actor.user_id is not None
    freeze = Freeze(
        created_at=now, site_id=command.site_id, room_id=command.room_id, starts_at=command.starts_at, ends_at=command.ends_at,
        reason=command.reason, made_by_id=actor.user_id,
    )  # fmt: skip
    session().add(freeze)
    session().flush()
    facts = {"place": place.code, "from": _text(freeze.starts_at), "until": _text(freeze.ends_at)}
    audit.record("freeze.made", "freeze", freeze.id, place.code, actor, now, after=facts, reason=command.reason)
    _tell(emails.FREEZE_MADE, freeze, place.code, command.reason, now)
    _tell_caught(freeze, place.code, now)
    return freeze


def lift_freeze(freeze_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> Freeze:
    """Ends a freeze before its time. Raises Refused when it is over, Conflict when someone lifted it first."""
    _need(actor)
    freeze = queries.get_freeze(actor, freeze_id)
    place = queries.place_code(freeze)
    change.lock(freeze)
    if freeze.lifted_at is not None:
        raise Conflict(place, "lift", rules.LIFTED.key, rules.LIFTED.label)
    if freeze.ends_at <= now:
        raise Refused(rules.FREEZE_OVER)
    freeze.lifted_at, freeze.lifted_by_id, freeze.lift_reason = now, actor.user_id, reason
    session().flush()
    audit.record("freeze.lifted", "freeze", freeze.id, place, actor, now, reason=reason)
    _tell(emails.FREEZE_LIFTED, freeze, place, reason, now)
    return freeze


def path(freeze: Freeze) -> str:
    return f"/calendar/freezes/{ids.to_text(freeze.id)}"


def _tell_caught(freeze: Freeze, place: str, now: datetime) -> None:
    """Tells each client what of theirs cannot take place as planned."""
    numbers: dict[uuid.UUID, list[str]] = {}
    for caught in queries.caught_by(freeze, now):
        numbers.setdefault(caught.client_id, []).append(caught.number)
    data = {"place": place, "start": _text(freeze.starts_at), "end": _text(freeze.ends_at), "reason": freeze.reason}
    for client_id, of_client in numbers.items():
        told = ", ".join(of_client[:NAMED]) + (" …" if len(of_client) > NAMED else "")
        notify(emails.FREEZE_CATCHES, accounts.recipients_of_client(client_id), now, path=path(freeze), data=data | {"numbers": told})


def _tell(message: Message, freeze: Freeze, place: str, reason: str, now: datetime) -> None:
    rooms = [freeze.room_id] if freeze.room_id else list(session().scalars(select(Room.id).where(Room.site_id == freeze.site_id)))
    hosted = select(Contract.client_id).where(Contract.room_id.in_(rooms), Contract.state == "in_force")
    staff = (Role.CUSTOMER_SERVICE.value, Role.SALES.value, Role.ROOM_STAFF.value)
    users = select(User).where(User.state == "active", or_(User.client_id.in_(hosted), User.role.in_(staff))).order_by(User.id)
    told = [accounts.recipient_of(user) for user in session().scalars(users)]
    data = {"place": place, "start": _text(freeze.starts_at), "end": _text(freeze.ends_at), "reason": reason}
    notify(message, told, now, path=path(freeze), data=data)


def _text(moment: datetime) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"


def _need(actor: Actor) -> None:
    if not actor.may(Permission.CALENDAR_WRITE):
        raise Forbidden(Permission.CALENDAR_WRITE)
