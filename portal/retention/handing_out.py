"""Everything that is held on a person, handed out to them (PIPL 45): one JSON file, and the files they gave, in a ZIP."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from portal.audit import services as audit
from portal.audit.models import AuditEntry
from portal.badges.models import Badge
from portal.clients.models import Client, Person
from portal.conduct.models import EntryBan, Violation
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.facility.models import Room
from portal.files.models import StoredFile
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, files, ids
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.policy import Actor, Permission
from portal.reviews.models import AccessReview, AccessReviewLine
from portal.visits.models import Visit, Visitor

MOST = 20_000  # rows of one list: more than a lifetime of entries


def hand_out(person_id: uuid.UUID, actor: Actor, now: datetime) -> bytes:
    """The ZIP with everything held on the person with this document, for whichever client; that it was handed out is on record.

    Raises NotFound, Forbidden.
    """
    if not actor.may(Permission.PERSON_EXPORT):
        raise Forbidden(Permission.PERSON_EXPORT)
    person = session().get(Person, person_id)
    if person is None:
        raise NotFound(person_id)
    people = list(session().scalars(select(Person).where(Person.document_hash == person.document_hash).order_by(Person.id)))
    person_ids = [one.id for one in people]
    badges = list(session().scalars(select(Badge).where(Badge.person_id.in_(person_ids)).order_by(Badge.id)))
    papers = _papers(badges)
    held = {
        "made_at": now,
        "people": [_person(one) for one in people],
        "badges": [_badge(one) for one in badges],
        "stays": _stays(person_ids),
        "gate_events": _events(person_ids),
        "visits": _visits(person_ids),
        "emergencies": _emergencies(person.document_hash),
        "bans": _bans(person.document_hash),
        "violations": _violations(person.document_hash),
        "access_reviews": _reviews(person_ids, [badge.id for badge in badges]),
        "changes": _changes(person_ids, [badge.id for badge in badges]),
        "files": [{"name": _name(file), "purpose": file.purpose, "sha256": file.sha256, "kept_since": file.claimed_at} for file in papers],
    }
    for one in people:
        audit.record("person.exported", "person", one.id, one.name, actor, now, client_id=one.client_id)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("held.json", json.dumps(held, ensure_ascii=False, indent=1, default=_plain))
        for file in papers:
            target.writestr(f"files/{_name(file)}", files.get(file.id))
    return made.getvalue()


def _person(person: Person) -> dict[str, Any]:
    client = session().get(Client, person.client_id)
    return {
        "client": client.name if client else "", "name": person.name, "document_kind": person.document_kind,
        "document_number": person.document_number, "phone": person.phone, "recorded_at": person.created_at, "left_at": person.left_at,
    }  # fmt: skip


def _badge(badge: Badge) -> dict[str, Any]:
    return {
        "number": badge.number, "state": badge.state, "applied_at": badge.created_at, "issued_at": badge.issued_at,
        "valid_until": badge.valid_until, "card_back_at": badge.card_back_at, "review_note": badge.review_note,
    }  # fmt: skip


def _stays(person_ids: list[uuid.UUID]) -> list[dict[str, Any]]:
    rows = session().execute(
        select(Presence.created_at, Presence.left_at, Room.code)
        .join(Room, Room.id == Presence.room_id)
        .where(Presence.person_id.in_(person_ids))
        .order_by(Presence.created_at)
        .limit(MOST)
    )
    return [{"in": entered, "out": left, "room": room} for entered, left, room in rows]


def _events(person_ids: list[uuid.UUID]) -> list[dict[str, Any]]:
    rows = session().scalars(
        select(GateEvent).where(GateEvent.person_id.in_(person_ids)).order_by(GateEvent.created_at).limit(MOST)
    )  # fmt: skip
    return [{"at": e.created_at, "kind": e.kind, "code": e.code, "pass": e.subject_label, "facts": e.facts} for e in rows]


def _visits(person_ids: list[uuid.UUID]) -> list[dict[str, Any]]:
    rows = session().execute(
        select(Visitor, Visit, Room.code)
        .join(Visit, Visit.id == Visitor.visit_id)
        .join(Room, Room.id == Visit.room_id)
        .where(Visitor.person_id.in_(person_ids))
        .order_by(Visit.starts_at)
        .limit(MOST)
    )
    return [
        {"pass": one.number, "state": one.state, "email": one.email, "room": room, "from": visit.starts_at, "until": visit.ends_at,
         "reason": visit.reason}
        for one, visit, room in rows
    ]  # fmt: skip


def _emergencies(document_hash: str) -> list[dict[str, Any]]:
    rows = session().execute(
        select(EmergencyPerson, Emergency)
        .join(Emergency, Emergency.id == EmergencyPerson.emergency_id)
        .where(EmergencyPerson.document_hash == document_hash)
        .order_by(EmergencyPerson.id)
    )
    return [
        {"emergency": emergency.number, "name": one.name, "phone": one.phone, "document_kind": one.document_kind, "in": one.entered_at,
         "out": one.left_at}
        for one, emergency in rows
    ]  # fmt: skip


def _bans(document_hash: str) -> list[dict[str, Any]]:
    rows = session().scalars(select(EntryBan).where(EntryBan.document_hash == document_hash).order_by(EntryBan.id))
    return [{"kind": ban.kind, "from": ban.from_at, "until": ban.until_at, "lifted": ban.lifted_at} for ban in rows]


def _violations(document_hash: str) -> list[dict[str, Any]]:
    rows = session().scalars(select(Violation).where(Violation.document_hash == document_hash).order_by(Violation.id))
    return [
        {"number": v.number, "at": v.happened_at, "rule": v.rule, "severity": v.severity, "state": v.state, "description": v.description}
        for v in rows
    ]


def _reviews(person_ids: list[uuid.UUID], badge_ids: list[uuid.UUID]) -> list[dict[str, Any]]:
    rows = session().execute(
        select(AccessReview.number, AccessReview.quarter, AccessReviewLine.decision, AccessReviewLine.decided_at)
        .join(AccessReviewLine, AccessReviewLine.review_id == AccessReview.id)
        .where(or_(AccessReviewLine.person_id.in_(person_ids), AccessReviewLine.badge_id.in_(badge_ids)))
        .order_by(AccessReviewLine.id)
    )
    return [{"review": number, "quarter": quarter, "answer": decision, "at": at} for number, quarter, decision, at in rows]


def _changes(person_ids: list[uuid.UUID], badge_ids: list[uuid.UUID]) -> list[dict[str, Any]]:
    rows = session().scalars(
        select(AuditEntry)
        .where(AuditEntry.subject_kind.in_(("person", "badge")), AuditEntry.subject_id.in_([*person_ids, *badge_ids]))
        .order_by(AuditEntry.at)
        .limit(MOST)
    )
    return [{"at": e.at, "tag": e.tag, "by": e.actor_name, "before": e.before, "after": e.after, "reason": e.reason} for e in rows]


def _papers(badges: list[Badge]) -> list[StoredFile]:
    """Photo, copy and letter of each badge, as far as they are still there."""
    wanted = {file_id for badge in badges for file_id in (badge.photo_id, badge.identity_copy_id, badge.letter_id) if file_id}
    there = select(StoredFile).where(StoredFile.id.in_(wanted), StoredFile.removed_at.is_(None)).order_by(StoredFile.id)
    return list(session().scalars(there))


def _name(file: StoredFile) -> str:
    ending = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}.get(file.media_type, "bin")
    return f"{file.purpose}-{ids.to_text(file.id)}.{ending}"


def _plain(value: Any) -> str:
    return clock.local(value).isoformat() if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else str(value)
