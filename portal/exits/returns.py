"""What was sent out for repair or replacement comes back: at the gate, into its place, as another item, or never (R-X4)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.equipment import services as equipment
from portal.equipment.models import Equipment, EquipmentModel
from portal.exits import emails, rules
from portal.exits.models import Exit, ExitItem
from portal.exits.services import give_up_place, path
from portal.facility import services as facility
from portal.kernel import change
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refused
from portal.kernel.policy import Actor, Role
from portal.network import services as network
from portal.outbox.services import notify


@dataclass(frozen=True, slots=True)
class Replacement:
    """The item that comes in on the old one's position, addresses and ports. `serial` is normalised."""

    model_id: uuid.UUID | None
    serial: str
    asset_tag: str
    checked: bool


def book_at_gate(found: Exit, item_ids: Collection[uuid.UUID], actor: Actor, now: datetime) -> list[str]:
    """Duty staff book in what came back, or what came in its stead. Returns the serial numbers; machine-room staff are told."""
    change.lock(found)
    items = [item for item in _out(found) if item.id in item_ids and item.back_at_gate_at is None]
    serials = [item.listed_serial for item in items]
    for item in items:
        item.back_at_gate_at = now
    if serials:
        facts = {"serials": ", ".join(serials)}
        audit.record("exit.back_at_gate", "exit", found.id, found.number, actor, now, client_id=found.client_id, after=facts)
        data = {"number": found.number, **facts}
        notify(emails.BACK, accounts.recipients_with_role(Role.ROOM_STAFF), now, path=path(found), data=data)
    return serials


def put_back(found: Exit, item_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Machine-room staff confirm that an item is back in its place and in service."""
    item, thing = _settling(found, item_id)
    if item.back_at_gate_at is None:
        raise Refused(rules.NOT_BACK_YET(serial=item.listed_serial))
    equipment.come_back(thing, actor, now, found.number)
    _settle(found, item, "returned", "exit.item_returned", actor, now)


def place_replacement(found: Exit, item_id: uuid.UUID, command: Replacement, actor: Actor, now: datetime) -> Equipment:
    """The new item takes the old one's units, addresses and ports in one transaction, or not at all. The old one is gone."""
    item, old = _settling(found, item_id)
    if item.back_at_gate_at is None:
        raise Refused(rules.NOT_BACK_YET(serial=item.listed_serial))
    if not command.checked:
        raise Refused(rules.NOT_AS_LISTED)
    model = session().get(EquipmentModel, command.model_id) if command.model_id else None
    if model is None:
        raise Refused(rules.UNKNOWN_MODEL)
    before = session().get_one(EquipmentModel, old.model_id)
    if (model.height_u, model.full_depth) != (before.height_u, before.full_depth):
        raise Refused(rules.OTHER_SIZE(new=model.height_u, old=before.height_u))
    rack_id, unit, face = old.rack_id, old.unit, old.face
    assert rack_id is not None
    assert unit is not None
    equipment.replace(old, actor, now, found.number)
    terms = equipment.NewEquipment(
        model_id=model.id,
        serial=command.serial,
        asset_tag=command.asset_tag,
        client_id=found.client_id,
        contract_id=old.contract_id,
        rack_id=rack_id,
        unit=unit,
        face=face,
        power_w=old.power_w,
    )
    new = equipment.put_in_service(terms, actor, now, action="replace_in", reference=found.number)
    facility.hand_units_over(old.id, "equipment", new.id)
    network.hand_over(old.id, "equipment", new.id, now)
    item.replacement_id = new.id
    _settle(found, item, "replaced", "exit.item_replaced", actor, now, new=new.serial)
    return new


def write_off(found: Exit, item_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Customer service records that an item will not come back: it is withdrawn, and its place is free."""
    item, thing = _settling(found, item_id)
    equipment.write_off(thing, actor, now, found.number)
    give_up_place(thing, now)
    _settle(found, item, "written_off", "exit.item_written_off", actor, now, why=reason)


def _settling(found: Exit, item_id: uuid.UUID) -> tuple[ExitItem, Equipment]:
    change.lock(found)
    item = session().get(ExitItem, item_id)
    if item is None or item.exit_id != found.id:
        raise NotFound(item_id)
    if not item.holds or item.settled_at is not None or found.state != "awaiting_return":
        raise Refused(rules.NOT_OUT(serial=item.listed_serial))
    return item, session().get_one(Equipment, item.equipment_id)


def _settle(found: Exit, item: ExitItem, how: str, tag: str, actor: Actor, now: datetime, **facts: str) -> None:
    item.settled_at, item.settled_as, item.holds = now, how, False
    after = {"line": item.line, "serial": item.listed_serial, **facts}
    audit.record(tag, "exit", found.id, found.number, actor, now, client_id=found.client_id, after=after)
    session().flush()
    if not _out(found):
        change.move(found, "complete", actor, now, because_of=tag)
        notify(emails.SETTLED, accounts.recipients_of_client(found.client_id), now, path=path(found), data={"number": found.number})


def _out(found: Exit) -> list[ExitItem]:
    still = select(ExitItem).where(ExitItem.exit_id == found.id, ExitItem.released_at.is_not(None), ExitItem.settled_at.is_(None))
    return list(session().scalars(still.order_by(ExitItem.line)))
