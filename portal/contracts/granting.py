"""Granting room: whether a room can hold what a contract grants, and which whole racks are its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, func, or_, select

from portal.contracts import rules
from portal.contracts.models import Contract, ContractRack
from portal.contracts.queries import LIVE
from portal.facility.models import Rack, RackUnit, Room
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Refusal, Refused


def check(contract: Contract, room: Room, rack_ids: Iterable[uuid.UUID]) -> list[Rack]:
    """The whole racks wanted, locked, after everything that the terms must fulfil. Raises Refused with every reason at once.

    The room is locked, so that of two contracts that would fill it only one gets in.
    """
    session().execute(select(Room.id).where(Room.id == room.id).with_for_update())
    wanted = set(rack_ids)
    racks = list(session().scalars(select(Rack).where(Rack.id.in_(wanted)).order_by(Rack.id).with_for_update())) if wanted else []
    found: list[Refusal | None] = [rules.why_not_dates(contract.starts_on, contract.ends_on)]
    found += rules.why_not_amounts(
        contract.units_granted,
        len(wanted),
        (contract.ips_per_server, contract.ports_per_server),
        (contract.ips_total, contract.ports_total),
    )
    found += _why_not_racks(contract, room, racks, wanted)
    found += _why_not_room(contract, room, racks)
    refusals = [refusal for refusal in found if refusal is not None]
    if refusals:
        raise Refused(*refusals)
    return racks


def grant(contract_id: uuid.UUID, racks: Sequence[Rack], now: datetime) -> None:
    """Makes the racks the contract's own. Of two contracts that want one rack, the second is refused."""
    with guarded({"uq_contract_racks_rack_id": rules.RACK_GRANTED(racks=codes(racks))}):
        session().add_all(ContractRack(created_at=now, contract_id=contract_id, rack_id=rack.id) for rack in racks)


def revoke(contract_id: uuid.UUID) -> None:
    session().execute(delete(ContractRack).where(ContractRack.contract_id == contract_id))


def codes(racks: Iterable[Rack]) -> str:
    return rules.shortened(sorted(rack.code for rack in racks))


def _why_not_racks(contract: Contract, room: Room, racks: Sequence[Rack], wanted: set[uuid.UUID]) -> list[Refusal]:
    if not wanted:
        return []
    strange = [rack for rack in racks if rack.room_id != room.id]
    if strange or len(racks) != len(wanted):
        return [rules.RACK_NOT_IN_ROOM(racks=codes(strange))]
    taken = set(
        session().scalars(select(ContractRack.rack_id).where(ContractRack.rack_id.in_(wanted), ContractRack.contract_id != contract.id))
    )
    in_use = set(
        session().scalars(
            select(RackUnit.rack_id).where(
                RackUnit.rack_id.in_(wanted), RackUnit.client_id.is_not(None), RackUnit.client_id != contract.client_id
            )
        )
    )
    found = []
    for refusal, racks_found in ((rules.RACK_GRANTED, taken), (rules.RACK_IN_USE, in_use)):
        if racks_found:
            found.append(refusal(racks=codes(rack for rack in racks if rack.id in racks_found)))
    return found


def _why_not_room(contract: Contract, room: Room, racks: Sequence[Rack]) -> list[Refusal]:
    """Units are reckoned over the contracts whose time meets this one's; one that is ending counts until it is closed."""
    capacity, power = session().execute(select(func.sum(Rack.units), func.sum(Rack.power_w)).where(Rack.room_id == room.id)).one()
    capacity, power = int(capacity or 0), int(power or 0)
    meets = and_(
        Contract.room_id == room.id,
        Contract.id != contract.id,
        Contract.state.in_(LIVE),
        Contract.starts_on <= contract.ends_on,
        or_(Contract.state == "ending", Contract.ends_on >= contract.starts_on),
    )
    units = session().scalar(select(func.sum(Contract.units_granted)).where(meets)) or 0
    in_racks = (
        select(func.sum(Rack.units))
        .join(ContractRack, ContractRack.rack_id == Rack.id)
        .join(Contract, Contract.id == ContractRack.contract_id)
    )
    granted = int(units) + int(session().scalar(in_racks.where(meets)) or 0)
    found = []
    if contract.units_granted + sum(rack.units for rack in racks) > capacity - granted:
        left = max(0, capacity - granted)
        found.append(rules.UNITS_BEYOND_ROOM(room=room.code, capacity=capacity, granted=granted, left=left))
    if contract.power_w > power:
        found.append(rules.POWER_BEYOND_ROOM(room=room.code, capacity=power))
    return found
