"""The pictures of a prefix and of a switch: what is drawn where. Pure geometry; the templates draw it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from portal.kernel.marks import N_
from portal.network.queries import Use
from portal.network.rules import IPAddress, counted

LABELS = {"held": N_("In use"), "resting": N_("Resting"), "reserved": N_("Reserved"), "free": N_("Free")}
LEAST = 0.8  # per cent of the strip: what is there can be seen, however little it is
ROW = 32  # cells in a row of the map
MAP_LIMIT = 256  # addresses; larger prefixes have no map of single cells


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a strip. `x` and `width` in per cent, `share` the true one."""

    kind: str
    label: str
    count: int
    x: float
    width: float
    share: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One address in the map of a prefix. `note` tells what has it."""

    kind: str
    column: int
    row: int
    address: IPAddress
    note: str


def strip(use: Use) -> list[Part]:
    """The four parts of a prefix, in order; those that are nothing have no width."""
    counts = [("held", use.held), ("resting", use.resting), ("reserved", use.reserved), ("free", use.free)]
    shares = [100 * count / use.size for _kind, count in counts]
    widths = [max(share, LEAST) if count else 0.0 for share, (_kind, count) in zip(shares, counts, strict=True)]
    scale = 100 / sum(widths)
    parts, x = [], 0.0
    for (kind, count), share, width in zip(counts, shares, widths, strict=True):
        parts.append(Part(kind, LABELS[kind], count, round(x, 2), round(width * scale, 2), share))
        x += width * scale
    return parts


def percent(share: float) -> str:
    """A share of a hundred in words: never 0 % where something is, never 100 % where something is missing."""
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.0f} %" if share in (0, 100) or 10 <= share < 99.5 else f"{share:.1f} %"


def short(count: int) -> str:
    """A count that fits into a cell: '12,345', from ten million on '1.8 × 10¹⁹'."""
    if count < 10_000_000:
        return f"{count:,}"
    power = int(math.log10(count))
    return f"{count / 10**power:.1f} × 10{str(power).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def address_map(first: IPAddress, last: IPAddress, known: dict[IPAddress, tuple[str, str]]) -> list[Cell]:
    """A cell for each address of a small prefix; `known`: address -> (kind, note), the others are free. Empty for a large prefix."""
    size = counted(first, last)
    if size > MAP_LIMIT:
        return []
    cells = []
    for number in range(size):
        kind, note = known.get(first + number, ("free", ""))
        cells.append(Cell(kind, number % ROW, number // ROW, first + number, note))
    return cells


def front(count: int) -> Iterable[tuple[int, int]]:
    """Where the ports of a switch are drawn, (column, row): two rows, filled from the left, the odd ones above."""
    return [(number // 2, number % 2) for number in range(count)]
