"""A whole database at once: read as of one moment while others write, or filled in one go where nobody is yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect, text

FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0
"""


@contextmanager
def snapshot(engine: Engine, *, holding: Sequence[str] = ()) -> Iterator[Connection]:
    """A connection that sees the database as of one moment. Writers go on; with `holding` (tables) they wait until its end."""
    connection = engine.connect()
    try:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=not holding)
            if holding:  # before the first look, which fixes the moment
                tables = ", ".join(engine.dialect.identifier_preparer.quote(name) for name in holding)
                connection.execute(text(f"LOCK TABLE {tables} IN SHARE MODE"))
        else:
            connection = connection.execution_options(writing=bool(holding))
        connection.execute(text("SELECT count(*) FROM alembic_version"))
        yield connection
    finally:
        connection.close()


@contextmanager
def filling(engine: Engine) -> Iterator[Connection]:
    """A connection that fills a database in any order of rows: references are checked when all are there. All of it, or nothing.

    Nobody else may be using the database. Raises ValueError naming what refers to nothing (SQLite), or what PostgreSQL raises.
    """
    connection = engine.connect()
    sqlite = engine.dialect.name == "sqlite"
    try:
        if sqlite:
            _pragma(connection, "foreign_keys = OFF")  # without effect once a transaction is open
        connection = connection.execution_options(writing=True)
        keys = [] if sqlite else [tuple(row) for row in connection.execute(text(FOREIGN_KEYS))]
        for table, name, _definition in keys:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        yield connection
        if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)):
            raise ValueError(f"rows refer to nothing: {[tuple(row) for row in broken]}")
        for table, name, definition in keys:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        connection.commit()
    finally:
        connection.rollback()
        if sqlite:
            _pragma(connection, "foreign_keys = ON")
        connection.close()


def empty(engine: Engine) -> None:
    """Takes every table away: for a filling that failed. Of its own transaction, all or nothing."""
    connection = engine.connect()
    try:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            _pragma(connection, "foreign_keys = OFF")
        connection = connection.execution_options(writing=True)
        quote = engine.dialect.identifier_preparer.quote
        for name in inspect(connection).get_table_names():
            connection.exec_driver_sql(f"DROP TABLE {quote(name)}{'' if sqlite else ' CASCADE'}")
        connection.commit()
    finally:
        connection.close()


def _pragma(connection: Connection, text_: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA {text_}")
