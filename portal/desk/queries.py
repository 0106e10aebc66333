"""The desk: what waits for the actor, the figures, today's arrivals, and the notices. Each area answers for itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import func, select

from portal.accounts import queries as accounts
from portal.badges import queries as badges
from portal.clients import queries as clients
from portal.conduct import queries as conduct
from portal.contracts import queries as contracts
from portal.desk.gathering import gathered
from portal.desk.items import Counts, DueItem, Figure, Waits
from portal.emergencies import queries as emergencies
from portal.equipment import queries as equipment
from portal.evidence import queries as evidence
from portal.exits import queries as exits
from portal.gate import queries as gate
from portal.gate.offline import queries as gate_offline
from portal.kernel.db import session
from portal.kernel.policy import Actor
from portal.network import queries as network
from portal.oncall import queries as oncall
from portal.outbox.models import Notice
from portal.reviews import queries as reviews
from portal.shifts import queries as shifts
from portal.tickets import queries as tickets
from portal.visits import queries as visits
from portal.workorders import queries as workorders

LATEST = datetime.max.replace(tzinfo=UTC)
WAITING = (
    emergencies,
    oncall,
    badges,
    visits,
    workorders,
    exits,
    contracts,
    network,
    accounts,
    reviews,
    gate_offline,
    conduct,
    shifts,
    evidence,
    tickets,
)
COUNTING = (
    emergencies,
    badges,
    visits,
    workorders,
    exits,
    equipment,
    gate,
    contracts,
    network,
    accounts,
    clients,
    reviews,
    gate_offline,
    conduct,
    shifts,
    tickets,
)


def waiting(actor: Actor, now: datetime) -> list[DueItem]:
    """Everything that waits for the actor, the most urgent first."""
    asked = [found for area in WAITING for found in area.waiting_for(actor, now)]
    items = [found for found in asked if isinstance(found, DueItem)] + gathered([found for found in asked if isinstance(found, Waits)])
    return sorted(items, key=lambda item: item.due_at or LATEST)


def figures(actor: Actor, now: datetime) -> list[Figure]:
    """The actor's figures, from each area that has one for this role."""
    return counted([asked for area in COUNTING if (asked := area.counts(actor, now)) is not None])


def counted(asked: Sequence[Counts]) -> list[Figure]:
    """The figures of what areas count: one query for all of them."""
    numbers = [number.scalar_subquery() for counts in asked for number in counts.numbers]
    found = iter(session().execute(select(*numbers)).one()) if numbers else iter(())
    return [figure for counts in asked for figure in counts.figures(*(int(n or 0) for n in islice(found, len(counts.numbers))))]


def unread_notices(user_id: uuid.UUID) -> int:
    """How many of the user's notices are unread, counted up to 100."""
    first = select(Notice.id).where(Notice.user_id == user_id, Notice.read_at.is_(None)).limit(100).subquery()
    return session().scalar(select(func.count()).select_from(first)) or 0
