"""What goes when a kind's period is over: one function a kind, each a batch in the open transaction. Returns how many records.

The rows stay where figures or other records hang on them; what tells of a person is overwritten. A file's content is deleted by a
later run than the one that marked it, so that a rolled-back mark never finds its content gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts import services as accounts
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.badges.lifecycle import LIVE
from portal.badges.models import Badge
from portal.clients.models import Person
from portal.conduct.models import EntryBan, Violation, ViolationFile
from portal.contracts.models import Contract
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.evidence.models import EvidencePack
from portal.exits.models import Exit
from portal.files.models import StoredFile
from portal.gate.models import NAMED, GateEvent, Presence
from portal.kernel import change, clock, files
from portal.kernel.db import Base, session
from portal.kernel.policy import SYSTEM
from portal.outbox.models import Notice, OutboxMessage
from portal.retention.rules import REMOVED, REMOVED_HASH
from portal.shifts.models import Shift
from portal.tickets.models import Ticket, TicketFile, TicketMessage, TicketOpinion
from portal.visits.models import Visit, Visitor

BATCH = 500
CONTENT_WITHIN = timedelta(days=7)  # how long after its mark a content is looked for again
OPEN_EXITS = ("under_review", "needs_correction", "issued", "awaiting_return")
CLOSED_EMERGENCIES = ("closed", "lapsed", "refused", "cancelled")
CLOSED_TICKETS = ("closed", "merged", "withdrawn")
CLOSED_VIOLATIONS = ("closed", "lifted", "withdrawn")


def gate_log(before: datetime, now: datetime) -> int:
    """Events lose the person, and what was noted beside the codes; so do the stays that are over."""
    over = and_(Presence.left_at < before, NAMED)
    stays = session().scalars(select(Presence).where(over).order_by(Presence.left_at).limit(BATCH).with_for_update(skip_locked=True)).all()
    for stay in stays:
        stay.person_id, stay.person_name, stay.phone, stay.document_hash = None, REMOVED, "", f"{REMOVED_HASH}{stay.id.hex}"
    session().flush()
    told = select(GateEvent.id).where(GateEvent.created_at < before, NAMED).order_by(GateEvent.created_at).limit(BATCH)
    ids = list(session().scalars(told))
    return len(stays) + _overwrite(GateEvent, GateEvent.id.in_(ids), {"person_id": None, "person_name": REMOVED, "facts": {}})


def people(before: datetime, now: datetime) -> int:
    """People who left, or whose client is gone: without a live badge, a stay, or a ban that still has to find them."""
    live_badge = exists().where(Badge.person_id == Person.id, Badge.state.in_(LIVE))
    stayed = exists().where(Presence.person_id == Person.id, or_(Presence.left_at.is_(None), Presence.left_at >= before))
    barred = exists().where(EntryBan.document_hash == Person.document_hash, EntryBan.ended_at.is_(None))
    contract = exists().where(
        Contract.client_id == Person.client_id,
        or_(Contract.state.in_(("draft", "in_force", "suspended", "ending")), Contract.ends_on >= clock.today(before)),
    )
    visits = exists().where(Visitor.person_id == Person.id, Visit.id == Visitor.visit_id, Visit.ends_at >= before)
    emergency = exists().where(
        EmergencyPerson.person_id == Person.id, or_(EmergencyPerson.inside, EmergencyPerson.created_at >= before)
    )  # fmt: skip
    gone = or_(Person.left_at < before, and_(Person.left_at.is_(None), ~contract))
    over = select(Person).where(
        Person.created_at < before, gone, ~live_badge, ~stayed, ~visits, ~emergency, ~barred, ~Person.document_hash.startswith(REMOVED_HASH)
    )  # fmt: skip
    found = session().scalars(over.order_by(Person.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    for person in found:
        person.name, person.phone, person.document_number, person.document_tail = REMOVED, "", "", ""
        person.document_hash = f"{REMOVED_HASH}{person.id.hex}"
        person.left_at = person.left_at or now
    session().flush()
    return len(found)


def identity_papers(before: datetime, now: datetime) -> int:
    """Copies and letters whose badge or exit has been over for so long."""
    badge = exists().where(or_(Badge.identity_copy_id == StoredFile.id, Badge.letter_id == StoredFile.id), _badge_alive(before))
    exit_ = exists().where(
        or_(Exit.identity_copy_id == StoredFile.id, Exit.letter_id == StoredFile.id),
        or_(Exit.state.in_(OPEN_EXITS), _told_since("exit", Exit.id, before)),
    )
    visit = exists().where(Visit.letter_id == StoredFile.id, Visit.ends_at >= before)
    return _mark_files(("identity_copy", "letter"), before, now, ~badge, ~exit_, ~visit)


def badge_photos(before: datetime, now: datetime) -> int:
    """Photos whose badge has been over for so long."""
    badge = exists().where(Badge.photo_id == StoredFile.id, _badge_alive(before))
    return _mark_files(("badge_photo",), before, now, ~badge)


def visits(before: datetime, now: datetime) -> int:
    """Visits that are over: the reason, the plates and tools, and where the passes were sent. Who came goes with the people."""
    over = and_(Visit.ends_at < before, Visit.reason != REMOVED)
    ids = list(session().scalars(select(Visit.id).where(over).order_by(Visit.id).limit(BATCH)))
    if not ids:
        return 0
    session().execute(update(Visitor).where(Visitor.visit_id.in_(ids)).values(email=""))
    values = {"reason": REMOVED, "vehicles": [], "tools": "", "exception": "", "review_note": ""}
    return _overwrite(Visit, Visit.id.in_(ids), values)


def emergencies(before: datetime, now: datetime) -> int:
    """Emergencies that are over: caller, reasons, report, and who was named. Times, approver, room and equipment stay."""
    over = and_(
        Emergency.state.in_(CLOSED_EMERGENCIES), Emergency.created_at < before, Emergency.reason != REMOVED,
        ~_told_since("emergency", Emergency.id, before),
    )  # fmt: skip
    ids = list(session().scalars(select(Emergency.id).where(over).order_by(Emergency.id).limit(BATCH)))
    if not ids:
        return 0
    for person in session().scalars(select(EmergencyPerson).where(EmergencyPerson.emergency_id.in_(ids))):
        person.name, person.phone, person.document_tail = REMOVED, "", ""
        if person.document_hash is not None:
            person.document_hash = f"{REMOVED_HASH}{person.id.hex}"
    session().flush()
    phoned = case((Emergency.channel == "phone", REMOVED), else_="")
    values = {"reason": REMOVED, "caller_name": phoned, "caller_phone": phoned, "decision_reason": "", "report": "", "review_note": ""}
    return _overwrite(Emergency, Emergency.id.in_(ids), values)


def shifts(before: datetime, now: datetime) -> int:
    """Names in what was signed over at the end of a shift, and the guards' words. Times, passes and codes stay."""
    over = select(Shift).where(Shift.ended_at < before, Shift.notes != REMOVED)
    found = session().scalars(over.order_by(Shift.started_at).limit(BATCH).with_for_update(skip_locked=True)).all()
    for shift in found:
        shift.notes, shift.taken_note = REMOVED, ""
        shift.snapshot = {part: _unnamed(rows) for part, rows in shift.snapshot.items()}
    session().flush()
    return len(found)


def exits(before: datetime, now: datetime) -> int:
    """Movers of exits that are over."""
    over = and_(
        Exit.state.not_in(OPEN_EXITS), Exit.leaves_on < clock.today(before), ~_told_since("exit", Exit.id, before),
        Exit.mover_name != REMOVED,
    )  # fmt: skip
    return _overwrite(Exit, over, {"mover_name": REMOVED, "mover_document": "", "mover_document_tail": "", "mover_phone": ""})


def violations(before: datetime, now: datetime) -> int:
    """Closed cases without a ban that is still in effect, in which nothing happened for so long."""
    barred = exists().where(EntryBan.violation_id == Violation.id, EntryBan.ended_at.is_(None))
    over = and_(
        Violation.state.in_(CLOSED_VIOLATIONS),
        Violation.created_at < before,
        Violation.person_name != REMOVED,
        ~barred,
        ~_told_since("violation", Violation.id, before),
    )
    ids = list(session().scalars(select(Violation.id).where(over).order_by(Violation.id).limit(BATCH)))
    if not ids:
        return 0
    papers = select(ViolationFile.file_id).where(ViolationFile.violation_id.in_(ids))
    _mark(list(session().scalars(papers)), now)
    values = {"person_name": REMOVED, "person_id": None, "document_hash": None, "description": REMOVED, "witness": "", "note": ""}
    return _overwrite(Violation, Violation.id.in_(ids), values)


def users(before: datetime, now: datetime) -> int:
    """Accounts that were disabled or never used, and of which nothing was told for so long."""
    over = select(User).where(
        User.state.in_(("disabled", "withdrawn")), User.created_at < before, ~_told_since("user", User.id, before), User.name != REMOVED
    )  # fmt: skip
    found = session().scalars(over.order_by(User.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    for user in found:
        user.name, user.phone, user.password_hash = REMOVED, "", None
        accounts.forget_second_factor(user.id)
        user.email = f"removed-{user.id.hex}@removed.invalid"
    session().flush()
    return len(found)


def sessions(before: datetime, now: datetime) -> int:
    """Sessions, links and counted attempts that are over."""
    return accounts.forget_old(before, now)


def messages(before: datetime, now: datetime) -> int:
    """E-mails that were sent or given up, and notices."""
    sent = or_(OutboxMessage.sent_at < before, OutboxMessage.failed_at < before)
    return _delete(OutboxMessage, sent) + _delete(Notice, Notice.created_at < before)


def evidence_packs(before: datetime, now: datetime) -> int:
    """The content of packs; what they were known by stays."""
    over = select(EvidencePack).where(EvidencePack.state == "made", EvidencePack.made_at < before)
    found = session().scalars(over.order_by(EvidencePack.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    for pack in found:
        change.move(pack, "remove", SYSTEM, now)
    _mark([pack.file_id for pack in found if pack.file_id is not None], now)
    return len(found)


def tickets(before: datetime, now: datetime) -> int:
    """Requests and complaints that are over and not marked as important (R-C5): who asked, and every word that was said."""
    over = and_(
        Ticket.state.in_(CLOSED_TICKETS), Ticket.created_at < before, ~Ticket.important, Ticket.subject != REMOVED,
        ~_told_since("ticket", Ticket.id, before),
    )  # fmt: skip
    ids = list(session().scalars(select(Ticket.id).where(over).order_by(Ticket.id).limit(BATCH)))
    if not ids:
        return 0
    _mark(list(session().scalars(select(TicketFile.file_id).where(TicketFile.ticket_id.in_(ids)))), now)
    said = update(TicketMessage).where(TicketMessage.ticket_id.in_(ids))
    session().execute(said.values(body=REMOVED, author_name=REMOVED, mail_id=None).execution_options(synchronize_session=False))
    words = update(TicketOpinion).where(TicketOpinion.ticket_id.in_(ids))
    session().execute(words.values(words="").execution_options(synchronize_session=False))
    values = {"subject": REMOVED, "contact_name": "", "contact_phone": "", "contact_email": "", "opinion_hash": None}
    return _overwrite(Ticket, Ticket.id.in_(ids), values)


REMOVERS: dict[str, Callable[[datetime, datetime], int]] = {
    "gate_log": gate_log,
    "identity_papers": identity_papers,
    "badge_photos": badge_photos,
    "visits": visits,
    "emergencies": emergencies,
    "shifts": shifts,
    "exits": exits,
    "tickets": tickets,
    "violations": violations,
    "people": people,
    "users": users,
    "sessions": sessions,
    "messages": messages,
    "evidence_packs": evidence_packs,
}


def delete_contents(now: datetime) -> None:
    """Deletes the contents of files that an earlier run marked. A content that is gone already is no error."""
    marked = select(StoredFile.id).where(StoredFile.removed_at >= now - CONTENT_WITHIN)
    for file_id in session().scalars(marked):
        files.delete(file_id)


def _unnamed(rows: Any) -> Any:
    """A part of a shift's snapshot without the people that it names and what lay at the desk for them."""
    if not isinstance(rows, list):
        return rows
    return [row | {"person": REMOVED} | ({"kept": []} if "kept" in row else {}) for row in rows]


def _badge_alive(before: datetime) -> ColumnElement[bool]:
    """The badge lives, or something was told of it since."""
    return or_(Badge.state.in_(LIVE), _told_since("badge", Badge.id, before))


def _told_since(kind: str, id_column: InstrumentedAttribute[uuid.UUID], before: datetime) -> ColumnElement[bool]:
    return exists().where(AuditEntry.subject_kind == kind, AuditEntry.subject_id == id_column, AuditEntry.at >= before)


def _mark_files(purposes: tuple[str, ...], before: datetime, now: datetime, *conditions: ColumnElement[bool]) -> int:
    over = select(StoredFile.id).where(
        StoredFile.purpose.in_(purposes), StoredFile.claimed_at < before, StoredFile.removed_at.is_(None), *conditions
    )  # fmt: skip
    return _mark(list(session().scalars(over.order_by(StoredFile.claimed_at).limit(BATCH))), now)


def _mark(file_ids: Collection[uuid.UUID], now: datetime) -> int:
    """Marks files as removed, and forgets their names. Their checksums stay: what was there can be told from a copy."""
    if not file_ids:
        return 0
    marked = update(StoredFile).where(StoredFile.id.in_(file_ids), StoredFile.removed_at.is_(None))
    return _count(session().execute(marked.values(removed_at=now, filename=REMOVED)))


def _overwrite(model: type[Any], over: ColumnElement[bool], values: dict[str, Any]) -> int:
    ids = list(session().scalars(select(model.id).where(over).order_by(model.id).limit(BATCH)))
    if not ids:
        return 0
    return _count(session().execute(update(model).where(model.id.in_(ids)).values(**values).execution_options(synchronize_session=False)))


def _delete(model: type[Base], over: ColumnElement[bool]) -> int:
    ids = list(session().scalars(select(model.id).where(over).limit(BATCH)))  # type: ignore[attr-defined]
    return _count(session().execute(delete(model).where(model.id.in_(ids)))) if ids else 0  # type: ignore[attr-defined]


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return result.rowcount
