"""Work orders up to the machine room's door: drafting, sending to sales, issuing, planning, cancelling.

What happens at the door is in `acceptance`. The contract's row is locked before the order's, everywhere in this area.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.contracts import queries as contracts
from portal.contracts.models import Contract
from portal.contracts.rules import why_not_in_force
from portal.emergencies import queries as emergencies
from portal.facility import queries as facility_queries
from portal.facility import services as facility
from portal.kernel import clock, ids
from portal.kernel.change import move, open_record
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import Actor, Permission, Role
from portal.network import services as network
from portal.outbox.messages import Message, Recipient
from portal.outbox.services import notify
from portal.passes import services as passes
from portal.workorders import arrival, emails, queries, rules
from portal.workorders.checking import Line, why_not
from portal.workorders.lifecycle import ON_THE_WAY
from portal.workorders.models import WorkOrder, WorkOrderItem
from portal.workorders.notice import notice


@dataclass(frozen=True, slots=True)
class Draft:
    """What a work order says. `arrives_at` is aware."""

    contract_id: uuid.UUID
    arrives_at: datetime
    lines: tuple[Line, ...]
    bringer_name: str = ""
    bringer_phone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item is to stand: its lowest unit, and the face it is mounted from."""

    rack_id: uuid.UUID
    unit: int
    face: str = "front"


def draft(command: Draft, actor: Actor, now: datetime) -> WorkOrder:
    """A new work order under a contract in force, for its client or by sales.

    Raises Refused: the contract is not in force, a report on an emergency is overdue (R-A2), WORK_ORDER_TOO_EARLY, the room is frozen
    then, and everything that `checking.why_not` says of the items.
    """
    contract = contracts.get_contract(actor, command.contract_id)
    if not actor.may(Permission.WORK_ORDER_DRAFT):
        raise Forbidden(Permission.WORK_ORDER_DRAFT)
    _refuse(
        why_not_in_force(contract, clock.today(now)),
        emergencies.why_report_overdue(contract.client_id, now),
        arrival.why_not(contract.room_id, command.arrives_at, now),
        *why_not(contract, command.lines, None, actor),
    )
    assert actor.user_id is not None
    order = WorkOrder(
        number=next_number("WO", now),
        client_id=contract.client_id,
        contract_id=contract.id,
        arrives_at=command.arrives_at,
        bringer_name=command.bringer_name,
        bringer_phone=command.bringer_phone,
        note=command.note,
        drafted_by_id=actor.user_id,
    )
    open_record(order, "draft", actor, now, facts={"items": len(command.lines)})
    _list(order, command.lines, actor, now)
    return order


def change(order: WorkOrder, command: Draft, actor: Actor, now: datetime) -> WorkOrder:
    """Changes a draft, or what was sent to sales, which sales alone may do. The contract stays. Raises as `draft` does, and Conflict."""
    order = queries.lock_order(order.id)
    _in_scope(order, actor)
    if not may_change(order, actor):
        raise _conflict(order, "change") if actor.may(Permission.WORK_ORDER_DRAFT) else Forbidden(Permission.WORK_ORDER_DRAFT)
    _refuse(
        why_not_in_force(order.contract, clock.today(now)),
        arrival.why_not(order.contract.room_id, command.arrives_at, now),
        *why_not(order.contract, command.lines, order.id, actor),
    )
    before = _told(order, [(item.model_id, item.serial, item.asset_tag, item.ips, item.ports) for item in order.items])
    kept = {item.serial: item for item in order.items}
    order.arrives_at, order.note = command.arrives_at, command.note
    order.bringer_name, order.bringer_phone = command.bringer_name, command.bringer_phone
    gone = [item.id for serial, item in kept.items() if serial not in {line.serial for line in command.lines}]
    if gone:
        session().execute(delete(WorkOrderItem).where(WorkOrderItem.id.in_(gone)).execution_options(synchronize_session=False))
    _list(order, command.lines, actor, now, {serial: item for serial, item in kept.items() if item.id not in gone})
    after = _told(order, [(line.model.id, line.serial, line.asset_tag, line.ips, line.ports) for line in command.lines])
    audit.record(
        "work_order.changed", "work_order", order.id, order.number, actor, now, client_id=order.client_id,
        before={name: value for name, value in before.items() if value != after[name]},
        after={name: value for name, value in after.items() if value != before[name]},
    )  # fmt: skip
    return order


def may_change(order: WorkOrder, actor: Actor) -> bool:
    """A draft can be changed by who may draft; what sales has on its desk by sales."""
    permission = {"draft": Permission.WORK_ORDER_DRAFT, "requested": Permission.WORK_ORDER_ISSUE}.get(order.state)
    return permission is not None and actor.may(permission)


def request(order: WorkOrder, actor: Actor, now: datetime) -> None:
    """Sends a draft to sales. Raises Refused when it could not be issued any more: WORK_ORDER_TOO_EARLY, contract not in force,
    a freeze, and while a report on an emergency is overdue (R-A2)."""
    order = ready(order, "request", actor)
    _refuse(
        why_not_in_force(order.contract, clock.today(now)),
        emergencies.why_report_overdue(order.client_id, now),
        arrival.why_not(order.contract.room_id, order.arrives_at, now),
    )
    data = _facts(order) | {"issue_by": local_text(order.arrives_at - notice())}
    told = _sales_of(order.contract)
    move(order, "request", actor, now, values={"returned_note": ""})
    _notify(emails.REQUESTED, told, order, actor, now, data)


def issue(order: WorkOrder, actor: Actor, now: datetime, arrives_at: datetime | None = None) -> None:
    """Issues the order to the machine room, with a later arrival if one is given (R-W1).

    From then on the order has a pass, and its items count against the contract. Raises Refused: WORK_ORDER_TOO_EARLY to the
    second, the room is frozen then, the contract is not in force, and everything that `checking.why_not` says of the items as things
    stand now.
    """
    contract = contracts.lock_in_force(order.contract_id, clock.today(now))
    order = ready(order, "issue", actor)
    arrives_at = arrives_at or order.arrives_at
    lines = [Line(item.model, item.serial, item.asset_tag, item.ips, item.ports) for item in order.items]
    _refuse(arrival.why_not(contract.room_id, arrives_at, now), *why_not(contract, lines, order.id, actor))
    data = _facts(order) | {"arrives": local_text(arrives_at)}
    values = {
        "arrives_at": arrives_at, "issued_at": now, "issued_by_id": actor.user_id, "possible_from": now + notice(), "returned_note": "",
    }  # fmt: skip
    move(order, "issue", actor, now, values=values, facts={"arrives_at": data["arrives"]})
    passes.issue_pass("work_order", order.id, max(clock.end_of(contract.ends_on), arrives_at), actor, now)
    _notify(emails.ISSUED, accounts.recipients_of_client(order.client_id), order, actor, now, data)
    _notify(emails.ISSUED_TO_ROOM, accounts.recipients_with_role(Role.ROOM_STAFF), order, actor, now, data)


def send_back(order: WorkOrder, reason: str, actor: Actor, now: datetime) -> None:
    """Gives a request back to the client to be corrected."""
    order = ready(order, "send_back", actor)
    move(order, "send_back", actor, now, reason=reason, values={"returned_note": reason})
    told = accounts.recipients_of_client(order.client_id)
    _notify(emails.SENT_BACK, told, order, actor, now, {"number": order.number, "reason": reason})


def prepare(order: WorkOrder, places: Mapping[uuid.UUID, Place], actor: Actor, now: datetime) -> None:
    """Holds rack units, ports and addresses for every expected item, or for none (R-W3). `places`: item id -> its place.

    A refusal that belongs to one item has the field `place-<item id>`. Raises Refused: NO_PLACE, the contract is not in force,
    what `facility.services.hold_units` and `network.services.hold_addresses` and `hold_ports` raise.
    """
    contract = contracts.lock_in_force(order.contract_id, clock.today(now))
    order = ready(order, "prepare", actor)
    racks = {rack.id for rack in facility_queries.racks_of_room(contract.room_id)}
    expected = [item for item in order.items if item.state == "expected"]
    unplaced = [item for item in expected if item.id not in places or places[item.id].rack_id not in racks]
    _refuse(*(rules.NO_PLACE.on(place_field(item.id)) for item in unplaced))
    data = _facts(order)
    holder: dict[str, Any] = {"client_id": order.client_id, "contract_id": order.contract_id, "now": now}
    facility_queries.lock_racks(places[item.id].rack_id for item in expected)
    for item in expected:
        place = places[item.id]
        try:
            facility.hold_units(
                place.rack_id, place.unit, item.model.height_u, item.model.full_depth, place.face, holder_kind="plan", holder_id=item.id,
                power_w=item.model.power_w, **holder,
            )  # fmt: skip
        except Refused as refused:
            raise Refused(*(refusal.on(place_field(item.id)) for refusal in refused.refusals)) from refused
        item.rack_id, item.unit, item.face = place.rack_id, place.unit, place.face
    session().flush()
    taken = contracts.usage(contract.id, {rack.id for rack in contracts.racks_granted(contract.id)})
    if taken.units > contract.units_granted:
        raise Refused(rules.UNITS_BEYOND(used=taken.units, granted=contract.units_granted))
    if taken.power_w > contract.power_w:
        raise Refused(rules.POWER_BEYOND(used=taken.power_w, granted=contract.power_w))
    for item in expected:
        network.hold_ports(
            contract.room_id, item.ports, near_rack_id=item.rack_id, holder_kind="plan", holder_id=item.id, **holder
        )  # fmt: skip
    for item in expected:
        network.hold_addresses(contract.room_id, item.ips, holder_kind="plan", holder_id=item.id, **holder)
    move(order, "prepare", actor, now, values={"prepared_at": now, "prepared_by_id": actor.user_id})
    _notify(emails.PREPARED, accounts.recipients_of_client(order.client_id), order, actor, now, data, part="#allocation")


def replan(order: WorkOrder, reason: str, actor: Actor, now: datetime) -> None:
    """Gives up what is held for the order, so that its positions can be planned again. The client is told."""
    order = ready(order, "replan", actor)
    give_up([item for item in order.items if item.state == "expected"], now)
    move(order, "replan", actor, now, reason=reason, values={"prepared_at": None, "prepared_by_id": None})
    told = accounts.recipients_of_client(order.client_id)
    _notify(emails.PLANNED_AGAIN, told, order, actor, now, {"number": order.number, "reason": reason})


def cancel(order: WorkOrder, reason: str, actor: Actor, now: datetime) -> None:
    """Ends an order of which nothing was accepted. What was held for it is free at once, its pass is dead."""
    order = ready(order, "cancel", actor)
    was, contract = order.state, order.contract
    expected = [item for item in order.items if item.state == "expected"]
    if was == "prepared":
        give_up(expected, now)
    for item in expected:
        move(item, "drop", actor, now, because_of="work_order.cancel")
    move(order, "cancel", actor, now, reason=reason)
    passes.revoke_pass(order.id, now, "cancelled")
    told = accounts.recipients_of_client(order.client_id)
    if was != "draft":
        told = [*told, *_sales_of(contract)]
    if was in ON_THE_WAY:
        told = [*told, *accounts.recipients_with_role(Role.ROOM_STAFF)]
    _notify(emails.CANCELLED, told, order, actor, now, {"number": order.number, "who": actor.name, "reason": reason})


def give_up(items: Iterable[WorkOrderItem], now: datetime) -> None:
    """Releases what is held for items that will not come: units, ports, addresses (without rest, nobody has used them)."""
    items = list(items)
    for item in items:
        facility.release_units(item.id)
        network.release_ports(item.id, now)
        item.rack_id = item.unit = None
    for item in items:
        network.release_addresses(item.id, now, rest=False)
    session().flush()


def ready(order: WorkOrder, action: str, actor: Actor) -> WorkOrder:
    """The order, loaded with everything and locked, if this actor may carry out this action on it now.

    Raises Forbidden, NotFound (another client's), and Conflict when it is no longer in a state that the action starts from.
    """
    step = order.LIFECYCLE.actions[action]
    if not actor.may(step.permission):
        raise Forbidden(step.permission)
    order = queries.lock_order(order.id)
    _in_scope(order, actor)
    if order.state not in step.sources:
        raise _conflict(order, action)
    return order


def place_field(item_id: uuid.UUID) -> str:
    """The field that a refusal of an item's place belongs to."""
    return f"place-{ids.to_text(item_id)}"


def local_text(moment: datetime) -> str:
    """A moment for a message, in the site's zone."""
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"


def _list(order: WorkOrder, lines: Sequence[Line], actor: Actor, now: datetime, kept: Mapping[str, WorkOrderItem] | None = None) -> None:
    """Puts the lines on the order; `kept` are its items that stay, by serial number."""
    kept = kept or {}
    highest = session().scalar(select(func.max(WorkOrderItem.line)).where(WorkOrderItem.work_order_id == order.id)) or 0
    for item in kept.values():
        item.line += highest + len(lines)  # out of the way of the new numbering
    with guarded({"uq_work_order_items_expected": rules.SERIAL_ELSEWHERE.on("rows")}):
        session().flush()
        for number, line in enumerate(lines, 1):
            staying = kept.get(line.serial)
            if staying is None:
                item = WorkOrderItem(work_order_id=order.id, client_id=order.client_id, line=number, model_id=line.model.id,
                                     serial=line.serial, asset_tag=line.asset_tag, ips=line.ips, ports=line.ports)  # fmt: skip
                open_record(item, "list", actor, now)
            else:
                staying.line, staying.model_id = number, line.model.id
                staying.asset_tag, staying.ips, staying.ports = line.asset_tag, line.ips, line.ports


def _told(order: WorkOrder, items: Sequence[tuple[uuid.UUID, str, str, int, int]]) -> dict[str, str]:
    """What of an order the audit tells when it changes."""
    return {
        "arrives_at": local_text(order.arrives_at),
        "bringer": f"{order.bringer_name} {order.bringer_phone}".strip(),
        "note": order.note,
        "items": "; ".join(f"{serial} {tag} {ips}/{ports} {ids.to_text(model)[-6:]}" for model, serial, tag, ips, ports in items),
    }


def _facts(order: WorkOrder) -> dict[str, str | int]:
    return {
        "number": order.number,
        "client": order.client.name,
        "room": order.contract.room.code,
        "count": sum(item.state == "expected" for item in order.items),
        "arrives": local_text(order.arrives_at),
    }


def _sales_of(contract: Contract) -> list[Recipient]:
    """The salesperson of the contract; everyone in sales where nobody is named."""
    named = accounts.recipient(contract.sales_id) if contract.sales_id else []
    return named or accounts.recipients_with_role(Role.SALES)


def _notify(
    message: Message,
    told: Iterable[Recipient],
    order: WorkOrder,
    actor: Actor,
    now: datetime,
    data: Mapping[str, str | int],
    part: str = "",
) -> None:
    others = [recipient for recipient in told if recipient.user_id != actor.user_id]
    notify(message, others, now, path=f"/work-orders/{ids.to_text(order.id)}{part}", data=data)


def _in_scope(order: WorkOrder, actor: Actor) -> None:
    if actor.is_client and order.client_id != actor.client_id:
        raise NotFound(order.id)


def _conflict(order: WorkOrder, action: str) -> Conflict:
    return Conflict(order.number, action, order.state, order.LIFECYCLE.states[order.state].label)


def _refuse(*refusals: Refusal | None) -> None:
    found = [refusal for refusal in refusals if refusal is not None]
    if found:
        raise Refused(*found)
