"""Bringing a database to the newest version, and telling whether it is there.

Every server process asks the second at its start: it looks for itself, since Alembic takes longer to load than the rest to start.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_NAMED = re.compile(r'^(down_revision|revision) = "(\w+)"$', re.MULTILINE)


def configuration(engine: Engine) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    from alembic import command

    command.upgrade(configuration(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    from alembic import command

    command.downgrade(configuration(engine), revision)


def behind(engine: Engine) -> str | None:
    """None at head; else "is at X, head is Y"."""
    with engine.connect() as connection:
        current = _current(connection)
    return None if current == head() else f"is at {current or 'nothing'}, head is {head()}"


def at_head(connection: Connection) -> bool:
    """Whether the database is at the version of this code, by one cheap look."""
    return _current(connection) == head()


@cache
def head() -> str:
    """The newest version that this code knows: the one that no other comes after."""
    said = [found for path in (MIGRATIONS / "versions").glob("*.py") for found in _NAMED.findall(path.read_text(encoding="utf-8"))]
    newest: str
    (newest,) = {name for what, name in said if what == "revision"} - {name for what, name in said if what == "down_revision"}
    return newest


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
