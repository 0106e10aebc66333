"""Retention: the periods that were set otherwise than the portal proposes."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base


class RetentionPeriod(Base):
    """How long one kind of record keeps its personal data, and why (PIPL 19). A kind without a row has what `rules.KINDS` says.

    `days` is empty where it is kept for good. `clause`: the law or contract that the period rests on.
    """

    __tablename__ = "retention_periods"
    __table_args__ = (
        CheckConstraint("for_good = (days IS NULL)", name="for_good"),
        CheckConstraint("days IS NULL OR days >= 1", name="days"),
    )

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    days: Mapped[int | None]
    for_good: Mapped[bool]
    reason_zh: Mapped[str] = mapped_column(String(500))
    reason_en: Mapped[str] = mapped_column(String(500))
    clause: Mapped[str] = mapped_column(String(200))
    changed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[datetime]
