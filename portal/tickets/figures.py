"""The desk's figures of a month (R-C6, R-C9): every one counts records that the list can show."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import case, func, select

from portal.kernel import clock
from portal.kernel.db import session
from portal.tickets.lifecycle import OPEN
from portal.tickets.models import Ticket, TicketOpinion

TARGET = 0.9  # of the opinions are satisfied ones (R-C7)
AGES = (1, 3, 7, 30)  # days


@dataclass(frozen=True, slots=True)
class Row:
    """What came in of one kind, way and department: how many, settled, settled in time, at the first contact, registered late."""

    type: str
    channel: str
    department_id: uuid.UUID
    came: int
    settled: int
    in_time: int
    first_contact: int
    registered_late: int


@dataclass(frozen=True, slots=True)
class Line:
    """A sum of rows under one heading. Shares are None where nothing was settled."""

    key: object
    came: int
    settled: int
    in_time: int
    first_contact: int

    @property
    def share_in_time(self) -> float | None:
        return self.in_time / self.settled if self.settled else None

    @property
    def share_first_contact(self) -> float | None:
        return self.first_contact / self.settled if self.settled else None


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Opinions given in the month. `asked`: what was settled in it."""

    asked: int
    given: int
    satisfied: int
    points: int

    @property
    def share(self) -> float | None:
        return self.satisfied / self.given if self.given else None

    @property
    def response(self) -> float | None:
        return self.given / self.asked if self.asked else None

    @property
    def average(self) -> float | None:
        return self.points / self.given if self.given else None


@dataclass(frozen=True, slots=True)
class Month:
    """From the first day to the last, both of the site's days."""

    first: date

    @property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    @property
    def following(self) -> Month:
        return Month((self.first + timedelta(days=32)).replace(day=1))

    @property
    def before(self) -> Month:
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """UTC; the end not included."""
        return clock.at_local(self.first), clock.end_of(self.last)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def month_of(text: str, today: date) -> Month:
    """'2026-11' as the month; anything else is this month."""
    try:
        return Month(date.fromisoformat(f"{text}-01"))
    except ValueError:
        return Month(today.replace(day=1))


def came_in(month: Month) -> list[Row]:
    """What came in, grouped, in one query over the month's part of an index."""
    start, end = month.span

    settled = Ticket.settled_at.is_not(None)
    first = settled & (Ticket.settled_at == Ticket.answered_at) & (Ticket.rounds == 1) & (Ticket.handed_over == 0)
    sums = [
        func.sum(case((condition, 1), else_=0))
        for condition in (settled, settled & (Ticket.settled_at <= Ticket.settle_due_at), first, Ticket.registered_late)
    ]
    statement = (
        select(Ticket.type, Ticket.channel, Ticket.department_id, func.count(), *sums)
        .where(Ticket.received_at >= start, Ticket.received_at < end, Ticket.state != "merged")
        .group_by(Ticket.type, Ticket.channel, Ticket.department_id)
    )
    return [Row(*row) for row in session().execute(statement)]


def by(rows: Iterable[Row], key: Callable[[Row], object], order: Sequence[object]) -> list[Line]:
    """The rows summed under each heading, in the given order; headings under which nothing came are left out."""
    found: dict[object, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return [
        Line(heading, *(sum(getattr(row, name) for row in found[heading]) for name in ("came", "settled", "in_time", "first_contact")))
        for heading in order
        if heading in found
    ]


def satisfaction(month: Month) -> Satisfaction:
    start, end = month.span
    given = select(func.count(), func.sum(case((TicketOpinion.satisfied, 1), else_=0)), func.sum(TicketOpinion.score)).where(
        TicketOpinion.created_at >= start, TicketOpinion.created_at < end
    )
    number, satisfied, points = session().execute(given).one()
    asked = session().scalar(select(func.count()).select_from(Ticket).where(Ticket.settled_at >= start, Ticket.settled_at < end)) or 0
    return Satisfaction(asked, number, satisfied or 0, points or 0)


def points_off(month: Month) -> dict[uuid.UUID, int]:
    """Justified complaints that came in, by the department that each takes a point from (R-C6)."""
    start, end = month.span
    statement = (
        select(Ticket.fault_department_id, func.count())
        .where(Ticket.type == "complaint", Ticket.upheld.is_(True), Ticket.received_at >= start, Ticket.received_at < end)
        .group_by(Ticket.fault_department_id)
    )
    return {department: number for department, number in session().execute(statement) if department is not None}


def backlog(now: datetime) -> list[tuple[int | None, int]]:
    """What is open, by age: up to 1, 3, 7, 30 days, and older (None). One query."""
    steps = [now - timedelta(days=days) for days in AGES]
    bucket = case(*((Ticket.received_at > step, number) for number, step in enumerate(steps)), else_=len(steps))
    found: dict[int, int] = dict(session().execute(select(bucket, func.count()).where(Ticket.state.in_(OPEN)).group_by(bucket)).all())
    return [(days, found.get(number, 0)) for number, days in enumerate((*AGES, None))]
