"""What people do with a request: ask or register it, talk about it, settle it, reopen, withdraw, merge (R-C1 to R-C3).

A request's row is locked before anything is decided on it. Sorting and handing over are in `sorting`, complaints in `complaints`,
opinions in `opinions`, the deadlines' reminders in `chasing`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.audit import services as audit
from portal.clients.models import Client
from portal.clients.rules import normalise_phone, why_not_phone
from portal.files import services as files
from portal.kernel import change, crypto
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Permission
from portal.tickets import about, emails, rules, telling, timing
from portal.tickets.lifecycle import OPEN, RUNNING, TICKET
from portal.tickets.models import CorrectiveAction, Ticket, TicketFile, TicketKind, TicketLink, TicketMessage
from portal.tickets.telling import local_text

PUBLIC = ("question", "answer", "result")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is put. `client_id` None: somebody who is no client. `serials`: what it is about, by
    serial number or by the number of a badge, a visit or a contract. `received_at` (aware), channel and contact: by staff alone.

    `minutes_booked`: how long remote hands are booked for. `file_ids`: staged uploads with purpose "ticket", of `uploader` where that is
    not the actor.
    """

    kind_id: uuid.UUID
    subject: str
    body: str
    client_id: uuid.UUID | None
    channel: str = "portal"
    priority: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    received_at: datetime | None = None
    wanted_at: datetime | None = None
    minutes_booked: int | None = None
    serials: tuple[str, ...] = ()
    file_ids: tuple[uuid.UUID, ...] = ()
    mail_id: str | None = None
    locale: str = ""
    uploader: Actor | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One contribution. `kind`: answer, note (staff alone read it) or question; `waits`: the client is asked, and the clock stands still.

    `minutes`: time spent on it.
    """

    kind: str
    body: str
    waits: bool = False
    minutes: int = 0
    file_ids: tuple[uuid.UUID, ...] = ()
    mail_id: str | None = None
    author: str = ""


def ask(command: Asked, actor: Actor, now: datetime) -> Ticket:
    """A client user asks; it goes to the department of its kind, and the client gets its number (R-C1, R-C2).

    Raises Refused with every reason, NotFound for another client's name in the command.
    """
    if not actor.is_client or command.client_id != actor.client_id:
        raise NotFound(command.client_id)
    return _open(command, "ask", actor, now)


def register(command: Asked, actor: Actor, now: datetime) -> Ticket:
    """Staff enter what came by phone, letter, e-mail or in person, with when it really came in (R-C1). Raises Refused."""
    return _open(command, "register", actor, now)


def receive(command: Asked, now: datetime) -> Ticket:
    """What came to the desk's mailbox, for the worker. Raises Refused."""
    return _open(command, "receive", SYSTEM, now)


def say(ticket: Ticket, said: Said, actor: Actor, now: datetime) -> TicketMessage:
    """Adds an answer, a note or the client's own words, and tells the other side. The first public answer stops the answer's clock.

    A question to the client lets the settling clock stand still; whatever the client writes sets it going again. Raises Refused when the
    request is over, and Forbidden: a client writes questions alone.
    """
    if said.kind == "question":
        _in_scope(ticket, actor)
    elif not actor.may(Permission.TICKET_WORK) or actor.is_client:
        raise Forbidden(Permission.TICKET_WORK)
    change.lock(ticket)
    if ticket.state not in (*OPEN, "settled"):
        raise Refused(rules.OVER(number=ticket.number))
    message = _add(ticket, said, actor, now)
    if said.kind == "note":
        telling.staff(emails.NOTED, ticket, now, but=actor.user_id, watchers=True, who=actor.name, body=said.body)
        return message
    if said.kind == "question":
        if ticket.state == "waiting":
            go_on(ticket, actor, now, because_of="ticket.said")
        telling.staff(emails.CLIENT_WROTE, ticket, now, who=actor.name, body=said.body, watchers=True)
        return message
    if ticket.state in RUNNING and said.waits:
        timing.stand_still(ticket, now)
        values = {"answered_at": ticket.answered_at or now, "settle_due_at": None, "near_at": None}
        change.move(ticket, "ask_client", actor, now, values=values)
    elif ticket.state == "new":
        change.move(ticket, "answer", actor, now, values={"answered_at": ticket.answered_at or now})
    telling.client(emails.ASKED_BACK if said.waits else emails.ANSWERED, ticket, now, who=actor.name, body=said.body)
    return message


def go_on(ticket: Ticket, actor: Actor, now: datetime, because_of: str) -> None:
    """Nothing is waited for any more: the clock runs again, its deadline later by the time that it stood still."""
    timing.run_again(ticket, now)
    change.move(ticket, "resume", actor, now, values=timing.settle_due(ticket, kind_of(ticket)), because_of=because_of)


def settle(ticket: Ticket, result: str, minutes: int, actor: Actor, now: datetime) -> None:
    """Says what came of it; the result goes to the client at once, with a link that asks for their opinion (R-C3).

    Raises Refused: a complaint that was not judged, a serious one by anyone but the supervisor or without a corrective action (R-C4).
    """
    change.lock(ticket)
    actions = select(func.count()).select_from(CorrectiveAction).where(CorrectiveAction.ticket_id == ticket.id)
    refusal = rules.why_not_settle(
        ticket.type, ticket.serious, ticket.upheld, session().scalar(actions) or 0, supervisor=actor.may(Permission.TICKET_SUPERVISE)
    )
    if refusal is not None:
        raise Refused(refusal)
    values: dict[str, Any] = {}
    if ticket.state == "waiting":
        timing.run_again(ticket, now)
        values = dict(timing.settle_due(ticket, kind_of(ticket)))
    token = crypto.new_token()
    values |= {
        "settled_at": now, "answered_at": ticket.answered_at or now, "rounds": ticket.rounds + 1, "satisfied": None,
        "opinion_hash": crypto.token_hash(token),
    }  # fmt: skip
    if ticket.state in OPEN:
        _add(ticket, Said("result", result, minutes=minutes), actor, now)
    change.move(ticket, "settle", actor, now, reason=result, values=values)
    telling.settled(ticket, result, token, now)


def reopen(ticket: Ticket, reason: str, actor: Actor, now: datetime, *, because_of: str | None = None) -> None:
    """It was not settled after all: its clock runs anew from now, with the kind's own terms."""
    change.lock(ticket)
    values: dict[str, Any] = {
        "clock_from": now, "level": 0, "opinion_hash": None, "satisfied": None, "extended_at": None, "extended_by_id": None,
    }  # fmt: skip
    ticket.clock_from, ticket.extended_at, ticket.extended_by_id = now, None, None
    session().flush()
    values |= timing.settle_due(ticket, kind_of(ticket))
    change.move(ticket, "reopen", actor, now, reason=reason, values=values, because_of=because_of)


def close_anyway(ticket: Ticket, reason: str, actor: Actor, now: datetime) -> None:
    """The supervisor closes what the client is not content with, or did not answer on, and says why. The client is told."""
    change.lock(ticket)
    if not actions_checked(ticket):
        raise Refused(rules.ACTIONS_OPEN)
    change.move(ticket, "close_anyway", actor, now, reason=reason, values={"opinion_hash": None})
    telling.client(emails.CLOSED, ticket, now, reason=reason)


def withdraw(ticket: Ticket, reason: str, actor: Actor, now: datetime) -> None:
    """The client needs it no longer."""
    _in_scope(ticket, actor)
    change.lock(ticket)
    _stop(ticket, now)
    change.move(ticket, "withdraw", actor, now, reason=reason, values={"settle_due_at": None, "near_at": None})
    telling.staff(emails.CLOSED, ticket, now, reason=reason)


def merge(ticket: Ticket, into: Ticket, actor: Actor, now: datetime) -> None:
    """A double: what was said goes on in the other request, of the same client and open still. Raises Refused (SAME_TICKET)."""
    for one in sorted((ticket, into), key=lambda one: one.id):
        change.lock(one)
    if into.id == ticket.id or into.client_id != ticket.client_id or into.state not in OPEN:
        raise Refused(rules.SAME_TICKET)
    _stop(ticket, now)
    values = {"merged_into_id": into.id, "settle_due_at": None, "near_at": None}
    change.move(ticket, "merge", actor, now, values=values, facts={"into": into.number})
    record("ticket.merged_here", into, actor, now, {"from": ticket.number})
    telling.client(emails.CLOSED, ticket, now, reason=f"→ {into.number}")


def actions_checked(ticket: Ticket) -> bool:
    """Whether nothing is left to be done or checked of its corrective actions."""
    return rules.all_work(session().scalars(select(CorrectiveAction.checked_at).where(CorrectiveAction.ticket_id == ticket.id)))


def kind_of(ticket: Ticket) -> TicketKind:
    return session().get_one(TicketKind, ticket.kind_id)


def record(tag: str, ticket: Ticket, actor: Actor, now: datetime, facts: dict[str, Any], reason: str | None = None) -> None:
    """An audit entry about a request that no change of state tells."""
    audit.record(tag, TICKET.name, ticket.id, ticket.number, actor, now, client_id=ticket.client_id, after=facts, reason=reason)


def _open(command: Asked, action: str, actor: Actor, now: datetime) -> Ticket:
    kind, client = session().get(TicketKind, command.kind_id), _client(command.client_id)
    links, refusals = about.meant(command.serials, command.client_id)
    refusals += _why_not(command, kind, by_client=action == "ask", now=now)
    if refusals or kind is None:
        raise Refused(*refusals)
    received, desk = command.received_at or now, timing.times()
    ticket = Ticket(
        number=next_number("SR", now), client_id=client.id if client else None, kind_id=kind.id, type=kind.type, subject=command.subject,
        priority=command.priority or kind.priority, channel=command.channel, contact_name=command.contact_name,
        contact_phone=normalise_phone(command.contact_phone), contact_email=command.contact_email, received_at=received,
        asked_by_id=actor.user_id, registered_late=now > received + rules.LATE_AFTER,
        department_id=kind.department_id, wanted_at=command.wanted_at, minutes_booked=command.minutes_booked,
        clock_from=received, answer_due_at=timing.answer_due(kind, received, desk), locale=command.locale or actor.locale,
    )  # fmt: skip
    due = timing.settle_due(ticket, kind, desk)
    ticket.settle_due_at, ticket.near_at = due["settle_due_at"], due["near_at"]  # type: ignore[assignment]
    facts: dict[str, Any] = {"kind": kind.code, "channel": command.channel}
    if ticket.received_at != now:
        facts["received"] = local_text(received)
    change.open_record(ticket, action, actor, now, facts=facts)
    session().add_all(TicketLink(created_at=now, ticket_id=ticket.id, **link) for link in links)
    said = Said("question", command.body, file_ids=command.file_ids, mail_id=command.mail_id, author=command.contact_name)
    _add(ticket, said, actor, now, uploader=command.uploader)
    telling.receipt(ticket, now)
    telling.arrived(ticket, kind, client, now, but=actor.user_id)
    return ticket


def _add(ticket: Ticket, said: Said, actor: Actor, now: datetime, uploader: Actor | None = None) -> TicketMessage:
    message = TicketMessage(
        created_at=now, ticket_id=ticket.id, kind=said.kind, author_id=actor.user_id, author_name=said.author or actor.name, body=said.body,
        minutes=said.minutes, mail_id=said.mail_id,
    )  # fmt: skip
    session().add(message)
    session().flush()
    purpose = "ticket" if said.kind in PUBLIC else "ticket_internal"
    for file_id in said.file_ids:
        files.claim(file_id, purpose, ticket.client_id, uploader or actor, now)
        session().add(TicketFile(created_at=now, ticket_id=ticket.id, message_id=message.id, file_id=file_id))
    session().flush()
    record("ticket.noted" if said.kind in ("note", "call") else "ticket.said", ticket, actor, now, {"files": len(said.file_ids)})
    return message


def _stop(ticket: Ticket, now: datetime) -> None:
    if ticket.state == "waiting":
        timing.run_again(ticket, now)


def _client(client_id: uuid.UUID | None) -> Client | None:
    if client_id is None:
        return None
    client = session().get(Client, client_id)
    if client is None:
        raise NotFound(client_id)
    return client


def _why_not(command: Asked, kind: TicketKind | None, *, by_client: bool, now: datetime) -> list[Refusal]:
    found = []
    if kind is None or not kind.active:
        found.append(rules.KIND_GONE)
    if command.received_at is not None and command.received_at > now:
        found.append(rules.RECEIVED_LATER)
    if command.wanted_at is not None and command.wanted_at <= now:
        found.append(rules.WANTED_PAST)
    if not by_client and not (command.contact_name and (command.contact_phone or command.contact_email)):
        found.append(rules.CONTACT_MISSING)
    if command.contact_phone and (wrong := why_not_phone(command.contact_phone)):
        found.append(wrong.on("contact_phone"))
    return found


def _in_scope(ticket: Ticket, actor: Actor) -> None:
    if actor.is_client and ticket.client_id != actor.client_id:
        raise NotFound(ticket.id)
