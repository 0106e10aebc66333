"""Prefixes, what is reserved in them, switches and ports: changed by administrators, each change on record."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.network import queries, services
from portal.network.models import Prefix, SwitchPort
from portal.network.services import NewPrefix, NewSwitch, PortChange, PortNames, PrefixChange, Reservation, SwitchChange
from tests.cast import NOW
from tests.facility.making import at_once
from tests.network.making import add_room, hold, holder, only_prefix, ranges


def refused(work) -> str:
    with pytest.raises(Refused) as found, transaction():
        work()
    return found.value.refusal.code


def tags() -> list[str]:
    return list(session().scalars(select(AuditEntry.tag).where(AuditEntry.tag.like("network.%")).order_by(AuditEntry.id)))


@pytest.fixture
def administrator(cast):
    return cast.actor("administrator")


@pytest.mark.parametrize(
    ("cidr", "gateway", "code"),
    [
        ("198.51.2.0/25", "", "prefix_overlaps"),
        ("198.51.0.0/16", "", "prefix_overlaps"),
        ("198.51.2.128/25", "", "prefix_overlaps"),
        ("198.51.1.0/24", "", "prefix_overlaps"),
        ("203.0.113.0/24", "203.0.113.0", "gateway_outside"),
        ("203.0.113.0/24", "198.51.2.1", "gateway_outside"),
        ("203.0.113.0/24", "nowhere", "not_an_address"),
        ("203.0.113.1/24", "", "host_bits"),
    ],
)
def test_prefixes_that_are_refused(cast, administrator, cidr, gateway, code):
    new = NewPrefix(cast.rooms["B2"].id, "x", cidr, gateway)
    assert refused(lambda: services.add_prefix(new, administrator, NOW)) == f"network.{code}"


def test_neighbours_do_not_overlap(cast, administrator):
    with transaction():
        for cidr in ("198.51.0.0/24", "198.51.3.0/24"):
            services.add_prefix(NewPrefix(cast.rooms["B2"].id, "x", cidr), administrator, NOW)
    assert tags()[-2:] == ["network.prefix_added"] * 2


def test_two_add_the_same_prefix(cast, administrator):
    room = cast.rooms["B2"].id
    cidrs = ["203.0.113.0/24", "203.0.113.0/25", "203.0.113.128/25", "203.0.112.0/23"] * 2
    works = [lambda cidr=cidr: services.add_prefix(NewPrefix(room, "x", cidr), administrator, NOW) for cidr in cidrs]
    results = at_once(works)
    assert results["done"] in (1, 2)
    assert results["done"] + results["network.prefix_overlaps"] == len(works)


def test_only_administrators(cast):
    for name in ("room_staff", "supervisor", "auditor", "admin"):
        with pytest.raises(Forbidden), transaction():
            services.add_prefix(NewPrefix(cast.rooms["B2"].id, "x", "203.0.113.0/24"), cast.actor(name), NOW)


def test_another_gateway(cast, administrator):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/28")
        one = holder(cast, "SN1")
        hold(cast, one, room="C3")  # .2
        hold(cast, one, room="C3")  # .3
        change = PrefixChange(prefix.id, "renamed", "203.0.113.14", 7)
        services.change_prefix(change, administrator, NOW)
        assert ranges(prefix.id) == [("203.0.113.1", "203.0.113.1"), ("203.0.113.4", "203.0.113.13")]
        services.change_prefix(change, administrator, NOW)  # nothing new: nothing told
    assert tags()[-1:] == ["network.prefix_changed"]
    assert tags().count("network.prefix_changed") == 1
    for gateway in ("203.0.113.2", "203.0.113.0"):
        change = PrefixChange(prefix.id, "x", gateway, None)
        assert refused(lambda change=change: services.change_prefix(change, administrator, NOW)) in (
            "network.gateway_held", "network.gateway_outside",
        )  # fmt: skip


def test_a_link_local_gateway_of_version_six(cast, administrator):
    with transaction():
        (prefix,) = add_room(cast, "C6", "2001:db8:6::/64")
        services.change_prefix(PrefixChange(prefix.id, "x", "fe80::1", None), administrator, NOW)
        assert ranges(prefix.id)[0][0] == "2001:db8:6::1", "the old gateway is free"
        services.change_prefix(PrefixChange(prefix.id, "x", "2001:db8:6::a", None), administrator, NOW)
        assert [found[0] for found in ranges(prefix.id)] == ["2001:db8:6::1", "2001:db8:6::b"]


def test_reserving_leaves_what_the_prefix_keeps_as_it_is(cast, administrator):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/28")
        services.change_prefix(PrefixChange(prefix.id, "x", "203.0.113.5", None), administrator, NOW)
        made = services.reserve_range(Reservation(prefix.id, "203.0.113.0", "203.0.113.8", "VRRP"), administrator, NOW)
        assert [(str(each.first), str(each.last)) for each in made] == [("203.0.113.1", "203.0.113.4"), ("203.0.113.6", "203.0.113.8")]
        one = holder(cast, "SN1")
        assert hold(cast, one, 6, room="C3") == [f"203.0.113.{number}" for number in range(9, 15)]
        for each in made:
            services.unreserve_range(each.id, administrator, NOW)
        assert ranges(prefix.id) == [("203.0.113.1", "203.0.113.4"), ("203.0.113.6", "203.0.113.8")]
    assert tags()[-3:] == ["network.range_reserved", "network.range_unreserved", "network.range_unreserved"]


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("203.0.113.9", "203.0.113.7", "range_reversed"),
        ("203.0.113.9", "203.0.113.77", "range_outside"),
        ("2001:db8::1", "", "range_outside"),
        ("x", "", "not_an_address"),
        ("203.0.113.9", "y", "not_an_address"),
        ("203.0.113.1", "", "range_kept"),
        ("203.0.113.2", "203.0.113.4", "range_held"),
        ("203.0.113.3", "", "range_held"),
        ("203.0.113.7", "203.0.113.12", "range_reserved"),
    ],
)
def test_reservations_that_are_refused(cast, administrator, first, last, code):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/28")
        one = holder(cast, "SN1")
        hold(cast, one, 2, room="C3")
        services.release_addresses(one, NOW, rest=True)
        services.reserve_range(Reservation(prefix.id, "203.0.113.10", "", "VRRP"), administrator, NOW)
    before = ranges(prefix.id)
    wanted = Reservation(prefix.id, first, last, "why")
    assert refused(lambda: services.reserve_range(wanted, administrator, NOW)) == f"network.{code}"
    assert ranges(prefix.id) == before


def test_what_the_prefix_keeps_is_not_unreserved(cast, administrator):
    kept = queries.reserved_of(only_prefix(cast).id)
    assert [entry.kind for entry in kept] == ["network", "gateway", "broadcast"]
    with pytest.raises(NotFound), transaction():
        services.unreserve_range(kept[1].id, administrator, NOW)


def test_a_switch_with_its_ports(cast, administrator):
    room = cast.rooms["B2"]
    with transaction():
        made = services.add_switch(NewSwitch(room.id, cast.racks["B2-01"].id, "SW-9", "S5735", "GE{1-4}", 1000), administrator, NOW)
        services.add_ports(PortNames(made.id, ["XGE1", "XGE2"], 10_000), administrator, NOW)
        ports = session().scalars(select(SwitchPort).where(SwitchPort.switch_id == made.id).order_by(SwitchPort.position)).all()
        assert [(port.position, port.name, port.speed_mbps) for port in ports][3:] == [
            (4, "GE4", 1000),
            (5, "XGE1", 10_000),
            (6, "XGE2", 10_000),
        ]
        services.change_port(PortChange(ports[0].id, True, 100), administrator, NOW)
        services.change_switch(SwitchChange(made.id, None, "SW-10", "S5735"), administrator, NOW)
    assert tags()[-4:] == ["network.switch_added", "network.ports_added", "network.port_changed", "network.switch_changed"]
    refusals = (
        (lambda: services.add_switch(NewSwitch(room.id, None, "SW-10", "", ""), administrator, NOW), "switch_name_taken"),
        (lambda: services.add_switch(NewSwitch(room.id, None, "SW-11", "", "GE{"), administrator, NOW), "bad_port_pattern"),
        (lambda: services.add_switch(NewSwitch(room.id, cast.racks["A1-01"].id, "SW-11", "", ""), administrator, NOW), "rack_elsewhere"),
        (lambda: services.add_ports(PortNames(made.id, ["GE2"], 1000), administrator, NOW), "port_name_twice"),
        (lambda: services.change_switch(SwitchChange(made.id, None, "SW-B2-1", ""), administrator, NOW), "switch_name_taken"),
    )
    for work, code in refusals:
        assert refused(work) == f"network.{code}"


def test_prefixes_are_for_staff(cast):
    prefix_id = session().scalars(select(Prefix.id)).first()
    assert queries.get_prefix(cast.actor("room_staff"), prefix_id).cidr
    for name in ("admin", "guard"):
        with pytest.raises(NotFound):
            queries.get_prefix(cast.actor(name), prefix_id)
