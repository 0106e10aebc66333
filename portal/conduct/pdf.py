"""From a violation to its paper: gathers what the decision shows, draws nothing itself."""

from __future__ import annotations

from flask_babel import force_locale

from config import Settings
from portal.conduct import queries, rules
from portal.conduct.models import Decision, EntryBan, Violation
from portal.kernel import clock
from portal.kernel.errors import NotFound
from portal.kernel.formats import mask
from portal.kernel.i18n import _
from portal.passes.documents import style
from portal.passes.documents import violation as document
from portal.passes.documents.paper import Paper
from portal.passes.documents.style import Bilingual

MOST = 900  # characters of free text on the paper; the portal has the rest
STAGES = {
    "decision": Bilingual("处理决定", "Decision"),
    "appeal": Bilingual("申诉答复", "Answer to the appeal"),
    "lifting": Bilingual("撤销", "Lifted"),
}


def decision(violation: Violation, settings: Settings, locale: str) -> bytes:
    """The decision as it holds now (R-S7). Raises NotFound before there is one."""
    made = queries.decisions_of(violation)
    if not made:
        raise NotFound(violation.id)
    last, ban = made[-1], queries.ban_of(violation)
    decided_by = queries.names_of([last.decided_by_id]).get(last.decided_by_id, "")
    place = " · ".join(filter(None, (violation.room.code if violation.room else "", violation.place)))
    return document.render(
        document.Decision(
            paper=Paper(
                site=Bilingual(settings.site_name_zh, settings.site_name_en),
                number=violation.number,
                qr_text="",
                short_code="",
                issued_by=decided_by,
                issued_at=last.created_at,
                zone=clock.zone(),
            ),
            client=violation.client.name,
            person=violation.person_name,
            document=mask(violation.person.document_number) if violation.person else "—",
            rule=_both(rules.BROKEN[violation.rule]),
            severity=_both(rules.SEVERITIES[violation.severity]),
            happened_at=violation.happened_at,
            place=place,
            description=_short(violation.description),
            reason=_short(last.reason),
            stage=STAGES[last.stage],
            measures=[document.Measure(_both(rules.MEASURES[key]), _term(key, last, ban)) for key in last.measures],
            appeal_until=violation.appeal_until if violation.state == "decided" else None,
            decided_by=decided_by,
        ),
        locale,
    )


def _term(key: str, made: Decision, ban: EntryBan | None) -> Bilingual:
    """For how long a measure holds."""
    if key == rules.BAN:
        return Bilingual("直至解除", "until it is lifted")
    if key == rules.SUSPENSION and made.days is not None and ban is not None:
        last = style.both_days(rules.last_suspended_day(clock.today(ban.from_at), made.days))
        days = "1 day" if made.days == 1 else f"{made.days} days"
        return Bilingual(f"{made.days} 天，至 {last.zh}当日止", f"{days}, to the end of {last.en}")
    return Bilingual("—", "")


def _both(text: str) -> Bilingual:
    with force_locale("zh_CN"):
        return Bilingual(_(text), text)


def _short(text: str) -> str:
    """As much of it as the paper has room for."""
    return text if len(text) <= MOST else text[:MOST].rstrip() + "……"
