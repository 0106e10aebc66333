"""Drawing a room: one small rack beside the other, coloured by load. Pure, like `elevation`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, TOP = 60, 104, 5
INSIDE = HEIGHT - 2 * TOP


@dataclass(frozen=True, slots=True)
class Tile:
    """A rack in the plan of its room. `held`: its held units as (lowest, highest); `fullness` and `power` are shares, 0 to 1."""

    units: int
    held: Sequence[tuple[int, int]]
    fullness: float
    power: float
    title: str


def draw_tile(tile: Tile) -> str:
    """A small rack: its held units as bars, darker the fuller it is, and its power as a gauge at the right."""
    step = INSIDE / tile.units
    bars = "".join(
        f'<rect x="7" y="{TOP + (tile.units - high) * step + 0.3:.2f}" width="36" height="{(high - low + 1) * step - 0.6:.2f}" rx=".8"/>'
        for low, high in tile.held
    )
    filled = min(1.0, tile.power) * (INSIDE + 2)
    gauge = f'<rect class="t-power {alarm(tile.power)}" x="49" y="{TOP + INSIDE + 1 - filled:.2f}" width="6" height="{filled:.2f}" rx="2"/>'
    return (
        f'<svg class="tile load-{level(tile.fullness)}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(tile.title)}">'
        f"<title>{escape(tile.title)}</title>"
        f'<rect class="t-cabinet" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="4"/>'
        f'<rect class="t-inside" x="5" y="{TOP - 1}" width="40" height="{INSIDE + 2}" rx="1.5"/><g class="t-bars">{bars}</g>'
        f'<rect class="t-gauge" x="49" y="{TOP - 1}" width="6" height="{INSIDE + 2}" rx="2"/>{gauge}</svg>'
    )


def level(share: float) -> int:
    """The step of the load scale: 0 empty, 1 up to a quarter, and so on to 4, more than three quarters."""
    return 0 if share <= 0 else min(4, int(share * 4 - 1e-9) + 1)


def alarm(share: float) -> str:
    """How near its limit a rack's power is: ok, wait from four fifths on, stop from nineteen twentieths on."""
    return "stop" if share >= 0.95 else "wait" if share >= 0.8 else "ok"
