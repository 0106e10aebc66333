"""Working days: as published with their moved working days, as entered by hand, and Monday to Friday where nothing is published."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from portal.calendar import queries, rules, services
from portal.kernel.clock import at_local
from portal.kernel.db import transaction
from portal.kernel.errors import Forbidden
from tests.cast import NOW, Cast

D = date.fromisoformat


@pytest.mark.parametrize(
    ("after", "next_day"),
    [
        ("2026-11-26", "2026-11-27"),  # Thursday → Friday
        ("2026-11-27", "2026-11-30"),  # the end of a week
        ("2026-09-30", "2026-10-08"),  # National Day, a week off
        ("2026-10-09", "2026-10-10"),  # the Saturday after it is worked for it
        ("2026-10-10", "2026-10-12"),
        ("2026-09-18", "2026-09-20"),  # Sunday the 20th is worked, Saturday is not
        ("2026-02-13", "2026-02-14"),  # the Saturday before Spring Festival is worked
        ("2026-02-14", "2026-02-24"),  # nine days off
        ("2026-02-27", "2026-02-28"),
        ("2026-12-31", "2027-01-01"),  # 2027 is not published: Friday is one by its weekday
        ("2027-01-01", "2027-01-04"),
        ("2028-02-28", "2028-02-29"),
    ],
)
def test_the_next_working_day(app: Flask, after: str, next_day: str) -> None:
    assert queries.next_working_day(D(after)) == D(next_day)


def test_working_days_are_counted_from_the_day_after(app: Flask) -> None:
    friday = at_local(D("2026-11-27"), 23, 59)
    assert queries.end_of_working_days(friday, 1) == at_local(D("2026-12-01"))
    assert queries.end_of_working_days(friday, 3) == at_local(D("2026-12-03"))
    assert queries.end_of_working_days(at_local(D("2026-09-29"), 9), 3) == at_local(D("2026-10-10")), "30 Sep, 8 Oct, 9 Oct"
    assert queries.end_of_working_days(friday, 60) > friday + timedelta(days=80), "longer than one look at the calendar"
    with pytest.raises(ValueError, match="at least one"):
        queries.end_of_working_days(friday, 0)


def test_the_site_s_day_counts_not_that_of_greenwich(app: Flask) -> None:
    late = datetime.fromisoformat("2026-11-26T17:00:00+00:00")  # Friday 01:00 at the site
    assert queries.end_of_working_days(late, 1) == at_local(D("2026-12-01"))


def test_the_years_that_are_published() -> None:
    assert not rules.published(D("2027-01-01")).known
    assert rules.published(D("2027-01-01")).working
    known = rules.published(D("2026-10-10"))
    assert (known.working, known.moved, known.known) == (True, True, True)
    assert rules.published(D("2026-10-01")).name == "National Day"
    assert {rules.published(D("2026-01-01") + timedelta(days=n)).name for n in range(365)} <= {"", *rules.HOLIDAY_NAMES.values()}


def test_what_is_entered_by_hand_wins_and_can_be_taken_back(cast: Cast) -> None:
    administrator, day = cast.actor("administrator"), D("2027-01-01")
    with transaction():
        services.set_day(day, False, "元旦", administrator, NOW)
    assert not queries.is_working_day(day)
    assert queries.next_working_day(D("2026-12-31")) == D("2027-01-04")
    with transaction():
        services.set_day(D("2027-01-02"), True, "调休", administrator, NOW)
    assert queries.next_working_day(D("2026-12-31")) == D("2027-01-02")
    assert queries.entered_in(2027) == 2
    with transaction():
        services.set_day(day, True, "", administrator, NOW)
        services.clear_day(D("2027-01-02"), administrator, NOW)
        services.clear_day(D("2027-01-03"), administrator, NOW)
    assert queries.next_working_day(D("2026-12-31")) == day
    assert queries.entered_in(2027) == 1


def test_only_who_may_write_the_calendar_enters_days(cast: Cast) -> None:
    for name in ("service", "guard", "auditor", "admin"):
        with pytest.raises(Forbidden), transaction():
            services.set_day(D("2027-01-01"), False, "", cast.actor(name), NOW)
        with pytest.raises(Forbidden), transaction():
            services.clear_day(D("2027-01-01"), cast.actor(name), NOW)
