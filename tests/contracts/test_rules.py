"""When a contract is in force, what can be renewed, granted and closed, and when its end is announced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from portal.contracts import rules
from portal.contracts.lifecycle import CONTRACT
from portal.contracts.rules import OpenEnd, Usage
from portal.kernel.errors import Refusal

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@dataclass
class Paper:
    """As much of a contract as the rules read."""

    state: str = "in_force"
    starts_on: date = FIRST
    ends_on: date = LAST
    number: str = "HT-2601-0001"


def code(refusal: Refusal | None) -> str | None:
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (FIRST - timedelta(days=1), "contract.not_begun"),
        (FIRST, None),
        (LAST, None),
        (LAST + timedelta(days=1), "contract.ended"),
    ],
)
def test_a_contract_is_in_force_on_its_first_and_last_day_and_between(today: date, expected: str | None) -> None:
    assert code(rules.why_not_in_force(Paper(), today)) == expected


@pytest.mark.parametrize("state", CONTRACT.states)
def test_in_no_other_state_is_it_in_force(state: str) -> None:
    expected = {"draft": "contract.not_signed", "in_force": None, "suspended": "contract.suspended"}
    assert code(rules.why_not_in_force(Paper(state), FIRST)) == expected.get(state, "contract.ended")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (FIRST, FIRST, None),
        (FIRST, FIRST - timedelta(days=1), "contract.dates"),
        (FIRST, date(2046, 12, 31), None),
        (FIRST, date(2047, 1, 1), "contract.too_long"),
    ],
)
def test_days_are_in_order(first: date, last: date, expected: str | None) -> None:
    assert code(rules.why_not_dates(first, last)) == expected


@pytest.mark.parametrize(
    ("units", "racks", "per_server", "totals", "expected"),
    [
        (1, 0, (1, 1), (None, None), []),
        (0, 1, (1, 1), (None, None), []),
        (0, 0, (1, 1), (None, None), ["contract.nothing_granted"]),
        (1, 0, (0, 1), (None, None), ["contract.per_server"]),
        (1, 0, (2, 1), (1, None), ["contract.total_below_one"]),
        (1, 0, (2, 3), (2, 3), []),
        (0, 0, (0, 0), (None, None), ["contract.nothing_granted", "contract.per_server", "contract.per_server"]),
    ],
)
def test_something_is_granted_and_a_server_gets_at_least_one(
    units: int, racks: int, per_server: tuple[int, int], totals: tuple[int | None, int | None], expected: list[str]
) -> None:
    assert [refusal.code for refusal in rules.why_not_amounts(units, racks, per_server, totals)] == expected


@pytest.mark.parametrize("state", CONTRACT.states)
def test_only_what_lives_is_renewed(state: str) -> None:
    refusal = rules.why_not_renewal(Paper(state), date(2027, 12, 31), FIRST)
    assert code(refusal) == (None if state in ("in_force", "suspended", "ending") else "contract.not_renewable")


@pytest.mark.parametrize(
    ("ends_on", "today", "expected"),
    [
        (LAST, FIRST, "contract.not_later"),
        (LAST + timedelta(days=1), FIRST, None),
        (date(2027, 3, 1), date(2027, 3, 2), "contract.over_already"),
        (date(2027, 3, 1), date(2027, 3, 1), None),
        (date(2047, 1, 1), FIRST, "contract.too_long"),
    ],
)
def test_a_renewal_goes_further_and_beyond_today(ends_on: date, today: date, expected: str | None) -> None:
    assert code(rules.why_not_renewal(Paper(), ends_on, today)) == expected


def test_terms_never_fall_below_what_is_in_use() -> None:
    used = Usage(units=10, units_in_racks=5, power_w=2000, addresses=3, ports=4)
    assert rules.why_not_less(used, 10, 2000, 3, 4) == []
    assert rules.why_not_less(used, 10, 2000, None, None) == []
    found = rules.why_not_less(used, 9, 1999, 2, 3)
    assert [(refusal.code, refusal.field) for refusal in found] == [
        ("contract.units_in_use", "units_granted"),
        ("contract.power_in_use", "power_w"),
        ("contract.ips_in_use", "ips_total"),
        ("contract.ports_in_use", "ports_total"),
    ]


def test_what_is_still_open_is_listed_kind_by_kind() -> None:
    ends = [
        OpenEnd("badge", "BA-1 王珺", "/badges/x"),
        OpenEnd("badge", "BA-2 刘洋", "/badges/y"),
        OpenEnd("equipment", "CN7X", "/equipment/x"),
        OpenEnd("addresses", "1 × IP", "/contracts/x"),
        OpenEnd("ports", "2 × port", "/contracts/x"),
    ]
    found = rules.why_not_close(ends)
    assert [refusal.code for refusal in found] == ["contract.badges_out", "contract.equipment_inside", "contract.amounts_held"]
    assert found[0].data["items"] == "BA-1 王珺, BA-2 刘洋"
    assert found[2].data["items"] == "1 × IP, 2 × port"
    assert rules.why_not_close([]) == []


def test_a_long_list_is_shortened() -> None:
    assert rules.shortened([str(n) for n in range(14)]).endswith("11 … (+2)")
    assert rules.shortened(["a"]) == "a"


@pytest.mark.parametrize(("left", "expected"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7), (-1, None)])
def test_an_end_is_announced_within_sixty_thirty_and_seven_days(left: int, expected: int | None) -> None:
    assert rules.announcement_due(LAST, LAST - timedelta(days=left)) == expected
