"""Reading the calendar: working days for whoever counts them, freezes for whoever plans an entry.

Freezes are no secret: who may see the calendar sees all of them, clients those of the rooms of their contracts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal.calendar import rules
from portal.calendar.models import CalendarDay, Freeze
from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.facility.models import Room
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.policy import Actor
from portal.visits.models import Visit
from portal.workorders.lifecycle import ON_THE_WAY
from portal.workorders.models import WorkOrder

LOOK_AHEAD = timedelta(days=90)  # freezes that are shown where a date is picked
SPAN = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar. `entered` is what someone set by hand, if anyone did."""

    day: date
    working: bool
    published: rules.Published
    entered: CalendarDay | None


def is_working_day(day: date) -> bool:
    """Whether people work on that day of the site's: as entered by hand, else as published, else Monday to Friday."""
    return days_of(day, day)[0].working


def next_working_day(day: date) -> date:
    """The first working day after `day`."""
    return _working_days_after(day, 1)


def end_of_working_days(moment: datetime, count: int) -> datetime:
    """When the `count`-th working day after the site's day of `moment` is over (UTC): what is due in 3 working days is due before this."""
    return clock.end_of(_working_days_after(clock.today(moment), count))


def days_of(first: date, last: date) -> list[Day]:
    """Every day from `first` to `last`, in one query."""
    found = session().scalars(select(CalendarDay).where(CalendarDay.day >= first, CalendarDay.day <= last))
    entered = {row.day: row for row in found}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [_day(day, entered.get(day)) for day in days]


def entered_in(year: int) -> int:
    """How many days of a year were entered by hand."""
    return session().scalar(select(func.count()).where(CalendarDay.day >= date(year, 1, 1), CalendarDay.day <= date(year, 12, 31))) or 0


def entered_day(day: date) -> CalendarDay | None:
    return session().scalars(select(CalendarDay).where(CalendarDay.day == day)).one_or_none()


def freeze_over(room_id: uuid.UUID, starts_at: datetime, ends_at: datetime) -> Freeze | None:
    """The first freeze of the room, or of its site, that has a moment in common with the time from `starts_at` to before `ends_at`.

    Give the same moment twice to ask about that one.
    """
    begun = Freeze.starts_at < ends_at if ends_at > starts_at else Freeze.starts_at <= starts_at
    found = _of_room(room_id).where(begun, Freeze.ends_at > starts_at).order_by(Freeze.starts_at, Freeze.id).limit(1)
    return session().scalars(found).one_or_none()


def coming_freezes(room_id: uuid.UUID, now: datetime) -> list[Freeze]:
    """The freezes of the room or its site that are in effect or begin within 90 days, the earliest first."""
    soon = _of_room(room_id).where(Freeze.ends_at > now, Freeze.starts_at < now + LOOK_AHEAD)
    return list(session().scalars(soon.order_by(Freeze.starts_at, Freeze.id)))


def why_frozen(room_id: uuid.UUID, starts_at: datetime, ends_at: datetime) -> Refusal | None:
    """The refusal of a planned entry in that time, if there is a freeze over any of it. Put it `.on` the form's field."""
    freeze = freeze_over(room_id, starts_at, ends_at)
    if freeze is None:
        return None
    return rules.FROZEN(place=place_code(freeze), start=freeze.starts_at, end=freeze.ends_at, reason=freeze.reason)


def first_outside_freezes(room_id: uuid.UUID, moment: datetime) -> datetime:
    """The first moment from `moment` on at which nothing of the room is frozen."""
    return rules.first_outside(moment, session().scalars(_of_room(room_id).where(Freeze.ends_at > moment)))


@dataclass(frozen=True, slots=True)
class Caught:
    """Something that was approved or issued for a time that is frozen now. `ends_at` None: an arrival, of one moment."""

    kind: str
    id: uuid.UUID
    number: str
    client_id: uuid.UUID
    client: str
    room: str
    starts_at: datetime
    ends_at: datetime | None = None


def caught_by(freeze: Freeze, now: datetime, client_id: uuid.UUID | None = None) -> list[Caught]:
    """Approved visits that are not over and open work orders inside a freeze, the earliest first; of one client where one is given.

    Nobody goes in on them and nothing is racked in then: another time has to be agreed on. Two queries.
    """
    rooms = select(Room.id).where(Room.id == freeze.room_id if freeze.room_id else Room.site_id == freeze.site_id)
    visits = (
        select(Visit.id, Visit.number, Visit.client_id, Client.name, Room.code, Visit.starts_at, Visit.ends_at)
        .join(Client, Client.id == Visit.client_id)
        .join(Room, Room.id == Visit.room_id)
        .where(Visit.state == "approved", Visit.room_id.in_(rooms), Visit.starts_at < freeze.ends_at)
        .where(Visit.ends_at > max(freeze.starts_at, now))
    )
    orders = (
        select(WorkOrder.id, WorkOrder.number, WorkOrder.client_id, Client.name, Room.code, WorkOrder.arrives_at)
        .join(Client, Client.id == WorkOrder.client_id)
        .join(Contract, Contract.id == WorkOrder.contract_id)
        .join(Room, Room.id == Contract.room_id)
        .where(WorkOrder.state.in_(ON_THE_WAY), Room.id.in_(rooms))
        .where(WorkOrder.arrives_at >= freeze.starts_at, WorkOrder.arrives_at < freeze.ends_at)
    )
    if client_id is not None:
        visits, orders = visits.where(Visit.client_id == client_id), orders.where(WorkOrder.client_id == client_id)
    found = [Caught("visit", *row) for row in session().execute(visits)] + [Caught("work_order", *row) for row in session().execute(orders)]
    return sorted(found, key=lambda one: (one.starts_at, one.number))


def why_caught(room_id: uuid.UUID, starts_at: datetime, ends_at: datetime) -> Refusal | None:
    """As `why_frozen`, said of what was approved or issued before the freeze was made."""
    frozen = why_frozen(room_id, starts_at, ends_at)
    return rules.CAUGHT(**frozen.data) if frozen is not None else None


def place_code(freeze: Freeze) -> str:
    """What people call the room or the site that is frozen."""
    place = freeze.room or freeze.site
    return place.code if place is not None else ""


def select_freezes(actor: Actor) -> Select[Freeze]:
    """The freezes that the actor's list is made from, with their place and who made them."""
    statement = select(Freeze).options(joinedload(Freeze.site), joinedload(Freeze.room), joinedload(Freeze.made_by))
    if not actor.is_client:
        return statement
    rooms = select(Contract.room_id).where(Contract.client_id == actor.client_id, Contract.state.in_(("in_force", "suspended", "ending")))
    return statement.where(or_(Freeze.room_id.in_(rooms), Freeze.site_id.in_(select(Room.site_id).where(Room.id.in_(rooms)))))


def get_freeze(actor: Actor, freeze_id: uuid.UUID) -> Freeze:
    """Raises NotFound, for one of rooms in which the client has nothing, too."""
    freeze = session().scalars(select_freezes(actor).where(Freeze.id == freeze_id)).one_or_none()
    if freeze is None:
        raise NotFound(freeze_id)
    return freeze


def freezes_between(actor: Actor, starts_at: datetime, ends_at: datetime) -> list[Freeze]:
    """Those with an effect in that time, the earliest first."""
    statement = select_freezes(actor).where(Freeze.lifted_at.is_(None), Freeze.starts_at < ends_at, Freeze.ends_at > starts_at)
    return list(session().scalars(statement.order_by(Freeze.starts_at, Freeze.id)))


def in_state(state: str, now: datetime) -> ColumnElement[bool]:
    """The freezes that stand so at `now`."""
    if state == rules.LIFTED.key:
        return Freeze.lifted_at.is_not(None)
    standing = Freeze.lifted_at.is_(None)
    if state == rules.OVER.key:
        return standing & (Freeze.ends_at <= now)
    if state == rules.IN_EFFECT.key:
        return standing & (Freeze.starts_at <= now) & (Freeze.ends_at > now)
    return standing & (Freeze.starts_at > now)


def _of_room(room_id: uuid.UUID) -> Select[Freeze]:
    site_id = select(Room.site_id).where(Room.id == room_id).scalar_subquery()
    return (
        select(Freeze)
        .where(or_(Freeze.room_id == room_id, Freeze.site_id == site_id), Freeze.lifted_at.is_(None))
        .options(joinedload(Freeze.site), joinedload(Freeze.room))
    )


def _working_days_after(day: date, count: int) -> date:
    if count < 1:
        raise ValueError("count at least one working day")
    first = day + timedelta(days=1)
    while True:
        for found in days_of(first, first + SPAN):
            count -= found.working
            if count == 0:
                return found.day
        first += SPAN + timedelta(days=1)


def _day(day: date, entered: CalendarDay | None) -> Day:
    told = rules.published(day)
    return Day(day, entered.working if entered is not None else told.working, told, entered)
