"""What a client asked of the service desk over the years: settled, closed, with opinions; a few complaints."""

from __future__ import annotations

from datetime import timedelta

from portal.kernel import ids
from portal.tickets.models import Ticket, TicketMessage, TicketOpinion
from tests.load.lives import House, Life

TICKETS = 40
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def write(life: Life, house: House) -> None:
    """Some three a month; every twentieth a complaint that was not upheld; the last one is open."""
    for turn in range(TICKETS):
        asked = life.began + (15 + turn * 18) * DAY
        complaint, open_ = turn % 20 == 19, turn == TICKETS - 1
        kind, department = house.complaint if complaint else house.enquiry
        settled = None if open_ else asked + 5 * HOUR
        ticket = life.loader.add(
            Ticket,
            id=ids.new(),
            created_at=asked,
            state="open" if open_ else "closed",
            number=f"SR-L-{life.number:05d}-{turn:02d}",
            client_id=life.client_id,
            kind_id=kind,
            type="complaint" if complaint else "enquiry",
            subject=f"问题 {turn}",
            priority="normal",
            channel="portal",
            received_at=asked,
            asked_by_id=life.user_id,
            department_id=department,
            clock_from=asked,
            answer_due_at=asked + 4 * HOUR,
            answered_at=asked + HOUR,
            settle_due_at=house.now + DAY if open_ else asked + 2 * DAY,
            near_at=house.now + HOUR if open_ else asked + DAY,
            settled_at=settled,
            rounds=0 if open_ else 1,
            satisfied=None if open_ else True,
            upheld=False if complaint and not open_ else None,
        )
        life.tell("ticket.satisfied" if settled else "ticket.answer", "ticket", ticket, ticket["number"])
        for place, said in enumerate(("question", "answer") if open_ else ("question", "answer", "result")):
            life.loader.add(
                TicketMessage,
                id=ids.new(),
                created_at=asked + place * HOUR,
                ticket_id=ticket["id"],
                kind=said,
                author_name="…",
                body="如题。",
            )
        if settled is not None and turn % 2:
            life.loader.add(
                TicketOpinion, id=ids.new(), created_at=settled + DAY, ticket_id=ticket["id"], round=1, score=5, satisfied=True, way="link"
            )
