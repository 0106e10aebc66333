"""What administrators change: prefixes, what is reserved in them, switches and their ports."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from portal.audit import services as audit
from portal.facility.models import Rack, Room
from portal.kernel import db
from portal.kernel.constraints import guarded
from portal.kernel.db import IPAddress, session
from portal.kernel.errors import Forbidden, NotFound, Refusal, Refused
from portal.kernel.policy import Actor, Permission
from portal.network import allocator, queries, rules
from portal.network.models import Prefix, ReservedRange, Switch, SwitchPort


@dataclass(frozen=True, slots=True)
class NewPrefix:
    """`gateway` empty: the first host's address."""

    room_id: uuid.UUID
    name: str
    cidr: str
    gateway: str = ""
    vlan: int | None = None


@dataclass(frozen=True, slots=True)
class PrefixChange:
    prefix_id: uuid.UUID
    name: str
    gateway: str
    vlan: int | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """`last` empty: `first` alone."""

    prefix_id: uuid.UUID
    first: str
    last: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewSwitch:
    """`ports` is a pattern of names such as GE0/0/{1-48}; `speed_mbps` is that of its ports, Mbit/s."""

    room_id: uuid.UUID
    rack_id: uuid.UUID | None
    name: str
    model: str
    ports: str
    speed_mbps: int = 1000


@dataclass(frozen=True, slots=True)
class SwitchChange:
    switch_id: uuid.UUID
    rack_id: uuid.UUID | None
    name: str
    model: str


@dataclass(frozen=True, slots=True)
class PortChange:
    port_id: uuid.UUID
    out_of_use: bool
    speed_mbps: int


@dataclass(frozen=True, slots=True)
class PortNames:
    switch_id: uuid.UUID
    names: Sequence[str]
    speed_mbps: int
    out_of_use: bool = False


def add_prefix(command: NewPrefix, actor: Actor, now: datetime) -> Prefix:
    """Adds a prefix to a room and builds its free ranges; network, broadcast and gateway are kept from the start.

    Raises Refused: NOT_A_PREFIX, HOST_BITS, BAD_LENGTH, NOT_UNICAST, NOT_AN_ADDRESS, GATEWAY_OUTSIDE, PREFIX_OVERLAPS.
    """
    _authorise(actor)
    network = _or_refuse(rules.read_prefix(command.cidr), "cidr")
    gateway = _or_refuse(rules.read_address(command.gateway), "gateway") if command.gateway.strip() else rules.gateway_of(network)
    _refuse_if(rules.why_not_gateway(network, gateway), "gateway")
    if db.dialect() == "postgresql":  # SQLite lets one write at a time anyway
        session().execute(text("LOCK TABLE prefixes IN SHARE ROW EXCLUSIVE MODE"))
    other = queries.prefix_overlapping(network)
    if other is not None:
        _refuse_if(rules.PREFIX_OVERLAPS(prefix=str(network), other=other.cidr, room=other.room.code), "cidr")
    room = _room(command.room_id)
    prefix = Prefix(
        created_at=now, room_id=room.id, name=command.name, version=network.version, first=network.network_address,
        last=network.broadcast_address, length=network.prefixlen, gateway=gateway, vlan=command.vlan,
    )  # fmt: skip
    with guarded({"uq_prefixes_first": rules.PREFIX_OVERLAPS(prefix=str(network), other=str(network), room=room.code).on("cidr")}):
        session().add(prefix)
    layout = rules.lay_out(network, gateway)
    session().add_all(_kept(prefix, kind, address, address, now) for kind, address in layout.kept)
    session().flush()
    allocator.lay_out(prefix.id, layout.free)
    facts = {"room": room.code, "name": prefix.name, "gateway": str(gateway), "vlan": prefix.vlan}
    audit.record("network.prefix_added", "prefix", prefix.id, prefix.cidr, actor, now, after=facts)
    return prefix


def change_prefix(command: PrefixChange, actor: Actor, now: datetime) -> Prefix:
    """Changes a prefix's name, VLAN and gateway. The old gateway becomes free, the new one must be.

    Raises NotFound; Refused: NOT_AN_ADDRESS, GATEWAY_OUTSIDE, GATEWAY_HELD.
    """
    _authorise(actor)
    prefix = _lock(command.prefix_id)
    gateway = _or_refuse(rules.read_address(command.gateway), "gateway")
    before = {"name": prefix.name, "gateway": str(prefix.gateway), "vlan": prefix.vlan}
    if gateway != prefix.gateway:
        network = queries.network_of(prefix)
        _refuse_if(rules.why_not_gateway(network, gateway), "gateway")
        kept = session().scalar(select(ReservedRange).where(ReservedRange.prefix_id == prefix.id, ReservedRange.kind == "gateway"))
        if gateway in network:
            if not allocator.withdraw(prefix.id, gateway, gateway):
                _refuse_if(rules.GATEWAY_HELD(gateway=str(gateway)), "gateway")
            session().add(_kept(prefix, "gateway", gateway, gateway, now))
        if kept is not None:
            session().delete(kept)
            allocator.put_back(prefix.id, kept.first, kept.last)
    prefix.name, prefix.gateway, prefix.vlan = command.name, gateway, command.vlan
    after = {"name": prefix.name, "gateway": str(prefix.gateway), "vlan": prefix.vlan}
    if after != before:
        audit.record("network.prefix_changed", "prefix", prefix.id, prefix.cidr, actor, now, before=before, after=after)
    return prefix


def reserve_range(command: Reservation, actor: Actor, now: datetime) -> list[ReservedRange]:
    """Reserves addresses: they are never given out. The prefix's own (gateway, network, broadcast) within the range stay what they
    are. Raises NotFound; Refused: NOT_AN_ADDRESS, RANGE_REVERSED, RANGE_OUTSIDE, RANGE_RESERVED, RANGE_HELD."""
    _authorise(actor)
    prefix = _lock(command.prefix_id)
    first = _or_refuse(rules.read_address(command.first), "first")
    last = _or_refuse(rules.read_address(command.last), "last") if command.last.strip() else first
    _refuse_if(rules.why_not_range(first, last, queries.network_of(prefix)), "first")
    ends = {"first": str(first), "last": str(last)}
    kept = queries.reserved_of(prefix.id)
    for other in kept:
        if other.kind == "reserved" and other.first <= last and other.last >= first:
            _refuse_if(rules.RANGE_RESERVED(**ends, reason=other.reason), "first")
    pieces = rules.without((first, last), [(own.first, own.last) for own in kept if own.kind != "reserved"])
    if not pieces:
        _refuse_if(rules.RANGE_KEPT(**ends), "first")
    reserved = []
    for start, end in pieces:
        if allocator.withdraw(prefix.id, start, end) != rules.counted(start, end):
            _refuse_if(rules.RANGE_HELD(address=str(queries.first_held(start, end) or start)), "first")
        reserved.append(_kept(prefix, "reserved", start, end, now, command.reason))
    session().add_all(reserved)
    session().flush()
    facts = {**ends, "for": command.reason}
    audit.record("network.range_reserved", "prefix", prefix.id, prefix.cidr, actor, now, after=facts)
    return reserved


def unreserve_range(range_id: uuid.UUID, actor: Actor, now: datetime) -> Prefix:
    """Ends a reservation: the addresses can be given out. Raises NotFound, also for what the prefix keeps for itself."""
    _authorise(actor)
    found = session().get(ReservedRange, range_id)
    if found is None or found.kind != "reserved":
        raise NotFound(range_id)
    prefix = _lock(found.prefix_id)
    session().delete(found)
    session().flush()
    allocator.put_back(prefix.id, found.first, found.last)
    before = {"first": str(found.first), "last": str(found.last), "for": found.reason}
    audit.record("network.range_unreserved", "prefix", prefix.id, prefix.cidr, actor, now, before=before)
    return prefix


def add_switch(command: NewSwitch, actor: Actor, now: datetime) -> Switch:
    """Adds a switch with its ports, in the order of the pattern.

    Raises Refused: NAME_TAKEN, RACK_ELSEWHERE, BAD_PATTERN, PORT_NAME_TWICE.
    """
    _authorise(actor)
    room = _room(command.room_id)
    _refuse_if(_why_not_rack(command.rack_id, room.id), "rack")
    names = _or_refuse(rules.port_names(command.ports), "ports") if command.ports.strip() else []
    switch = Switch(created_at=now, room_id=room.id, rack_id=command.rack_id, name=command.name, model=command.model)
    with guarded({"uq_switches_name": rules.NAME_TAKEN(name=command.name).on("name")}):
        session().add(switch)
    _add_ports(switch, names, command.speed_mbps, False, now)
    facts = {"room": room.code, "model": switch.model, "ports": len(names)}
    audit.record("network.switch_added", "switch", switch.id, switch.name, actor, now, after=facts)
    return switch


def change_switch(command: SwitchChange, actor: Actor, now: datetime) -> Switch:
    """Changes a switch's name, model and rack. Raises NotFound; Refused: NAME_TAKEN, RACK_ELSEWHERE."""
    _authorise(actor)
    switch = _switch(command.switch_id)
    _refuse_if(_why_not_rack(command.rack_id, switch.room_id), "rack")
    before = _told(switch)
    with guarded({"uq_switches_name": rules.NAME_TAKEN(name=command.name).on("name")}):
        switch.name, switch.model, switch.rack_id = command.name, command.model, command.rack_id
    after = _told(switch)
    if after != before:
        audit.record("network.switch_changed", "switch", switch.id, switch.name, actor, now, before=before, after=after)
    return switch


def add_ports(command: PortNames, actor: Actor, now: datetime) -> list[SwitchPort]:
    """Adds ports behind those that the switch has. Raises NotFound; Refused: PORT_NAME_TWICE."""
    _authorise(actor)
    switch = _switch(command.switch_id)
    added = _add_ports(switch, command.names, command.speed_mbps, command.out_of_use, now)
    facts = {"ports": f"{command.names[0]} – {command.names[-1]}", "count": len(added)}
    audit.record("network.ports_added", "switch", switch.id, switch.name, actor, now, after=facts)
    return added


def change_port(command: PortChange, actor: Actor, now: datetime) -> SwitchPort:
    """Takes a port out of use or puts it back, and says its speed. Raises NotFound; Refused: PORT_IN_HAND."""
    _authorise(actor)
    port = session().get(SwitchPort, command.port_id, with_for_update=True, populate_existing=True)
    if port is None:
        raise NotFound(command.port_id)
    if command.out_of_use and port.taken:
        raise Refused(rules.PORT_IN_HAND(port=port.name).on("out_of_use"))
    before = {"out_of_use": port.out_of_use, "speed_mbps": port.speed_mbps}
    port.out_of_use, port.speed_mbps = command.out_of_use, command.speed_mbps
    after = {"out_of_use": port.out_of_use, "speed_mbps": port.speed_mbps}
    if after != before:
        switch = session().get_one(Switch, port.switch_id)
        label = f"{switch.name} {port.name}"
        audit.record("network.port_changed", "switch", switch.id, label, actor, now, before=before, after=after | {"port": port.name})
    return port


def _add_ports(switch: Switch, names: Sequence[str], speed_mbps: int, out_of_use: bool, now: datetime) -> list[SwitchPort]:
    known = set(session().scalars(select(SwitchPort.name).where(SwitchPort.switch_id == switch.id, SwitchPort.name.in_(names))))
    if known:
        _refuse_if(rules.PORT_NAME_TWICE(name=min(known)), "ports")
    last = session().scalar(select(func.max(SwitchPort.position)).where(SwitchPort.switch_id == switch.id)) or 0
    ports = [
        SwitchPort(
            created_at=now, switch_id=switch.id, name=name, position=last + number, speed_mbps=speed_mbps, out_of_use=out_of_use,
        )
        for number, name in enumerate(names, 1)
    ]  # fmt: skip
    session().add_all(ports)
    session().flush()
    return ports


def _kept(prefix: Prefix, kind: str, first: IPAddress, last: IPAddress, now: datetime, reason: str = "") -> ReservedRange:
    size = allocator.stored_size(first, last)
    return ReservedRange(created_at=now, prefix_id=prefix.id, kind=kind, first=first, last=last, size=size, reason=reason)


def _lock(prefix_id: uuid.UUID) -> Prefix:
    found = session().scalar(allocator.lock_alone(select(Prefix).where(Prefix.id == prefix_id)).execution_options(populate_existing=True))
    if found is None:
        raise NotFound(prefix_id)
    return found


def _room(room_id: uuid.UUID) -> Room:
    room = session().get(Room, room_id)
    if room is None:
        raise NotFound(room_id)
    return room


def _switch(switch_id: uuid.UUID) -> Switch:
    switch = session().get(Switch, switch_id, with_for_update=True, populate_existing=True)
    if switch is None:
        raise NotFound(switch_id)
    return switch


def _told(switch: Switch) -> dict[str, Any]:
    rack = session().get(Rack, switch.rack_id) if switch.rack_id else None
    return {"name": switch.name, "model": switch.model, "rack": rack.code if rack else ""}


def _why_not_rack(rack_id: uuid.UUID | None, room_id: uuid.UUID) -> Refusal | None:
    if rack_id is None:
        return None
    rack = session().get(Rack, rack_id)
    return None if rack is not None and rack.room_id == room_id else rules.RACK_ELSEWHERE


def _authorise(actor: Actor) -> None:
    if not actor.may(Permission.NETWORK_WRITE):
        raise Forbidden(Permission.NETWORK_WRITE)


def _or_refuse(value: Any, field: str) -> Any:
    if isinstance(value, Refusal):
        raise Refused(value.on(field))
    return value


def _refuse_if(refusal: Refusal | None, field: str) -> None:
    if refusal is not None:
        raise Refused(refusal.on(field))
