"""Reading what auditors ask: who was where and on whose approval, every change of a person's rights, the packs."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.badges.models import Badge
from portal.clients.models import Client, Person
from portal.conduct.models import Violation
from portal.desk.items import DueItem, Waits, told
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.evidence.lifecycle import EVIDENCE_PACK
from portal.evidence.models import EvidencePack
from portal.facility.models import Room
from portal.gate.models import LONG, LONG_STAY, Presence
from portal.kernel import ids
from portal.kernel.db import dialect, session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission
from portal.reviews.models import AccessReviewLine
from portal.visits.models import Visit, Visitor

GuardIn, GuardOut, Escort, Reviewer, VisitReviewer, Supervisor = (aliased(User) for _number in range(6))
Earlier = aliased(Presence)


def select_packs() -> Select[*tuple[Any, ...]]:
    """Packs, each with the name of who asked. For who holds evidence:pack:make."""
    return select(EvidencePack, User.name.label("asked_by")).join(User, User.id == EvidencePack.asked_by_id)


def get_pack(pack_id: uuid.UUID) -> Row[*tuple[Any, ...]]:
    """A pack with who asked for it. Raises NotFound."""
    row = session().execute(select_packs().where(EvidencePack.id == pack_id)).one_or_none()
    if row is None:
        raise NotFound(pack_id)
    return row


def get_room(room_id: uuid.UUID) -> Room:
    """Raises NotFound."""
    room = session().get(Room, room_id)
    if room is None:
        raise NotFound(room_id)
    return room


def rooms() -> list[Room]:
    """All rooms, by code."""
    return list(session().scalars(select(Room).order_by(Room.code, Room.id)))


def select_stays() -> Select[*tuple[Any, ...]]:
    """Who was inside: the stay with client, room, escort, both guards, and who approved what it stood on, when.

    A visit that the client's own rule let through has nobody who approved it.
    """
    return (
        select(
            Presence,
            Client.name.label("client"),
            Room.code.label("room"),
            func.coalesce(Reviewer.name, VisitReviewer.name, Supervisor.name).label("approved_by"),
            func.coalesce(Badge.issued_at, Visit.decided_at, Emergency.decided_at).label("approved_at"),
            Escort.name.label("escort"),
            GuardIn.name.label("guard_in"),
            GuardOut.name.label("guard_out"),
        )
        .join(Client, Client.id == Presence.client_id)
        .join(Room, Room.id == Presence.room_id)
        .outerjoin(Badge, Badge.id == Presence.badge_id)
        .outerjoin(Reviewer, Reviewer.id == Badge.reviewed_by_id)
        .outerjoin(Visitor, Visitor.id == Presence.visitor_id)
        .outerjoin(Visit, Visit.id == Visitor.visit_id)
        .outerjoin(VisitReviewer, VisitReviewer.id == Visit.reviewed_by_id)
        .outerjoin(Emergency, Emergency.id == Presence.emergency_id)
        .outerjoin(Supervisor, Supervisor.id == Emergency.decided_by_id)
        .outerjoin(Escort, Escort.id == Presence.escort_id)
        .join(GuardIn, GuardIn.id == Presence.guard_in_id)
        .outerjoin(GuardOut, GuardOut.id == Presence.guard_out_id)
    )


def overlapping(start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """Stays of which any moment lies in [start, end).

    An old period must not be looked for through all that was before it: nearly every stay that lies in it began at most two days
    before, and of the others (`LONG`) an index of their own tells the earliest.
    """
    conditions: list[ColumnElement[bool]] = []
    if end is not None:
        conditions.append(Presence.created_at < end)
    if start is not None:
        conditions.append(or_(Presence.left_at.is_(None), Presence.left_at >= start))
    if start is not None and end is not None:
        conditions.append(Presence.created_at >= _earliest_over(start))
    return and_(True, *conditions)


def _earliest_over(start: datetime) -> ColumnElement[datetime]:
    """From when on a stay may have begun that lasted until `start`."""
    usual = start - LONG_STAY
    lasted = and_(LONG[dialect()], Earlier.created_at < usual, or_(Earlier.left_at.is_(None), Earlier.left_at >= start))
    return func.coalesce(select(func.min(Earlier.created_at)).where(lasted).scalar_subquery(), usual)


def stays_at(room_id: uuid.UUID, at: datetime) -> list[Row[*tuple[Any, ...]]]:
    """Who was in the room at a moment."""
    inside = and_(or_(Presence.left_at.is_(None), Presence.left_at > at), overlapping(at, at + timedelta(microseconds=1)))
    return list(session().execute(select_stays().where(Presence.room_id == room_id, inside).order_by(Presence.created_at)))


def people_with(document_hash: str) -> list[Row[Person, str]]:
    """Everyone recorded with this document, for whichever client, with the client's name."""
    same = select(Person, Client.name).join(Client, Client.id == Person.client_id).where(Person.document_hash == document_hash)
    return list(session().execute(same.order_by(Person.id)))


def get_person(person_id: uuid.UUID) -> Person:
    """Raises NotFound. For who holds evidence:answer:read."""
    person = session().get(Person, person_id)
    if person is None:
        raise NotFound(person_id)
    return person


def rights_of(people: list[Person]) -> ColumnElement[bool]:
    """The audit entries that changed, confirmed or recorded what these people (one and the same) may do."""
    person_ids = [person.id for person in people]
    badges = {badge.id: badge.number for badge in session().scalars(select(Badge).where(Badge.person_id.in_(person_ids)))}
    violations = list(session().scalars(select(Violation.id).where(Violation.document_hash.in_([p.document_hash for p in people]))))
    visitors = session().execute(select(Visitor.id, Visitor.visit_id).where(Visitor.person_id.in_(person_ids))).all()
    lines = select(AccessReviewLine.review_id).where(
        or_(AccessReviewLine.person_id.in_(person_ids), AccessReviewLine.badge_id.in_(list(badges)))
    )
    names = [person.name for person in people]
    answers = [*names, *(f"{number} {name}" for number in badges.values() for name in names)]
    hashes = [person.document_hash for person in people]
    emergencies = list(session().scalars(select(EmergencyPerson.emergency_id).where(EmergencyPerson.document_hash.in_(hashes))))
    passes = (
        ("emergency", emergencies),
        ("visitor", [visitor_id for visitor_id, _visit in visitors]),
        ("visit", [visit_id for _visitor, visit_id in visitors]),
    )
    wanted = [
        and_(AuditEntry.subject_kind == kind, AuditEntry.subject_id.in_(found))
        for kind, found in (("person", person_ids), ("badge", list(badges)), ("violation", violations), *passes)
        if found
    ]
    reviewed = and_(
        AuditEntry.subject_kind == "access_review",
        AuditEntry.subject_id.in_(list(session().scalars(lines))),
        AuditEntry.after["item"].as_string().in_(answers),
    )
    return or_(*wanted, reviewed)


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Packs of this actor that could not be made."""
    if not actor.may(Permission.EVIDENCE_PACK):
        return []
    rows = select(EvidencePack.id, EvidencePack.number, EvidencePack.from_on, EvidencePack.to_on)
    failed = rows.where(EvidencePack.state == "failed", EvidencePack.asked_by_id == actor.user_id)
    return [Waits(failed.order_by(EvidencePack.id).limit(10), _failed)]


def _failed(row: Any) -> DueItem:
    title = _("Evidence pack %(number)s", number=row.number)
    state = told(EVIDENCE_PACK.states["failed"])
    return DueItem(title, f"{row.from_on} – {row.to_on}", state, None, f"/evidence/packs/{ids.to_text(row.id)}")
