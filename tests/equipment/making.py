"""Equipment in service, reached as acceptance reaches it: held for a plan, put in service, handed over."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from portal.equipment.models import Equipment
from portal.equipment.services import NewEquipment, put_in_service
from portal.facility.services import hand_units_over, hold_units
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.network import services as network
from tests.cast import NOW, Cast


class Undone(Exception):
    """Ends a transaction without a trace."""


@contextmanager
def undone():
    """A transaction for steps that only other areas' steps make whole: looked at inside, undone at its end."""
    try:
        with transaction():
            yield
            session().flush()
            raise Undone
    except Undone:
        pass


def racked(cast: Cast, serial: str = "SN-0001", unit: int = 1, **changes: Any) -> Equipment:
    """One server of the first client's, accepted by the room staff. Changes: contract, rack, model, face, power_w, asset_tag, now."""
    wanted = {"contract": "alpha", "rack": "B2-01", "model": "r650", "face": "front", "power_w": 300, "asset_tag": "", "now": NOW} | changes
    contract, rack, model, now = cast.contracts[wanted["contract"]], cast.racks[wanted["rack"]], cast.models[wanted["model"]], wanted["now"]
    plan, holder = ids.new(), {"client_id": contract.client_id, "contract_id": contract.id, "now": now}
    hold_units(
        rack.id, unit, model.height_u, model.full_depth, wanted["face"], holder_kind="equipment", holder_id=plan,
        power_w=wanted["power_w"], **holder,
    )  # fmt: skip
    new = NewEquipment(
        model_id=model.id, serial=serial, asset_tag=wanted["asset_tag"], client_id=contract.client_id, contract_id=contract.id,
        rack_id=rack.id, unit=unit, face=wanted["face"], power_w=wanted["power_w"],
    )  # fmt: skip
    placed = put_in_service(new, cast.actor("room_staff"), now, reference="WO-2611-0001")
    hand_units_over(plan, "equipment", placed.id)
    network.hold_addresses(rack.room_id, 1, holder_kind="equipment", holder_id=placed.id, **holder)
    network.hold_ports(rack.room_id, 1, near_rack_id=rack.id, holder_kind="equipment", holder_id=placed.id, **holder)
    return placed
