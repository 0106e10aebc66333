"""The stage of the access tests: one of everything, everybody signed in, and nothing of what is tried stays."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from portal.accounts import services as accounts
from portal.accounts.models import UserSession
from portal.kernel import crypto, db
from portal.kernel.db import isolated, session, transaction
from tests import cast as casting
from tests import scene as scenes
from tests.access.attempts import Attempt, attempts
from tests.databases import wipe
from tests.scene import Scene

# Who tries: the columns of the matrix. The first client's own people, and staff.
COLUMNS = {
    "nobody": None, "client_admin": "admin", "client_member": "colleague", "customer_service": "service", "sales": "sales",
    "room_staff": "room_staff", "duty": "guard", "supervisor": "supervisor", "administrator": "administrator", "auditor": "auditor",
}  # fmt: skip
STRANGER = "stranger"
T = TypeVar("T")
NO_QUERIES = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")


@dataclass(frozen=True)
class Answer:
    """What came back, and how many queries it took."""

    status: int
    location: str
    headers: dict[str, str]
    text: str
    queries: int


@dataclass
class Stage:
    """The application with the scene on it. `ask` sends a request of which nothing stays."""

    app: Flask
    scene: Scene
    cookies: dict[str, str]
    queries: int = 0

    def attempts(self) -> list[Attempt]:
        return attempts(self.app, self.scene)

    def ask(self, who: str, method: str, path: str, data: dict[str, str] | None = None, *, locale: str = "") -> Answer:
        form = {"once": crypto.new_token(), **(data or {})} if method == "POST" else None
        return in_its_own_context(lambda: self._ask(f"{who}{locale}", method, path, form))

    def _ask(self, cookie: str, method: str, path: str, form: dict[str, str] | None) -> Answer:
        self.queries = 0
        browser = self.app.test_client(use_cookies=False)  # what an answer does to the cookie is forgotten, too
        with nothing_stays():
            answer = browser.open(path, method=method, data=form, headers={"Cookie": self.cookies[cookie]})
            text = answer.text if answer.mimetype.startswith("text/") else ""
            answer.close()
        return Answer(answer.status_code, answer.location or "", dict(answer.headers), text, self.queries)


def in_its_own_context(work: Callable[[], T]) -> T:
    """Runs `work` as a server does a request: what others left in Flask's `g` or in a session is not there."""
    return contextvars.Context().run(work)


@contextmanager
def nothing_stays() -> Iterator[None]:
    """What is committed inside is there until its end, and then it never was."""
    real, original = db.engine(), db.Session
    db.close()
    with real.connect() as connection:
        whole = connection.begin()
        db._engine = connection  # type: ignore[assignment]
        db.Session = partial(Session, join_transaction_mode="create_savepoint")  # type: ignore[misc, assignment]
        try:
            yield
        finally:
            db.close()
            db._engine = real
            db.Session = original  # type: ignore[misc]
            whole.rollback()


@pytest.fixture(scope="module")
def stage(module_app: Flask) -> Iterator[Stage]:
    """The scene, built once for a module's tests."""
    with staged(module_app) as made:
        yield made


@contextmanager
def staged(app: Flask) -> Iterator[Stage]:
    app.config["PROPAGATE_EXCEPTIONS"] = False  # a fault is a page with the status 500
    wipe(db.engine())
    with time_machine.travel(casting.NOW, tick=False), app.app_context(), isolated():
        with transaction():
            scene = scenes.build(casting.build())
        names = {**COLUMNS, STRANGER: STRANGER}
        cookies = {f"{column}{locale}": _cookie(app, scene, name, locale) for column, name in names.items() for locale in ("", "en")}
        with transaction():
            scene.ids["session"] = (
                session().scalars(select(UserSession.id).where(UserSession.user_id == scene.cast.user("admin").id)).first()
            )
        made = Stage(app, scene, cookies)

        def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            made.queries += not statement.startswith(NO_QUERIES)

        engine = db.engine()
        event.listen(engine, "before_cursor_execute", count)
        yield made
        event.remove(engine, "before_cursor_execute", count)


def _cookie(app: Flask, scene: Scene, name: str | None, locale: str) -> str:
    """The Cookie header of a browser: who is signed in with it, and the language that was chosen in it."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        if name is not None:
            with transaction():
                cookie["token"] = accounts.open_session(scene.cast.user(name), "127.0.0.1", "test browser", casting.NOW)
        if locale:
            cookie["locale"] = locale
    kept = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    return f"{kept.key}={kept.value}" if kept is not None else ""
