"""Numbers that people read out: one series a month of the site's calendar, none twice, none left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.kernel.db import transaction
from portal.kernel.numbers import next_number
from tests.threads import at_once

NOVEMBER = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)


@pytest.mark.usefixtures("app")
def test_series_count_for_themselves() -> None:
    with transaction():
        made = [next_number(prefix, NOVEMBER) for prefix in ("EX", "EX", "WO", "EX")]
    assert made == ["EX-2611-0001", "EX-2611-0002", "WO-2611-0001", "EX-2611-0003"]


@pytest.mark.usefixtures("app")
def test_the_month_is_the_sites() -> None:
    """At 23:59:59 on 31 December it is still the old year, a second later the new one, whatever UTC says."""
    with transaction():
        assert next_number("EX", datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == "EX-2612-0001"
        assert next_number("EX", datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC)) == "EX-2701-0001"


@pytest.mark.usefixtures("app")
def test_a_number_of_what_was_given_up_comes_again() -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        _give_up(next_number("EX", NOVEMBER))
    with transaction():
        assert next_number("EX", NOVEMBER) == "EX-2611-0001"


def _give_up(_number: str) -> None:
    raise ZeroDivisionError


@pytest.mark.usefixtures("app")
def test_more_than_four_digits_go_on() -> None:
    with transaction():
        made = [next_number("EX", NOVEMBER) for _ in range(3)]
    assert made[-1].endswith("0003")


def test_of_many_at_once_each_gets_its_own_from_a_series_that_nobody_began(app: Flask) -> None:
    def five(_number: int) -> list[str]:
        made = []
        for _ in range(5):
            with transaction():
                made.append(next_number("EX", NOVEMBER))
        return made

    made = at_once(16, five)
    assert sorted(number for mine in made for number in mine) == [f"EX-2611-{n:04d}" for n in range(1, 81)]
    assert all(mine == sorted(mine) for mine in made)
