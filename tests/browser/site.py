"""A portal that a browser can open: a small database with the cast in it, a server in a thread, and a clock that can be moved."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from config import Keys, Settings
from portal import create_app
from portal.kernel import clock, db
from portal.kernel.db import isolated, transaction
from tests import cast as casting
from tests.databases import fresh_database, wipe
from tests.papers import picture

PHONE, DESK = 390, 1440


@dataclass
class Site:
    """The running portal and its cast."""

    url: str
    app: Flask
    clock_file: Path
    cast: casting.Cast

    def set_clock(self, moment: datetime) -> None:
        """It is `moment` now, and time goes on from there."""
        self.clock_file.write_text(f"{(moment - datetime.now(UTC)).total_seconds():.3f}")

    def sign_in(self, page: Page, who: str, path: str = "/") -> None:
        """Types name and password; ends on `path`."""
        page.goto(self.url + path)
        page.get_by_label("邮箱").fill(self.email(who))
        page.get_by_label("密码").fill(casting.PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page).not_to_have_url(f"{self.url}/sign-in")

    def email(self, who: str) -> str:
        return f"{who}@client.example" if who in ("admin", "colleague", "stranger", "solo") else f"{who}@rackpass.example"


@contextmanager
def running(folder: Path, fonts: Path) -> Iterator[tuple[Flask, str, Path]]:
    """The portal behind a real server on an empty migrated database: the application, its address, its clock's file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clock_file = folder / "clock"
    with fresh_database("sqlite", folder) as database:
        settings = Settings(
            environment="test",
            var_dir=folder,
            port=port,
            database_url=database,
            keys=Keys.new("test"),
            base_url=f"http://127.0.0.1:{port}",
            storage_url=(folder / "files").as_uri(),
            demo_clock_file=clock_file,
            font_cache=fonts,
        )
        app = create_app(settings)
        server = make_server("127.0.0.1", port, _closing(app), threaded=True, request_handler=_Quiet)
        thread = threading.Thread(target=server.serve_forever, name="portal")
        thread.start()
        try:
            yield app, settings.base_url, clock_file
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            db.engine().dispose()
            clock.configure("Asia/Shanghai", None)


def _closing(app: Flask) -> Callable[..., Iterator[bytes]]:
    """The application, whose answers are closed whatever happens: the server forgets to when the browser drops the connection."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        with closing(app(environ, start_response)) as parts:
            yield from parts

    return answer


@contextmanager
def populated(app: Flask, url: str, clock_file: Path) -> Iterator[Site]:
    """The site with nobody but the cast, at the cast's time; services may be called in it, in transactions of one's own."""
    wipe(db.engine())
    with app.app_context(), isolated():
        clock_file.write_text(f"{(casting.NOW - datetime.now(UTC)).total_seconds():.3f}")
        with transaction():
            cast = casting.build()
        yield Site(url, app, clock_file, cast)
        db.close()


def paper(folder: Path, name: str) -> Path:
    """A picture on the disk, to be chosen in a file dialogue."""
    path = folder / f"{name}.jpg"
    path.write_bytes(picture(name))
    return path


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Says nothing."""
