"""Rows into either database in bulk: COPY on PostgreSQL, executemany on SQLite. Every column gets what the models give it."""

from __future__ import annotations

import json
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Table, text
from sqlalchemy.exc import ProgrammingError

from portal.kernel import db, ids
from portal.kernel.db import EncryptedText, IPAddressType

Row = dict[str, Any]


class Loader:
    """Rows that wait, by table in the order in which tables were first named, so that what refers comes after what it refers to."""

    def __init__(self, order: tuple[type[Any], ...]) -> None:
        self.order: tuple[Table, ...] = tuple(model.__table__ for model in order)
        self.waiting: dict[str, list[Row]] = defaultdict(list)
        self.written: dict[str, int] = defaultdict(int)

    def add(self, model: type[Any], **values: Any) -> Row:
        self.waiting[model.__tablename__].append(values)
        return values

    def flush(self) -> None:
        """Writes what waits, in one transaction of its own."""
        with db.engine().connect().execution_options(writing=True) as connection, connection.begin():
            if db.dialect() == "postgresql":
                _without_triggers(connection)
            for table in self.order:
                rows = self.waiting.pop(table.name, [])
                self.written[table.name] += len(rows)
                if rows and db.dialect() == "postgresql":
                    _copy(connection, table, rows)
                elif rows:
                    filled = _filled(table)
                    connection.execute(table.insert(), [{name: row.get(name, made()) for name, made in filled} for row in rows])
        if self.waiting:
            raise LookupError(f"no place in the order for {', '.join(self.waiting)}")


@contextmanager
def without_indexes(tables: tuple[str, ...]) -> Iterator[None]:
    """On PostgreSQL the plain indexes of these tables go, and are built again at the end: ten times faster for millions of rows."""
    if db.dialect() != "postgresql":
        yield
        return
    asked = text(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = ANY(CAST(:tables AS regclass[])) AND NOT i.indisunique"
    )
    with db.engine().connect() as connection, connection.begin():
        found = connection.execute(asked, {"tables": list(tables)}).all()
        for name, _definition in found:
            connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    with db.engine().connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
        for _name, definition in found:
            connection.exec_driver_sql(definition)


def id_at(moment: datetime) -> uuid.UUID:
    """An id as it would have been made then: what reads the newest rows by their ids reads those of the last minutes alone."""
    return uuid.UUID(int=ids.first_of(moment).int | secrets.randbits(62))


def settle() -> None:
    """What either database does by itself within minutes of such a change: it learns the new sizes."""
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if db.dialect() == "postgresql" else "ANALYZE")


def _copy(connection: Any, table: Table, rows: list[Row]) -> None:
    filled, written = _filled(table), _written(table)
    names = ", ".join(f'"{name}"' for name, _made in filled)
    with connection.connection.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            values = [row[name] if name in row else made() for name, made in filled]
            for place, write in written:
                if values[place] is not None:
                    values[place] = write(values[place])
            copy.write_row(values)


def _without_triggers(connection: Any) -> None:
    """Foreign keys are checked row by row by triggers; who may switch them off does: the rows are right by how they are made."""
    nested = connection.begin_nested()
    try:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        nested.commit()
    except ProgrammingError:
        nested.rollback()


@cache
def _filled(table: Table) -> list[tuple[str, Any]]:
    """Each column with what makes its value where a row says nothing."""
    made: list[tuple[str, Any]] = []
    for column in table.columns:
        default = column.default
        if default is None:
            made.append((column.name, lambda: None))
        elif default.is_callable:
            made.append((column.name, lambda call=default.arg: call(None)))
        else:
            made.append((column.name, lambda value=default.arg: value))
    return made


@cache
def _written(table: Table) -> list[tuple[int, Any]]:
    """The columns whose values COPY takes in another form."""
    found: list[tuple[int, Any]] = []
    for place, column in enumerate(table.columns):
        kind = column.type
        if isinstance(kind, EncryptedText | IPAddressType):
            found.append((place, lambda value, kind=kind: kind.process_bind_param(value, db.engine().dialect)))
        elif isinstance(kind, JSON):
            found.append((place, lambda value: Jsonb(value, dumps=json.dumps)))
    return found
