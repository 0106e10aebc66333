"""Violations, what was decided on them, and who is barred from entering because of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client, Person
from portal.conduct.lifecycle import VIOLATION
from portal.conduct.rules import BROKEN, SEVERITIES
from portal.facility.models import Room
from portal.kernel.db import Record, Stateful

IN_EFFECT = text("ended_at IS NULL")


def _among(column: str, keys: object) -> str:
    return f"{column} IN (" + ", ".join(f"'{key}'" for key in keys) + ")"  # type: ignore[attr-defined]


class Violation(Stateful):
    """One breach of the rules by one person who acts for one client (R-S7).

    `person_id` is None while nobody knows who it was; `person_name` is what they called themselves, or how they looked.
    `document_hash` is copied from the person when the record is made or the person named: it is what a gate matches by, also when the
    person comes for another client. `witness` and `note` are for staff alone. `appeal_until`: the last day of the client's appeal.
    """

    __tablename__ = "violations"
    __table_args__ = (
        CheckConstraint(_among("rule", BROKEN), name="rule"),
        CheckConstraint(_among("severity", SEVERITIES), name="severity"),
        CheckConstraint("room_id IS NOT NULL OR place <> ''", name="place"),
        Index("ix_violations_client", "client_id", "id"),
        Index("ix_violations_name", "person_name", "id"),
        Index("ix_violations_state", "state", "id"),
        Index("ix_violations_person", "person_id", "id"),
        Index("ix_violations_document", "document_hash", "id"),
        Index("ix_violations_recorder", "recorded_by_id", "id"),
        Index("ix_violations_happened", "happened_at", "id"),
        Index("ix_violations_appeal", "state", "appeal_until"),
    )
    LIFECYCLE = VIOLATION

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    person_name: Mapped[str] = mapped_column(String(80))
    document_hash: Mapped[str | None] = mapped_column(String(64))
    rule: Mapped[str] = mapped_column(String(8))
    severity: Mapped[str] = mapped_column(String(8))
    happened_at: Mapped[datetime]
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rooms.id"))
    place: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text)
    witness: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    event_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("gate_events.id"))
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    appeal_until: Mapped[date | None]
    client: Mapped[Client] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    room: Mapped[Room | None] = relationship(lazy="raise")


class ViolationFile(Record):
    """A piece of evidence, or a paper of the client's appeal."""

    __tablename__ = "violation_files"
    __table_args__ = (
        CheckConstraint("part IN ('evidence', 'appeal')", name="part"),
        UniqueConstraint("file_id"),
        Index("ix_violation_files_violation", "violation_id", "id"),
    )

    violation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("violations.id"))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    part: Mapped[str] = mapped_column(String(8))


class Decision(Record):
    """What was decided, and when: at first, on the appeal, or when it was lifted. Never changed afterwards.

    `measures` are keys of `rules.MEASURES`; none where everything was lifted. `reason` is told to the client.
    """

    __tablename__ = "violation_decisions"
    __table_args__ = (
        CheckConstraint("stage IN ('decision', 'appeal', 'lifting')", name="stage"),
        CheckConstraint("days IS NULL OR days BETWEEN 1 AND 365", name="days"),
        UniqueConstraint("violation_id", "stage"),
    )

    violation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("violations.id"))
    stage: Mapped[str] = mapped_column(String(8))
    measures: Mapped[list[str]]
    days: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text)
    decided_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))


class Appeal(Record):
    """The client's one appeal against a decision."""

    __tablename__ = "violation_appeals"
    __table_args__ = (UniqueConstraint("violation_id"),)

    violation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("violations.id"))
    appealed_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)


class EntryBan(Record):
    """That a person shall not get in, whatever pass they hold (R-S7): from `from_at` until just before `until_at`, or for good.

    Matched by `document_hash`, so for every client they come for. `lifted_at`: taken back by `lifted_by_id`. `ended_at`: it is over
    (lifted, or its time is up) and what it had stopped was opened again as far as nothing else speaks against it; whether
    someone is barred hangs on the times alone.
    """

    __tablename__ = "entry_bans"
    __table_args__ = (
        CheckConstraint("kind IN ('suspension', 'ban')", name="kind"),
        CheckConstraint("(kind = 'ban') = (until_at IS NULL)", name="until"),
        CheckConstraint("lifted_at IS NULL OR ended_at IS NOT NULL", name="lifted"),
        Index("uq_entry_bans_violation", "violation_id", unique=True, sqlite_where=IN_EFFECT, postgresql_where=IN_EFFECT),
        Index("ix_entry_bans_document", "document_hash", sqlite_where=IN_EFFECT, postgresql_where=IN_EFFECT),
        Index("ix_entry_bans_until", "until_at", sqlite_where=IN_EFFECT, postgresql_where=IN_EFFECT),
        Index("ix_entry_bans_history", "document_hash", "id"),
    )

    document_hash: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    violation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("violations.id"))
    kind: Mapped[str] = mapped_column(String(12))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]


class BarredBadge(Record):
    """A badge that a ban suspended; `resumed_at` when it was given back, None while it is not or when something else spoke against it."""

    __tablename__ = "barred_badges"
    __table_args__ = (UniqueConstraint("ban_id", "badge_id"), Index("ix_barred_badges_badge", "badge_id"))

    ban_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("entry_bans.id"))
    badge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("badges.id"))
    resumed_at: Mapped[datetime | None]
