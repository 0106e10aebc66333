"""Migrations: they make what the models say, on both databases, up and down, with data in every table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from config import Keys, Settings
from portal import create_app, invariants
from portal.kernel import db, migrate
from portal.kernel.db import isolated, make_engine, transaction
from portal.models import Base
from tests import cast as casting
from tests import scene as scenes
from tests.conftest import FONT_CACHE
from tests.databases import KINDS, Kind, fresh_database

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


@dataclass
class Place:
    """A database of the test's own, and the settings of a portal on it."""

    settings: Settings
    engine: Engine


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, font_cache: Path) -> Iterator[Place]:
    with fresh_database(request.param, tmp_path, migrated=False) as url:
        settings = Settings(
            environment="test", var_dir=tmp_path / "var", port=8000, database_url=url, keys=Keys.new("test"), base_url="http://localhost",
            font_cache=FONT_CACHE,
        )  # fmt: skip
        engine = make_engine(url)
        yield Place(settings, engine)
        engine.dispose()


def revisions() -> list[str]:
    """Every revision, the first one first."""
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def fill(place: Place) -> dict[str, int]:
    """Sets the scene through the services; how many rows each table then has."""
    app = create_app(place.settings)
    with app.app_context(), isolated(), transaction():
        scenes.build(casting.build())
    db.engine().dispose()
    return counts(place.engine)


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in sorted(tables(engine))}


def shape(engine: Engine) -> dict[str, Any]:
    """Everything of every table that the database can tell."""
    found, reader = {}, inspect(engine)
    for table in sorted(tables(engine)):
        found[table] = {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in reader.get_columns(table)],
            "key": _told(reader.get_pk_constraint(table)),
            "foreign": sorted(_told(key) for key in reader.get_foreign_keys(table)),
            "unique": sorted(_told(constraint) for constraint in reader.get_unique_constraints(table)),
            "checks": sorted(_told(constraint) for constraint in reader.get_check_constraints(table)),
            "indexes": sorted(_told(index) for index in reader.get_indexes(table)),
        }
    return found


def _told(thing: Any) -> str:
    """In words, without the blanks that make no difference."""
    if isinstance(thing, dict):
        return "; ".join(f"{key}: {_told(value)}" for key, value in sorted(thing.items()))
    if isinstance(thing, list | tuple):
        return ", ".join(map(_told, thing))
    return re.sub(r"\s+", " ", str(thing))


def test_they_make_what_the_models_say(place: Place) -> None:
    migrate.upgrade(place.engine)
    with place.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("kind", KINDS)
def test_constraints_and_partial_indexes_too(kind: Kind, tmp_path: Path) -> None:
    """Column by column, check by check, index by index with its condition: as if the tables were made from the models."""
    with fresh_database(kind, tmp_path) as migrated, fresh_database(kind, tmp_path, migrated=False) as made:
        one, other = make_engine(migrated), make_engine(made)
        with other.connect() as connection:
            Base.metadata.create_all(connection)
            connection.commit()
        assert shape(one) == shape(other)
        one.dispose()
        other.dispose()


def test_a_difference_would_be_seen(place: Place) -> None:
    migrate.upgrade(place.engine)
    before = shape(place.engine)
    with place.engine.connect() as connection:
        connection.execute(text("DROP INDEX uq_badges_slot"))
        connection.execute(text("CREATE UNIQUE INDEX uq_badges_slot ON badges (client_id, slot) WHERE state = 'issued'"))
        connection.execute(text("ALTER TABLE sites ADD COLUMN mood VARCHAR(8)"))
        connection.commit()
    after = shape(place.engine)
    assert after["badges"]["indexes"] != before["badges"]["indexes"]
    assert after["sites"]["columns"] != before["sites"]["columns"]


def test_down_and_up_again_with_data(place: Place) -> None:
    """Step by step from the newest to nothing, each step once more up and down; and a portal runs on what is there at the end."""
    migrate.upgrade(place.engine)
    filled = fill(place)
    assert sum(count > 0 for count in filled.values()) > 30, filled
    steps = revisions()
    for step in reversed(range(len(steps))):
        below = steps[step - 1] if step else "base"
        migrate.downgrade(place.engine, below)
        assert migrate.behind(place.engine) is not None
        migrate.upgrade(place.engine, steps[step])
        migrate.downgrade(place.engine, below)
    assert tables(place.engine) == set()
    migrate.upgrade(place.engine)
    assert tables(place.engine) == set(Base.metadata.tables)
    assert fill(place) == filled
    db.configure(make_engine(place.settings.database_url))
    with isolated(), transaction():
        assert invariants.broken() == {}
    db.engine().dispose()


def test_up_step_by_step_is_up_at_once(place: Place, tmp_path: Path) -> None:
    for revision in revisions():
        migrate.upgrade(place.engine, revision)
    assert migrate.behind(place.engine) is None
    kind: Kind = "sqlite" if place.engine.dialect.name == "sqlite" else "postgresql"
    with fresh_database(kind, tmp_path) as url:
        at_once = make_engine(url)
        assert shape(at_once) == shape(place.engine)
        at_once.dispose()


def test_again_is_harmless_and_changes_no_row(place: Place) -> None:
    migrate.upgrade(place.engine)
    filled = fill(place)
    migrate.upgrade(place.engine)
    assert counts(place.engine) == filled


def test_one_that_fails_in_the_middle_leaves_what_was_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """DDL is in the transaction on both databases."""
    made = op.create_index

    def fail(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("ix_badges"):
            raise ArithmeticError
        return made(name, *rest, **more)

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(ArithmeticError):
        migrate.upgrade(place.engine)
    assert tables(place.engine) == set()
    monkeypatch.undo()
    migrate.upgrade(place.engine)
    assert migrate.behind(place.engine) is None


def test_they_are_one_line_of_numbered_files() -> None:
    found = revisions()
    assert len(ScriptDirectory(str(migrate.MIGRATIONS)).get_heads()) == 1
    files = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert [re.match(r"(\d{4})_", name) is not None for name in files] == [True] * len(files)
    assert [name[:4] for name in files] == [revision[:4] for revision in found]
    for name in files:
        source = (VERSIONS / name).read_text()
        assert "def downgrade" in source
        assert not re.search(r"def downgrade\(\)[^\n]*\n\s+pass", source), f"{name} cannot be taken back"
