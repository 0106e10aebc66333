"""The end of a contract: what must be settled, what happens by itself, what is announced (R-B7, R-X5)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.badges import services as badges
from portal.contracts import queries, services
from portal.contracts.models import Contract
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.network import services as network
from portal.outbox.models import Notice, OutboxMessage
from portal.workorders import services as workorders
from tests.badges import making as badge_making
from tests.cast import NOW, Cast
from tests.contracts.making import drafted, loaded, signed
from tests.equipment.making import racked, undone
from tests.workorders import making as order_making

TODAY = date(2026, 11, 23)


def codes(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def tags(contract: Contract) -> list[str]:
    entries = select(AuditEntry.tag).where(AuditEntry.subject_id == contract.id).order_by(AuditEntry.id)
    return list(session().scalars(entries))


def told(code: str) -> set[str]:
    return set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def refused(work: Any) -> list[str]:
    with pytest.raises(Refused) as error, transaction():
        work()
    return codes(error)


def test_a_contract_is_closed_once_nothing_of_it_is_left(cast: Cast) -> None:
    sales, alpha = cast.actor("sales"), cast.contracts["alpha"]
    with transaction():
        badge = badge_making.issued(cast)
        order = order_making.issued(cast)
        thing = racked(cast, "SN-0100", unit=20)
        services.end_contract(alpha, "moves out", sales, NOW)
    with pytest.raises(Refused) as error, transaction():
        services.close_contract(alpha, sales, NOW)
    assert codes(error) == ["contract.badges_out", "contract.equipment_inside", "contract.amounts_held", "contract.work_orders_open"]
    listed = [refusal.data["items"] for refusal in error.value.refusals]
    assert listed == [f"{badge.number} 王珺", "SN-0100", "1 × IP, 1 × port", order.number]
    assert [end.kind for end in queries.open_ends(loaded(cast, alpha))] == ["badge", "equipment", "addresses", "ports", "work_order"]
    with transaction():
        badges.take_back(badge, cast.actor("service"), NOW)
        workorders.cancel(order, "no longer", sales, NOW)
    with undone():  # without the slip that it leaves on, it could not stay like that
        leave_for_good(thing, cast)
        services.close_contract(alpha, sales, NOW)
        assert loaded(cast, alpha).state == "closed"
        assert told("contract.closed") == {"admin@client.example", "colleague@client.example", "sales@rackpass.example"}


def leave_for_good(thing: Any, cast: Cast) -> None:
    """The item is withdrawn, as at the gate: its address rests from now on."""
    from portal.equipment import services as equipment
    from portal.facility.services import release_units

    equipment.leave(thing, "withdraw", cast.actor("guard"), NOW, "EX-2611-0001")
    release_units(thing.id)
    network.release_addresses(thing.id, NOW, rest=True)
    network.release_ports(thing.id, NOW)


def test_a_badge_that_another_contract_stands_behind_does_not_hold_up_the_closing(cast: Cast) -> None:
    sales, alpha = cast.actor("sales"), cast.contracts["alpha"]
    with transaction():
        other = signed(cast, units_granted=1)
        both = badge_making.application(cast, contract_ids=(alpha.id, other.id))
        badge = badges.apply_for_badge(both, cast.actor("admin"), NOW)
        badges.issue(badge, TODAY + timedelta(days=30), cast.actor("service"), NOW)
        services.end_contract(alpha, "one room less", sales, NOW)
    with transaction():
        services.close_contract(alpha, sales, NOW)
    with transaction():
        services.end_contract(other, "the other, too", sales, NOW)
    assert refused(lambda: services.close_contract(other, sales, NOW)) == ["contract.badges_out"]
    with transaction():
        badges.take_back(badge, cast.actor("service"), NOW)
        services.close_contract(other, sales, NOW)


def test_closing_gives_whole_racks_free(cast: Cast) -> None:
    sales, rack = cast.actor("sales"), cast.racks["A1-01"].id
    with transaction():
        contract = signed(cast, units_granted=0, rack_ids=(rack,))
        services.end_contract(contract, "moves out", sales, NOW)
    assert refused(lambda: drafted(cast, "beta", units_granted=0, rack_ids=(rack,))) == ["contract.rack_granted"]
    with transaction():
        services.close_contract(contract, sales, NOW)
        drafted(cast, "beta", units_granted=0, rack_ids=(rack,))


def test_contracts_past_their_last_day_begin_to_end_by_themselves(cast: Cast) -> None:
    alpha = cast.contracts["alpha"]
    with transaction():
        services.suspend_contract(cast.contracts["beta"], "bill", cast.actor("supervisor"), NOW)
    days = (alpha.ends_on - TODAY).days
    # 15:59:59 UTC is one second before midnight at the site.
    last_moment = NOW.replace(hour=15, minute=59, second=59) + timedelta(days=days)
    with transaction():
        assert services.expire_due(last_moment) == 0
    with transaction():
        assert services.expire_due(last_moment + timedelta(seconds=1)) == 3
    with transaction():
        assert services.expire_due(last_moment + timedelta(seconds=2)) == 0
    assert {loaded(cast, contract).state for contract in cast.contracts.values()} == {"ending"}
    assert tags(alpha)[-1] == "contract.expire"
    assert "admin@client.example" in told("contract.reached_end")


def test_the_end_is_announced_sixty_thirty_and_seven_days_before_once_each(cast: Cast) -> None:
    alpha = cast.contracts["alpha"]
    with transaction():
        for other in ("beta", "solo"):
            services.end_contract(cast.contracts[other], "not of interest here", cast.actor("sales"), NOW)
    announced = {}
    for left in range(70, -2, -1):
        now = NOW + timedelta(days=(alpha.ends_on - TODAY).days - left)
        with transaction():
            announced[left] = services.announce_ends(now)
        with transaction():
            assert services.announce_ends(now + timedelta(hours=1)) == 0
    assert {left for left, count in announced.items() if count} == {60, 30, 7}
    assert told("contract.ends_soon") == {"admin@client.example", "colleague@client.example", "sales@rackpass.example"}
    mails = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "contract.ends_soon")).all()
    desk = session().scalars(select(Notice).where(Notice.code == "contract.ends_soon")).all()
    assert (len(mails), len(desk)) == (9, 9)
    assert tags(alpha).count("contract.end_announced") == 3


def test_a_contract_signed_late_is_announced_once_and_a_renewal_begins_anew(cast: Cast) -> None:
    sales = cast.actor("sales")
    with transaction():
        contract = signed(cast, ends_on=TODAY + timedelta(days=20), units_granted=1)
        assert services.announce_ends(NOW) == 1
        assert services.announce_ends(NOW) == 0
        services.renew_contract(contract, TODAY + timedelta(days=40), "", sales, NOW)
        assert services.announce_ends(NOW) == 1
    days = [entry.after["days"] for entry in session().scalars(select(AuditEntry).where(AuditEntry.tag == "contract.end_announced"))]
    assert days == [30, 60]
