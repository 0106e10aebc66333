"""What happens to equipment: put in service, out, back, replaced, written off. Each is a change of state and a move on record (R-S5)."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from portal.audit import services as audit
from portal.equipment import catalogue, queries
from portal.equipment.lifecycle import EQUIPMENT
from portal.equipment.models import Equipment, EquipmentModel, EquipmentMove
from portal.equipment.queries import IN_BUILDING
from portal.equipment.rules import MODEL_EXISTS, MODEL_IN_USE, SERIAL_IN_SERVICE, normalise_serial, search_text, why_not_serial
from portal.facility import services as facility
from portal.facility.models import Rack
from portal.facility.queries import place_label
from portal.kernel import change, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, Refused
from portal.kernel.policy import Actor, Permission
from portal.network import services as network

MODEL_NAME = "uq_equipment_models_manufacturer_name_part_number"


@dataclass(frozen=True, slots=True)
class NewEquipment:
    """An item that is put in service. `unit` is its lowest rack unit, `power_w` what it is reckoned to draw, W."""

    model_id: uuid.UUID
    serial: str
    asset_tag: str
    client_id: uuid.UUID
    contract_id: uuid.UUID
    rack_id: uuid.UUID
    unit: int
    face: str
    power_w: int


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model of the catalogue. `weight_g` in grams, `power_w` the most it draws in all, W; 0 where nobody says."""

    manufacturer: str
    name: str
    part_number: str
    height_u: int
    full_depth: bool
    weight_g: int | None
    power_inlets: int
    power_w: int
    network_ports: int
    management_ports: int


def put_in_service(new: NewEquipment, actor: Actor, now: datetime, *, action: str = "accept", reference: str) -> Equipment:
    """Makes the record of an item that was accepted ("accept") or came in for another ("replace_in").

    Its units, addresses and ports are handed over to it, or held for it, by the caller in the same transaction (R-W3): units that
    are held for nobody, or equipment without units, break an invariant. `reference`: the work order's or exit's number.
    Raises Refused SERIAL_IN_SERVICE or BAD_SERIAL, Forbidden.
    """
    serial = normalise_serial(new.serial)
    if wrong := why_not_serial(serial):
        raise Refused(wrong)
    equipment = Equipment(
        model_id=new.model_id, serial=serial, asset_tag=new.asset_tag.strip(), client_id=new.client_id, contract_id=new.contract_id,
        rack_id=new.rack_id, unit=new.unit, face=new.face, power_w=new.power_w,
    )  # fmt: skip
    place = _place(equipment)
    with guarded({"uq_equipment_serial_present": SERIAL_IN_SERVICE(serial=serial)}):
        change.open_record(equipment, action, actor, now, facts={"place": place, "reference": reference})
    _tell_move(equipment, action, actor, now, "", place, reference)
    return equipment


def leave(equipment: Equipment, action: str, actor: Actor, now: datetime, reference: str) -> None:
    """An item left the building at the gate: "withdraw" for good, "go_out" to come back (R-X4).

    Withdrawal frees its units and ports, and its addresses rest; an item that goes out keeps all of them.
    Raises Forbidden, Conflict.
    """
    place = _place(equipment)
    if action == "withdraw":
        _go_for_good(equipment, action, actor, now, place, reference)
    else:
        change.move(equipment, action, actor, now, facts={"reference": reference})
        _tell_move(equipment, action, actor, now, place, "", reference)


def come_back(equipment: Equipment, actor: Actor, now: datetime, reference: str) -> None:
    """An item is back from repair, on its old place (R-X4). Raises Forbidden, Conflict."""
    change.move(equipment, "come_back", actor, now, facts={"reference": reference})
    _tell_move(equipment, "come_back", actor, now, "", _place(equipment), reference)


def replace(old: Equipment, actor: Actor, now: datetime, reference: str) -> None:
    """An item that is out will not come back: another has taken its place, and the caller has handed units, addresses and
    ports over to that one (R-X4). Raises Forbidden, Conflict."""
    place = _place(old)
    change.move(old, "replace", actor, now, facts={"place": place, "reference": reference}, values={"rack_id": None, "unit": None})
    _tell_move(old, "replace", actor, now, place, "", reference)


def write_off(equipment: Equipment, actor: Actor, now: datetime, reference: str) -> None:
    """An item that is out will not come back, and nothing comes for it: what was kept for it is freed, its addresses rest.

    Raises Forbidden, Conflict.
    """
    _go_for_good(equipment, "write_off", actor, now, _place(equipment), reference)


def change_asset_tag(equipment: Equipment, tag: str, actor: Actor, now: datetime) -> None:
    """Writes the client's own mark of an item; nothing else of it changes without a request (R-S5). Raises Forbidden, Conflict."""
    if not actor.may(Permission.EQUIPMENT_TAG):
        raise Forbidden(Permission.EQUIPMENT_TAG)
    change.lock(equipment)
    if equipment.state not in IN_BUILDING:
        raise Conflict(equipment.serial, "change_asset_tag", equipment.state, EQUIPMENT.states[equipment.state].label)
    before, equipment.asset_tag = equipment.asset_tag, tag.strip()
    if before != equipment.asset_tag:
        audit.record(
            "equipment.changed", "equipment", equipment.id, equipment.serial, actor, now, client_id=equipment.client_id,
            before={"asset_tag": before}, after={"asset_tag": equipment.asset_tag},
        )  # fmt: skip


def record_export(actor: Actor, now: datetime, filters: dict[str, str], format: str) -> None:
    """Writes down that someone took the list of equipment away as a file, with the filters that it was cut by (R-S2)."""
    assert actor.user_id is not None
    facts = {"format": format, **{name: value[:100] for name, value in filters.items()}}
    audit.record("equipment.exported", "user", actor.user_id, actor.name, actor, now, client_id=actor.client_id, after=facts)


def add_model(command: ModelFacts, actor: Actor, now: datetime) -> EquipmentModel:
    """Adds a model to the catalogue. Raises Refused MODEL_EXISTS, Forbidden."""
    _may_write_models(actor)
    model = EquipmentModel(created_at=now, **_columns(command))
    with guarded({MODEL_NAME: MODEL_EXISTS}):
        session().add(model)
    audit.record("model.added", "model", model.id, model.label, actor, now, after={"height_u": model.height_u, "power_w": model.power_w})
    return model


def change_model(model_id: uuid.UUID, command: ModelFacts, actor: Actor, now: datetime) -> EquipmentModel:
    """Changes a model. Height and depth stay while items of it hold rack units or are expected.

    Raises Refused MODEL_IN_USE, MODEL_EXISTS; Forbidden, NotFound.
    """
    _may_write_models(actor)
    model = queries.get_model(model_id)
    change.lock(model)
    wanted = _columns(command)
    before = {name: getattr(model, name) for name, value in wanted.items() if getattr(model, name) != value}
    if {"height_u", "full_depth"} & set(before):
        count = sum(queries.in_use(model_id))
        if count:
            raise Refused(MODEL_IN_USE(count=count))
    if not before:
        return model
    with guarded({MODEL_NAME: MODEL_EXISTS}):
        for name in before:
            setattr(model, name, wanted[name])
    told = [name for name in before if name != "search_text"]
    audit.record(
        "model.changed", "model", model.id, model.label, actor, now,
        before={name: before[name] for name in told}, after={name: wanted[name] for name in told},
    )  # fmt: skip
    return model


def load_catalogue(now: datetime) -> int:
    """Adds the models of the shipped catalogue that the database does not have; how many those were. Changes none that is there."""
    key = (EquipmentModel.manufacturer, EquipmentModel.name, EquipmentModel.part_number)
    known = set(session().execute(select(*key)))
    new = [model for model in catalogue.read() if (model["manufacturer"], model["name"], model["part_number"]) not in known]
    if new:
        session().execute(insert(EquipmentModel), [{"id": ids.new(), "created_at": now, **model} for model in new])
    return len(new)


def _may_write_models(actor: Actor) -> None:
    if not actor.may(Permission.MODEL_WRITE):
        raise Forbidden(Permission.MODEL_WRITE)


def _columns(command: ModelFacts) -> dict[str, Any]:
    return asdict(command) | {"search_text": search_text(command.manufacturer, command.name, command.part_number)}


def _go_for_good(equipment: Equipment, action: str, actor: Actor, now: datetime, place: str, reference: str) -> None:
    facts: dict[str, Any] = {"place": place, "reference": reference}
    change.move(equipment, action, actor, now, facts=facts, values={"rack_id": None, "unit": None})
    facility.release_units(equipment.id)
    network.release_addresses(equipment.id, now, rest=True)
    network.release_ports(equipment.id, now)
    _tell_move(equipment, action, actor, now, place, "", reference)


def _place(equipment: Equipment) -> str:
    if equipment.rack_id is None or equipment.unit is None:
        return ""
    rack, model = session().get_one(Rack, equipment.rack_id), session().get_one(EquipmentModel, equipment.model_id)
    return place_label(rack.code, equipment.unit, model.height_u)


def _tell_move(equipment: Equipment, kind: str, actor: Actor, now: datetime, from_place: str, to_place: str, reference: str) -> None:
    session().add(
        EquipmentMove(
            created_at=now, equipment_id=equipment.id, at=now, kind=kind, from_place=from_place, to_place=to_place,
            reference=reference, actor_name=actor.name,
        )
    )  # fmt: skip
