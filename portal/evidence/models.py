"""Evidence packs: which period, who asked, and what the made one is known by."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.evidence.lifecycle import EVIDENCE_PACK
from portal.kernel.db import Stateful


class EvidencePack(Stateful):
    """One ZIP for the site's days `from_on` to `to_on`, both included. What is made stands in the file store, encrypted.

    `leased_until`: a worker is making it until then; one that died leaves it to the next. `rows`: lines by file name.
    `fingerprint`: SHA-256 of the public key that it is signed with; `audit_seq`, `audit_hash`: the audit's head when it was made.
    """

    __tablename__ = "evidence_packs"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="period"),
        CheckConstraint("state <> 'made' OR (file_id IS NOT NULL AND made_at IS NOT NULL AND sha256 <> '')", name="made"),
        Index("ix_evidence_packs_state", "state", "id"),
        Index("ix_evidence_packs_from", "from_on", "id"),
    )
    LIFECYCLE = EVIDENCE_PACK

    number: Mapped[str] = mapped_column(String(24), unique=True)
    from_on: Mapped[date]
    to_on: Mapped[date]
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    made_at: Mapped[datetime | None]
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    audit_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    audit_hash: Mapped[str] = mapped_column(String(64), default="")
    rows: Mapped[dict[str, Any]] = mapped_column(default=dict)
    failure: Mapped[str] = mapped_column(Text, default="")
