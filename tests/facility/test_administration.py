"""Sites, rooms, racks, reservations: who may, what is on record, and never below what is held."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.facility import administration as services
from portal.facility import queries
from portal.facility.administration import NewRacks, RackFacts, Reservation, RoomFacts, SiteFacts
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, Refused
from tests.cast import NOW
from tests.facility.making import hold


@pytest.fixture
def administrator(cast):
    return cast.actor("administrator")


def told(tag):
    return list(session().scalars(select(AuditEntry).where(AuditEntry.tag == tag).order_by(AuditEntry.id)))


def test_a_site_a_room_and_its_racks(cast, administrator):
    with transaction():
        site = services.add_site(SiteFacts("SH", "上海", "Shanghai", "浦东"), administrator, NOW)
        room = services.add_room(RoomFacts(site.id, "C1", "C1 机房", "Room C1"), administrator, NOW)
        racks = services.add_racks(NewRacks(room.id, "C1-{01-12}", "1", 47, 8000), administrator, NOW)
    assert [rack.code for rack in queries.racks_of_room(room.id)] == [f"C1-{number:02d}" for number in range(1, 13)]
    assert len(told("facility.rack_added")) == 12
    assert told("facility.room_added")[0].after == {"site": "SH", "name": "C1 机房", "escorted": False}
    assert racks[0].units == 47


def test_codes_are_given_once(cast, administrator):
    site = queries.sites()[0]
    tries = [
        lambda: services.add_site(SiteFacts("YZ", "又一", "Another"), administrator, NOW),
        lambda: services.add_room(RoomFacts(site.id, "B2", "又一", "Another"), administrator, NOW),
        lambda: services.add_racks(NewRacks(cast.rooms["B2"].id, "B2-{03-04}", "", 42, 1), administrator, NOW),
        lambda: services.change_rack(cast.racks["B2-01"].id, RackFacts("B2-02", "1", 42, 6000), administrator, NOW),
        lambda: services.change_room(
            queries.get_room(cast.rooms["A1"].id), RoomFacts(site.id, "B2", "A1 机房", "Room A1"), administrator, NOW
        ),
    ]
    for attempt in tries:
        with pytest.raises(Refused, match="code_taken") as caught, transaction():
            attempt()
        assert caught.value.refusal.field == "code"
    with transaction():  # in another room the same code may stand
        services.add_racks(NewRacks(cast.rooms["A1"].id, "B2-01", "", 42, 1), administrator, NOW)


def test_a_change_tells_before_and_after(cast, administrator):
    rack = cast.racks["B2-01"]
    with transaction():
        services.change_rack(rack.id, RackFacts(rack.code, "7", rack.units, 5000), administrator, NOW)
        services.change_rack(rack.id, RackFacts(rack.code, "7", rack.units, 5000), administrator, NOW)
    [entry] = told("facility.rack_changed")
    assert (entry.before, entry.after) == ({"row": "1", "power_w": 6000}, {"row": "7", "power_w": 5000})


def test_a_rack_is_never_less_than_it_holds(cast, administrator):
    rack = cast.racks["B2-01"]
    with transaction():
        hold(cast, unit=30, height=2, power_w=900)
    with pytest.raises(Refused) as caught, transaction():
        services.change_rack(rack.id, RackFacts(rack.code, "1", 30, 899), administrator, NOW)
    assert [(refusal.code, refusal.field) for refusal in caught.value.refusals] == [
        ("facility.too_few_units", "units"),
        ("facility.too_little_power", "power_w"),
    ]
    with transaction():
        services.change_rack(rack.id, RackFacts(rack.code, "1", 31, 900), administrator, NOW)


def test_units_are_reserved_and_given_back(cast):
    room_staff, rack = cast.actor("room_staff"), cast.racks["B2-01"]
    with transaction():
        holder = services.reserve_units(Reservation(rack.id, 3, 5, "front", "broken rail"), room_staff, NOW)
    rows = queries.held_in([rack.id])
    assert {(row.unit, row.face, row.holder_kind, row.note) for row in rows} == {(u, "front", "reserved", "broken rail") for u in (3, 4, 5)}
    with transaction():
        services.end_reservation(rack.id, holder, room_staff, NOW)
    assert not queries.held_in([rack.id])
    assert told("facility.units_reserved")[0].after == {"place": "B2-01 / 03–05U", "face": "front", "note": "broken rail"}
    assert told("facility.units_unreserved")[0].before == {"place": "B2-01 / 03–05U", "note": "broken rail"}


def test_a_reservation_takes_nothing_from_anybody(cast):
    room_staff, rack = cast.actor("room_staff"), cast.racks["B2-01"]
    with transaction():
        hold(cast, unit=4)
    with pytest.raises(Refused, match="units_taken"), transaction():
        services.reserve_units(Reservation(rack.id, 3, 5, "both", "shelf"), room_staff, NOW)


def test_only_a_reservation_is_ended_as_one(cast):
    with transaction():
        planned = hold(cast, unit=4, holder_kind="reserved")
        services.end_reservation(cast.racks["B2-01"].id, planned, cast.actor("room_staff"), NOW)
    with pytest.raises(Refused, match="reservation_gone"), transaction():
        services.end_reservation(cast.racks["B2-01"].id, planned, cast.actor("room_staff"), NOW)


@pytest.mark.parametrize("who", ["service", "sales", "guard", "supervisor", "auditor", "admin", "colleague"])
def test_who_may_not(cast, who):
    actor, rack = cast.actor(who), cast.racks["B2-01"]
    tries = [
        lambda: services.add_site(SiteFacts("X", "x", "x"), actor, NOW),
        lambda: services.add_racks(NewRacks(rack.room_id, "X", "", 42, 1), actor, NOW),
        lambda: services.change_rack(rack.id, RackFacts("X", "", 42, 1), actor, NOW),
        lambda: services.reserve_units(Reservation(rack.id, 1, 1, "both", "x"), actor, NOW),
    ]
    for attempt in tries:
        with pytest.raises(Forbidden), transaction():
            attempt()


def test_room_staff_reserve_but_do_not_build(cast):
    with pytest.raises(Forbidden), transaction():
        services.add_site(SiteFacts("X", "x", "x"), cast.actor("room_staff"), NOW)
