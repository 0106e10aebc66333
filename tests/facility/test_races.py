"""Sixteen at once, with real commits: a unit goes to one, a rack never beyond its power, and nobody meets an error."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.contracts.models import ContractRack
from portal.facility import administration, queries
from portal.facility.models import RackUnit
from portal.kernel.db import session, transaction
from tests.cast import NOW
from tests.facility.making import at_once, hold


def rows():
    return session().scalar(select(func.count()).select_from(RackUnit))


def test_the_last_unit_goes_to_one(cast):
    with transaction():
        hold(cast, unit=1, height=41)
    assert at_once([lambda: hold(cast, unit=42)] * 16) == {"done": 1, "facility.units_taken": 15}
    assert rows() == 84


def test_overlapping_places(cast):
    results = at_once([lambda unit=unit: hold(cast, unit=unit, height=3) for unit in range(1, 17)])
    assert 4 <= results["done"] <= 6
    assert results["done"] + results["facility.units_taken"] == 16
    assert rows() == results["done"] * 6


def test_the_last_watts_go_to_one(cast):
    results = at_once([lambda unit=unit: hold(cast, unit=unit, power_w=3500) for unit in range(1, 17)])
    assert results == {"done": 1, "facility.over_power": 15}


def test_power_is_shared_to_the_limit_and_no_further(cast):
    results = at_once([lambda unit=unit: hold(cast, unit=unit, power_w=1000) for unit in range(1, 17)])
    assert results == {"done": 6, "facility.over_power": 10}


def test_hooks_for_what_has_no_height(cast):
    assert at_once([lambda: hold(cast, height=0, power_w=10)] * 16) == {"done": 16}
    assert rows() == 16


def test_a_rack_is_lowered_while_it_fills(cast):
    """Either the rack is lowered first and the unit does not exist, or it is held first and the rack stays as it is."""
    rack, administrator = cast.racks["B2-01"], cast.actor("administrator")
    lower = administration.RackFacts(rack.code, rack.row, 40, rack.power_w)
    works = [lambda: administration.change_rack(rack.id, lower, administrator, NOW), lambda: hold(cast, unit=42)]
    results = at_once(works)
    assert results["done"] == 1
    assert results["facility.outside_rack"] + results["facility.too_few_units"] == 1


def test_several_racks_in_any_order_do_not_lock_up(cast):
    codes = ["B2-01", "B2-02", "B2-03"]

    def fill(number):
        order = codes if number % 2 else codes[::-1]
        queries.lock_racks(cast.racks[code].id for code in order)
        for code in order:
            hold(cast, rack=code, unit=number + 1)

    assert at_once([lambda number=number: fill(number) for number in range(16)]) == {"done": 16}


def test_a_reservation_is_ended_once(cast):
    room_staff, rack = cast.actor("room_staff"), cast.racks["B2-01"]
    with transaction():
        holder = administration.reserve_units(administration.Reservation(rack.id, 1, 2, "both", "shelf"), room_staff, NOW)
    results = at_once([lambda: administration.end_reservation(rack.id, holder, room_staff, NOW)] * 16)
    assert results == {"done": 1, "facility.reservation_gone": 15}


def test_a_series_is_added_once(cast):
    new = administration.NewRacks(cast.rooms["A1"].id, "A1-{10-12}", "2", 42, 6000)
    results = at_once([lambda: administration.add_racks(new, cast.actor("administrator"), NOW)] * 8)
    assert results == {"done": 1, "facility.code_taken": 7}


def test_a_rack_that_is_being_granted(cast):
    """Whoever grants locks the rack, so that nothing of another gets in beside it."""
    rack, alpha = cast.racks["B2-01"], cast.contracts["alpha"]

    def grant():
        queries.rack_for_update(rack.id)
        if not queries.held_in([rack.id]):
            session().add(ContractRack(created_at=NOW, contract_id=alpha.id, rack_id=rack.id))

    beta = {"client_id": cast.beta.id, "contract_id": cast.contracts["beta"].id}
    at_once([grant, lambda: hold(cast, unit=1, **beta), lambda: hold(cast, unit=2, **beta), lambda: hold(cast, unit=3, **beta)])
    granted = session().scalar(select(func.count()).select_from(ContractRack))
    assert (granted == 1) == (rows() == 0)
