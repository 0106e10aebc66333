"""Shifts: start, hand over, take over; what is signed stays as it was; one guard a site, one site a guard."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.facility.models import Site
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, Refused
from portal.kernel.policy import Role
from portal.outbox.models import OutboxMessage
from portal.passes.queries import live_pass
from portal.shifts import queries, services
from portal.shifts.models import Shift
from tests.badges import making as badges
from tests.cast import NOW, Cast, add_user
from tests.conduct import making as conduct
from tests.shifts import making
from tests.threads import at_once

POINTS = [key for key, _label in gate_rules.CHECKLIST_POINTS]
LATER = NOW + timedelta(hours=8)


def code_of(work: object) -> str:
    with pytest.raises(Refused) as refused, transaction():
        work()  # type: ignore[operator]
    return refused.value.refusal.code


def test_one_guard_a_site_and_one_site_a_guard(cast: Cast) -> None:
    with transaction():
        shift = making.running(cast)
        other = Site(created_at=NOW, code="SH", name="上海", name_en="Shanghai", address="")
        session().add(other)
    assert shift.number == "SH-2611-0001"
    assert code_of(lambda: making.running(cast, "guard2")) == "shift.site_taken"
    assert code_of(lambda: services.start(other.id, cast.actor("guard"), NOW)) == "shift.on_duty"
    live = queries.live_shift(shift.site_id)
    assert live is not None
    assert live.guard_id == cast.user("guard").id
    assert queries.shift_of(cast.user("guard").id, NOW) is live
    assert queries.shift_of(cast.user("guard").id, NOW - timedelta(seconds=1)) is None
    assert queries.shift_of(cast.user("guard2").id, NOW) is None
    assert [site.code for site in queries.sites_without()] == ["SH"]


def test_what_is_signed_stays_as_it_was(cast: Cast) -> None:
    """Entries, refusals, violations and who is inside, of this shift alone; afterwards nothing of it moves."""
    guard = cast.actor("guard")
    with transaction():
        badge = badges.issued(cast, "wang")
        held = live_pass(badge.id)
        assert held is not None
        gate.verify("nonsense", guard, NOW - timedelta(minutes=1))
        shift = making.running(cast)
        gate.verify("nonsense", guard, NOW + timedelta(minutes=1))
        assert gate.enter(held, cast.rooms["B2"].id, POINTS, "n1", guard, NOW + timedelta(minutes=2)).refusal is None
        conduct.recorded(cast, "liu")
    with transaction():
        services.hand_over(shift, "空调有异响", guard, LATER)
        gate.leave(held, "n2", guard, LATER + timedelta(minutes=1))
    snapshot = queries.get_shift(shift.id).snapshot
    assert snapshot["counts"] == {"entry": 1, "exit": 0, "refusal": 1, "release": 0, "return": 0}
    assert [row["code"] for row in snapshot["refusals"]] == ["gate.not_a_pass"]
    assert [row["person"] for row in snapshot["inside"]] == ["王珺"]
    assert [row["person"] for row in snapshot["violations"]] == ["刘洋"]
    assert shift.state == "handed_over"
    assert set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "shift.handed_over"))) == {
        "guard2@rackpass.example"
    }


def test_the_next_guard_reads_and_takes_over(cast: Cast) -> None:
    with transaction():
        shift = making.handed_over(cast)
    with pytest.raises(Forbidden), transaction():
        services.take_over(shift, "", cast.actor("guard"), LATER)
    still = queries.shift_of(cast.user("guard").id, LATER)
    assert still is not None  # on duty until someone has taken over
    with transaction():
        after = services.take_over(shift, "无异议", cast.actor("guard2"), LATER)
    assert (shift.state, shift.ended_at, shift.next_guard_id) == ("taken", LATER, cast.user("guard2").id)
    assert (after.state, after.previous_id, after.guard_id) == ("running", shift.id, cast.user("guard2").id)
    assert queries.shift_of(cast.user("guard").id, LATER) is None


def test_only_who_is_on_duty_hands_over_or_ends(cast: Cast) -> None:
    with transaction():
        shift = making.running(cast)
    assert code_of(lambda: services.hand_over(shift, "", cast.actor("guard2"), LATER)) == "shift.not_yours"
    assert code_of(lambda: services.end(shift, "x", cast.actor("guard2"), LATER)) == "shift.not_yours"
    with pytest.raises(Conflict), transaction():
        services.take_over(shift, "", cast.actor("guard2"), LATER)
    with transaction():
        services.end(shift, "夜间无人值守", cast.actor("guard"), LATER)
    assert queries.live_shift(shift.site_id) is None
    assert shift.snapshot["counts"]["entry"] == 0


def test_without_a_handover_with_a_reason(cast: Cast) -> None:
    with transaction():
        shift = making.running(cast)
    with pytest.raises(ValueError, match="reason"), transaction():
        services.take_without(shift, "", cast.actor("guard2"), LATER)
    with transaction():
        after = services.take_without(shift, "前一班突发疾病送医", cast.actor("guard2"), LATER)
    assert (shift.state, after.state) == ("left", "running")
    assert shift.snapshot["until"]
    assert set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "shift.left"))) == {
        "supervisor@rackpass.example", "guard@rackpass.example",
    }  # fmt: skip


def test_two_guards_take_over_at_once(cast: Cast) -> None:
    with transaction():
        cast.users["guard3"] = add_user("guard3@rackpass.example", "吴越", Role.DUTY, None, NOW)
        shift_id = making.handed_over(cast).id

    def take(number: int) -> str:
        try:
            with transaction():
                found = session().get_one(Shift, shift_id)
                services.take_over(found, "", cast.actor(("guard2", "guard3")[number % 2]), LATER)
        except Conflict:
            return "conflict"
        except Refused as refused:
            return refused.refusal.code
        return "done"

    said = Counter(at_once(8, take))
    assert said["done"] == 1
    assert said["done"] + said["conflict"] == 8


def test_two_guards_start_at_once(cast: Cast) -> None:
    with transaction():
        site_id = cast.rooms["B2"].site_id

    def start(number: int) -> str:
        try:
            with transaction():
                services.start(site_id, cast.actor(("guard", "guard2")[number % 2]), NOW)
        except Refused as refused:
            return refused.refusal.code
        return "done"

    said = Counter(at_once(6, start))
    assert said["done"] == 1
    assert sum(said.values()) == 6
