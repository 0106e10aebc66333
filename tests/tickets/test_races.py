"""Two at the same moment: one wins, the other hears it (real commits, real threads)."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Refused
from portal.tickets import opinions, services, sorting
from portal.tickets.models import Ticket, TicketMessage, TicketOpinion, TicketPause
from portal.tickets.services import Said
from tests.cast import NOW, Cast
from tests.threads import at_once
from tests.tickets import making


def test_of_two_who_take_it_one_has_it(cast: Cast) -> None:
    with transaction():
        ticket_id = making.asked(cast).id

    def take(number: int) -> str:
        with transaction():
            ticket = session().get_one(Ticket, ticket_id)
            try:
                sorting.take(ticket, cast.actor("service" if number % 2 else "service2"), NOW)
            except Conflict:
                return "conflict"
        return "taken"

    assert sorted(at_once(8, take)) == ["conflict"] * 7 + ["taken"]


def test_of_many_opinions_by_one_link_one_counts(cast: Cast) -> None:
    with transaction():
        token = making.token_of(making.settled(cast))

    def give(number: int) -> str:
        try:
            with transaction():
                opinions.give_by_link(token, 5 if number % 2 else 4, "", NOW)
        except Refused as refused:
            return refused.refusal.code
        return "given"

    found = sorted(at_once(8, give))
    assert found.count("given") == 1
    assert set(found) <= {"given", "ticket.opinion_over", "ticket.opinion_given"}
    with transaction():
        assert session().scalar(select(func.count()).select_from(TicketOpinion)) == 1


def test_settled_by_two_it_is_settled_once(cast: Cast) -> None:
    with transaction():
        ticket_id = making.asked(cast).id

    def settle(number: int) -> str:
        try:
            with transaction():
                services.settle(session().get_one(Ticket, ticket_id), f"结果 {number}", 0, cast.actor("service"), NOW)
        except Conflict:
            return "conflict"
        return "settled"

    assert sorted(at_once(8, settle)) == ["conflict"] * 7 + ["settled"]
    with transaction():
        assert session().scalar(select(func.count()).select_from(TicketMessage).where(TicketMessage.kind == "result")) == 1
        assert session().get_one(Ticket, ticket_id).rounds == 1


def test_the_clock_stands_still_once_whoever_asks_the_client(cast: Cast) -> None:
    with transaction():
        ticket_id = making.asked(cast).id

    def ask(number: int) -> str:
        with transaction():
            ticket = session().get_one(Ticket, ticket_id)
            services.say(ticket, Said("answer", f"请补充 {number}", waits=True), cast.actor("service"), NOW)
        return "asked"

    assert at_once(6, ask) == ["asked"] * 6
    with transaction():
        assert session().scalar(select(func.count()).select_from(TicketPause)) == 1
        assert session().get_one(Ticket, ticket_id).state == "waiting"
