"""Reading the audit: a record's timeline, and what an auditor searches."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.audit.tags import field_label, told, value_text
from portal.clients.models import Client
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.policy import SYSTEM


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline, in the reader's language."""

    at: datetime
    text: str
    who: str
    reason: str | None = None
    details: list[tuple[str, str, str]] = field(default_factory=list)
    url: str | None = None


def timeline(
    *subjects: tuple[str, uuid.UUID], limit: int = 60, hidden: Collection[str] = (), without: Collection[str] = ()
) -> list[TimelineEntry]:
    """What happened to one or more records, newest first. The caller has loaded them through its own scoped queries.

    `hidden` names details that are not for this reader (what staff note about a client), `without` the tags of whole entries.
    """
    either = or_(*((AuditEntry.subject_kind == kind) & (AuditEntry.subject_id == id_) for kind, id_ in subjects))
    if without:
        either &= AuditEntry.tag.not_in(without)
    rows = session().scalars(select(AuditEntry).where(either).order_by(AuditEntry.id.desc()).limit(limit))
    return [_line(row, {"state", *hidden}) for row in rows]


def _line(entry: AuditEntry, hidden: set[str]) -> TimelineEntry:
    changed = sorted((set(entry.before) | set(entry.after)) - hidden)
    details = [(field_label(n), value_text(n, entry.before.get(n)), value_text(n, entry.after.get(n))) for n in changed]
    return TimelineEntry(entry.at, told(entry.tag), entry.actor_name, entry.reason, [d for d in details if d[1] != d[2]])


def what_happened(entry: AuditEntry) -> str:
    """What an entry tells, in the reader's words."""
    return told(entry.tag)


def select_entries() -> Select[AuditEntry, str | None]:
    """All entries, each with the name of the client that it concerns. For who holds audit:entry:read, and so sees everything."""
    return select(AuditEntry, Client.name).outerjoin(Client, Client.id == AuditEntry.client_id)


def get_entry(entry_id: uuid.UUID) -> tuple[AuditEntry, str | None]:
    """An entry and its client's name. Raises NotFound."""
    row = session().execute(select_entries().where(AuditEntry.id == entry_id)).one_or_none()
    if row is None:
        raise NotFound(str(entry_id))
    return row[0], row[1]


def about(label: str) -> ColumnElement[bool]:
    """Entries about what people call so: a number or a name in full, so that an index finds it among millions."""
    return AuditEntry.subject_label.in_({label, label.upper()})


def done_by(text: str) -> ColumnElement[bool]:
    """Entries of users whose name or e-mail holds the text; the portal itself by its name."""
    users = select(User.id).where(or_(User.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True)))
    found = _one_of(AuditEntry.actor_id, users)
    return or_(found, and_(AuditEntry.actor_id.is_(None), AuditEntry.actor_name == text)) if text == SYSTEM.name else found


def of_client(text: str) -> ColumnElement[bool]:
    """Entries that concern clients whose name holds the text, or whose number it is."""
    clients = select(Client.id).where(or_(Client.name.icontains(text, autoescape=True), Client.number == text.upper()))
    return _one_of(AuditEntry.client_id, clients)


def _one_of(column: InstrumentedAttribute[uuid.UUID | None], wanted: Select[uuid.UUID]) -> ColumnElement[bool]:
    """Few are looked up first and named, so that the index on `column` leads straight to their entries."""
    few = list(session().scalars(wanted.limit(101)))
    return column.in_(few) if len(few) <= 100 else column.in_(wanted)
