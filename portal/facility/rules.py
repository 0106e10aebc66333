"""What may stand where in a rack: places in words, free room, and why something does not fit. Pure.

A rack has `units` U, numbered from 1 at the bottom, and three faces: front, rear, and the side for equipment of 0 U that hangs
beside the units (vertical power strips). On the side a number is a hook, not a height: it only keeps two things apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

FRONT, REAR, SIDE = "front", "rear", "side"
FACE_LABELS: Mapping[str, str] = {FRONT: N_("Front"), REAR: N_("Rear"), SIDE: N_("Side")}
HOLDER_KINDS = ("equipment", "plan", "reserved")

UNITS_TAKEN = Refusal("facility.units_taken", N_("%(place)s is taken already. Choose other units."))
OUTSIDE_RACK = Refusal("facility.outside_rack", N_("%(place)s does not exist: the rack has %(units)s units. Choose lower ones."))
OVER_POWER = Refusal(
    "facility.over_power",
    N_("Rack %(rack)s has %(free)s W of its %(limit)s W left, and %(needed)s W are needed. Choose another rack."),
)
RACK_OF_ANOTHER = Refusal("facility.rack_of_another", N_("Rack %(rack)s is granted to another contract. Choose another rack."))
CODE_TAKEN = Refusal("facility.code_taken", N_("%(code)s exists already. Choose another code."), field="code")
TOO_FEW_UNITS = Refusal(
    "facility.too_few_units", N_("Unit %(unit)s of this rack is held: it cannot have fewer than %(unit)s units."), field="units"
)
TOO_LITTLE_POWER = Refusal(
    "facility.too_little_power",
    N_("%(held)s W of this rack are held: its limit cannot be lower. Take equipment out first."),
    field="power_w",
)
BAD_CODES = Refusal(
    "facility.bad_codes",
    N_("Write one code, such as B2-07, or a series, such as B2-{01-20}: at most %(limit)s racks, codes of at most %(length)s characters."),
    field="code",
)
RESERVATION_GONE = Refusal("facility.reservation_gone", N_("This reservation has ended already."))

MAX_SERIES, CODE_LENGTH = 100, 16
_SERIES = re.compile(r"^([^{}]*)\{(\d{1,4})-(\d{1,4})\}([^{}]*)$")

Taken = Collection[tuple[int, str]]


def faces_of(height: int, full_depth: bool, face: str) -> tuple[str, ...]:
    """The faces that equipment fills: both if it is of full depth, the side if it has no height."""
    if height == 0:
        return (SIDE,)
    return (FRONT, REAR) if full_depth else (face,)


def place_label(rack_code: str, unit: int, height: int) -> str:
    """A place as people say it: "B2-07 / 21–22U", "B2-07 / 09U", and "B2-07 / 0U" for what hangs beside the units."""
    if height == 0:
        return f"{rack_code} / 0U"
    upper = f"–{unit + height - 1:02d}" if height > 1 else ""
    return f"{rack_code} / {unit:02d}{upper}U"


def range_text(units: Collection[int]) -> str:
    """Units in short: {1, 2, 3, 7} is "01–03U, 07U"."""
    return ", ".join(f"{low:02d}–{high:02d}U" if high > low else f"{low:02d}U" for low, high in runs(units))


def runs(units: Collection[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring units as (lowest, highest), from the bottom."""
    ordered = sorted(set(units))
    start = 0
    for index, unit in enumerate(ordered):
        if index + 1 == len(ordered) or ordered[index + 1] != unit + 1:
            yield ordered[start], unit
            start = index + 1


def why_not_hold(rack_code: str, rack_units: int, taken: Taken, unit: int, height: int, faces: Collection[str]) -> Refusal | None:
    """Why equipment of `height` U does not fit with its lowest unit at `unit`. `taken` holds (unit, face) pairs of the rack."""
    top = unit + max(height, 1) - 1
    if unit < 1 or top > rack_units:
        return OUTSIDE_RACK(place=place_label(rack_code, unit, max(height, 1)), units=rack_units)
    for wanted in range(unit, top + 1):
        if any((wanted, face) in taken for face in faces):
            return UNITS_TAKEN(place=place_label(rack_code, wanted, min(height, 1)))
    return None


def why_not_power(rack_code: str, limit_w: int, held_w: int, needed_w: int) -> Refusal | None:
    if held_w + needed_w > limit_w:
        return OVER_POWER(rack=rack_code, free=max(0, limit_w - held_w), limit=limit_w, needed=needed_w)
    return None


def first_fit(rack_units: int, taken: Taken, height: int, full_depth: bool) -> tuple[int, str] | None:
    """The lowest (unit, face) where equipment fits, the front before the rear; None where it does not."""
    tries: tuple[str, ...] = (SIDE,) if height == 0 else (FRONT,) if full_depth else (FRONT, REAR)
    for face in tries:
        faces = faces_of(height, full_depth, face)
        clear = 0
        for unit in range(1, rack_units + 1):
            clear = 0 if any((unit, f) in taken for f in faces) else clear + 1
            if clear >= max(height, 1):
                return unit - max(height, 1) + 1, face
    return None


@dataclass(frozen=True, slots=True)
class Run:
    """Free units that lie together: the lowest one, how many, and on which face ("both", "front", "rear")."""

    unit: int
    height: int
    face: str


def free_runs(rack_units: int, taken: Taken) -> list[Run]:
    """Every stretch of free units, through both faces first, then those that are free on one face alone."""
    front = {unit for unit in range(1, rack_units + 1) if (unit, FRONT) not in taken}
    rear = {unit for unit in range(1, rack_units + 1) if (unit, REAR) not in taken}
    found = [Run(low, high - low + 1, "both") for low, high in runs(front & rear)]
    found += [Run(low, high - low + 1, FRONT) for low, high in runs(front - rear)]
    return found + [Run(low, high - low + 1, REAR) for low, high in runs(rear - front)]


def expand_codes(pattern: str) -> list[str] | Refusal:
    """The rack codes that a pattern stands for: "B2-{01-03}" is B2-01, B2-02, B2-03; a code without braces is itself."""
    refusal = BAD_CODES(limit=MAX_SERIES, length=CODE_LENGTH)
    pattern = pattern.strip()
    series = _SERIES.match(pattern)
    if series is None:
        return [pattern] if pattern and len(pattern) <= CODE_LENGTH and not set(pattern) & set("{}") else refusal
    head, first, last, tail = series.groups()
    count = int(last) - int(first) + 1
    if not 1 <= count <= MAX_SERIES:
        return refusal
    codes = [f"{head}{number:0{len(first)}d}{tail}" for number in range(int(first), int(last) + 1)]
    return codes if all(len(code) <= CODE_LENGTH for code in codes) else refusal
