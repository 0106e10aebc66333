"""The model catalogue, the equipment in the building, and the history of its moves."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.equipment.lifecycle import EQUIPMENT
from portal.facility.models import Rack
from portal.kernel.db import Record, Stateful
from portal.network.models import AddressHold, PortHold

PRESENT = text("state IN ('in_service', 'out_for_repair')")


def searched(length: int) -> String:
    """Text that is searched by its beginning: ordered by its characters' codes on both databases, so that an index serves."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class EquipmentModel(Record):
    """A model of the catalogue. `power_w` is the most it draws in all, W; 0 where the maker does not say."""

    __tablename__ = "equipment_models"
    __table_args__ = (
        UniqueConstraint("manufacturer", "name", "part_number"),
        CheckConstraint("height_u >= 0", name="height"),
        Index("ix_equipment_models_search", "search_text"),
    )

    manufacturer: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    part_number: Mapped[str] = mapped_column(String(60), default="")
    height_u: Mapped[int]
    full_depth: Mapped[bool]
    weight_g: Mapped[int | None]
    power_inlets: Mapped[int] = mapped_column(default=0)
    power_w: Mapped[int] = mapped_column(default=0)
    network_ports: Mapped[int] = mapped_column(default=0)
    management_ports: Mapped[int] = mapped_column(default=0)
    search_text: Mapped[str] = mapped_column(String(260))

    @property
    def label(self) -> str:
        return f"{self.manufacturer} {self.name}"


class Equipment(Stateful):
    """One item. `serial` is stored in upper case without blanks, and is in the building once. Its place is in `rack_units`.

    `unit` is the lowest rack unit it fills; `face` the one it is mounted from; `power_w` what it is reckoned to draw, W.
    """

    __tablename__ = "equipment"
    __table_args__ = (
        Index("uq_equipment_serial_present", "serial", unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT),
        Index("ix_equipment_serial", "serial", "id"),
        Index("ix_equipment_client", "client_id", "state", "id"),
        Index("ix_equipment_client_serial", "client_id", "serial", "id"),
        Index("ix_equipment_client_id", "client_id", "id"),
        Index("ix_equipment_state", "state", "serial", "id"),
        Index("ix_equipment_contract", "contract_id", "state"),
        Index("ix_equipment_rack", "rack_id", "unit"),
        Index("ix_equipment_model", "model_id", "state"),
        Index("ix_equipment_asset_tag", "asset_tag"),
        CheckConstraint("(rack_id IS NULL) = (unit IS NULL)", name="place"),
        CheckConstraint("state <> 'in_service' OR rack_id IS NOT NULL", name="in_service_has_place"),
        CheckConstraint("face IN ('front', 'rear', 'side')", name="face"),
        CheckConstraint("power_w >= 0", name="power"),
    )
    LIFECYCLE = EQUIPMENT

    model_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("equipment_models.id"))
    serial: Mapped[str] = mapped_column(searched(60))
    asset_tag: Mapped[str] = mapped_column(searched(60), default="")
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    rack_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("racks.id"))
    unit: Mapped[int | None]
    face: Mapped[str] = mapped_column(String(5), default="front")
    power_w: Mapped[int] = mapped_column(default=0)
    model: Mapped[EquipmentModel] = relationship(lazy="raise")
    client: Mapped[Client] = relationship(lazy="raise")
    contract: Mapped[Contract] = relationship(lazy="raise")
    rack: Mapped[Rack | None] = relationship(lazy="raise")
    # What it holds now, for lists that show many items; written by the network area alone.
    addresses: Mapped[list[AddressHold]] = relationship(
        primaryjoin=lambda: (Equipment.id == AddressHold.holder_id) & AddressHold.released_at.is_(None),
        foreign_keys=lambda: [AddressHold.holder_id],
        order_by=AddressHold.address,
        viewonly=True,
        lazy="raise",
    )
    ports: Mapped[list[PortHold]] = relationship(
        primaryjoin=lambda: (Equipment.id == PortHold.holder_id) & PortHold.released_at.is_(None),
        foreign_keys=lambda: [PortHold.holder_id],
        order_by=PortHold.id,
        viewonly=True,
        lazy="raise",
    )

    @property
    def name(self) -> str:
        return self.serial


class EquipmentMove(Record):
    """One change of place: in, out, back, replaced; from and to in words that stay true ("B2-07 / 21–22U").

    `kind` is the action of the lifecycle, `reference` the number of the work order or exit slip it stands on (R-S5).
    """

    __tablename__ = "equipment_moves"
    __table_args__ = (Index("ix_equipment_moves_equipment", "equipment_id", "id"),)

    equipment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("equipment.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    from_place: Mapped[str] = mapped_column(String(60), default="")
    to_place: Mapped[str] = mapped_column(String(60), default="")
    reference: Mapped[str] = mapped_column(String(24), default="")
    actor_name: Mapped[str] = mapped_column(String(120))
