"""Reading contracts: staff see all, client users their own client's."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.orm import contains_eager, joinedload

from portal.badges.lifecycle import LIVE as BADGE_LIVE
from portal.badges.models import Badge, BadgeGrant
from portal.clients.models import Client
from portal.contracts import rules
from portal.contracts.lifecycle import CONTRACT
from portal.contracts.models import Contract, ContractDocument, ContractRack
from portal.contracts.rules import OpenEnd, Usage
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.equipment.models import Equipment
from portal.facility.models import Rack, RackUnit, Room
from portal.facility.rules import SIDE
from portal.files.models import StoredFile
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refused
from portal.kernel.filters import begins
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission
from portal.workorders.models import WorkOrder, WorkOrderItem

LIVE = ("in_force", "suspended", "ending")  # what takes up room
PRESENT = ("in_service", "out_for_repair")
EXPIRING = timedelta(days=max(rules.ANNOUNCED_DAYS))


def select_contracts(actor: Actor) -> Select[Contract]:
    """Contracts with client, room and site."""
    statement = (
        select(Contract)
        .join(Contract.client)
        .join(Contract.room)
        .join(Room.site)
        .options(contains_eager(Contract.client), contains_eager(Contract.room).contains_eager(Room.site))
    )
    return statement.where(Contract.client_id == actor.client_id) if actor.is_client else statement


def get_contract(actor: Actor, contract_id: uuid.UUID) -> Contract:
    """With client, room and site. Raises NotFound, for another client's too."""
    statement = _with_room(select(Contract)).where(Contract.id == contract_id)
    if actor.is_client:
        statement = statement.where(Contract.client_id == actor.client_id)
    contract = session().scalars(statement).one_or_none()
    if contract is None:
        raise NotFound(contract_id)
    return contract


def contracts_in_force(client_id: uuid.UUID, today: date) -> list[Contract]:
    """The client's contracts under which it may act today (the site's day), with client, room and site, by number."""
    statement = _with_room(select(Contract)).where(
        Contract.client_id == client_id, Contract.state == "in_force", Contract.starts_on <= today, Contract.ends_on >= today
    )
    return list(session().scalars(statement.order_by(Contract.number)))


def contracts_of(client: Client) -> list[Contract]:
    """All contracts of a client that was loaded for this actor, newest first, with room and site."""
    statement = _with_room(select(Contract)).where(Contract.client_id == client.id)
    return list(session().scalars(statement.order_by(Contract.id.desc()).limit(100)))


def lock_in_force(contract_id: uuid.UUID, today: date) -> Contract:
    """The contract under a row lock, with client, room and site: what is decided on it holds until the commit, and closing waits.

    Raises NotFound, and Refused when it is not in force. For services, which have checked whose it is.
    """
    statement = _with_room(select(Contract)).where(Contract.id == contract_id).with_for_update(of=Contract)
    contract = session().scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if contract is None:
        raise NotFound(contract_id)
    refusal = rules.why_not_in_force(contract, today)
    if refusal is not None:
        raise Refused(refusal)
    return contract


def racks_granted(contract_id: uuid.UUID) -> list[Rack]:
    """The whole racks of a contract, by code."""
    granted = select(ContractRack.rack_id).where(ContractRack.contract_id == contract_id)
    return list(session().scalars(select(Rack).where(Rack.id.in_(granted)).order_by(Rack.code)))


def rack_choices(room_id: uuid.UUID, client_id: uuid.UUID, contract_id: uuid.UUID | None) -> list[tuple[str, str]]:
    """(id as in URLs, "code (42U)") of the room's racks that are, or can be, the contract's: not granted otherwise, not in others' use."""
    granted = select(ContractRack.rack_id)
    if contract_id is not None:
        granted = granted.where(ContractRack.contract_id != contract_id)
    in_use = select(RackUnit.rack_id).where(RackUnit.client_id.is_not(None), RackUnit.client_id != client_id)
    free = select(Rack).where(Rack.room_id == room_id, Rack.id.not_in(granted), Rack.id.not_in(in_use))
    return [(ids.to_text(rack.id), f"{rack.code} ({rack.units}U)") for rack in session().scalars(free.order_by(Rack.code))]


def contract_like(text: str) -> ColumnElement[bool]:
    """The contracts that a text means: by the beginning of their number, or by their client's name."""
    of_client = select(Contract.id).where(Contract.client_id.in_(Client.named(text)))
    return Contract.id.in_(union(of_client, select(Contract.id).where(begins(Contract.number, text.upper()))))


def ends_soon() -> ColumnElement[bool]:
    """Live contracts whose last day is within 60 days."""
    return Contract.state.in_(("in_force", "suspended")) & (Contract.ends_on <= clock.today() + EXPIRING)


def documents_of(contract: Contract) -> list[tuple[ContractDocument, StoredFile]]:
    """The papers of a contract, oldest first. For actors with CONTRACT_DOCUMENT_READ alone (R-S2)."""
    statement = select(ContractDocument, StoredFile).join(StoredFile, StoredFile.id == ContractDocument.file_id)
    rows = session().execute(statement.where(ContractDocument.contract_id == contract.id).order_by(ContractDocument.id))
    return [(row[0], row[1]) for row in rows]


def usage(contract_id: uuid.UUID, whole_racks: Collection[uuid.UUID]) -> Usage:
    """What the contract's equipment takes up, and what is held for its work orders; `whole_racks`: those granted to it."""
    from portal.network import queries as network  # each of the two asks the other

    present = select(Equipment.id).where(Equipment.contract_id == contract_id, Equipment.state.in_(PRESENT))
    planned = (
        select(WorkOrderItem.id)
        .join(WorkOrder, WorkOrder.id == WorkOrderItem.work_order_id)
        .where(WorkOrder.contract_id == contract_id, WorkOrderItem.state == "expected")
    )
    by_rack = session().execute(
        select(RackUnit.rack_id, func.count(RackUnit.unit.distinct()))
        .where(or_(RackUnit.holder_id.in_(present), RackUnit.holder_id.in_(planned)), RackUnit.face != SIDE)
        .group_by(RackUnit.rack_id)
    )
    units, units_in_racks = 0, 0
    for rack_id, count in by_rack:
        if rack_id in whole_racks:
            units_in_racks += count
        else:
            units += count
    drawn = select(func.sum(Equipment.power_w)).where(Equipment.id.in_(present)).scalar_subquery()
    planned_power = select(func.sum(RackUnit.power_w)).where(RackUnit.holder_id.in_(planned)).scalar_subquery()
    power_w = int(session().scalar(select(func.coalesce(drawn, 0) + func.coalesce(planned_power, 0))) or 0)
    addresses, ports = network.amounts_held(contract_id)
    return Usage(units, units_in_racks, power_w, addresses, ports)


def open_ends(contract: Contract) -> list[OpenEnd]:
    """What keeps the contract from being closed (R-B7, R-X5): badges, equipment, addresses and ports, exit slips, work orders.

    A badge that another contract in force stands behind as well stays with its holder; of this one's room it opens nothing more.
    """
    # These areas stand on contracts; that a contract asks them back happens here alone.
    from portal.badges import queries as badges
    from portal.equipment import queries as equipment
    from portal.exits import queries as exits
    from portal.network import queries as network
    from portal.workorders import queries as workorders

    out = badges.not_returned(contract.id)
    kept = _with_another_contract([badge.id for badge in out], contract.id)
    found = [OpenEnd("badge", f"{b.number} {b.person.name}", f"/badges/{ids.to_text(b.id)}") for b in out if b.id not in kept]
    found += [
        OpenEnd("equipment", item.serial, f"/equipment/{ids.to_text(item.id)}") for item in equipment.of_contract_present(contract.id)
    ]
    addresses, ports = network.amounts_held(contract.id)
    found += [
        OpenEnd(kind, f"{count} × {sign}", "") for kind, sign, count in (("addresses", "IP", addresses), ("ports", "port", ports)) if count
    ]
    found += [OpenEnd("exit", e.number, f"/exits/{ids.to_text(e.id)}") for e in exits.open_for_contract(contract.id)]
    found += [OpenEnd("work_order", w.number, f"/work-orders/{ids.to_text(w.id)}") for w in workorders.open_for_contract(contract.id)]
    return found


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Sales: drafts to sign, contracts to renew or to wind up. The client: those that end soon, or must be cleared out."""
    columns = (Contract.id, Contract.number, Contract.state, Contract.starts_on, Contract.ends_on)
    rows = select(*columns, Client.name.label("client"), Room.code.label("room"))
    rows = rows.join(Client, Client.id == Contract.client_id).join(Room, Room.id == Contract.room_id)
    rows = rows.order_by(Contract.ends_on, Contract.id).limit(20)
    if actor.may(Permission.CONTRACT_WRITE):
        return [Waits(rows.where(or_(Contract.state.in_(("draft", "ending")), ends_soon())), _due)]
    if actor.is_client:
        return [Waits(rows.where(Contract.client_id == actor.client_id, or_(Contract.state == "ending", ends_soon())), _due)]
    return []


def counts(actor: Actor, now: datetime) -> Counts | None:
    """How many contracts are in force, and how many of them end within 60 days."""
    if not (actor.is_client or actor.may(Permission.CONTRACT_WRITE) or actor.may(Permission.CONTRACT_SUSPEND)):
        return None
    counted = select(func.count()).where(Contract.state == "in_force")
    if actor.is_client:
        counted = counted.where(Contract.client_id == actor.client_id)

    def told(in_force: int, ending: int) -> list[Figure]:
        sub = _("%(count)s end within 60 days", count=ending) if ending else ""
        return [Figure(_("Contracts in force"), in_force, sub, "/contracts/?state=in_force", "wait" if ending else "")]

    return Counts((counted, counted.where(Contract.ends_on <= clock.today(now) + EXPIRING)), told)


def _with_room(statement: Select[Contract]) -> Select[Contract]:
    return statement.options(
        joinedload(Contract.client, innerjoin=True),
        joinedload(Contract.room, innerjoin=True).joinedload(Room.site, innerjoin=True),
    )


def _with_another_contract(badge_ids: list[uuid.UUID], contract_id: uuid.UUID) -> set[uuid.UUID]:
    """Which of the live badges also stand on another contract that is in force or suspended."""
    others = (
        select(BadgeGrant.badge_id)
        .join(Badge, Badge.id == BadgeGrant.badge_id)
        .join(BadgeGrant.contract)
        .where(BadgeGrant.badge_id.in_(badge_ids), BadgeGrant.contract_id != contract_id)
        .where(Contract.state.in_(("in_force", "suspended")), Badge.state.in_(BADGE_LIVE))
    )
    return set(session().scalars(others))


def _due(row: Any) -> DueItem:
    titles = {
        "draft": _("Sign contract %(number)s", number=row.number),
        "ending": _("Wind up contract %(number)s", number=row.number),
    }
    title = titles.get(row.state) or _("Contract %(number)s ends soon", number=row.number)
    due = clock.at_local(row.starts_on) if row.state == "draft" else clock.end_of(row.ends_on)
    return DueItem(title, f"{row.client} · {row.room}", told(CONTRACT.states[row.state]), due, f"/contracts/{ids.to_text(row.id)}")
