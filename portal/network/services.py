"""Holding addresses and ports, handing them over, releasing them. Called by what racks equipment in and takes it out.

Allocation may wait for others on PostgreSQL: take addresses last in a transaction, after rack units and ports, so that nobody
waits for two things crosswise.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, case, exists, insert, select, update

from portal.facility.models import Rack
from portal.kernel import clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Refusal, Refused
from portal.network import allocator, queries, rules
from portal.network.administration import (
    NewPrefix,
    NewSwitch,
    PortChange,
    PortNames,
    PrefixChange,
    Reservation,
    SwitchChange,
    add_ports,
    add_prefix,
    add_switch,
    change_port,
    change_prefix,
    change_switch,
    reserve_range,
    unreserve_range,
)
from portal.network.allocator import AnyRow
from portal.network.models import AddressHold, PortHold, Prefix, Switch, SwitchPort

__all__ = [
    "NewPrefix", "NewSwitch", "PortChange", "PortNames", "PrefixChange", "Reservation", "SwitchChange",
    "add_ports", "add_prefix", "add_switch", "change_port", "change_prefix", "change_switch", "configure", "end_rests", "hand_over",
    "hold_addresses", "hold_ports", "release_addresses", "release_ports", "reserve_range", "unreserve_range",
]  # fmt: skip

REST_BATCH = 10_000  # addresses whose rest ends in one turn of the job

_rest_days = 30


def configure(rest_days: int) -> None:
    """Sets how many days a released address rests (R-X4)."""
    global _rest_days
    _rest_days = rest_days


def hold_addresses(
    room_id: uuid.UUID,
    count: int,
    *,
    holder_kind: str,
    holder_id: uuid.UUID,
    client_id: uuid.UUID,
    contract_id: uuid.UUID,
    now: datetime,
    version: int | None = None,
) -> list[AddressHold]:
    """Gives a holder ("equipment" or "plan") `count` addresses of the room's prefixes, which no one else then has (R-S3, R-W3).

    `version` 4 or 6; by default 4 where the room has such a prefix. Prefixes are used up in the order of their addresses.
    Raises Refused: NO_PREFIX, NO_ADDRESS_LEFT, ADDRESSES_BEYOND_CONTRACT.
    """
    if count < 1:
        return []
    ceilings = queries.lock_ceilings(contract_id)
    if ceilings.addresses is not None:
        held = queries.amounts_held(contract_id)[0]
        _refuse_if(rules.why_not_within(ceilings.addresses, held, count, rules.ADDRESSES_BEYOND_CONTRACT))
    prefixes = _prefixes_to_give_from(room_id, version)
    holds: list[AddressHold] = []
    for prefix in prefixes:
        for address in allocator.take(prefix.id, count - len(holds)):
            holds.append(
                AddressHold(
                    created_at=now, prefix_id=prefix.id, address=address, holder_kind=holder_kind, holder_id=holder_id,
                    client_id=client_id, contract_id=contract_id,
                )
            )  # fmt: skip
        if len(holds) == count:
            break
    if len(holds) < count:
        raise Refused(rules.NO_ADDRESS_LEFT(prefixes=", ".join(f"{p.first}/{p.length}" for p in prefixes)))
    with guarded({"uq_address_holds_held": rules.ADDRESS_TAKEN}):
        session().add_all(holds)
    return holds


def hold_ports(
    room_id: uuid.UUID,
    count: int,
    *,
    near_rack_id: uuid.UUID | None,
    holder_kind: str,
    holder_id: uuid.UUID,
    client_id: uuid.UUID,
    contract_id: uuid.UUID,
    now: datetime,
) -> list[PortHold]:
    """Gives a holder `count` ports of the nearest switches: those in the same rack, then the same row, then the same room; lowest
    position first (R-W3). Raises Refused: NO_PORT_LEFT, PORTS_BEYOND_CONTRACT."""
    if count < 1:
        return []
    ceilings = queries.lock_ceilings(contract_id)
    if ceilings.ports is not None:
        held = queries.amounts_held(contract_id)[1]
        _refuse_if(rules.why_not_within(ceilings.ports, held, count, rules.PORTS_BEYOND_CONTRACT))
    taken = _take_ports(room_id, count, near_rack_id)
    if len(taken) < count:
        raise Refused(rules.NO_PORT_LEFT(wanted=count))
    holds = [
        PortHold(
            created_at=now, port_id=port_id, holder_kind=holder_kind, holder_id=holder_id, client_id=client_id, contract_id=contract_id,
        )
        for port_id in taken
    ]  # fmt: skip
    with guarded({"uq_port_holds_held": rules.PORT_TAKEN}):
        session().add_all(holds)
    return holds


def hand_over(old_holder_id: uuid.UUID, holder_kind: str, new_holder_id: uuid.UUID, now: datetime | None = None) -> None:
    """Passes every address and port of one holder on to another of the same client.

    A plan that becomes equipment keeps its rows: it is the same item. From one piece of equipment to another (replacement, R-X4)
    the old one's rows end now and the new one's begin, so that the history tells which had the address when.
    """
    now = now or clock.now()
    for model in (AddressHold, PortHold):
        here = (model.holder_id == old_holder_id, model.released_at.is_(None))
        rows = session().execute(select(*model.__table__.c).where(*here).with_for_update()).all()
        plans = [row.id for row in rows if row.holder_kind == "plan"]
        ended = [row for row in rows if row.holder_kind != "plan"]
        if plans:
            values = {"holder_kind": holder_kind, "holder_id": new_holder_id}
            session().execute(update(model).where(model.id.in_(plans)).values(values))
        if ended:
            closing: dict[str, Any] = {"released_at": now}
            if model is AddressHold:
                closing |= {"rests_until": now, "freed_at": now}
            session().execute(update(model).where(model.id.in_([row.id for row in ended])).values(closing))
            begun = {"created_at": now, "holder_kind": holder_kind, "holder_id": new_holder_id}
            session().execute(insert(model), [{**row._mapping, **begun, "id": ids.new()} for row in ended])


def release_addresses(holder_id: uuid.UUID, now: datetime, *, rest: bool, days: int | None = None) -> None:
    """Ends a holder's use of its addresses. With `rest` they are given out again after the configured number of days, and nobody
    can have them sooner (R-X4); without, which is for plans that came to nothing, at once."""
    held = (AddressHold.holder_id == holder_id, AddressHold.released_at.is_(None))
    if rest:
        until = rules.rest_ends(now, _rest_days if days is None else days)
        session().execute(update(AddressHold).where(*held).values(released_at=now, rests_until=until))
        return
    rows = session().execute(
        update(AddressHold)
        .where(*held)
        .values(released_at=now, rests_until=now, freed_at=now)
        .returning(AddressHold.prefix_id, AddressHold.address)
    )
    _give_back(rows.all(), now)


def release_ports(holder_id: uuid.UUID, now: datetime) -> None:
    """Ends a holder's use of its ports; the next may have them at once."""
    held = (PortHold.holder_id == holder_id, PortHold.released_at.is_(None))
    freed = session().scalars(update(PortHold).where(*held).values(released_at=now).returning(PortHold.port_id)).all()
    if freed:
        session().execute(update(SwitchPort).where(SwitchPort.id.in_(freed)).values(taken=False))


def end_rests(now: datetime) -> int:
    """Gives the addresses whose rest is over back to the free ranges: at most a batch a call, the longest-rested first. Returns how
    many. Of two workers each takes what the other does not."""
    over = (
        select(AddressHold.id)
        .where(AddressHold.freed_at.is_(None), AddressHold.released_at.is_not(None), AddressHold.rests_until <= now)
        .order_by(AddressHold.rests_until)
        .limit(REST_BATCH)
        .with_for_update(skip_locked=True)
    )
    found = session().scalars(over).all()
    freed: list[AnyRow] = []
    for start in range(0, len(found), 500):
        batch = found[start : start + 500]
        freed += session().execute(
            update(AddressHold)
            .where(AddressHold.id.in_(batch))
            .values(freed_at=now)
            .returning(AddressHold.prefix_id, AddressHold.address)
            .execution_options(synchronize_session=False)
        )
    _give_back(freed, now)
    return len(found)


def _give_back(freed: Iterable[AnyRow], now: datetime) -> None:
    by_prefix = sorted(freed, key=lambda row: row.prefix_id)
    for prefix_id, rows in groupby(by_prefix, key=lambda row: row.prefix_id):
        session().execute(allocator.lock_shared(select(Prefix.id).where(Prefix.id == prefix_id))).all()
        allocator.give_back(prefix_id, [row.address for row in rows], int(now.timestamp()))


def _prefixes_to_give_from(room_id: uuid.UUID, version: int | None) -> list[AnyRow]:
    columns = (Prefix.id, Prefix.version, Prefix.first, Prefix.length)
    of_room = select(*columns).where(Prefix.room_id == room_id).order_by(Prefix.version, Prefix.first)
    if version is not None:
        of_room = of_room.where(Prefix.version == version)
    found = session().execute(allocator.lock_shared(of_room)).all()
    if not found:
        raise Refused(rules.NO_PREFIX)
    return [prefix for prefix in found if prefix.version == found[0].version]


def _take_ports(room_id: uuid.UUID, count: int, near_rack_id: uuid.UUID | None) -> list[uuid.UUID]:
    """Marks up to `count` ports as taken. Ports that others work on are skipped first, and waited for when there are no others."""
    taken: list[uuid.UUID] = []
    patient = False
    while len(taken) < count:
        found: list[uuid.UUID] = []
        for switch_id in session().scalars(_switches_with_free_ports(room_id, near_rack_id)).all():
            free = _free_ports(switch_id).limit(count - len(taken) - len(found)).with_for_update(skip_locked=not patient)
            found += session().scalars(free).all()
            if len(taken) + len(found) == count:
                break
        if found:
            session().execute(update(SwitchPort).where(SwitchPort.id.in_(found)).values(taken=True))
            taken += found
        elif patient:
            break
        else:
            patient = True
    return taken


def _switches_with_free_ports(room_id: uuid.UUID, near_rack_id: uuid.UUID | None) -> Select[Any]:
    free = exists().where(SwitchPort.switch_id == Switch.id, SwitchPort.taken.is_(False), SwitchPort.out_of_use.is_(False))
    row = select(Rack.row).where(Rack.id == near_rack_id).scalar_subquery()
    distance = case((Switch.rack_id == near_rack_id, 0), ((Rack.row == row) & (Rack.row != ""), 1), else_=2)
    return (
        select(Switch.id).outerjoin(Rack, Rack.id == Switch.rack_id).where(Switch.room_id == room_id, free).order_by(distance, Switch.name)
    )


def _free_ports(switch_id: uuid.UUID) -> Select[Any]:
    return (
        select(SwitchPort.id)
        .where(SwitchPort.switch_id == switch_id, SwitchPort.taken.is_(False), SwitchPort.out_of_use.is_(False))
        .order_by(SwitchPort.position)
    )


def _refuse_if(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
