"""The portal that is killed: its database, keys, files, mail server and receiver of webhooks; its server and worker, ended by SIGKILL."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import config as configuration
from portal import running, set_up
from portal.kernel import clock, db, migrate
from portal.kernel.db import isolated, transaction
from portal.oncall import services as oncall
from portal.oncall.services import ChannelFacts
from tests import cast as casting
from tests.cast import NOW, Cast
from tests.exits import making as exits
from tests.mail_server import MailServer, free_port, mail_server
from tests.oncall.making import Hook, webhook
from tests.workorders import making as workorders

Part = Literal["server", "worker"]
REPAIRED = 4  # servers that go out for repair and come back
EXPECTED, FIRST_EXPECTED = 6, 101  # servers that stand at the door, SN-0101 and on


@dataclass
class Portal:
    """`kill` ends a part at once and starts it anew."""

    settings: configuration.Settings
    env: dict[str, str]
    cast: Cast
    mails: MailServer
    hook: Hook
    log: Path
    processes: dict[Part, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: int = 0

    def start(self, part: Part) -> None:
        command = running.server_command(self.settings) if part == "server" else [sys.executable, "-m", "portal", "worker"]
        with self.log.open("ab") as log:
            # A session of its own: its whole group is killed, and nothing else.
            self.processes[part] = subprocess.Popen(command, env=self.env, stdout=log, stderr=log, start_new_session=True)

    def kill(self, part: Part) -> None:
        process = self.processes[part]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.kills += 1
        self.start(part)

    def later(self, span: timedelta) -> None:
        """Moves the portal's clock on."""
        hands = self.settings.demo_clock_file
        assert hands is not None
        _set_clock(hands, clock.now() + span)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def portal(database_url: str, folder: Path, font_cache: Path) -> Iterator[Portal]:
    """The cast's portal on an empty database, running, at the cast's time."""
    folder.mkdir(parents=True, exist_ok=True)
    hands = folder / "clock"
    _set_clock(hands, NOW + timedelta(minutes=1))
    with mail_server() as mails, webhook() as hook:
        env = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")} | {
            "VAR_DIR": str(folder),
            "PORT": str(free_port()),
            "PORTAL_DATABASE_URL": database_url,
            "PORTAL_SMTP_URL": mails.url,
            "PORTAL_CHAT_INSIDE_ALLOWED": "yes",
            "PORTAL_DEMO_CLOCK_FILE": str(hands),
            "PORTAL_FONT_CACHE": str(font_cache),
            "PYTHONUNBUFFERED": "1",
        }
        settings = configuration.load(env)
        set_up(settings)
        if migrate.behind(db.engine()) is not None:
            migrate.upgrade(db.engine())
        with isolated(), transaction():
            cast = casting.build()
            _fill(cast, hook.url)
        made = Portal(settings, env, cast, mails, hook, folder / "log")
        db.engine().dispose()
        try:
            for part in ("server", "worker"):
                made.start(part)
            _wait_until_up(made)
            yield made
        finally:
            made.stop()
            db.engine().dispose()


def _set_clock(hands: Path, moment: datetime) -> None:
    new = hands.with_suffix(".new")
    new.write_text(f"{(moment - datetime.now(UTC)).total_seconds():.6f}")
    new.replace(hands)


def _fill(cast: Cast, hook_url: str) -> None:
    """Servers that can go out, servers that stand at the door, a chat channel."""
    exits.servers(cast, REPAIRED)
    expected = workorders.lines(cast, EXPECTED, FIRST_EXPECTED, model=cast.models["r650"])
    workorders.prepared(cast, NOW - timedelta(hours=30), lines=expected, arrives_at=NOW)
    oncall.add_channel(ChannelFacts(f"Chat {secrets.token_hex(2)}", hook_url), cast.actor("administrator"), NOW)


def _wait_until_up(made: Portal) -> None:
    until = time.monotonic() + running.STARTING
    while not running.listening(made.settings.port):
        if time.monotonic() > until or made.processes["server"].poll() is not None:
            raise RuntimeError(f"the server did not start:\n{made.log.read_text()[-2000:]}")
        time.sleep(0.05)
