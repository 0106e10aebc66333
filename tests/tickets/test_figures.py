"""The figures agree with the records: worked out again by a plain loop over what is there, and by the list that each leads to."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.tickets import figures, opinions, services
from portal.tickets.figures import Month
from portal.tickets.models import Ticket
from tests.cast import NOW, Cast
from tests.tickets import making

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOVEMBER = Month(date(2026, 11, 1))


def a_month(cast: Cast) -> None:
    """In time, late, at the first contact, a complaint that counts, one of the month before, a double."""
    with transaction():
        at_first = making.asked(cast)
        services.settle(at_first, "办好了", 0, cast.actor("service"), NOW + HOUR)
        opinions.give(at_first, 5, "", cast.actor("admin"), NOW + 2 * HOUR)
        late = making.asked(cast, "network")
        making.answer(late, cast, by="room_staff", now=NOW + HOUR)
        services.settle(late, "修好了", 0, cast.actor("room_staff"), NOW + 9 * HOUR)
        opinions.give(late, 3, "太慢", cast.actor("admin"), NOW + 10 * HOUR)
        making.registered(cast, received_at=NOW - 30 * HOUR)
        making.settled_complaint(cast)
        making.asked(cast, now=NOW - 30 * DAY)
        services.merge(making.asked(cast), making.asked(cast), cast.actor("service"), NOW)


def test_the_figures_are_those_of_an_independent_count(cast: Cast) -> None:
    a_month(cast)
    start, end = NOVEMBER.span
    with transaction():
        rows = [t for t in session().query(Ticket) if start <= t.received_at < end and t.state != "merged"]
        in_time = [t for t in rows if t.settled_at and t.settle_due_at and t.settled_at <= t.settle_due_at]
        found = figures.came_in(NOVEMBER)
        assert sum(row.came for row in found) == len(rows) == 5
        assert sum(row.settled for row in found) == len([t for t in rows if t.settled_at]) == 3
        # What was reopened by a client who was not satisfied has a new clock, and its first settlement lies before it.
        assert sum(row.in_time for row in found) == len(in_time)
        assert sum(row.first_contact for row in found) == 2
        assert sum(row.registered_late for row in found) == 1
        assert figures.points_off(NOVEMBER) == {making.department("room_staff").id: 1}


def test_satisfaction_by_plain_sql(cast: Cast) -> None:
    a_month(cast)
    with transaction():
        given, satisfied, points = (
            session().execute(text("SELECT count(*), sum(CASE WHEN score >= 4 THEN 1 ELSE 0 END), sum(score) FROM ticket_opinions")).one()
        )
        found = figures.satisfaction(NOVEMBER)
        assert (found.given, found.satisfied, found.points) == (given, satisfied, points) == (2, 1, 8)
        assert (found.share, found.average) == (0.5, 4.0)
        assert figures.satisfaction(NOVEMBER.before).given == 0


def test_a_month_begins_and_ends_at_the_sites_midnight(cast: Cast) -> None:
    with transaction():
        making.asked(cast, now=clock.at_local(date(2026, 11, 1)))
        making.asked(cast, now=clock.end_of(date(2026, 11, 30)) - timedelta(seconds=1))
        making.asked(cast, now=clock.end_of(date(2026, 11, 30)))
        making.asked(cast, now=clock.at_local(date(2026, 11, 1)) - timedelta(seconds=1))
        assert [sum(row.came for row in figures.came_in(month)) for month in (NOVEMBER.before, NOVEMBER, NOVEMBER.following)] == [1, 2, 1]


def test_what_is_open_by_age(cast: Cast) -> None:
    with transaction():
        for days in (0, 2, 2, 5, 20, 40):
            making.asked(cast, now=NOW - days * DAY)
        making.settled(cast, now=NOW - 2 * DAY)
        assert figures.backlog(NOW) == [(1, 1), (3, 2), (7, 1), (30, 1), (None, 1)]


def test_the_page_shows_them_and_leads_to_the_records(cast: Cast, as_) -> None:  # type: ignore[no-untyped-def]
    a_month(cast)
    page = as_("supervisor").get("/requests/figures?month=2026-11").text
    assert "received_from=2026-11-01" in page
    assert "50 %" in page
    assert as_("supervisor").get("/requests/figures?month=nonsense").status_code == 200
    assert as_("guard").get("/requests/figures").status_code == 403
    listed = as_("supervisor").get("/requests/?type=complaint&received_from=2026-11-01&received_to=2026-11-30").text
    assert listed.count("布线延误") >= 1
