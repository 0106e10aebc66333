"""Rows on their way from one database to another, of either kind: each as one line of JSON, as it lies in the table.

What is encrypted stays so: a column is carried by what the database stores, not by what the portal reads from it. The kinds are
taken from the models, so that a table that is added to them travels without a line here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    cast,
    column,
    func,
    insert,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from portal.kernel.db import UTCDateTime

BATCH = 1000
Columns = tuple[tuple[str, str], ...]  # name and kind


@dataclass(frozen=True, slots=True)
class Kind:
    """How a column's values stand in a database (`type`) and in JSON."""

    type: TypeEngine[Any]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


# JSON is carried in one element of a list, so that its own null is not the column's; its keys in order, as PostgreSQL keeps none.
KINDS: dict[str, Kind] = {
    "uuid": Kind(Uuid(), lambda value: value.hex, uuid.UUID),
    "moment": Kind(UTCDateTime(), lambda value: value.astimezone(UTC).isoformat(), datetime.fromisoformat),
    "date": Kind(Date(), date.isoformat, date.fromisoformat),
    "time": Kind(Time(), time.isoformat, time.fromisoformat),
    "bytes": Kind(LargeBinary(), lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "json": Kind(Text(), lambda value: [json.loads(str(value))], lambda value: json.dumps(value[0])),
    "bool": Kind(Boolean(), bool, _same),
    "int": Kind(BigInteger(), _same, _same),
    "float": Kind(Float(), _same, _same),
    "number": Kind(Numeric(), str, Decimal),
    "text": Kind(Text(), _same, _same),
}
_BY_TYPE: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Uuid, "uuid"), (JSON, "json"), (DateTime, "moment"), (Date, "date"), (Time, "time"), (LargeBinary, "bytes"), (Boolean, "bool"),
    (Integer, "int"), (Float, "float"), (Numeric, "number"), (String, "text"),
)  # fmt: skip


def kind_of(type_: TypeEngine[Any]) -> str:
    """The kind of a column of this type. Raises TypeError for a type that no kind carries."""
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    for known, kind in _BY_TYPE:
        if isinstance(type_, known):
            return kind
    raise TypeError(f"no kind carries {type_!r}")


def described(metadata: MetaData) -> dict[str, Columns]:
    """Every table of the models with its columns."""
    return {name: tuple((column.name, kind_of(column.type)) for column in found.columns) for name, found in sorted(metadata.tables.items())}


class Digest:
    """How many rows, and a sum over them that does not depend on their order (the databases give them in their own)."""

    def __init__(self) -> None:
        self.rows = self._sum = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest())) % (1 << 256)

    def told(self) -> dict[str, Any]:
        return {"rows": self.rows, "sha256_sum": f"{self._sum:064x}"}


def lines(connection: Connection, name: str, columns: Columns) -> Iterator[bytes]:
    """The rows of a table, each as a line, in constant memory."""
    json_text = cast if connection.dialect.name == "postgresql" else type_coerce
    wanted = [json_text(column(n), Text()).label(n) if kind == "json" else column(n, KINDS[kind].type) for n, kind in columns]
    writers = [KINDS[kind].write for _name, kind in columns]
    found = connection.execution_options(stream_results=True, yield_per=BATCH).execute(select(*wanted).select_from(table(name)))
    with found:
        for row in found:
            values = [None if value is None else write(value) for write, value in zip(writers, row, strict=True)]
            yield json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def counted(given: Iterable[bytes], into: Digest) -> Iterator[bytes]:
    """The same lines, each added to a digest on its way."""
    for line in given:
        into.add(line)
        yield line


def digest(connection: Connection, name: str, columns: Columns) -> dict[str, Any]:
    """The digest of a table as it stands in a database."""
    made = Digest()
    for _line in counted(lines(connection, name, columns), made):
        pass
    return made.told()


def load(connection: Connection, name: str, columns: Columns, given: Iterable[bytes]) -> None:
    """Puts lines into a table (on PostgreSQL by COPY), in constant memory."""
    readers = [KINDS[kind].read for _name, kind in columns]
    rows = ([None if value is None else read(value) for read, value in zip(readers, json.loads(line), strict=True)] for line in given)
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(n) for n, _kind in columns)
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor, cursor.copy(f"COPY {quote(name)} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    into = insert(table(name, *(column(n, KINDS[kind].type) for n, kind in columns)))
    while some := list(islice(rows, BATCH)):
        connection.execute(into, [dict(zip((n for n, _kind in columns), row, strict=True)) for row in some])


def set_sequences(connection: Connection, tables: dict[str, Columns]) -> None:
    """Lets PostgreSQL count on from the highest number in each column that numbers itself. SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for name, columns in tables.items():
        for column_name in (n for n, kind in columns if kind == "int"):
            sequence = connection.scalar(text("SELECT pg_get_serial_sequence(quote_ident(:t), :c)"), {"t": name, "c": column_name})
            highest = connection.scalar(select(func.max(column(column_name))).select_from(table(name))) if sequence else None
            if highest is not None:
                connection.execute(text("SELECT setval(:s, :last)"), {"s": sequence, "last": highest})
