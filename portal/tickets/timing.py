"""A request's clock in the database: set going, stood still, set going again. Every deadline is worked out anew from its pauses."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from portal.calendar import queries as calendar
from portal.kernel.db import session
from portal.tickets import deadlines, rules
from portal.tickets.deadlines import Pause, Term, Times
from portal.tickets.models import ServiceHours, Ticket, TicketKind, TicketPause

BLOCK = 62  # days of the calendar that are read at once


class _Days:
    """Which days are working days, read from the calendar a block at a time."""

    def __init__(self) -> None:
        self._known: dict[date, bool] = {}

    def __call__(self, day: date) -> bool:
        if day not in self._known:
            self._known |= {found.day: found.working for found in calendar.days_of(day, day + timedelta(days=BLOCK))}
        return self._known[day]


def times() -> Times:
    """The desk's hours as they are set, over the calendar's working days."""
    found = session().scalars(select(ServiceHours)).one()
    return Times(found.opens, found.closes, _Days())


def answer_due(kind: TicketKind, received_at: datetime, desk: Times) -> datetime:
    """Until when the first answer is due; the client cannot be waited for before it."""
    over = deadlines.due(Term(kind.answer_amount, kind.answer_unit), received_at, (), desk)
    assert over is not None
    return over


def settle_term(ticket: Ticket, kind: TicketKind) -> Term:
    """The kind's term, or the longer one that the supervisor granted a complaint (R-C2)."""
    if ticket.extended_at is not None:
        return rules.COMPLAINT_EXTENDED
    return Term(kind.settle_amount, kind.settle_unit)


def settle_due(ticket: Ticket, kind: TicketKind, desk: Times | None = None) -> dict[str, datetime | int | None]:
    """The columns of the clock as they are to be now, from its pauses since it was set going."""
    desk, term = desk or times(), settle_term(ticket, kind)
    pauses = [
        Pause(row.starts_at, row.ends_at)
        for row in session().scalars(
            select(TicketPause)
            .where(TicketPause.ticket_id == ticket.id, TicketPause.starts_at >= ticket.clock_from)
            .order_by(TicketPause.starts_at)
        )
    ]
    return {
        "settle_due_at": deadlines.due(term, ticket.clock_from, pauses, desk),
        "near_at": deadlines.near(term, ticket.clock_from, pauses, desk),
    }


def stand_still(ticket: Ticket, now: datetime) -> None:
    """From now on the time of the client does not count. Flushes; the caller takes the columns from `settle_due`."""
    session().add(TicketPause(created_at=now, ticket_id=ticket.id, starts_at=now))
    session().flush()


def run_again(ticket: Ticket, now: datetime) -> None:
    """The client has answered, or nothing is waited for any more."""
    standing = update(TicketPause).where(TicketPause.ticket_id == ticket.id, TicketPause.ends_at.is_(None))
    session().execute(standing.values(ends_at=now).execution_options(synchronize_session=False))
