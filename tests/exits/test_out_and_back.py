"""What an exit does to position, address and port, out and back again. Rules R-X1 to R-X5."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.equipment.models import Equipment
from portal.exits import returns, rules, services
from portal.exits.returns import Replacement
from portal.exits.services import Line
from portal.facility.models import RackUnit
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.network.models import AddressHold, PortHold
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, Cast
from tests.exits import making


def units(thing: Equipment) -> int:
    return session().scalar(select(func.count()).where(RackUnit.holder_id == thing.id)) or 0


def holds(thing: Equipment) -> tuple[int, int]:
    """Addresses and ports that it holds now."""
    addresses = select(func.count()).where(AddressHold.holder_id == thing.id, AddressHold.released_at.is_(None))
    ports = select(func.count()).where(PortHold.holder_id == thing.id, PortHold.released_at.is_(None))
    return session().scalar(addresses) or 0, session().scalar(ports) or 0


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.refusal.code


def test_a_withdrawal_frees_units_and_port_and_lets_the_address_rest(cast: Cast) -> None:
    with transaction():
        (thing,) = making.servers(cast)
        assert (units(thing), holds(thing)) == (2, (1, 1))
        making.released(cast, [thing])
    session().refresh(thing)
    assert thing.state == "withdrawn"
    assert (units(thing), holds(thing)) == (0, (0, 0))
    hold = session().scalars(select(AddressHold).where(AddressHold.holder_id == thing.id)).one()
    assert hold.rests_until == NOW + timedelta(days=30)
    assert hold.freed_at is None


def test_a_repair_keeps_them_and_comes_back_in_its_place(cast: Cast) -> None:
    with transaction():
        (thing,) = making.servers(cast)
        place = (thing.rack_id, thing.unit)
        found = making.released(cast, [thing], kind="repair")
        (item,) = making.items(found)
        assert (thing.state, units(thing), holds(thing)) == ("out_for_repair", 2, (1, 1))
    with pytest.raises(Refused) as refused, transaction():
        returns.put_back(found, item.id, cast.actor("room_staff"), NOW)
    assert code(refused) == "exit.not_back_yet"
    with transaction():
        returns.book_at_gate(found, {item.id}, cast.actor("guard"), NOW)
        returns.put_back(found, item.id, cast.actor("room_staff"), NOW)
    session().refresh(thing)
    assert (thing.state, (thing.rack_id, thing.unit), found.state) == ("in_service", place, "completed")


def test_a_replacement_takes_over_position_address_and_port(cast: Cast) -> None:
    with transaction():
        (old,) = making.servers(cast)
        place = (old.rack_id, old.unit)
        found = making.back_at_gate(cast, [old], kind="replacement")
        (item,) = making.items(found)
        command = Replacement(cast.models["r650"].id, "SN-NEW1", "", checked=True)
        new = returns.place_replacement(found, item.id, command, cast.actor("room_staff"), NOW)
    session().refresh(old)
    assert (old.state, units(old), holds(old)) == ("replaced", 0, (0, 0))
    assert (new.state, (new.rack_id, new.unit), units(new), holds(new)) == ("in_service", place, 2, (1, 1))
    assert found.state == "completed"


def test_a_replacement_of_another_height_is_refused_and_nothing_is_half_done(cast: Cast) -> None:
    with transaction():
        (old,) = making.servers(cast)
        found = making.back_at_gate(cast, [old], kind="replacement")
        (item,) = making.items(found)
    with pytest.raises(Refused) as refused, transaction():
        returns.place_replacement(
            found, item.id, Replacement(cast.models["r750"].id, "SN-NEW1", "", checked=True), cast.actor("room_staff"), NOW
        )
    assert code(refused) == "exit.other_size"
    session().refresh(old)
    assert (old.state, units(old)) == ("out_for_repair", 2)


def test_what_will_not_come_back_is_written_off_and_its_place_is_free(cast: Cast) -> None:
    with transaction():
        (thing,) = making.servers(cast)
        found = making.released(cast, [thing], kind="repair")
        (item,) = making.items(found)
        returns.write_off(found, item.id, "scrapped by the maker", cast.actor("service"), NOW)
    session().refresh(thing)
    assert (thing.state, units(thing), holds(thing), found.state) == ("withdrawn", 0, (0, 0), "completed")


def test_what_is_not_released_stays_in_service_and_may_leave_another_time(cast: Cast) -> None:
    with transaction():
        first, second = making.servers(cast, 2)
        making.released(cast, [first, second], only=1)
    session().refresh(first)
    session().refresh(second)
    assert {first.state, second.state} == {"withdrawn", "in_service"}
    stayed = first if first.state == "in_service" else second
    with transaction():
        making.released(cast, [stayed])
    session().refresh(stayed)
    assert stayed.state == "withdrawn"


def test_equipment_is_on_one_open_exit(cast: Cast) -> None:
    with transaction():
        (thing,) = making.servers(cast)
        making.applied(cast, [thing])
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast, [thing])
    assert code(refused) == "exit.in_other_exit"


@pytest.mark.parametrize(
    ("line", "result"),
    [
        (Line("", "SN-0001"), rules.AGREES),
        (Line("Dell PowerEdge R650", "SN-0001"), rules.AGREES),
        (Line("poweredge  r650", "SN-0001"), rules.AGREES),
        (Line("Dell PowerEdge R750", "SN-0001"), rules.MODEL_DIFFERS),
        (Line("", "SN-9999"), rules.NO_SUCH_SERIAL),
        (Line("", "SN-0002"), rules.NO_SUCH_SERIAL),  # another client's is told as unknown
    ],
)
def test_a_line_against_the_records(cast: Cast, line: Line, result: str) -> None:
    with transaction():
        making.servers(cast, 1, "alpha", first=1)
        making.servers(cast, 1, "beta", first=2)
        compared = services.compare([Line("", "SN-0001"), line], cast.alpha.id)
    assert compared[1].result == result
    if result == rules.NO_SUCH_SERIAL:
        assert compared[1].found is None


def test_a_slip_is_issued_only_when_every_line_agrees(cast: Cast) -> None:
    with transaction():
        (thing,) = making.servers(cast)
        found = making.applied(cast, [thing, Line("", "SN-9999")], anyway=True)
        agreeing = making.items(found)[0]
        services.agree(found, [agreeing.id], cast.actor("service"), NOW)
    for attempt in (
        lambda: services.issue(found, cast.actor("service"), NOW),
        lambda: services.agree(found, [making.items(found)[1].id], cast.actor("service"), NOW),
    ):
        with pytest.raises(Refused), transaction():
            attempt()
    assert found.state == "under_review"


def test_a_list_that_disagrees_is_sent_only_when_said_so(cast: Cast) -> None:
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast, [*making.servers(cast), Line("", "SN-9999")])
    assert code(refused) == "exit.lines_disagree"


def test_an_overdue_return_is_told_once_a_week(cast: Cast) -> None:
    with transaction():
        found = making.released(cast, making.servers(cast), kind="repair")
        due = found.return_due_on
    assert due is not None
    told = select(func.count()).where(OutboxMessage.code == "exit.overdue", OutboxMessage.address == "admin@client.example")
    for days, expected in ((14, 0), (15, 1), (16, 1), (21, 1), (22, 2)):
        with transaction():
            services.chase_returns(NOW + timedelta(days=days))
        assert session().scalar(told) == expected, days
