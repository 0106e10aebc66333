"""Prefixes with their free ranges, who held which address when; switches, ports, and who held which port when."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.facility.models import Rack, Room
from portal.kernel import ids
from portal.kernel.db import Base, IPAddress, Record

HELD = text("freed_at IS NULL")
IN_HAND = text("released_at IS NULL")
RESTING = text("freed_at IS NULL AND released_at IS NOT NULL")
OPEN_PORT = text("NOT taken AND NOT out_of_use")


class Prefix(Record):
    """A block of addresses of one room's network. Prefixes never overlap, in whichever rooms they are (R-S3).

    `first` and `last` are the block's own ends. There is no count of what is used: it would be one row that everybody who
    takes an address has to write. What is used follows from the sizes of the ranges (`queries.utilisation`).
    """

    __tablename__ = "prefixes"
    __table_args__ = (
        UniqueConstraint("first"),
        CheckConstraint("version IN (4, 6)", name="version"),
        CheckConstraint("vlan IS NULL OR vlan BETWEEN 1 AND 4094", name="vlan"),
        Index("ix_prefixes_room", "room_id", "version"),
    )

    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    first: Mapped[IPAddress]
    last: Mapped[IPAddress]
    length: Mapped[int]
    gateway: Mapped[IPAddress]
    vlan: Mapped[int | None]
    room: Mapped[Room] = relationship(lazy="raise")

    @property
    def cidr(self) -> str:
        return f"{self.first}/{self.length}"


class FreeRange(Base):
    """Addresses that can be given out, first to last, both included. Ranges never overlap; they may touch.

    `turn` says whose turn it is: 0 was never given out; of the others, freed at that Unix second, the longest-rested
    come first. `first`, which moves with every address taken, stands in no index, so that PostgreSQL rewrites the row
    within its page and no look-up has to step over dead index entries. `size` is the number of addresses, empty from 2^32 on.
    """

    __tablename__ = "free_ranges"
    __table_args__ = (
        UniqueConstraint("prefix_id", "last"),
        Index("ix_free_ranges_turn", "prefix_id", "turn", "last"),
        CheckConstraint("first <= last", name="order"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.new)
    prefix_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("prefixes.id"))
    turn: Mapped[int] = mapped_column(BigInteger, default=0)
    first: Mapped[IPAddress]
    last: Mapped[IPAddress]
    size: Mapped[int | None] = mapped_column(BigInteger)


class ReservedRange(Record):
    """Addresses that are never given out, and why: the prefix's own (network, broadcast, gateway), and what people reserved."""

    __tablename__ = "reserved_ranges"
    __table_args__ = (
        UniqueConstraint("prefix_id", "first"),
        CheckConstraint("first <= last", name="order"),
        CheckConstraint("kind IN ('network', 'broadcast', 'gateway', 'reserved')", name="kind"),
    )

    prefix_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("prefixes.id"))
    kind: Mapped[str] = mapped_column(String(10))
    first: Mapped[IPAddress]
    last: Mapped[IPAddress]
    size: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(120), default="")


class AddressHold(Record):
    """That a holder (equipment, or a planned work order item) has an address: the history of who held it, when (R-S3).

    Held from `created_at`; `released_at` begins the rest, until `rests_until`; `freed_at` puts it back into the free ranges.
    """

    __tablename__ = "address_holds"
    __table_args__ = (
        Index("uq_address_holds_held", "address", unique=True, sqlite_where=HELD, postgresql_where=HELD),
        Index("ix_address_holds_address", "address", "id"),
        Index("ix_address_holds_holder", "holder_id"),
        Index("ix_address_holds_client", "client_id", "address", "id"),
        Index("ix_address_holds_contract", "contract_id", sqlite_where=IN_HAND, postgresql_where=IN_HAND),
        Index("ix_address_holds_resting", "rests_until", sqlite_where=RESTING, postgresql_where=RESTING),
        Index("ix_address_holds_resting_prefix", "prefix_id", "address", sqlite_where=RESTING, postgresql_where=RESTING),
        CheckConstraint("holder_kind IN ('equipment', 'plan')", name="holder_kind"),
        CheckConstraint("(released_at IS NULL) = (rests_until IS NULL)", name="rest"),
        CheckConstraint("freed_at IS NULL OR released_at IS NOT NULL", name="freed"),
    )

    prefix_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("prefixes.id"))
    address: Mapped[IPAddress]
    holder_kind: Mapped[str] = mapped_column(String(10))
    holder_id: Mapped[uuid.UUID]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    released_at: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    freed_at: Mapped[datetime | None]
    prefix: Mapped[Prefix] = relationship(lazy="raise")


class Switch(Record):
    """A switch of a room. `rack_id` empty: it serves the whole room and stands near no rack."""

    __tablename__ = "switches"

    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"), index=True)
    rack_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("racks.id"))
    name: Mapped[str] = mapped_column(String(60), unique=True)
    model: Mapped[str] = mapped_column(String(80), default="")
    room: Mapped[Room] = relationship(lazy="raise")
    rack: Mapped[Rack | None] = relationship(lazy="raise")


class SwitchPort(Record):
    """A port; `out_of_use` ones are not given out. `position` orders them as on the switch's front.

    `taken` says the same as an open row in `port_holds`: a port is taken by writing its own row, so that of two who
    want it at once the second sees it taken and goes on to the next, without an error.
    """

    __tablename__ = "switch_ports"
    __table_args__ = (
        UniqueConstraint("switch_id", "name"),
        UniqueConstraint("switch_id", "position"),
        Index("ix_switch_ports_open", "switch_id", "position", sqlite_where=OPEN_PORT, postgresql_where=OPEN_PORT),
        CheckConstraint("speed_mbps > 0", name="speed"),
    )

    switch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("switches.id"))
    name: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    speed_mbps: Mapped[int] = mapped_column(default=1000)
    out_of_use: Mapped[bool] = mapped_column(default=False)
    taken: Mapped[bool] = mapped_column(default=False)
    switch: Mapped[Switch] = relationship(lazy="raise")


class PortHold(Record):
    """That a holder has a port, from `created_at` until `released_at`."""

    __tablename__ = "port_holds"
    __table_args__ = (
        Index("uq_port_holds_held", "port_id", unique=True, sqlite_where=IN_HAND, postgresql_where=IN_HAND),
        Index("ix_port_holds_holder", "holder_id"),
        Index("ix_port_holds_contract", "contract_id", sqlite_where=IN_HAND, postgresql_where=IN_HAND),
        CheckConstraint("holder_kind IN ('equipment', 'plan')", name="holder_kind"),
    )

    port_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("switch_ports.id"), index=True)
    holder_kind: Mapped[str] = mapped_column(String(10))
    holder_id: Mapped[uuid.UUID]
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    released_at: Mapped[datetime | None]
    port: Mapped[SwitchPort] = relationship(lazy="raise")
