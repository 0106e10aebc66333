"""Visitors at the gate: that person, that room, that window, as often as they come and go inside it. R-A1, R-S4."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.contracts import services as contracts
from portal.gate import rules, services
from portal.gate.models import GateEvent, Presence
from portal.gate.rules import VisitFacts, why_not_visit
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.passes.models import Pass
from portal.visits import services as visits
from portal.visits.models import Visit, Visitor
from portal.visits.naming import visitors_of
from tests.badges import making as badges
from tests.calendar.making import frozen
from tests.cast import NOW, Cast
from tests.conduct import making as violations
from tests.gate import scanning
from tests.gate.scanning import EVERY_POINT, code, enter, inside, leave, log
from tests.threads import at_once
from tests.visits import making
from tests.visits.making import END, START

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def visit(cast: Cast) -> Visit:
    """王珺 and 刘洋 may enter B2 tomorrow from 9:00 to 18:00, by themselves."""
    with transaction():
        return making.approved(cast, "wang", "liu")


@pytest.fixture
def visitor(visit: Visit) -> Visitor:
    with transaction():
        return next(one for one in visitors_of(visit.id) if one.person.name == "王珺")


@pytest.mark.parametrize(
    ("changes", "seconds", "expected"),
    [
        ({}, 0, None), ({}, -1, "gate.visit_early"), ({}, 9 * 3600 - 1, None), ({}, 9 * 3600, "gate.visit_over"),
        ({"pass_revoked_for": "reissued"}, 0, "gate.reissued"),
        ({"visit_state": "over", "visitor_state": "over", "pass_revoked_for": "over"}, 9 * 3600, "gate.visit_over"),
        ({"visit_state": "cancelled", "visitor_state": "withdrawn", "pass_revoked_for": "cancelled"}, 0, "gate.visit_cancelled"),
        ({"visitor_state": "withdrawn", "pass_revoked_for": "withdrawn"}, 0, "gate.visitor_withdrawn"),
        ({"visitor_state": "refused"}, 0, "gate.visitor_refused"),
        ({"visit_state": "under_review", "visitor_state": "expected"}, 0, "gate.visit_not_approved"),
        ({"contract_in_force": False}, 0, "gate.visit_no_contract"), ({"frozen_until": END}, 0, "gate.visit_frozen"),
        ({"frozen_until": END, "pass_revoked_for": "reissued"}, 0, "gate.reissued"),
    ],
)  # fmt: skip
def test_why_a_visitor_does_not_enter(changes: dict[str, object], seconds: int, expected: str | None) -> None:
    """The window to the second: its beginning is inside, its end is not."""
    values = {"visit_state": "approved", "visitor_state": "approved", "starts_at": START, "ends_at": END, "contract_in_force": True}
    facts = VisitFacts(**{**values, "frozen_until": None, "pass_revoked_for": None, **changes})  # type: ignore[arg-type]
    refusal = why_not_visit(facts, START + timedelta(seconds=seconds))
    assert (refusal.code if refusal else None) == expected


class TestEntering:
    def test_comes_and_goes_as_often_as_they_like_inside_the_window(self, cast: Cast, visitor: Visitor) -> None:
        for hours in (0, 3, 6):
            with transaction():
                verdict = enter(cast, visitor, now=START + hours * HOUR)
                assert code(verdict) == ""
                assert code(enter(cast, visitor, by="guard2", now=START + hours * HOUR)) == "gate.already_inside"
                assert code(leave(cast, visitor, now=START + (hours + 1) * HOUR)) == ""
        stays = session().scalars(select(Presence).order_by(Presence.created_at)).all()
        assert [(stay.visitor_id, stay.badge_id, stay.until_at, stay.kind) for stay in stays] == [(visitor.id, None, END, "visit")] * 3
        assert {(stay.person_name, stay.subject_label) for stay in stays} == {("王珺", visitor.number)}

    def test_the_window_to_the_second(self, cast: Cast, visitor: Visitor) -> None:
        short = scanning.pass_of(visitor).short_code
        for moment, expected in (
            (START - SECOND, "gate.visit_early"), (START, ""), (END - SECOND, ""), (END, "gate.visit_over"),
        ):  # fmt: skip
            with transaction():
                assert code(services.judge(short, moment)) == expected, moment

    def test_that_room_only(self, cast: Cast, visitor: Visitor) -> None:
        with transaction():
            assert code(enter(cast, visitor, "A1", now=START)) == "gate.other_room"
        assert inside() == []

    def test_each_with_their_own_pass(self, cast: Cast, visit: Visit, visitor: Visitor) -> None:
        with transaction():
            enter(cast, visitor, now=START)
            other = next(one for one in visitors_of(visit.id) if one.id != visitor.id)
            assert code(enter(cast, other, now=START)) == ""
        assert len(inside()) == 2

    def test_what_was_changed_counts(self, cast: Cast, visit: Visit, visitor: Visitor) -> None:
        old = scanning.pass_of(visitor).short_code
        with transaction():
            visits.shorten(visit, END - HOUR, cast.actor("admin"), NOW)
            assert code(services.judge(old, START)) == "gate.reissued"
            assert code(services.judge(scanning.pass_of(visitor).short_code, END - HOUR)) == "gate.visit_over"
            visits.withdraw(visitor, "not needed", cast.actor("admin"), NOW)
            assert code(services.judge(old, START)) == "gate.visitor_withdrawn"
            visits.cancel(visit, "put off", cast.actor("admin"), NOW)
            assert code(services.judge(old, START)) == "gate.visit_cancelled"

    def test_without_a_contract_in_force_nobody_enters(self, cast: Cast, visitor: Visitor) -> None:
        with transaction():
            contracts.suspend_contract(cast.contracts["alpha"], "arrears", cast.actor("supervisor"), NOW)
            assert code(enter(cast, visitor, now=START)) == "gate.visit_no_contract"

    def test_a_freeze_stops_visits_and_leaves_badges(self, cast: Cast, visitor: Visitor) -> None:
        """The freeze is declared after the visit was approved; daily maintenance on a badge goes on."""
        with transaction():
            frozen(cast, starts_at=START - HOUR, ends_at=END)
            badge = badges.issued(cast, "zhang")
            assert code(enter(cast, visitor, now=START)) == "gate.visit_frozen"
            assert code(enter(cast, badge, now=START)) == ""


class TestEscort:
    @pytest.fixture
    def visitor(self, cast: Cast) -> Visitor:
        with transaction():
            visit = making.requested(cast)
            visits.approve(visit, making.approval(visit, escorted=True), cast.actor("service"), NOW)
            return visitors_of(visit.id)[0]

    def test_has_to_be_named_and_is_one_of_staff(self, cast: Cast, visitor: Visitor) -> None:
        nonce = crypto.new_token()
        for escort in (None, "admin", "sales", "auditor"):
            with transaction():
                named = cast.user(escort).id if escort else None
                assert code(enter(cast, visitor, now=START, nonce=nonce, escort_id=named)) == "gate.choose_escort", escort
        with transaction():
            assert code(enter(cast, visitor, now=START, nonce=nonce, escort_id=cast.user("room_staff").id)) == ""
        assert session().scalars(select(Presence.escort_id)).one() == cast.user("room_staff").id
        assert session().scalars(select(GateEvent).where(GateEvent.kind == "entry")).one().facts["escort"] == "马超"


class TestAtOnce:
    def test_two_guards_on_one_pass(self, cast: Cast, visitor: Visitor) -> None:
        pass_id = scanning.pass_of(visitor).id

        def one(number: int) -> str:
            try:
                with transaction():
                    found, guard = session().get_one(Pass, pass_id), cast.actor("guard" if number % 2 else "guard2")
                    return code(services.enter(found, cast.rooms["B2"].id, EVERY_POINT, crypto.new_token(), guard, START))
            except Refused as refused:
                return refused.refusal.code

        assert Counter(at_once(8, one)) == {"": 1, "gate.already_inside": 7}

    def test_entering_while_the_visit_is_cancelled(self, cast: Cast, visit: Visit, visitor: Visitor) -> None:
        """Whichever comes first decides; afterwards nobody comes in on it."""
        pass_id, visit_id = scanning.pass_of(visitor).id, visit.id

        def one(number: int) -> str:
            with transaction():
                if number:
                    visits.cancel(session().get_one(Visit, visit_id), "put off", cast.actor("admin"), START)
                    return "cancelled"
                found = session().get_one(Pass, pass_id)
                return code(services.enter(found, cast.rooms["B2"].id, EVERY_POINT, crypto.new_token(), cast.actor("guard"), START))

        first, second = at_once(2, one)
        assert second == "cancelled"
        assert first in ("", "gate.visit_cancelled")
        with transaction():
            assert code(services.judge(scanning.pass_of(visitor).short_code, START)) == "gate.visit_cancelled"

    def test_the_same_confirm_counts_once(self, cast: Cast, visitor: Visitor) -> None:
        nonce = crypto.new_token()
        with transaction():
            enter(cast, visitor, now=START, nonce=nonce)
        with transaction():
            happened = services.earlier_event(nonce)
        assert happened is not None
        assert (happened.kind, happened.subject_label) == ("entry", visitor.number)
        assert log() == [("entry", "")]


def test_who_is_barred_is_refused_without_the_why(cast: Cast, visitor: Visitor) -> None:
    """R-S7: whatever pass they show, and the guard hears no more than that."""
    with transaction():
        violations.decided(cast)
        verdict = services.verify(scanning.pass_of(visitor).short_code, cast.actor("guard"), START)
    assert verdict.refusal == rules.BARRED
    assert rules.BARRED.data == {}
    assert log() == [("refusal", "gate.barred")]


def test_whoever_is_inside_when_the_window_moves_is_expected_out_then(cast: Cast, visit: Visit, visitor: Visitor) -> None:
    """Shortened: by the new end. Cancelled: now."""
    with transaction():
        enter(cast, visitor, now=START)
    for change, until in (
        (lambda: visits.shorten(visit, END - HOUR, cast.actor("admin"), START), END - HOUR),
        (lambda: visits.cancel(visit, "put off", cast.actor("admin"), START + HOUR), START + HOUR),
    ):
        with transaction():
            change()
        assert session().scalars(select(Presence.until_at)).one() == until
