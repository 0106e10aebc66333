"""Passes: the truth behind every QR code and short code."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Record

LIVE = text("revoked_at IS NULL")


class Pass(Record):
    """What a printed paper points to. A subject has one live pass: issuing again or revoking kills the old paper.

    `id` stands in the signed token, `short_code` (10 characters, no separators) is for typing. The subject is the record that the
    kind names; of a visit, the one visitor.
    """

    __tablename__ = "passes"
    __table_args__ = (
        CheckConstraint("kind IN ('badge', 'exit_slip', 'work_order', 'visit', 'emergency')", name="kind"),
        Index("uq_passes_live", "subject_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
    )  # fmt: skip

    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[uuid.UUID]
    short_code: Mapped[str] = mapped_column(String(12), unique=True)
    valid_until: Mapped[datetime]
    issued_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[datetime | None]
    revoked_for: Mapped[str] = mapped_column(String(40), default="")
