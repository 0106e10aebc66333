"""The work order for a rack-in [R-W1]: what will be brought, when, by whom, and where it shall stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.passes.documents import sheet, style, words
from portal.passes.documents.blocks import Column, Fact, Signature
from portal.passes.documents.paper import Paper
from portal.passes.documents.sheet import Sheet
from portal.passes.documents.style import Bilingual


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One piece that will be brought. `height` in U; `position` is empty until the machine room has planned it."""

    model: str
    serial: str
    height: int
    power: int
    position: str


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """`arrives_at` is aware. `brought_by` names the people, or the carrier."""

    paper: Paper
    client: str
    contract: str
    room: str
    arrives_at: datetime
    brought_by: str
    contact: str
    remark: str
    items: Sequence[OrderItem]


TITLE = Bilingual("数据中心托管开工单", "Rack-in work order")
COLUMNS = (
    Column(Bilingual("型号", "Model"), 60, strong=True),
    Column(Bilingual("序列号", "Serial number"), 42),
    Column(Bilingual("高度", "Height"), 14),
    Column(Bilingual("功率", "Power"), 16),
    Column(Bilingual("计划机位", "Planned position"), 36),
)
NOTES = (
    Bilingual(
        "设备拆除包装后进入机房，按本单逐件验收；单上没有的设备不予验收，未到的设备记为缺件。",
        "Equipment comes in unpacked and is accepted item by item; what is not listed is refused, what did not come is "
        "recorded as missing.",
    ),
)
SIGNATURES = (
    Bilingual("业务人员开具", "Issued by sales"),
    Bilingual("机房管理人员接收", "Received by machine-room staff"),
    Bilingual("客户", "Client"),
)


def render(data: WorkOrder, locale: str) -> bytes:
    """The work order as a PDF."""
    paper = data.paper
    count, height, power = len(data.items), sum(i.height for i in data.items), sum(i.power for i in data.items)
    names = (paper.issued_by, "", "")
    return sheet.render(
        paper,
        [
            Sheet(
                title=TITLE,
                facts=[
                    Fact(Bilingual("客户", "Client"), data.client),
                    Fact(Bilingual("托管合同", "Contract"), data.contract),
                    Fact(Bilingual("机房", "Room"), data.room),
                    Fact(Bilingual("到达时间", "Arrives at"), style.moment(data.arrives_at, paper.zone, locale)),
                    Fact(Bilingual("送货人", "Brought by"), data.brought_by),
                    Fact(Bilingual("联系方式", "Contact"), data.contact),
                    Fact(Bilingual("备注", "Remark"), data.remark, wide=True),
                ],
                columns=COLUMNS,
                rows=[((i.model,), (i.serial,), (f"{i.height} U",), (f"{i.power} W",), (i.position or "—",)) for i in data.items],
                total=Bilingual(
                    f"共计：{words.in_chinese(count)}台（{count} 台），{height} U，{power:,} W",
                    f"In all: {words.in_english(count)} ({count}) {words.items(count)}, {height} U, {power:,} W",
                ),
                notes=NOTES,
                signatures=[Signature(role, name) for role, name in zip(SIGNATURES, names, strict=True)],
            )
        ],
        locale,
    )
