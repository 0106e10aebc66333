"""At the machine room's door: accepting item by item against the work order, refusing, recording what should not be there (R-W2, R-W3)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.contracts import queries as contracts
from portal.equipment import services as equipment
from portal.equipment.rules import normalise_serial
from portal.facility import services as facility
from portal.kernel import clock, ids
from portal.kernel.change import move
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, Refused
from portal.kernel.policy import Actor, Permission
from portal.network import services as network
from portal.outbox.messages import Message
from portal.outbox.services import notify
from portal.workorders import emails, queries, rules
from portal.workorders.models import WorkOrder, WorkOrderExtra, WorkOrderItem
from portal.workorders.notice import notice
from portal.workorders.services import give_up, ready

EXTRAS_IN = ("prepared", "partly_accepted", "completed")


@dataclass(frozen=True, slots=True)
class Tally:
    """How an order's items stand."""

    expected: int
    accepted: int
    refused: int
    missing: int


def tally(order: WorkOrder) -> Tally:
    """Counts the items of an order that is loaded with them."""
    states = [item.state for item in order.items]
    return Tally(*(states.count(state) for state in ("expected", "accepted", "refused", "missing")))


def accept(order: WorkOrder, item_id: uuid.UUID, seen: rules.Seen, actor: Actor, now: datetime) -> WorkOrder:
    """Accepts one item: it stands in its place with its addresses and ports and is in service, or nothing of that (R-W2, R-W3).

    The last expected item completes the order. Raises Conflict when someone else settled the item first, and Refused:
    NOT_EXPECTED_YET, NOT_UNPACKED, MODEL_DIFFERS, SERIAL_DIFFERS, SERIAL_OF_ANOTHER_LINE, the contract is not in force,
    SERIAL_IN_SERVICE.
    """
    contracts.lock_in_force(order.contract_id, clock.today(now))
    order = ready(order, "accept_part", actor)
    item = _expected_item(order, item_id, "accept")
    assert order.possible_from is not None
    early = rules.why_not_expected_yet(order.possible_from, now, notice())
    if early is not None:
        raise Refused(early)
    seen = rules.Seen(seen.unpacked, seen.model_agrees, normalise_serial(seen.serial))
    problems = rules.why_not_accepted(item.serial, item.model.label, seen)
    if any(problem.code == rules.SERIAL_DIFFERS.code for problem in problems):
        other = next((one for one in order.items if one.serial == seen.serial), None)
        if other is not None:
            another = rules.SERIAL_OF_ANOTHER_LINE(seen=seen.serial, line=other.line)
            problems = [another if problem.code == rules.SERIAL_DIFFERS.code else problem for problem in problems]
    if problems:
        raise Refused(*problems)
    assert item.rack_id is not None
    assert item.unit is not None
    placed = equipment.put_in_service(
        equipment.NewEquipment(
            model_id=item.model_id, serial=item.serial, asset_tag=item.asset_tag, client_id=order.client_id, contract_id=order.contract_id,
            rack_id=item.rack_id, unit=item.unit, face=item.face, power_w=item.model.power_w,
        ),
        actor, now, action="accept", reference=order.number,
    )  # fmt: skip
    facility.hand_units_over(item.id, "equipment", placed.id)
    network.hand_over(item.id, "equipment", placed.id, now)
    serial = item.serial
    values = {"accepted_at": now, "accepted_by_id": actor.user_id, "equipment_id": placed.id}
    move(item, "accept", actor, now, values=values, facts={"unpacked": True, "model_agrees": True, "serial": seen.serial})
    return _go_on(order, actor, now, serial)


def refuse(order: WorkOrder, item_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> WorkOrder:
    """Refuses one item at the door, for good; what was held for it is free (R-W2). The client is told. Raises Conflict."""
    order = ready(order, "accept_part", actor)
    item = _expected_item(order, item_id, "refuse")
    give_up([item], now)
    data = {"number": order.number, "model": item.model.label, "serial": item.serial, "reason": reason}
    move(item, "refuse", actor, now, reason=reason, values={"settled_note": reason})
    audit.record(
        "work_order.item_refused", "work_order", order.id, order.number, actor, now, client_id=order.client_id, reason=reason,
        after={"serial": data["serial"]},
    )  # fmt: skip
    _tell(emails.ITEM_REFUSED, order, now, data)
    return order if tally(order).expected else _complete(order, actor, now)


def record_extra(order: WorkOrder, description: str, serial: str, actor: Actor, now: datetime) -> WorkOrderExtra:
    """Records what came and was not on the list: it is not accepted (R-W2). Raises Refused(NOT_AN_EXTRA), Conflict."""
    if not actor.may(Permission.WORK_ORDER_ACCEPT):
        raise Forbidden(Permission.WORK_ORDER_ACCEPT)
    order = queries.lock_order(order.id)
    if order.state not in EXTRAS_IN:
        raise Conflict(order.number, "record_extra", order.state, order.LIFECYCLE.states[order.state].label)
    serial = normalise_serial(serial)
    listed = next((item for item in order.items if serial and item.serial == serial), None)
    if listed is not None:
        raise Refused(rules.NOT_AN_EXTRA(seen=serial, line=listed.line))
    assert actor.user_id is not None
    extra = WorkOrderExtra(
        created_at=now, work_order_id=order.id, description=description, serial=serial, recorded_by_id=actor.user_id
    )  # fmt: skip
    session().add(extra)
    audit.record(
        "work_order.extra_refused", "work_order", order.id, order.number, actor, now, client_id=order.client_id,
        after={"description": description, "serial": serial},
    )  # fmt: skip
    return extra


def finish(order: WorkOrder, reason: str, actor: Actor, now: datetime) -> None:
    """Ends an order whose rest does not come: it is recorded as missing, and what was held for it is free (R-W2)."""
    order = ready(order, "finish", actor)
    rest = [item for item in order.items if item.state == "expected"]
    counted = tally(order)
    give_up(rest, now)
    for item in rest:
        move(item, "miss", actor, now, reason=reason, values={"settled_note": reason})
    move(order, "finish", actor, now, reason=reason, values={"completed_at": now})
    _tell_completed(order, Tally(0, counted.accepted, counted.refused, counted.missing + len(rest)), now)


def _expected_item(order: WorkOrder, item_id: uuid.UUID, action: str) -> WorkOrderItem:
    item = queries.item_of(order, item_id)
    if item.state != "expected":
        raise Conflict(item.serial, action, item.state, item.LIFECYCLE.states[item.state].label)
    return item


def _go_on(order: WorkOrder, actor: Actor, now: datetime, serial: str) -> WorkOrder:
    """After an item was accepted: the order waits for the rest, or is complete."""
    if tally(order).expected:
        move(order, "accept_part", actor, now, facts={"item": serial})
        return order
    return _complete(order, actor, now, serial)


def _complete(order: WorkOrder, actor: Actor, now: datetime, serial: str | None = None) -> WorkOrder:
    counted = tally(order)
    move(order, "complete", actor, now, values={"completed_at": now}, facts={"item": serial} if serial else None)
    _tell_completed(order, counted, now)
    return order


def _tell_completed(order: WorkOrder, counted: Tally, now: datetime) -> None:
    counts = {"accepted": counted.accepted, "refused": counted.refused, "missing": counted.missing}
    _tell(emails.COMPLETED, order, now, {"number": order.number, **counts})


def _tell(message: Message, order: WorkOrder, now: datetime, data: Mapping[str, str | int]) -> None:
    notify(message, accounts.recipients_of_client(order.client_id), now, path=f"/work-orders/{ids.to_text(order.id)}#allocation", data=data)
