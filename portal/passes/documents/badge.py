"""The badge card [R-B1, R-B4]: 85.6 x 54 mm, two sides; alone for a card printer, or ten on an A4 sheet for both sides.

Positions within a card are millimetres from its upper left corner.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import PDFError
from reportlab.pdfbase.pdfutils import readJPEGInfo
from reportlab.pdfgen.canvas import Canvas

from portal.passes import fonts, qr
from portal.passes.documents import style
from portal.passes.documents.style import ACCENT, INK, LINE, MM, QUIET, SOFT, WHITE, Bilingual
from portal.passes.fonts import BOLD, REGULAR
from portal.passes.token import group_short_code

WIDTH, HEIGHT = 85.6, 54.0
BLEED = 1.0  # what is printed beyond the edge, for a cut that is not exact
PHOTO = (4.0, 13.6, 22.0, 28.0)  # left, top, width, height
QR_MM = 19.0

COLUMNS, ROWS = 2, 5
BETWEEN = (4.0, 2.0)  # room between cards, across and down
MARK_FROM, MARK_TO = 1.5, 5.5  # crop marks, from the edge of the outermost cards

NAME = Bilingual("机房出入证", "Data center badge")


@dataclass(frozen=True, slots=True)
class Site:
    """Whose badge it is, and where a found one goes: an address in both languages and a telephone number."""

    name: Bilingual
    return_to: Bilingual
    phone: str


@dataclass(frozen=True, slots=True)
class Badge:
    """`photo` is a JPEG, embedded as it is and cropped to 22 x 28 mm around its middle. `short_code` without hyphens."""

    site: Site
    number: str
    holder: str
    client: str
    rooms: str
    valid_until: date
    photo: bytes
    qr_text: str
    short_code: str
    issued_by: str
    issued_at: datetime
    zone: ZoneInfo


class NotAJpeg(ValueError):
    """The photo is not a JPEG."""


def render(data: Badge, locale: str) -> bytes:
    """Two pages of the card's size, front and back. Raises DoesNotFit, fonts.NoGlyph, qr.TooDense, NotAJpeg."""
    buffer = BytesIO()
    canvas = style.new_canvas(buffer, locale, data.site.name, NAME, data.number, data.issued_at)
    canvas.setPageSize((WIDTH * MM, HEIGHT * MM))
    _Card(canvas, 0, 0).front(data, locale)
    canvas.showPage()
    _Card(canvas, 0, 0).back(data, locale)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def render_sheet(badges: Sequence[Badge], locale: str) -> bytes:
    """A4 pages of ten with crop marks: a page of fronts, then of their backs, for a printer that turns on the long edge.

    Raises as `render` does, ValueError when there are no badges.
    """
    if not badges:
        raise ValueError("no badges to print")
    buffer = BytesIO()
    numbers = f"{badges[0].number} … {badges[-1].number}"
    canvas = style.new_canvas(buffer, locale, badges[0].site.name, NAME, numbers, max(badge.issued_at for badge in badges))
    for start in range(0, len(badges), COLUMNS * ROWS):
        page = badges[start : start + COLUMNS * ROWS]
        for place, badge in enumerate(page):
            _Card(canvas, *_place(place // COLUMNS, place % COLUMNS)).front(badge, locale)
        _crop_marks(canvas)
        canvas.showPage()
        for place, badge in enumerate(page):
            # Mirrored left to right: so each back lies behind its front.
            _Card(canvas, *_place(place // COLUMNS, COLUMNS - 1 - place % COLUMNS)).back(badge, locale)
        _crop_marks(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _place(row: int, column: int) -> tuple[float, float]:
    """The lower left corner of a card on the A4 sheet, in points; the block of ten stands in the middle of the paper."""
    left = (A4[0] / MM - COLUMNS * WIDTH - (COLUMNS - 1) * BETWEEN[0]) / 2 + column * (WIDTH + BETWEEN[0])
    top = (A4[1] / MM - ROWS * HEIGHT - (ROWS - 1) * BETWEEN[1]) / 2 + row * (HEIGHT + BETWEEN[1])
    return left * MM, A4[1] - (top + HEIGHT) * MM


def _crop_marks(canvas: Canvas) -> None:
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.25)
    left, bottom = _place(ROWS - 1, 0)
    right, top = (A4[0] - left, A4[1] - bottom)
    near, far = MARK_FROM * MM, MARK_TO * MM
    lines = []
    for column in range(COLUMNS):
        x = _place(0, column)[0]
        for edge in (x, x + WIDTH * MM):
            lines += [(edge, top + near, edge, top + far), (edge, bottom - near, edge, bottom - far)]
    for row in range(ROWS):
        y = _place(row, 0)[1]
        for edge in (y, y + HEIGHT * MM):
            lines += [(left - near, edge, left - far, edge), (right + near, edge, right + far, edge)]
    canvas.lines(lines)


class _Photo(ImageReader):
    """A JPEG that reportlab embeds byte for byte: its own reader would unpack each one, to compare it with others."""

    def __init__(self, jpeg: bytes) -> None:
        try:
            info = readJPEGInfo(BytesIO(jpeg)) if jpeg.startswith(b"\xff\xd8\xff") else None
        except (PDFError, struct.error) as error:
            raise NotAJpeg(str(error)) from error
        if info is None:
            raise NotAJpeg("the photo does not begin as a JPEG does")
        self.width, self.height = info[:2]
        self._jpeg = jpeg
        self._dataA = None

    def getRGBData(self) -> bytes:  # noqa: N802
        return self._jpeg

    def jpeg_fh(self) -> BytesIO:  # type: ignore[override]
        return BytesIO(self._jpeg)


class _Card:
    """One side of a card, with its lower left corner at (x, y) points."""

    def __init__(self, canvas: Canvas, x: float, y: float) -> None:
        self._canvas, self._x, self._top = canvas, x, y + HEIGHT * MM

    def front(self, badge: Badge, locale: str) -> None:
        self._band(badge.site.name)
        self._photo(badge.photo)
        left, wide = 29.6, WIDTH - 29.6 - 4
        below = self._fitted(badge.holder, "holder", (left, 12.6, wide, 8), 14, BOLD)
        self._fitted(badge.client, "client", (left, below + 1.2, wide, 8.4), 8.5, REGULAR)
        right = WIDTH - 4 - QR_MM - 2
        self._write("准入机房 Rooms", left, 32.8, 6, colour=QUIET)
        self._fitted(badge.rooms, "rooms", (left, 33.6, right - left, 9.5), 8.5, BOLD, lines=3)
        self._write("有效期至 Valid until", left, 45.6, 6, colour=QUIET)
        until = style.day(badge.valid_until, locale)
        self._fitted(until, "valid until", (left, 46.2, right - left, 5), 9.5, BOLD, lines=1)
        self._write(badge.number, PHOTO[0], 46.2, 9, font=BOLD)
        self._write(group_short_code(badge.short_code), PHOTO[0], 49.6, 7, colour=QUIET)
        self._canvas.setFillColor(INK)
        x, y = self._at(WIDTH - 4 - QR_MM, 50.2)
        qr.draw(self._canvas, badge.qr_text, x, y, QR_MM)

    def back(self, badge: Badge, locale: str) -> None:
        self._write("进入须知", 4, 7, 8, font=BOLD, colour=ACCENT)
        self._write("House rules", 4 + fonts.width("进入须知", BOLD) * 8 / MM + 1.6, 7, 6.5, colour=ACCENT)
        top = 9.2
        for number, (chinese, english) in enumerate(style.HOUSE_RULES, 1):
            self._write(str(number), 4, top + 2.4, 7, font=BOLD, colour=ACCENT)
            self._write(chinese, 7, top + 2.4, 7)
            self._write(english, 7, top + 4.8, 5.5, colour=QUIET)
            top += 5.8
        self._write("仅限本人使用，不得转借；遗失立即报失。", 4, 36, 7, font=BOLD)
        self._write("Personal; not to be lent. Report a loss at once.", 4, 38.4, 5.5, colour=QUIET)
        self._write("仅在门户显示有效时有效。Valid only while the portal says so.", 4, 41.4, 5.5, colour=QUIET)
        self._return_to(badge.site)
        x, y = self._at(4, 49.6)
        self._canvas.setFillColor(SOFT)
        self._canvas.roundRect(x, y, (WIDTH - 8) * MM, 6 * MM, 0.8 * MM, stroke=0, fill=1)
        self._write("持证人签名", 5.6, 46.2, 5.5, colour=QUIET)
        self._write("Holder's signature", 5.6, 48.5, 5.5, colour=QUIET)
        issued = style.moment(badge.issued_at, badge.zone, locale)
        self._line(f"签发 Issued by {badge.issued_by}, {issued}", "issued by", 4, 52.3, 58, 5.5, colour=QUIET)
        self._write(badge.number, WIDTH - 4, 52.3, 5.5, colour=QUIET, align="right")

    def _return_to(self, site: Site) -> None:
        left, top, wide, high = 56.6, 4.0, 25.0, 34.8
        x, y = self._at(left, top + high)
        self._canvas.setStrokeColor(LINE)
        self._canvas.setLineWidth(0.4)
        self._canvas.roundRect(x, y, wide * MM, high * MM, 1.2 * MM, stroke=1, fill=0)
        self._write("拾获请交还", left + 2, top + 4, 7, font=BOLD, colour=ACCENT)
        self._write("If found, return to", left + 2, top + 6.5, 5.5, colour=ACCENT)
        room = (wide - 4) * MM
        chinese = style.fit(site.return_to.zh, "return to", room, 7, lines=4, least=5.5, height=12 * MM)
        english = style.fit(site.return_to.en, "return to", room, 5.5, lines=5, least=4.5, height=12.4 * MM)
        style.write_fitted(self._canvas, chinese, *self._at(left + 2, top + 8))
        below = self._at(left + 2, top + 8.6)[1] - chinese.height
        style.write_fitted(self._canvas, english, x + 2 * MM, below, colour=QUIET)
        phone = style.fit(site.phone, "telephone number", room, 8, font=BOLD, lines=1, least=5.5)
        style.write_fitted(self._canvas, phone, x + 2 * MM, y + 1.4 * MM + phone.height)

    def _band(self, name: Bilingual) -> None:
        canvas = self._canvas
        canvas.setFillColor(ACCENT)
        x, y = self._at(-BLEED, 10.6)
        canvas.rect(x, y, (WIDTH + 2 * BLEED) * MM, (10.6 + BLEED) * MM, stroke=0, fill=1)
        x, y = self._at(4, 8.4)
        style.mark(canvas, x, y, 6.2 * MM, colour=WHITE, on=ACCENT)
        self._line(name.zh, "data center", 12, 5.1, 44, 8.5, font=BOLD, colour=WHITE)
        self._line(name.en, "data center", 12, 8.1, 44, 6, colour=WHITE)
        self._write(NAME.zh, WIDTH - 4, 5.3, 10, font=BOLD, colour=WHITE, align="right")
        self._write(NAME.en, WIDTH - 4, 8.1, 6, colour=WHITE, align="right")

    def _photo(self, jpeg: bytes) -> None:
        photo, canvas = _Photo(jpeg), self._canvas
        left, top, wide, high = PHOTO
        x, y = self._at(left, top + high)
        scale = max(wide * MM / photo.width, high * MM / photo.height)
        drawn = (photo.width * scale, photo.height * scale)
        canvas.saveState()
        frame = canvas.beginPath()
        frame.roundRect(x, y, wide * MM, high * MM, 1.2 * MM)
        canvas.clipPath(frame, stroke=0, fill=0)
        canvas.drawImage(photo, x + (wide * MM - drawn[0]) / 2, y + (high * MM - drawn[1]) / 2, *drawn)
        canvas.restoreState()
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.4)
        canvas.roundRect(x, y, wide * MM, high * MM, 1.2 * MM, stroke=1, fill=0)

    def _at(self, left: float, down: float) -> tuple[float, float]:
        return self._x + left * MM, self._top - down * MM

    def _write(
        self,
        text: str,
        left: float,
        baseline: float,
        size: float,
        *,
        font: str = REGULAR,
        colour: Color = INK,
        align: str = "left",
    ) -> None:
        style.write(self._canvas, text, *self._at(left, baseline), size, font=font, colour=colour, align=align)

    def _line(
        self,
        text: str,
        place: str,
        left: float,
        baseline: float,
        wide: float,
        size: float,
        *,
        font: str = REGULAR,
        colour: Color = INK,
    ) -> None:
        x, y = self._at(left, baseline)
        style.write_line(self._canvas, text, place, x, y, wide * MM, size, least=4, font=font, colour=colour)

    def _fitted(self, text: str, place: str, box: tuple[float, float, float, float], size: float, font: str, lines: int = 2) -> float:
        """The text in a box (left, top, width, height); returns where its last line ends."""
        left, top, wide, high = box
        fitted = style.fit(text, place, wide * MM, size, font=font, lines=lines, height=high * MM)
        style.write_fitted(self._canvas, fitted, *self._at(left, top))
        return top + fitted.height / MM
