"""Who holds and who held: addresses and ports with their holders, clients and times (R-S3), and what an actor may see of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import joinedload

from portal.clients.models import Client
from portal.equipment.models import Equipment
from portal.facility.models import Rack, Room
from portal.kernel.db import IPAddress, session
from portal.kernel.errors import NotFound
from portal.kernel.policy import Actor, Permission
from portal.network.models import AddressHold, PortHold, Prefix, Switch, SwitchPort
from portal.workorders.models import WorkOrder, WorkOrderItem


@dataclass(frozen=True, slots=True)
class Holder:
    """What has an address or a port: equipment in the building, or an item of a work order for which it is planned."""

    kind: str
    id: uuid.UUID
    serial: str
    order_id: uuid.UUID | None
    order_number: str
    client_id: uuid.UUID
    client_name: str


@dataclass(frozen=True, slots=True)
class PortLine:
    """A port, and who has it since when."""

    port: SwitchPort
    holder: Holder | None
    since: datetime | None


AnySelect = Select[*tuple[Any, ...]]


def select_holds(actor: Actor) -> AnySelect:
    """Every hold of an address, past ones too, as rows: AddressHold, Prefix, the columns of `holder_of`, and `ports` (the switch
    ports that the holder has now, as text). Client users get their own client's."""
    ports = (
        select(func.aggregate_strings(Switch.name + " " + SwitchPort.name, ", "))
        .select_from(PortHold)
        .join(SwitchPort, SwitchPort.id == PortHold.port_id)
        .join(Switch, Switch.id == SwitchPort.switch_id)
        .where(PortHold.holder_id == AddressHold.holder_id, PortHold.released_at.is_(None))
        .correlate(AddressHold)
        .scalar_subquery()
    )
    statement = _with_holder(
        select(AddressHold, Prefix, ports.label("ports")).join(Prefix, Prefix.id == AddressHold.prefix_id), AddressHold
    )
    if actor.is_client:
        return statement.where(AddressHold.client_id == actor.client_id)
    if not actor.may(Permission.NETWORK_READ):
        raise NotFound(actor.role)
    return statement


def holder_of(row: Any) -> Holder:
    """The holder in a row of `select_holds` or of a switch's ports."""
    hold = row.AddressHold if "AddressHold" in row._fields else row.PortHold
    serial = row.equipment_serial or row.plan_serial or ""
    return Holder(hold.holder_kind, hold.holder_id, serial, row.order_id, row.order_number or "", hold.client_id, row.client_name)


def in_prefix(prefix: Prefix) -> ColumnElement[bool]:
    """The condition for what is held or rests in a prefix now."""
    return and_(AddressHold.prefix_id == prefix.id, AddressHold.freed_at.is_(None), AddressHold.address.between(prefix.first, prefix.last))


def resting() -> ColumnElement[bool]:
    """The condition for what was released and is not yet free."""
    return and_(AddressHold.freed_at.is_(None), AddressHold.released_at.is_not(None))


def between(first: IPAddress, last: IPAddress) -> ColumnElement[bool]:
    """The condition for an address within a range."""
    return AddressHold.address == first if first == last else AddressHold.address.between(first, last)


def holding_at(start: datetime | None, end: datetime | None) -> ColumnElement[bool] | None:
    """The condition that a hold was on at some moment from `start` until before `end`; either may be open."""
    conditions: list[ColumnElement[bool]] = []
    if end is not None:
        conditions.append(AddressHold.created_at < end)
    if start is not None:
        conditions.append(AddressHold.released_at.is_(None) | (AddressHold.released_at > start))
    return and_(*conditions) if conditions else None


def select_switches(actor: Actor) -> AnySelect:
    """Switches as rows: Switch with room and rack, how many ports it has (`ports`), how many are held (`taken`), out of use
    (`out_of_use`). Staff alone; else NotFound."""
    if not actor.may(Permission.NETWORK_READ):
        raise NotFound(actor.role)

    def number(*conditions: ColumnElement[bool]) -> Any:
        return select(func.count()).where(SwitchPort.switch_id == Switch.id, *conditions).correlate(Switch).scalar_subquery()

    return (
        select(
            Switch,
            number().label("ports"),
            number(SwitchPort.taken.is_(True)).label("taken"),
            number(SwitchPort.out_of_use.is_(True)).label("out_of_use"),
        )
        .join(Room, Room.id == Switch.room_id)
        .outerjoin(Rack, Rack.id == Switch.rack_id)
        .options(joinedload(Switch.room).joinedload(Room.site), joinedload(Switch.rack))
    )


def get_switch(actor: Actor, switch_id: uuid.UUID) -> Switch:
    """A switch with room and rack. Staff alone; else NotFound."""
    row = session().execute(select_switches(actor).where(Switch.id == switch_id)).first()
    if row is None:
        raise NotFound(switch_id)
    found: Switch = row.Switch
    return found


def get_port(actor: Actor, port_id: uuid.UUID) -> SwitchPort:
    """A port with its switch. Staff alone; else NotFound."""
    found = session().scalar(select(SwitchPort).where(SwitchPort.id == port_id).options(joinedload(SwitchPort.switch)))
    if found is None or not actor.may(Permission.NETWORK_READ):
        raise NotFound(port_id)
    return found


def port_lines(switch: Switch) -> list[PortLine]:
    """Every port of a switch that was loaded for the actor, in order, with who has it. One query."""
    held = and_(PortHold.port_id == SwitchPort.id, PortHold.released_at.is_(None))
    ports = select(SwitchPort, PortHold).outerjoin(PortHold, held).where(SwitchPort.switch_id == switch.id)
    statement = _with_holder(ports, PortHold, outer=True).order_by(SwitchPort.position)
    return [
        PortLine(row.SwitchPort, holder_of(row) if row.PortHold else None, row.PortHold.created_at if row.PortHold else None)
        for row in session().execute(statement)
    ]


def _with_holder(statement: AnySelect, hold: Any, *, outer: bool = False) -> AnySelect:
    return (
        statement.add_columns(
            Client.name.label("client_name"),
            Equipment.serial.label("equipment_serial"),
            WorkOrderItem.serial.label("plan_serial"),
            WorkOrder.id.label("order_id"),
            WorkOrder.number.label("order_number"),
        )
        .join(Client, Client.id == hold.client_id, isouter=outer)
        .outerjoin(Equipment, and_(hold.holder_kind == "equipment", Equipment.id == hold.holder_id))
        .outerjoin(WorkOrderItem, and_(hold.holder_kind == "plan", WorkOrderItem.id == hold.holder_id))
        .outerjoin(WorkOrder, WorkOrder.id == WorkOrderItem.work_order_id)
    )
