"""Reading the catalogue and the equipment, each actor what it may see."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.desk.items import Counts, Figure
from portal.equipment.finding import begins_with, holds_words
from portal.equipment.models import Equipment, EquipmentModel, EquipmentMove
from portal.equipment.rules import normalise_serial, search_text
from portal.exits.models import Exit
from portal.facility.models import Rack, Room
from portal.facility.queries import place_label
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Actor, Permission
from portal.network.models import PortHold, SwitchPort
from portal.workorders.models import WorkOrder, WorkOrderItem

__all__ = [
    "IN_BUILDING", "begins_with", "by_serials", "counts", "find_model", "find_models", "get_equipment", "get_model", "holds_words",
    "in_use", "manufacturers", "moves_of", "of_contract_present", "place_of", "present_of_model", "references", "search_models",
    "select_equipment",
]  # fmt: skip

IN_BUILDING = ("in_service", "out_for_repair")


def place_of(equipment: Equipment) -> str:
    """Where it stands, or where its place is kept: "B2-07 / 21–22U"; "" when it has none. Model and rack are loaded."""
    if equipment.rack is None or equipment.unit is None:
        return ""
    return place_label(equipment.rack.code, equipment.unit, equipment.model.height_u)


def get_equipment(actor: Actor, equipment_id: uuid.UUID) -> Equipment:
    """One item with model, client, contract, rack, room and site. Raises NotFound, for another client's too."""
    statement = (
        select(Equipment)
        .where(Equipment.id == equipment_id)
        .options(
            joinedload(Equipment.model),
            joinedload(Equipment.client),
            joinedload(Equipment.contract),
            joinedload(Equipment.rack).joinedload(Rack.room).joinedload(Room.site),
        )
        .execution_options(populate_existing=True)
    )
    if actor.is_client:
        statement = statement.where(Equipment.client_id == actor.client_id)
    found = session().scalars(statement).one_or_none()
    if found is None:
        raise NotFound(equipment_id)
    return found


def select_equipment(actor: Actor) -> Select[Equipment]:
    """What the actor's list is made from, with everything that it shows; its queries do not grow with the rows."""
    statement = select(Equipment).options(
        joinedload(Equipment.model),
        joinedload(Equipment.client),
        joinedload(Equipment.rack),
        selectinload(Equipment.addresses),
        selectinload(Equipment.ports).joinedload(PortHold.port).joinedload(SwitchPort.switch),
    )
    return statement.where(Equipment.client_id == actor.client_id) if actor.is_client else statement


def by_serials(serials: Iterable[str]) -> dict[str, Equipment]:
    """Serial number as stored -> the item in the building that has it, model and rack loaded. Of every client: the caller
    compares `client_id` before it shows anything."""
    wanted = {normalise_serial(serial) for serial in serials}
    statement = (
        select(Equipment)
        .where(Equipment.serial.in_(wanted), Equipment.state.in_(IN_BUILDING))
        .options(joinedload(Equipment.model), joinedload(Equipment.rack))
    )
    return {item.serial: item for item in session().scalars(statement)} if wanted else {}


def of_contract_present(contract_id: uuid.UUID) -> list[Equipment]:
    """What is still in the building, or out and expected back, under a contract (R-X5); model and rack loaded."""
    statement = (
        select(Equipment)
        .where(Equipment.contract_id == contract_id, Equipment.state.in_(IN_BUILDING))
        .options(joinedload(Equipment.model), joinedload(Equipment.rack))
        .order_by(Equipment.serial)
    )
    return list(session().scalars(statement))


def moves_of(equipment_id: uuid.UUID) -> list[EquipmentMove]:
    """Every change of place, the latest first. The caller has loaded the item in its own scope."""
    statement = select(EquipmentMove).where(EquipmentMove.equipment_id == equipment_id).order_by(EquipmentMove.id.desc())
    return list(session().scalars(statement))


def get_model(model_id: uuid.UUID) -> EquipmentModel:
    """Raises NotFound."""
    found = session().get(EquipmentModel, model_id)
    if found is None:
        raise NotFound(model_id)
    return found


def find_model(text: str) -> EquipmentModel | None:
    """The model that a person means by "maker name", the name, or the part number, whatever the case; None if none or several."""
    return find_models([text])[text]


def find_models(texts: Iterable[str]) -> dict[str, EquipmentModel | None]:
    """`find_model` for a whole list in one query."""
    wanted = {text: search_text(text, "", "") for text in texts}
    if not wanted:
        return {}
    keys = set(wanted.values()) - {""}
    label = func.lower(EquipmentModel.manufacturer + " " + EquipmentModel.name)
    name, part = func.lower(EquipmentModel.name), func.lower(EquipmentModel.part_number)
    statement = select(EquipmentModel).where(or_(EquipmentModel.search_text.in_(keys), label.in_(keys), name.in_(keys), part.in_(keys)))
    by_key: dict[str, dict[int, list[EquipmentModel]]] = {}
    for model in session().scalars(statement.order_by(EquipmentModel.id)):
        spellings = (model.search_text, model.label.lower(), model.part_number.lower(), model.name.lower())
        for rank, spelling in enumerate(spellings):
            if spelling:
                by_key.setdefault(spelling, {}).setdefault(rank, []).append(model)
    return {text: _only(by_key.get(key, {})) for text, key in wanted.items()}


def search_models(text: str, limit: int = 20) -> list[EquipmentModel]:
    """The models whose maker, name and part number hold every word of the text; those that begin with it first."""
    first = EquipmentModel.search_text.startswith(search_text(text, "", ""), autoescape=True)
    statement = select(EquipmentModel).where(*holds_words(text)).order_by(first.desc(), EquipmentModel.search_text)
    return list(session().scalars(statement.limit(limit)))


def manufacturers() -> list[str]:
    """The makers in the catalogue, by name."""
    return list(session().scalars(select(EquipmentModel.manufacturer).distinct().order_by(EquipmentModel.manufacturer)))


def in_use(model_id: uuid.UUID) -> tuple[int, int]:
    """How many items of a model are in the building (or out and expected back), and how many are on open work orders."""
    present = select(func.count()).select_from(Equipment).where(Equipment.model_id == model_id, Equipment.state.in_(IN_BUILDING))
    expected = select(func.count()).select_from(WorkOrderItem).where(WorkOrderItem.model_id == model_id, WorkOrderItem.state == "expected")
    return session().scalar(present) or 0, session().scalar(expected) or 0


def present_of_model(actor: Actor, model_id: uuid.UUID) -> int:
    """How many items of a model the actor finds in the building."""
    statement = select(func.count()).select_from(Equipment).where(Equipment.model_id == model_id, Equipment.state.in_(IN_BUILDING))
    return session().scalar(statement.where(Equipment.client_id == actor.client_id) if actor.is_client else statement) or 0


def references(client_id: uuid.UUID, numbers: Iterable[str]) -> dict[str, tuple[str, uuid.UUID]]:
    """Number -> ("work_order" | "exit", id) of what moves stand on, as far as it is the client's."""
    wanted = set(numbers) - {""}
    if not wanted:
        return {}
    orders = select(WorkOrder.number, WorkOrder.id).where(WorkOrder.number.in_(wanted), WorkOrder.client_id == client_id)
    exits = select(Exit.number, Exit.id).where(Exit.number.in_(wanted), Exit.client_id == client_id)
    found = {number: ("work_order", id_) for number, id_ in session().execute(orders)}
    return found | {number: ("exit", id_) for number, id_ in session().execute(exits)}


def counts(actor: Actor, now: datetime) -> Counts | None:
    """How much is in service, for who may read equipment; what is out for repair beneath it."""
    if not actor.may(Permission.EQUIPMENT_READ):
        return None
    statement = select(func.count()).select_from(Equipment)
    if actor.is_client:
        statement = statement.where(Equipment.client_id == actor.client_id)

    def told(in_service: int, out: int) -> list[Figure]:
        sub = ngettext("%(num)s out for repair", "%(num)s out for repair", out) if out else ""
        return [Figure(_("Equipment in service"), in_service, sub, "/equipment/?state=in_service")]

    return Counts((statement.where(Equipment.state == "in_service"), statement.where(Equipment.state == "out_for_repair")), told)


def _only(found: dict[int, list[EquipmentModel]]) -> EquipmentModel | None:
    """The one model of the best spelling; a text that several models answer to names none of them."""
    if not found:
        return None
    best = found[min(found)]
    return best[0] if len(best) == 1 else None
