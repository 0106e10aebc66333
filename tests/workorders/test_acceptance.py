"""At the door: item by item, as listed or not at all (R-W2), placed with address and port or not at all (R-W3)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.contracts import services as contracts
from portal.equipment.models import Equipment
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Refused
from portal.outbox.models import OutboxMessage
from portal.workorders import acceptance, queries, services
from portal.workorders.models import WorkOrder, WorkOrderExtra, WorkOrderItem
from tests.cast import NOW
from tests.workorders import making
from tests.workorders.making import ARRIVAL, DAY, SECOND, codes


def test_accept_puts_in_service_with_place_address_and_port(cast):
    with transaction():
        order = making.prepared(cast)
        making.accept(cast, order, 1)
    item, rest = making.items(cast, order)
    placed = session().get_one(Equipment, item.equipment_id)
    assert (placed.state, placed.serial, placed.rack_id, placed.unit) == ("in_service", "SN-0001", cast.racks["B2-01"].id, 1)
    assert making.held(placed.id) == (4, 1, 1)
    assert making.held(item.id) == (0, 0, 0)
    assert (item.state, item.accepted_at, rest.state) == ("accepted", ARRIVAL, "expected")
    assert queries.get_order(cast.actor("admin"), order.id).state == "partly_accepted"


def test_the_last_item_completes_the_order(cast):
    with transaction():
        order = making.prepared(cast)
        making.accept(cast, order, 2)
        assert making.accept(cast, order, 1).state == "completed"
    assert queries.get_order(cast.actor("admin"), order.id).completed_at == ARRIVAL
    [mail] = session().scalars(
        select(OutboxMessage).where(OutboxMessage.code == "work_order.completed", OutboxMessage.address.like("admin%"))
    )
    assert (mail.data["accepted"], mail.data["refused"], mail.data["missing"], mail.path[-11:]) == (2, 0, 0, "#allocation")


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"unpacked": False}, "work_order.not_unpacked"),
        ({"model_agrees": False}, "work_order.model_differs"),
        ({"serial": "SN-000I"}, "work_order.serial_differs"),
        ({"serial": ""}, "work_order.serial_missing"),
        ({"serial": " sn-0002 "}, "work_order.serial_of_another_line"),
    ],
)
def test_what_is_not_as_listed_is_not_accepted(cast, found, code):
    with transaction():
        order = making.prepared(cast)
    with pytest.raises(Refused) as refused, transaction():
        making.accept(cast, order, 1, **found)
    assert codes(refused.value) == [code]
    assert session().scalar(select(func.count()).select_from(Equipment)) == 0


def test_a_scanned_serial_may_be_spaced_and_in_small_letters(cast):
    with transaction():
        order = making.prepared(cast)
        making.accept(cast, order, 1, serial=" sn-00 01")


def test_nothing_is_accepted_before_the_notice_has_passed(cast):
    with transaction():
        order = making.prepared(cast)
    with pytest.raises(Refused) as refused, transaction():
        making.accept(cast, order, now=NOW + DAY - SECOND)
    assert codes(refused.value) == ["work_order.not_expected_yet"]
    with transaction():
        making.accept(cast, order, now=NOW + DAY)


def test_a_suspended_contract_stops_acceptance_and_planning(cast):
    with transaction():
        waiting = making.prepared(cast)
        planned = making.issued(cast, first=5)
        places = making.places(cast, planned)
        contracts.suspend_contract(cast.contracts["alpha"], "unpaid", cast.actor("supervisor"), NOW)
    for work in (
        lambda: making.accept(cast, waiting),
        lambda: services.prepare(planned, places, cast.actor("room_staff"), NOW),
    ):
        with pytest.raises(Refused) as refused, transaction():
            work()
        assert codes(refused.value) == ["contract.suspended"]


def test_an_item_is_refused_for_good(cast):
    with transaction():
        order = making.prepared(cast)
        first, second = making.items(cast, order)
        acceptance.refuse(order, first.id, "wrong model", cast.actor("room_staff"), ARRIVAL)
        assert making.held(first.id) == (0, 0, 0)
        assert making.held(second.id) == (4, 1, 1)
    with pytest.raises(Conflict), transaction():
        making.accept(cast, order, 1)
    assert making.told("work_order.item_refused") == ["admin@client.example", "colleague@client.example"]
    with transaction():
        assert making.accept(cast, order, 2).state == "completed"
    assert [item.settled_note for item in making.items(cast, order)] == ["wrong model", ""]


def test_refusing_the_last_item_completes_the_order(cast):
    with transaction():
        order = making.in_state(cast, "partly_accepted")
        second = making.items(cast, order)[1]
        assert acceptance.refuse(order, second.id, "broken", cast.actor("room_staff"), ARRIVAL).state == "completed"


def test_what_is_not_listed_is_recorded_and_not_accepted(cast):
    with transaction():
        order = making.prepared(cast)
        acceptance.record_extra(order, "HP printer", " prn 77", cast.actor("room_staff"), ARRIVAL)
    [extra] = session().scalars(select(WorkOrderExtra))
    assert (extra.description, extra.serial) == ("HP printer", "PRN77")
    with pytest.raises(Refused) as refused, transaction():
        acceptance.record_extra(order, "server", "sn-0002", cast.actor("room_staff"), ARRIVAL)
    assert refused.value.refusal.data == {"seen": "SN-0002", "line": 2}


def test_finish_records_the_rest_as_missing(cast):
    with transaction():
        order = making.in_state(cast, "partly_accepted")
        acceptance.finish(order, "lorry broke down", cast.actor("room_staff"), ARRIVAL)
    first, second = making.items(cast, order)
    assert (first.state, second.state, second.settled_note) == ("accepted", "missing", "lorry broke down")
    assert making.held(second.id) == (0, 0, 0)
    assert queries.get_order(cast.actor("admin"), order.id).state == "completed"
    [mail] = session().scalars(
        select(OutboxMessage).where(OutboxMessage.code == "work_order.completed", OutboxMessage.address.like("admin%"))
    )
    assert (mail.data["accepted"], mail.data["missing"]) == (1, 1)


def test_finish_when_nothing_came(cast):
    with transaction():
        order = making.prepared(cast)
        acceptance.finish(order, "nobody came", cast.actor("room_staff"), ARRIVAL + DAY)
    assert [item.state for item in making.items(cast, order)] == ["missing"] * 2


def test_a_missing_item_can_be_brought_with_another_order(cast):
    with transaction():
        order = making.in_state(cast, "partly_accepted")
        acceptance.finish(order, "later", cast.actor("room_staff"), ARRIVAL)
        making.drafted(cast, count=1, first=2, now=ARRIVAL, arrives_at=ARRIVAL + 2 * DAY)


@pytest.mark.parametrize("broken", ["put_in_service", "hand_units_over", "hand_over", "_complete"])
def test_a_failure_within_acceptance_leaves_nothing(cast, monkeypatch, broken):
    with transaction():
        order = making.prepared(cast)
    where = {
        "put_in_service": acceptance.equipment,
        "hand_units_over": acceptance.facility,
        "hand_over": acceptance.network,
        "_complete": acceptance,
    }[broken]

    def fail(*_args, **_kwargs):
        raise OSError("power cut")

    if broken == "_complete":
        with transaction():
            making.accept(cast, order, 2)
    before = session().scalar(select(func.count()).select_from(Equipment))
    monkeypatch.setattr(where, broken, fail)
    with pytest.raises(OSError, match="power cut"), transaction():
        making.accept(cast, order, 1)
    assert session().scalar(select(func.count()).select_from(Equipment)) == before
    first = making.items(cast, order)[0]
    assert (first.state, making.held(first.id)) == ("expected", (4, 1, 1))


@pytest.mark.parametrize("broken", ["hold_ports", "hold_addresses", "notify"])
def test_a_failure_within_planning_leaves_nothing(cast, monkeypatch, broken):
    with transaction():
        order = making.issued(cast)
        places = making.places(cast, order)

    def fail(*_args, **_kwargs):
        raise OSError("power cut")

    monkeypatch.setattr(services if broken == "notify" else services.network, broken, fail)
    with pytest.raises(OSError, match="power cut"), transaction():
        services.prepare(order, places, cast.actor("room_staff"), NOW)
    assert [making.held(item.id) for item in making.items(cast, order)] == [(0, 0, 0)] * 2
    assert queries.get_order(cast.actor("sales"), order.id).state == "issued"


def test_the_database_refuses_an_arrival_before_the_notice(cast):
    with transaction():
        order = making.issued(cast)
    with pytest.raises(IntegrityError), transaction():
        session().execute(WorkOrder.__table__.update().where(WorkOrder.id == order.id).values(arrives_at=NOW + DAY - SECOND))


def test_the_database_expects_a_serial_once(cast):
    with transaction():
        order = making.drafted(cast)
    item = making.items(cast, order)[0]
    with transaction():
        other = making.drafted(cast, first=8)
    with pytest.raises(IntegrityError), transaction():
        session().execute(
            WorkOrderItem.__table__.update()
            .where(WorkOrderItem.work_order_id == other.id, WorkOrderItem.line == 1)
            .values(serial=item.serial)
        )
