"""Hosting contracts: what a client may do, where, how much, until when."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client
from portal.contracts.lifecycle import CONTRACT
from portal.facility.models import Room
from portal.kernel.db import Record, Stateful


class Contract(Stateful):
    """One contract, for one room. Dates are the site's days, both included. `power_w` in W, `bandwidth_mbps` in Mbit/s.

    `ips_total` and `ports_total` empty: no ceiling but one (or `ips_per_server`) for each server.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="dates"),
        CheckConstraint("ips_per_server >= 1 AND ports_per_server >= 1", name="per_server"),
        CheckConstraint("units_granted >= 0 AND power_w >= 0", name="amounts"),
        Index("ix_contracts_client", "client_id", "id"),
        Index("ix_contracts_state_end", "state", "ends_on"),
        Index("ix_contracts_room", "room_id", "state"),
        Index("ix_contracts_starts_on", "starts_on", "id"),
        Index("ix_contracts_ends_on", "ends_on", "id"),
    )
    LIFECYCLE = CONTRACT

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    units_granted: Mapped[int]
    power_w: Mapped[int]
    bandwidth_mbps: Mapped[int] = mapped_column(default=0)
    ips_per_server: Mapped[int] = mapped_column(default=1)
    ports_per_server: Mapped[int] = mapped_column(default=1)
    ips_total: Mapped[int | None]
    ports_total: Mapped[int | None]
    sales_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    renews_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contracts.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    client: Mapped[Client] = relationship(lazy="raise")
    room: Mapped[Room] = relationship(lazy="raise")


class ContractRack(Record):
    """A whole rack granted to a contract: nobody else's equipment goes into it. A rack is granted once at a time."""

    __tablename__ = "contract_racks"
    __table_args__ = (UniqueConstraint("rack_id"), Index("ix_contract_racks_contract", "contract_id"))

    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    rack_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("racks.id"))


class ContractDocument(Record):
    """A paper of the contract. Opens to the client itself, sales and supervisors alone (R-S2)."""

    __tablename__ = "contract_documents"
    __table_args__ = (Index("ix_contract_documents_contract", "contract_id", "id"),)

    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), unique=True)
    title: Mapped[str] = mapped_column(String(120))


class ContractExpiryNotice(Record):
    """That the end of a contract was announced so many days ahead: once for each end date."""

    __tablename__ = "contract_expiry_notices"
    __table_args__ = (UniqueConstraint("contract_id", "ends_on", "days"),)

    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    ends_on: Mapped[date]
    days: Mapped[int]
