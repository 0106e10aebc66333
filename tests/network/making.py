"""Holders, rooms with prefixes of a test's own, and what stands in their ranges."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select

from portal.equipment.models import EquipmentModel
from portal.equipment.services import NewEquipment, put_in_service
from portal.facility.models import Room
from portal.facility.services import hold_units
from portal.kernel.db import session
from portal.network import services
from portal.network.models import FreeRange, Prefix
from tests.cast import NOW, Cast


def holder(cast: Cast, serial: str, *, contract: str = "alpha", room: str = "B2") -> uuid.UUID:
    """Equipment of the contract's client that fills no rack unit, so that it may have addresses and ports or none."""
    model = cast.models.get("strip")
    if model is None:
        model = EquipmentModel(
            created_at=NOW, manufacturer="APC", name="Strip", height_u=0, full_depth=False, weight_g=1000, search_text="apc strip",
        )  # fmt: skip
        session().add(model)
        session().flush()
        cast.models["strip"] = model
    found, rack = cast.contracts[contract], cast.racks[f"{room}-{1 + sum(serial.encode()) % 3:02d}"]
    whose = {"client_id": found.client_id, "contract_id": found.id}
    new = NewEquipment(model_id=model.id, serial=serial, asset_tag="", rack_id=rack.id, unit=1, face="front", power_w=0, **whose)
    made = put_in_service(new, cast.actor("room_staff"), NOW, reference="KG-2611-0001")
    hold_units(rack.id, 1, 0, False, "front", holder_kind="equipment", holder_id=made.id, power_w=0, now=NOW, **whose)
    session().flush()
    return made.id


def holding(cast: Cast, holder_id: uuid.UUID, contract: str = "alpha", kind: str = "equipment") -> dict[str, Any]:
    """What `hold_addresses` and `hold_ports` want to know of the holder."""
    found = cast.contracts[contract]
    return {"holder_kind": kind, "holder_id": holder_id, "client_id": found.client_id, "contract_id": found.id, "now": NOW}


def hold(cast: Cast, holder_id: uuid.UUID, count: int = 1, *, room: str = "B2", **changes: Any) -> list[str]:
    """The addresses that the holder got, as text."""
    facts = holding(cast, holder_id) | changes
    return [str(got.address) for got in services.hold_addresses(cast.rooms[room].id, count, **facts)]


def add_room(cast: Cast, code: str, *cidrs: str) -> list[Prefix]:
    """A room with these prefixes."""
    room = cast.rooms[code] = Room(created_at=NOW, site_id=cast.rooms["B2"].site_id, code=code, name=code, name_en=code)
    session().add(room)
    session().flush()
    return [services.add_prefix(services.NewPrefix(room.id, f"{code} {cidr}", cidr), cast.actor("administrator"), NOW) for cidr in cidrs]


def ranges(prefix_id: uuid.UUID) -> list[tuple[str, str]]:
    """The free ranges, lowest first."""
    rows = session().execute(select(FreeRange.first, FreeRange.last).where(FreeRange.prefix_id == prefix_id).order_by(FreeRange.last))
    return [(str(first), str(last)) for first, last in rows]


def only_prefix(cast: Cast, room: str = "B2") -> Prefix:
    return session().scalars(select(Prefix).where(Prefix.room_id == cast.rooms[room].id)).one()
