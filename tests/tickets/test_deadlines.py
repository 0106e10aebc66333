"""The desk's clocks against a table worked out by hand, over weekends, holidays with moved working days, pauses and a year's end (R-C2).

The desk works from 9 to 18 in Shanghai. Holidays are those that China published for 2025 and 2026.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.calendar.rules import published
from portal.tickets.deadlines import NoWorkingTime, Pause, Term, Times, due, near

ZONE = ZoneInfo("Asia/Shanghai")
DESK = Times(9 * 60, 18 * 60, lambda day: published(day).working)


def at(text: str) -> datetime:
    """'2026-11-23 10:30' on the site's wall."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


def wall(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}" if moment is not None else None


def pauses(*texts: str) -> list[Pause]:
    """'2026-11-23 10:00/2026-11-23 12:00', or open: '2026-11-23 10:00/'."""
    found = []
    for text in texts:
        start, _slash, end = text.partition("/")
        found.append(Pause(at(start), at(end) if end else None))
    return found


BY_HAND = [
    # hours around the clock: nothing stops them but waiting for the client
    ("24 hours", "hours", 24, "2026-11-23 10:30", [], "2026-11-24 10:30"),
    ("24 hours over a weekend", "hours", 24, "2026-11-27 17:00", [], "2026-11-28 17:00"),
    ("24 hours, two waited", "hours", 24, "2026-11-23 10:30", ["2026-11-23 12:00/2026-11-23 14:00"], "2026-11-24 12:30"),
    # working hours
    ("inside a day", "working_hours", 4, "2026-11-23 10:30", [], "2026-11-23 14:30"),
    ("into the next day", "working_hours", 4, "2026-11-23 16:00", [], "2026-11-24 11:00"),
    ("over a weekend: Friday 16:30, 1.5 h that day", "working_hours", 4, "2026-11-27 16:30", [], "2026-11-30 11:30"),
    ("came at night", "working_hours", 4, "2026-11-23 22:00", [], "2026-11-24 13:00"),
    ("came before opening", "working_hours", 4, "2026-11-23 06:00", [], "2026-11-23 13:00"),
    ("came on a Saturday", "working_hours", 1, "2026-11-28 12:00", [], "2026-11-30 10:00"),
    ("exactly to closing", "working_hours", 2, "2026-11-23 16:00", [], "2026-11-23 18:00"),
    ("before National Day 2026, 1 to 7 October off", "working_hours", 4, "2026-09-30 16:00", [], "2026-10-08 11:00"),
    ("Saturday 10 October 2026 is worked for it", "working_hours", 4, "2026-10-09 16:00", [], "2026-10-10 11:00"),
    (
        "over the year's end, 1 January 2026 to the 3rd off, Sunday the 4th worked",
        "working_hours",
        4,
        "2025-12-31 16:00",
        [],
        "2026-01-04 11:00",
    ),
    ("an hour waited for the client", "working_hours", 4, "2026-11-23 10:30", ["2026-11-23 11:00/2026-11-23 12:00"], "2026-11-23 15:30"),
    (
        "waited overnight: only working time moves it",
        "working_hours",
        4,
        "2026-11-23 15:00",
        ["2026-11-23 17:00/2026-11-24 10:00"],
        "2026-11-24 12:00",
    ),
    (
        "two pauses",
        "working_hours",
        9,
        "2026-11-23 09:00",
        ["2026-11-23 10:00/2026-11-23 11:00", "2026-11-23 15:00/2026-11-24 09:00"],
        "2026-11-24 13:00",
    ),
    ("a pause at night moves nothing", "working_hours", 4, "2026-11-23 16:00", ["2026-11-23 20:00/2026-11-24 08:00"], "2026-11-24 11:00"),
    (
        "a pause after it was due changes nothing",
        "working_hours",
        1,
        "2026-11-23 10:00",
        ["2026-11-23 12:00/2026-11-23 13:00"],
        "2026-11-23 11:00",
    ),
    ("stands still", "working_hours", 4, "2026-11-23 10:30", ["2026-11-23 11:00/"], None),
    # whole working days: over at midnight, so the text shows the next day at 0:00
    ("Monday and three", "working_days", 3, "2026-11-23 10:30", [], "2026-11-27 00:00"),
    ("Thursday and three", "working_days", 3, "2026-11-26 10:30", [], "2026-12-02 00:00"),
    ("came on a Saturday, the first day is Monday", "working_days", 3, "2026-11-28 10:30", [], "2026-12-03 00:00"),
    ("before National Day 2026", "working_days", 3, "2026-09-30 10:30", [], "2026-10-11 00:00"),
    ("seven by the supervisor's leave", "working_days", 7, "2026-11-23 10:30", [], "2026-12-03 00:00"),
    ("over the year's end", "working_days", 3, "2025-12-31 10:30", [], "2026-01-07 00:00"),
    (
        "a day that ended while it stood still does not count",
        "working_days",
        3,
        "2026-11-23 10:30",
        ["2026-11-24 15:00/2026-11-25 09:00"],
        "2026-11-28 00:00",
    ),
    (
        "a pause inside a day counts for nothing",
        "working_days",
        3,
        "2026-11-23 10:30",
        ["2026-11-24 09:00/2026-11-24 17:00"],
        "2026-11-27 00:00",
    ),
    (
        "a pause over the weekend counts for nothing",
        "working_days",
        3,
        "2026-11-26 10:30",
        ["2026-11-28 09:00/2026-11-29 23:00"],
        "2026-12-02 00:00",
    ),
    ("days stand still", "working_days", 3, "2026-11-23 10:30", ["2026-11-24 15:00/"], None),
]


@pytest.mark.parametrize(("unit", "amount", "start", "stood", "over"), [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
def test_deadlines_are_what_was_worked_out_by_hand(unit: str, amount: int, start: str, stood: list[str], over: str | None) -> None:
    assert wall(due(Term(amount, unit), at(start), pauses(*stood), DESK)) == over


NEAR = [
    ("hours", 24, "2026-11-23 10:00", [], "2026-11-24 04:00"),
    ("working_hours", 4, "2026-11-23 16:00", [], "2026-11-24 10:00"),
    # Monday 10:30 to Thursday's end: 7.5 + 9 + 9 + 9 = 34.5 hours of the desk, three quarters are 25.875
    ("working_days", 3, "2026-11-23 10:30", [], "2026-11-26 09:22"),
    ("working_hours", 4, "2026-11-23 09:00", ["2026-11-23 10:00/2026-11-23 12:00"], "2026-11-23 14:00"),
    ("working_hours", 4, "2026-11-23 09:00", ["2026-11-23 10:00/"], None),
]


@pytest.mark.parametrize(("unit", "amount", "start", "stood", "over"), NEAR)
def test_near_is_at_three_quarters(unit: str, amount: int, start: str, stood: list[str], over: str | None) -> None:
    assert wall(near(Term(amount, unit), at(start), pauses(*stood), DESK)) == over


def test_a_calendar_without_a_working_day_is_told() -> None:
    with pytest.raises(NoWorkingTime):
        due(Term(1, "working_hours"), at("2026-11-23 10:00"), (), Times(540, 1080, lambda _day: False))
    with pytest.raises(NoWorkingTime):
        due(Term(1, "working_days"), at("2026-11-23 10:00"), (), Times(540, 1080, lambda _day: False))


def test_a_day_that_somebody_entered_by_hand_counts_as_entered() -> None:
    shut = Times(540, 1080, lambda day: published(day).working and day != date(2026, 11, 24))
    assert wall(due(Term(4, "working_hours"), at("2026-11-23 16:00"), (), shut)) == "2026-11-25 11:00"
    assert wall(due(Term(3, "working_days"), at("2026-11-23 10:30"), (), shut)) == "2026-11-28 00:00"
