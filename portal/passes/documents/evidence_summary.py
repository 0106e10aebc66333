"""The summary of an evidence pack: what it covers, what it is known by, and how much each of its files holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from reportlab.pdfgen.canvas import Canvas

from portal.passes.documents import blocks, style
from portal.passes.documents.blocks import Column, Fact
from portal.passes.documents.paper import MARGIN, PORTRAIT, Page, Paper
from portal.passes.documents.sheet import divide
from portal.passes.documents.style import MM, QUIET, Bilingual, new_canvas, write, write_line
from portal.passes.fonts import BOLD


@dataclass(frozen=True, slots=True)
class Figure:
    """One file of the pack and how many rows it has."""

    file: str
    holds: Bilingual
    rows: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`made_at` is aware. `audit_head`: number and hash of the last sealed entry. `fingerprint`: of the key that signed the pack."""

    site: Bilingual
    number: str
    from_on: date
    to_on: date
    made_at: datetime
    asked_by: str
    zone: ZoneInfo
    audit_head: str
    fingerprint: str
    figures: Sequence[Figure]


TITLE = Bilingual("机房出入证据摘要", "Evidence of physical access: summary")
COLUMNS = (
    Column(Bilingual("文件", "File"), 42, strong=True),
    Column(Bilingual("内容", "What it holds"), 104, even=True),
    Column(Bilingual("行数", "Rows"), 22),
)
NOTES = (
    Bilingual(
        "离线核验：python verify_pack.py 证据包.zip --fingerprint 指纹（与门户页面上的指纹比对）。",
        "To verify offline: python verify_pack.py PACK.zip --fingerprint F, with the fingerprint that the portal's page shows.",
    ),
    Bilingual(
        "各文件与控制项的对应关系见 controls.md；证件号码只显示末四位。",
        "Which file answers which clause stands in controls.md. Of document numbers only the last four digits are shown.",
    ),
)


def render(data: Summary, locale: str) -> bytes:
    """The summary as a PDF. Raises DoesNotFit, fonts.NoGlyph."""
    page, buffer = PORTRAIT, BytesIO()
    paper = Paper(data.site, data.number, "", "", data.asked_by, data.made_at, data.zone)
    canvas = new_canvas(buffer, locale, data.site, TITLE, data.number, data.made_at)
    facts = blocks.Facts(
        page,
        [
            Fact(Bilingual("期间", "Period"), f"{style.day(data.from_on, locale)} – {style.day(data.to_on, locale)}"),
            Fact(Bilingual("制作时间", "Made at"), style.moment(data.made_at, data.zone, locale)),
            Fact(Bilingual("申请人", "Asked for by"), data.asked_by),
            Fact(Bilingual("签名算法", "Signed with"), "Ed25519"),
            Fact(Bilingual("公钥指纹", "Key (SHA-256)"), data.fingerprint, wide=True),
            Fact(Bilingual("审计链尾", "Audit head"), data.audit_head, wide=True),
        ],
    )
    rows = [((f.file,), (f.holds.zh, f.holds.en), (f"{f.rows:,}",)) for f in data.figures]
    table = blocks.Table(page, COLUMNS, rows)
    total = sum(f.rows for f in data.figures)
    said = Bilingual(f"共 {len(data.figures)} 个数据文件，{total:,} 行", f"{len(data.figures)} data files, {total:,} rows")
    tail = blocks.Tail(page, said, NOTES, ())
    first = page.body_top - facts.height - blocks.GAP
    pages = divide(
        table.heights,
        first=first - blocks.BODY_BOTTOM - table.head_height,
        later=page.later_top - blocks.BODY_BOTTOM - table.head_height,
        continued=blocks.CONTINUED,
        tail=tail.height + blocks.GAP,
    )
    for number, shown in enumerate(pages, 1):
        if number == 1:
            _head(canvas, page, data)
            facts.draw(canvas, page.body_top)
        else:
            blocks.later_head(canvas, page, paper, TITLE, None)
        top = first if number == 1 else page.later_top
        if shown and number < len(pages):
            table.draw(canvas, top, shown, continued=True)
        elif shown:
            tail.draw(canvas, table.draw(canvas, top, shown) - blocks.GAP)
        _foot(canvas, page, data, number, len(pages))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _head(canvas: Canvas, page: Page, data: Summary) -> None:
    top = page.height - 12 * MM
    style.mark(canvas, MARGIN, top - 8 * MM, 8 * MM)
    write_line(canvas, data.site.zh, "data center", MARGIN + 11 * MM, top - 3.6 * MM, page.inner - 12 * MM, 10.5, font=BOLD)
    write_line(canvas, data.site.en, "data center", MARGIN + 11 * MM, top - 7.4 * MM, page.inner - 12 * MM, 7.5, colour=QUIET)
    baseline = top - 20 * MM
    write(canvas, TITLE.zh, MARGIN, baseline, 24, font=BOLD)
    write(canvas, TITLE.en, MARGIN, baseline - 5.6 * MM, 10.5, colour=QUIET)
    write(canvas, "编号 No.", MARGIN, baseline - 14 * MM, 8, colour=QUIET)
    write(canvas, data.number, MARGIN + 15 * MM, baseline - 14 * MM, 13, font=BOLD)


def _foot(canvas: Canvas, page: Page, data: Summary, this: int, pages: int) -> None:
    style.rule(canvas, MARGIN, 18 * MM, page.inner)
    where = f"{data.number}  |  第 {this} 页，共 {pages} 页  |  Page {this} of {pages}"
    write(canvas, where, page.right, 13.6 * MM, 7.5, align="right")
    chinese, english = "本摘要不单独作为证据，以已签名的清单为准。", "No evidence by itself: the signed manifest decides."
    write(canvas, chinese, MARGIN, 13.6 * MM, 7.5, colour=QUIET)
    write(canvas, english, MARGIN, 9.6 * MM, 7.5, colour=QUIET)
