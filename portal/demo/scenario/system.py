"""The portal that the demo runs on: its own database, keys, files, clock and port; started and stopped like any other."""

from __future__ import annotations

import email
import email.policy
import fcntl
import os
import re
import shutil
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import func, select

import config as configuration
from portal import invariants, running, set_up
from portal.accounts.services import create_user
from portal.audit import verify
from portal.demo import building
from portal.demo.people import PASSWORD, STAFF
from portal.demo.scenario.telling import Unexpected
from portal.equipment.services import load_catalogue
from portal.facility.models import Rack
from portal.kernel import clock, db, migrate
from portal.kernel.db import isolated, session, transaction
from portal.kernel.policy import Actor, Role

MAIL_WITHIN = 15.0  # seconds that the worker may take to send
SEED = Actor(None, "Seed", Role.ADMINISTRATOR)


class System:
    """A portal in `folder` (emptied first). Use it with `with`; leaving stops server and worker."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self._var = folder, folder / "portal"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise click.ClickException(f"a demo is running in {folder} already; choose another VAR_DIR") from error
        shutil.rmtree(self._var, ignore_errors=True)
        for earlier in (*folder.glob("*.pdf"), folder / "summary.json"):
            earlier.unlink(missing_ok=True)
        self._var.mkdir()
        self._clock = self._var / "clock"
        # Of the portal's own settings only the fonts are shared with `make run`: they take half a minute to make.
        self._env = {name: value for name, value in env.items() if not name.startswith("PORTAL_")} | {
            "VAR_DIR": str(self._var),
            "PORT": str(_free_port()),
            "PORTAL_DEMO_CLOCK_FILE": str(self._clock),
            "PORTAL_FONT_CACHE": env.get("PORTAL_FONT_CACHE") or str(folder.parent / "fonts"),
            **{name: env[name] for name in ("PORTAL_FONT_DIR",) if name in env},
        }
        self.settings = configuration.load(self._env)
        self._processes: running.Processes = []

    def __enter__(self) -> System:
        return self

    def __exit__(self, *_exc: object) -> None:
        running.stop(self._processes)
        self._lock.close()

    def prepare(self, opens_at: datetime) -> None:
        """Fonts, tables, and what has no page to be entered on. `opens_at`: what the clock says when the demo begins."""
        set_up(self.settings)
        self.set_clock(opens_at)
        running.prepare_fonts(self.settings)
        migrate.upgrade(db.engine())
        with isolated(), transaction():
            now = clock.now()
            for address, name, role in STAFF:
                create_user(address, name, role, None, PASSWORD, SEED, now, locale="en")
            building.build(SEED, now)
            load_catalogue(now)

    def start(self) -> None:
        """Server and worker; their log is `portal/log` in the demo's folder. Raises click.ClickException."""
        self._processes = running.start(self.settings, self._env, self._var / "log")

    def set_clock(self, moment: datetime, *, still: bool = False) -> None:
        """From now on it is `moment`, for server, worker and here alike; the clock goes on from there unless it is to stand still."""
        new = self._clock.with_suffix(".new")
        new.write_text(f"={moment.isoformat()}" if still else f"{(moment - datetime.now(UTC)).total_seconds():.6f}")
        new.replace(self._clock)  # a reader finds the old offset or the new one, never half of it

    def mailed_link(self, to: str, path: str) -> str:
        """The path of the link in the newest e-mail to someone that leads where `path` (a pattern) says. Raises Unexpected."""
        until = time.monotonic() + MAIL_WITHIN
        while time.monotonic() < until:
            for file in sorted((self._var / "mail").glob("*.eml"), reverse=True):
                mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                body = mail.get_body(("plain",))
                found = re.search(rf"{re.escape(self.settings.base_url)}({path}\S*)", body.get_content() if body else "")
                if mail["To"] == to and found:
                    return found[1]
            time.sleep(0.05)
        raise Unexpected(f"no e-mail to {to} with a link to {path} came within {MAIL_WITHIN:.0f} seconds")

    def mails(self) -> int:
        """How many e-mails the worker has written."""
        return len(list((self._var / "mail").glob("*.eml")))

    def racks(self) -> int:
        with isolated():
            return session().scalar(select(func.count(Rack.id))) or 0

    def broken_invariants(self) -> list[str]:
        """The invariants that do not hold, by name."""
        with isolated(), transaction():
            return list(invariants.broken())

    def verified_audit(self) -> str:
        """How much of the audit chain was verified, once the worker has sealed all of it. Raises Unexpected when it is not sound."""
        until = time.monotonic() + MAIL_WITHIN
        while True:
            with isolated():
                report = verify.verify(self.settings.var_dir / "audit" / "head.json")
            if not report.sound:
                raise Unexpected(report.text)
            if "; 0 wait" in report.text or time.monotonic() > until:
                return report.text
            time.sleep(0.2)


def first_morning() -> datetime:
    """Nine o'clock of tomorrow, the site's time: no step comes near midnight, whenever the demo is run."""
    return clock.at_local(clock.today(datetime.now(UTC)) + timedelta(days=1), 9)


def folder() -> Path:
    return Path(os.environ.get("VAR_DIR") or "var").resolve() / "demo"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
