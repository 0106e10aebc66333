"""The client's opinion after each settlement (R-C3, R-C7): by the link in the e-mail, in the portal, or told to staff who called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.kernel import change, crypto
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Permission, Role
from portal.tickets import emails, rules, telling
from portal.tickets.complaints import close_if_done
from portal.tickets.models import Ticket, TicketMessage, TicketOpinion
from portal.tickets.services import record, reopen


@dataclass(frozen=True, slots=True)
class Opinion:
    """`score`: 1 to 5 points; satisfied from 4 on. `way`: link, portal, call or visit."""

    score: int
    words: str
    way: str

    @property
    def satisfied(self) -> bool:
        return self.score >= rules.SATISFIED_FROM


def behind(token: str, now: datetime) -> Ticket | None:
    """The request that a link asks about, while it waits for its opinion; a forged or an old link finds none. Looking uses nothing up."""
    found = session().scalar(select(Ticket).where(Ticket.opinion_hash == crypto.token_hash(token), Ticket.state == "settled"))
    alive = found is not None and found.settled_at is not None and now < found.settled_at + rules.OPINION_LASTS
    return found if alive else None


def give_by_link(token: str, score: int, words: str, now: datetime) -> Ticket:
    """Whoever holds the link answers, without signing in; once. Raises Refused (OPINION_OVER, OPINION_GIVEN)."""
    ticket = behind(token, now)
    if ticket is None:
        raise Refused(rules.OPINION_OVER)
    _give(ticket, Opinion(score, words, "link"), Actor(None, ticket.contact_name or "—", Role.SYSTEM), now)
    return ticket


def give(ticket: Ticket, score: int, words: str, actor: Actor, now: datetime) -> None:
    """The client's user answers in the portal."""
    if not actor.is_client or ticket.client_id != actor.client_id:
        raise NotFound(ticket.id)
    _give(ticket, Opinion(score, words, "portal"), actor, now)


def follow_up(ticket: Ticket, opinion: Opinion, actor: Actor, now: datetime) -> None:
    """Staff called or visited the client after a complaint (R-C3), and note what they said. Whoever does so is on record."""
    if not actor.may(Permission.TICKET_WORK) or actor.is_client:
        raise Forbidden(Permission.TICKET_WORK)
    _give(ticket, opinion, actor, now)
    session().add(
        TicketMessage(
            created_at=now, ticket_id=ticket.id, kind="call", author_id=actor.user_id, author_name=actor.name, body=opinion.words or "—"
        )
    )
    session().flush()


def _give(ticket: Ticket, opinion: Opinion, actor: Actor, now: datetime) -> None:
    change.lock(ticket)
    if ticket.state != "settled":
        raise Refused(rules.OPINION_OVER)
    with guarded({"uq_ticket_opinions_round": rules.OPINION_GIVEN}):
        session().add(
            TicketOpinion(
                created_at=now, ticket_id=ticket.id, round=ticket.rounds, score=opinion.score, satisfied=opinion.satisfied,
                words=opinion.words, way=opinion.way, noted_by_id=actor.user_id,
            )
        )  # fmt: skip
    ticket.satisfied = opinion.satisfied
    session().flush()
    record("ticket.opinion", ticket, actor, now, {"score": opinion.score, "way": opinion.way}, opinion.words or None)
    if opinion.satisfied:
        close_if_done(ticket, actor, now, because_of="ticket.opinion")
        return
    reopen(ticket, opinion.words or f"{opinion.score}/5", actor, now, because_of="ticket.opinion")
    also = telling.heads(ticket) if ticket.type == "complaint" else ()
    telling.staff(emails.NOT_SATISFIED, ticket, now, also=also, score=str(opinion.score), words=opinion.words)
