"""The access pass of one person [R-A1, R-A2]: amber for a visit, red for an emergency, striped, so that nobody takes it for a badge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from portal.passes import fonts
from portal.passes.documents import blocks, style
from portal.passes.documents.blocks import Fact
from portal.passes.documents.paper import MARGIN, PORTRAIT, Paper
from portal.passes.documents.style import HOUSE_RULES, INK, MM, QUIET, WHITE, Bilingual, fit, new_canvas, write, write_fitted
from portal.passes.fonts import BOLD

BAND = 9 * MM  # at the head and the foot of the page
STRIPE = 9 * MM


@dataclass(frozen=True, slots=True)
class Look:
    """What tells a kind from the others at arm's length."""

    title: Bilingual
    band: Color
    stripe: Color
    tint: Color
    dark: Color


LOOKS = {
    "visit": Look(
        Bilingual("临时进入证", "Temporary access pass"), HexColor("#f2b01e"), HexColor("#c47f00"), HexColor("#fdf3dc"), HexColor("#7a4d00")
    ),
    "emergency": Look(
        Bilingual("紧急进入证", "Emergency access pass"), HexColor("#d13a30"), HexColor("#96150f"), HexColor("#fdeceb"), HexColor("#8c1610")
    ),
}


@dataclass(frozen=True, slots=True)
class AccessPass:
    """One person, one room, one window. `document` as it may be printed (its kind, the number masked).

    `person` may be empty where the gate writes it down (an emergency). `escorted` None: not decided, so nothing is said.
    """

    paper: Paper
    kind: str
    person: str
    document: Bilingual
    client: str
    employer: str
    room: str
    starts_at: datetime
    ends_at: datetime
    escorted: bool | None
    reason: str
    tools: str = ""
    vehicles: Sequence[str] = ()
    opens_rack: bool | None = None


def render(passes: Sequence[AccessPass], locale: str) -> bytes:
    """A page for each, in one PDF. Raises DoesNotFit, fonts.NoGlyph, qr.TooDense."""
    first, buffer = passes[0], BytesIO()
    paper = first.paper
    canvas = new_canvas(buffer, locale, paper.site, LOOKS[first.kind].title, paper.number, paper.issued_at)
    for data in passes:
        _draw(canvas, data, locale)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Canvas, data: AccessPass, locale: str) -> None:
    page, look = PORTRAIT, LOOKS[data.kind]
    _striped(canvas, page.height - BAND, look)
    canvas.saveState()
    canvas.translate(0, -6 * MM)  # the band takes the place above the head
    blocks.head(canvas, page, data.paper, look.title, None)
    canvas.restoreState()
    top = _holder(canvas, page.body_top - 8 * MM, data, look, locale)
    facts = blocks.Facts(page, _facts(data))
    facts.draw(canvas, top - 6 * MM)
    top -= 6 * MM + facts.height
    _house_rules(canvas, top - 8 * MM, look)
    blocks.foot(canvas, page, data.paper, 1, 1, locale)


def _striped(canvas: Canvas, bottom: float, look: Look) -> None:
    """A band over the whole width with diagonal stripes."""
    width = PORTRAIT.width
    canvas.saveState()
    clip = canvas.beginPath()
    clip.rect(0, bottom, width, BAND)
    canvas.clipPath(clip, stroke=0, fill=0)
    canvas.setFillColor(look.band)
    canvas.rect(0, bottom, width, BAND, stroke=0, fill=1)
    canvas.setFillColor(look.stripe)
    x = -BAND
    while x < width:
        stripe = canvas.beginPath()
        stripe.moveTo(x, bottom)
        stripe.lineTo(x + BAND, bottom + BAND)
        stripe.lineTo(x + BAND + STRIPE / 2, bottom + BAND)
        stripe.lineTo(x + STRIPE / 2, bottom)
        stripe.close()
        canvas.drawPath(stripe, stroke=0, fill=1)
        x += STRIPE
    canvas.restoreState()


def _holder(canvas: Canvas, top: float, data: AccessPass, look: Look, locale: str) -> float:
    """Who, where, when: what the guard compares first. Returns where it ends."""
    page, high, pad = PORTRAIT, 62 * MM, 6 * MM
    left, inner = MARGIN + pad, PORTRAIT.inner - 2 * pad
    canvas.setFillColor(look.tint)
    canvas.roundRect(MARGIN, top - high, page.inner, high, 2.4 * MM, stroke=0, fill=1)
    _label(canvas, left, top - 6 * MM, Bilingual("持证人", "Holder"), look)
    if data.person:
        write_fitted(canvas, fit(data.person, "holder", inner * 0.58, 26, font=BOLD, lines=1, least=12), left, top - 8.5 * MM)
    else:
        style.rule(canvas, left, top - 18 * MM, inner * 0.5, colour=look.dark)
    document = fit(f"{data.document.zh} {data.document.en}", "document", inner * 0.58, 10, lines=2)
    write_fitted(canvas, document, left, top - 20.5 * MM)
    middle = MARGIN + page.inner * 0.62
    _label(canvas, middle, top - 6 * MM, Bilingual("机房", "Room"), look)
    write_fitted(canvas, fit(data.room, "room", page.right - pad - middle, 26, font=BOLD, lines=1, least=12), middle, top - 8.5 * MM)
    _escort(canvas, middle, top - 20.5 * MM, data, look)
    style.rule(canvas, left, top - 32 * MM, inner, colour=look.band, weight=0.8)
    zone = data.paper.zone
    for x, label, moment in (
        (left, Bilingual("自", "From"), data.starts_at),
        (MARGIN + page.inner / 2, Bilingual("至", "Until"), data.ends_at),
    ):
        _label(canvas, x, top - 38 * MM, label, look)
        local = moment.astimezone(zone)
        write(canvas, f"{local:%H:%M}", x, top - 49 * MM, 24, font=BOLD)
        write(canvas, style.day_of_week(local.date(), locale), x, top - 56 * MM, 11)
    return top - high


def _label(canvas: Canvas, x: float, y: float, label: Bilingual, look: Look) -> None:
    write(canvas, label.zh, x, y, 9, font=BOLD, colour=look.dark)
    write(canvas, label.en, x + fonts.width(label.zh, BOLD) * 9 + 1.6 * MM, y, 7, colour=look.dark)


def _escort(canvas: Canvas, x: float, top: float, data: AccessPass, look: Look) -> None:
    if data.escorted is None:
        return
    text = Bilingual("须全程陪同", "Escorted throughout") if data.escorted else Bilingual("可单独进入", "May enter alone")
    words = f"{text.zh} {text.en}"
    wide = fonts.width(words, BOLD) * 8.5 + 5 * MM
    canvas.setFillColor(look.dark if data.escorted else WHITE)
    canvas.setStrokeColor(look.dark)
    canvas.setLineWidth(0.7)
    canvas.roundRect(x, top - 6.4 * MM, wide, 6.4 * MM, 3.2 * MM, stroke=1, fill=1)
    write(canvas, words, x + 2.5 * MM, top - 4.3 * MM, 8.5, font=BOLD, colour=WHITE if data.escorted else look.dark)


def _facts(data: AccessPass) -> list[Fact]:
    facts = [Fact(Bilingual("托管客户", "Client"), data.client), Fact(Bilingual("所属单位", "Employer"), data.employer or data.client)]
    if data.opens_rack is not None:
        facts.append(Fact(Bilingual("打开机柜", "Opens a rack"), "是 Yes" if data.opens_rack else "否 No"))
    facts.append(Fact(Bilingual("车辆", "Vehicles"), ", ".join(data.vehicles)))
    facts.append(Fact(Bilingual("事由", "Reason"), data.reason, wide=True))
    if data.tools:
        facts.append(Fact(Bilingual("携带工具", "Tools carried"), data.tools, wide=True))
    return facts


def _house_rules(canvas: Canvas, top: float, look: Look) -> None:
    """R-E1 to R-E4, and whose this is."""
    page = PORTRAIT
    write(canvas, "机房守则", MARGIN, top, 11, font=BOLD)
    write(canvas, "House rules", MARGIN + fonts.width("机房守则", BOLD) * 11 + 2 * MM, top, 8.5, colour=QUIET)
    y = top - 7 * MM
    for number, (chinese, english) in enumerate(HOUSE_RULES, 1):
        canvas.setFillColor(look.dark)
        canvas.circle(MARGIN + 2.4 * MM, y + 1.2 * MM, 2.4 * MM, stroke=0, fill=1)
        write(canvas, str(number), MARGIN + 2.4 * MM, y + 0.2 * MM, 8, font=BOLD, colour=WHITE, align="centre")
        write(canvas, chinese, MARGIN + 8 * MM, y + 0.2 * MM, 9.5)
        write(canvas, english, MARGIN + 84 * MM, y + 0.2 * MM, 8, colour=QUIET)
        y -= 7 * MM
    style.rule(canvas, MARGIN, y + 2 * MM, page.inner)
    own = Bilingual(
        "仅限本人，凭有效身份证件，在上述时间进入上述机房；不得转借，离开时出示。",
        "For the holder alone, with a valid identity document, for this room and time. Not to be lent; show it again on leaving.",
    )
    write(canvas, own.zh, MARGIN, y - 3.5 * MM, 9, font=BOLD, colour=INK)
    write(canvas, own.en, MARGIN, y - 8 * MM, 7.5, colour=QUIET)
