"""Planning holds everything or nothing (R-W3); what is given up again."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from portal.contracts import services as contracts
from portal.equipment.models import Equipment, EquipmentModel
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.network.models import AddressHold, PortHold
from portal.passes.queries import live_pass
from portal.workorders import queries, services
from portal.workorders.checking import Line
from portal.workorders.services import Place
from tests.cast import NOW, new_contract
from tests.workorders import making
from tests.workorders.making import codes


def test_prepare_holds_everything(cast):
    with transaction():
        order = making.prepared(cast)
    for item in making.items(cast, order):
        assert making.held(item.id) == (4, 1, 1)
        assert (item.rack_id, item.unit) == (cast.racks["B2-01"].id, 1 if item.line == 1 else 3)
    assert making.told("work_order.prepared") == ["admin@client.example", "colleague@client.example"]


def test_a_plan_needs_a_place_for_every_item_in_the_contracts_room(cast):
    with transaction():
        order = making.issued(cast)
    first, second = making.items(cast, order)
    elsewhere = {first.id: Place(cast.racks["A1-01"].id, 1), second.id: Place(cast.racks["B2-01"].id, 1)}
    for places, wrong in (({}, [first, second]), (elsewhere, [first])):
        with pytest.raises(Refused) as refused, transaction():
            services.prepare(order, places, cast.actor("room_staff"), NOW)
        assert [(r.code, r.field) for r in refused.value.refusals] == [
            ("work_order.no_place", f"place-{ids.to_text(item.id)}") for item in wrong
        ]


def test_a_plan_is_held_whole_or_not_at_all(cast):
    with transaction():
        order = making.issued(cast)
    first, second = making.items(cast, order)
    rack = cast.racks["B2-01"].id
    with pytest.raises(Refused) as refused, transaction():
        services.prepare(order, {first.id: Place(rack, 5), second.id: Place(rack, 6)}, cast.actor("room_staff"), NOW)
    assert [(r.code, r.field) for r in refused.value.refusals] == [("facility.units_taken", f"place-{ids.to_text(second.id)}")]
    for item in making.items(cast, order):
        assert making.held(item.id) == (0, 0, 0)
        assert item.rack_id is None
    assert queries.get_order(cast.actor("sales"), order.id).state == "issued"


def test_no_address_left_holds_nothing(cast):
    with transaction():
        order = making.issued(cast)
        session().execute(PortHold.port.property.mapper.class_.__table__.update().values(out_of_use=True))
    with pytest.raises(Refused) as refused, transaction():
        services.prepare(order, making.places(cast, order), cast.actor("room_staff"), NOW)
    assert codes(refused.value) == ["network.no_port_left"]
    assert [making.held(item.id) for item in making.items(cast, order)] == [(0, 0, 0)] * 2


def test_proposals_keep_to_racks_granted(cast):
    with transaction():
        sales = cast.actor("sales")
        terms = new_contract(cast.solo, cast.rooms["B2"], NOW, units_granted=0, rack_ids=(cast.racks["B2-01"].id,))
        contract = contracts.draft_contract(terms, sales, NOW)
        contracts.sign_contract(contract, sales, NOW)
        cast.contracts["whole"] = contract
    with transaction():
        others = making.issued(cast)
        own = services.draft(making.draft(cast, contract="whole", first=11), sales, NOW)
        services.issue(own, sales, NOW)
        assert {place.rack_id for place in making.places(cast, others).values()} == {cast.racks["B2-02"].id}
        assert {place.rack_id for place in making.places(cast, own).values()} == {cast.racks["B2-01"].id}
        services.prepare(own, making.places(cast, own), cast.actor("room_staff"), NOW)
    elsewhere = {item.id: Place(cast.racks["B2-01"].id, 30) for item in making.items(cast, others)}
    with pytest.raises(Refused) as refused, transaction():
        services.prepare(others, elsewhere, cast.actor("room_staff"), NOW)
    assert codes(refused.value) == ["facility.rack_of_another"]


def test_units_outside_its_own_racks_are_bounded_too(cast):
    with transaction():
        sales = cast.actor("sales")
        making.set_terms(units_granted=20)
        terms = new_contract(cast.solo, cast.rooms["B2"], NOW, units_granted=2, rack_ids=(cast.racks["B2-01"].id,))
        contract = contracts.draft_contract(terms, sales, NOW)
        contracts.sign_contract(contract, sales, NOW)
        cast.contracts["whole"] = contract
        order = services.draft(making.draft(cast, contract="whole"), sales, NOW)
        services.issue(order, sales, NOW)
    outside = {item.id: Place(cast.racks["B2-02"].id, 1 + 2 * item.line) for item in making.items(cast, order)}
    with pytest.raises(Refused) as refused, transaction():
        services.prepare(order, outside, cast.actor("room_staff"), NOW)
    assert refused.value.refusal.data == {"used": 4, "granted": 2}


def test_a_full_rack_leads_to_the_next(cast):
    """Three racks of 6000 W: power runs out before the units do."""
    with transaction():
        making.set_terms(units_granted=60, power_w=18000)
        order = making.issued(cast, count=16)
        found = making.places(cast, order)
        racks = [found[item.id].rack_id for item in making.items(cast, order)]
        assert [racks.count(cast.racks[code].id) for code in ("B2-01", "B2-02", "B2-03")] == [7, 7, 2]
        services.prepare(order, found, cast.actor("room_staff"), NOW)


def test_equipment_without_height_hangs_at_the_side(cast):
    with transaction():
        strip = EquipmentModel(created_at=NOW, manufacturer="APC", name="Strip", height_u=0, full_depth=False, search_text="apc strip")
        session().add(strip)
        session().flush()
        order = making.prepared(cast, lines=(Line(strip, "PDU-1"), Line(strip, "PDU-2")))
        assert [queries.place_of(item) for item in making.items(cast, order)] == ["B2-01 / 0U"] * 2
        making.accept(cast, order, 1)
        making.accept(cast, order, 2)
    assert session().scalar(select(func.count()).select_from(Equipment)) == 2


def test_replan_gives_up_what_was_held(cast):
    with transaction():
        order = making.prepared(cast)
        services.replan(order, "rack is hot", cast.actor("room_staff"), NOW)
        assert (order.state, order.prepared_at) == ("issued", None)
        for item in making.items(cast, order):
            assert (making.held(item.id), item.rack_id) == ((0, 0, 0), None)
        services.prepare(order, making.places(cast, order), cast.actor("room_staff"), NOW)
    given_up = session().scalars(select(AddressHold.freed_at).where(AddressHold.released_at.is_not(None))).all()
    assert given_up == [NOW, NOW], "an address that nobody used does not rest"
    assert making.told("work_order.planned_again") == ["admin@client.example", "colleague@client.example"]


@pytest.mark.parametrize("state", ["draft", "requested", "issued", "prepared"])
def test_cancel(cast, state):
    with transaction():
        order = making.in_state(cast, state)
        services.cancel(order, "put off", cast.actor("admin"), NOW)
    for item in making.items(cast, order):
        assert (item.state, making.held(item.id)) == ("dropped", (0, 0, 0))
    assert live_pass(order.id) is None
    told = {"colleague@client.example"} | (set() if state == "draft" else {"sales@rackpass.example"})
    told |= {"room_staff@rackpass.example"} if state in ("issued", "prepared") else set()
    assert making.told("work_order.cancelled") == sorted(told)
    with transaction():
        making.drafted(cast)  # its serial numbers are free again
