"""Alembic's entry: runs the migrations on the engine that the portal hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from portal.models import Base

engine = context.config.attributes["engine"]


def keep_foreign_keys(connection: Connection, state: str) -> None:
    """SQLite checks each reference at once, even while tables are dropped or made anew. Without effect within a transaction."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA foreign_keys = {state}")


def refuse_broken_references(connection: Connection) -> None:
    """What SQLite did not check meanwhile is checked before the commit."""
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"the migration leaves rows that refer to nothing: {broken[:5]}")


with engine.connect() as connection:
    keep_foreign_keys(connection, "OFF")
    try:
        context.configure(
            connection=connection.execution_options(writing=True),
            target_metadata=Base.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        refuse_broken_references(connection)
        connection.commit()
    finally:
        connection.rollback()
        keep_foreign_keys(connection, "ON")
