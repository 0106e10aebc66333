"""Sixteen at once with real commits: one serial is in the building once, and what is gone is gone once."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.equipment import services
from portal.equipment.models import Equipment
from portal.kernel.db import session, transaction
from tests.cast import NOW
from tests.equipment.making import racked
from tests.equipment.test_catalogue import facts
from tests.facility.making import at_once


def test_one_serial_sixteen_times(cast):
    works = [lambda unit=unit: racked(cast, "SN-0001", unit=unit, power_w=100) for unit in range(1, 17)]
    assert at_once(works) == {"done": 1, "equipment.serial_in_service": 15}
    assert session().scalar(select(func.count()).select_from(Equipment)) == 1


def test_sixteen_serials_on_one_unit(cast):
    works = [lambda number=number: racked(cast, f"SN-{number:04d}", unit=42) for number in range(16)]
    assert at_once(works) == {"done": 1, "facility.units_taken": 15}


def test_sixteen_serials_on_sixteen_units(cast):
    works = [lambda number=number: racked(cast, f"SN-{number:04d}", unit=number + 1, power_w=100) for number in range(16)]
    assert at_once(works) == {"done": 16}


def test_one_model_added_sixteen_times(cast):
    new = facts(name="Brand new")
    results = at_once([lambda: services.add_model(new, cast.actor("administrator"), NOW)] * 16)
    assert results == {"done": 1, "equipment.model_exists": 15}


def test_a_model_grows_while_its_first_item_comes(cast):
    """Either it grew before and the item that was planned for its old height does not get in, or the item is in and it stays."""
    model = cast.models["r750"]
    with transaction():
        racked(cast, "SN-0000", unit=1, model="r750")
    grow = facts(height_u=3)
    works = [lambda: services.change_model(model.id, grow, cast.actor("administrator"), NOW)]
    works += [lambda number=number: racked(cast, f"SN-{number:04d}", unit=3 * number, model="r750", power_w=100) for number in range(1, 6)]
    assert at_once(works) == {"done": 5, "equipment.model_in_use": 1}
