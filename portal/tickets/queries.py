"""Reading requests, within what the actor may see: a client its own, a department its own and what somebody in it has or follows (R-S2)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal.accounts.models import User
from portal.clients.models import Client
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.equipment.models import Equipment
from portal.files.models import StoredFile
from portal.kernel import ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins, is_number
from portal.kernel.i18n import _
from portal.kernel.policy import STAFF_ROLES, Actor, Permission
from portal.tickets.lifecycle import OPEN, RUNNING, TICKET
from portal.tickets.models import (
    CannedAnswer,
    CorrectiveAction,
    Department,
    ServiceHours,
    Ticket,
    TicketFile,
    TicketKind,
    TicketLink,
    TicketMessage,
    TicketOpinion,
    TicketWatcher,
)

INTERNAL = ("note", "call")


def select_tickets(actor: Actor) -> Select[Ticket]:
    """The requests that the actor's list is made from, with kind, department, person and client."""
    statement = select(Ticket).options(
        joinedload(Ticket.kind), joinedload(Ticket.department), joinedload(Ticket.assignee), joinedload(Ticket.client)
    )
    if actor.is_client:
        return statement.where(Ticket.client_id == actor.client_id)
    if actor.may(Permission.TICKET_READ_ALL):
        return statement
    department = select(Department.id).where(Department.role == actor.role.value).scalar_subquery()
    followed = select(TicketWatcher.ticket_id).where(TicketWatcher.user_id == actor.user_id)
    return statement.where(or_(Ticket.department_id == department, Ticket.assignee_id == actor.user_id, Ticket.id.in_(followed)))


def get_ticket(actor: Actor, ticket_id: uuid.UUID) -> Ticket:
    """Raises NotFound, for another client's or department's too."""
    found = session().scalars(select_tickets(actor).options(joinedload(Ticket.merged_into)).where(Ticket.id == ticket_id)).one_or_none()
    if found is None:
        raise NotFound(ticket_id)
    return found


def by_number(actor: Actor, number: str) -> Ticket | None:
    """The one with that number, if the actor may see it."""
    return session().scalars(select_tickets(actor).where(Ticket.number == number.strip().upper())).one_or_none()


def messages_of(actor: Actor, ticket: Ticket) -> list[tuple[TicketMessage, list[StoredFile]]]:
    """What was said, the oldest first, with what was attached; what is for staff alone only to staff. One query, at most 500 lines."""
    statement = (
        select(TicketMessage, StoredFile)
        .outerjoin(TicketFile, TicketFile.message_id == TicketMessage.id)
        .outerjoin(StoredFile, (StoredFile.id == TicketFile.file_id) & StoredFile.removed_at.is_(None))
        .where(TicketMessage.ticket_id == ticket.id)
        .order_by(TicketMessage.id, TicketFile.id)
        .limit(500)
    )
    if actor.is_client:
        statement = statement.where(TicketMessage.kind.not_in(INTERNAL))
    found: dict[uuid.UUID, tuple[TicketMessage, list[StoredFile]]] = {}
    for message, file in session().execute(statement):
        _message, files = found.setdefault(message.id, (message, []))
        if file is not None:
            files.append(file)
    return list(found.values())


def get_file(actor: Actor, ticket_id: uuid.UUID, file_id: uuid.UUID) -> StoredFile:
    """What is attached to a request, for whom may read that. Raises NotFound, for what is for staff alone to a client, too."""
    ticket = get_ticket(actor, ticket_id)
    statement = (
        select(StoredFile)
        .join(TicketFile, TicketFile.file_id == StoredFile.id)
        .join(TicketMessage, TicketMessage.id == TicketFile.message_id)
    )
    statement = statement.where(TicketFile.ticket_id == ticket.id, StoredFile.id == file_id, StoredFile.removed_at.is_(None))
    if actor.is_client:
        statement = statement.where(TicketMessage.kind.not_in(INTERNAL))
    file = session().scalars(statement).one_or_none()
    if file is None:
        raise NotFound(file_id)
    return file


def links_of(ticket: Ticket) -> list[TicketLink]:
    """What it is about, with the equipment's model and place."""
    item = joinedload(TicketLink.equipment)
    whole = (item.joinedload(Equipment.model), item.joinedload(Equipment.rack))
    others = (joinedload(TicketLink.badge), joinedload(TicketLink.visit), joinedload(TicketLink.contract))
    return list(
        session().scalars(select(TicketLink).where(TicketLink.ticket_id == ticket.id).options(*whole, *others).order_by(TicketLink.id))
    )


def opinions_of(ticket: Ticket) -> list[TicketOpinion]:
    return list(session().scalars(select(TicketOpinion).where(TicketOpinion.ticket_id == ticket.id).order_by(TicketOpinion.round)))


def actions_of(ticket: Ticket) -> list[CorrectiveAction]:
    statement = select(CorrectiveAction).where(CorrectiveAction.ticket_id == ticket.id).order_by(CorrectiveAction.id)
    return list(session().scalars(statement.options(joinedload(CorrectiveAction.owner), joinedload(CorrectiveAction.checked_by))))


def get_action(ticket: Ticket, action_id: uuid.UUID) -> CorrectiveAction:
    found = session().get(CorrectiveAction, action_id)
    if found is None or found.ticket_id != ticket.id:
        raise NotFound(action_id)
    return found


def watchers_of(ticket: Ticket) -> list[User]:
    """Who follows it."""
    statement = select(User).join(TicketWatcher, TicketWatcher.user_id == User.id).where(TicketWatcher.ticket_id == ticket.id)
    return list(session().scalars(statement.order_by(User.name)))


def kinds(*, all_of_them: bool = False) -> list[TicketKind]:
    """The kinds that are offered, or all, with their departments."""
    statement = (
        select(TicketKind).options(joinedload(TicketKind.department).joinedload(Department.head)).order_by(TicketKind.type, TicketKind.code)
    )
    return list(session().scalars(statement if all_of_them else statement.where(TicketKind.active)))


def get_kind(kind_id: uuid.UUID) -> TicketKind:
    found = session().get(TicketKind, kind_id)
    if found is None:
        raise NotFound(kind_id)
    return found


def departments() -> list[Department]:
    return list(session().scalars(select(Department).options(joinedload(Department.head)).order_by(Department.id)))


def get_department(department_id: uuid.UUID) -> Department:
    found = session().get(Department, department_id)
    if found is None:
        raise NotFound(department_id)
    return found


def hours() -> ServiceHours:
    return session().scalars(select(ServiceHours)).one()


def texts(*, all_of_them: bool = False) -> list[CannedAnswer]:
    statement = select(CannedAnswer).order_by(CannedAnswer.title, CannedAnswer.id).limit(200)
    return list(session().scalars(statement if all_of_them else statement.where(CannedAnswer.active)))


def get_text(text_id: uuid.UUID) -> CannedAnswer:
    found = session().get(CannedAnswer, text_id)
    if found is None:
        raise NotFound(text_id)
    return found


def staff() -> list[User]:
    """Everybody who may be given a request or an action, by name."""
    roles = [role.value for role in STAFF_ROLES]
    return list(session().scalars(select(User).where(User.role.in_(roles), User.state == "active").order_by(User.name).limit(500)))


def ticket_like(text: str) -> ColumnElement[bool]:
    """Those that a text means: by the beginning of their number, else by the beginning of the subject or by the client's name."""
    if is_number(text):
        return begins(Ticket.number, text.upper())
    return or_(Ticket.subject.istartswith(text, autoescape=True), Ticket.client_id.in_(Client.named(text)))


def in_state(value: str) -> ColumnElement[bool]:
    return Ticket.state.in_(OPEN if value == "open" else (value,))


def whose(value: str, actor: Actor) -> ColumnElement[bool]:
    """Mine, nobody's, or those that I follow."""
    if value == "mine":
        return Ticket.assignee_id == actor.user_id
    if value == "nobody":
        return Ticket.assignee_id.is_(None)
    return Ticket.id.in_(select(TicketWatcher.ticket_id).where(TicketWatcher.user_id == actor.user_id))


def late(now: datetime) -> ColumnElement[bool]:
    """Past their deadline and not settled."""
    return Ticket.state.in_(RUNNING) & (Ticket.settle_due_at <= now)


def next_due(ticket: Ticket) -> datetime | None:
    """By when the next thing is due: the first answer, then the settlement. None while the clock stands still."""
    if ticket.state == "new" and ticket.answered_at is None:
        return ticket.answer_due_at
    return ticket.settle_due_at if ticket.state in RUNNING else None


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """The client: what is asked of them, what wants their opinion. Staff: what is theirs, or their department's and nobody's."""
    if actor.is_client and actor.may(Permission.TICKET_ASK):
        wanted = Ticket.state.in_(("waiting", "settled")) & (Ticket.client_id == actor.client_id)
    elif actor.may(Permission.TICKET_WORK):
        department = select(Department.id).where(Department.role == actor.role.value).scalar_subquery()
        ours = Ticket.assignee_id.is_(None) & (Ticket.department_id == department)
        wanted = Ticket.state.in_(RUNNING) & or_(Ticket.assignee_id == actor.user_id, ours)
    else:
        return []
    columns = (Ticket.id, Ticket.number, Ticket.state, Ticket.subject, Ticket.answered_at, Ticket.answer_due_at, Ticket.settle_due_at)
    rows = select(*columns, func.coalesce(Client.name, Ticket.contact_name).label("who")).outerjoin(Client, Client.id == Ticket.client_id)
    return [Waits(rows.where(wanted).order_by(Ticket.settle_due_at).limit(20), _due)]


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The desk's figures: what is open, and how much of it is late."""
    if actor.is_client:
        mine = _count(Ticket.client_id == actor.client_id, Ticket.state.in_(OPEN))
        return Counts((mine,), lambda number: [Figure(_("Open requests"), number, "", "/requests/?state=open")] if number else [])
    if actor.may(Permission.TICKET_READ_ALL) and actor.may(Permission.TICKET_WORK):
        scope: tuple[ColumnElement[bool], ...] = ()
    elif actor.may(Permission.TICKET_WORK):
        scope = (Ticket.department_id == select(Department.id).where(Department.role == actor.role.value).scalar_subquery(),)
    else:
        return None

    def told(number: int, over: int) -> list[Figure]:
        sub = _("%(count)s past their deadline", count=over) if over else ""
        return [Figure(_("Open requests"), number, sub, "/requests/?state=open", "stop" if over else "")]

    return Counts((_count(Ticket.state.in_(OPEN), *scope), _count(late(now), *scope)), told)


def _count(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(Ticket).where(*conditions)


def _due(row: Any) -> DueItem:
    titles = {
        "waiting": _("Your answer is asked for: %(number)s", number=row.number),
        "settled": _("Are you satisfied? %(number)s", number=row.number),
    }
    title = titles.get(row.state) or _("Request %(number)s", number=row.number)
    return DueItem(title, f"{row.who} · {row.subject}", told(TICKET.states[row.state]), next_due(row), f"/requests/{ids.to_text(row.id)}")
