"""Drafting, changing, sending and issuing: what each refuses, line by line and in all, and whom it tells. R-W1, R-W3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.contracts import services as contracts
from portal.equipment.models import EquipmentModel
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, NotFound, Refused
from portal.passes.queries import live_pass
from portal.workorders import notice, queries, services
from portal.workorders.checking import Line
from tests.cast import NOW, new_contract
from tests.workorders import making
from tests.workorders.making import ARRIVAL, DAY, SECOND, codes


def test_draft(cast):
    with transaction():
        order = making.drafted(cast)
    assert (order.state, order.number[:3], order.client_id) == ("draft", "WO-", cast.alpha.id)
    assert [(item.line, item.serial, item.state) for item in making.items(cast, order)] == [
        (1, "SN-0001", "expected"),
        (2, "SN-0002", "expected"),
    ]


def test_sales_drafts_for_a_client(cast):
    with transaction():
        order = making.drafted(cast, by="sales")
    assert order.client_id == cast.alpha.id


def test_a_stranger_cannot_draft_under_the_contract(cast):
    with pytest.raises(NotFound), transaction():
        making.drafted(cast, by="stranger")


def test_a_contract_that_is_not_in_force_takes_nothing_in(cast):
    with transaction():
        contracts.suspend_contract(cast.contracts["alpha"], "unpaid", cast.actor("supervisor"), NOW)
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast)
    assert codes(refused.value) == ["contract.suspended"]


def test_the_draft_refuses_a_time_that_is_impossible_already(cast):
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, arrives_at=NOW + DAY - SECOND)
    assert refused.value.refusal.data["first"] == NOW + DAY
    with transaction():
        making.drafted(cast, arrives_at=NOW + DAY)


def test_every_wrong_line_is_named(cast):
    model = cast.models["r750"]
    with transaction():
        making.drafted(cast, count=1)
    listed = (Line(model, "SN-0001"), Line(model, "SN-0009"), Line(model, "SN-0009"), Line(model, "SN-0010", ips=2, ports=3))
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, lines=listed)
    assert [(r.code, r.data["row"]) for r in refused.value.refusals] == [
        ("work_order.serial_on_order", 1),
        ("work_order.serial_twice", 3),
        ("work_order.one_ip", 4),
        ("work_order.one_port", 4),
    ]


def test_another_clients_order_is_not_named(cast):
    with transaction():
        making.drafted(cast, by="stranger", contract="beta", count=1)
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, count=1)
    assert codes(refused.value) == ["work_order.serial_elsewhere"]
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, count=1, by="sales")
    assert codes(refused.value) == ["work_order.serial_on_order"]


def test_what_is_in_the_building_is_not_brought_again(cast):
    with transaction():
        making.in_state(cast, "completed")
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, arrives_at=ARRIVAL + 2 * DAY, now=ARRIVAL)
    assert codes(refused.value) == ["work_order.serial_in_building"] * 2


def test_empty_and_too_long_lists(cast):
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, count=0)
    assert codes(refused.value) == ["work_order.no_items"]
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, count=201)
    assert codes(refused.value) == ["work_order.too_many_items"]


def test_the_grant_counts_what_is_there_what_is_held_and_what_is_on_its_way(cast):
    """The contract grants 42 U and 6000 W; a R750 takes 2 U and 800 W."""
    with transaction():
        making.issued(cast, count=2, first=1)
        making.prepared(cast, count=2, first=3)
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, count=4, first=5)
    [power] = refused.value.refusals
    assert power.code == "work_order.power_over"
    assert power.data == {"wanted": 3200, "left": 2800, "granted": 6000, "used": 1600, "planned": 1600}
    with transaction():
        making.drafted(cast, count=3, first=5)


def test_units_with_figures(cast):
    with transaction():
        model = EquipmentModel(created_at=NOW, manufacturer="Big", name="Box", height_u=20, full_depth=True, search_text="big box")
        session().add(model)
        session().flush()
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, lines=making.lines(cast, 3, model=model))
    assert refused.value.refusal.data == {"wanted": 60, "left": 42, "granted": 42, "used": 0, "planned": 0}


def test_totals_of_addresses_and_ports(cast):
    with transaction():
        sales = cast.actor("sales")
        terms = new_contract(
            cast.alpha, cast.rooms["A1"], NOW, ips_per_server=2, ports_per_server=2, ips_total=3, ports_total=3, units_granted=10
        )
        contract = contracts.draft_contract(terms, sales, NOW)
        contracts.sign_contract(contract, sales, NOW)
        cast.contracts["more"] = contract
    with pytest.raises(Refused) as refused, transaction():
        making.drafted(cast, contract="more", lines=making.lines(cast, 2, ips=2, ports=2))
    assert codes(refused.value) == ["work_order.ips_total_over", "work_order.ports_total_over"]
    with transaction():
        listed = (*making.lines(cast, 1, ips=2, ports=2), *making.lines(cast, 1, first=2))
        order = making.prepared(cast, contract="more", lines=listed)
        first, second = making.items(cast, order)
        assert making.held(first.id) == (4, 2, 2)
        assert making.held(second.id) == (4, 1, 1)


def test_change(cast):
    with transaction():
        order = making.drafted(cast, count=3)
    first, _second, third = making.items(cast, order)
    with transaction():
        listed = (Line(cast.models["r650"], "SN-0003", "A-3"), Line(cast.models["r750"], "SN-0009"), Line(cast.models["r750"], "SN-0001"))
        services.change(order, making.draft(cast, lines=listed, note="rear door", arrives_at=ARRIVAL + DAY), cast.actor("colleague"), NOW)
    after = making.items(cast, order)
    assert [(item.line, item.serial, item.model.name) for item in after] == [
        (1, "SN-0003", "PowerEdge R650"),
        (2, "SN-0009", "PowerEdge R750"),
        (3, "SN-0001", "PowerEdge R750"),
    ]
    assert (after[0].id, after[2].id) == (third.id, first.id), "a line that stays is the same item"
    assert (queries.get_order(cast.actor("admin"), order.id).arrives_at, order.state) == (ARRIVAL + DAY, "draft")


def test_what_sales_has_is_changed_by_sales_alone(cast):
    with transaction():
        order = making.in_state(cast, "requested")
    with pytest.raises(Conflict), transaction():
        services.change(order, making.draft(cast), cast.actor("admin"), NOW)
    with transaction():
        services.change(order, making.draft(cast, count=1), cast.actor("sales"), NOW)
    assert len(making.items(cast, order)) == 1
    with transaction():
        services.issue(order, cast.actor("sales"), NOW)
    with pytest.raises(Conflict), transaction():
        services.change(order, making.draft(cast), cast.actor("sales"), NOW)


def test_a_failed_change_leaves_the_order_as_it_was(cast):
    with transaction():
        order = making.drafted(cast, count=2)
        making.drafted(cast, count=1, first=3)
    with pytest.raises(Refused), transaction():
        services.change(order, making.draft(cast, count=3), cast.actor("admin"), NOW)
    assert [item.serial for item in making.items(cast, order)] == ["SN-0001", "SN-0002"]


def test_request_tells_sales(cast):
    with transaction():
        making.in_state(cast, "requested")
    assert making.told("work_order.requested") == ["sales@rackpass.example"]


def test_the_check_at_issue_decides(cast):
    with transaction():
        order = making.in_state(cast, "requested")
    late = ARRIVAL - DAY + SECOND
    with pytest.raises(Refused) as refused, transaction():
        services.issue(order, cast.actor("sales"), late)
    assert codes(refused.value) == ["work_order.too_early"]
    assert refused.value.refusal.data["first"] == ARRIVAL + timedelta(minutes=1)
    with transaction():
        services.issue(order, cast.actor("sales"), ARRIVAL - DAY)
    assert (order.state, order.issued_at) == ("issued", ARRIVAL - DAY)


def test_sales_may_put_the_arrival_off_when_it_issues(cast):
    with transaction():
        order = making.in_state(cast, "requested")
    with transaction():
        services.issue(order, cast.actor("sales"), ARRIVAL, ARRIVAL + DAY)
    assert order.arrives_at == ARRIVAL + DAY


@pytest.mark.parametrize(
    ("now", "zone"),
    [
        (datetime(2026, 3, 28, 13, 0, tzinfo=UTC), "Europe/Berlin"),
        (datetime(2026, 10, 24, 13, 0, tzinfo=UTC), "Europe/Berlin"),
        (datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai"),
    ],
)
def test_24_real_hours_at_issue(cast, now, zone):
    with transaction():
        making.set_terms(starts_on=now.date() - timedelta(days=2), ends_on=now.date() + timedelta(days=90))
        order = making.drafted(cast, now=now - DAY, arrives_at=now + DAY)
    with pytest.raises(Refused), transaction():
        services.issue(order, cast.actor("sales"), now + SECOND)
    with transaction():
        services.issue(order, cast.actor("sales"), now)
    assert order.issued_at == now


def test_a_configured_notice(cast):
    notice.configure(48)
    try:
        with pytest.raises(Refused) as refused, transaction():
            making.drafted(cast, arrives_at=NOW + 2 * DAY - SECOND)
        assert refused.value.refusal.data["hours"] == 48
    finally:
        notice.configure(24)


def test_issue_tells_client_and_machine_room_and_makes_the_pass(cast):
    with transaction():
        order = making.issued(cast)
    assert making.told("work_order.issued") == ["admin@client.example", "colleague@client.example"]
    assert making.told("work_order.issued_to_room") == ["room_staff@rackpass.example"]
    assert live_pass(order.id).kind == "work_order"


def test_issue_looks_at_the_list_again(cast):
    """What was free when it was drafted may be taken when it is issued."""
    with transaction():
        first = making.drafted(cast, count=4, first=1)
        making.issued(cast, count=4, first=5)
    with pytest.raises(Refused) as refused, transaction():
        services.issue(first, cast.actor("sales"), NOW)
    assert codes(refused.value) == ["work_order.power_over"]


def test_send_back_and_again(cast):
    with transaction():
        order = making.in_state(cast, "requested")
        services.send_back(order, "Which model is line 2?", cast.actor("sales"), NOW)
        assert (order.state, order.returned_note) == ("draft", "Which model is line 2?")
        services.request(order, cast.actor("colleague"), NOW)
        assert order.returned_note == ""
    assert making.told("work_order.sent_back") == ["admin@client.example", "colleague@client.example"]
