"""Complaints (R-C2, R-C4, R-C6): more time, whether it is serious, whether it was justified and why, what is done about its cause."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from portal.accounts import queries as accounts
from portal.accounts.models import User
from portal.clients.models import Client
from portal.kernel import change
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.policy import STAFF_ROLES, Actor, Permission, Role
from portal.outbox.services import notify
from portal.tickets import emails, rules, telling, timing
from portal.tickets.lifecycle import OPEN
from portal.tickets.models import CorrectiveAction, Department, Ticket
from portal.tickets.services import actions_checked, kind_of, record


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether it was justified, what caused it, and, if it was, for which department the point counts (R-C6)."""

    upheld: bool
    cause: str
    department_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class NewAction:
    what: str
    owner_id: uuid.UUID
    due_on: date


def grant_more_time(ticket: Ticket, reason: str, actor: Actor, now: datetime) -> None:
    """The supervisor grants 7 working days instead of 3, once, with a reason that the client reads (R-C2)."""
    _complaint(ticket, actor, Permission.TICKET_SUPERVISE)
    if ticket.extended_at is not None:
        raise Refused(rules.EXTENDED_ALREADY)
    ticket.extended_at, ticket.extended_by_id, ticket.extension_reason = now, actor.user_id, reason
    session().flush()
    due = timing.settle_due(ticket, kind_of(ticket))
    ticket.settle_due_at, ticket.near_at = due["settle_due_at"], due["near_at"]  # type: ignore[assignment]
    ticket.level = rules.level_at(now, ticket.near_at, ticket.settle_due_at)
    session().flush()
    until = telling.local_text(ticket.settle_due_at)
    record("ticket.extended", ticket, actor, now, {"until": until}, reason)
    telling.client(emails.EXTENDED, ticket, now, until=until, reason=reason)


def call_serious(ticket: Ticket, reason: str, actor: Actor, now: datetime) -> None:
    """Reputation, money or safety: it goes to the supervisors and is decided there (R-C4)."""
    _complaint(ticket, actor, Permission.TICKET_WORK)
    ticket.serious, ticket.important = True, True
    record("ticket.serious", ticket, actor, now, {}, reason)
    data = {"number": ticket.number, "subject": ticket.subject, "client": _who(ticket), "reason": reason}
    notify(emails.SERIOUS, accounts.recipients_with_role(Role.SUPERVISOR), now, path=telling.path(ticket), data=data)


def judge(ticket: Ticket, command: Judgement, actor: Actor, now: datetime) -> None:
    """Says whether it was justified, and why it came to it. Of a serious one the supervisor alone. Raises Refused."""
    _complaint(ticket, actor, Permission.TICKET_WORK)
    if ticket.serious and not actor.may(Permission.TICKET_SUPERVISE):
        raise Refused(rules.SUPERVISOR_DECIDES)
    department = session().get(Department, command.department_id) if command.department_id else None
    if command.upheld and department is None:
        raise Refused(rules.FAULT_MISSING)
    ticket.upheld, ticket.cause = command.upheld, command.cause
    ticket.fault_department_id = department.id if department is not None and command.upheld else None
    facts = {"upheld": command.upheld, "department": department.name if department is not None and command.upheld else ""}
    record("ticket.judged", ticket, actor, now, facts, command.cause)


def add_action(ticket: Ticket, command: NewAction, actor: Actor, now: datetime) -> CorrectiveAction:
    """What is done so that it does not come again; its owner is told. Raises Refused when that is nobody of the staff."""
    _complaint(ticket, actor, Permission.TICKET_WORK, settled=True)
    owner = session().get(User, command.owner_id)
    if owner is None or owner.state != "active" or Role(owner.role) not in STAFF_ROLES:
        raise Refused(rules.NOT_THEIRS.on("owner"))
    action = CorrectiveAction(created_at=now, ticket_id=ticket.id, what=command.what, owner_id=owner.id, due_on=command.due_on)
    session().add(action)
    session().flush()
    record("ticket.action_added", ticket, actor, now, {"what": command.what, "owner": owner.name, "due_on": command.due_on.isoformat()})
    data = {"number": ticket.number, "what": command.what, "day": command.due_on.isoformat()}
    notify(emails.ACTION_GIVEN, accounts.recipient(owner.id), now, path=telling.path(ticket), data=data)
    return action


def finish_action(ticket: Ticket, action: CorrectiveAction, note: str, actor: Actor, now: datetime) -> None:
    """Its owner says what was done. Raises Forbidden for anyone else."""
    _action(ticket, action)
    if actor.user_id != action.owner_id:
        raise Forbidden("the owner alone says that it is done")
    if action.checked_at is not None:
        raise Refused(rules.OVER(number=ticket.number))
    action.done_at, action.done_note = now, note
    record("ticket.action_done", ticket, actor, now, {"what": action.what}, note)


def check_action(ticket: Ticket, action: CorrectiveAction, works: bool, note: str, actor: Actor, now: datetime) -> None:
    """Somebody other than its owner looks whether it works; if it does not, it is to be done again (R-C4)."""
    if not actor.may(Permission.TICKET_WORK):
        raise Forbidden(Permission.TICKET_WORK)
    _action(ticket, action)
    if refusal := rules.why_not_check(action.owner_id, actor.user_id):
        raise Refused(refusal)
    if action.done_at is None or action.checked_at is not None:
        raise Refused(rules.OVER(number=ticket.number).on("note"))
    action.check_note = note
    if works:
        with guarded({"ck_corrective_actions_checked_by_another": rules.OWNER_CHECKS}):
            action.checked_at, action.checked_by_id = now, actor.user_id
    else:
        action.done_at = None
    session().flush()
    record("ticket.action_checked" if works else "ticket.action_back", ticket, actor, now, {"what": action.what}, note)
    close_if_done(ticket, actor, now, because_of="ticket.action_checked")


def close_if_done(ticket: Ticket, actor: Actor, now: datetime, because_of: str) -> None:
    """Closes what the client is satisfied with, once every corrective action works."""
    if ticket.state == "settled" and ticket.satisfied and actions_checked(ticket):
        change.move(ticket, "satisfied", actor, now, values={"opinion_hash": None}, because_of=because_of)


def _complaint(ticket: Ticket, actor: Actor, permission: Permission, *, settled: bool = False) -> None:
    if not actor.may(permission) or actor.is_client:
        raise Forbidden(permission)
    change.lock(ticket)
    if ticket.type != "complaint":
        raise Refused(rules.ONLY_COMPLAINTS)
    if ticket.state not in (*OPEN, *(("settled",) if settled else ())):
        raise Refused(rules.OVER(number=ticket.number))


def _action(ticket: Ticket, action: CorrectiveAction) -> None:
    change.lock(ticket)
    change.lock(action)
    if action.ticket_id != ticket.id:
        raise NotFound(action.id)


def _who(ticket: Ticket) -> str:
    client = session().get(Client, ticket.client_id) if ticket.client_id else None
    return client.name if client is not None else ticket.contact_name
