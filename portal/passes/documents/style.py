"""The one set of styles of everything printed: colours, sizes, the fitting of text, dates, the data center's mark.

Lengths are millimetres in the drawings and points in reportlab; `MM` turns one into the other. Type sizes are points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from portal.passes import fonts
from portal.passes.fonts import REGULAR

MM = 72 / 25.4
GRID = 4  # mm

ACCENT = HexColor("#0b6b6b")
ACCENT_DARK = HexColor("#084a4a")
SOFT = HexColor("#e3f1f0")
INK = HexColor("#17212b")
QUIET = HexColor("#55616e")
LINE = HexColor("#c9d1d8")
WHITE = HexColor("#ffffff")

LEAST_SIZE = 7.0  # pt: what is smaller is not read at a gate
LEADING = 1.28  # line distance over type size; Chinese fills its whole square

HOUSE_RULES = (  # R-E1 to R-E4
    ("禁止携带照相机、摄像机和强磁物品", "No cameras, video cameras or strong magnets"),
    ("禁止吸烟，禁止乱扔杂物", "No smoking, no litter"),
    ("进入时穿鞋套，离开时投入指定处", "Shoe covers on; leave them at the marked place"),
    ("设备不得放在机柜外，禁止私自接电", "No equipment outside the rack; no tapping of power"),
)


class DoesNotFit(ValueError):
    """A text is too long for its place even at the smallest size. Nothing is cut: it has to be shortened by a person."""

    def __init__(self, text: str, place: str) -> None:
        super().__init__(f"{place}: {text!r} does not fit")
        self.text, self.place = text, place


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in both languages, Chinese above."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text broken into lines at the size at which it fits. `height` is in points."""

    lines: tuple[str, ...]
    size: float
    font: str

    @property
    def leading(self) -> float:
        return self.size * LEADING

    @property
    def height(self) -> float:
        return self.leading * len(self.lines)


def new_canvas(buffer: BytesIO, locale: str, site: Bilingual, title: Bilingual, number: str, issued_at: datetime) -> Canvas:
    """An empty A4 document that says what it is, whose, of when and in which language; the same data give the same bytes."""
    fonts.faces()
    # Named, because the library would begin each page with its own Helvetica, which is not embedded.
    begin_with: Any = REGULAR  # the stubs take it for a number
    canvas = Canvas(buffer, pagesize=A4, pageCompression=1, lang=locale.replace("_", "-"), initialFontName=begin_with, invariant=1)
    canvas.setDateFormatter(lambda *_: issued_at.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'"))
    canvas.setTitle(f"{title.zh} {title.en} {number}")
    canvas.setAuthor(f"{site.zh} {site.en}")
    canvas.setSubject(number)
    canvas.setCreator("Rackpass")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas


def fit(
    text: str,
    place: str,
    width: float,
    size: float,
    *,
    font: str = REGULAR,
    lines: int = 2,
    height: float = 1e9,
    least: float = LEAST_SIZE,
) -> Fitted:
    """Breaks `text` to `width` points: at most `lines` lines, as large as fits into `height`, from `size` down to `least`.

    Two lines are made about equally long, so that no single character is left on the second. `place` names where it
    stands. Raises DoesNotFit, fonts.NoGlyph.
    """
    # The bullets that mask a number on the screen are as wide as a Chinese character in print.
    text = fonts.printable(" ".join(text.replace("•", "*").split()))
    steps = [max(least, size - 0.5 * step) for step in range(int((size - least) * 2 + 1.5))]
    for within_words in (False, True):  # a smaller size is better than a broken serial number
        for tried in steps:
            broken = _break(text, width, font, tried, within_words)
            if broken and len(broken) <= lines and len(broken) * tried * LEADING <= height + 0.01:
                return Fitted(tuple(_balanced(text, width, font, tried, broken)), tried, font)
    raise DoesNotFit(text, place)


def fit_or_spread(text: str, place: str, width: float, size: float, *, font: str, lines: int, most: int) -> Fitted:
    """As `fit`; what is too long for `lines` even at the smallest size may take up to `most`."""
    try:
        return fit(text, place, width, size, font=font, lines=lines)
    except DoesNotFit:
        return fit(text, place, width, size, font=font, lines=most)


def write(
    canvas: Canvas,
    text: str,
    x: float,
    y: float,
    size: float,
    *,
    font: str = REGULAR,
    colour: Color = INK,
    align: str = "left",
) -> None:
    """One line with its baseline at y points; `align` (left, centre, right) says which point of it x is."""
    text = fonts.printable(text)
    if align != "left":
        wide = fonts.width(text, font) * size
        x -= wide if align == "right" else wide / 2
    canvas.setFillColor(colour)
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def write_line(
    canvas: Canvas,
    text: str,
    place: str,
    x: float,
    y: float,
    width: float,
    size: float,
    *,
    least: float = 5,
    font: str = REGULAR,
    colour: Color = INK,
) -> None:
    """One line of small print in `width` points, as large as it fits. Raises DoesNotFit, fonts.NoGlyph."""
    fitted = fit(text, place, width, size, font=font, lines=1, least=least)
    write(canvas, fitted.lines[0], x, y, fitted.size, font=font, colour=colour)


def write_fitted(canvas: Canvas, fitted: Fitted, x: float, top: float, *, colour: Color = INK, align: str = "left") -> None:
    """The lines, hanging from `top` points: their first baseline is where a line of this size has it."""
    for number, line in enumerate(fitted.lines):
        baseline = top - number * fitted.leading - fitted.size * 1.02
        write(canvas, line, x, baseline, fitted.size, font=fitted.font, colour=colour, align=align)


def rule(canvas: Canvas, x: float, y: float, width: float, *, colour: Color = LINE, weight: float = 0.5) -> None:
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(weight)
    canvas.line(x, y, x + width, y)


def mark(canvas: Canvas, x: float, y: float, size: float, *, colour: Color = ACCENT, on: Color = WHITE) -> None:
    """The sign of the portal: a rack of three units with their lamps, in a rounded square; lower left corner, points."""
    canvas.setFillColor(colour)
    canvas.roundRect(x, y, size, size, size * 0.2, stroke=0, fill=1)
    unit = size / 10
    for row in range(3):
        bottom = y + unit * (2 + 2.2 * row)
        canvas.setFillColor(on)
        canvas.roundRect(x + unit * 2, bottom, unit * 6, unit * 1.6, unit * 0.4, stroke=0, fill=1)
        canvas.setFillColor(colour)
        canvas.circle(x + unit * 7, bottom + unit * 0.8, unit * 0.38, stroke=0, fill=1)


def day(value: date, locale: str) -> str:
    if locale.startswith("zh"):
        return f"{value.year} 年 {value.month} 月 {value.day} 日"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def both_days(value: date) -> Bilingual:
    """The day inside a text that stands on the paper in both languages, in each as it is written there."""
    return Bilingual(day(value, "zh_CN"), day(value, "en"))


def day_of_week(value: date, locale: str) -> str:
    """The day with its weekday: where a person plans by it."""
    if locale.startswith("zh"):
        return f"{day(value, locale)}（周{'一二三四五六日'[value.weekday()]}）"
    return f"{_WEEKDAYS[value.weekday()]} {day(value, locale)}"


def moment(value: datetime, zone: ZoneInfo, locale: str) -> str:
    """An aware time in the site's zone, to the minute."""
    local = value.astimezone(zone)
    clock = f"{local.hour:02}:{local.minute:02}"
    if locale.startswith("zh"):
        return f"{day(local, locale)} {clock}"
    return f"{day(local, locale)}, {clock}"


# Not strftime: it follows the server's locale.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# A Chinese character; or a Latin word, a number, a part of an address: after a hyphen, slash or colon a line may end.
_CHINESE = "\u2e80-\uffff\U00020000-\U0003ffff"
_PIECES = re.compile(rf"\s+|[{_CHINESE}]|[^\s{_CHINESE}/:_@-]*[/:_@-]+|[^\s{_CHINESE}/:_@-]+")
_NOT_FIRST = "，。、；：？！）》」』】〉…—·,.;:?!)]}%°℃ "
_NOT_LAST = "（《「『【〈([{"


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces between which a line may end; closing signs stay with what they close, opening ones with the next."""
    held = ""
    for piece in _PIECES.findall(text):
        if held and piece[0] not in _NOT_FIRST and held[-1] not in _NOT_LAST:
            yield held
            held = ""
        held += piece
    if held:
        yield held


def _break(text: str, width: float, font: str, size: float, within_words: bool) -> list[str]:
    """As few lines as possible; none when a word is longer than a line and may not be broken."""
    room = width / size + 0.001
    if fonts.width(text, font) <= room:
        return [text]
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if fonts.width((line + piece).rstrip(), font) <= room:
            line += piece
            continue
        if line.strip():
            lines.append(line.strip())
        line = piece.lstrip()
        while fonts.width(line.rstrip(), font) > room:
            if not within_words:
                return []
            count = _fitting(line, room, font)
            lines.append(line[:count])
            line = line[count:]
    return [*lines, line.strip()] if line.strip() else lines


def _fitting(text: str, room: float, font: str) -> int:
    count = 1
    while count < len(text) and fonts.width(text[: count + 1], font) <= room:
        count += 1
    return count


def _balanced(text: str, width: float, font: str, size: float, broken: list[str]) -> list[str]:
    """The same number of lines in the narrowest column that gives it, so that no single character is left on the last."""
    if len(broken) == 1:
        return broken
    narrow, wide = 0.0, width
    for _ in range(6):
        middle = (narrow + wide) / 2
        tried = _break(text, middle, font, size, within_words=False)
        if tried and len(tried) <= len(broken):
            wide, broken = middle, tried
        else:
            narrow = middle
    return broken
