"""The database moves to the other kind and back: rows, files' references, numbering and version are right there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, ForeignKey, Identity, Integer, MetaData, String, Table, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from portal.kernel import db, migrate
from portal.kernel.db import isolated, make_engine, session, transaction
from portal.kernel.wholesale import filling, snapshot
from portal.models import Base
from portal.operations import restoring, rows
from portal.operations.archive import Unusable
from tests.databases import KINDS, Kind, fresh_database
from tests.operations.conftest import Saved

OTHER: dict[Kind, Kind] = {"sqlite": "postgresql", "postgresql": "sqlite"}


def test_there_and_back_again(saved: Saved, tmp_path: Path) -> None:
    source, anchor = db.engine(), saved.settings.var_dir / "audit" / "head.json"
    with fresh_database(OTHER[saved.kind], tmp_path, migrated=False) as there, fresh_database(saved.kind, tmp_path, migrated=False) as back:
        said: list[str] = []
        engines = [make_engine(there), make_engine(back)]
        assert restoring.move(source, engines[0], anchor, said.append), said
        assert db.engine() is source
        assert restoring.move(engines[0], engines[1], anchor, said.append), said
        assert [migrate.behind(engine) for engine in engines] == [None, None]
        described = rows.described(Base.metadata)
        with snapshot(source) as one, snapshot(engines[0]) as two, snapshot(engines[1]) as three:
            for name, columns in described.items():
                assert rows.digest(one, name, columns) == rows.digest(two, name, columns) == rows.digest(three, name, columns)
        _references_hold_there(engines[0])
        with pytest.raises(Unusable, match="not empty"):
            restoring.move(source, engines[0], anchor, said.append)
        for engine in engines:
            engine.dispose()


def _references_hold_there(engine: object) -> None:
    """What was taken off for the filling is there again: the database refuses a row that refers to nothing."""
    keys = {table: len(inspect(engine).get_foreign_keys(table)) for table in ("badges", "exits", "users")}  # type: ignore[arg-type]
    assert keys == {table: len(Base.metadata.tables[table].foreign_key_constraints) for table in keys}


def test_writers_wait_while_it_moves(saved: Saved, tmp_path: Path) -> None:
    engine, changed = db.engine(), threading.Event()

    def write() -> None:
        with isolated(), transaction():
            session().execute(text("UPDATE sites SET address = 'moved'"))
        changed.set()

    with snapshot(engine, holding=["sites", "users"]) as connection:
        writer = threading.Thread(target=write)
        writer.start()
        assert not changed.wait(0.5)
        assert connection.scalar(text("SELECT count(*) FROM sites WHERE address = 'moved'")) == 0
    writer.join(timeout=30)
    assert changed.is_set()


def test_a_move_that_fails_leaves_the_target_empty(saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = db.engine()
    monkeypatch.setattr(rows, "set_sequences", lambda *_: 1 / 0)
    with fresh_database(OTHER[saved.kind], tmp_path, migrated=False) as there:
        target = make_engine(there)
        with pytest.raises(ZeroDivisionError):
            restoring.move(source, target, tmp_path / "none", lambda _line: None)
        assert inspect(target).get_table_names() == []
        target.dispose()
    assert db.engine() is source


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_refer_to_nothing_are_refused_and_numbering_goes_on(kind: Kind, tmp_path: Path) -> None:
    """On tables of the test's own: one numbers itself, one refers to it."""
    metadata = MetaData()
    one = Table("one", metadata, Column("id", Integer, Identity(), primary_key=True), Column("name", String(8)))
    Table("two", metadata, Column("id", Integer, primary_key=True), Column("one_id", ForeignKey("one.id", name="fk_two_one")))
    with fresh_database(kind, tmp_path, migrated=False) as url:
        engine = make_engine(url)
        metadata.create_all(engine)
        described = rows.described(metadata)
        with pytest.raises((ValueError, IntegrityError)), filling(engine) as connection:
            rows.load(connection, "two", described["two"], [b"[1,7]\n"])
        with filling(engine) as connection:
            rows.load(connection, "two", described["two"], [b"[1,7]\n"])
            rows.load(connection, "one", described["one"], [b'[7,"seven"]\n'])
            rows.set_sequences(connection, described)
        with engine.connect() as connection:
            connection = connection.execution_options(writing=True)
            connection.execute(insert(one).values(name="next"))
            assert connection.scalars(select(one.c.id).order_by(one.c.id)).all() == [7, 8]
        engine.dispose()
