"""Exit slips at the gate: what is listed, on its date, with its mover, once. R-X3, R-X4."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.equipment.models import Equipment
from portal.exits import services as exits
from portal.exits.lifecycle import EXIT
from portal.exits.models import Exit
from portal.gate import rules, services
from portal.gate.models import GateEvent
from portal.kernel import clock, crypto, ids
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from tests.cast import NOW, Cast
from tests.exits import making
from tests.gate.scanning import code, log, pass_of

SECOND = timedelta(seconds=1)
MIDNIGHT = clock.at_local(making.TODAY)


@pytest.fixture
def servers(cast: Cast) -> list[Equipment]:
    with transaction():
        return making.servers(cast, 3)


@pytest.fixture
def slip(cast: Cast, servers: list[Equipment]) -> Exit:
    """A slip for SN-0001 and SN-0002, today; SN-0003 stands beside them."""
    with transaction():
        return making.issued(cast, servers[:2])


def item_ids(slip: Exit) -> list[object]:
    return [item.id for item in making.items(slip)]


def states(servers: list[Equipment]) -> list[str]:
    for thing in servers:
        session().refresh(thing)
    return [thing.state for thing in servers]


def test_all_that_is_listed_leaves_once(cast: Cast, slip: Exit, servers: list[Equipment]) -> None:
    with transaction():
        assert code(making.let_out(cast, slip, item_ids(slip))) == ""
    assert states(servers) == ["withdrawn", "withdrawn", "in_service"]
    assert (slip.state, slip.released_at) == ("released", NOW)
    assert live_pass(slip.id) is None
    event = session().scalars(select(GateEvent)).one()
    assert (event.kind, event.facts) == ("release", {"released": ["SN-0001", "SN-0002"], "stayed": 0})
    assert (event.person_name, event.subject_label, event.guard_id) == ("刘洋", slip.number, cast.user("guard").id)
    with transaction():
        again = making.let_out(cast, slip, item_ids(slip), by="guard2", now=NOW + SECOND)
    assert again.refusal == rules.SLIP_USED(at=NOW)
    assert log() == [("release", ""), ("refusal", "gate.slip_used")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"mover_seen": False}, "gate.mover_not_seen"),
        ({"ticked": 0}, "gate.nothing_ticked"),
        ({"ticked": 1}, "gate.not_all_ticked"),
        ({"ticked": 1, "rest_stays": True}, ""),
        ({"ticked": 2, "rest_stays": True}, ""),
        ({"ticked": 0, "rest_stays": True}, "gate.nothing_ticked"),
        ({"ticked": 1, "rest_stays": True, "mover_seen": False}, "gate.mover_not_seen"),
    ],
)
def test_what_the_guard_has_to_see(cast: Cast, slip: Exit, servers: list[Equipment], said: dict[str, int], expected: str) -> None:
    """What can be put right is asked for again, and uses nothing up."""
    ticked, nonce = item_ids(slip)[: said.get("ticked", 2)], crypto.new_token()
    words = {word: value for word, value in said.items() if word != "ticked"}
    with transaction():
        assert code(making.let_out(cast, slip, ticked, nonce=nonce, **words)) == expected
    if expected:
        assert states(servers) == ["in_service"] * 3
        assert services.earlier_event(nonce) is None
        with transaction():
            assert code(making.let_out(cast, slip, item_ids(slip), nonce=nonce)) == ""


def test_an_item_of_another_slip_is_no_tick(cast: Cast, slip: Exit, servers: list[Equipment]) -> None:
    with transaction():
        other = making.issued(cast, servers[2:])
        mixed = [item_ids(slip)[0], *item_ids(other)]
        assert code(making.let_out(cast, slip, mixed, rest_stays=True)) == "gate.nothing_ticked"
        assert code(making.let_out(cast, slip, [ids.new()], rest_stays=True)) == "gate.nothing_ticked"
    assert states(servers) == ["in_service"] * 3


def test_a_serial_number_that_is_not_on_the_slip_stays_inside(cast: Cast, slip: Exit) -> None:
    with transaction():
        assert code(services.tick(pass_of(slip), "SN-0001", cast.actor("guard"), NOW)) == ""
        refused = services.tick(pass_of(slip), "SN-0003", cast.actor("guard"), NOW)
    assert refused.refusal == rules.NOT_ON_SLIP(serial="SN-0003")
    event = session().scalars(select(GateEvent)).one()
    assert (event.kind, event.code, event.facts["serial"]) == ("refusal", "gate.not_on_slip", "SN-0003")
    with transaction():
        assert code(making.let_out(cast, slip, item_ids(slip))) == "", "the attempt uses nothing up"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (MIDNIGHT - SECOND, "gate.slip_early"),
        (MIDNIGHT, ""),
        (MIDNIGHT + timedelta(days=1) - SECOND, ""),
        (MIDNIGHT + timedelta(days=1), "gate.slip_lapsed"),
        (MIDNIGHT + timedelta(days=30), "gate.slip_lapsed"),
    ],
)
def test_on_its_date_to_the_second(cast: Cast, slip: Exit, servers: list[Equipment], when: object, expected: str) -> None:
    """The gate does not wait for the job that lets slips lapse."""
    with transaction():
        verdict = making.let_out(cast, slip, item_ids(slip), now=when)  # type: ignore[arg-type]
    assert code(verdict) == expected
    assert log() == ([("refusal", expected)] if expected else [("release", "")])
    assert states(servers)[0] == ("in_service" if expected else "withdrawn")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("issued", ""), ("released", "gate.slip_used"), ("awaiting_return", "gate.slip_used"), ("completed", "gate.slip_used"),
        ("cancelled", "gate.slip_cancelled"), ("lapsed", "gate.slip_lapsed"),
    ],
)  # fmt: skip
def test_the_state_is_read_again_whatever_the_paper_says(cast: Cast, servers: list[Equipment], state: str, expected: str) -> None:
    with transaction():
        found = making.in_state(cast, "issued" if state == "cancelled" else state, servers[:1])
        if state == "cancelled":
            exits.cancel(found, "put off", cast.actor("admin"), NOW)
        later = NOW + timedelta(days=1) if state == "lapsed" else NOW
        verdict = services.verify(pass_of(found).short_code, cast.actor("guard"), later)
    assert code(verdict) == expected
    assert log()[-1] == ("refusal" if expected else "scan", expected)


@pytest.mark.parametrize("state", sorted(set(EXIT.states) - {"issued", "released", "awaiting_return", "completed", "cancelled", "lapsed"}))
def test_an_application_has_no_paper(cast: Cast, servers: list[Equipment], state: str) -> None:
    with transaction():
        found = making.in_state(cast, state, servers[:1])
    with pytest.raises(LookupError):
        pass_of(found)


def test_what_was_cancelled_since_the_scan_stays_inside(cast: Cast, slip: Exit, servers: list[Equipment]) -> None:
    held = pass_of(slip)
    with transaction():
        assert code(services.verify(held.short_code, cast.actor("guard"), NOW)) == ""
        exits.cancel(slip, "put off", cast.actor("colleague"), NOW)
    with transaction():
        verdict = services.release(
            held, item_ids(slip), mover_seen=True, rest_stays=False, nonce=crypto.new_token(), actor=cast.actor("guard"), now=NOW
        )  # type: ignore[arg-type]  # fmt: skip
    assert code(verdict) == "gate.slip_cancelled"
    assert states(servers) == ["in_service"] * 3
    assert log() == [("scan", ""), ("refusal", "gate.slip_cancelled")]


def test_a_refusal_is_committed_with_everything_around_it(cast: Cast, slip: Exit) -> None:
    """A refused scan is a result, not an exception that rolls its own record back."""
    with transaction():
        making.let_out(cast, slip, [], mover_seen=False)
        making.let_out(cast, slip, item_ids(slip))
        making.let_out(cast, slip, item_ids(slip))
    assert log() == [("refusal", "gate.mover_not_seen"), ("release", ""), ("refusal", "gate.slip_used")]


def test_a_badge_lets_no_equipment_out_and_a_slip_nobody_in(cast: Cast, slip: Exit) -> None:
    with transaction():
        verdict = services.judge(pass_of(slip).short_code, NOW)
    assert (verdict.ground, verdict.rooms, verdict.inside) == (None, (), None)
