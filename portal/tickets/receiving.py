"""E-mail that comes to the desk's address becomes a request, or goes on in one (R-C1). For the worker and for a command that gets it piped.

What stands in From can be forged: a letter goes on in a request only for who asked it or the same client's users, and never becomes an
answer of the staff's. The same message comes once, however often it is delivered.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from sqlalchemy import func, select

from config import Settings
from portal.accounts.models import User
from portal.accounts.queries import actor_of
from portal.files import services as files
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Refused
from portal.kernel.policy import SYSTEM, Actor
from portal.outbox.models import OutboxMessage
from portal.tickets import letters, rules, services
from portal.tickets.letters import Letter
from portal.tickets.lifecycle import OPEN
from portal.tickets.models import Ticket, TicketKind, TicketMessage
from portal.tickets.services import Asked, Said

KIND = "general"  # what a letter is registered as until somebody sorts it


@dataclass(frozen=True, slots=True)
class Received:
    """What became of it: opened, added, again (it had come before) or ignored (a machine wrote it, or nobody did)."""

    outcome: str
    number: str = ""


def receive(raw: bytes, settings: Settings, now: datetime) -> Received:
    """Takes one message in, in the open transaction. What a machine wrote is left alone, and so is the portal's own mail: no circles."""
    letter, limit_mb = letters.read(raw), settings.upload_limit_mb
    own = {parseaddr(settings.mail_from)[1].lower(), settings.desk_address.lower()}
    if letter.automatic or not letter.sender or letter.sender in own:
        return Received("ignored")
    if letter.message_id and session().scalar(select(TicketMessage.id).where(TicketMessage.mail_id == letter.message_id)) is not None:
        return Received("again")
    user = session().scalars(select(User).where(func.lower(User.email) == letter.sender, User.state == "active")).one_or_none()
    ticket = _meant(letter)
    try:
        with guarded({"uq_ticket_messages_mail_id": rules.MAIL_AGAIN}):
            if ticket is not None and ticket.state in (*OPEN, "settled") and _belongs(letter, user, ticket):
                _add(ticket, letter, user, now, limit_mb)
                return Received("added", ticket.number)
            return Received("opened", _open(letter, user, now, limit_mb).number)
    except Refused as refused:
        if refused.refusal.code != rules.MAIL_AGAIN.code:
            raise
        return Received("again")


def _meant(letter: Letter) -> Ticket | None:
    """The request that it answers: by the messages it refers to, else by the number in its subject."""
    known = select(TicketMessage.ticket_id).where(TicketMessage.mail_id.in_(letter.answers)).limit(1)
    ticket_id = session().scalars(known).first() if letter.answers else None
    if ticket_id is not None:
        return session().get(Ticket, ticket_id)
    sent = [found for answer in letter.answers if (found := _outbox_id(answer)) is not None]
    told = select(OutboxMessage.data).where(OutboxMessage.id.in_(sent), OutboxMessage.code.startswith("ticket."))
    numbers = [data.get("number") for data in session().scalars(told)] if sent else []
    number = next((number for number in numbers if number), letter.number)
    return session().scalars(select(Ticket).where(Ticket.number == number)).one_or_none() if number else None


def _outbox_id(message_id: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(hex=message_id.partition("@")[0])
    except ValueError:
        return None


def _belongs(letter: Letter, user: User | None, ticket: Ticket) -> bool:
    if letter.sender == ticket.contact_email.lower():
        return True
    return user is not None and (user.client_id is None or user.client_id == ticket.client_id)


def _add(ticket: Ticket, letter: Letter, user: User | None, now: datetime, limit_mb: int) -> None:
    """The client's words; a member of staff's are a note, since anybody can write their name into From."""
    staff = user is not None and user.client_id is None
    kept, lost = _kept(letter, user, "ticket_internal" if staff else "ticket", now, limit_mb)
    said = Said(
        "note" if staff else "question", _words(letter, lost), file_ids=kept, mail_id=letter.message_id or None,
        author=letter.sender_name or (user.name if user else letter.sender),
    )  # fmt: skip
    services.say(ticket, said, actor_of(user) if user is not None else SYSTEM, now)


def _open(letter: Letter, user: User | None, now: datetime, limit_mb: int) -> Ticket:
    client_id = user.client_id if user is not None else None
    kind = select(TicketKind.id).where(TicketKind.active).order_by(TicketKind.code != KIND, TicketKind.type != "enquiry", TicketKind.code)
    kept, lost = _kept(letter, user if client_id else None, "ticket", now, limit_mb)
    command = Asked(
        kind_id=session().scalars(kind.limit(1)).one(),
        subject=letter.subject or _words(letter, ())[:60] or "—",
        body=_words(letter, lost),
        client_id=client_id,
        channel="email",
        contact_name=letter.sender_name or (user.name if user else letter.sender.partition("@")[0][:80]),
        contact_email=letter.sender,
        file_ids=kept,
        mail_id=letter.message_id or None,
        locale=user.locale if user is not None else "zh_CN",
        uploader=actor_of(user) if user is not None else None,
    )
    return services.receive(command, now)


def _kept(letter: Letter, user: User | None, purpose: str, now: datetime, limit_mb: int) -> tuple[tuple[uuid.UUID, ...], tuple[str, ...]]:
    """The attachments that passed the checks of every upload, and the names of those that did not; a stranger's are not taken."""
    kept, lost = [], []
    uploader: Actor | None = actor_of(user) if user is not None else None
    for attached in letter.attachments:
        try:
            if uploader is None:
                raise Refused(rules.MAIL_AGAIN)
            with session().begin_nested():
                kept.append(files.stage(attached.content, attached.filename, purpose, uploader, now, limit_mb=limit_mb).id)
        except Refused:
            lost.append(attached.filename)
    return tuple(kept), tuple(lost)


def _words(letter: Letter, lost: tuple[str, ...]) -> str:
    """What was written; what could not be kept is named, in both languages since it is stored."""
    told = f"\n\n[附件未保存 / not kept: {', '.join(lost)}]" if lost else ""
    return f"{letter.words or '—'}{told}"
