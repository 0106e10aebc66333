"""The rules of visits at their edges: fourteen days to the minute, slots, hours, clocks that are changed, people, plates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.clients import rules as documents
from portal.clients.services import document_hash
from portal.demo.numbers import identity_number
from portal.kernel.errors import Refusal
from portal.visits import rules
from portal.visits.rules import Hours, Quota

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
OFFICE = Hours(opens=9 * 60, closes=18 * 60, weekdays="12345", slot=30)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def codes(found: list[Refusal]) -> list[str]:
    return [refusal.code.removeprefix("visit.") for refusal in found]


def weekday(day: date) -> bool:
    return day.isoweekday() < 6


def test_fourteen_days_to_the_minute() -> None:
    start = at("2026-11-24 09:00")
    assert codes(rules.why_not_window(start, at("2026-12-08 09:00"), NOW, SHANGHAI)) == []
    late = rules.why_not_window(start, at("2026-12-08 09:01"), NOW, SHANGHAI)
    assert codes(late) == ["too_long"]
    assert late[0].data["last"] == at("2026-12-08 09:00")


def test_fourteen_days_are_days_of_the_clock_on_the_wall() -> None:
    """In Berlin clocks go back on 25 October 2026 and forward on 28 March 2027: the window is an hour longer, or shorter."""
    back, forward = at("2026-10-20 09:00", BERLIN), at("2027-03-20 09:00", BERLIN)
    for start, end, hours in ((back, "2026-11-03 09:00", 1), (forward, "2027-04-03 09:00", -1)):
        assert at(end, BERLIN) - start == timedelta(days=14, hours=hours)
        before = start - timedelta(days=1)
        assert codes(rules.why_not_window(start, at(end, BERLIN), before, BERLIN)) == []
        assert codes(rules.why_not_window(start, at(end, BERLIN) + timedelta(minutes=1), before, BERLIN)) == ["too_long"]


def test_a_night_in_which_the_clocks_are_changed_has_its_slots() -> None:
    hours = Hours(slot=60)
    start, end = at("2026-10-24 22:00", BERLIN), at("2026-10-25 06:00", BERLIN)
    assert end - start == timedelta(hours=9)
    assert codes(rules.why_off_slot(start, end, hours, BERLIN)) == []
    assert codes(rules.why_not_start(start, hours, BERLIN, weekday) + rules.why_not_end(end, hours, BERLIN, weekday)) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23 10:30", "2026-11-23 12:00", []),  # now, to the minute
        ("2026-11-23 10:16", "2026-11-23 12:00", []),  # the slot that is running
        ("2026-11-23 10:15", "2026-11-23 12:00", ["in_the_past"]),
        ("2026-11-24 10:00", "2026-11-24 10:00", ["ends_before_start"]),
        ("2026-11-24 22:00", "2026-11-25 04:00", []),  # over midnight
    ],
)
def test_the_window(start: str, end: str, expected: list[str]) -> None:
    assert codes(rules.why_not_window(at(start), at(end), NOW, SHANGHAI)) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-24 09:00", "2026-11-24 18:00", []),
        ("2026-11-24 08:59", "2026-11-24 18:01", ["outside_hours", "outside_hours"]),
        ("2026-11-24 18:00", "2026-11-25 09:00", ["outside_hours", "outside_hours"]),  # nothing begins at closing, ends at opening
        ("2026-11-24 17:30", "2026-11-25 09:30", []),  # over midnight, begun and ended in the hours
        ("2026-11-24 09:15", "2026-11-24 17:59", ["off_slot", "off_slot"]),
        ("2026-11-27 09:00", "2026-11-28 12:00", ["closed_day"]),  # ends on a Saturday
        ("2026-11-28 09:00", "2026-11-30 12:00", ["closed_day"]),  # begins on one
    ],
)
def test_the_site_s_hours(start: str, end: str, expected: list[str]) -> None:
    found = rules.why_not_start(at(start), OFFICE, SHANGHAI, weekday) + rules.why_not_end(at(end), OFFICE, SHANGHAI, weekday)
    assert codes(found) == expected


def test_midnight_is_the_end_of_the_day_before() -> None:
    friday_night = at("2026-11-28 00:00")
    assert codes(rules.why_not_end(friday_night, Hours(weekdays="12345"), SHANGHAI, weekday)) == []
    assert codes(rules.why_not_start(friday_night, Hours(weekdays="12345"), SHANGHAI, weekday)) == ["closed_day"]


def test_working_days_only_follow_the_calendar() -> None:
    hours = Hours(weekdays="1234567", working_days_only=True)
    start = at("2026-11-29 10:00")  # a Sunday
    assert codes(rules.why_not_start(start, hours, SHANGHAI, lambda day: False)) == ["closed_day"]
    assert codes(rules.why_not_start(start, hours, SHANGHAI, lambda day: True)) == []


def test_an_odd_closing_time_can_be_reached() -> None:
    hours = Hours(opens=510, closes=1065, slot=60)  # 08:30 to 17:45
    assert codes(rules.why_not_end(at("2026-11-24 17:45"), hours, SHANGHAI, weekday)) == []
    off = rules.why_not_end(at("2026-11-24 17:00"), hours, SHANGHAI, weekday)
    assert (codes(off), off[0].data["before"], off[0].data["after"]) == (["off_slot"], "16:30", "17:30")


def test_the_first_start_is_the_next_slot() -> None:
    assert rules.first_start(NOW, SHANGHAI, 30) == NOW
    assert rules.first_start(NOW + timedelta(seconds=1), SHANGHAI, 30) == NOW + timedelta(minutes=30)
    assert rules.first_start(at("2026-11-23 23:50"), SHANGHAI, 15) == at("2026-11-24 00:00")


@pytest.mark.parametrize(("count", "expected"), [(0, ["nobody"]), (1, []), (50, []), (51, ["too_many_people"])])
def test_how_many_people(count: int, expected: list[str]) -> None:
    assert codes(rules.why_not_people(count)) == expected


def test_plates() -> None:
    assert rules.read_plates("京A·12345， 沪 ad 12345、京A12345\n") == ["京A12345", "沪AD12345"]
    assert codes(rules.why_not_plates(["京A12345", "沪AD12345", "使014578", "B7"])) == ["bad_plate"]
    assert codes(rules.why_not_plates([f"京A{n:05d}" for n in range(21)])) == ["too_many_vehicles"]


@pytest.mark.parametrize(("text", "minute"), [("09:00", 540), ("24:00", 1440), ("0:05", 5), ("24:01", None), ("9", None), ("12:60", None)])
def test_times_of_day(text: str, minute: int | None) -> None:
    assert rules.minute_of(text) == minute


def test_what_the_rule_leaves_to_a_person() -> None:
    quota, start = Quota(people=3, hours=8, visits_a_week=2), at("2026-11-24 09:00")
    inside = start + timedelta(hours=8)
    assert rules.why_by_hand(quota, 3, start, inside, exception=False) == ""
    assert rules.why_by_hand(quota, 4, start, inside, exception=False) == "people"
    assert rules.why_by_hand(quota, 3, start, inside + timedelta(minutes=1), exception=False) == "hours"
    assert rules.why_by_hand(quota, 3, start, inside, exception=True) == "exception"


def test_the_week_begins_on_the_site_s_monday() -> None:
    assert rules.week_of(at("2026-11-29 23:59"), SHANGHAI) == date(2026, 11, 23)
    assert rules.week_of(at("2026-11-30 00:00"), SHANGHAI) == date(2026, 11, 30)


def test_a_driving_licence_is_its_holder_s_identity_number(app: object) -> None:
    """Who is barred with one of the two is barred with the other."""
    number = identity_number(7)
    assert documents.why_not_document("driving_licence", number) is None
    wrong = documents.why_not_document("driving_licence", number[:-1] + ("0" if number[-1] != "0" else "1"))
    assert wrong is not None
    assert wrong.code == "document.licence_check"
    assert document_hash("driving_licence", number) == document_hash("identity_card", number)
