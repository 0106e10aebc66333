"""Duty staff's shifts, and what was signed over at their end."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.facility.models import Site
from portal.kernel.db import Stateful
from portal.shifts.lifecycle import LIVE, SHIFT

IS_LIVE = text("state IN (" + ", ".join(f"'{state}'" for state in LIVE) + ")")


class Shift(Stateful):
    """One guard's duty at one site, from `started_at` to `ended_at`. A site has one live shift, and a guard is on one.

    `snapshot` is what the guard signed (or who took over without a handover found): see `queries.gather`. It is kept as it was.
    `notes` are the words for the next guard, `taken_note` what that one answered. `previous_id`: the shift that this one took over.
    """

    __tablename__ = "shifts"
    __table_args__ = (
        Index("uq_shifts_site", "site_id", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
        Index("uq_shifts_guard", "guard_id", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
        Index("ix_shifts_site", "site_id", "started_at", "id"),
        Index("ix_shifts_guard", "guard_id", "id"),
        Index("ix_shifts_state", "state", "id"),
        Index("ix_shifts_started", "started_at", "id"),
    )
    LIFECYCLE = SHIFT

    number: Mapped[str] = mapped_column(String(24), unique=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    guard_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    handed_over_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    next_guard_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("shifts.id"))
    notes: Mapped[str] = mapped_column(Text, default="")
    taken_note: Mapped[str] = mapped_column(String(500), default="")
    snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
    site: Mapped[Site] = relationship(lazy="raise")
    guard: Mapped[User] = relationship(lazy="raise", foreign_keys=[guard_id])
    next_guard: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[next_guard_id])
