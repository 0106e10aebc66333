"""What stands in a rack, as far as the reader may know it.

Client users learn of others only which units are occupied: neighbouring ones are told as one, so that not even the size of a
machine shows (R-S2). Staff who may not read equipment are told as little.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.clients.models import Client
from portal.equipment.models import Equipment
from portal.facility.elevation import Block
from portal.facility.models import Rack, RackUnit
from portal.facility.queries import held_in
from portal.facility.rules import FRONT, REAR, SIDE, runs
from portal.kernel.db import session
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission
from portal.workorders.models import WorkOrder, WorkOrderItem

Link = Callable[[str, uuid.UUID], str]


def contents_of(actor: Actor, racks: Sequence[Rack], link: Link, marked: Collection[uuid.UUID] = ()) -> dict[uuid.UUID, list[Block]]:
    """Rack -> what stands in it, from the top. `link` makes the address of ("equipment" | "work_order", id).

    The caller has loaded the racks in the actor's scope. Three queries, however many racks and machines there are.
    """
    rows = held_in([rack.id for rack in racks])
    known = [row for row in rows if _may_know(actor, row)]
    equipment = _equipment({row.holder_id for row in known if row.holder_kind == "equipment"})
    planned = _planned({row.holder_id for row in known if row.holder_kind == "plan"})
    found: dict[uuid.UUID, list[Block]] = {rack.id: [] for rack in racks}
    for (rack_id, holder_id), held in _by_holder(known).items():
        block = _describe(actor, held, equipment.get(holder_id), planned.get(holder_id), link, holder_id in marked)
        found[rack_id].append(block)
    hidden: dict[uuid.UUID, list[RackUnit]] = defaultdict(list)
    for row in rows:
        if not _may_know(actor, row):
            hidden[row.rack_id].append(row)
    for rack_id, held in hidden.items():
        found[rack_id] += _occupied(held)
    return {rack_id: sorted(blocks, key=lambda block: (-block.top, block.face)) for rack_id, blocks in found.items()}


def reservations(rack_id: uuid.UUID) -> list[tuple[uuid.UUID, list[RackUnit]]]:
    """The rack's reservations with their units, from the top. For staff."""
    rows = [row for row in held_in([rack_id]) if row.holder_kind == "reserved"]
    return [(holder, held) for (_rack, holder), held in sorted(_by_holder(rows).items(), key=lambda pair: -pair[1][0].unit)]


def _may_know(actor: Actor, row: RackUnit) -> bool:
    return actor.may(Permission.EQUIPMENT_READ) and (not actor.is_client or row.client_id == actor.client_id)


def _by_holder(rows: Iterable[RackUnit]) -> dict[tuple[uuid.UUID, uuid.UUID], list[RackUnit]]:
    found: dict[tuple[uuid.UUID, uuid.UUID], list[RackUnit]] = defaultdict(list)
    for row in rows:
        found[row.rack_id, row.holder_id].append(row)
    return found


def _equipment(ids: set[uuid.UUID]) -> dict[uuid.UUID, Equipment]:
    if not ids:
        return {}
    statement = select(Equipment).where(Equipment.id.in_(ids)).options(joinedload(Equipment.model), joinedload(Equipment.client))
    return {item.id: item for item in session().scalars(statement)}


def _planned(ids: set[uuid.UUID]) -> dict[uuid.UUID, tuple[WorkOrderItem, WorkOrder, str]]:
    if not ids:
        return {}
    statement = (
        select(WorkOrderItem, WorkOrder, Client.name)
        .join(WorkOrder, WorkOrder.id == WorkOrderItem.work_order_id)
        .join(Client, Client.id == WorkOrder.client_id)
        .where(WorkOrderItem.id.in_(ids))
        .options(joinedload(WorkOrderItem.model))
    )
    return {item.id: (item, order, client) for item, order, client in session().execute(statement)}


def _describe(
    actor: Actor,
    held: Sequence[RackUnit],
    item: Equipment | None,
    plan: tuple[WorkOrderItem, WorkOrder, str] | None,
    link: Link,
    marked: bool,
) -> Block:
    unit, height, face = _extent(held)
    kind, label, code, note, tag, url = "reserved", held[0].note or _("Reserved"), "", _("Reserved"), "", ""
    if item is not None:
        kind = "away" if item.state == "out_for_repair" else "equipment"
        label, code, url = item.model.label, item.serial, link("equipment", item.id)
        note = "" if actor.is_client else item.client.name
        if kind == "away":
            tag = _("Out for repair")
    elif plan is not None:
        wanted, order, client = plan
        kind, label, code, tag = "planned", wanted.model.label, wanted.serial, order.number
        note = _("Planned: %(number)s", number=order.number) + ("" if actor.is_client else f" · {client}")
        url = link("work_order", order.id)
    return Block(unit, height, face, kind, label, code, note, tag, url, marked, sum(row.power_w for row in held))


def _extent(held: Sequence[RackUnit]) -> tuple[int, int, str]:
    """The lowest unit, the height and the face of what one holder has."""
    units, faces = {row.unit for row in held}, {row.face for row in held}
    if SIDE in faces:
        return min(units), 0, SIDE
    return min(units), max(units) - min(units) + 1, "both" if len(faces) == 2 else held[0].face


def _occupied(held: Iterable[RackUnit]) -> list[Block]:
    """Others' units as stretches of 'occupied', through both faces where both are taken."""
    faces: dict[str, set[int]] = {FRONT: set(), REAR: set(), SIDE: set()}
    for row in held:
        faces[row.face].add(row.unit)
    both = faces[FRONT] & faces[REAR]
    stretches = (("both", both), (FRONT, faces[FRONT] - both), (REAR, faces[REAR] - both))
    return [Block(low, high - low + 1, face, "occupied", _("Occupied")) for face, units in stretches for low, high in runs(units)]
