"""What each reader learns of a rack: everything, their own, or only that it is occupied (R-S2)."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from portal.contracts.models import ContractRack
from portal.facility import administration, contents, queries
from portal.kernel.db import session, transaction
from portal.kernel.errors import NotFound
from tests.cast import NOW
from tests.equipment.making import racked
from tests.workorders import making


@pytest.fixture
def rack(cast):
    with transaction():
        racked(cast, "ALPHA-1", unit=1)
        racked(cast, "BETA-1", unit=2, contract="beta")
        racked(cast, "BETA-2", unit=3, contract="beta", model="r750")
        racked(cast, "ALPHA-2", unit=10, model="r750")
        administration.reserve_units(
            administration.Reservation(cast.racks["B2-01"].id, 5, 6, "front", "secret"), cast.actor("room_staff"), NOW
        )
    return cast.racks["B2-01"]


def seen(cast, who, rack):
    with force_locale("en"):
        blocks = contents.contents_of(cast.actor(who), [rack], lambda kind, id_: f"/{kind}")[rack.id]
    return [(block.unit, block.height, block.face, block.kind, block.label, block.code, block.url) for block in blocks]


def test_staff_see_all(cast, rack):
    assert seen(cast, "room_staff", rack) == [
        (10, 2, "both", "equipment", "Dell PowerEdge R750", "ALPHA-2", "/equipment"),
        (5, 2, "front", "reserved", "secret", "", ""),
        (3, 2, "both", "equipment", "Dell PowerEdge R750", "BETA-2", "/equipment"),
        (2, 1, "both", "equipment", "Dell PowerEdge R650", "BETA-1", "/equipment"),
        (1, 1, "both", "equipment", "Dell PowerEdge R650", "ALPHA-1", "/equipment"),
    ]


def test_a_client_sees_its_own_and_that_the_rest_is_occupied(cast, rack):
    """Two machines of another that stand together are one stretch: not even their sizes show."""
    assert seen(cast, "admin", rack) == [
        (10, 2, "both", "equipment", "Dell PowerEdge R750", "ALPHA-2", "/equipment"),
        (5, 2, "front", "occupied", "Occupied", "", ""),
        (2, 3, "both", "occupied", "Occupied", "", ""),
        (1, 1, "both", "equipment", "Dell PowerEdge R650", "ALPHA-1", "/equipment"),
    ]


def test_duty_staff_read_no_equipment(cast, rack):
    assert {kind for *_rest, kind, _label, code, url in seen(cast, "guard", rack)} == {"occupied"}


def test_plans_show_to_whom_they_belong(cast):
    with transaction():
        order = making.prepared(cast, count=1)
    [item] = making.items(cast, order)
    rack = next(rack for rack in cast.racks.values() if rack.id == item.rack_id)
    [(unit, height, _face, kind, label, code, url)] = seen(cast, "admin", rack)
    assert (unit, height, kind, label, code, url) == (item.unit, 2, "planned", "Dell PowerEdge R750", item.serial, "/work_order")
    assert seen(cast, "auditor", rack)[0][3] == "planned"
    with pytest.raises(NotFound):
        queries.get_rack(cast.actor("stranger"), rack.id)


def test_clients_find_their_racks_alone(cast, rack):
    assert queries.get_rack(cast.actor("admin"), rack.id).code == "B2-01"
    assert queries.get_rack(cast.actor("stranger"), rack.id).code == "B2-01"
    with pytest.raises(NotFound):
        queries.get_rack(cast.actor("solo"), rack.id)
    with pytest.raises(NotFound):
        queries.get_rack(cast.actor("admin"), cast.racks["B2-02"].id)
    with transaction():
        session().add(ContractRack(created_at=NOW, contract_id=cast.contracts["alpha"].id, rack_id=cast.racks["B2-03"].id))
    assert [rack.code for rack in queries.racks_after(cast.actor("admin"), "", 10)] == ["B2-01", "B2-03"]
    assert [rack.code for rack in queries.racks_after(cast.actor("admin"), "B2-01", 10)] == ["B2-03"]
