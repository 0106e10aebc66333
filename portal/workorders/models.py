"""Work orders: what will be racked, when, and what came of each item."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.equipment.models import EquipmentModel
from portal.facility.models import Rack
from portal.kernel.db import Record, Stateful
from portal.workorders.lifecycle import ITEM, WORK_ORDER

IS_EXPECTED = text("state = 'expected'")


class WorkOrder(Stateful):
    """One rack-in. The room is the contract's.

    `possible_from` is `issued_at` and the notice that was due at that moment: nothing arrives before it (R-W1).
    `returned_note` is why sales sent it back, while that stands.
    """

    __tablename__ = "work_orders"
    __table_args__ = (
        CheckConstraint("(issued_at IS NULL) = (possible_from IS NULL) AND (issued_at IS NULL) = (issued_by_id IS NULL)", name="issue"),
        CheckConstraint("possible_from IS NULL OR arrives_at >= possible_from", name="notice"),
        Index("ix_work_orders_client", "client_id", "id"),
        Index("ix_work_orders_state", "state", "arrives_at", "id"),
        Index("ix_work_orders_state_id", "state", "id"),
        Index("ix_work_orders_arrival", "arrives_at", "id"),
        Index("ix_work_orders_contract", "contract_id"),
    )
    LIFECYCLE = WORK_ORDER

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    arrives_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    issued_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    possible_from: Mapped[datetime | None]
    prepared_at: Mapped[datetime | None]
    prepared_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    bringer_name: Mapped[str] = mapped_column(String(80), default="")
    bringer_phone: Mapped[str] = mapped_column(String(32), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    returned_note: Mapped[str] = mapped_column(Text, default="")
    drafted_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    completed_at: Mapped[datetime | None]
    client: Mapped[Client] = relationship(lazy="raise")
    contract: Mapped[Contract] = relationship(lazy="raise")
    items: Mapped[list[WorkOrderItem]] = relationship(lazy="raise", order_by="WorkOrderItem.line")


class WorkOrderItem(Stateful):
    """One server on the list. The plan (rack, unit, face) is held in `rack_units`, `address_holds`, `port_holds` under this id.

    A serial number is expected once over all orders. `settled_note` is why it was refused, or did not come.
    """

    __tablename__ = "work_order_items"
    __table_args__ = (
        UniqueConstraint("work_order_id", "line"),
        UniqueConstraint("work_order_id", "serial"),
        CheckConstraint("ips >= 1 AND ports >= 1", name="amounts"),
        CheckConstraint("(state = 'accepted') = (equipment_id IS NOT NULL)", name="accepted"),
        Index("uq_work_order_items_expected", "serial", unique=True, sqlite_where=IS_EXPECTED, postgresql_where=IS_EXPECTED),
        Index("ix_work_order_items_serial", "serial"),
    )
    LIFECYCLE = ITEM

    work_order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("work_orders.id"))
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    line: Mapped[int]
    model_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("equipment_models.id"))
    serial: Mapped[str] = mapped_column(String(60))
    asset_tag: Mapped[str] = mapped_column(String(60), default="")
    ips: Mapped[int] = mapped_column(default=1)
    ports: Mapped[int] = mapped_column(default=1)
    rack_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("racks.id"))
    unit: Mapped[int | None]
    face: Mapped[str] = mapped_column(String(5), default="front")
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    equipment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("equipment.id"), unique=True)
    settled_note: Mapped[str] = mapped_column(String(500), default="")
    model: Mapped[EquipmentModel] = relationship(lazy="raise")
    rack: Mapped[Rack | None] = relationship(lazy="raise")

    @property
    def name(self) -> str:
        return self.serial


class WorkOrderExtra(Record):
    """Something that came and was not on the list: refused at the door, recorded (R-W2)."""

    __tablename__ = "work_order_extras"

    work_order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("work_orders.id"), index=True)
    description: Mapped[str] = mapped_column(String(200))
    serial: Mapped[str] = mapped_column(String(60), default="")
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
