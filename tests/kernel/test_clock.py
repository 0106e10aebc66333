"""The clock: days of the site's zone, over a change of daylight saving and a year's end; moved by a file for demonstrations only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

import config
from portal.kernel import clock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = str(clock.zone())
    yield
    clock.configure(before, None)


def hours(day: date) -> float:
    return (clock.end_of(day) - clock.at_local(day)) / timedelta(hours=1)


def test_a_day_of_the_site_begins_and_ends_in_its_zone() -> None:
    clock.configure("Asia/Shanghai", None)
    assert clock.today(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert clock.today(datetime(2026, 12, 31, 16, tzinfo=UTC)) == date(2027, 1, 1)
    assert clock.end_of(date(2026, 12, 31)) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert clock.at_local(date(2026, 11, 23), 10, 30) == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "long"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)],
)
def test_days_on_which_the_clocks_are_changed(day: date, long: int) -> None:
    clock.configure("Europe/Berlin", None)
    assert hours(day) == long


def test_an_hour_that_is_there_twice_is_the_first_and_one_that_is_not_there_is_still_a_moment() -> None:
    clock.configure("Europe/Berlin", None)
    assert clock.at_local(date(2026, 10, 25), 2, 30) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.local(clock.at_local(date(2026, 3, 29), 2, 30)).hour == 3


def test_every_moment_lies_in_the_day_that_it_is_told_to() -> None:
    clock.configure("America/New_York", None)
    moment = datetime(2026, 10, 30, tzinfo=UTC)
    while moment < datetime(2026, 11, 4, tzinfo=UTC):
        day = clock.today(moment)
        assert clock.at_local(day) <= moment < clock.end_of(day)
        moment += timedelta(minutes=30)


def test_a_file_moves_the_clock_of_a_demonstration(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    clock.configure("Asia/Shanghai", file)
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON
        file.write_text("86400.5")
        assert clock.now() == NOON + timedelta(days=1, milliseconds=500)
        file.write_text("")
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_a_file_lets_the_clock_of_a_demonstration_stand_still(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock.configure("Asia/Shanghai", file)
    file.write_text("=2026-11-23T20:00:00+08:00")
    with time_machine.travel(NOON - timedelta(days=3), tick=True):
        assert clock.now() == clock.now() == NOON


def test_production_refuses_a_clock_that_can_be_moved(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigurationError, match="PORTAL_DEMO_CLOCK_FILE"):
        config.load({"PORTAL_ENV": "production", "VAR_DIR": str(tmp_path), "PORTAL_DEMO_CLOCK_FILE": str(tmp_path / "offset")})
