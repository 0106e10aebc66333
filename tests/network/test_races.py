"""Many at once, with real commits: an address and a port go to one, all that are there are given, and nobody meets an error."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.kernel import db
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refusal, Refused
from portal.network import queries, services
from portal.network.models import AddressHold, FreeRange, PortHold
from tests.cast import NOW
from tests.facility.making import at_once
from tests.network.making import add_room, hold, holder, holding, ranges


@pytest.fixture
def holders(cast):
    with transaction():
        return [holder(cast, f"SN{number}") for number in range(48)]


def held() -> list[str]:
    return [str(address) for address in session().scalars(select(AddressHold.address).where(AddressHold.freed_at.is_(None)))]


def test_the_last_address_goes_to_one(cast, holders):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/30")
    assert at_once([lambda one=one: hold(cast, one, room="C3") for one in holders[:16]]) == {"done": 1, "network.no_address_left": 15}
    assert held() == ["203.0.113.2"]
    assert ranges(prefix.id) == []


def test_as_many_as_there_are(cast, holders):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/27")  # 29 to give
    results = at_once([lambda one=one: hold(cast, one, room="C3") for one in holders[:40]])
    assert results == {"done": 29, "network.no_address_left": 11}
    assert len(set(held())) == 29
    assert ranges(prefix.id) == []


def test_forty_from_one_large_range(cast, holders):
    with transaction():
        add_room(cast, "C6", "2001:db8:6::/64")
    for _ in range(3):
        assert at_once([lambda one=one: hold(cast, one, room="C6") for one in holders[:40]]) == {"done": 40}
    assert len(set(held())) == 120


def test_some_give_back_while_others_take(cast, holders):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/26")
        for one in holders[:20]:
            hold(cast, one, 2, room="C3")
    give = [lambda one=one: services.release_addresses(one, NOW, rest=False) for one in holders[:20]]
    take = [lambda one=one: hold(cast, one, room="C3") for one in holders[20:40]]
    assert at_once([work for pair in zip(give, take, strict=True) for work in pair]) == {"done": 40}
    assert len(set(held())) == 20
    use = queries.utilisation(prefix)
    assert (use.held, use.free) == (20, 41)


def test_rests_are_ended_once_by_several_workers(cast, holders):
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/26")
        hold(cast, holders[0], 61, room="C3")
        services.release_addresses(holders[0], NOW, rest=True, days=1)
    assert at_once([lambda: services.end_rests(NOW + timedelta(days=1))] * 8) == {"done": 8}
    assert queries.utilisation(prefix).free == 61


def test_a_reservation_while_addresses_are_taken(cast, holders):
    """Either the addresses are reserved first and no one gets them, or someone has one first and the reservation is refused."""
    administrator = cast.actor("administrator")
    with transaction():
        (prefix,) = add_room(cast, "C3", "203.0.113.0/26")
    wanted = services.Reservation(prefix.id, "203.0.113.2", "203.0.113.9", "VRRP")
    works = [lambda one=one: hold(cast, one, room="C3") for one in holders[:15]]
    results = at_once([*works, lambda: services.reserve_range(wanted, administrator, NOW)])
    assert results in ({"done": 16}, {"done": 15, "network.range_held": 1})
    assert len(set(held())) == 15


def test_who_waits_for_a_slow_one_gets_the_next(cast, holders):
    """A transaction that takes its time holds up no one for good, and gives back what it took when it fails."""
    with transaction():
        add_room(cast, "C3", "203.0.113.0/29")

    def slow() -> None:
        hold(cast, holders[0], 5, room="C3")
        time.sleep(0.4)
        raise Refused(Refusal("gone", "Gone."))

    results = at_once([slow, *[lambda one=one: (time.sleep(0.1), hold(cast, one, room="C3")) for one in holders[1:6]]])
    assert results["done"] == 5, "also where SQLite lets the slow one in last, and it finds nothing"
    assert len(set(held())) == 5


def test_the_last_port_goes_to_one(cast, holders):
    with transaction():
        services.hold_ports(cast.rooms["B2"].id, 23, near_rack_id=None, **holding(cast, holders[0]))
    take = [lambda one=one: services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, one)) for one in holders[1:17]]
    assert at_once(take) == {"done": 1, "network.no_port_left": 15}
    assert session().scalar(select(func.count()).select_from(PortHold).where(PortHold.released_at.is_(None))) == 24


def test_every_port_once(cast, holders):
    take = [lambda one=one: services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, one)) for one in holders[:40]]
    assert at_once(take) == {"done": 24, "network.no_port_left": 16}


def test_the_contracts_ceiling_under_many(cast, holders):
    with transaction():
        session().merge(cast.contracts["alpha"]).ips_total = 5
    assert at_once([lambda one=one: hold(cast, one) for one in holders[:16]]) == {"done": 5, "network.addresses_beyond_contract": 11}


def test_lanes_are_cut_when_others_are_at_work(cast, holders):
    """On PostgreSQL a large range is divided among those who want it at once; SQLite lets one write at a time and needs none."""
    with transaction():
        (prefix,) = add_room(cast, "C6", "2001:db8:6::/64")
    for _ in range(3):
        at_once([lambda one=one: hold(cast, one, room="C6") for one in holders[:40]])
    number = session().scalar(select(func.count()).where(FreeRange.prefix_id == prefix.id))
    assert number == 1 if db.dialect() == "sqlite" else 1 < number <= 200
    highest = session().scalars(select(AddressHold.address).order_by(AddressHold.address.desc()).limit(1)).one()
    assert int(highest) & 0xFFFF < 4096, "they stay together at the beginning of the prefix"
