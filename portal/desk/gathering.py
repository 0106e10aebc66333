"""What waits in all areas, in one statement: their rows side by side, each column in a slot of its kind."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Select, Text, Uuid, cast, literal, null, select, type_coerce, union_all
from sqlalchemy.types import TypeDecorator, TypeEngine

from portal.desk.items import DueItem, Waits
from portal.kernel.db import IPAddressType, UTCDateTime, session

KINDS: dict[Any, TypeEngine[Any]] = {
    uuid.UUID: Uuid(), str: Text(), date: Date(), int: BigInteger(), UTCDateTime: UTCDateTime(), IPAddressType: IPAddressType(),
}  # fmt: skip


def gathered(asked: Sequence[Waits]) -> list[DueItem]:
    """The items of all that is asked, in its order. One query; none where nothing is asked."""
    if not asked:
        return []
    most: Counter[Any] = Counter()  # columns of each kind that any of them has
    for waits in asked:
        most |= Counter(_kind(column) for column in waits.rows.selected_columns)
    slots = list(most.elements())
    places = [_places(waits.rows, slots) for waits in asked]
    arms = [_arm(number, waits.rows, places[number], slots) for number, waits in enumerate(asked)]
    found: list[list[DueItem]] = [[] for _waits in asked]
    for number, *values in session().execute(union_all(*arms)):
        row = SimpleNamespace(**{name: values[place] for name, place in places[number].items()})
        found[number].append(asked[number].item(row))
    return [item for items in found for item in items]


def _kind(column: ColumnElement[Any]) -> Any:
    return type(column.type) if isinstance(column.type, TypeDecorator) else column.type.python_type


def _places(rows: Select[*tuple[Any, ...]], slots: Sequence[Any]) -> dict[str, int]:
    """The slot of each column, by its name: the first of its kind that is free."""
    free = {kind: iter([place for place, of in enumerate(slots) if of is kind]) for kind in set(slots)}
    return {str(column.key): next(free[_kind(column)]) for column in rows.selected_columns}


def _arm(number: int, rows: Select[*tuple[Any, ...]], places: Mapping[str, int], slots: Sequence[Any]) -> Select[*tuple[Any, ...]]:
    limited = rows.subquery()
    names = {place: name for name, place in places.items()}
    columns = [
        type_coerce(limited.c[names[place]], KINDS[kind]) if place in names else cast(null(), KINDS[kind])
        for place, kind in enumerate(slots)
    ]
    return select(literal(number).label("area"), *(column.label(f"slot_{place}") for place, column in enumerate(columns)))
