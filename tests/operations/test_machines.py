"""What machines ask: /health, /ready, /metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text

from portal.kernel import clock, db, files, migrate
from portal.kernel.db import make_engine, session, transaction
from portal.operations import instruments, queries
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, Cast

As = Callable[[str], FlaskClient]


def figures(answer: str) -> dict[tuple[str, ...], float]:
    """By name and the values of the labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer)
        for sample in family.samples
    }


def test_health_looks_at_nothing_else(app: Flask) -> None:
    statements: list[str] = []
    engine = db.engine()

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    answer = app.test_client().get("/health", headers={"Cookie": "rackpass-8000=x"})
    event.remove(engine, "before_cursor_execute", note)
    assert (answer.status_code, answer.text, statements) == (200, "ok\n", [])
    assert "Set-Cookie" not in answer.headers


def test_ready_says_which_part_is_away(app: Flask, settings: object) -> None:
    client, engine, store = app.test_client(), db.engine(), files._store
    assert (client.get("/ready").status_code, client.get("/ready").json) == (200, {"database": "ok", "storage": "ok"})
    with transaction():
        session().execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert (client.get("/ready").status_code, client.get("/ready").json["database"]) == (503, "not at head")  # type: ignore[index]
    with transaction():
        session().execute(text("UPDATE alembic_version SET version_num = :v"), {"v": migrate.head()})
    try:
        files.configure("file:///tmp/rackpass-gone")
        _gone()
        assert client.get("/ready").json == {"database": "ok", "storage": "unreachable"}
        files._store = store
        db._engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
        assert (client.get("/ready").status_code, client.get("/ready").json) == (503, {"database": "unreachable", "storage": "ok"})
    finally:
        files._store, db._engine = store, engine


def _gone() -> None:
    from pathlib import Path

    Path("/tmp/rackpass-gone").rmdir()


def test_figures_tell_of_requests_and_of_what_waits(app: Flask, cast: Cast, as_: As) -> None:
    with transaction():
        session().execute(OutboxMessage.__table__.delete())  # type: ignore[attr-defined]
        for minutes in (3, 10):
            at = NOW - timedelta(minutes=minutes)
            session().add(OutboxMessage(created_at=at, code="x", address="a@b.example", locale="en", path="/", data={}, available_at=at))
    client = app.test_client()
    before = figures(client.get("/metrics").text)
    as_("guard").get("/")
    client.get("/nothing/here")
    client.open("/sign-in", method="BREW")
    now = figures(client.get("/metrics").text)
    assert now["rackpass_outbox_unsent",] == 2
    assert now["rackpass_outbox_oldest_seconds",] == pytest.approx(600, abs=30)
    assert now["rackpass_audit_unsealed",] > 0
    assert now["rackpass_inside",] == 0
    assert {kind: now["rackpass_overdue", kind] for kind in queries.OVERDUE} == dict.fromkeys(queries.OVERDUE, 0)

    def grown(*labels: str) -> float:
        return now.get(("rackpass_requests_total", *labels), 0) - before.get(("rackpass_requests_total", *labels), 0)

    assert grown("desk.home", "GET", "200") == 1
    assert grown("none", "GET", "404") == 1
    assert sum(value for name, value in now.items() if name[0] == "rackpass_requests_total" and "other" in name) >= 1
    assert now["rackpass_request_seconds_count", "desk.home"] >= 1


def test_figures_take_a_fixed_number_of_queries(app: Flask, cast: Cast) -> None:
    def counted() -> int:
        number, engine = 0, db.engine()

        def note(*_: object) -> None:
            nonlocal number
            number += 1

        event.listen(engine, "before_cursor_execute", note)
        app.test_client().get("/metrics")
        event.remove(engine, "before_cursor_execute", note)
        return number

    few = counted()
    with transaction():
        for _ in range(50):
            session().add(OutboxMessage(created_at=NOW, code="x", address="a@b.example", locale="en", path="/", data={}, available_at=NOW))
    assert counted() == few <= 6 + len(queries.OVERDUE)


@pytest.mark.parametrize(
    ("address", "headers", "proxies", "status"),
    [
        ("127.0.0.1", {}, 0, 200),
        ("::1", {}, 0, 200),
        ("10.1.2.3", {}, 0, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 0, 403),  # a proxy that the settings do not know of
        ("10.9.0.1", {}, 1, 200),
        ("nonsense", {}, 0, 403),
    ],
)
def test_figures_are_for_allowed_addresses(app: Flask, address: str, headers: dict[str, str], proxies: int, status: int) -> None:
    settings = app.config["SETTINGS"]
    allowed = (*settings.metrics_allow, ipaddress.ip_network("10.9.0.0/16"))
    app.config["SETTINGS"] = replace(settings, metrics_allow=allowed, trusted_proxies=proxies)
    try:
        answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    finally:
        app.config["SETTINGS"] = settings
    assert answer.status_code == status


def test_folders_of_servers_that_are_gone_are_removed(tmp_path: object) -> None:
    import os
    import socket
    from pathlib import Path

    root = Path(str(tmp_path))
    for name in (f"{socket.gethostname()}-999999999", "elsewhere-1"):
        (root / name).mkdir()
    assert instruments._folder(root).name == f"{socket.gethostname()}-{os.getppid()}"
    assert sorted(path.name for path in root.iterdir()) == sorted(["elsewhere-1", f"{socket.gethostname()}-{os.getppid()}"])
    assert clock.now() is not None
