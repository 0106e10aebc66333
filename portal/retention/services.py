"""Setting retention periods, and carrying them out: personal data goes, figures and the audit chain stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.audit import services as audit
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, Refused
from portal.kernel.policy import SYSTEM, Actor, Permission
from portal.retention import queries, removing, rules
from portal.retention.models import RetentionPeriod
from portal.retention.queries import RETENTION


@dataclass(frozen=True, slots=True)
class NewPeriod:
    """`days` counts only where it is not kept for good. The reason in both languages; `clause`: what it rests on."""

    days: int | None
    for_good: bool
    reason_zh: str
    reason_en: str
    clause: str


def change_period(key: str, command: NewPeriod, actor: Actor, now: datetime) -> None:
    """Sets a kind's period, never below what the law asks for. Raises Refused, Forbidden, NotFound."""
    if not actor.may(Permission.RETENTION_WRITE):
        raise Forbidden(Permission.RETENTION_WRITE)
    before = queries.get_period(key)
    if refusal := rules.why_not_period(before.kind, command.days, for_good=command.for_good):
        raise Refused(refusal)
    days = None if command.for_good else command.days
    session().merge(
        RetentionPeriod(
            kind=key, days=days, for_good=command.for_good, reason_zh=command.reason_zh, reason_en=command.reason_en,
            clause=command.clause, changed_by_id=actor.user_id, changed_at=now,
        )
    )  # fmt: skip
    session().flush()
    audit.record(
        "retention.changed", "retention", RETENTION, key, actor, now,
        before={"days": before.days if before.days is not None else "∞"}, after={"days": days if days is not None else "∞"},
        reason=command.reason_zh or command.reason_en,
    )  # fmt: skip


def carry_out(now: datetime) -> dict[str, int]:
    """Removes what is over, a batch of each kind a run; says in the audit how much went. Returns the counts. For the worker.

    Safe to run again, and to be killed: each run does what is left.
    """
    removing.delete_contents(now)
    counts = {}
    for key, remove in removing.REMOVERS.items():
        before = queries.over_before(key, now)
        if before is not None and (count := remove(before, now)):
            counts[key] = count
    if counts:
        audit.record("retention.carried_out", "retention", RETENTION, "retention", SYSTEM, now, after=counts)
    return counts
