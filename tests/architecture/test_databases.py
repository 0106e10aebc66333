"""The ground that the tests stand on: each gets a database of its own, at head, and wiping one leaves nothing in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from portal.kernel import migrate
from portal.kernel.db import make_engine
from portal.models import Base
from tests.databases import KINDS, Kind, fresh_database, wipe


@pytest.mark.parametrize("kind", KINDS)
def test_a_fresh_database_is_at_head_and_empty_ones_are_empty(kind: Kind, tmp_path: Path) -> None:
    for migrated in (True, False):
        with fresh_database(kind, tmp_path, migrated=migrated) as url:
            engine = make_engine(url)
            assert engine.dialect.name == kind
            assert (migrate.behind(engine) is None) == migrated
            engine.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_two_databases_do_not_meet_and_nothing_stays_behind(kind: Kind, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path, migrated=False) as one, fresh_database(kind, tmp_path, migrated=False) as other:
        for url in (one, other):
            engine = make_engine(url)
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE mine (id integer)"))
            engine.dispose()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_wiping_empties_tables_that_refer_to_one_another(kind: Kind, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as url:
        engine = make_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE parents (id integer PRIMARY KEY)"))
            connection.execute(
                text("CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents (id) ON DELETE RESTRICT)")
            )
            connection.execute(text("INSERT INTO parents VALUES (1)"))
            connection.execute(text("INSERT INTO children VALUES (1, 1)"))
        wipe(engine)
        with engine.connect() as connection:
            for table in ["parents", "children", *Base.metadata.tables]:
                assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
        assert migrate.behind(engine) is None
        engine.dispose()
