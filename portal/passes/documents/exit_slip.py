"""The exit slip [R-X1, R-X2, R-X3]: the gate's copy and the client's copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.passes.documents import sheet, style, words
from portal.passes.documents.blocks import Column, Fact, Signature
from portal.passes.documents.paper import Paper
from portal.passes.documents.sheet import Sheet
from portal.passes.documents.style import Bilingual


@dataclass(frozen=True, slots=True)
class ExitItem:
    """One piece of equipment that leaves; `position` is where it stood."""

    model: str
    serial: str
    asset_tag: str
    position: str


@dataclass(frozen=True, slots=True)
class ExitSlip:
    """`mover_document` is the mover's identity document as it may be printed (masked); `back_by` only when it returns."""

    paper: Paper
    purpose: Bilingual
    client: str
    contract: str
    leaves_on: date
    mover: str
    mover_document: str
    reason: str
    back_by: date | None
    items: Sequence[ExitItem]


TITLE = Bilingual("出门条", "Exit slip")
COPIES = (Bilingual("门岗联", "Gate copy"), Bilingual("客户联", "Client copy"))
COLUMNS = (
    Column(Bilingual("型号", "Model"), 58, strong=True),
    Column(Bilingual("序列号", "Serial number"), 42),
    Column(Bilingual("资产编号", "Asset tag"), 24),
    Column(Bilingual("原机位", "Position before"), 32),
    Column(Bilingual("核验", "Seen"), 12, box=True),
)
NOTES = (
    Bilingual(
        "凭本条仅放行上列设备：限当日、限搬运人本人、仅一次。复印、涂改、过期、已用或已作废的出门条无效。",
        "Lets out what is listed above, on its date, with its mover, once. A copy, an altered, used or cancelled slip is refused.",
    ),
)
SIGNATURES = (
    Bilingual("客服核对签发", "Checked and issued by customer service"),
    Bilingual("值班人员逐件核验放行", "Verified item by item by duty staff"),
    Bilingual("搬运人", "Mover"),
)


def render(data: ExitSlip, locale: str) -> bytes:
    """The slip as a PDF: all pages of the gate's copy, then those of the client's."""
    facts = [
        Fact(Bilingual("客户", "Client"), data.client),
        Fact(Bilingual("托管合同", "Contract"), data.contract),
        Fact(Bilingual("事由", "Purpose"), f"{data.purpose.zh} {data.purpose.en}"),
        Fact(Bilingual("出门日期", "Leaves on"), style.day_of_week(data.leaves_on, locale)),
        Fact(Bilingual("搬运人", "Mover"), data.mover),
        Fact(Bilingual("证件号码", "Identity document"), data.mover_document),
    ]
    if data.back_by:
        facts.append(Fact(Bilingual("预计返回", "Due back"), style.day_of_week(data.back_by, locale)))
    facts.append(Fact(Bilingual("说明", "Reason"), data.reason, wide=True))
    count = len(data.items)
    names = (data.paper.issued_by, "", data.mover)
    sheets = [
        Sheet(
            title=TITLE,
            tag=copy,
            facts=facts,
            columns=COLUMNS,
            rows=[((i.model,), (i.serial,), (i.asset_tag or "—",), (i.position,), ()) for i in data.items],
            total=Bilingual(
                f"共计：{words.in_chinese(count)}台（{count} 台）",
                f"In all: {words.in_english(count)} ({count}) {words.items(count)}",
            ),
            notes=NOTES,
            signatures=[Signature(role, name) for role, name in zip(SIGNATURES, names, strict=True)],
            crossed=True,
        )
        for copy in COPIES
    ]
    return sheet.render(data.paper, sheets, locale)
