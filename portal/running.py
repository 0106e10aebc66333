"""`make run`: prepares everything, then runs the server and its worker until Ctrl-C. For development; production is docs/deploy.md."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import click
from sqlalchemy import select

from config import Settings
from portal import set_up
from portal.accounts.models import User
from portal.kernel import clock, db, migrate
from portal.kernel.db import isolated, session, transaction
from portal.passes import fonts
from portal.tickets import starting as tickets

Processes = list[subprocess.Popen[bytes]]

STARTING = 60.0  # seconds that the server may take to answer, on a machine that is busy with other things
STOPPING = 3  # seconds that what was asked may take to be answered when the server is told to stop


def run_all(settings: Settings) -> None:
    """Prepares fonts, database and demo data, starts server and worker, prints the address and who can sign in."""
    if listening(settings.port):
        raise click.ClickException(f"port {settings.port} is in use; choose another: make run PORT={settings.port + 1}")
    prepare(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in the background without it
    children: Processes = []
    try:
        children = start(settings)
        _welcome(settings)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        raise click.ClickException("the server or its worker stopped; see above")
    except KeyboardInterrupt:
        click.echo("\nStopping.")
    finally:
        stop(children)


def start(settings: Settings, env: dict[str, str] | None = None, log: Path | None = None) -> Processes:
    """Server and worker of a prepared portal, once the server answers. `env`, by default this process's own, says what `settings` say.

    What they log goes to this process's own output, or to the end of `log`. Raises click.ClickException when they do not start; then
    none is left running.
    """
    db.engine().dispose()
    children: Processes = []
    try:
        for command in (server_command(settings), [sys.executable, "-m", "portal", "worker"]):
            with log.open("ab") if log is not None else nullcontext() as output:
                children.append(
                    subprocess.Popen(command, env={**(os.environ if env is None else env), "PYTHONUNBUFFERED": "1"}, stdout=output)
                )
        _wait_until_up(settings, children)
    except BaseException:
        stop(children)
        raise
    return children


def stop(children: Processes) -> None:
    """Ends what `start` started, and waits for it."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def prepare(settings: Settings) -> None:
    """Fonts, tables, demo data: each done only when it is missing."""
    set_up(settings)
    prepare_fonts(settings)
    if migrate.behind(db.engine()) is not None:
        click.echo("Bringing the database to the newest version …", err=True)
        migrate.upgrade(db.engine())
    with isolated(), transaction():
        tickets.furnish(clock.now())
    with isolated():
        empty = session().scalar(select(User.id).limit(1)) is None
    if empty and not settings.production:
        from portal.demo import data  # only an empty database needs it

        click.echo("Loading demo data …", err=True)
        data.load(settings)


def prepare_fonts(settings: Settings) -> None:
    """Makes the fonts of printed papers unless they are there, and shows how far it is."""
    with click.progressbar(length=100, label="Preparing the Chinese fonts", file=sys.stderr) as bar:
        done = 0

        def show(share: float, _what: str) -> None:
            nonlocal done
            step = int(share * 100) - done
            if step > 0:
                bar.update(step)
                done += step

        fonts.prepare(settings.font_cache, show, settings.font_dir)
        bar.update(100 - done)


def server_command(settings: Settings) -> list[str]:
    """What starts the server."""
    # A worker of granian waits for connections that browsers keep open, and can miss the signal to stop; its master then waits, too.
    return [
        sys.executable, "-m", "portal.serving", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(settings.port),
        "--workers", str(settings.server_processes), "--blocking-threads", str(settings.server_threads), "--no-access-log",
        "--log-level", "error", "--workers-kill-timeout", str(STOPPING), "portal.wsgi:app",
    ]  # fmt: skip


def _wait_until_up(settings: Settings, children: Processes) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        if any(child.poll() is not None for child in children):
            raise click.ClickException("the server or its worker did not start; see above")
        if listening(settings.port):
            return
        time.sleep(0.05)
    raise click.ClickException("the server did not answer in time")


def listening(port: int) -> bool:
    """Whether something answers on the port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _welcome(settings: Settings) -> None:
    from portal.demo.people import ACCOUNTS, PASSWORD

    click.echo(f"\nRackpass is running on {settings.base_url}\n")
    click.echo(f"Demo accounts (password: {PASSWORD})")
    for email, role in ACCOUNTS:
        click.echo(f"  {email:<34} {role}")
    click.echo("\nStop with Ctrl-C.")
