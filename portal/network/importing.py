"""Importing lists of prefixes, reserved ranges, switches and ports.

The dry run is the import itself, carried out and rolled back by the caller: so each line's fate is what will happen, the lines'
effect on each other included. The import then compares its own outcome with what was shown, and refuses if they differ.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from portal.audit import services as audit
from portal.facility.models import Rack, Room
from portal.kernel import ids
from portal.kernel.db import session
from portal.kernel.errors import Refusal, Refused
from portal.kernel.marks import N_
from portal.kernel.policy import Actor
from portal.network import administration, queries, rules
from portal.network.administration import NewPrefix, NewSwitch, PortNames, Reservation
from portal.network.models import Prefix, ReservedRange, Switch, SwitchPort
from portal.network.sheets import Kind, SheetLine

CHANGED_MEANWHILE = Refusal(
    "network.import_changed", N_("The list or the records have changed since the check. Look at the lines again before you import them.")
)
NOTHING_NEW = Refusal("network.import_nothing", N_("There is nothing to import: no line adds anything."))
CELL_MISSING = Refusal("network.import_cell_missing", N_("%(column)s is missing."))
CELL_TOO_LONG = Refusal("network.import_cell_long", N_("%(column)s is longer than %(limit)s characters."))
NO_ROOM = Refusal("network.import_no_room", N_("There is no room %(room)s."))
NO_RACK = Refusal("network.import_no_rack", N_("There is no rack %(rack)s in room %(room)s."))
NO_SUCH_PREFIX = Refusal("network.import_no_prefix", N_("There is no prefix %(prefix)s."))
EXISTS_OTHERWISE = Refusal("network.import_exists", N_("%(what)s is there already, with other data: %(data)s. Change it on its own page."))
BAD_VLAN = Refusal("network.import_vlan", N_("“%(text)s” is not a VLAN. It is a number from 1 to 4094."))
BAD_SPEED = Refusal("network.import_speed", N_("“%(text)s” is not a speed. Write it in Mbit/s, for example 1000."))
BAD_YES_NO = Refusal("network.import_yes_no", N_("“%(text)s” is neither yes nor no."))

LIMITS = {"name": 80, "reason": 120, "switch": 60, "model": 80}
_YES, _NO = {"yes", "y", "true", "1", "是"}, {"no", "n", "false", "0", "", "否"}


class Fate(StrEnum):
    CREATED = "created"
    UNCHANGED = "unchanged"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one line, and if it cannot be imported, why."""

    line: SheetLine
    fate: Fate
    why: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of a whole list. `seal` stands for these outcomes of this list: equal only if nothing is different."""

    outcomes: Sequence[Outcome]
    seal: str

    def number(self, fate: str) -> int:
        return sum(outcome.fate == fate for outcome in self.outcomes)


def carry_out(kind: Kind, lines: Sequence[SheetLine], actor: Actor, now: datetime) -> Report:
    """Imports every line that can be imported, in the open transaction, each line wholly or not at all.

    To see what would happen, roll the transaction back. Raises Forbidden.
    """
    add = _ADD[kind.key]
    places = _Places()
    outcomes = [_one(kind, line, lambda line: add(line.cells, places, actor, now)) for line in lines]
    report = Report(outcomes, _seal(kind, outcomes))
    counts = {fate.value: report.number(fate) for fate in Fate}
    audit.record("network.imported", "network_import", ids.new(), kind.key, actor, now, after=counts)
    return report


def import_shown(kind: Kind, lines: Sequence[SheetLine], seal: str, actor: Actor, now: datetime) -> Report:
    """Imports what a dry run with this seal has shown, exactly. Raises Refused: CHANGED_MEANWHILE, NOTHING_NEW; Forbidden."""
    report = carry_out(kind, lines, actor, now)
    if report.seal != seal:
        raise Refused(CHANGED_MEANWHILE)
    if not report.number(Fate.CREATED):
        raise Refused(NOTHING_NEW)
    return report


def _one(kind: Kind, line: SheetLine, add: Callable[[SheetLine], Fate]) -> Outcome:
    for column in kind.columns:
        text = line.cells[column.key]
        if column.needed and not text:
            return Outcome(line, Fate.ERROR, CELL_MISSING(column=column.label))
        if len(text) > LIMITS.get(column.key, 200):
            return Outcome(line, Fate.ERROR, CELL_TOO_LONG(column=column.label, limit=LIMITS.get(column.key, 200)))
    try:
        with session().begin_nested():
            fate = add(line)
    except Refused as refused:
        return Outcome(line, Fate.ERROR, refused.refusal)
    return Outcome(line, fate)


def _seal(kind: Kind, outcomes: Sequence[Outcome]) -> str:
    told = [(kind.key, o.line.number, sorted(o.line.cells.items()), o.fate.value, o.why.code if o.why else "") for o in outcomes]
    return hashlib.sha256(repr(told).encode()).hexdigest()


class _Places:
    """Rooms, racks and prefixes by what people call them, each looked up once."""

    def __init__(self) -> None:
        self._rooms = {room.code: room for room in session().scalars(select(Room))}
        self._racks: dict[uuid.UUID, dict[str, uuid.UUID]] = {}

    def room(self, code: str) -> Room:
        if code not in self._rooms:
            raise Refused(NO_ROOM(room=code))
        return self._rooms[code]

    def rack(self, room: Room, code: str) -> uuid.UUID | None:
        if not code:
            return None
        if room.id not in self._racks:
            racks = session().execute(select(Rack.code, Rack.id).where(Rack.room_id == room.id))
            self._racks[room.id] = dict(racks.all())
        if code not in self._racks[room.id]:
            raise Refused(NO_RACK(rack=code, room=room.code))
        return self._racks[room.id][code]


def _add_prefix(cells: Mapping[str, str], places: _Places, actor: Actor, now: datetime) -> Fate:
    room = places.room(cells["room"])
    vlan = _vlan(cells["vlan"])
    network = rules.read_prefix(cells["prefix"])
    if isinstance(network, Refusal):
        raise Refused(network)
    there = session().scalar(select(Prefix).where(Prefix.first == network.network_address, Prefix.length == network.prefixlen))
    if there is None:
        administration.add_prefix(NewPrefix(room.id, cells["name"], cells["prefix"], cells["gateway"], vlan), actor, now)
        return Fate.CREATED
    gateway = rules.read_address(cells["gateway"]) if cells["gateway"] else there.gateway
    if (there.room_id, there.name, there.gateway, there.vlan) == (room.id, cells["name"], gateway, vlan):
        return Fate.UNCHANGED
    facts = [there.name, str(there.gateway), f"VLAN {there.vlan}" if there.vlan else ""]
    raise Refused(EXISTS_OTHERWISE(what=there.cidr, data=", ".join(filter(None, facts))))


def _add_reserved(cells: Mapping[str, str], _places: _Places, actor: Actor, now: datetime) -> Fate:
    network = rules.read_prefix(cells["prefix"])
    if isinstance(network, Refusal):
        raise Refused(network)
    prefix = session().scalar(select(Prefix).where(Prefix.first == network.network_address, Prefix.length == network.prefixlen))
    if prefix is None:
        raise Refused(NO_SUCH_PREFIX(prefix=str(network)))
    first, last = rules.read_address(cells["first"]), rules.read_address(cells["last"] or cells["first"])
    if not isinstance(first, Refusal) and not isinstance(last, Refusal) and _reserved_alike(prefix, first, last, cells["reason"]):
        return Fate.UNCHANGED
    administration.reserve_range(Reservation(prefix.id, cells["first"], cells["last"], cells["reason"]), actor, now)
    return Fate.CREATED


def _reserved_alike(prefix: Prefix, first: rules.IPAddress, last: rules.IPAddress, reason: str) -> bool:
    kept = queries.reserved_of(prefix.id)
    own = [(entry.first, entry.last) for entry in kept if entry.kind != "reserved"]
    if rules.why_not_range(first, last, queries.network_of(prefix)) is not None:
        return False
    there = {(entry.first, entry.last) for entry in kept if entry.kind == "reserved" and entry.reason == reason}
    pieces = rules.without((first, last), own)
    return bool(pieces) and there.issuperset(pieces)


def _add_ports(cells: Mapping[str, str], places: _Places, actor: Actor, now: datetime) -> Fate:
    room = places.room(cells["room"])
    rack_id = places.rack(room, cells["rack"])
    speed, out_of_use = _speed(cells["speed_mbps"]), _yes(cells["out_of_use"])
    names = rules.port_names(cells["port"])
    if isinstance(names, Refusal):
        raise Refused(names)
    switch = session().scalar(select(Switch).where(Switch.name == cells["switch"]))
    if switch is None:
        switch = administration.add_switch(NewSwitch(room.id, rack_id, cells["switch"], cells["model"], "", speed), actor, now)
    elif (switch.room_id, rack_id or switch.rack_id, cells["model"] or switch.model) != (room.id, switch.rack_id, switch.model):
        home = session().get_one(Room, switch.room_id)
        raise Refused(EXISTS_OTHERWISE(what=switch.name, data=", ".join(filter(None, (home.code, switch.model)))))
    there = {
        port.name: port
        for port in session().scalars(select(SwitchPort).where(SwitchPort.switch_id == switch.id, SwitchPort.name.in_(names)))
    }
    for port in there.values():
        if (port.speed_mbps, port.out_of_use) != (speed, out_of_use):
            raise Refused(EXISTS_OTHERWISE(what=f"{switch.name} {port.name}", data=f"{port.speed_mbps} Mbit/s"))
    missing = [name for name in names if name not in there]
    if not missing:
        return Fate.UNCHANGED
    administration.add_ports(PortNames(switch.id, missing, speed, out_of_use), actor, now)
    return Fate.CREATED


_ADD: dict[str, Callable[[Mapping[str, str], _Places, Actor, datetime], Fate]] = {
    "prefixes": _add_prefix,
    "reserved": _add_reserved,
    "switches": _add_ports,
}


def rows_of(kind: Kind) -> list[list[object]]:
    """What is there, in the columns of the kind's sheet: importing it again changes nothing."""
    if kind.key == "prefixes":
        prefixes = session().execute(select(Prefix, Room.code).join(Room, Room.id == Prefix.room_id).order_by(Prefix.first))
        return [[code, p.cidr, p.name, str(p.gateway), p.vlan] for p, code in prefixes]
    if kind.key == "reserved":
        ranges = session().execute(
            select(ReservedRange, Prefix)
            .join(Prefix, Prefix.id == ReservedRange.prefix_id)
            .where(ReservedRange.kind == "reserved")
            .order_by(ReservedRange.first)
        )
        return [[prefix.cidr, str(r.first), str(r.last), r.reason] for r, prefix in ranges]
    ports = session().execute(
        select(SwitchPort, Switch, Room.code, Rack.code)
        .join(Switch, Switch.id == SwitchPort.switch_id)
        .join(Room, Room.id == Switch.room_id)
        .outerjoin(Rack, Rack.id == Switch.rack_id)
        .order_by(Switch.name, SwitchPort.position)
    )
    return [
        [room, rack, switch.name, switch.model, port.name, port.speed_mbps, "yes" if port.out_of_use else "no"]
        for port, switch, room, rack in ports
    ]


def _vlan(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 4094:
        raise Refused(BAD_VLAN(text=text[:20]))
    return int(text)


def _speed(text: str) -> int:
    if not text:
        return 1000
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise Refused(BAD_SPEED(text=text[:20]))
    return int(text)


def _yes(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise Refused(BAD_YES_NO(text=text[:20]))
