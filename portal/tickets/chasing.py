"""The desk's reminders, by the worker: near the deadline, late, without a first answer; what nobody gave an opinion on closes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select

from portal.accounts.models import User
from portal.kernel import change
from portal.kernel.db import session
from portal.kernel.policy import SYSTEM
from portal.tickets import emails, rules, telling
from portal.tickets.lifecycle import RUNNING
from portal.tickets.models import Department, Ticket
from portal.tickets.services import actions_checked, record
from portal.tickets.telling import local_text

BATCH = 200


def chase_due(now: datetime) -> int:
    """Tells whoever has it in hand at three quarters of the time; the head and the supervisors once it is late. Returns how many."""
    running = Ticket.state.in_(RUNNING) & Ticket.settle_due_at.is_not(None)
    told = 0
    for ticket in _due(running & (Ticket.level < 2) & (Ticket.settle_due_at <= now)):
        ticket.level = 2
        record("ticket.late", ticket, SYSTEM, now, {"until": local_text(ticket.settle_due_at)})
        assignee = session().get(User, ticket.assignee_id) if ticket.assignee_id else None
        telling.staff(
            emails.LATE, ticket, now, also=telling.heads(ticket), watchers=True, settle=local_text(ticket.settle_due_at),
            department=_department(ticket), assignee=assignee.name if assignee is not None else "—",
        )  # fmt: skip
        told += 1
    for ticket in _due(running & (Ticket.level < 1) & (Ticket.near_at <= now)):
        ticket.level = 1
        record("ticket.near", ticket, SYSTEM, now, {"until": local_text(ticket.settle_due_at)})
        telling.staff(emails.NEAR, ticket, now, settle=local_text(ticket.settle_due_at))
        told += 1
    unanswered = (Ticket.state == "new") & Ticket.answered_at.is_(None) & ~Ticket.unanswered_told & (Ticket.answer_due_at <= now)
    for ticket in _due(unanswered):
        ticket.unanswered_told = True
        record("ticket.unanswered", ticket, SYSTEM, now, {"until": local_text(ticket.answer_due_at)})
        telling.staff(
            emails.UNANSWERED,
            ticket,
            now,
            also=telling.heads(ticket),
            answer=local_text(ticket.answer_due_at),
            department=_department(ticket),
        )
        told += 1
    session().flush()
    return told


def close_unanswered(now: datetime) -> int:
    """Closes what was settled a week ago and got no opinion. A complaint stays open until the client is satisfied (R-C3)."""
    over = (Ticket.state == "settled") & (Ticket.type != "complaint") & (Ticket.settled_at <= now - rules.CLOSES_UNANSWERED)
    found = [ticket for ticket in _due(over) if actions_checked(ticket)]
    for ticket in found:
        change.move(ticket, "close_unanswered", SYSTEM, now, values={"opinion_hash": None})
    return len(found)


def _due(condition: ColumnElement[bool]) -> list[Ticket]:
    statement = select(Ticket).where(condition).order_by(Ticket.id).limit(BATCH).with_for_update(skip_locked=True)
    return list(session().scalars(statement.execution_options(populate_existing=True)))


def _department(ticket: Ticket) -> str:
    found = session().get_one(Department, ticket.department_id)
    return f"{found.name} / {found.name_en}"
