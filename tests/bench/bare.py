"""The least that the work measured beside it can cost: a route of Flask's that says a word, an INSERT and its commit, an empty page."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Callable

from flask import Flask
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import text

from portal.kernel import db
from portal.kernel.db import isolated, transaction
from tests.bench.harness import Timing, at_once

app = Flask(__name__)


@app.get("/")
@app.get("/health")
def word() -> str:
    return "well"


def route() -> Timing:
    """The route, in this process, as pages are measured."""
    browser = app.test_client()
    return at_once(1, 300, lambda: browser.get("/"))


def commits(clients: int, times: int) -> Timing:
    """One INSERT and its commit, by so many threads of this process; in a table of its own of the present database."""
    with isolated(), transaction() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS bare_rows (id VARCHAR(36) PRIMARY KEY, at VARCHAR(40))"))
    statement = text("INSERT INTO bare_rows (id, at) VALUES (:id, :at)")

    def one() -> None:
        with db.engine().connect().execution_options(writing=True) as connection, connection.begin():
            connection.execute(statement, {"id": str(uuid.uuid4()), "at": "2026-11-23T02:30:00+00:00"})

    at_once(clients, 3 * clients, one)
    return at_once(clients, times, one)


def empty_pdf() -> Callable[[], bytes]:
    def one() -> bytes:
        content = io.BytesIO()
        canvas = Canvas(content)
        canvas.drawString(20, 20, f"{time.time()}")
        canvas.showPage()
        canvas.save()
        return content.getvalue()

    return one
