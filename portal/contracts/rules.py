"""What a contract allows, when it does, and what it may grant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

ANNOUNCED_DAYS = (60, 30, 7)  # before the last day
LONGEST_YEARS = 20

NOT_SIGNED = Refusal("contract.not_signed", N_("Contract %(number)s is not signed yet. Sales put it in force."))
SUSPENDED = Refusal("contract.suspended", N_("Contract %(number)s is suspended. Ask your sales contact what has to be settled."))
ENDED = Refusal("contract.ended", N_("Contract %(number)s has ended. Ask sales for a renewal or a new one."))
NOT_BEGUN = Refusal("contract.not_begun", N_("Contract %(number)s begins on %(day)s. Nothing can be done under it before."))

DATES = Refusal("contract.dates", N_("The last day is before the first one."), field="ends_on")
TOO_LONG = Refusal("contract.too_long", N_("A contract runs for at most %(years)s years. Check the last day."), field="ends_on")
OVER_ALREADY = Refusal("contract.over_already", N_("The last day, %(day)s, is past. Give one to come."), field="ends_on")
NOT_LATER = Refusal("contract.not_later", N_("A renewal goes beyond the present last day, %(day)s."), field="ends_on")
NOTHING_GRANTED = Refusal("contract.nothing_granted", N_("Grant rack units or whole racks."), field="units_granted")
PER_SERVER = Refusal("contract.per_server", N_("Every server gets at least one."))
TOTAL_BELOW_ONE = Refusal("contract.total_below_one", N_("Leave it empty for no ceiling, or give at least %(least)s."))

UNITS_BEYOND_ROOM = Refusal(
    "contract.units_beyond_room",
    N_("Room %(room)s has %(capacity)s U; %(granted)s U are granted to others in this time, so that %(left)s U can be granted."),
    field="units_granted",
)
POWER_BEYOND_ROOM = Refusal(
    "contract.power_beyond_room", N_("The racks of room %(room)s can draw %(capacity)s W altogether."), field="power_w"
)
RACK_NOT_IN_ROOM = Refusal(
    "contract.rack_not_in_room", N_("Rack %(racks)s is not in this room. Choose racks of the room."), field="rack_ids"
)
RACK_GRANTED = Refusal("contract.rack_granted", N_("Rack %(racks)s is granted to another contract. Choose another one."), field="rack_ids")
RACK_IN_USE = Refusal(
    "contract.rack_in_use", N_("In rack %(racks)s there is equipment of others, or room held for it. Choose another one."), field="rack_ids"
)

UNITS_IN_USE = Refusal("contract.units_in_use", N_("%(used)s U outside whole racks are in use: not less than that."), field="units_granted")
POWER_IN_USE = Refusal("contract.power_in_use", N_("%(used)s W are in use: not less than that."), field="power_w")
IPS_IN_USE = Refusal("contract.ips_in_use", N_("%(used)s addresses are in use: not less than that."), field="ips_total")
PORTS_IN_USE = Refusal("contract.ports_in_use", N_("%(used)s ports are in use: not less than that."), field="ports_total")
NOT_CHANGEABLE = Refusal("contract.not_changeable", N_("The terms of contract %(number)s can no longer be changed."))
NOT_RENEWABLE = Refusal(
    "contract.not_renewable", N_("Contract %(number)s is a draft, closed or cancelled, and is not renewed. Draft a new one.")
)
NO_DOCUMENTS = Refusal("contract.no_documents", N_("Contract %(number)s was cancelled: no documents are added to it."))

STILL_OPEN = Refusal("contract.still_open", N_("It cannot be closed: %(count)s things are still open. They are listed on this page."))
BADGES_OUT = Refusal("contract.badges_out", N_("Badges not returned or cancelled: %(items)s. Take them back first."))
EQUIPMENT_INSIDE = Refusal("contract.equipment_inside", N_("Equipment that has not left: %(items)s. It leaves on an exit slip first."))
AMOUNTS_HELD = Refusal("contract.amounts_held", N_("Addresses and ports not released: %(items)s. They are released with what holds them."))
EXITS_OPEN = Refusal("contract.exits_open", N_("Exit slips not settled: %(items)s. Finish or cancel them first."))
WORK_ORDERS_OPEN = Refusal("contract.work_orders_open", N_("Work orders not completed: %(items)s. Finish or cancel them first."))
OPEN_ENDS: dict[str, Refusal] = {
    "badge": BADGES_OUT,
    "equipment": EQUIPMENT_INSIDE,
    "addresses": AMOUNTS_HELD,
    "ports": AMOUNTS_HELD,
    "exit": EXITS_OPEN,
    "work_order": WORK_ORDERS_OPEN,
}
OPEN_LABELS: dict[str, str] = {
    "badge": N_("Badge"),
    "equipment": N_("Equipment"),
    "addresses": N_("Addresses"),
    "ports": N_("Ports"),
    "exit": N_("Exit slip"),
    "work_order": N_("Work order"),
}


class Termed(Protocol):
    """What the rules read of a contract."""

    number: str
    state: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """One thing that keeps a contract from being closed. `kind`: a key of OPEN_ENDS; `path`: its page, if it has one."""

    kind: str
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a contract's equipment, and what is planned for it, takes up: U outside its whole racks, U in them, W, addresses, ports."""

    units: int
    units_in_racks: int
    power_w: int
    addresses: int
    ports: int


def why_not_in_force(contract: Termed, today: date) -> Refusal | None:
    """Everything a client does hangs on a contract in force (R-B3): signed, not stopped, on one of its days. `today` is the site's."""
    if contract.state == "draft":
        return NOT_SIGNED(number=contract.number)
    if contract.state == "suspended":
        return SUSPENDED(number=contract.number)
    if contract.state != "in_force" or today > contract.ends_on:
        return ENDED(number=contract.number)
    if today < contract.starts_on:
        return NOT_BEGUN(number=contract.number, day=contract.starts_on)
    return None


def why_not_dates(starts_on: date, ends_on: date) -> Refusal | None:
    if ends_on < starts_on:
        return DATES
    return TOO_LONG(years=LONGEST_YEARS) if ends_on.year - starts_on.year > LONGEST_YEARS else None


def why_not_amounts(units: int, racks: int, per_server: tuple[int, int], totals: tuple[int | None, int | None]) -> list[Refusal]:
    """`per_server` and `totals`: addresses, ports."""
    found = [] if units > 0 or racks else [NOTHING_GRANTED]
    for what, each, total in zip(("ips", "ports"), per_server, totals, strict=True):
        if each < 1:
            found.append(PER_SERVER.on(f"{what}_per_server"))
        elif total is not None and total < each:
            found.append(TOTAL_BELOW_ONE(least=each).on(f"{what}_total"))
    return found


def why_not_renewal(contract: Termed, ends_on: date, today: date) -> Refusal | None:
    """A renewal goes further than the contract does, and beyond today; what is closed is not renewed."""
    if contract.state not in ("in_force", "suspended", "ending"):
        return NOT_RENEWABLE(number=contract.number)
    if ends_on <= contract.ends_on:
        return NOT_LATER(day=contract.ends_on)
    if ends_on < today:
        return OVER_ALREADY(day=ends_on)
    return why_not_dates(contract.starts_on, ends_on)


def why_not_less(usage: Usage, units: int, power_w: int, ips_total: int | None, ports_total: int | None) -> list[Refusal]:
    """New terms never fall below what is in use. `usage` is reckoned with the new whole racks."""
    found = []
    if usage.units > units:
        found.append(UNITS_IN_USE(used=usage.units))
    if usage.power_w > power_w:
        found.append(POWER_IN_USE(used=usage.power_w))
    if ips_total is not None and usage.addresses > ips_total:
        found.append(IPS_IN_USE(used=usage.addresses))
    if ports_total is not None and usage.ports > ports_total:
        found.append(PORTS_IN_USE(used=usage.ports))
    return found


def why_not_close(open_ends: Collection[OpenEnd]) -> list[Refusal]:
    """One refusal for each kind of thing that is still open (R-B7, R-X5), listing it."""
    listed: dict[str, tuple[Refusal, list[str]]] = {}
    for end in open_ends:
        refusal = OPEN_ENDS[end.kind]
        listed.setdefault(refusal.code, (refusal, []))[1].append(end.label)
    return [refusal(items=shortened(labels)) for refusal, labels in listed.values()]


def shortened(labels: list[str], most: int = 12) -> str:
    """'A, B, C' and, of many, '… (+5)'."""
    shown = ", ".join(labels[:most])
    return f"{shown} … (+{len(labels) - most})" if len(labels) > most else shown


def announcement_due(ends_on: date, today: date) -> int | None:
    """The nearest of 60, 30, 7 days within which the contract ends; None before that, and once it is over."""
    left = (ends_on - today).days
    due = [days for days in ANNOUNCED_DAYS if 0 <= left <= days]
    return min(due) if due else None
