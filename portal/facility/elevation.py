"""Drawing a rack: data in, SVG out. Pure; every text is escaped, colours come from `facility.css` alone, so that dark mode holds.

A face is drawn as one sees it: unit 1 at the bottom, the rails at the sides with the units' numbers on the left one. One
drawing is made for each face, because on a phone they stand below each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

UNIT = 20  # what one U is high in the drawing's own measure
WIDTH, RAIL, EDGE, CAP, FOOT = 320, 30, 14, 10, 12
LEFT, RIGHT = RAIL + 2, WIDTH - EDGE - 2
_SANS, _MONO, _WIDE = 0.66, 0.61, 1.0  # widths of a character by its height: bold, monospaced, Chinese; on the safe side


@dataclass(frozen=True, slots=True)
class Block:
    """One thing in a rack. `unit` is its lowest unit, 0 high beside the units; `face`: front, rear, both, side.

    `kind`: equipment, away (out for repair, the place is kept), planned, reserved, occupied. `label` names it, `code` is its
    serial number, `note` a further line, `tag` a word at its end, `url` its record. `marked`: what the reader came for.
    """

    unit: int
    height: int
    face: str
    kind: str
    label: str
    code: str = ""
    note: str = ""
    tag: str = ""
    url: str = ""
    marked: bool = False
    power_w: int = 0

    @property
    def top(self) -> int:
        return self.unit + max(self.height, 1) - 1

    @property
    def remark(self) -> str:
        """Note and tag in one line; a tag that the note tells already is not told again."""
        return " · ".join(part for part in (self.note, self.tag if self.tag not in self.note else "") if part)

    def on(self, face: str) -> bool:
        return self.height > 0 and self.face in (face, "both")


@dataclass(frozen=True, slots=True)
class Words:
    """The drawing's own texts in the reader's language. `free` has %(count)s; `title` and `description` tell the whole in words."""

    title: str
    description: str
    free: str


def draw_face(rack_units: int, blocks: Iterable[Block], face: str, words: Words, key: str) -> str:
    """One face of a rack. `key` is unique on its page: the ids within the drawing begin with it."""
    shown = sorted((block for block in blocks if block.on(face)), key=lambda block: -block.unit)
    height = CAP + rack_units * UNIT + FOOT
    parts = [
        f'<svg class="elevation" viewBox="0 0 {WIDTH} {height}" role="group" aria-labelledby="{key}-t {key}-d">',
        f'<title id="{key}-t">{escape(words.title)}</title><desc id="{key}-d">{escape(words.description)}</desc>',
        _patterns(key),
        f'<rect class="e-cabinet" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="7"/>',
        f'<rect class="e-inside" x="{RAIL}" y="{CAP}" width="{WIDTH - RAIL - EDGE}" height="{rack_units * UNIT}" rx="2"/>',
        _rails(rack_units, {unit for block in shown if block.marked for unit in range(block.unit, block.top + 1)}),
        _free(rack_units, shown, words.free),
        *(_block(block, rack_units, face, key) for block in shown),
        "</svg>",
    ]
    return "".join(parts)


def _patterns(key: str) -> str:
    stripe = '<pattern id="{0}-{1}" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate({2})">{3}</pattern>'
    planned = '<rect class="e-plan-ground" width="8" height="8"/><rect class="e-plan-line" width="2.5" height="8"/>'
    reserved = '<rect class="e-kept-ground" width="8" height="8"/><rect class="e-kept-line" width="2" height="8"/>'
    return f"<defs>{stripe.format(key, 'plan', 45, planned)}{stripe.format(key, 'kept', -45, reserved)}</defs>"


def _rails(rack_units: int, marked: set[int]) -> str:
    """The numbers on the left rail, a line between any two units, and the mounting holes of the right rail."""
    numbers, lines, holes = [], [], []
    for unit in range(1, rack_units + 1):
        middle = CAP + (rack_units - unit) * UNIT + UNIT / 2
        style = "e-number e-here" if unit in marked else "e-number e-five" if unit % 5 == 0 else "e-number"
        numbers.append(f'<text class="{style}" x="{RAIL - 6}" y="{middle + 3.5:g}">{unit:02d}</text>')
        holes.append(f"M{WIDTH - EDGE / 2 - 1.5:g} {middle - 1.5:g}h3v3h-3z")
        if unit < rack_units:
            lines.append(f"M{RAIL} {middle - UNIT / 2:g}H{WIDTH - EDGE}")
    return f'<path class="e-lines" d="{"".join(lines)}"/><path class="e-holes" d="{"".join(holes)}"/>{"".join(numbers)}'


def _free(rack_units: int, shown: Sequence[Block], text: str) -> str:
    """How much room there is, written into every stretch of three units or more."""
    held = {unit for block in shown for unit in range(block.unit, block.top + 1)}
    parts, start = [], 1
    for unit in range(1, rack_units + 2):
        if unit in held or unit > rack_units:
            count = unit - start
            if count >= 3:
                middle = CAP + (rack_units - start + 1 - count / 2) * UNIT
                parts.append(f'<text class="e-free" x="{(LEFT + RIGHT) / 2:g}" y="{middle + 4:g}">{escape(text % {"count": count})}</text>')
            start = unit + 1
    return "".join(parts)


def _block(block: Block, rack_units: int, face: str, key: str) -> str:
    x, width = LEFT, RIGHT - LEFT
    y = CAP + (rack_units - block.top) * UNIT + 1
    height = block.height * UNIT - 2
    fill = {"planned": f' fill="url(#{key}-plan)"', "reserved": f' fill="url(#{key}-kept)"'}.get(block.kind, "")
    parts = [f'<rect class="e-body" x="{x}" y="{y}" width="{width}" height="{height}" rx="3"{fill}/>']
    if block.kind in ("equipment", "away"):
        parts.append(f'<rect class="e-stripe" x="{x}" y="{y}" width="4" height="{height}" rx="2"/>')
    if block.kind == "equipment":
        parts.append(_panel(face, RIGHT - 38, y))
    tag = _fit(block.tag, 104, 10.5 * _SANS)
    if tag:
        parts.append(f'<text class="e-label e-tag" x="{RIGHT - 7}" y="{y + 13:g}">{escape(tag)}</text>')
    parts.append(_texts(block, y, height, len(tag) and _width(tag, 10.5 * _SANS) + 14))
    whole = " · ".join(part for part in (_span(block), block.label, block.code, block.remark) if part)
    content = f"<title>{escape(whole)}</title>{''.join(parts)}"
    classes = f"e-block {block.kind}{' marked' if block.marked else ''}"
    if block.url:
        here = ' aria-current="true"' if block.marked else ""
        return f'<a class="{classes}" href="{escape(block.url)}" aria-label="{escape(whole)}"{here}>{content}</a>'
    return f'<g class="{classes}" role="img" aria-label="{escape(whole)}">{content}</g>'


def _span(block: Block) -> str:
    return f"{block.unit:02d}U" if block.height == 1 else f"{block.unit:02d}–{block.top:02d}U"


def _panel(face: str, x: float, y: float) -> str:
    """What a machine shows: a lamp and drive bays in front, two power supplies and a fan at the rear."""
    middle = y + 9
    if face == "front":
        bays = "".join(f"M{x + 10 + 4 * column} {middle - 5}v10" for column in range(5))
        return f'<path class="e-bays" d="{bays}"/><circle class="e-lamp" cx="{x + 4}" cy="{middle}" r="2.2"/>'
    sockets = f"M{x + 2} {middle - 4}h9v8h-9zM{x + 14} {middle - 4}h9v8h-9z"
    return f'<path class="e-bays" d="{sockets}"/><circle class="e-bays" cx="{x + 28}" cy="{middle}" r="3"/>'


def _texts(block: Block, y: float, height: float, taken: float) -> str:
    """The label and the serial number in one line, or in two where there is room; a third for the note."""
    start = LEFT + (11 if block.kind in ("equipment", "away") else 8)
    room = RIGHT - start - (46 if block.kind == "equipment" else max(8, taken))
    if block.kind == "occupied":
        return f'<text class="e-label" x="{(LEFT + RIGHT) / 2:g}" y="{y + height / 2 + 4:g}">{escape(block.label)}</text>'
    if block.height == 1:
        code = _fit(block.code, room * 0.6, 10.5 * _MONO)
        beside = room - len(code) * 10.5 * _MONO - (8 if code else 0)
        label = f'<tspan class="e-name">{escape(_name(block, beside))}</tspan>'
        gap = ' <tspan class="e-code" dx="4">' if code else ""
        return f'<text class="e-label" x="{start}" y="{y + height / 2 + 4:g}">{label}{gap}{escape(code)}{"</tspan>" if code else ""}</text>'
    lines = [("e-name", _name(block, room))]
    if block.code:
        lines.append(("e-code", _fit(block.code, room, 10.5 * _MONO)))
    if block.note and len(lines) < block.height:
        lines.append(("e-note", _fit(block.note, room, 10.5 * _SANS)))
    first = y + height / 2 + 4 - (len(lines) - 1) * 7.5
    spans = "".join(
        f'<tspan class="{style}" x="{start}" y="{first + index * 15:g}">{escape(text)}</tspan>' for index, (style, text) in enumerate(lines)
    )
    return f'<text class="e-label">{spans}</text>'


def _name(block: Block, room: float) -> str:
    """The label, cut to fit; a model loses its maker's name before it loses anything that tells it from others."""
    label, narrow = block.label, 11.5 * _SANS
    while block.kind in ("equipment", "away", "planned") and " " in label and _fit(label, room, narrow) != label:
        label = label.split(" ", 1)[1]
    return _fit(label, room, narrow)


def _fit(text: str, room: float, narrow: float) -> str:
    """The text, or as much of its beginning as fits, with an ellipsis. `narrow` is the width of a Latin character."""
    for end in range(len(text), 0, -1):
        shown = text if end == len(text) else f"{text[:end].rstrip()}…"
        if _width(shown, narrow) <= room:
            return shown
    return ""


def _width(text: str, narrow: float) -> float:
    """How much room a text takes at most, a Chinese character being as wide as it is high."""
    return sum(narrow / _MONO * _WIDE if ord(character) > 0x2E7F else narrow for character in text)
