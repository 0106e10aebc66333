"""The figures of the portal's state, each by a query that looks at few rows however large the tables are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select

from portal.audit.models import AuditEntry
from portal.emergencies.models import Emergency
from portal.exits.models import Exit
from portal.gate import queries as gate
from portal.gate.models import Presence
from portal.jobs import JobRun
from portal.kernel import clock
from portal.kernel.db import session
from portal.outbox.models import OutboxMessage
from portal.reviews.models import AccessReview

MOST = 10_000  # counted no further: what is worse is as bad

UNSEALED = select(AuditEntry.id).where(AuditEntry.seq.is_(None))
UNSENT = (OutboxMessage.sent_at.is_(None), OutboxMessage.failed_at.is_(None))

# What is past its time, by its kind: rows that an index finds.
OVERDUE: dict[str, Callable[[datetime], Select[Any]]] = {
    "overstay": lambda now: select(Presence.id).where(
        Presence.left_at.is_(None), or_(Presence.until_at < now, Presence.overstay_told_at.is_not(None))
    ),
    "access_review": lambda now: select(AccessReview.id).where(
        AccessReview.state.in_(("open", "lapsed")), AccessReview.due_on < clock.today(now)
    ),
    "emergency_report": lambda now: select(Emergency.id).where(Emergency.state == "report_due", Emergency.report_due_on < clock.today(now)),
    "equipment_return": lambda now: select(Exit.id).where(Exit.state == "awaiting_return", Exit.return_due_on < clock.today(now)),
}


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure as Prometheus takes it. `values` by label; without a label under ""."""

    name: str
    help: str
    values: dict[str, float] = field(default_factory=dict)
    label: str = ""


def gauges(now: datetime) -> list[Gauge]:
    """All of them, in a fixed number of queries."""
    waiting, oldest = unsent()
    return [
        Gauge("rackpass_outbox_unsent", "Messages that wait to be sent.", {"": waiting}),
        Gauge("rackpass_outbox_oldest_seconds", "How long the oldest of them waits.", {"": _age(oldest, now)}),
        Gauge("rackpass_audit_unsealed", "Audit entries that wait for their seal.", {"": counted(UNSEALED)}),
        Gauge("rackpass_inside", "People inside the machine rooms.", {"": gate.inside_counts(now)[0]}),
        Gauge("rackpass_overdue", "What is past its time.", {kind: counted(rows(now)) for kind, rows in OVERDUE.items()}, "kind"),
        Gauge("rackpass_job_age_seconds", "Since each periodic job last ran.", {n: _age(at, now) for n, at in job_runs().items()}, "job"),
    ]


def counted(rows: Select[Any]) -> int:
    """How many, up to MOST."""
    return session().scalar(select(func.count()).select_from(rows.limit(MOST).subquery())) or 0


def unsent() -> tuple[int, datetime | None]:
    """How many messages wait to be sent, up to MOST, and since when the oldest does."""
    some = select(OutboxMessage.created_at).where(*UNSENT).order_by(OutboxMessage.available_at).limit(MOST).subquery()
    number, oldest = session().execute(select(func.count(), func.min(some.c.created_at)).select_from(some)).one()
    return number, oldest


def job_runs() -> dict[str, datetime]:
    """When each periodic job last ran."""
    return {run.name: run.ran_at for run in session().execute(select(JobRun.name, JobRun.ran_at).order_by(JobRun.name))}


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
