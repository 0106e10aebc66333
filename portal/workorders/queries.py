"""Reading work orders, always as far as the actor may see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from portal.accounts.models import User
from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.facility.models import RackUnit, Room
from portal.facility.queries import place_label
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Actor, Permission
from portal.workorders.lifecycle import ON_THE_WAY, OPEN
from portal.workorders.models import WorkOrder, WorkOrderExtra, WorkOrderItem
from portal.workorders.notice import notice

WITH_ITEMS = (
    joinedload(WorkOrder.client),
    joinedload(WorkOrder.contract).joinedload(Contract.room).joinedload(Room.site),
    selectinload(WorkOrder.items).joinedload(WorkOrderItem.model),
    selectinload(WorkOrder.items).joinedload(WorkOrderItem.rack),
)


def item_count() -> ColumnElement[int]:
    """How many items an order lists, as a column of a query on orders."""
    return select(func.count(WorkOrderItem.id)).where(WorkOrderItem.work_order_id == WorkOrder.id).correlate(WorkOrder).scalar_subquery()


def accepted_count() -> ColumnElement[int]:
    """How many of an order's items are accepted, as a column."""
    accepted = (WorkOrderItem.work_order_id == WorkOrder.id) & (WorkOrderItem.state == "accepted")
    return select(func.count(WorkOrderItem.id)).where(accepted).correlate(WorkOrder).scalar_subquery()


def select_orders(actor: Actor) -> Select[WorkOrder, int, int]:
    """What the actor's list is made from: the order with client and room, its items, how many of them are accepted."""
    statement = (
        select(WorkOrder, item_count().label("items"), accepted_count().label("accepted"))
        .join(WorkOrder.client)
        .options(contains_eager(WorkOrder.client), joinedload(WorkOrder.contract).joinedload(Contract.room))
    )
    return statement.where(WorkOrder.client_id == actor.client_id) if actor.is_client else statement


def with_serial(serial: str) -> ColumnElement[bool]:
    """The orders that list this serial number, as a condition."""
    return WorkOrder.id.in_(select(WorkOrderItem.work_order_id).where(WorkOrderItem.serial == serial))


def get_order(actor: Actor, order_id: uuid.UUID) -> WorkOrder:
    """One order with client, contract, room, site, items, models and racks. Raises NotFound, for another client's too."""
    statement = select(WorkOrder).where(WorkOrder.id == order_id).options(*WITH_ITEMS).execution_options(populate_existing=True)
    if actor.is_client:
        statement = statement.where(WorkOrder.client_id == actor.client_id)
    order = session().scalars(statement).one_or_none()
    if order is None:
        raise NotFound(order_id)
    return order


def lock_order(order_id: uuid.UUID) -> WorkOrder:
    """The order with everything, its row locked: what is decided on it stays true until the commit. For services alone."""
    statement = (
        select(WorkOrder)
        .where(WorkOrder.id == order_id)
        .options(*(selectinload(WorkOrder.client), selectinload(WorkOrder.contract).joinedload(Contract.room), *WITH_ITEMS[2:]))
        .with_for_update(of=WorkOrder)
        .execution_options(populate_existing=True)
    )
    order = session().scalars(statement).one_or_none()
    if order is None:
        raise NotFound(order_id)
    return order


def item_of(order: WorkOrder, item_id: uuid.UUID) -> WorkOrderItem:
    """One of the order's items. Raises NotFound."""
    found = next((item for item in order.items if item.id == item_id), None)
    if found is None:
        raise NotFound(item_id)
    return found


def extras_of(order: WorkOrder) -> list[WorkOrderExtra]:
    """What came with the order and was not on it, in the order it was recorded (R-W2)."""
    return list(session().scalars(select(WorkOrderExtra).where(WorkOrderExtra.work_order_id == order.id).order_by(WorkOrderExtra.id)))


def names_of(user_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names of the staff who drafted, issued, prepared, accepted."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    return dict(session().execute(select(User.id, User.name).where(User.id.in_(wanted))).all()) if wanted else {}


def open_for_contract(contract_id: uuid.UUID) -> list[WorkOrder]:
    """The contract's orders that are neither completed nor cancelled (R-X5)."""
    statement = select(WorkOrder).where(WorkOrder.contract_id == contract_id, WorkOrder.state.in_(OPEN)).order_by(WorkOrder.number)
    return list(session().scalars(statement))


def expected_elsewhere(serials: Iterable[str], order_id: uuid.UUID | None) -> dict[str, WorkOrder]:
    """Serial number -> the other open order that expects it."""
    statement = (
        select(WorkOrderItem.serial, WorkOrder)
        .join(WorkOrder, WorkOrder.id == WorkOrderItem.work_order_id)
        .where(WorkOrderItem.serial.in_(set(serials)), WorkOrderItem.state == "expected")
    )
    if order_id is not None:
        statement = statement.where(WorkOrder.id != order_id)
    return dict(session().execute(statement).all())


def arrivals(actor: Actor, day: date) -> list[tuple[WorkOrder, int]]:
    """What arrives on one of the site's days, earliest first, each with the number of items that are expected."""
    expected = (WorkOrderItem.work_order_id == WorkOrder.id) & (WorkOrderItem.state == "expected")
    waiting = select(func.count(WorkOrderItem.id)).where(expected).correlate(WorkOrder).scalar_subquery()
    statement = (
        select(WorkOrder, waiting)
        .where(WorkOrder.state.in_(ON_THE_WAY), WorkOrder.arrives_at >= clock.at_local(day), WorkOrder.arrives_at < clock.end_of(day))
        .options(joinedload(WorkOrder.client), joinedload(WorkOrder.contract).joinedload(Contract.room))
        .order_by(WorkOrder.arrives_at, WorkOrder.id)
    )
    if actor.is_client:
        statement = statement.where(WorkOrder.client_id == actor.client_id)
    return list(session().execute(statement))


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """What waits for this actor, by due time: drafts for the client, requests for sales, planning and acceptance for room staff."""
    states: tuple[str, ...] = ()
    if actor.is_client and actor.may(Permission.WORK_ORDER_DRAFT):
        states = ("draft",)
    elif actor.may(Permission.WORK_ORDER_ISSUE):
        states = ("requested",)
    elif actor.may(Permission.WORK_ORDER_ACCEPT):
        states = ON_THE_WAY
    if not states:
        return []
    columns = (WorkOrder.id, WorkOrder.number, WorkOrder.state, WorkOrder.arrives_at)
    counted = (item_count().label("items"), accepted_count().label("accepted"))
    rows = select(*columns, *counted, Client.name.label("client"), Room.code.label("room")).join(WorkOrder.client)
    rows = rows.join(WorkOrder.contract).join(Contract.room).where(WorkOrder.state.in_(states))
    rows = rows.where(WorkOrder.client_id == actor.client_id) if actor.is_client else rows
    return [Waits(rows.order_by(WorkOrder.arrives_at, WorkOrder.id).limit(20), _due)]


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The actor's figures on the desk."""
    today = clock.today(now)
    requested, issued = _number(WorkOrder.state == "requested"), _number(WorkOrder.state == "issued")
    arriving = _number(WorkOrder.state.in_(ON_THE_WAY), WorkOrder.arrives_at < clock.end_of(today))
    by_today = f"/work-orders/?state=on_the_way&arrives_to={today.isoformat()}"
    if actor.is_client:
        own = WorkOrder.client_id == actor.client_id

        def told(still_open: int, on_the_way: int) -> list[Figure]:
            sub = _("%(count)s issued to the machine room", count=on_the_way) if on_the_way else ""
            return [Figure(_("Open work orders"), still_open, sub, "/work-orders/?state=open")]

        return Counts((_number(WorkOrder.state.in_(OPEN), own), issued.where(own)), told)
    if actor.may(Permission.WORK_ORDER_ISSUE):
        return Counts(
            (requested,),
            lambda number: [Figure(_("Work orders to issue"), number, "", "/work-orders/?state=requested", "wait" if number else "")],
        )
    if actor.may(Permission.WORK_ORDER_ACCEPT):
        return Counts(
            (issued, arriving),
            lambda number, due: [
                Figure(_("Positions to plan"), number, "", "/work-orders/?state=issued", "wait" if number else ""),
                Figure(_("Arriving by tonight"), due, "", by_today),
            ],
        )
    if actor.may(Permission.WORK_ORDER_READ):
        return Counts((arriving,), lambda due: [Figure(_("Arriving by tonight"), due, "", by_today)])
    return None


def _number(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(WorkOrder).where(*conditions)


def contracts_to_choose(actor: Actor, today: date, text: str, limit: int = 30) -> list[Contract]:
    """Contracts in force that the actor may draft for, by number or client's name, newest first."""
    statement = (
        select(Contract)
        .join(Contract.client)
        .where(Contract.state == "in_force", Contract.starts_on <= today, Contract.ends_on >= today)
        .options(joinedload(Contract.client), joinedload(Contract.room))
        .order_by(Contract.id.desc())
        .limit(limit)
    )
    if actor.is_client:
        statement = statement.where(Contract.client_id == actor.client_id)
    if text:
        statement = statement.where(Contract.number.icontains(text, autoescape=True) | Client.name.icontains(text, autoescape=True))
    return list(session().scalars(statement))


def taken_in(rack_ids: Sequence[uuid.UUID]) -> list[tuple[uuid.UUID, int, str]]:
    """Every held unit of these racks, as (rack, unit, face)."""
    statement = select(RackUnit.rack_id, RackUnit.unit, RackUnit.face).where(RackUnit.rack_id.in_(rack_ids))
    return list(session().execute(statement)) if rack_ids else []


def place_of(item: WorkOrderItem) -> str:
    """Where an item stands or is to stand, "" while nobody has planned it. Model and rack are loaded."""
    if item.rack is None or item.unit is None:
        return ""
    return place_label(item.rack.code, item.unit, item.model.height_u)


def _due(row: Any) -> DueItem:
    sub = [row.client, row.room, ngettext("%(num)s item", "%(num)s items", row.items)]
    if row.accepted:
        sub.append(_("%(count)s accepted", count=row.accepted))
    due = row.arrives_at - notice() if row.state in ("draft", "requested") else row.arrives_at
    title, state = _("Work order %(number)s", number=row.number), told(WorkOrder.LIFECYCLE.states[row.state])
    return DueItem(title, " · ".join(sub), state, due, f"/work-orders/{ids.to_text(row.id)}")
