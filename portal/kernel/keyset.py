"""Paging by key: the next page begins after the last row's sort value and id, so that page 4,000 costs what page 1
costs.

NULLs come last in either direction, on SQLite and PostgreSQL alike. A cursor is signed, bound to its table and order,
and a bad one leads to the first page.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import ColumnElement, and_, case, literal, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

SqlKey = ColumnElement[Any] | InstrumentedAttribute[Any]

_KINDS: dict[str, tuple[type[Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "t": (datetime, datetime.isoformat, datetime.fromisoformat),
    "y": (date, date.isoformat, date.fromisoformat),
    "u": (uuid.UUID, str, uuid.UUID),
    "d": (Decimal, str, Decimal),
    "4": (ipaddress.IPv4Address, str, ipaddress.IPv4Address),
    "6": (ipaddress.IPv6Address, str, ipaddress.IPv6Address),
    "v": (object, lambda value: value, lambda value: value),
}


@dataclass(frozen=True, slots=True)
class Position:
    """A row's place in an order. `backwards`: the page wanted is the one before it."""

    value: Any
    id: Any
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Keyset:
    """One total order: by `key`, then by `id` (unique), both in the same direction."""

    key: SqlKey
    id: SqlKey
    descending: bool

    @property
    def nullable(self) -> bool:
        return bool(getattr(self.key, "nullable", True))

    def order(self, backwards: bool = False) -> list[ColumnElement[Any]]:
        """The ORDER BY, or its mirror image."""
        down = self.descending != backwards
        columns: list[ColumnElement[Any]] = [column.desc() if down else column.asc() for column in (self.key, self.id)]
        if self.nullable:
            rank = case((self.key.is_(None), 1), else_=0)
            columns.insert(0, rank.desc() if backwards else rank.asc())
        return columns

    def beyond(self, position: Position) -> ColumnElement[bool]:
        """The rows that come after `position` (before it, if backwards)."""
        down = self.descending != position.backwards
        mark = literal(position.id, self.id.type)
        if position.value is None:
            further = self.id < mark if down else self.id > mark
            within = and_(self.key.is_(None), further)
            return or_(self.key.is_not(None), within) if position.backwards else within
        here, there = tuple_(self.key, self.id), tuple_(literal(position.value, self.key.type), mark)
        further = here < there if down else here > there
        if self.nullable and not position.backwards:
            return or_(further, self.key.is_(None))
        return further


def seal(position: Position, secret: str, order: str) -> str:
    """The position as it stands in a URL. `order` names the table and its sorting, to which the cursor belongs."""
    return str(URLSafeSerializer(secret, salt=f"cursor:{order}").dumps([_pack(position.value), _pack(position.id)]))


def unseal(text: str | None, secret: str, order: str, *, backwards: bool = False) -> Position | None:
    """The inverse of `seal`; None for nothing and for anything that this portal has not sealed for this order."""
    if not text:
        return None
    try:
        value, id_ = URLSafeSerializer(secret, salt=f"cursor:{order}").loads(text)
        return Position(_unpack(value), _unpack(id_), backwards)
    except (BadData, ValueError, TypeError, KeyError, ArithmeticError):
        return None


def _pack(value: Any) -> list[Any]:
    for kind, (type_, write, _read) in _KINDS.items():
        if isinstance(value, type_):
            return [kind, write(value)]
    raise TypeError(f"{type(value)} cannot be a sort key")


def _unpack(packed: list[Any]) -> Any:
    kind, value = packed
    return _KINDS[kind][2](value)
