"""The parts that an A4 document is put together from. Heights and positions are points; y grows upwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.pdfgen.canvas import Canvas

from portal.passes import fonts, qr
from portal.passes.documents import style
from portal.passes.documents.paper import MARGIN, Page, Paper
from portal.passes.documents.style import (
    ACCENT,
    INK,
    LINE,
    MM,
    QUIET,
    SOFT,
    WHITE,
    Bilingual,
    Fitted,
    fit,
    fit_or_spread,
    write,
    write_line,
)
from portal.passes.fonts import BOLD, REGULAR
from portal.passes.token import group_short_code

GAP = 4 * MM
QR_MM = 26
BODY_BOTTOM = 24 * MM
CONTINUED = 8 * MM
LEAST_CROSSED = 8 * MM


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value: on two lines, a very long one on up to six. `wide` takes the whole row and is a remark of up
    to a thousand characters; what it cannot print is marked, not refused."""

    label: Bilingual
    value: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table of items, `width` in mm. All columns, with 10 mm for the row's number, make up 178
    on an upright page, 265 on its side.

    `box`: an empty box in each row, to be ticked with a pen; its cells have no text. `even`: the second line of a cell
    matters as much as its first. `remark`: free text, of up to twenty lines; what it cannot print is marked, not refused.
    """

    label: Bilingual
    width: float
    strong: bool = False
    box: bool = False
    even: bool = False
    remark: bool = False


Row = Sequence[tuple[str, ...]]  # for each column its lines: the first in ink, what follows quiet


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, and their name when it is known beforehand."""

    role: Bilingual
    name: str = ""


def head(canvas: Canvas, page: Page, paper: Paper, title: Bilingual, tag: Bilingual | None) -> None:
    """The head of the first page."""
    top = page.height - 12 * MM
    style.mark(canvas, MARGIN, top - 8 * MM, 8 * MM)
    room = page.inner - 48 * MM
    write_line(canvas, paper.site.zh, "data center", MARGIN + 11 * MM, top - 3.6 * MM, room, 10.5, font=BOLD)
    write_line(canvas, paper.site.en, "data center", MARGIN + 11 * MM, top - 7.4 * MM, room, 7.5, colour=QUIET)
    baseline = top - 20 * MM
    write(canvas, title.zh, MARGIN, baseline, 24, font=BOLD)
    if tag:
        _tag(canvas, tag, MARGIN + fonts.width(title.zh, BOLD) * 24 + 4 * MM, baseline)
    write(canvas, title.en, MARGIN, baseline - 5.6 * MM, 10.5, colour=QUIET)
    write(canvas, "编号 No.", MARGIN, baseline - 14 * MM, 8, colour=QUIET)
    write(canvas, paper.number, MARGIN + 15 * MM, baseline - 14 * MM, 13, font=BOLD)
    if not paper.qr_text:
        return
    canvas.setFillColor(INK)
    qr.draw(canvas, paper.qr_text, page.right - QR_MM * MM, top - QR_MM * MM, QR_MM)
    centre = page.right - QR_MM * MM / 2
    write(canvas, group_short_code(paper.short_code), centre, top - (QR_MM + 5) * MM, 10, font=BOLD, align="centre")
    write(canvas, "扫不出时键入此码", centre, top - (QR_MM + 8.4) * MM, 6.5, colour=QUIET, align="centre")
    write(canvas, "or type this code", centre, top - (QR_MM + 11) * MM, 6.5, colour=QUIET, align="centre")


def later_head(canvas: Canvas, page: Page, paper: Paper, title: Bilingual, tag: Bilingual | None) -> None:
    """The head of the second and later pages."""
    top = page.height - 12 * MM
    style.mark(canvas, MARGIN, top - 8 * MM, 8 * MM)
    write(canvas, title.zh, MARGIN + 11 * MM, top - 3.6 * MM, 10.5, font=BOLD)
    write(canvas, title.en, MARGIN + 11 * MM, top - 7.4 * MM, 7.5, colour=QUIET)
    if tag:
        after = max(fonts.width(title.zh, BOLD) * 10.5, fonts.width(title.en) * 7.5)
        _tag(canvas, tag, MARGIN + 15 * MM + after, top - 5.4 * MM)
    write(canvas, paper.number, page.right, top - 3.8 * MM, 10.5, font=BOLD, align="right")
    write(canvas, paper.site.zh, page.right, top - 7.6 * MM, 7.5, colour=QUIET, align="right")


def _tag(canvas: Canvas, tag: Bilingual, x: float, baseline: float) -> None:
    text = f"{tag.zh}  {tag.en}"
    wide = fonts.width(text, BOLD) * 8 + 5 * MM
    canvas.setFillColor(SOFT)
    canvas.roundRect(x, baseline - 1.5 * MM, wide, 5.6 * MM, 2.8 * MM, stroke=0, fill=1)
    write(canvas, text, x + 2.5 * MM, baseline + 0.3 * MM, 8, font=BOLD, colour=ACCENT)


def foot(canvas: Canvas, page: Page, paper: Paper, this: int, pages: int, locale: str) -> None:
    """Who issued it and when, which page this is, and that a scan decides."""
    style.rule(canvas, MARGIN, 18 * MM, page.inner)
    issued = f"签发 Issued by {paper.issued_by}  |  {style.moment(paper.issued_at, paper.zone, locale)}"
    write_line(canvas, issued, "issued by", MARGIN, 13.6 * MM, page.inner - 76 * MM, 7.5, least=4.5)
    where = f"{paper.number}  |  第 {this} 页，共 {pages} 页  |  Page {this} of {pages}"
    write(canvas, where, page.right, 13.6 * MM, 7.5, align="right")
    chinese, english = (
        ("本单仅在门户显示有效时有效，请扫码核验。", "Valid only while the portal says so: scan to verify.")
        if paper.qr_text
        else ("以门户中的记录为准。", "What the portal holds is what counts.")
    )
    write(canvas, chinese, MARGIN, 9.6 * MM, 7.5, colour=QUIET)
    write(canvas, english, MARGIN + fonts.width(chinese) * 7.5 + 2 * MM, 9.6 * MM, 7.5, colour=QUIET)


class Facts:
    """Facts in two columns, ruled, each row as high as its longest value."""

    LABEL = 24 * MM
    BETWEEN = 8 * MM

    def __init__(self, page: Page, facts: Sequence[Fact]) -> None:
        self._page = page
        self._column = (page.inner - self.BETWEEN) / 2
        self._rows: list[list[tuple[Fact, Fitted]]] = []
        pending: list[tuple[Fact, Fitted]] = []
        for fact in facts:
            room = (self._page.inner if fact.wide else self._column) - self.LABEL
            value = fact.value or "—"
            if fact.wide:
                fitted = fit(fonts.with_marks(value), fact.label.en, room, 10, lines=20, height=58 * MM)
            else:
                fitted = fit_or_spread(value, fact.label.en, room, 10, font=BOLD, lines=2, most=6)
            if fact.wide or len(pending) == 2:
                self._rows.extend([pending] if pending else [])
                pending = []
            pending.append((fact, fitted))
            if fact.wide:
                self._rows.append(pending)
                pending = []
        self._rows.extend([pending] if pending else [])
        self._heights = [_stepped(max(fitted.height for _, fitted in row) + 3.6 * MM, 10 * MM) for row in self._rows]
        self.height = sum(self._heights)

    def draw(self, canvas: Canvas, top: float) -> None:
        style.rule(canvas, MARGIN, top, self._page.inner, colour=ACCENT, weight=1.2)
        for row, high in zip(self._rows, self._heights, strict=True):
            for place, (fact, fitted) in enumerate(row):
                x = MARGIN + place * (self._column + self.BETWEEN)
                middle = top - high / 2
                write(canvas, fact.label.zh, x, middle + 0.4 * MM, 8.5, colour=QUIET)
                write(canvas, fact.label.en, x, middle - 2.8 * MM, 6.5, colour=QUIET)
                lift = (high - fitted.height) / 2
                style.write_fitted(canvas, fitted, x + self.LABEL, top - lift)
            top -= high
            style.rule(canvas, MARGIN, top, self._page.inner)


class Table:
    """The numbered items. The head is repeated on each page, rows are never split."""

    NUMBER = 10 * MM
    PAD = 1.6 * MM
    head_height = 9 * MM

    def __init__(self, page: Page, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        self._page = page
        total = sum(column.width for column in columns) * MM + self.NUMBER
        assert abs(total - self._page.inner) < 1, f"columns are {total / MM:.1f} mm together, not {self._page.inner / MM:.1f}"
        self._columns = columns
        self._rows = [
            [self._cell(column, number, texts) for column, texts in zip(columns, row, strict=True)] for number, row in enumerate(rows, 1)
        ]
        self.heights = [_stepped(max(sum(line.height for line in cell) for cell in row) + 2.4 * MM, 8 * MM) for row in self._rows]

    def _cell(self, column: Column, number: int, texts: tuple[str, ...]) -> list[Fitted]:
        room = column.width * MM - 2 * self.PAD
        place = f"{column.label.en}, item {number}"
        cell = []
        for later, text in enumerate(filter(None, texts)):
            text = fonts.with_marks(text) if column.remark else text
            font = BOLD if column.strong and not later else REGULAR
            size = 7.5 if later and not column.even else 9
            cell.append(fit_or_spread(text, place, room, size, font=font, lines=3, most=20 if column.remark else 6))
        return cell

    def draw(self, canvas: Canvas, top: float, rows: range, *, continued: bool = False, crossed_to: float | None = None) -> float:
        """Draws the rows under a head; returns where it ended. `crossed_to`: the table reaches there, struck through."""
        begin = top
        top = self._head(canvas, top)
        for number in rows:
            high = self.heights[number]
            middle = top - high / 2
            write(canvas, str(number + 1), MARGIN + self.NUMBER - 3 * MM, middle - 3.1, 9, colour=QUIET, align="right")
            x = MARGIN + self.NUMBER
            for column, cell in zip(self._columns, self._rows[number], strict=True):
                if column.box:
                    canvas.setStrokeColor(QUIET)
                    canvas.setLineWidth(0.7)
                    canvas.rect(x + self.PAD, middle - 2.2 * MM, 4.4 * MM, 4.4 * MM, stroke=1, fill=0)
                hang = middle + sum(fitted.height for fitted in cell) / 2
                for place, fitted in enumerate(cell):
                    style.write_fitted(canvas, fitted, x + self.PAD, hang, colour=QUIET if place and not column.even else INK)
                    hang -= fitted.height
                x += column.width * MM
            top -= high
            style.rule(canvas, MARGIN, top, self._page.inner)
        if continued:
            write(
                canvas,
                "续下页 Continued on the next page",
                self._page.right,
                top - 5 * MM,
                7.5,
                colour=QUIET,
                align="right",
            )
        if crossed_to is not None:
            self._cross(canvas, top, crossed_to)
            top = crossed_to
            canvas.setStrokeColor(LINE)
            canvas.setLineWidth(0.5)
            canvas.rect(MARGIN, top, self._page.inner, begin - top, stroke=1, fill=0)
        return top

    def _head(self, canvas: Canvas, top: float) -> float:
        canvas.setFillColor(SOFT)
        canvas.rect(MARGIN, top - self.head_height, self._page.inner, self.head_height, stroke=0, fill=1)
        x = MARGIN + self.NUMBER
        write(canvas, "序", MARGIN + self.NUMBER - 3 * MM, top - 3.8 * MM, 8, font=BOLD, colour=ACCENT, align="right")
        write(canvas, "No.", MARGIN + self.NUMBER - 3 * MM, top - 7 * MM, 6.5, colour=ACCENT, align="right")
        for column in self._columns:
            write(canvas, column.label.zh, x + self.PAD, top - 3.8 * MM, 8, font=BOLD, colour=ACCENT)
            write(canvas, column.label.en, x + self.PAD, top - 7 * MM, 6.5, colour=ACCENT)
            x += column.width * MM
        return top - self.head_height

    def _cross(self, canvas: Canvas, top: float, bottom: float) -> None:
        """The line through the rest of the table, as a Z over its whole width, with words that say why."""
        inset = 3 * MM
        left, right, high, low = MARGIN + inset, self._page.right - inset, top - inset, bottom + inset
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.8)
        canvas.setLineJoin(1)  # round: a sharp corner of so small an angle would stick out
        path = canvas.beginPath()
        path.moveTo(left, high)
        path.lineTo(right, high)
        path.lineTo(left, low)
        path.lineTo(right, low)
        canvas.drawPath(path, stroke=1, fill=0)
        canvas.setLineJoin(0)
        words = "以下空白 Nothing below this line"
        middle, wide = (top + bottom) / 2, fonts.width(words) * 8 + 6 * MM
        canvas.setFillColor(WHITE)
        canvas.rect(self._page.width / 2 - wide / 2, middle - 2.4 * MM, wide, 4.8 * MM, stroke=0, fill=1)
        write(canvas, words, self._page.width / 2, middle - 1 * MM, 8, colour=QUIET, align="centre")


class Tail:
    """What follows the items: their count, what the paper lets do, and who signs."""

    TOTAL = 12 * MM
    NOTE = 8 * MM
    BOX = 32 * MM

    def __init__(self, page: Page, total: Bilingual, notes: Sequence[Bilingual], signatures: Sequence[Signature]) -> None:
        self._page = page
        self._total, self._notes, self._signatures = total, notes, signatures
        self.height = self.TOTAL + self.NOTE * len(notes) + (GAP + self.BOX if signatures else 0)

    def draw(self, canvas: Canvas, top: float) -> None:
        canvas.setFillColor(SOFT)
        canvas.roundRect(MARGIN, top - self.TOTAL, self._page.inner, self.TOTAL, 1.6 * MM, stroke=0, fill=1)
        write(canvas, self._total.zh, MARGIN + 4 * MM, top - 5.4 * MM, 11, font=BOLD)
        write(canvas, self._total.en, MARGIN + 4 * MM, top - 9.6 * MM, 8, colour=QUIET)
        top -= self.TOTAL
        for note in self._notes:
            write(canvas, note.zh, MARGIN, top - 4.8 * MM, 8)
            write(canvas, note.en, MARGIN, top - 7.8 * MM, 7, colour=QUIET)
            top -= self.NOTE
        if self._signatures:
            self._sign(canvas, top - GAP)

    def _sign(self, canvas: Canvas, top: float) -> None:
        count = len(self._signatures)
        wide = (self._page.inner - GAP * (count - 1)) / count
        for place, signature in enumerate(self._signatures):
            x = MARGIN + place * (wide + GAP)
            canvas.setStrokeColor(LINE)
            canvas.setLineWidth(0.6)
            canvas.roundRect(x, top - self.BOX, wide, self.BOX, 1.6 * MM, stroke=1, fill=0)
            write(canvas, signature.role.zh, x + 3 * MM, top - 5 * MM, 9, font=BOLD)
            write(canvas, signature.role.en, x + 3 * MM, top - 8.2 * MM, 6.5, colour=QUIET)
            for line, (label, value) in enumerate((("姓名 Name", signature.name), ("签名 Sign", ""), ("日期 Date", ""))):
                y = top - (14 + 7.5 * line) * MM
                write(canvas, label, x + 3 * MM, y, 7, colour=QUIET)
                style.rule(canvas, x + 17 * MM, y - 0.8 * MM, wide - 20 * MM)
                if value:
                    fitted = fit(value, signature.role.en, wide - 20 * MM, 9, least=4.5, height=5.6 * MM)
                    style.write_fitted(canvas, fitted, x + 17 * MM, y + fitted.height - 0.28 * fitted.size)


def _stepped(height: float, least: float) -> float:
    """At least `least`, else the next half step of the grid that holds `height`."""
    half = style.GRID * MM / 2
    return max(least, -(-height // half) * half)
