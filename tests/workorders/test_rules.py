"""Notice to the second, over changes of clocks and the year's end (R-W1); amounts (R-W3); what is accepted (R-W2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.workorders import rules
from portal.workorders.rules import Grant, Load, Seen

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 30, 17, tzinfo=UTC)
DAY = timedelta(hours=24)


@pytest.mark.parametrize("zone", [UTC, SHANGHAI, BERLIN])
def test_24_hours_to_the_second(zone):
    now = NOW.astimezone(zone)
    assert rules.why_too_early(now + DAY, NOW) is None
    assert rules.why_too_early(now + DAY + timedelta(seconds=1), NOW) is None
    refusal = rules.why_too_early(now + DAY - timedelta(seconds=1), NOW)
    assert refusal.code == "work_order.too_early"
    assert refusal.data == {"hours": 24, "first": datetime(2026, 11, 24, 2, 31, tzinfo=UTC)}
    assert refusal.field == "arrives_at"


@pytest.mark.parametrize("second", [0, 1, 59])
@pytest.mark.parametrize("microsecond", [0, 1, 999_999])
def test_first_possible_is_possible_and_the_minute_before_is_not(second, microsecond):
    now = NOW.replace(second=second, microsecond=microsecond)
    first = rules.first_possible(now)
    assert (first.second, first.microsecond) == (0, 0)
    assert rules.why_too_early(first, now) is None
    assert rules.why_too_early(first - timedelta(minutes=1), now) is not None


@pytest.mark.parametrize(
    ("issued", "wall_clock"),
    [
        # Clocks go forward on 29 March 2026 at 02:00: 24 hours later it is one hour later on the clock.
        (datetime(2026, 3, 28, 14, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 15, 0)),
        # Clocks go back on 25 October 2026 at 03:00: 24 hours later it is one hour earlier.
        (datetime(2026, 10, 24, 14, 0, tzinfo=BERLIN), datetime(2026, 10, 25, 13, 0)),
        (datetime(2026, 12, 31, 18, 0, tzinfo=BERLIN), datetime(2027, 1, 1, 18, 0)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=SHANGHAI), datetime(2027, 1, 1, 23, 59)),
        (datetime(2028, 2, 28, 12, 0, tzinfo=SHANGHAI), datetime(2028, 2, 29, 12, 0)),
    ],
)
def test_24_real_hours_over_changes_of_clocks_and_the_years_end(issued, wall_clock):
    zone = issued.tzinfo
    first = rules.first_possible(issued)
    assert first.astimezone(zone).replace(tzinfo=None) == wall_clock
    assert rules.why_too_early(wall_clock.replace(tzinfo=zone), issued) is None
    # An aware time minus another in the same zone is reckoned on the wall clock: the rule must not fall for that.
    assert rules.why_too_early((wall_clock - timedelta(seconds=1)).replace(tzinfo=zone), issued) is not None


def test_a_time_that_the_clocks_skip_is_none():
    assert rules.moment(datetime(2026, 3, 29, 2, 30), BERLIN, NOW) is None
    assert rules.moment(datetime(2026, 3, 29, 3, 0), BERLIN, NOW) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_time_that_comes_twice_is_the_first_that_is_possible():
    wall = datetime(2026, 10, 25, 2, 30)
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert rules.moment(wall, BERLIN, first) == first
    assert rules.moment(wall, BERLIN, first + timedelta(minutes=1)) == second
    assert rules.moment(wall, BERLIN, second + timedelta(hours=5)) == second


@pytest.mark.parametrize("minutes", range(0, 24 * 60, 7))
def test_the_first_possible_time_can_always_be_typed(minutes):
    """On the night the clocks go back too: what the page offers, typed as it is shown, is accepted."""
    now = datetime(2026, 10, 24, 0, 0, 30, tzinfo=UTC) + timedelta(minutes=minutes)
    first = rules.first_possible(now)
    typed = rules.moment(first.astimezone(BERLIN).replace(tzinfo=None), BERLIN, first)
    assert typed is not None
    assert rules.why_too_early(typed, now) is None


def test_the_suggestion_is_still_possible_when_the_form_is_filled_in():
    suggested = rules.suggested_arrival(NOW)
    assert suggested == datetime(2026, 11, 24, 2, 45, tzinfo=UTC) + timedelta(minutes=15)
    assert rules.why_too_early(suggested, NOW + rules.TIME_TO_FILL_IN) is None
    assert rules.suggested_arrival(NOW, timedelta(hours=48)) == suggested + DAY


def test_other_notice():
    assert rules.why_too_early(NOW + timedelta(hours=47), NOW, timedelta(hours=48)).data["hours"] == 48


def test_nothing_is_accepted_before_the_notice_has_passed():
    possible = NOW + DAY
    assert rules.why_not_expected_yet(possible, possible) is None
    assert rules.why_not_expected_yet(possible, possible - timedelta(seconds=1)).data["first"] == datetime(2026, 11, 24, 2, 31, tzinfo=UTC)


def grant(**changes):
    values = {"units": 10, "power_w": 4000, "ips_per_server": 1, "ports_per_server": 1, "ips": None, "ports": None}
    return Grant(**(values | {"in_use": Load(2, 800, 1, 1), "planned": Load(2, 800, 1, 1)} | changes))


def test_one_server_one_address_one_port():
    assert grant().why_not_each(1, 1) == []
    assert [r.code for r in grant().why_not_each(2, 2)] == ["work_order.one_ip", "work_order.one_port"]
    assert grant(ips_per_server=4, ports_per_server=2).why_not_each(4, 2) == []
    over = grant(ips_per_server=4, ports_per_server=2).why_not_each(5, 3)
    assert [(r.code, r.data["limit"]) for r in over] == [("work_order.ips_over", 4), ("work_order.ports_over", 2)]


def test_the_whole_list_against_the_contract_with_figures():
    assert grant().why_not_all(Load(6, 2400, 9, 9)) == []
    [units] = grant().why_not_all(Load(7, 2400, 1, 1))
    assert units.data == {"wanted": 7, "left": 6, "granted": 10, "used": 2, "planned": 2}
    [power] = grant().why_not_all(Load(6, 2401, 1, 1))
    assert power.code == "work_order.power_over"
    assert grant(ips=4, ports=4).why_not_all(Load(0, 0, 2, 2)) == []
    assert [r.code for r in grant(ips=4, ports=4).why_not_all(Load(0, 0, 3, 3))] == [
        "work_order.ips_total_over",
        "work_order.ports_total_over",
    ]


def test_what_takes_nothing_is_not_over():
    assert grant(units=0, power_w=0).why_not_all(Load(0, 0, 1, 1)) == []


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        (Seen(True, True, "SN-1"), []),
        (Seen(False, True, "SN-1"), ["work_order.not_unpacked"]),
        (Seen(True, False, "SN-1"), ["work_order.model_differs"]),
        (Seen(True, True, "SN-2"), ["work_order.serial_differs"]),
        (Seen(True, True, ""), ["work_order.serial_missing"]),
        (Seen(False, False, ""), ["work_order.not_unpacked", "work_order.model_differs", "work_order.serial_missing"]),
    ],
)
def test_what_is_accepted(seen, codes):
    assert [refusal.code for refusal in rules.why_not_accepted("SN-1", "Dell PowerEdge R750", seen)] == codes
