"""The conditions behind the filters of the equipment list, so that each stays quick over a million items.

Which way is quick depends on how many items a text means: few are fetched by an index and then put in order; many are met soon
enough while the list is walked in its order. The database's planner cannot tell (SQLite's has no figures at all), so what
is small is counted first and the condition written for the one way or the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute

from portal.clients.models import Client
from portal.clients.queries import client_like
from portal.equipment.models import Equipment, EquipmentModel
from portal.equipment.rules import normalise_serial, search_text
from portal.facility.models import Rack
from portal.kernel.db import session

FEW_ITEMS, FEW_OWNERS = 5000, 30


def begins_with(text: str) -> ColumnElement[bool]:
    """The items whose serial number or asset tag begins with the text, whatever the case it was typed in."""
    tag = text.strip()
    wanted: list[tuple[InstrumentedAttribute[str], str]] = [(Equipment.serial, normalise_serial(text))]
    wanted += [(Equipment.asset_tag, spelling) for spelling in sorted({tag, tag.upper()})]
    ranges = [and_(column >= start, column < start + chr(0x10FFFF)) for column, start in wanted if start]
    if not ranges:
        return false()
    if sum(_count(condition) for condition in ranges) <= FEW_ITEMS:
        return Equipment.id.in_(union(*(select(Equipment.id).where(condition) for condition in ranges)))
    return or_(*(func.substr(column, 1, len(start)) == start for column, start in wanted if start))


def of_client_like(text: str) -> ColumnElement[bool]:
    """The items of the clients that a text means."""
    found = session().scalars(select(Client.id).where(client_like(text)).limit(FEW_OWNERS + 1)).all()
    return _belongs(Equipment.client_id, found, exists().where(Client.id == Equipment.client_id, client_like(text)))


def of_model_like(text: str) -> ColumnElement[bool]:
    """The items of the models that hold every word of a text."""
    words = holds_words(text)
    found = session().scalars(select(EquipmentModel.id).where(*words).limit(FEW_OWNERS + 1)).all()
    return _belongs(Equipment.model_id, found, exists().where(EquipmentModel.id == Equipment.model_id, *words))


def in_room(room_id: uuid.UUID) -> ColumnElement[bool]:
    """The items whose place is in a room."""
    return Equipment.rack_id.in_(select(Rack.id).where(Rack.room_id == room_id))


def holds_words(text: str) -> list[ColumnElement[bool]]:
    """One condition for each word of a text: the model's maker, name or part number holds it."""
    return [EquipmentModel.search_text.contains(word, autoescape=True) for word in search_text(text, "", "").split()]


def _count(condition: ColumnElement[bool]) -> int:
    few = select(Equipment.id).where(condition).limit(FEW_ITEMS + 1).subquery()
    return session().scalar(select(func.count()).select_from(few)) or 0


def _belongs(column: InstrumentedAttribute[Any], few: Sequence[uuid.UUID], many: ColumnElement[bool]) -> ColumnElement[bool]:
    if not few:
        return false()
    return column.in_(few) if len(few) <= FEW_OWNERS else many
