"""Out and back: what a withdrawal frees, what a repair keeps, what a replacement takes over, what never comes back. R-X4."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.desk.gathering import gathered
from portal.equipment.models import Equipment, EquipmentMove
from portal.exits import returns, rules, services
from portal.exits.models import Exit
from portal.exits.queries import pickable, waiting_for
from portal.exits.returns import Replacement
from portal.facility.models import RackUnit
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.network import services as network
from portal.network.models import AddressHold, PortHold
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, Cast
from tests.exits import making

LATER = NOW + timedelta(days=3)


@dataclass(frozen=True)
class Holding:
    """What equipment has: its units, addresses and ports, as they stand in the database."""

    units: tuple[tuple[str, int, str], ...]
    addresses: tuple[str, ...]
    ports: tuple[str, ...]


NOTHING = Holding((), (), ())


def holding(thing: Equipment) -> Holding:
    units = session().execute(select(RackUnit.rack_id, RackUnit.unit, RackUnit.face).where(RackUnit.holder_id == thing.id))
    addresses = session().scalars(select(AddressHold.address).where(AddressHold.holder_id == thing.id, AddressHold.released_at.is_(None)))
    ports = session().scalars(select(PortHold.port_id).where(PortHold.holder_id == thing.id, PortHold.released_at.is_(None)))
    return Holding(
        tuple(sorted((str(rack), unit, face) for rack, unit, face in units)), tuple(map(str, addresses)), tuple(sorted(map(str, ports)))
    )  # fmt: skip


@pytest.fixture
def servers(cast: Cast) -> list[Equipment]:
    with transaction():
        return making.servers(cast, 3)


def replacement(cast: Cast, model: str = "r650", serial: str = "NEW-1", *, checked: bool = True) -> Replacement:
    return Replacement(cast.models[model].id, serial, "", checked)


def in_rooms(serial: str) -> Equipment:
    return session().scalars(select(Equipment).where(Equipment.serial == serial)).one()


class TestWithdrawal:
    def test_it_frees_units_and_ports_at_once_and_the_address_rests(self, cast: Cast, servers: list[Equipment]) -> None:
        before = holding(servers[0])
        assert before.units
        assert before.addresses
        assert before.ports
        with transaction():
            found = making.released(cast, servers[:1])
        session().refresh(servers[0])
        assert (found.state, servers[0].state, servers[0].rack_id, holding(servers[0])) == ("released", "withdrawn", None, NOTHING)
        hold = session().scalars(select(AddressHold).where(AddressHold.holder_id == servers[0].id)).one()
        assert (hold.released_at, hold.freed_at) == (NOW, None)
        assert hold.rests_until == NOW + timedelta(days=30)

    def test_the_address_is_nobodys_for_thirty_days_and_then_the_nexts(self, cast: Cast, servers: list[Equipment]) -> None:
        (address,) = holding(servers[0]).addresses
        with transaction():
            making.released(cast, servers[:1])
            network.end_rests(NOW + timedelta(days=30) - timedelta(seconds=1))
            assert address not in {a for thing in making.servers(cast, 1, first=20) for a in holding(thing).addresses}
            assert network.end_rests(NOW + timedelta(days=30)) == 1
        freed = session().scalars(select(AddressHold).where(AddressHold.holder_id == servers[0].id)).one()
        assert freed.freed_at == NOW + timedelta(days=30)

    def test_the_move_is_on_record_with_the_slip_that_it_stands_on(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.released(cast, servers[:1])
        move = (
            session()
            .scalars(select(EquipmentMove).where(EquipmentMove.equipment_id == servers[0].id, EquipmentMove.kind == "withdraw"))
            .one()
        )
        assert (move.reference, move.to_place, move.actor_name) == (found.number, "", "孙强")
        assert move.from_place.startswith("B2-01 / ")

    def test_what_stays_inside_stays_in_service(self, cast: Cast, servers: list[Equipment]) -> None:
        before = [holding(thing) for thing in servers]
        with transaction():
            found = making.released(cast, servers, only=1)
        assert [thing.state for thing in servers] == ["withdrawn", "in_service", "in_service"]
        assert [holding(thing) for thing in servers] == [NOTHING, before[1], before[2]]
        assert [item.released_at is not None for item in making.items(found)] == [True, False, False]
        assert [thing.serial for thing in pickable(cast.alpha.id)] == ["SN-0002", "SN-0003"]


class TestRepair:
    def test_it_keeps_units_addresses_and_ports(self, cast: Cast, servers: list[Equipment]) -> None:
        before = holding(servers[0])
        with transaction():
            found = making.released(cast, servers[:1], kind="repair")
        assert (found.state, servers[0].state, holding(servers[0])) == ("awaiting_return", "out_for_repair", before)
        assert servers[0] not in pickable(cast.alpha.id)

    def test_it_comes_back_through_the_gate_into_its_place(self, cast: Cast, servers: list[Equipment]) -> None:
        before = holding(servers[0])
        with transaction():
            found = making.released(cast, servers[:1], kind="repair")
            (item,) = making.items(found)
        with pytest.raises(Refused, match=r"exit\.not_back_yet"), transaction():
            returns.put_back(found, item.id, cast.actor("room_staff"), LATER)
        with transaction():
            assert returns.book_at_gate(found, {item.id}, cast.actor("guard"), LATER) == ["SN-0001"]
            returns.put_back(found, item.id, cast.actor("room_staff"), LATER)
        assert (found.state, servers[0].state, holding(servers[0])) == ("completed", "in_service", before)
        assert (item.settled_as, item.holds, item.settled_at) == ("returned", False, LATER)

    def test_the_gate_tells_the_machine_room_once_for_each(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.released(cast, servers[:2], kind="repair")
            one, two = making.items(found)
            assert returns.book_at_gate(found, {one.id}, cast.actor("guard"), LATER) == ["SN-0001"]
            assert returns.book_at_gate(found, {one.id, two.id}, cast.actor("guard2"), LATER) == ["SN-0002"]
            assert returns.book_at_gate(found, {one.id, two.id}, cast.actor("guard2"), LATER) == []
        assert (
            session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "exit.back")).all()
            == ["room_staff@rackpass.example"] * 2
        )

    def test_the_slip_is_settled_when_the_last_one_is(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.back_at_gate(cast, servers[:2])
            one, two = making.items(found)
            returns.put_back(found, one.id, cast.actor("room_staff"), LATER)
            assert found.state == "awaiting_return"
            returns.put_back(found, two.id, cast.actor("room_staff"), LATER)
        assert found.state == "completed"
        told = session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "exit.settled")).all()
        assert sorted(told) == ["admin@client.example", "colleague@client.example"]

    def test_what_never_left_is_not_waited_for(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.released(cast, servers[:2], kind="repair", only=1)
            one, two = making.items(found)
            assert returns.book_at_gate(found, {one.id, two.id}, cast.actor("guard"), LATER) == ["SN-0001"]
            returns.put_back(found, one.id, cast.actor("room_staff"), LATER)
        assert found.state == "completed"

    def test_an_item_is_settled_once(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.back_at_gate(cast, servers[:2])
            one, _two = making.items(found)
            returns.put_back(found, one.id, cast.actor("room_staff"), LATER)
        with pytest.raises(Refused, match=r"exit\.not_out"), transaction():
            returns.put_back(found, one.id, cast.actor("room_staff"), LATER)
        with pytest.raises(Refused, match=r"exit\.not_out"), transaction():
            returns.write_off(found, one.id, "lost", cast.actor("service"), LATER)

    def test_an_item_of_another_slip_is_not_there(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            first, second = making.back_at_gate(cast, servers[:1]), making.back_at_gate(cast, servers[1:2])
        with pytest.raises(NotFound), transaction():
            returns.put_back(first, making.items(second)[0].id, cast.actor("room_staff"), LATER)

    @pytest.mark.parametrize("name", ["admin", "sales", "auditor"])
    def test_who_may_not_settle(self, cast: Cast, servers: list[Equipment], name: str) -> None:
        with transaction():
            found = making.back_at_gate(cast, servers[:1])
        (item,) = making.items(found)
        for attempt in (
            lambda: returns.put_back(found, item.id, cast.actor(name), LATER),
            lambda: returns.place_replacement(found, item.id, replacement(cast), cast.actor(name), LATER),
            lambda: returns.write_off(found, item.id, "x", cast.actor(name), LATER),
        ):
            with pytest.raises(Forbidden), transaction():
                attempt()


class TestReplacement:
    def test_the_new_one_takes_position_address_and_port_over(self, cast: Cast, servers: list[Equipment]) -> None:
        before = holding(servers[0])
        with transaction():
            found = making.back_at_gate(cast, servers[:1], kind="replacement")
            new = returns.place_replacement(found, making.items(found)[0].id, replacement(cast), cast.actor("room_staff"), LATER)
        assert (found.state, servers[0].state, new.state) == ("completed", "replaced", "in_service")
        assert (holding(servers[0]), holding(new)) == (NOTHING, before)
        assert (new.rack_id, new.client_id, new.contract_id) == (cast.racks["B2-01"].id, cast.alpha.id, cast.contracts["alpha"].id)
        assert making.items(found)[0].replacement_id == new.id

    def test_the_history_tells_which_of_the_two_had_the_address_when(self, cast: Cast, servers: list[Equipment]) -> None:
        """R-S3."""
        with transaction():
            found = making.back_at_gate(cast, servers[:1], kind="replacement")
            new = returns.place_replacement(found, making.items(found)[0].id, replacement(cast), cast.actor("room_staff"), LATER)
        old_hold = session().scalars(select(AddressHold).where(AddressHold.holder_id == servers[0].id)).one()
        new_hold = session().scalars(select(AddressHold).where(AddressHold.holder_id == new.id)).one()
        assert (old_hold.address, old_hold.released_at) == (new_hold.address, LATER)
        assert (new_hold.created_at, new_hold.released_at) == (LATER, None)

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"model": "r750"}, rules.OTHER_SIZE.code),
            ({"checked": False}, rules.NOT_AS_LISTED.code),
            ({"serial": "SN-0002"}, "equipment.serial_in_service"),
            ({"serial": "?"}, "equipment.bad_serial"),
        ],
    )
    def test_what_does_not_fit_changes_nothing(self, cast: Cast, servers: list[Equipment], changes: dict[str, object], code: str) -> None:
        before = holding(servers[0])
        with transaction():
            found = making.back_at_gate(cast, servers[:1], kind="replacement")
        command = replacement(cast, **changes)  # type: ignore[arg-type]
        with pytest.raises(Refused) as why, transaction():
            returns.place_replacement(found, making.items(found)[0].id, command, cast.actor("room_staff"), LATER)
        assert why.value.refusal.code == code
        session().refresh(servers[0])
        assert (servers[0].state, holding(servers[0])) == ("out_for_repair", before)
        assert session().scalar(select(func.count()).select_from(Equipment)) == 3

    def test_a_model_that_nobody_knows(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.back_at_gate(cast, servers[:1], kind="replacement")
        command = Replacement(None, "NEW-1", "", checked=True)
        with pytest.raises(Refused, match=r"exit\.unknown_model"), transaction():
            returns.place_replacement(found, making.items(found)[0].id, command, cast.actor("room_staff"), LATER)

    def test_it_comes_in_through_the_gate(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.released(cast, servers[:1], kind="replacement")
        with pytest.raises(Refused, match=r"exit\.not_back_yet"), transaction():
            returns.place_replacement(found, making.items(found)[0].id, replacement(cast), cast.actor("room_staff"), LATER)


class TestNeverBack:
    def test_what_is_written_off_frees_its_place(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.released(cast, servers[:1], kind="repair")
            returns.write_off(found, making.items(found)[0].id, "lost on the way", cast.actor("service"), LATER)
        assert (found.state, servers[0].state, holding(servers[0])) == ("completed", "withdrawn", NOTHING)
        hold = session().scalars(select(AddressHold).where(AddressHold.holder_id == servers[0].id)).one()
        assert hold.rests_until == LATER + timedelta(days=30)

    def test_what_is_overdue_is_chased_once_a_week_until_it_is_settled(self, cast: Cast, servers: list[Equipment]) -> None:
        due = making.day(14)
        with transaction():
            found = making.released(cast, servers[:1], kind="repair", return_due_on=due)
        midnight = clock.end_of(due)
        chased = [(timedelta(seconds=-1), 0), (timedelta(0), 1), (timedelta(hours=1), 0), (timedelta(days=7, seconds=-1), 0)]
        chased += [(timedelta(days=7), 1), (timedelta(days=13), 0), (timedelta(days=14), 1)]
        for after, times in chased:
            with transaction():
                assert services.chase_returns(midnight + after) == times, after
        told = session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "exit.overdue")).all()
        assert sorted(set(told)) == [
            "admin@client.example",
            "colleague@client.example",
            "service2@rackpass.example",
            "service@rackpass.example",
        ]
        assert len(told) == 3 * 4
        with transaction():
            returns.write_off(found, making.items(found)[0].id, "lost", cast.actor("service"), LATER)
            assert services.chase_returns(midnight + timedelta(days=30)) == 0


def test_every_state_of_what_waits_is_on_the_right_desk(app: Flask, cast: Cast, servers: list[Equipment]) -> None:
    """To check: customer service. Back at the gate: the machine room. To correct, or due: the client."""

    def waits(name: str) -> list[str]:
        with app.test_request_context():
            return [item.url.rpartition("/")[2] for item in gathered(waiting_for(cast.actor(name), NOW))]

    def text(found: Exit) -> str:
        return ids.to_text(found.id)

    with transaction():
        reviewing = making.applied(cast, servers[:1])
        correcting = making.in_state(cast, "needs_correction", servers[1:2])
        back = making.back_at_gate(cast, servers[2:3])
    assert waits("service") == [text(reviewing)]
    assert waits("room_staff") == [text(back)]
    assert waits("admin") == [text(correcting)]
    assert waits("stranger") == waits("sales") == waits("auditor") == []
