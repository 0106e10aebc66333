"""Who is told what about a request: the client's side, the department or who has it in hand, the head, the supervisor."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.accounts import queries as accounts
from portal.clients.models import Client
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.policy import Role
from portal.outbox.messages import Message, Recipient
from portal.outbox.services import notify, notify_desk
from portal.tickets import emails
from portal.tickets.models import Department, Ticket, TicketKind, TicketWatcher


def client(message: Message, ticket: Ticket, now: datetime, **data: str) -> None:
    """Tells who asked: the client's user, or the contact by e-mail, without a link for who has no account."""
    for recipient in _client_side(ticket):
        notify(message, [recipient], now, path=path(ticket) if recipient.user_id else "", data=_facts(ticket) | data)


def staff(
    message: Message,
    ticket: Ticket,
    now: datetime,
    *,
    but: uuid.UUID | None = None,
    watchers: bool = False,
    also: tuple[Recipient, ...] = (),
    **data: str,
) -> None:
    """Tells who has it in hand, else the whole department; with `watchers`, those who follow it, too; never `but`, who did it."""
    told = [*_hands(ticket), *also, *(_watchers(ticket) if watchers else ())]
    notify(message, [r for r in told if r.user_id != but or but is None], now, path=path(ticket), data=_facts(ticket) | data)


def receipt(ticket: Ticket, now: datetime) -> None:
    """The number, and until when it is answered and settled (R-C1)."""
    client(emails.RECEIPT, ticket, now, answer=local_text(ticket.answer_due_at), settle=local_text(ticket.settle_due_at))


def arrived(ticket: Ticket, kind: TicketKind, client_: Client | None, now: datetime, *, but: uuid.UUID | None) -> None:
    data = {
        "kind": f"{kind.name} / {kind.name_en}", "client": client_.name if client_ else ticket.contact_name,
        "answer": local_text(ticket.answer_due_at), "settle": local_text(ticket.settle_due_at),
    }  # fmt: skip
    told = [r for r in _hands(ticket) if but is None or r.user_id != but]
    notify(emails.ARRIVED, told, now, path=path(ticket), data=_facts(ticket) | data)


def settled(ticket: Ticket, result: str, token: str, now: datetime) -> None:
    """The result, with the link that asks for the opinion; a notice on the desk of who has an account."""
    for recipient in _client_side(ticket):
        notify(emails.SETTLED, [recipient], now, path=f"/opinion/{token}", data=_facts(ticket) | {"body": result})
        notify_desk(emails.SETTLED_DESK, recipient, now, path=path(ticket), data=_facts(ticket))


def heads(ticket: Ticket) -> tuple[Recipient, ...]:
    """The department's head and the supervisors: to whom what is late goes."""
    head = session().get_one(Department, ticket.department_id).head_id
    return (*accounts.recipient(head), *accounts.recipients_with_role(Role.SUPERVISOR))


def path(ticket: Ticket) -> str:
    return f"/requests/{ids.to_text(ticket.id)}"


def local_text(moment: datetime | None) -> str:
    """A moment for a message, in the site's zone."""
    if moment is None:
        return "—"
    local = clock.local(moment)
    midnight = (local.hour, local.minute) == (0, 0)  # a day's end is the minute before it, as people write it
    return f"{local - timedelta(minutes=1) if midnight else local:%Y-%m-%d %H:%M}"


def _facts(ticket: Ticket) -> dict[str, str]:
    return {"number": ticket.number, "subject": ticket.subject}


def _client_side(ticket: Ticket) -> list[Recipient]:
    if ticket.channel == "portal":
        return accounts.recipient(ticket.asked_by_id)
    if not ticket.contact_email:
        return []
    known = (
        [r for r in accounts.recipients_of_client(ticket.client_id) if r.address.lower() == ticket.contact_email.lower()]
        if ticket.client_id
        else []
    )
    return known or [Recipient(ticket.contact_email, ticket.locale)]


def _hands(ticket: Ticket) -> list[Recipient]:
    found = accounts.recipient(ticket.assignee_id)
    return found or accounts.recipients_with_role(Role(session().get_one(Department, ticket.department_id).role))


def _watchers(ticket: Ticket) -> list[Recipient]:
    watching = session().scalars(select(TicketWatcher.user_id).where(TicketWatcher.ticket_id == ticket.id))
    return [recipient for user_id in watching for recipient in accounts.recipient(user_id)]
