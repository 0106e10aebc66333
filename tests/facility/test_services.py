"""Holding rack units: exact, and undone whole."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.contracts.models import ContractRack
from portal.facility import queries, rules
from portal.facility.models import RackUnit
from portal.facility.services import hand_units_over, hold_units, release_units
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import NotFound, Refused
from tests.cast import NOW
from tests.facility.making import hold


def held(rack):
    rows = session().scalars(select(RackUnit).where(RackUnit.rack_id == rack.id).order_by(RackUnit.unit, RackUnit.face))
    return [(row.unit, row.face, row.power_w) for row in rows]


def refused(code):
    return pytest.raises(Refused, match=code)


def test_full_depth_holds_both_faces_and_its_power_once(cast):
    with transaction():
        hold(cast, unit=5, height=2, power_w=800)
        assert held(cast.racks["B2-01"]) == [(5, "front", 800), (5, "rear", 0), (6, "front", 0), (6, "rear", 0)]


def test_half_depth_leaves_the_other_face(cast):
    with transaction():
        hold(cast, unit=5, full_depth=False, face="front")
        hold(cast, unit=5, full_depth=False, face="rear")
        with refused("units_taken"):
            hold(cast, unit=5, full_depth=True)
        assert held(cast.racks["B2-01"]) == [(5, "front", 0), (5, "rear", 0)]


def test_a_unit_has_one_holder(cast):
    with transaction():
        hold(cast, unit=5, height=4)
        for unit, height in ((5, 1), (8, 1), (4, 2), (3, 10)):
            with refused("units_taken"):
                hold(cast, unit=unit, height=height)
        hold(cast, unit=9)
        hold(cast, unit=4)


def test_the_constraint_has_the_last_word(cast, monkeypatch):
    """What slips past the check, the database refuses, and it is told as the same refusal."""
    with transaction():
        hold(cast, unit=5)
    monkeypatch.setattr("portal.facility.services.why_not_hold", lambda *args: None)
    with refused("units_taken"), transaction():
        hold(cast, unit=4, height=2)
    assert len(held(cast.racks["B2-01"])) == 2


def test_not_beyond_the_rack(cast):
    with transaction():
        hold(cast, unit=42)
        for unit, height in ((42, 2), (43, 1), (0, 1)):
            with refused("outside_rack"):
                hold(cast, rack="B2-02", unit=unit, height=height)
    with pytest.raises(NotFound), transaction():
        hold_units(
            ids.new(),
            1,
            1,
            True,
            "front",
            holder_kind="reserved",
            holder_id=ids.new(),
            client_id=None,
            contract_id=None,
            power_w=0,
            now=NOW,
        )


def test_power_to_the_last_watt(cast):
    with transaction():
        hold(cast, unit=1, power_w=5999)
        with refused("over_power") as caught:
            hold(cast, unit=2, power_w=2)
        assert caught.value.refusal.data == {"rack": "B2-01", "free": 1, "limit": 6000, "needed": 2}
        hold(cast, unit=2, power_w=1)
        hold(cast, unit=3, power_w=0)


def test_a_granted_rack_is_for_its_contract_alone(cast):
    with transaction():
        alpha, beta = cast.contracts["alpha"], cast.contracts["beta"]
        rack = cast.racks["B2-01"]
        session().add(ContractRack(created_at=NOW, contract_id=alpha.id, rack_id=rack.id))
        for contract in (None, beta.id):
            with refused("rack_of_another"):
                hold(cast, unit=1, contract_id=contract)
        hold(cast, unit=1, contract_id=alpha.id)


def test_what_has_no_height_takes_a_hook_and_its_power(cast):
    with transaction():
        first, second = (hold(cast, unit=1, height=0, power_w=100) for _ in range(2))
        hold(cast, unit=1, height=42)
        assert {row.unit for row in queries.held_in([cast.racks["B2-01"].id]) if row.face == "side"} == {1, 2}
        with refused("over_power"):
            hold(cast, unit=1, height=0, power_w=5801)
        release_units(first)
        assert queries.loads_of([cast.racks["B2-01"].id])[cast.racks["B2-01"].id] == queries.Load(42, 100)
        assert hand_units_over(second, "reserved", ids.new()) == 1


def test_the_hooks_end_too(cast):
    with transaction():
        for _ in range(42):
            hold(cast, unit=1, height=0)
        with refused("units_taken"):
            hold(cast, unit=1, height=0)


def test_handing_over_keeps_place_and_power(cast):
    with transaction():
        old, new = hold(cast, unit=5, height=2, power_w=300), ids.new()
        before = held(cast.racks["B2-01"])
        assert hand_units_over(old, "reserved", new) == 4
        assert held(cast.racks["B2-01"]) == before
        assert {row.holder_id for row in queries.held_in([cast.racks["B2-01"].id])} == {new}


def test_releasing_twice_is_releasing(cast):
    with transaction():
        holder = hold(cast, unit=5, height=2)
        assert (release_units(holder), release_units(holder)) == (4, 0)
        hold(cast, unit=5, height=2)


def test_free_space_is_the_first_fit_of_each_rack(cast):
    room = cast.rooms["B2"]
    with transaction():
        hold(cast, unit=1, height=40, power_w=100)
        hold(cast, rack="B2-02", unit=1, power_w=5900)
        slots = queries.free_space(room.id, 3, True, 200, None, None, 20)
        assert [(slot.rack.code, slot.unit, slot.face, slot.free_power_w) for slot in slots] == [("B2-03", 1, "front", 6000)]
        slots = queries.free_space(room.id, 2, True, 100, None, None, 20)
        assert [(slot.rack.code, slot.unit) for slot in slots] == [("B2-01", 41), ("B2-02", 2), ("B2-03", 1)]
        assert len(queries.free_space(room.id, 2, True, 100, None, None, 2)) == 2
        assert queries.free_space(room.id, 43, True, 0, None, None, 20) == []


def test_free_space_prefers_what_is_ones_own(cast):
    room, alpha = cast.rooms["B2"], cast.contracts["alpha"]
    with transaction():
        session().add(ContractRack(created_at=NOW, contract_id=alpha.id, rack_id=cast.racks["B2-03"].id))
        hold(cast, rack="B2-02", unit=1, client_id=cast.alpha.id)
        own = queries.free_space(room.id, 1, True, 0, cast.alpha.id, alpha.id, 20)
        assert [slot.rack.code for slot in own] == ["B2-03", "B2-02", "B2-01"]
        beta = queries.free_space(room.id, 1, True, 0, cast.beta.id, cast.contracts["beta"].id, 20)
        assert [slot.rack.code for slot in beta] == ["B2-01", "B2-02"]
        anybody = queries.free_space(room.id, 1, True, 0, None, None, 20)
        assert [slot.rack.code for slot in anybody] == ["B2-01", "B2-02"]


def test_every_slot_that_is_offered_can_be_held(cast):
    with transaction():
        for unit in (1, 4, 5, 11, 30):
            hold(cast, unit=unit, full_depth=unit % 2 == 0)
        for height in (0, 1, 2, 3, 6, 12):
            for full in (True, False):
                for slot in queries.free_space(cast.rooms["B2"].id, height, full, 10, None, None, 20):
                    hold(cast, slot.rack.code, slot.unit, height, full, face=slot.face, power_w=10)


def test_a_refusal_says_what_to_do():
    for refusal in (rules.UNITS_TAKEN, rules.OUTSIDE_RACK, rules.OVER_POWER, rules.RACK_OF_ANOTHER, rules.CODE_TAKEN):
        assert "Choose" in refusal.sentence
