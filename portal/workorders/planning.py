"""Proposing where the items of a work order may stand: first fit, rack by rack, so that a client's equipment stays together."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from portal.facility import queries as facility
from portal.facility.models import Rack
from portal.facility.rules import faces_of, first_fit
from portal.workorders import queries
from portal.workorders.models import WorkOrder, WorkOrderItem
from portal.workorders.services import Place


@dataclass(frozen=True, slots=True)
class Offer:
    """A rack that the order's items may stand in: how many units of it are free through both faces, and what it may still draw, W."""

    rack: Rack
    free_units: int
    free_power_w: int


class Room:
    """The racks of an order's room as its contract may use them, and what is taken in them; proposals fill it up."""

    def __init__(self, order: WorkOrder) -> None:
        slots = facility.free_space(order.contract.room_id, 0, False, 0, order.client_id, order.contract_id, limit=1000)
        self._racks = {slot.rack.id: slot.rack for slot in slots}
        self._free_w = {slot.rack.id: slot.free_power_w for slot in slots}
        self._taken: dict[uuid.UUID, set[tuple[int, str]]] = {rack_id: set() for rack_id in self._racks}
        for rack_id, unit, face in queries.taken_in(list(self._racks)):
            self._taken[rack_id].add((unit, face))

    def offers(self) -> list[Offer]:
        """The racks, those first that suit the contract best."""
        return [Offer(rack, self._free_units(rack), self._free_w[rack_id]) for rack_id, rack in self._racks.items()]

    def propose(self, items: Sequence[WorkOrderItem]) -> dict[uuid.UUID, Place]:
        """A place for each item for which there is one; the tallest first, since they fit in fewer places."""
        found: dict[uuid.UUID, Place] = {}
        for item in sorted(items, key=lambda item: (-item.model.height_u, item.line)):
            place = self._first_fit(item)
            if place is not None:
                found[item.id] = place
        return found

    def _first_fit(self, item: WorkOrderItem) -> Place | None:
        height, full_depth, power_w = item.model.height_u, item.model.full_depth, item.model.power_w
        for rack_id, rack in self._racks.items():
            fit = first_fit(rack.units, self._taken[rack_id], height, full_depth) if self._free_w[rack_id] >= power_w else None
            if fit is not None:
                unit, face = fit
                sides = faces_of(height, full_depth, face)
                self._taken[rack_id] |= {(number, side) for number in range(unit, unit + max(height, 1)) for side in sides}
                self._free_w[rack_id] -= power_w
                return Place(rack_id, unit, face)
        return None

    def _free_units(self, rack: Rack) -> int:
        used = {unit for unit, face in self._taken[rack.id] if face in ("front", "rear")}
        return rack.units - len(used)
