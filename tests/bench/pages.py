"""The pages that a person opens, on a database after years of work: server time through the real application, queries, bytes."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import structlog
from flask.testing import FlaskClient
from sqlalchemy import event

from portal import create_app
from portal.accounts import services as accounts
from portal.kernel import clock, db
from portal.kernel.db import isolated, transaction
from tests.bench.bare import route
from tests.bench.harness import Bench, Figure, Stage, progress
from tests.cast import build
from tests.load.filling import fill

TIMES = 20
PASSES = 100_000  # and a million gate events, 400,000 stays; tests/load fills more by hand
PAGES: tuple[tuple[str, str, str], ...] = (
    ("desk.home.client", "admin", "/"),
    ("desk.home.service", "service", "/"),
    ("desk.home.sales", "sales", "/"),
    ("desk.home.room_staff", "room_staff", "/"),
    ("desk.notices", "service", "/notices"),
    ("desk.search.name", "service", "/search?q=第 77"),
    ("desk.search.number", "service", "/search?q=EX-L-0000"),
    ("desk.search.serial", "service", "/search?q=L000077"),
    ("desk.search.address", "service", "/search?q=10.0.0.7"),
    ("clients.index", "sales", "/clients/"),
    ("clients.index.text", "sales", "/clients/?q=第 77"),
    ("clients.people", "service", "/clients/people"),
    ("contracts.index", "sales", "/contracts/"),
    ("contracts.index.filtered", "sales", "/contracts/?state=in_force"),
    ("badges.index", "service", "/badges/"),
    ("badges.index.filtered", "service", "/badges/?state=under_review"),
    ("badges.index.text", "service", "/badges/?q=BA-L-0007"),
    ("workorders.index", "sales", "/work-orders/"),
    ("exits.index", "service", "/exits/"),
    ("exits.index.filtered", "service", "/exits/?state=under_review"),
    ("equipment.index", "room_staff", "/equipment/"),
    ("gate.log", "guard", "/gate/log"),
    ("gate.log.filtered", "guard", "/gate/log?kind=refusal"),
    ("gate.presence", "guard", "/gate/inside"),
    ("gate.scan", "guard", "/gate/"),
    ("audit.index", "auditor", "/audit/"),
    ("tickets.index", "service", "/requests/"),
    ("tickets.index.open", "room_staff", "/requests/?state=open"),
    ("tickets.index.late", "supervisor", "/requests/?late=1"),
    ("tickets.figures", "supervisor", "/requests/figures"),
    ("accounts.users", "administrator", "/users"),
    ("network.prefixes", "room_staff", "/network/"),
    ("facility.rooms", "room_staff", "/facility/rooms"),
)


def pages(stage: Stage, only: str) -> Iterator[Figure]:
    progress(f"  filling in {PASSES:,} passes and what belongs to them")
    with stage.database(stage.kinds()[-1], connections=12) as url:
        yield from _on(stage, url, only)


def _on(stage: Stage, url: str, only: str) -> Iterator[Figure]:
    app = create_app(stage.settings(url))
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # each request's line is made, and goes nowhere
    with isolated(), transaction():
        cast = build(clock.now())
    with isolated():
        fill(cast, PASSES, clock.now())
    bare = 1000 * statistics.median(route().each)
    browsers: dict[str, FlaskClient] = {}
    counted: list[str] = []
    event.listen(db.engine(), "before_cursor_execute", lambda _c, _cur, statement, *_: counted.append(statement))
    for name, who, path in PAGES:
        if not f"page.{name}".startswith(only) and not only.startswith("page"):
            continue
        if who not in browsers:
            browsers[who] = _signed_in(app, cast.user(who))
        yield _measured(f"page.{name}", browsers[who], path, counted, bare)
        if name.endswith(".index") or name in ("gate.log", "desk.notices"):
            deeper = _next(browsers[who], path)
            if deeper:
                yield _measured(f"page.{name}.next", browsers[who], deeper, counted, bare)
    db.engine().dispose()


def _measured(name: str, browser: FlaskClient, path: str, counted: list[str], bare: float) -> Figure:
    each, body, queries = [], b"", 0
    for turn in range(TIMES + 2):
        counted.clear()
        start = time.perf_counter()
        answer = browser.get(path)
        took = time.perf_counter() - start
        body, queries = answer.data, sum(statement.lstrip().upper().startswith(("SELECT", "WITH")) for statement in counted)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        if turn >= 2:
            each.append(took * 1000)
    median = statistics.median(each)
    more = {"queries": queries, "bytes": len(body), "p99_ms": round(max(each), 1), "bare_ratio": round(median / bare, 1)}
    return Figure(name, median, "ms", TIMES, f"{path}, {PASSES:,} passes", more)


def _next(browser: FlaskClient, path: str) -> str:
    """The address of the page after the next one."""
    for _ in range(2):
        found = re.search(r'href="([^"]+)" rel="next"', browser.get(path).text)
        if found is None:
            return ""
        path = unescape(found.group(1))
    return path


def _signed_in(app: Any, user: Any) -> FlaskClient:
    with isolated(), transaction():
        token = accounts.open_session(user, "127.0.0.1", "bench", clock.now())
    browser: FlaskClient = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["token"] = token
    return browser


BENCHES = [Bench("page", pages)]
