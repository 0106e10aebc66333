"""Holding, handing over, releasing and resting (R-S3, R-W3, R-X4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.desk.gathering import gathered
from portal.desk.queries import counted
from portal.facility.models import Rack
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.network import history, queries, services
from portal.network.administration import Reservation
from portal.network.models import AddressHold, PortHold, SwitchPort
from tests.cast import NOW
from tests.network.making import add_room, hold, holder, holding, only_prefix, ranges

DAY = timedelta(days=1)


def refused(work) -> str:
    with pytest.raises(Refused) as found, transaction():
        work()
    return found.value.refusal.code


def names(holds: list[PortHold]) -> list[str]:
    return [session().get_one(SwitchPort, got.port_id).name for got in holds]


def test_addresses_come_lowest_first_and_never_what_is_kept_back(cast):
    with transaction():
        one = holder(cast, "SN1")
        assert hold(cast, one, 3) == ["198.51.2.2", "198.51.2.3", "198.51.2.4"]
        assert [str(got.address) for got in queries.addresses_of([one])[one]] == ["198.51.2.2", "198.51.2.3", "198.51.2.4"]
        assert queries.addresses_of([one])[one][0].prefix.length == 24
        rest = hold(cast, one, 250)
        assert rest[-1] == "198.51.2.254"
        assert not {"198.51.2.0", "198.51.2.1", "198.51.2.255"} & set(rest)
    assert refused(lambda: hold(cast, one)) == "network.no_address_left"


def test_more_than_is_left_is_refused_and_nothing_is_taken(cast):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/29")
        one = holder(cast, "SN1")
    assert refused(lambda: hold(cast, one, 6, room="C3")) == "network.no_address_left"
    assert ranges(prefix.id) == [("203.0.113.2", "203.0.113.6")]
    with transaction():
        assert len(hold(cast, one, 5, room="C3")) == 5


def test_the_next_prefix_of_the_room_follows(cast):
    with transaction():
        add_room(cast, "C3", "203.0.113.8/29", "203.0.113.0/29")
        one = holder(cast, "SN1")
        assert hold(cast, one, 7, room="C3")[4:] == ["203.0.113.6", "203.0.113.10", "203.0.113.11"]


def test_version_six_only_where_it_is_asked_for_or_there_is_no_other(cast):
    with transaction():
        add_room(cast, "C3", "203.0.113.0/29", "2001:db8:3::/64")
        add_room(cast, "C6", "2001:db8:6::/64")
        one = holder(cast, "SN1")
        assert hold(cast, one, room="C3") == ["203.0.113.2"]
        assert hold(cast, one, room="C3", version=6) == ["2001:db8:3::2"]
        assert hold(cast, one, room="C6") == ["2001:db8:6::2"]
        hold(cast, one, 4, room="C3")
    assert refused(lambda: hold(cast, one, room="C3")) == "network.no_address_left", "version 6 does not step in by itself"
    with transaction():
        add_room(cast, "C9")
    assert refused(lambda: hold(cast, one, room="C9")) == "network.no_prefix"


def test_none_asked_for(cast):
    with transaction():
        one = holder(cast, "SN1")
        assert hold(cast, one, 0) == []
        assert services.hold_ports(cast.rooms["B2"].id, 0, near_rack_id=None, **holding(cast, one)) == []


def test_the_contracts_ceilings(cast):
    with transaction():
        contract = session().merge(cast.contracts["alpha"])
        contract.ips_total, contract.ports_total = 3, 2
        one, two = holder(cast, "SN1"), holder(cast, "SN2")
        hold(cast, one, 2)
        services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, one))
        assert queries.amounts_held(contract.id) == (2, 1)
    assert refused(lambda: hold(cast, two, 2)) == "network.addresses_beyond_contract"
    assert (
        refused(lambda: services.hold_ports(cast.rooms["B2"].id, 2, near_rack_id=None, **holding(cast, two)))
        == "network.ports_beyond_contract"
    )
    with transaction():
        hold(cast, two)
        services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, two))
    assert refused(lambda: hold(cast, two)) == "network.addresses_beyond_contract"
    with transaction():
        services.release_addresses(one, NOW, rest=True)
        hold(cast, two, 2)  # what rests is not held


def test_a_released_address_rests_to_the_second(cast):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/30")
        one, two = holder(cast, "SN1"), holder(cast, "SN2")
        hold(cast, one, room="C3")
        services.release_addresses(one, NOW, rest=True)
        assert queries.addresses_of([one]) == {one: []}
    assert refused(lambda: hold(cast, two, room="C3")) == "network.no_address_left"
    with transaction():
        assert services.end_rests(NOW + 30 * DAY - timedelta(seconds=1)) == 0
        assert queries.utilisation(prefix).resting == 1
    with transaction():
        assert services.end_rests(NOW + 30 * DAY) == 1
        assert services.end_rests(NOW + 30 * DAY) == 0
        assert hold(cast, two, room="C3") == ["203.0.113.2"]


def test_the_rest_is_as_long_as_it_was_when_it_began(cast):
    with transaction():
        one = holder(cast, "SN1")
        hold(cast, one)
        services.release_addresses(one, NOW, rest=True, days=3)
        services.release_addresses(one, NOW + DAY, rest=True, days=90)  # nothing is left to release
        (found,) = session().scalars(select(AddressHold))
        assert (found.released_at, found.rests_until, found.freed_at) == (NOW, NOW + 3 * DAY, None)


def test_rests_end_in_batches(cast, monkeypatch):
    monkeypatch.setattr(services, "REST_BATCH", 100)
    with transaction():
        prefix = only_prefix(cast)
        one = holder(cast, "SN1")
        hold(cast, one, 250)
        services.release_addresses(one, NOW, rest=True)
    for ended in (100, 100, 50, 0):
        with transaction():
            assert services.end_rests(NOW + 31 * DAY) == ended
    assert len(ranges(prefix.id)) == 2, "freed addresses join up; those never given out stay apart"


def test_a_plan_that_came_to_nothing_frees_at_once_but_last(cast):
    plan = ids.new()
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/29")
        hold(cast, plan, 2, room="C3", holder_kind="plan")
        services.release_addresses(plan, NOW, rest=False)
        assert queries.utilisation(prefix).free == 5
        one = holder(cast, "SN1")
        assert hold(cast, one, 5, room="C3") == [f"203.0.113.{number}" for number in (4, 5, 6, 2, 3)]


def test_a_plan_becomes_equipment(cast):
    plan = ids.new()
    with transaction():
        one = holder(cast, "SN1")
        hold(cast, plan, 2, holder_kind="plan")
        services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, plan, kind="plan"))
        before = {got.id for got in queries.addresses_of([plan])[plan]}
        services.hand_over(plan, "equipment", one, NOW)
        session().expire_all()
        assert queries.addresses_of([plan, one])[plan] == []
        got = queries.addresses_of([one])[one]
        assert {each.id for each in got} == before
        assert {each.holder_kind for each in got} == {"equipment"}
        assert [each.port.switch.name for each in queries.ports_of([one])[one]] == ["SW-B2-1"]


def test_a_replacement_takes_over_and_the_history_tells_both(cast):
    with transaction():
        old, new = holder(cast, "OLD"), holder(cast, "NEW")
        (address,) = hold(cast, old)
        services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, old))
    with transaction():
        services.hand_over(old, "equipment", new, NOW + 5 * DAY)
    assert [str(got.address) for got in queries.addresses_of([new])[new]] == [address]
    assert len(queries.ports_of([new])[new]) == 1
    assert queries.ports_of([old]) == {old: []}
    rows = session().execute(history.select_holds(cast.actor("auditor")).order_by(AddressHold.id)).all()
    told = [(history.holder_of(row).serial, row.AddressHold.created_at, row.AddressHold.released_at) for row in rows]
    assert told == [("OLD", NOW, NOW + 5 * DAY), ("NEW", NOW + 5 * DAY, None)]
    with transaction():
        assert services.end_rests(NOW + 400 * DAY) == 0, "it does not rest: someone has it"


def test_ports_of_the_same_rack_then_the_same_row_then_the_room(cast):
    administrator = cast.actor("administrator")
    with transaction():
        room = cast.rooms["B2"]
        far = Rack(created_at=NOW, room_id=room.id, code="Z-01", row="9", units=42, power_w=1000)
        session().add(far)
        session().flush()
        for name, rack_id in (("A-far", far.id), ("M-same-row", cast.racks["B2-02"].id), ("Z-same-rack", cast.racks["B2-01"].id)):
            services.add_switch(services.NewSwitch(room.id, rack_id, name, "", f"{name}/{{1-2}}"), administrator, NOW)
        one = holder(cast, "SN1")
        found = services.hold_ports(room.id, 8, near_rack_id=cast.racks["B2-01"].id, **holding(cast, one))
        assert names(found) == [
            "Z-same-rack/1", "Z-same-rack/2", "M-same-row/1", "M-same-row/2", "A-far/1", "A-far/2", "GE0/0/1", "GE0/0/2",
        ]  # fmt: skip


def test_ports_out_of_use_are_not_given(cast):
    with transaction():
        ports = session().scalars(select(SwitchPort).join(SwitchPort.switch).order_by(SwitchPort.position)).all()
        by_name = {port.name: port for port in ports if port.switch_id == ports[0].switch_id}
        switch = history.get_port(cast.actor("auditor"), by_name["GE0/0/1"].id).switch
        room = next(code for code, room in cast.rooms.items() if room.id == switch.room_id)
        for name in ("GE0/0/1", "GE0/0/3"):
            services.change_port(services.PortChange(by_name[name].id, True, 1000), cast.actor("administrator"), NOW)
        one = holder(cast, "SN1")
        found = services.hold_ports(cast.rooms[room].id, 2, near_rack_id=None, **holding(cast, one))
        assert names(found) == ["GE0/0/2", "GE0/0/4"]
        with pytest.raises(Refused, match="port_in_hand"):
            services.change_port(services.PortChange(by_name["GE0/0/2"].id, True, 1000), cast.actor("administrator"), NOW)


def test_no_port_left_and_a_released_one_is_there_at_once(cast):
    with transaction():
        one, two = holder(cast, "SN1"), holder(cast, "SN2")
        services.hold_ports(cast.rooms["B2"].id, 24, near_rack_id=None, **holding(cast, one))
    wanted = {"near_rack_id": None, **holding(cast, two)}
    assert refused(lambda: services.hold_ports(cast.rooms["B2"].id, 1, **wanted)) == "network.no_port_left"
    with transaction():
        services.release_ports(one, NOW)
        assert len(services.hold_ports(cast.rooms["B2"].id, 1, **wanted)) == 1


def test_use_is_exact_also_where_no_sum_in_64_bits_can_hold_it(cast):
    with transaction():
        (prefix,) = add_room(cast, "C6", "2001:db8:6::/64")
        one, two = holder(cast, "SN1"), holder(cast, "SN2")
        hold(cast, one, 3, room="C6")
        hold(cast, two, 2, room="C6")
        services.release_addresses(two, NOW, rest=True)
        use = queries.utilisation(prefix)
        assert (use.held, use.resting, use.reserved, use.free) == (3, 2, 2, 2**64 - 7)
        assert use.size == 2**64


def test_administrators_are_told_what_is_nearly_full(app, cast):
    administrator = cast.actor("administrator")
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/27")
        one = holder(cast, "SN1")
        hold(cast, one, 26, room="C3")  # 3 are left of the 29 that are not reserved
        (kept,) = add_room(cast, "C4", "198.51.100.0/29")
        services.reserve_range(Reservation(kept.id, "198.51.100.0", "198.51.100.7", "VRRP"), administrator, NOW)  # none was to be had
    with app.test_request_context():
        assert gathered(queries.waiting_for(administrator, NOW)) == []
    with transaction():
        hold(cast, one, 1, room="C3")
    with app.test_request_context():
        (item,) = gathered(queries.waiting_for(administrator, NOW))
        assert (item.title, item.url) == (prefix.cidr, f"/network/prefixes/{ids.to_text(prefix.id)}")
        assert queries.waiting_for(cast.actor("room_staff"), NOW) == []
        counts = queries.counts(administrator, NOW)
        assert counts is not None
        (figure,) = counted([counts])
        assert figure.value == 253 + 253 + 2
        assert queries.counts(cast.actor("admin"), NOW) is None
