"""The rota of the supervisors on call, and the chat channels that what is urgent goes to."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.kernel.db import EncryptedText, Record


class DutyWeek(Record):
    """Who is on call in the week that begins with `monday` (a day of the site's): first the supervisor, then the deputy.

    `gap_told_at`: when the supervisors were told that the week has nobody; such a row has no supervisor.
    """

    __tablename__ = "duty_weeks"
    __table_args__ = (
        CheckConstraint("deputy_id IS NULL OR supervisor_id IS NOT NULL", name="deputy"),
        CheckConstraint("deputy_id <> supervisor_id", name="two_people"),
    )

    monday: Mapped[date] = mapped_column(unique=True)
    supervisor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    deputy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    gap_told_at: Mapped[datetime | None]
    supervisor: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[supervisor_id])
    deputy: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[deputy_id])


class ChatChannel(Record):
    """A group chat or webhook. `url` is an address in Apprise's notation and opens the channel to whoever reads it: never shown again.

    `service` is what people call the kind (WeCom Bot, DingTalk ...), `locale` the language that it is written to in.
    """

    __tablename__ = "chat_channels"
    __table_args__ = (CheckConstraint("locale IN ('zh_CN', 'en')", name="locale"),)

    name: Mapped[str] = mapped_column(String(60), unique=True)
    url: Mapped[str] = mapped_column(EncryptedText("chat_channels.url"))
    service: Mapped[str] = mapped_column(String(40))
    locale: Mapped[str] = mapped_column(String(8), default="zh_CN")
    active: Mapped[bool] = mapped_column(default=True)
    last_sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    last_error_at: Mapped[datetime | None]
