"""The days on which the calendar is not what the published holidays say, and the times when nothing planned goes in (封网期)."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.facility.models import Room, Site
from portal.kernel.db import Record

NOT_LIFTED = text("lifted_at IS NULL")


class CalendarDay(Record):
    """A day that someone entered by hand: it wins over the published holidays and over Monday to Friday."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(unique=True)
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(String(120), default="")
    set_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))


class Freeze(Record):
    """From `starts_at` until before `ends_at` nothing planned enters a room, or any room of a site, and nothing is racked in.

    Either `site_id` or `room_id` is set. A lifted one has no effect from the moment it was lifted.
    """

    __tablename__ = "freezes"
    __table_args__ = (
        CheckConstraint("(site_id IS NULL) <> (room_id IS NULL)", name="place"),
        CheckConstraint("ends_at > starts_at", name="times"),
        Index("ix_freezes_site", "site_id", "ends_at", sqlite_where=NOT_LIFTED, postgresql_where=NOT_LIFTED),
        Index("ix_freezes_room", "room_id", "ends_at", sqlite_where=NOT_LIFTED, postgresql_where=NOT_LIFTED),
        Index("ix_freezes_starts", "starts_at", "id"),
        Index("ix_freezes_ends", "ends_at", "id"),
    )

    site_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sites.id"))
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rooms.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300))
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    lift_reason: Mapped[str] = mapped_column(String(300), default="")
    site: Mapped[Site | None] = relationship(lazy="raise")
    room: Mapped[Room | None] = relationship(lazy="raise")
    made_by: Mapped[User] = relationship(lazy="raise", foreign_keys=[made_by_id])
