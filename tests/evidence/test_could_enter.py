"""Who could enter at a moment of the past: against a history made by hand, with today's states long different."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from portal.badges import services as badges
from portal.conduct import services as conduct_services
from portal.conduct.services import Verdict
from portal.contracts import services as contracts
from portal.evidence.could_enter import Ground, could_enter
from portal.kernel import db
from portal.kernel.db import transaction
from portal.visits import services as visit_services
from tests.badges import making
from tests.cast import NOW, Cast
from tests.conduct import making as conduct
from tests.emergencies import making as emergency_making
from tests.visits import making as visit_making

HOUR = timedelta(hours=1)


@pytest.fixture
def history(cast: Cast) -> Cast:
    """王珺's badge by hours: 0 issued; 2 suspended; 4 resumed; 6 to 8 contract suspended; 10 to 12 barred; 14 cancelled."""
    admin, service, supervisor = cast.actor("admin"), cast.actor("service"), cast.actor("supervisor")
    contract = cast.contracts["alpha"]
    with transaction():
        badge = making.issued(cast, "wang")
        badges.suspend(badge, "investigation", service, NOW + 2 * HOUR)
        badges.resume(badge, "cleared", service, NOW + 4 * HOUR)
        contracts.suspend_contract(contract, "arrears", supervisor, NOW + 6 * HOUR)
        contracts.resume_contract(contract, "paid", supervisor, NOW + 8 * HOUR)
        ban(cast, 10, 12)
        badges.cancel(badge, "left", admin, NOW + 14 * HOUR)
        contracts.end_contract(contract, "moving", cast.actor("sales"), NOW + 20 * HOUR)
    return cast


def ban(cast: Cast, start: int, end: int) -> None:
    """Barred by a decision at `start`, lifted at `end`; the badge itself was suspended and resumed with it."""
    violation = conduct.recorded(cast)
    conduct_services.decide(violation, Verdict(conduct.BAN, "吸烟"), cast.actor("supervisor"), NOW + start * HOUR)
    conduct_services.lift(violation, "证据不足", cast.actor("supervisor"), NOW + end * HOUR)


def at(cast: Cast, hours: float, room: str = "B2") -> list[Ground]:
    return could_enter(cast.rooms[room], NOW + hours * HOUR)


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        (-0.1, None),
        (0.5, ""),
        (2.5, "evidence.in_state"),
        (4.5, ""),
        (6.5, "evidence.no_contract"),
        (8.5, ""),
        (10.5, "evidence.barred"),
        (12.5, ""),
        (14.5, None),
    ],
)
def test_as_it_was_then(history: Cast, hours: float, code: str | None) -> None:
    """None: there was no such pass; "": it opened the room; else why it did not."""
    found = at(history, hours)
    assert [ground.refusal.code if ground.refusal else "" for ground in found] == ([] if code is None else [code])
    if code == "":
        assert (found[0].person, found[0].on, found[0].approved_by) == ("王珺", history.contracts["alpha"].number, "周敏")
    assert at(history, hours, "A1") == []  # the other room was never open to it


def test_a_renewed_contract_counts_as_it_ended_then(cast: Cast) -> None:
    contract = cast.contracts["alpha"]
    with transaction():
        badge = making.issued(cast, "wang")
        last, valid = contract.ends_on, badge.valid_until
        contracts.renew_contract(contract, last + timedelta(days=300), "", cast.actor("sales"), NOW + HOUR)
    assert valid is not None
    assert at(cast, 0.5)[0].refusal is None
    over = (valid - NOW.date()).days * 24 + 25
    assert [g.refusal.code for g in at(cast, over) if g.refusal] == ["evidence.expired"]


def test_the_number_of_queries_does_not_grow(cast: Cast) -> None:
    with transaction():
        making.issued(cast, "wang")
    counted: list[str] = []
    event.listen(db.engine(), "before_cursor_execute", lambda _c, _cur, statement, *_r: counted.append(statement))

    def queries() -> int:
        counted.clear()
        at(cast, 1)
        return sum(statement.startswith("SELECT") for statement in counted)

    one = queries()
    with transaction():
        making.issued(cast, "liu")
        making.issued(cast, "li", "stranger")
    assert queries() == one
    assert len(at(cast, 1)) == 3


def test_a_visit_opens_its_room_inside_its_window_as_it_was_then(cast: Cast) -> None:
    """9:00 to 18:00 the next day, shortened at 10:00 to 12:00; before its approval it opened nothing."""
    begin = visit_making.START
    with transaction():
        visit = visit_making.approved(cast)
    with transaction():
        visit_services.shorten(visit, begin + 3 * HOUR, cast.actor("admin"), begin + HOUR)

    def codes(moment: timedelta, room: str = "B2") -> list[str]:
        return [g.refusal.code if g.refusal else "" for g in could_enter(cast.rooms[room], begin + moment) if g.kind == "visit"]

    assert codes(-HOUR) == []
    assert codes(timedelta(0)) == [""]
    assert codes(2.9 * HOUR) == [""]
    assert codes(3 * HOUR) == ["evidence.outside_window"]
    assert codes(HOUR, "A1") == []
    found = next(g for g in could_enter(cast.rooms["B2"], begin + 2 * HOUR) if g.kind == "visit")
    assert (found.person, found.approved_by) == ("王珺", "周敏")
    before = could_enter(cast.rooms["B2"], begin + timedelta(minutes=30))
    assert [g.on.endswith("18:00") for g in before if g.kind == "visit"] == [True]


def test_an_emergency_opens_its_room_from_the_approval_until_it_lapses(cast: Cast) -> None:
    with transaction():
        emergency = emergency_making.approved(cast)
    assert emergency.lapses_at is not None

    def codes(moment: datetime) -> list[str]:
        return [g.refusal.code if g.refusal else "" for g in could_enter(cast.rooms["B2"], moment) if g.kind == "emergency"]

    assert codes(NOW - HOUR) == []
    assert set(codes(emergency.lapses_at - timedelta(minutes=1))) == {""}
    assert set(codes(emergency.lapses_at)) == {"evidence.outside_window"}
    found = next(g for g in could_enter(cast.rooms["B2"], emergency.lapses_at - HOUR) if g.kind == "emergency")
    assert (found.number, found.approved_by) == (emergency.number, "林岚")
