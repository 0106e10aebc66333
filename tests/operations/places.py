"""Portals to back up and empty places to restore into, of either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import time_machine
from sqlalchemy import Engine

from config import Keys, Settings
from portal import create_app, set_up
from portal.kernel import db
from portal.kernel.db import isolated, transaction
from portal.kernel.wholesale import snapshot
from portal.models import Base
from portal.operations import rows
from tests import cast as casting
from tests import scene as scenes
from tests.conftest import FONT_CACHE
from tests.databases import Kind, fresh_database

KEYS = Keys.new("test")


@contextmanager
def place(kind: Kind, folder: Path, *, migrated: bool = False, keys: Keys = KEYS) -> Iterator[Settings]:
    """Settings on a database of its own and folders of their own under `folder`; the portal is set up on it."""
    folder.mkdir(exist_ok=True)
    with fresh_database(kind, folder, migrated=migrated) as url:
        settings = Settings(
            environment="test", var_dir=folder / "var", port=8000, database_url=url, keys=keys, base_url="http://localhost",
            storage_url=(folder / "files").as_uri(), server_threads=20, font_cache=FONT_CACHE,
        )  # fmt: skip
        engine = use(settings)
        yield settings
        engine.dispose()
        db.engine().dispose()


def use(settings: Settings) -> Engine:
    """Sets the process up on a place."""
    set_up(settings)
    return db.engine()


def fill(settings: Settings) -> None:
    """Sets the scene there, and seals the audit as a worker does."""
    from portal.audit import services as audit
    from portal.kernel import clock

    app = create_app(replace(settings))
    with time_machine.travel(casting.NOW, tick=True), app.app_context(), isolated():
        with transaction():
            scenes.build(casting.build())
        with transaction():
            while audit.seal(clock.now()):
                pass
        audit.keep_head(settings.var_dir / "audit" / "head.json")


def digests() -> dict[str, object]:
    """Of every table of the place that the process stands on."""
    with snapshot(db.engine()) as connection:
        return {name: rows.digest(connection, name, columns) for name, columns in rows.described(Base.metadata).items()}
