"""Reading the gate's log and who is inside."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.orm import aliased, joinedload

from portal.accounts.models import User
from portal.clients.models import Client
from portal.desk.items import Counts, Figure
from portal.emergencies import queries as emergencies
from portal.emergencies.models import Emergency
from portal.facility import queries as facility
from portal.facility.models import Room, Site
from portal.gate import limits
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission, Role
from portal.passes.models import Pass
from portal.visits.models import Visitor

ESCORTING = (Role.ROOM_STAFF, Role.DUTY, Role.CUSTOMER_SERVICE)


def select_events() -> Select[*tuple[Any, ...]]:
    """The log: event, client's name, room's code, guard's name."""
    return (
        select(GateEvent, Client.name.label("client"), Room.code.label("room"), User.name.label("guard"))
        .outerjoin(Client, Client.id == GateEvent.client_id)
        .outerjoin(Room, Room.id == GateEvent.room_id)
        .join(User, User.id == GateEvent.guard_id)
    )


def select_stays() -> Select[*tuple[Any, ...]]:
    """Stays that are and were: stay, client's name, room's code, escort's name."""
    escort = aliased(User)
    return (
        select(Presence, Client.name.label("client"), Room.code.label("room"), escort.name.label("escort"))
        .join(Client, Client.id == Presence.client_id)
        .join(Room, Room.id == Presence.room_id)
        .outerjoin(escort, escort.id == Presence.escort_id)
    )


def select_inside() -> Select[*tuple[Any, ...]]:
    """Who is inside: as `select_stays`."""
    return select_stays().where(Presence.left_at.is_(None))


def is_past(now: datetime) -> ColumnElement[bool]:
    """Of those inside: whose time is over."""
    badge_out_by = now - timedelta(hours=limits.badge_hours())
    return (Presence.until_at <= now) | (Presence.until_at.is_(None) & (Presence.created_at <= badge_out_by))


def escorts() -> list[User]:
    """Who may go with a visitor, by name: active staff of the machine room, the gate and customer service."""
    return list(session().scalars(_escorts().order_by(User.name, User.id)))


def escort(user_id: uuid.UUID) -> User | None:
    """One of them."""
    return session().scalars(_escorts().where(User.id == user_id)).one_or_none()


def _escorts() -> Select[User]:
    return select(User).where(User.role.in_([role.value for role in ESCORTING]), User.state == "active")


def latest(guard_id: uuid.UUID, limit: int = 8) -> list[Row[GateEvent, str, str, str]]:
    """The guard's own last events, newest first."""
    return list(session().execute(select_events().where(GateEvent.guard_id == guard_id).order_by(GateEvent.id.desc()).limit(limit)))


def ground_path(stay: Presence) -> str:
    """The page of what a stay stands on, for staff and for the client."""
    if stay.badge_id is not None:
        return f"/badges/{ids.to_text(stay.badge_id)}"
    if stay.emergency_id is not None:
        return f"/emergencies/{ids.to_text(stay.emergency_id)}"
    visit_id = session().scalars(select(Visitor.visit_id).where(Visitor.id == stay.visitor_id)).one()
    return f"/visits/{ids.to_text(visit_id)}"


def get_stay(stay_id: uuid.UUID) -> Row[*tuple[Any, ...]]:
    """A stay as `select_stays` gives it. Raises NotFound."""
    row = session().execute(select_stays().options(joinedload(Presence.room)).where(Presence.id == stay_id)).one_or_none()
    if row is None:
        raise NotFound(stay_id)
    return row


def events_of_stay(stay_id: uuid.UUID) -> list[Row[GateEvent, str, str, str]]:
    """How a stay began and how it ended."""
    return list(session().execute(select_events().where(GateEvent.presence_id == stay_id).order_by(GateEvent.id)))


def inside_by_room(now: datetime) -> list[Row[uuid.UUID, str, int, int]]:
    """Room's id and code, how many are inside, how many of them past their time; rooms with somebody in them, by code."""
    past = func.sum(case((is_past(now), 1), else_=0))
    statement = (
        select(Room.id, Room.code, func.count(Presence.id), past)
        .join(Presence, Presence.room_id == Room.id)
        .where(Presence.left_at.is_(None))
        .group_by(Room.id, Room.code)
        .order_by(Room.code)
    )
    return list(session().execute(statement))


def emergencies_at_gate(now: datetime) -> list[tuple[Emergency, uuid.UUID]]:
    """Emergencies that someone may go in on, or is inside on, with the pass of each."""
    found = emergencies.expected_at_gate(now)
    passes = select(Pass.subject_id, Pass.id).where(Pass.kind == "emergency", Pass.subject_id.in_([one.id for one in found]))
    pass_ids = dict(session().execute(passes.order_by(Pass.id)).all())
    return [(one, pass_ids[one.id]) for one in found if one.id in pass_ids]


@dataclass(frozen=True, slots=True)
class SiteInside:
    """Who is inside at a site, room by room (rooms without anybody are there, too): stay, client's name, escort's name."""

    site: Site
    rooms: list[tuple[Room, list[Row[Any]]]]

    @property
    def total(self) -> int:
        return sum(len(rows) for _room, rows in self.rooms)


def evacuation(site_id: uuid.UUID | None = None) -> list[SiteInside]:
    """Everyone who is inside, by site, room and name; of one site alone, if one is given. Two queries."""
    by_room: dict[uuid.UUID, list[Row[Any]]] = defaultdict(list)
    for row in session().execute(select_inside().order_by(Presence.person_name, Presence.id)):
        by_room[row.Presence.room_id].append(row)
    by_site: dict[uuid.UUID, SiteInside] = {}
    for room in facility.rooms():
        if site_id is None or room.site_id == site_id:
            by_site.setdefault(room.site_id, SiteInside(room.site, [])).rooms.append((room, by_room[room.id]))
    return list(by_site.values())


def inside_counts(now: datetime) -> tuple[int, int]:
    """How many are inside, and how many of them past their time. One query."""
    inside, past = session().execute(select(*(number.scalar_subquery() for number in _inside(now)))).one()
    return inside, past


def _inside(now: datetime) -> tuple[Select[int], Select[int]]:
    inside = select(func.count()).select_from(Presence).where(Presence.left_at.is_(None))
    return inside, inside.where(is_past(now))


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The gate's figures on the desk."""
    sees_inside, sees_log = actor.may(Permission.PRESENCE_READ), actor.may(Permission.GATE_LOG_READ)
    since = clock.at_local(clock.today(now))
    refusals = select(func.count()).select_from(GateEvent).where(GateEvent.created_at >= since, GateEvent.kind == "refusal")

    def told(*numbers: int) -> list[Figure]:
        figures = []
        if sees_inside:
            figures.append(Figure(_("Inside the machine rooms"), numbers[0], "", "/gate/inside"))
            if numbers[1]:
                figures.append(Figure(_("Inside past their time"), numbers[1], "", "/gate/inside?past=1", "stop"))
        if sees_log:
            tone = "stop" if numbers[-1] else ""
            figures.append(Figure(_("Refused at the gate today"), numbers[-1], "", "/gate/log?kind=refusal", tone))
        return figures

    return Counts((*(_inside(now) if sees_inside else ()), *((refusals,) if sees_log else ())), told)
