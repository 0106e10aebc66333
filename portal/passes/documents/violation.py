"""The decision on a violation (违规处理决定) [R-S7]: what happened, what follows, until when the client may appeal. It opens no gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from portal.passes.documents import sheet, style
from portal.passes.documents.blocks import Column, Fact, Signature
from portal.passes.documents.paper import Paper
from portal.passes.documents.sheet import Sheet
from portal.passes.documents.style import Bilingual


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that follows, and for how long, where it has a time."""

    name: Bilingual
    term: Bilingual


@dataclass(frozen=True, slots=True)
class Decision:
    """`document` is masked already; moments are aware. No measures: the decision was lifted."""

    paper: Paper
    client: str
    person: str
    document: str
    rule: Bilingual
    severity: Bilingual
    happened_at: datetime
    place: str
    description: str
    reason: str
    stage: Bilingual
    measures: Sequence[Measure]
    appeal_until: date | None
    decided_by: str


TITLE = Bilingual("违规处理决定", "Decision on a violation")
COLUMNS = (
    Column(Bilingual("处理", "What follows"), 84, strong=True),
    Column(Bilingual("期限", "For how long"), 84, even=True),
)
LIFTED = Measure(Bilingual("原处理决定已撤销", "The decision is lifted"), Bilingual("—", ""))
APPEAL = Bilingual(
    "如有异议，可由托管客户管理员在门户申诉一次；申诉期间本决定继续有效。",
    "The client's administrator may appeal once in the portal; what was decided holds meanwhile.",
)
BARRED = Bilingual(
    "暂停或禁止进入自决定之时起生效，持有任何证件均不得进入。",
    "A suspension or ban holds from the moment of the decision, whatever pass the person has.",
)
SIGNATURES = (Bilingual("数据中心主管", "Data center supervisor"), Bilingual("托管客户签收", "Received by the client"))


def render(data: Decision, locale: str) -> bytes:
    """The decision as a PDF."""
    zone = data.paper.zone
    measures = list(data.measures) or [LIFTED]
    if data.appeal_until is not None:
        last = style.both_days(data.appeal_until)
        total = Bilingual(f"申诉期限：{last.zh}当日止", f"Appeal until the end of {last.en}")
        notes = [BARRED, APPEAL]
    else:
        total = Bilingual("本决定为最终决定", "This decision is final")
        notes = [BARRED]
    return sheet.render(
        data.paper,
        [
            Sheet(
                title=TITLE,
                tag=data.stage,
                facts=[
                    Fact(Bilingual("托管客户", "Client"), data.client),
                    Fact(Bilingual("当事人", "Person"), data.person),
                    Fact(Bilingual("证件号码", "Document"), data.document),
                    Fact(Bilingual("严重程度", "Severity"), f"{data.severity.zh} {data.severity.en}"),
                    Fact(Bilingual("发生时间", "Happened"), style.moment(data.happened_at, zone, locale)),
                    Fact(Bilingual("地点", "Place"), data.place),
                    Fact(Bilingual("违反的规定", "Rule broken"), f"{data.rule.zh}\n{data.rule.en}", wide=True),
                    Fact(Bilingual("经过", "What happened"), data.description, wide=True),
                    Fact(Bilingual("理由", "Reason"), data.reason, wide=True),
                ],
                columns=COLUMNS,
                rows=[((m.name.zh, m.name.en), (m.term.zh, m.term.en)) for m in measures],
                total=total,
                notes=notes,
                signatures=[Signature(SIGNATURES[0], data.decided_by), Signature(SIGNATURES[1])],
            )
        ],
        locale,
    )
