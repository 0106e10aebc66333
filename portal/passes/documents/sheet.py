"""The A4 document that work order, acceptance record, allocation sheet and exit slip are: head, facts, items, signatures.

A document is described (`Sheet`), measured and divided into pages, and only then drawn: so each page can say of how many it
is one, no row is split, and what does not fit is known before a line is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from portal.passes.documents import blocks
from portal.passes.documents.blocks import Column, Fact, Row, Signature
from portal.passes.documents.paper import PORTRAIT, Page, Paper
from portal.passes.documents.style import Bilingual, DoesNotFit, new_canvas


@dataclass(frozen=True, slots=True)
class Sheet:
    """One copy of a document, with page numbers of its own.

    `crossed`: what is left of the table after the last row is struck through, so that nothing can be added by hand.
    """

    title: Bilingual
    facts: Sequence[Fact]
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: Bilingual
    notes: Sequence[Bilingual] = ()
    signatures: Sequence[Signature] = ()
    tag: Bilingual | None = None
    crossed: bool = False
    page: Page = PORTRAIT


def render(paper: Paper, sheets: Sequence[Sheet], locale: str) -> bytes:
    """The PDF of all copies, one after the other. Raises DoesNotFit, fonts.NoGlyph, qr.TooDense."""
    buffer = BytesIO()
    canvas = new_canvas(buffer, locale, paper.site, sheets[0].title, paper.number, paper.issued_at)
    for sheet in sheets:
        canvas.setPageSize((sheet.page.width, sheet.page.height))
        _draw(canvas, paper, sheet, locale)
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Canvas, paper: Paper, sheet: Sheet, locale: str) -> None:
    page = sheet.page
    facts = blocks.Facts(page, sheet.facts)
    table = blocks.Table(page, sheet.columns, sheet.rows)
    tail = blocks.Tail(page, sheet.total, sheet.notes, sheet.signatures)
    first = page.body_top - facts.height - blocks.GAP
    closing = blocks.LEAST_CROSSED if sheet.crossed else 0.0
    pages = divide(
        table.heights,
        first=first - blocks.BODY_BOTTOM - table.head_height,
        later=page.later_top - blocks.BODY_BOTTOM - table.head_height,
        continued=blocks.CONTINUED,
        tail=tail.height + blocks.GAP + closing,
    )
    for number, rows in enumerate(pages, 1):
        last = number == len(pages)
        if number == 1:
            blocks.head(canvas, page, paper, sheet.title, sheet.tag)
            facts.draw(canvas, page.body_top)
            top = first
        else:
            blocks.later_head(canvas, page, paper, sheet.title, sheet.tag)
            top = page.later_top
        if not rows:
            pass  # the facts fill the page
        elif not last:
            table.draw(canvas, top, rows, continued=True)
        elif sheet.crossed:
            table.draw(canvas, top, rows, crossed_to=blocks.BODY_BOTTOM + tail.height + blocks.GAP)
            tail.draw(canvas, blocks.BODY_BOTTOM + tail.height)
        else:
            tail.draw(canvas, table.draw(canvas, top, rows) - blocks.GAP)
        blocks.foot(canvas, page, paper, number, len(pages), locale)
        canvas.showPage()


def divide(heights: Sequence[float], *, first: float, later: float, continued: float, tail: float) -> list[range]:
    """Which rows stand on which page. `first` and `later` are the room for rows on the first and on any other page.

    Each page but the last gives `continued` of it to the words that say so, the last gives `tail`. The tail never stands
    alone: at least one row goes with it, two where the page before keeps one. When the facts leave no room for that, the first page
    has no row. Raises DoesNotFit when a row is higher than a page.
    """
    pages: list[range] = []
    start, count = 0, len(heights)
    while True:
        room = later if pages else first
        if sum(heights[start:]) + tail <= room:
            return [*pages, range(start, count)]
        end, used = start, 0.0
        while end < count and used + heights[end] + continued <= room:
            used += heights[end]
            end += 1
        end = min(end, max(start + 1, count - 2))
        if end in (start, count):
            if pages:
                raise DoesNotFit(f"row {start + 1}", "table")
            end = start
        pages.append(range(start, end))
        start = end
