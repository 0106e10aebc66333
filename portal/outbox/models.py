"""What must be sent, and what people find on their desk."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Record

UNREAD = text("read_at IS NULL")


class OutboxMessage(Record):
    """One e-mail to one address, or one message to one chat channel. Written with the change that causes it, sent by the worker after
    the commit.

    `attachments` are references ("visit_pass:0199…"): what is attached is made when it is sent, and never kept here. `medium` "chat":
    `address` is the channel's id, as it stands in URLs.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index("ix_outbox_messages_due", "available_at", sqlite_where=text("sent_at IS NULL AND failed_at IS NULL"),
              postgresql_where=text("sent_at IS NULL AND failed_at IS NULL")),
        CheckConstraint("medium IN ('mail', 'chat')", name="medium"),
    )  # fmt: skip

    code: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(300))
    data: Mapped[dict[str, Any]]
    available_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    attachments: Mapped[list[str]] = mapped_column(default=list)
    medium: Mapped[str] = mapped_column(String(4), default="mail")


class Notice(Record):
    """The same news on a user's desk."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_user", "user_id", "id"),
                      Index("ix_notices_unread", "user_id", sqlite_where=UNREAD, postgresql_where=UNREAD))  # fmt: skip

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    code: Mapped[str] = mapped_column(String(60))
    path: Mapped[str] = mapped_column(String(300))
    data: Mapped[dict[str, Any]]
    read_at: Mapped[datetime | None]
