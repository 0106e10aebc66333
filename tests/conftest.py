"""What every test stands on: a migrated database of each kind, the application on it, the cast, and the invariants after every test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from config import Keys, Settings
from portal import create_app, invariants
from portal.kernel import db
from portal.kernel.db import isolated, transaction
from portal.passes import fonts
from tests import cast as casting
from tests.databases import KINDS, fresh_database, wipe

KEYS = Keys.new("test")
FONT_CACHE = Path(os.environ.get("VAR_DIR") or "var").resolve() / "fonts"  # the one that `make run` prepares, too


@pytest.fixture(scope="session")
def keys() -> Keys:
    return KEYS


@pytest.fixture(scope="module", params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Iterator[Settings]:
    """Settings on a fresh database: each test that uses the database runs on SQLite and on PostgreSQL."""
    folder = tmp_path_factory.mktemp("var")
    with fresh_database(request.param, folder) as url:
        yield Settings(
            environment="test",
            var_dir=folder,
            port=8000,
            database_url=url,
            keys=KEYS,
            base_url="http://localhost",
            storage_url=(folder / "files").as_uri(),
            server_threads=20,
            font_cache=FONT_CACHE,
        )


@pytest.fixture(scope="module")
def module_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    engine = db.engine()
    yield app
    engine.dispose()


@pytest.fixture
def app(module_app: Flask) -> Iterator[Flask]:
    """The application on an empty database, at the cast's time. After the test every invariant must hold."""
    wipe(db.engine())
    with time_machine.travel(casting.NOW, tick=True), module_app.app_context(), isolated():
        yield module_app
        db.close()
        with transaction():
            broken = invariants.broken()
        assert not broken, broken


@pytest.fixture
def cast(app: Flask) -> casting.Cast:
    """The cast, committed."""
    with transaction():
        return casting.build()


@pytest.fixture
def as_(app: Flask, cast: casting.Cast) -> Callable[[str], FlaskClient]:
    """`as_("guard")` is a browser signed in as that member of the cast."""
    from portal.accounts import services as accounts
    from portal.kernel import clock

    def sign_in(name: str) -> FlaskClient:
        with transaction():
            token = accounts.open_session(cast.user(name), "127.0.0.1", "test browser", clock.now())
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["token"] = token
        return client

    return sign_in


@pytest.fixture(scope="session")
def font_cache() -> Path:
    """The folder with the prepared fonts: made once a machine."""
    fonts.prepare(FONT_CACHE)
    return FONT_CACHE
