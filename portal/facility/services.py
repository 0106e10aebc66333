"""Holding rack units. A unit has one holder: the database has the last word, and the rack's row is locked for its power.

Whoever holds in several racks in one transaction calls `queries.lock_racks` first.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.engine import CursorResult

from portal.facility import queries
from portal.facility.models import RackUnit
from portal.facility.rules import (
    RACK_OF_ANOTHER,
    SIDE,
    UNITS_TAKEN,
    faces_of,
    first_fit,
    place_label,
    why_not_hold,
    why_not_power,
)
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Refusal, Refused


def hold_units(
    rack_id: uuid.UUID,
    unit: int,
    height: int,
    full_depth: bool,
    face: str,
    *,
    holder_kind: str,
    holder_id: uuid.UUID,
    client_id: uuid.UUID | None,
    contract_id: uuid.UUID | None,
    power_w: int,
    now: datetime,
    note: str = "",
) -> None:
    """Holds `height` U from `unit` upwards for a holder ("equipment", "plan", "reserved"), and `power_w` W of the rack's limit.

    Full depth takes both faces, half depth the given one. What has no height takes a hook of the rack's side, the one at
    `unit` or the lowest free one, and its power. Raises Refused: OUTSIDE_RACK, UNITS_TAKEN (naming the unit),
    OVER_POWER, RACK_OF_ANOTHER; NotFound for a rack that does not exist.
    """
    rack = queries.rack_for_update(rack_id)
    granted_to = queries.granted_contract(rack_id)
    if granted_to is not None and granted_to != contract_id:
        raise Refused(RACK_OF_ANOTHER(rack=rack.code))
    held = queries.held_in([rack_id])
    taken = {(row.unit, row.face) for row in held}
    faces = faces_of(height, full_depth, face)
    if height == 0 and (unit, SIDE) in taken:
        free_hook = first_fit(rack.units, taken, 0, full_depth)
        unit = free_hook[0] if free_hook else unit
    _refuse_if(why_not_hold(rack.code, rack.units, taken, unit, height, faces))
    _refuse_if(why_not_power(rack.code, rack.power_w, sum(row.power_w for row in held), power_w))
    with guarded({"uq_rack_units_place": UNITS_TAKEN(place=place_label(rack.code, unit, height))}):
        for index, (number, side) in enumerate((n, f) for n in range(unit, unit + max(height, 1)) for f in faces):
            session().add(
                RackUnit(
                    created_at=now,
                    rack_id=rack_id,
                    unit=number,
                    face=side,
                    holder_kind=holder_kind,
                    holder_id=holder_id,
                    client_id=client_id,
                    power_w=power_w if index == 0 else 0,
                    note=note,
                )
            )


def hand_units_over(old_holder_id: uuid.UUID, holder_kind: str, new_holder_id: uuid.UUID) -> int:
    """Gives the units that one holder has to another of the given kind, with their power; how many rows that were."""
    changed = session().execute(
        update(RackUnit)
        .where(RackUnit.holder_id == old_holder_id)
        .values(holder_kind=holder_kind, holder_id=new_holder_id)
        .execution_options(synchronize_session="fetch")
    )
    assert isinstance(changed, CursorResult)
    return int(changed.rowcount)


def release_units(holder_id: uuid.UUID) -> int:
    """Frees every unit of a holder; how many rows that were. None is no error: what is freed twice is free."""
    freed = session().execute(delete(RackUnit).where(RackUnit.holder_id == holder_id).execution_options(synchronize_session="fetch"))
    assert isinstance(freed, CursorResult)
    return int(freed.rowcount)


def _refuse_if(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
