"""What the rules say of equipment that leaves, at their edges. R-X1, R-X2, R-X4. Pure."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest

from portal.exits import rules
from portal.exits.forms import parse_listing
from portal.exits.rules import OnRecord, compare, is_overdue, same_model, why_not_dates, why_not_papers
from portal.exits.services import Line

TODAY = date(2026, 11, 23)
MINE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
HERE, THERE = uuid.UUID(int=3), uuid.UUID(int=4)


def on_record(client: uuid.UUID = MINE, contract: uuid.UUID = HERE, state: str = "in_service") -> OnRecord:
    return OnRecord(client, contract, state, "Dell", "PowerEdge R650", "R650-8SFF")


@pytest.mark.parametrize(
    ("written", "found", "result"),
    [
        ("", on_record(), rules.AGREES),
        ("Dell PowerEdge R650", on_record(), rules.AGREES),
        ("PowerEdge R650", on_record(), rules.AGREES),
        ("R650-8SFF", on_record(), rules.AGREES),
        ("  dell   POWEREDGE  r650 ", on_record(), rules.AGREES),
        ("PowerEdge R65", on_record(), rules.MODEL_DIFFERS),
        ("PowerEdge R650xs", on_record(), rules.MODEL_DIFFERS),
        ("Dell", on_record(), rules.MODEL_DIFFERS),
        ("", None, rules.NO_SUCH_SERIAL),
        ("Dell PowerEdge R650", None, rules.NO_SUCH_SERIAL),
        ("", on_record(client=OTHER), rules.NO_SUCH_SERIAL),
        ("", on_record(client=OTHER, state="out_for_repair"), rules.NO_SUCH_SERIAL),
        ("", on_record(state="out_for_repair"), rules.NOT_IN_SERVICE),
        ("wrong", on_record(state="out_for_repair"), rules.NOT_IN_SERVICE),
        ("", on_record(contract=THERE), rules.OTHER_CONTRACT),
        ("wrong", on_record(contract=THERE), rules.OTHER_CONTRACT),
    ],
)
def test_one_line_beside_the_records(written: str, found: OnRecord | None, result: str) -> None:
    """R-X1. What is another client's is told as unknown: the list is no way to ask what others have."""
    assert compare(written, found, MINE, HERE) == result
    assert result in rules.RESULTS


def test_a_record_without_a_part_number_is_not_every_model() -> None:
    nameless = OnRecord(MINE, HERE, "in_service", "Dell", "PowerEdge R650", "")
    assert same_model("", nameless)
    assert not same_model("x", nameless)


@pytest.mark.parametrize(
    ("kind", "leaves", "returns", "codes"),
    [
        ("withdrawal", 0, None, []),
        ("withdrawal", -1, None, ["exit.day_over"]),
        ("withdrawal", 60, None, []),
        ("withdrawal", 61, None, ["exit.day_too_far"]),
        ("withdrawal", 0, -5, []),
        ("repair", 0, None, ["exit.return_missing"]),
        ("repair", 0, 0, []),
        ("repair", 1, 0, ["exit.return_before_exit"]),
        ("replacement", 0, 90, []),
        ("replacement", -1, None, ["exit.day_over", "exit.return_missing"]),
    ],
)
def test_dates(kind: str, leaves: int, returns: int | None, codes: list[str]) -> None:
    due = None if returns is None else TODAY + timedelta(days=returns)
    assert [r.code for r in why_not_dates(kind, TODAY + timedelta(days=leaves), due, TODAY)] == codes


@pytest.mark.parametrize("kind", ["withdrawal", "repair", "replacement"])
@pytest.mark.parametrize("client", ["company", "individual"])
@pytest.mark.parametrize("letter", [True, False])
@pytest.mark.parametrize("copy", [True, False])
def test_papers(kind: str, client: str, letter: bool, copy: bool) -> None:
    """R-X2: a stamped application and a copy of the mover's document for what is to come back; an individual has no stamp."""
    expected = []
    if kind != "withdrawal":
        expected += ["exit.letter_missing"] if client == "company" and not letter else []
        expected += [] if copy else ["exit.copy_missing"]
    assert [r.code for r in why_not_papers(kind, client, letter=letter, identity_copy=copy)] == expected


@pytest.mark.parametrize(
    ("state", "due", "overdue"),
    [
        ("awaiting_return", TODAY, False),
        ("awaiting_return", TODAY - timedelta(days=1), True),
        ("awaiting_return", None, False),
        ("completed", TODAY - timedelta(days=9), False),
        ("issued", TODAY - timedelta(days=9), False),
    ],
)
def test_overdue_from_the_day_after(state: str, due: date | None, overdue: bool) -> None:
    assert is_overdue(state, due, TODAY) == overdue


@pytest.mark.parametrize(
    ("pasted", "lines"),
    [
        ("", ()),
        ("\n \n\t\n", ()),
        ("sn-0001", (Line("", "SN-0001"),)),
        ("Dell PowerEdge R650\tSN-0001\r\nSN-0002", (Line("Dell PowerEdge R650", "SN-0001"), Line("", "SN-0002"))),
        ("R650, SN-0001 , rack 3", (Line("R650", "SN-0001"),)),
        ("R650，ＳＮ－０００１", (Line("R650", "SN-0001"),)),
        ("R650；sn 0001", (Line("R650", "SN0001"),)),
    ],
)
def test_a_pasted_list(pasted: str, lines: tuple[Line, ...]) -> None:
    assert parse_listing(pasted) == lines
