"""The audit chain: entries, and the signed head that tells where it ends."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel import ids
from portal.kernel.db import Base


class AuditEntry(Base):
    """Who did what to which record, when, and what it was before and after. Never updated but for its seal."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "subject_kind", "subject_id", "id"),
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_kind", "subject_kind", "at", "id"),
        Index("ix_audit_entries_tag", "tag", "at", "id"),
        Index("ix_audit_entries_client", "client_id", "at", "id"),
        Index("ix_audit_entries_actor", "actor_id", "at", "id"),
        Index("ix_audit_entries_label", "subject_label", "at", "id"),
        Index("ix_audit_entries_unsealed", "id", sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.new)
    at: Mapped[datetime]
    tag: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str] = mapped_column(String(120))
    actor_role: Mapped[str] = mapped_column(String(24))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[uuid.UUID]
    subject_label: Mapped[str] = mapped_column(String(200))
    client_id: Mapped[uuid.UUID | None]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str | None] = mapped_column(Text)
    mac: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    hash: Mapped[str | None] = mapped_column(String(64))


class AuditHead(Base):
    """One row: where the chain ends, signed with the audit key."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(128))
