"""The evacuation list [R-A3]: who is inside, room by room, to be ticked off at the assembly point. A sheet of its own for each site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from reportlab.pdfgen.canvas import Canvas

from portal.passes import fonts
from portal.passes.documents import style
from portal.passes.documents.blocks import Column, Table
from portal.passes.documents.paper import MARGIN, PORTRAIT
from portal.passes.documents.style import ACCENT, INK, MM, QUIET, Bilingual, new_canvas, write, write_line
from portal.passes.fonts import BOLD


@dataclass(frozen=True, slots=True)
class Inside:
    """Somebody in a room. `escort` and `phone` may be empty; `since` is aware."""

    name: str
    client: str
    phone: str
    escort: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RoomInside:
    code: str
    name: Bilingual
    people: Sequence[Inside]


@dataclass(frozen=True, slots=True)
class SiteInside:
    """A site with all of its rooms, those without anybody too, so that it is known that they were looked at."""

    name: Bilingual
    rooms: Sequence[RoomInside]

    @property
    def total(self) -> int:
        return sum(len(room.people) for room in self.rooms)


@dataclass(frozen=True, slots=True)
class Evacuation:
    """`as_of` is aware, `zone` the sites'."""

    owner: Bilingual
    sites: Sequence[SiteInside]
    as_of: datetime
    zone: ZoneInfo


TITLE = Bilingual("疏散名单", "Evacuation list")
COLUMNS = (
    Column(Bilingual("已撤出", "Out"), 14, box=True),
    Column(Bilingual("姓名", "Person"), 32, strong=True),
    Column(Bilingual("客户", "Client"), 50, remark=True),
    Column(Bilingual("电话", "Phone"), 30),
    Column(Bilingual("陪同人员", "Escort"), 20),
    Column(Bilingual("进入时间", "In since"), 22),
)
PAGE = PORTRAIT
FIRST_TOP = PAGE.height - 46 * MM
LATER_TOP = PAGE.height - 26 * MM
BOTTOM = 34 * MM  # the lines to sign stand beneath
HEADING = 10 * MM
APART = 4 * MM


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one room on one page."""

    room: RoomInside
    table: Table
    rows: range


def render(data: Evacuation, locale: str) -> bytes:
    """The PDF, A4, all sites one after the other. Raises DoesNotFit, fonts.NoGlyph."""
    buffer = BytesIO()
    canvas = new_canvas(buffer, locale, data.owner, TITLE, style.moment(data.as_of, data.zone, locale), data.as_of)
    for site in data.sites:
        pages = _divided(site, data, locale)
        for number, parts in enumerate(pages, 1):
            _head(canvas, data, site, locale, first=number == 1)
            _parts(canvas, site, parts, top=FIRST_TOP if number == 1 else LATER_TOP, last=number == len(pages))
            _foot(canvas, data, site, number, len(pages), locale)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _divided(site: SiteInside, data: Evacuation, locale: str) -> list[list[_Part]]:
    """Which rows stand on which page; a room's heading never stands without a row."""
    pages: list[list[_Part]] = [[]]
    left = FIRST_TOP - BOTTOM
    for room in site.rooms:
        if not room.people:
            continue
        table = Table(PAGE, COLUMNS, [_row(person, data, locale) for person in room.people])
        start = 0
        while start < len(table.heights):
            room_for_rows = left - HEADING - table.head_height
            end, used = start, 0.0
            while end < len(table.heights) and used + table.heights[end] <= room_for_rows:
                used += table.heights[end]
                end += 1
            if end == start:
                pages.append([])
                left = LATER_TOP - BOTTOM
                continue
            pages[-1].append(_Part(room, table, range(start, end)))
            left -= HEADING + table.head_height + used + APART
            start = end
    return pages


def _row(person: Inside, data: Evacuation, locale: str) -> tuple[tuple[str, ...], ...]:
    local = person.since.astimezone(data.zone)
    return (
        (),
        (fonts.with_marks(person.name),),
        (person.client,),
        (person.phone or "—",),
        (fonts.with_marks(person.escort) if person.escort else "—",),
        (f"{local:%H:%M}", style.day(local.date(), locale)),
    )


def _head(canvas: Canvas, data: Evacuation, site: SiteInside, locale: str, *, first: bool) -> None:
    top = PAGE.height - 12 * MM
    style.mark(canvas, MARGIN, top - 8 * MM, 8 * MM)
    room = PAGE.inner - 70 * MM
    write_line(canvas, data.owner.zh if first else TITLE.zh, "data center", MARGIN + 11 * MM, top - 3.6 * MM, room, 10.5, font=BOLD)
    write_line(canvas, data.owner.en if first else TITLE.en, "data center", MARGIN + 11 * MM, top - 7.4 * MM, room, 7.5, colour=QUIET)
    as_of = style.moment(data.as_of, data.zone, locale)
    write(canvas, f"截至 As of {as_of}", PAGE.right, top - 3.8 * MM, 10.5, font=BOLD, align="right")
    if not first:
        write_line(canvas, f"{site.name.zh} {site.name.en}", "site", PAGE.right - 70 * MM, top - 8 * MM, 70 * MM, 7.5, colour=QUIET)
        return
    baseline = top - 20 * MM
    write(canvas, TITLE.zh, MARGIN, baseline, 24, font=BOLD)
    write(canvas, TITLE.en, MARGIN, baseline - 5.6 * MM, 10.5, colour=QUIET)
    write_line(canvas, f"{site.name.zh}  {site.name.en}", "site", MARGIN, baseline - 12 * MM, PAGE.inner - 60 * MM, 12, font=BOLD)
    write(canvas, str(site.total), PAGE.right, baseline - 3 * MM, 34, font=BOLD, align="right")
    write(canvas, "人在场 inside", PAGE.right, baseline - 10 * MM, 9, colour=QUIET, align="right")


def _parts(canvas: Canvas, site: SiteInside, parts: Sequence[_Part], *, top: float, last: bool) -> None:
    style.rule(canvas, MARGIN, top, PAGE.inner, colour=ACCENT, weight=1.2)
    for part in parts:
        heading = f"{part.room.name.zh}  {part.room.name.en}" + ("（续 continued）" if part.rows.start else "")
        write_line(canvas, heading, "room", MARGIN, top - 6.6 * MM, PAGE.inner - 40 * MM, 11, font=BOLD)
        write(canvas, f"{len(part.room.people)} 人", PAGE.right, top - 6.6 * MM, 11, font=BOLD, align="right")
        top = part.table.draw(canvas, top - HEADING, part.rows) - APART
    empty = [room.code for room in site.rooms if not room.people]
    if last and empty:
        # Many empty rooms are told as far as they fit; the screen lists them all.
        words = f"无人的机房 Nobody in: {'、'.join(empty[:24])}{' …' if len(empty) > 24 else ''}"
        write_line(canvas, words, "rooms", MARGIN, BOTTOM - 2 * MM, PAGE.inner, 9, colour=INK)


def _foot(canvas: Canvas, data: Evacuation, site: SiteInside, this: int, pages: int, locale: str) -> None:
    for label, x in (("清点人 Checked by", MARGIN), ("时间 Time", MARGIN + 92 * MM)):
        write(canvas, label, x, 22 * MM, 9)
        style.rule(canvas, x + 30 * MM, 21 * MM, 54 * MM)
    style.rule(canvas, MARGIN, 17 * MM, PAGE.inner)
    write(canvas, f"截至 As of {style.moment(data.as_of, data.zone, locale)}", MARGIN, 12.6 * MM, 7.5, colour=QUIET)
    where = f"第 {this} 页，共 {pages} 页  |  Page {this} of {pages}"
    write(canvas, where, PAGE.right, 12.6 * MM, 7.5, align="right")
