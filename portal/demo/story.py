"""What is going on at the demo's data centers today: requests in every state, equipment coming and going, people inside."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.badges.models import Badge
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.demo import cases, offline
from portal.demo.people import COMPANIES
from portal.equipment import queries as equipment
from portal.equipment.models import Equipment, EquipmentModel
from portal.exits import returns
from portal.exits import services as exits
from portal.exits.models import ExitItem
from portal.gate import services as gate
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.policy import Role
from portal.passes.queries import live_pass

MODELS = ("Dell PowerEdge R750", "HPE ProLiant DL380 Gen10")
chance = random.Random(7)


def what_is_going_on(now: datetime) -> None:
    """Applications, work orders and exits of the last days, in every state."""
    for step in (_badges, _orders, _past_exits, _exits):
        with transaction():
            step(now)


def visits(now: datetime) -> None:
    """A month of comings and goings; some are inside now, and some were refused."""
    guards = (cases.staff(Role.DUTY), cases.staff(Role.DUTY, 1))
    badges = session().scalars(select(Badge).where(Badge.state == "issued").order_by(Badge.number)).all()
    for number, badge in enumerate(badges):
        with transaction():
            for days in sorted(chance.sample(range(1, 30), 3), reverse=True):
                start = clock.at_local(clock.today(now) - timedelta(days=days), chance.randint(9, 16), chance.randint(0, 59))
                cases.visit(badge, guards[days % 2], start, timedelta(minutes=chance.randint(25, 170)))
            if number % 8 == 0:
                cases.visit(badge, guards[0], now - timedelta(minutes=chance.randint(20, 150)), None)
    with transaction():
        for text in ("AAAA-BBBB-CC", "not a code"):
            gate.verify(text, guards[0], now - timedelta(hours=chance.randint(1, 5)))
        suspended = session().scalars(select(Badge).where(Badge.state == "suspended")).first()
        live = live_pass(suspended.id) if suspended else None
        if live is not None:
            gate.verify(live.short_code, guards[1], now - timedelta(minutes=50))
    offline.without_network(now)


def _badges(now: datetime) -> None:
    for index, state, hours in ((1, "under_review", 3), (4, "under_review", 2), (6, "needs_correction", 26), (9, "under_review", 1)):
        client = _client(index)
        people = session().scalars(select(Person).where(Person.client_id == client.id).order_by(Person.id)).all()
        cases.badge(client, people[1], [_contract(client)], state, now - timedelta(hours=hours + 4), index * 10 + 1)


def _orders(now: datetime) -> None:
    """Today's arrivals and those of the next days."""
    models = _models()
    today = clock.today(now)
    for index, state, days, hour, count in (
        (0, "draft", 4, 10, 2),
        (2, "requested", 4, 14, 3),
        (5, "requested", 5, 9, 2),
        (3, "issued", 1, 10, 4),
        (8, "issued", 1, 15, 2),
        (0, "prepared", 0, 20, 4),
        (12, "prepared", 0, 21, 2),
        (15, "partly_accepted", 0, 6, 5),
    ):
        arrives = clock.at_local(today + timedelta(days=days), hour)
        if state == "partly_accepted":
            arrives = now - timedelta(minutes=50)
        contract = _contract(_client(index))
        cases.order(contract, models, count, state, arrives.replace(second=0, microsecond=0), f"NW{index:02d}", now)


def _past_exits(now: datetime) -> None:
    """Withdrawals and repairs that are over, and repairs that are out."""
    room, guard = cases.staff(Role.ROOM_STAFF), cases.staff(Role.DUTY)
    for number, (index, kind, days_ago, back_in, end) in enumerate(
        (
            (2, "withdrawal", 60, 0, "released"),
            (9, "withdrawal", 33, 0, "released"),
            (16, "withdrawal", 8, 0, "released"),
            (0, "repair", 40, 14, "completed"),
            (6, "repair", 20, 10, "out"),
            (1, "repair", 6, 14, "out"),
            (12, "replacement", 5, 21, "back_at_gate"),
            (10, "repair", 12, 10, "cancelled"),
        )
    ):
        client, at = _client(index), now - timedelta(days=days_ago)
        made = cases.exit_application(
            client, _equipment(client, 2), kind, at, clock.today(at) + timedelta(days=1), 900 + number, back_in_days=back_in
        )
        if end == "cancelled":
            exits.cancel(made, "故障已现场排除。", cases.admin_of(client), at + timedelta(hours=2))
            continue
        cases.issue_exit(made, at + timedelta(hours=2))
        left = clock.at_local(made.leaves_on, 11)
        cases.release_exit(made, left)
        if end in ("completed", "back_at_gate"):
            back = min(left + timedelta(days=9), now - timedelta(hours=5))
            returns.book_at_gate(made, [item.id for item in exits.items_of(made)], guard, back)
            if end == "completed":
                for item in exits.items_of(made):
                    returns.put_back(made, item.id, room, back + timedelta(hours=1))
    exits.chase_returns(now - timedelta(days=1))


def _exits(now: datetime) -> None:
    """Applications to check (one with a line that is not in the records), slips for today, one to be corrected, one refused."""
    stranger = (exits.Line("Huawei 2288H V5", "2102311TNB8Q"),)
    for number, (index, kind, state, extra) in enumerate(
        (
            (1, "withdrawal", "under_review", stranger),
            (2, "repair", "under_review", ()),
            (0, "withdrawal", "under_review", ()),
            (3, "withdrawal", "issued", ()),
            (5, "repair", "issued", ()),
            (0, "replacement", "needs_correction", ()),
            (7, "withdrawal", "refused", ()),
        )
    ):
        client, asked = _client(index), now - timedelta(hours=5 + number)
        leaves = clock.today(now) + timedelta(days=0 if state == "issued" else 1)
        made = cases.exit_application(client, _equipment(client, 3), kind, asked, leaves, 950 + number, extra=extra)
        service = cases.staff(Role.CUSTOMER_SERVICE)
        if state == "issued":
            cases.issue_exit(made, now - timedelta(hours=2))
        elif state == "needs_correction":
            exits.ask_correction(made, "盖章申请上的台数与清单不符，请更正。", service, now - timedelta(hours=3))
        elif state == "refused":
            exits.refuse(made, "设备涉及欠费合同，请先与业务人员联系。", service, now - timedelta(hours=3))


def _client(index: int) -> Client:
    return session().scalars(select(Client).where(Client.name == COMPANIES[index][0])).one()


def _contract(client: Client) -> Contract:
    return session().scalars(select(Contract).where(Contract.client_id == client.id).order_by(Contract.id)).first() or _none(client)


def _none(client: Client) -> Contract:
    raise LookupError(client.name)


def _equipment(client: Client, count: int) -> list[Equipment]:
    held = select(ExitItem.equipment_id).where(ExitItem.holds)
    statement = (
        select(Equipment).options(joinedload(Equipment.model)).where(Equipment.client_id == client.id, Equipment.state == "in_service")
    )
    return list(session().scalars(statement.where(Equipment.id.not_in(held)).order_by(Equipment.serial).limit(count)))


def _models() -> list[EquipmentModel]:
    return [model for model in equipment.find_models(MODELS).values() if model is not None]
