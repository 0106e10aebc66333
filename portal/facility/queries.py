"""Reading sites, rooms, racks and what is free in them, each actor what it may see."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from portal.clients.models import Client
from portal.contracts.models import Contract, ContractRack
from portal.facility.models import Rack, RackUnit, Room, Site
from portal.facility.rules import SIDE, first_fit, place_label
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.policy import Actor

__all__ = ["FreeSlot", "Load", "free_space", "get_rack", "get_room", "held_in", "place_label", "racks_of_room"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Load:
    """How full a rack is. `units` counts those held on either face, out of `rack.units`; `power_w` is what is held, W."""

    units: int = 0
    power_w: int = 0


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """Where something fits: its lowest unit, the face it is mounted from, and what the rack has left without it, W."""

    rack: Rack
    unit: int
    face: str
    free_power_w: int


def sites() -> list[Site]:
    return list(session().scalars(select(Site).order_by(Site.code)))


def get_site(site_id: uuid.UUID) -> Site:
    """Raises NotFound."""
    return _found(session().get(Site, site_id), site_id)


def rooms() -> list[Room]:
    """Every room with its site, by site and code. For staff, and for forms that offer rooms."""
    return list(session().scalars(select(Room).join(Room.site).options(contains_eager(Room.site)).order_by(Site.code, Room.code)))


def room_choices() -> list[tuple[str, str]]:
    """Every room as (UUID as text, code), for a form or a filter."""
    return [(str(id_), code) for id_, code in session().execute(select(Room.id, Room.code).order_by(Room.code))]


def get_room(room_id: uuid.UUID) -> Room:
    """A room with its site. Raises NotFound."""
    statement = select(Room).where(Room.id == room_id).options(joinedload(Room.site))
    return _found(session().scalars(statement).one_or_none(), room_id)


def get_rack(actor: Actor, rack_id: uuid.UUID) -> Rack:
    """A rack with room and site. Client users see the racks that hold something of theirs or are granted to them; else NotFound."""
    statement = select_racks(actor).where(Rack.id == rack_id)
    return _found(session().scalars(statement).one_or_none(), rack_id)


def select_racks(actor: Actor) -> Select[Rack]:
    """The racks that the actor may see, with room and site."""
    statement = select(Rack).options(joinedload(Rack.room).joinedload(Room.site))
    return statement.where(_of_client(actor.client_id)) if actor.is_client else statement


def racks_of_room(room_id: uuid.UUID) -> list[Rack]:
    """The room's racks in the order in which they stand."""
    return list(session().scalars(select(Rack).where(Rack.room_id == room_id).order_by(Rack.row, Rack.code)))


def rack_for_update(rack_id: uuid.UUID) -> Rack:
    """The rack with its row locked: what is held in it stays as it is until the commit. For services alone. Raises NotFound."""
    statement = select(Rack).where(Rack.id == rack_id).with_for_update().execution_options(populate_existing=True)
    return _found(session().scalars(statement).one_or_none(), rack_id)


def lock_racks(rack_ids: Iterable[uuid.UUID]) -> None:
    """Locks several racks in one order that everybody keeps, so that two plans at once wait for each other and never lock up."""
    session().execute(select(Rack.id).where(Rack.id.in_(set(rack_ids))).order_by(Rack.id).with_for_update()).all()


def held_in(rack_ids: Collection[uuid.UUID]) -> list[RackUnit]:
    """Every held unit of the racks, rack by rack, from the bottom. The caller has loaded the racks in its own scope."""
    statement = select(RackUnit).where(RackUnit.rack_id.in_(rack_ids)).order_by(RackUnit.rack_id, RackUnit.unit, RackUnit.face)
    return list(session().scalars(statement)) if rack_ids else []


def loads_of(rack_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Load]:
    """How full each of the racks is; one query."""
    statement = _load_per_rack().where(RackUnit.rack_id.in_(rack_ids))
    found = {rack_id: Load(units, power) for rack_id, units, power in session().execute(statement)}
    return {rack_id: found.get(rack_id, Load()) for rack_id in rack_ids}


def held_numbers(rack_ids: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, int]]:
    """(rack, unit) for every unit that is held on either face; what a plan of the room is drawn from."""
    statement = select(RackUnit.rack_id, RackUnit.unit).where(RackUnit.rack_id.in_(rack_ids), RackUnit.face != SIDE).distinct()
    return list(session().execute(statement))


def select_rooms_with_load() -> Select[Room, int, int, int, int, int]:
    """Room with its site, and what its list shows: racks, units, power_w of all racks; held_units, held_w."""
    per_rack = _load_per_rack().subquery()
    per_room = (
        select(
            Rack.room_id,
            func.count(Rack.id).label("racks"),
            func.sum(Rack.units).label("units"),
            func.sum(Rack.power_w).label("power_w"),
            func.sum(func.coalesce(per_rack.c.units, 0)).label("held_units"),
            func.sum(func.coalesce(per_rack.c.power_w, 0)).label("held_w"),
        )
        .outerjoin(per_rack, per_rack.c.rack_id == Rack.id)
        .group_by(Rack.room_id)
        .subquery()
    )
    figures = per_room.c
    return (
        select(
            Room,
            func.coalesce(figures.racks, 0).label("racks"),
            func.coalesce(figures.units, 0).label("units"),
            func.coalesce(figures.power_w, 0).label("power_w"),
            func.coalesce(figures.held_units, 0).label("held_units"),
            func.coalesce(figures.held_w, 0).label("held_w"),
        )
        .join(Room.site)
        .outerjoin(per_room, per_room.c.room_id == Room.id)
        .options(contains_eager(Room.site))
    )


def select_racks_with_load(room_id: uuid.UUID) -> Select[Rack, int, int, str | None, str | None]:
    """Rack, and what the room's list shows: held_units, held_w, the number and client of the contract that has the whole of it."""
    per_rack = _load_per_rack().where(RackUnit.rack_id.in_(select(Rack.id).where(Rack.room_id == room_id))).subquery()
    return (
        select(
            Rack,
            func.coalesce(per_rack.c.units, 0).label("held_units"),
            func.coalesce(per_rack.c.power_w, 0).label("held_w"),
            Contract.number.label("number"),
            Client.name.label("client"),
        )
        .outerjoin(per_rack, per_rack.c.rack_id == Rack.id)
        .outerjoin(ContractRack, ContractRack.rack_id == Rack.id)
        .outerjoin(Contract, Contract.id == ContractRack.contract_id)
        .outerjoin(Client, Client.id == Contract.client_id)
        .where(Rack.room_id == room_id)
    )


def racks_after(actor: Actor, code: str, limit: int) -> list[Rack]:
    """The actor's racks by code, those after `code`, with room and site."""
    return list(session().scalars(select_racks(actor).where(Rack.code > code).order_by(Rack.code, Rack.id).limit(limit)))


def granted_contract(rack_id: uuid.UUID) -> uuid.UUID | None:
    """The contract that has the whole rack, if one has."""
    return session().scalar(select(ContractRack.contract_id).where(ContractRack.rack_id == rack_id))


def granted_contracts(rack_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Contract]:
    """Rack -> the contract that has the whole of it, with its client."""
    statement = (
        select(ContractRack.rack_id, Contract)
        .join(Contract, Contract.id == ContractRack.contract_id)
        .where(ContractRack.rack_id.in_(rack_ids))
        .options(joinedload(Contract.client))
    )
    return dict(session().execute(statement).all())


def free_space(
    room_id: uuid.UUID,
    height: int,
    full_depth: bool,
    power_w: int,
    client_id: uuid.UUID | None,
    contract_id: uuid.UUID | None,
    limit: int = 20,
) -> list[FreeSlot]:
    """The first fit in each rack of the room that has so many units together and so many W left, at most `limit` racks.

    Racks granted to the contract come first, then those where the client has something already, then the others as they
    stand. Racks granted to another contract are left out. Two queries, however many racks there are.
    """
    statement = (
        select(Rack, ContractRack.contract_id)
        .outerjoin(ContractRack, ContractRack.rack_id == Rack.id)
        .where(Rack.room_id == room_id, or_(ContractRack.contract_id.is_(None), ContractRack.contract_id == contract_id))
        .order_by(Rack.row, Rack.code)
    )
    racks = session().execute(statement).all()
    taken: dict[uuid.UUID, set[tuple[int, str]]] = defaultdict(set)
    held_w: dict[uuid.UUID, int] = defaultdict(int)
    at_home: set[uuid.UUID] = set()
    rows = select(RackUnit.rack_id, RackUnit.unit, RackUnit.face, RackUnit.power_w, RackUnit.client_id)
    for rack_id, unit, face, watts, holder in session().execute(rows.join(Rack).where(Rack.room_id == room_id)):
        taken[rack_id].add((unit, face))
        held_w[rack_id] += watts
        if client_id is not None and holder == client_id:
            at_home.add(rack_id)
    found: list[FreeSlot] = []
    for rack, _granted in sorted(racks, key=lambda pair: (pair[1] is None, pair[0].id not in at_home)):
        free_w = rack.power_w - held_w[rack.id]
        fit = first_fit(rack.units, taken[rack.id], height, full_depth) if free_w >= power_w else None
        if fit is not None:
            found.append(FreeSlot(rack, *fit, free_w))
            if len(found) == limit:
                break
    return found


def _load_per_rack() -> Select[uuid.UUID, int, int]:
    """(rack_id, units held on either face, W held) of every rack that holds something."""
    return select(
        RackUnit.rack_id,
        func.count(func.distinct(RackUnit.unit)).filter(RackUnit.face != SIDE).label("units"),
        func.coalesce(func.sum(RackUnit.power_w), 0).label("power_w"),
    ).group_by(RackUnit.rack_id)


def _of_client(client_id: uuid.UUID | None) -> ColumnElement[bool]:
    holds = select(RackUnit.rack_id).where(RackUnit.client_id == client_id)
    granted = (
        select(ContractRack.rack_id)
        .join(Contract, Contract.id == ContractRack.contract_id)
        .where(Contract.client_id == client_id, Contract.state.in_(("in_force", "suspended", "ending")))
    )
    return or_(Rack.id.in_(holds), Rack.id.in_(granted))


def _found(record: T | None, id_: uuid.UUID) -> T:
    if record is None:
        raise NotFound(id_)
    return record
