"""Sorting a request and passing it on (R-C2): kind, priority, department, person, watchers; what is kept for good (R-C5)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from portal.accounts.models import User
from portal.kernel import change
from portal.kernel.constraints import add_unless_there
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Permission
from portal.tickets import emails, rules, telling, timing
from portal.tickets.lifecycle import OPEN
from portal.tickets.models import Department, Ticket, TicketKind, TicketWatcher
from portal.tickets.services import record


@dataclass(frozen=True, slots=True)
class HandOver:
    """To which department, and to whom in it (None: whoever of it takes it), with the reason."""

    department_id: uuid.UUID
    assignee_id: uuid.UUID | None
    reason: str


def take(ticket: Ticket, actor: Actor, now: datetime) -> None:
    """Takes a request in hand that nobody has. Raises Conflict when somebody was faster."""
    _work_on(ticket, actor)
    if ticket.assignee_id is not None:
        raise Conflict(ticket.number, "take", ticket.state, ticket.LIFECYCLE.states[ticket.state].label)
    ticket.assignee_id = actor.user_id
    record("ticket.taken", ticket, actor, now, {"assignee": actor.name})


def hand_over(ticket: Ticket, command: HandOver, actor: Actor, now: datetime) -> None:
    """Passes it to another department or person, who is told. Raises Refused when that person does not work there."""
    _work_on(ticket, actor)
    department = session().get(Department, command.department_id)
    if department is None:
        raise NotFound(command.department_id)
    assignee = session().get(User, command.assignee_id) if command.assignee_id else None
    if command.assignee_id and (assignee is None or assignee.state != "active" or assignee.role != department.role):
        raise Refused(rules.NOT_THEIRS)
    ticket.department_id, ticket.assignee_id = department.id, command.assignee_id
    ticket.handed_over += 1
    session().flush()
    facts = {"department": department.name, "assignee": assignee.name if assignee else ""}
    record("ticket.handed_over", ticket, actor, now, facts, command.reason)
    telling.staff(emails.HANDED, ticket, now, but=actor.user_id, who=actor.name, reason=command.reason)


def sort(ticket: Ticket, kind_id: uuid.UUID, priority: str, actor: Actor, now: datetime) -> None:
    """Corrects kind and priority: the deadlines are worked out anew from when it came in, by the new kind's terms, its pauses left out.

    A kind of another department passes it on. What was granted a complaint goes with its being one.
    """
    _work_on(ticket, actor)
    kind = session().get(TicketKind, kind_id)
    if kind is None or not (kind.active or kind.id == ticket.kind_id):
        raise Refused(rules.KIND_GONE)
    if kind.id != ticket.kind_id:
        if session().get_one(TicketKind, ticket.kind_id).department_id != kind.department_id:
            ticket.department_id, ticket.assignee_id = kind.department_id, None
        ticket.kind_id, ticket.type = kind.id, kind.type
        if kind.type != "complaint":
            ticket.extended_at = ticket.extended_by_id = None
            ticket.serious, ticket.upheld, ticket.fault_department_id = False, None, None
    ticket.priority = priority
    session().flush()
    desk = timing.times()
    if ticket.answered_at is None:
        ticket.answer_due_at = timing.answer_due(kind, ticket.received_at, desk)
    due = timing.settle_due(ticket, kind, desk)
    ticket.settle_due_at, ticket.near_at = due["settle_due_at"], due["near_at"]  # type: ignore[assignment]
    ticket.level = rules.level_at(now, ticket.near_at, ticket.settle_due_at)
    session().flush()
    record(
        "ticket.sorted", ticket, actor, now, {"kind": kind.code, "priority": priority, "until": telling.local_text(ticket.settle_due_at)}
    )


def watch(ticket: Ticket, watching: bool, actor: Actor, now: datetime) -> None:
    """Follows a request, or no longer. Twice is once."""
    if not actor.may(Permission.TICKET_WORK) or actor.user_id is None:
        raise Forbidden(Permission.TICKET_WORK)
    there = select(TicketWatcher.id).where(TicketWatcher.ticket_id == ticket.id, TicketWatcher.user_id == actor.user_id)
    if watching and session().scalar(there) is None:
        add_unless_there(TicketWatcher, created_at=now, ticket_id=ticket.id, user_id=actor.user_id)
    elif not watching:
        session().execute(delete(TicketWatcher).where(TicketWatcher.ticket_id == ticket.id, TicketWatcher.user_id == actor.user_id))


def keep_for_good(ticket: Ticket, important: bool, actor: Actor, now: datetime) -> None:
    """Marks an important record, whose personal data stays, or takes the mark away (R-C5)."""
    if not actor.may(Permission.TICKET_SUPERVISE):
        raise Forbidden(Permission.TICKET_SUPERVISE)
    change.lock(ticket)
    ticket.important = important
    record("ticket.kept" if important else "ticket.not_kept", ticket, actor, now, {})


def _work_on(ticket: Ticket, actor: Actor) -> None:
    if not actor.may(Permission.TICKET_WORK) or actor.is_client:
        raise Forbidden(Permission.TICKET_WORK)
    change.lock(ticket)
    if ticket.state not in OPEN:
        raise Refused(rules.OVER(number=ticket.number))
