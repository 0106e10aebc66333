"""Work orders in any state, reached through the services."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import time_machine
from sqlalchemy import func, select

from portal.contracts.models import Contract
from portal.facility.models import RackUnit
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Refused
from portal.network.models import AddressHold, PortHold
from portal.outbox.models import OutboxMessage
from portal.workorders import acceptance, queries, services
from portal.workorders.checking import Line
from portal.workorders.models import WorkOrder
from portal.workorders.planning import Room
from portal.workorders.rules import Seen
from portal.workorders.services import Draft, Place
from tests.cast import NOW, Cast

DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
ARRIVAL = NOW + timedelta(hours=30)


def lines(cast: Cast, count: int = 2, first: int = 1, **changes: Any) -> tuple[Line, ...]:
    """`count` servers SN-0001 ..."""
    values: dict[str, Any] = {"model": cast.models["r750"]} | changes
    return tuple(Line(serial=f"SN-{number:04d}", **values) for number in range(first, first + count))


def draft(cast: Cast, contract: str = "alpha", count: int = 2, first: int = 1, **changes: Any) -> Draft:
    values: dict[str, Any] = {
        "contract_id": cast.contracts[contract].id,
        "arrives_at": ARRIVAL,
        "lines": lines(cast, count, first),
        "bringer_name": "王珺",
        "bringer_phone": "138 0000 0000",
        "note": "",
    }
    return Draft(**(values | changes))


def drafted(cast: Cast, by: str = "admin", now: datetime = NOW, **changes: Any) -> WorkOrder:
    return services.draft(draft(cast, **changes), cast.actor(by), now)


def issued(cast: Cast, now: datetime = NOW, **changes: Any) -> WorkOrder:
    order = drafted(cast, now=now, **changes)
    services.request(order, cast.actor("admin"), now)
    services.issue(order, cast.actor("sales"), now)
    return order


def places(cast: Cast, order: WorkOrder) -> dict[uuid.UUID, Place]:
    order = queries.get_order(cast.actor("room_staff"), order.id)
    return Room(order).propose([item for item in order.items if item.state == "expected"])


def prepared(cast: Cast, now: datetime = NOW, **changes: Any) -> WorkOrder:
    order = issued(cast, now, **changes)
    services.prepare(order, places(cast, order), cast.actor("room_staff"), now)
    return order


def accept(cast: Cast, order: WorkOrder, line: int = 1, now: datetime = ARRIVAL, **changes: Any) -> WorkOrder:
    item = items(cast, order)[line - 1]
    values: dict[str, Any] = {"unpacked": True, "model_agrees": True, "serial": item.serial}
    return acceptance.accept(order, item.id, Seen(**(values | changes)), cast.actor("room_staff"), now)


def items(cast: Cast, order: WorkOrder) -> list[Any]:
    return queries.get_order(cast.actor("auditor"), order.id).items


def in_state(cast: Cast, state: str) -> WorkOrder:
    """An order of the first client's with two items, in the given state."""
    if state == "draft":
        return drafted(cast)
    if state == "requested":
        order = drafted(cast)
        services.request(order, cast.actor("admin"), NOW)
        return order
    if state == "issued":
        return issued(cast)
    order = prepared(cast)
    if state in ("partly_accepted", "completed"):
        accept(cast, order, 1)
    if state == "completed":
        accept(cast, order, 2)
    if state == "cancelled":
        services.cancel(order, "put off", cast.actor("sales"), NOW)
    return order


def codes(refused: Refused) -> list[str]:
    return [refusal.code for refusal in refused.refusals]


def held(item_id):
    """(units, live addresses, live ports) of a holder."""
    units = session().scalar(select(func.count()).where(RackUnit.holder_id == item_id))
    addresses = session().scalar(select(func.count()).where(AddressHold.holder_id == item_id, AddressHold.released_at.is_(None)))
    ports = session().scalar(select(func.count()).where(PortHold.holder_id == item_id, PortHold.released_at.is_(None)))
    return units, addresses, ports


def set_terms(**values):
    """Other terms for every contract, past the rules of contracts."""
    session().execute(Contract.__table__.update().values(**values))
    session().expire_all()


def told(code):
    return sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def completed_mail():
    completed = (OutboxMessage.code == "work_order.completed") & OutboxMessage.address.like("admin%")
    return session().scalars(select(OutboxMessage).where(completed)).one()


def kept(cast, order):
    """What a test needs of an order after the session that made it is closed by a request."""
    found = [SimpleNamespace(id=item.id, serial=item.serial) for item in items(cast, order)]
    return SimpleNamespace(id=order.id, number=order.number, state=order.state, issued_at=order.issued_at, items=found)


def path(order, *parts):
    return "/".join(["/work-orders", ids.to_text(order.id), *parts])


def local(moment):
    return f"{clock.local(moment):%Y-%m-%dT%H:%M}"


def only_order():
    return session().scalars(select(WorkOrder).execution_options(populate_existing=True)).one()


def at(moment):
    """A request at another time than the cast's."""
    return time_machine.travel(moment, tick=True)
