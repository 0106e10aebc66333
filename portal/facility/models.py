"""Sites, rooms, racks, and who holds which rack unit."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.kernel.db import Record


class Site(Record):
    __tablename__ = "sites"

    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(200), default="")


class Room(Record):
    """A machine room. `code` is what people call it, unique over all sites (B2). `escorted`: visitors of it never go alone."""

    __tablename__ = "rooms"

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    escorted: Mapped[bool] = mapped_column(default=False)
    site: Mapped[Site] = relationship(lazy="raise")


class Rack(Record):
    """A rack of `units` U, numbered from 1 at the bottom, that may draw `power_w` W."""

    __tablename__ = "racks"
    __table_args__ = (
        UniqueConstraint("room_id", "code"),
        CheckConstraint("units BETWEEN 1 AND 60", name="units"),
        CheckConstraint("power_w >= 0", name="power"),
    )

    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    code: Mapped[str] = mapped_column(String(16))
    row: Mapped[str] = mapped_column(String(8), default="")
    units: Mapped[int] = mapped_column(default=42)
    power_w: Mapped[int]
    room: Mapped[Room] = relationship(lazy="raise")


class RackUnit(Record):
    """One unit of one face that is held: by equipment in it, by a planned work order item, or reserved. The free ones have no row.

    Equipment of full depth holds front and rear. What has no height (0 U) holds one hook of the side, numbered like the units.
    `power_w` stands on the holder's first row alone, so that sums are right.
    """

    __tablename__ = "rack_units"
    __table_args__ = (
        UniqueConstraint("rack_id", "unit", "face", name="uq_rack_units_place"),
        CheckConstraint("face IN ('front', 'rear', 'side')", name="face"),
        CheckConstraint("holder_kind IN ('equipment', 'plan', 'reserved')", name="holder_kind"),
        CheckConstraint("unit >= 1", name="unit"),
        Index("ix_rack_units_holder", "holder_id"),
        Index("ix_rack_units_client", "client_id", "rack_id"),
    )

    rack_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("racks.id"))
    unit: Mapped[int]
    face: Mapped[str] = mapped_column(String(5))
    holder_kind: Mapped[str] = mapped_column(String(10))
    holder_id: Mapped[uuid.UUID]
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    power_w: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(120), default="")
