"""The gate's log and who is inside."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.facility.models import Room
from portal.kernel.db import Record
from portal.retention.rules import REMOVED

INSIDE = text("left_at IS NULL")
OF_A_STAY = text("presence_id IS NOT NULL")
OBJECTED = text("objection IS NOT NULL")
# Who stayed for more than two days, or is inside still: few, and the only ones that a period has to look for far before it.
LONG_STAY = timedelta(days=2)
LONG = {
    "sqlite": text("left_at IS NULL OR julianday(left_at) - julianday(created_at) > 2"),
    "postgresql": text("left_at IS NULL OR left_at - created_at > INTERVAL '2 days'"),
}
CODED = text("code <> ''")
NAMED = text(f"person_name <> '' AND person_name <> '{REMOVED}'")  # whose retention is not over: what the removal looks for


class GateEvent(Record):
    """Everything that happened at a gate, refusals with their code included. `created_at` is when. Never changed afterwards.

    `nonce` is made by the page: the same confirm sent twice is one event (R-A3). `presence_id`: the stay that an entry begins and an
    exit ends. What happened at a gate without a network was booked at `booked_at`; `objection` is the code under which the portal
    would have refused what the phone let through.
    """

    __tablename__ = "gate_events"
    __table_args__ = (
        CheckConstraint("kind IN ('scan', 'entry', 'exit', 'release', 'return', 'refusal')", name="kind"),
        Index("ix_gate_events_at", "created_at", "id"),
        Index("ix_gate_events_room", "room_id", "created_at"),
        Index("ix_gate_events_person", "person_id", "created_at"),
        Index("ix_gate_events_client", "client_id", "created_at"),
        Index("ix_gate_events_subject", "subject_id", "id"),
        Index("ix_gate_events_kind", "kind", "created_at", "id"),
        Index("ix_gate_events_label", "subject_label", "created_at"),
        Index("ix_gate_events_code", "code", "created_at", "id", sqlite_where=CODED, postgresql_where=CODED),
        Index("ix_gate_events_named", "created_at", sqlite_where=NAMED, postgresql_where=NAMED),
        Index("ix_gate_events_presence", "presence_id", "kind", sqlite_where=OF_A_STAY, postgresql_where=OF_A_STAY),
        Index("ix_gate_events_objection", "created_at", "id", sqlite_where=OBJECTED, postgresql_where=OBJECTED),
    )

    kind: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(40), default="")
    nonce: Mapped[str | None] = mapped_column(String(64), unique=True)
    guard_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    pass_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("passes.id"))
    subject_kind: Mapped[str] = mapped_column(String(12), default="")
    subject_id: Mapped[uuid.UUID | None]
    subject_label: Mapped[str] = mapped_column(String(60), default="")
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    person_name: Mapped[str] = mapped_column(String(80), default="")
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rooms.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    presence_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("presences.id"))
    booked_at: Mapped[datetime | None]
    objection: Mapped[str | None] = mapped_column(String(40))


class Presence(Record):
    """One stay in one room on one ground (R-S4): in at `created_at`, out at `left_at`.

    A natural person is inside once, for whichever client they come: `document_hash` tells them, as `people` does. Name, phone and the
    pass's number stand here as they were at the entry. `until_at` ends the window of a visit or an emergency, or of an extension;
    a badge has none, and its holder is expected out after the hours that the configuration sets.

    `kept_items` were left at the desk (R-E1) and given back at `kept_back_at`. `out_reason`: why a guard booked someone out whose
    entry is not in the log (then in and out are the same moment), or without seeing the pass.
    """

    __tablename__ = "presences"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN badge_id IS NULL THEN 0 ELSE 1 END + CASE WHEN visitor_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN emergency_id IS NULL THEN 0 ELSE 1 END = 1",
            name="ground",
        ),
        CheckConstraint("left_at IS NULL OR left_at >= created_at", name="left"),
        Index("uq_presences_inside", "document_hash", unique=True, sqlite_where=INSIDE, postgresql_where=INSIDE),
        Index("uq_presences_person", "person_id", unique=True, sqlite_where=INSIDE, postgresql_where=INSIDE),
        Index("ix_presences_now", "created_at", "id", sqlite_where=INSIDE, postgresql_where=INSIDE),
        Index("ix_presences_long", "created_at", "left_at", sqlite_where=LONG["sqlite"], postgresql_where=LONG["postgresql"]),
        Index("ix_presences_room", "room_id", "created_at", "id"),
        Index("ix_presences_client", "client_id", "created_at", "id"),
        Index("ix_presences_time", "created_at", "id"),
        Index("ix_presences_left", "left_at", "id"),
        Index("ix_presences_named", "left_at", sqlite_where=NAMED, postgresql_where=NAMED),
        Index("ix_presences_name", "person_name", "id"),
        Index("ix_presences_label", "subject_label", "id"),
        Index("ix_presences_visitor", "visitor_id", "created_at"),
        Index("ix_presences_emergency", "emergency_id", "created_at"),
    )

    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    badge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("badges.id"))
    guard_in_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    guard_out_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    left_at: Mapped[datetime | None]
    visitor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visitors.id"))
    emergency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("emergencies.id"))
    document_hash: Mapped[str] = mapped_column(String(64))
    person_name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(32), default="")
    subject_label: Mapped[str] = mapped_column(String(60))
    until_at: Mapped[datetime | None]
    escort_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    kept_items: Mapped[list[str]] = mapped_column(default=list)
    kept_back_at: Mapped[datetime | None]
    out_reason: Mapped[str] = mapped_column(String(200), default="")
    overstay_told_at: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    extended_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    extension_reason: Mapped[str] = mapped_column(String(200), default="")
    room: Mapped[Room] = relationship(lazy="raise")

    @property
    def kind(self) -> str:
        """On what they are inside: badge, visit or emergency."""
        return "badge" if self.badge_id else "visit" if self.visitor_id else "emergency"
