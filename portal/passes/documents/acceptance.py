"""The acceptance record [R-W2]: what came, item by item, against the work order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from portal.passes.documents import sheet, style, words
from portal.passes.documents.blocks import Column, Fact, Signature
from portal.passes.documents.paper import Paper
from portal.passes.documents.sheet import Sheet
from portal.passes.documents.style import Bilingual


class Outcome(Enum):
    """How an item was found. The value is what is printed."""

    ACCEPTED = Bilingual("验收合格", "Accepted")
    MISSING = Bilingual("未到", "Missing")
    REFUSED = Bilingual("拒收", "Refused")


@dataclass(frozen=True, slots=True)
class AcceptedItem:
    """A line of the work order, or what came without being on it (always refused). `note` tells why, if there is a why."""

    model: str
    serial: str
    outcome: Outcome
    position: str
    note: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """`accepted_at` is aware; `work_order` is its number."""

    paper: Paper
    client: str
    contract: str
    work_order: str
    room: str
    accepted_at: datetime
    accepted_by: str
    brought_by: str
    items: Sequence[AcceptedItem]


TITLE = Bilingual("设备验收单", "Acceptance record")
COLUMNS = (
    Column(Bilingual("型号", "Model"), 48, strong=True),
    Column(Bilingual("序列号", "Serial number"), 36),
    Column(Bilingual("结果", "Outcome"), 20),
    Column(Bilingual("机位", "Position"), 28),
    Column(Bilingual("说明", "Note"), 36, remark=True),
)
NOTES = (
    Bilingual(
        "验收人已核对：包装已拆除，型号、序列号、数量与开工单一致。单外设备一律拒收。",
        "Checked: packaging off; model, serial number and count as on the work order. What was not listed is refused.",
    ),
)
SIGNATURES = (
    Bilingual("机房管理人员验收", "Accepted by machine-room staff"),
    Bilingual("客户或送货人确认", "Confirmed by client or carrier"),
)


def render(data: Acceptance, locale: str) -> bytes:
    """The record as a PDF."""
    paper = data.paper
    counts = {outcome: sum(i.outcome is outcome for i in data.items) for outcome in Outcome}
    accepted = counts[Outcome.ACCEPTED]
    others = [(outcome.value, count) for outcome, count in counts.items() if count and outcome is not Outcome.ACCEPTED]
    names = (data.accepted_by, data.brought_by)
    return sheet.render(
        paper,
        [
            Sheet(
                title=TITLE,
                facts=[
                    Fact(Bilingual("客户", "Client"), data.client),
                    Fact(Bilingual("托管合同", "Contract"), data.contract),
                    Fact(Bilingual("开工单", "Work order"), data.work_order),
                    Fact(Bilingual("机房", "Room"), data.room),
                    Fact(Bilingual("验收时间", "Accepted at"), style.moment(data.accepted_at, paper.zone, locale)),
                    Fact(Bilingual("送货人", "Brought by"), data.brought_by),
                ],
                columns=COLUMNS,
                rows=[
                    (
                        (i.model,),
                        (i.serial,),
                        (i.outcome.value.zh, i.outcome.value.en),
                        (i.position or "—",),
                        (i.note or "—",),
                    )
                    for i in data.items
                ],
                total=Bilingual(
                    f"验收合格：{words.in_chinese(accepted)}台（{accepted} 台）"
                    + "".join(f"，{outcome.zh} {count} 台" for outcome, count in others),
                    f"Accepted: {words.in_english(accepted)} ({accepted}) {words.items(accepted)}"
                    + "".join(f", {outcome.en.lower()}: {count}" for outcome, count in others),
                ),
                notes=NOTES,
                signatures=[Signature(role, name) for role, name in zip(SIGNATURES, names, strict=True)],
            )
        ],
        locale,
    )
