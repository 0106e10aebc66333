"""Uploaded files: the rows. Their content lies encrypted in the file store."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Record

UNCLAIMED = text("claimed_at IS NULL")
REMOVED = text("removed_at IS NOT NULL")


class StoredFile(Record):
    """One upload. Staged while its form is being filled in; claimed when the form is carried out; unclaimed ones are removed.

    `removed_at`: its retention was over; the content is gone, the row stays so that what refers to it still stands.
    """

    __tablename__ = "stored_files"
    __table_args__ = (
        Index("ix_stored_files_unclaimed", "created_at", sqlite_where=UNCLAIMED, postgresql_where=UNCLAIMED),
        Index("ix_stored_files_client", "client_id", "id"),
        Index("ix_stored_files_purpose", "purpose", "claimed_at"),
        Index("ix_stored_files_removed", "removed_at", sqlite_where=REMOVED, postgresql_where=REMOVED),
    )  # fmt: skip

    purpose: Mapped[str] = mapped_column(String(24))
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    uploaded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    filename: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
