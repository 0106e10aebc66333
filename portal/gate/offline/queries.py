"""Reading offline mistakes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import User
from portal.clients.models import Client
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.equipment.models import Equipment
from portal.exits.models import ExitItem
from portal.facility.models import Room
from portal.gate.models import GateEvent
from portal.gate.offline import rules
from portal.gate.offline.mistakes import path
from portal.gate.offline.models import OfflineMistake, OfflineRelease
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission
from portal.passes.models import Pass


def select_mistakes() -> Select[*tuple[Any, ...]]:
    """Mistakes with their event and client, and the name of the duty staff who let through. For who may read the gate's log."""
    return (
        select(OfflineMistake, User.name.label("guard"))
        .join(OfflineMistake.event)
        .join(User, User.id == GateEvent.guard_id)
        .outerjoin(OfflineMistake.client)
        .options(joinedload(OfflineMistake.event), joinedload(OfflineMistake.client))
    )


def get_mistake(mistake_id: uuid.UUID) -> OfflineMistake:
    """One mistake with event and client. Raises NotFound."""
    loaded = joinedload(OfflineMistake.event), joinedload(OfflineMistake.client)
    found = session().scalars(select(OfflineMistake).options(*loaded).where(OfflineMistake.id == mistake_id)).one_or_none()
    if found is None:
        raise NotFound(mistake_id)
    return found


def of_event(event_id: uuid.UUID) -> OfflineMistake | None:
    return session().scalars(select(OfflineMistake).where(OfflineMistake.event_id == event_id)).one_or_none()


@dataclass(frozen=True, slots=True)
class Around:
    """Who and what an event is about, by name."""

    guard: str
    room: str
    pass_revoked_at: datetime | None


def people_of(event: GateEvent) -> Around:
    """The duty staff, the room, and when the pass was revoked, if it was: before the event or after it."""
    statement = (
        select(User.name, Room.code, Pass.revoked_at)
        .select_from(GateEvent)
        .join(User, User.id == GateEvent.guard_id)
        .outerjoin(Room, Room.id == GateEvent.room_id)
        .outerjoin(Pass, Pass.id == GateEvent.pass_id)
    )
    guard, room, revoked_at = session().execute(statement.where(GateEvent.id == event.id)).one()
    return Around(guard, room or "", revoked_at)


@dataclass(frozen=True, slots=True)
class Left:
    """A piece of equipment that a phone let out, and what the records say of it now. `wrong`: they have it inside."""

    equipment: Equipment
    serial: str
    wrong: bool


def left_on(event: GateEvent) -> list[Left]:
    """What left on a release, line by line of its slip, with model and place in the records; nothing of any other event."""
    serials = event.facts.get("released") or []
    if event.kind != "release" or not serials:
        return []
    statement = (
        select(ExitItem.listed_serial, Equipment)
        .join(Equipment, Equipment.id == ExitItem.equipment_id)
        .where(ExitItem.exit_id == event.subject_id, ExitItem.listed_serial.in_(serials))
        .options(joinedload(Equipment.model), joinedload(Equipment.rack))
        .order_by(ExitItem.line)
    )
    return [Left(thing, serial, thing.state == "in_service") for serial, thing in session().execute(statement)]


@dataclass(frozen=True, slots=True)
class AllowanceRow:
    """A word that releases are allowed offline, in force or over."""

    release: OfflineRelease
    allowed_by: str
    in_force: bool


def allowances(now: datetime, limit: int = 50) -> list[AllowanceRow]:
    """The latest words for all sites, the newest first."""
    statement = (
        select(OfflineRelease, User.name).join(User, User.id == OfflineRelease.allowed_by_id).options(joinedload(OfflineRelease.site))
    )
    rows = session().execute(statement.order_by(OfflineRelease.id.desc()).limit(limit))
    return [AllowanceRow(release, name, release.created_at <= now < release.until) for release, name in rows]


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Mistakes that wait for the supervisor, the oldest first."""
    if not actor.may(Permission.OFFLINE_MISTAKE_SETTLE):
        return []
    columns = (OfflineMistake.id, OfflineMistake.number, OfflineMistake.state, OfflineMistake.objection, OfflineMistake.created_at)
    rows = select(*columns, Client.name.label("client"), GateEvent.person_name, GateEvent.subject_label)
    rows = rows.join(OfflineMistake.event).outerjoin(OfflineMistake.client)
    return [Waits(rows.where(OfflineMistake.state == "open").order_by(OfflineMistake.id).limit(20), _due)]


def counts(actor: Actor, now: datetime) -> Counts | None:
    """How many wait, on the supervisor's desk; nothing when none does."""
    if not actor.may(Permission.OFFLINE_MISTAKE_SETTLE):
        return None

    def told(number: int) -> list[Figure]:
        return [Figure(_("Offline mistakes to settle"), number, "", "/gate/offline/mistakes?state=open", "stop")] if number else []

    return Counts((select(func.count()).where(OfflineMistake.state == "open"),), told)


def _due(row: Any) -> DueItem:
    about = " · ".join(filter(None, (row.client, row.person_name, row.subject_label)))
    if row.objection == rules.UNREADABLE.code:
        title = _("A record of an offline gate cannot be read: %(number)s", number=row.number)
    else:
        title = _("Admitted offline, should not have been: %(number)s", number=row.number)
    return DueItem(title, about, told(OfflineMistake.LIFECYCLE.states[row.state]), row.created_at, path(row))
