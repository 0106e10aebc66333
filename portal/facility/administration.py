"""What people change about the building: sites, rooms, racks, and units that are kept free. Each change is on record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.audit import services as audit
from portal.facility import queries, rules
from portal.facility.models import Rack, RackUnit, Room, Site
from portal.facility.services import hold_units, release_units
from portal.kernel import ids
from portal.kernel.constraints import guarded
from portal.kernel.db import Record, session
from portal.kernel.errors import Forbidden, Refusal, Refused
from portal.kernel.policy import Actor, Permission


@dataclass(frozen=True, slots=True)
class SiteFacts:
    code: str
    name: str
    name_en: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class RoomFacts:
    site_id: uuid.UUID
    code: str
    name: str
    name_en: str
    escorted: bool = False


@dataclass(frozen=True, slots=True)
class NewRacks:
    """One rack, or a series: `code` may be a pattern such as B2-{01-20}. `power_w` is what each may draw, W."""

    room_id: uuid.UUID
    code: str
    row: str
    units: int
    power_w: int


@dataclass(frozen=True, slots=True)
class RackFacts:
    code: str
    row: str
    units: int
    power_w: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units from `unit` to `last_unit` that nobody gets, on "both" faces or on one, and why."""

    rack_id: uuid.UUID
    unit: int
    last_unit: int
    face: str
    note: str


def add_site(command: SiteFacts, actor: Actor, now: datetime) -> Site:
    """Raises Refused CODE_TAKEN, Forbidden."""
    _authorise(actor, Permission.FACILITY_WRITE)
    site = Site(created_at=now, code=command.code, name=command.name, name_en=command.name_en, address=command.address)
    with guarded({"uq_sites_code": rules.CODE_TAKEN(code=command.code)}):
        session().add(site)
    audit.record("facility.site_added", "site", site.id, site.code, actor, now, after={"name": site.name, "address": site.address})
    return site


def change_site(site: Site, command: SiteFacts, actor: Actor, now: datetime) -> None:
    """Raises Refused CODE_TAKEN, Forbidden."""
    _authorise(actor, Permission.FACILITY_WRITE)
    facts = {"code": command.code, "name": command.name, "name_en": command.name_en, "address": command.address}
    _change(site, facts, "facility.site_changed", "site", command.code, actor, now, "uq_sites_code")


def add_room(command: RoomFacts, actor: Actor, now: datetime) -> Room:
    """Raises Refused CODE_TAKEN, NotFound for the site, Forbidden."""
    _authorise(actor, Permission.FACILITY_WRITE)
    site = queries.get_site(command.site_id)
    room = Room(created_at=now, site_id=site.id, code=command.code, name=command.name, name_en=command.name_en, escorted=command.escorted)
    with guarded({"uq_rooms_code": rules.CODE_TAKEN(code=command.code)}):
        session().add(room)
    audit.record(
        "facility.room_added",
        "room",
        room.id,
        room.code,
        actor,
        now,
        after={"site": site.code, "name": room.name, "escorted": room.escorted},
    )
    return room


def change_room(room: Room, command: RoomFacts, actor: Actor, now: datetime) -> None:
    """Changes code, names and whether visitors are escorted; a room stays at its site. Raises Refused CODE_TAKEN, Forbidden."""
    _authorise(actor, Permission.FACILITY_WRITE)
    facts = {"code": command.code, "name": command.name, "name_en": command.name_en, "escorted": command.escorted}
    _change(room, facts, "facility.room_changed", "room", command.code, actor, now, "uq_rooms_code")


def add_racks(command: NewRacks, actor: Actor, now: datetime) -> list[Rack]:
    """Adds one rack or a series of alike ones. Raises Refused BAD_CODES, CODE_TAKEN naming the code, Forbidden."""
    _authorise(actor, Permission.FACILITY_WRITE)
    room = queries.get_room(command.room_id)
    codes = rules.expand_codes(command.code)
    if isinstance(codes, Refusal):
        raise Refused(codes)
    there = session().scalars(select(Rack.code).where(Rack.room_id == room.id, Rack.code.in_(codes)).order_by(Rack.code)).first()
    if there is not None:
        raise Refused(rules.CODE_TAKEN(code=there))
    racks = [
        Rack(created_at=now, room_id=room.id, code=code, row=command.row, units=command.units, power_w=command.power_w)
        for code in codes
    ]  # fmt: skip
    with guarded({"uq_racks_room_id_code": rules.CODE_TAKEN(code=command.code)}):
        session().add_all(racks)
    for rack in racks:
        facts = {"room": room.code, "row": rack.row, "units": rack.units, "power_w": rack.power_w}
        audit.record("facility.rack_added", "rack", rack.id, rack.code, actor, now, after=facts)
    return racks


def change_rack(rack_id: uuid.UUID, command: RackFacts, actor: Actor, now: datetime) -> Rack:
    """Changes a rack, never below what is held in it. Raises Refused CODE_TAKEN, TOO_FEW_UNITS, TOO_LITTLE_POWER; Forbidden."""
    _authorise(actor, Permission.FACILITY_WRITE)
    rack = queries.rack_for_update(rack_id)
    statement = select(func.coalesce(func.max(RackUnit.unit), 0), func.coalesce(func.sum(RackUnit.power_w), 0))
    highest, held_w = session().execute(statement.where(RackUnit.rack_id == rack_id)).one()
    refusals = []
    if command.units < highest:
        refusals.append(rules.TOO_FEW_UNITS(unit=highest))
    if command.power_w < held_w:
        refusals.append(rules.TOO_LITTLE_POWER(held=held_w))
    if refusals:
        raise Refused(*refusals)
    facts = {"code": command.code, "row": command.row, "units": command.units, "power_w": command.power_w}
    _change(rack, facts, "facility.rack_changed", "rack", command.code, actor, now, "uq_racks_room_id_code")
    return rack


def reserve_units(command: Reservation, actor: Actor, now: datetime) -> uuid.UUID:
    """Keeps units free of equipment; the reservation's id. Raises Refused UNITS_TAKEN, OUTSIDE_RACK; Forbidden."""
    _authorise(actor, Permission.UNITS_RESERVE)
    rack = queries.rack_for_update(command.rack_id)
    holder_id, height = ids.new(), command.last_unit - command.unit + 1
    both = command.face == "both"
    hold_units(
        rack.id, command.unit, height, both, rules.FRONT if both else command.face, holder_kind="reserved", holder_id=holder_id,
        client_id=None, contract_id=queries.granted_contract(rack.id), power_w=0, now=now, note=command.note,
    )  # fmt: skip
    facts = {"place": rules.place_label(rack.code, command.unit, height), "face": command.face, "note": command.note}
    audit.record("facility.units_reserved", "rack", rack.id, rack.code, actor, now, after=facts)
    return holder_id


def end_reservation(rack_id: uuid.UUID, holder_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Gives reserved units back. Raises Refused RESERVATION_GONE, Forbidden."""
    _authorise(actor, Permission.UNITS_RESERVE)
    rack = queries.rack_for_update(rack_id)
    held = [row for row in queries.held_in([rack_id]) if row.holder_id == holder_id and row.holder_kind == "reserved"]
    if not held:
        raise Refused(rules.RESERVATION_GONE)
    units = {row.unit for row in held}
    release_units(holder_id)
    facts = {"place": rules.place_label(rack.code, min(units), len(units)), "note": held[0].note}
    audit.record("facility.units_unreserved", "rack", rack.id, rack.code, actor, now, before=facts)


def _authorise(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Forbidden(permission)


def _change(record: Record, facts: Mapping[str, Any], tag: str, kind: str, code: str, actor: Actor, now: datetime, unique: str) -> None:
    """Sets what differs and tells it; nothing is told when nothing differs."""
    before = {name: getattr(record, name) for name, value in facts.items() if getattr(record, name) != value}
    if not before:
        return
    with guarded({unique: rules.CODE_TAKEN(code=code)}):
        for name in before:
            setattr(record, name, facts[name])
    audit.record(tag, kind, record.id, code, actor, now, before=before, after={name: facts[name] for name in before})
