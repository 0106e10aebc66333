"""The command line: `python -m portal ...`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import click

import config as configuration
from config import ConfigurationError, Keys, Settings
from portal import create_app, set_up
from portal.kernel import clock, db, migrate
from portal.kernel.db import isolated, transaction
from portal.kernel.errors import Refused
from portal.kernel.policy import Actor, Role
from portal.tickets import starting as tickets


@click.group()
def main() -> None:
    """Rackpass, the customer portal of a colocation data center."""


def _settings() -> Settings:
    try:
        return configuration.load()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


@main.command("run")
def run_all() -> None:
    """Prepare everything (fonts, database, demo data) and run server and worker until Ctrl-C. For development."""
    from portal import running

    running.run_all(_settings())


@main.command("migrate")
def migrate_database() -> None:
    """Bring the database to the newest version."""
    set_up(_settings())
    migrate.upgrade(db.engine())
    with isolated(), transaction():
        tickets.furnish(clock.now())
    click.echo("The database is at head.")


@main.command("receive-mail")
def receive_mail() -> None:
    """Take in one message for the service desk from standard input, as a mail server pipes it. Says what became of it."""
    from portal.tickets import receiving

    settings = _settings()
    set_up(settings)
    with isolated(), transaction():
        received = receiving.receive(sys.stdin.buffer.read(), settings, clock.now())
    click.echo(f"{received.outcome} {received.number}".strip())


@main.command()
def worker() -> None:
    """Run a worker: mail, audit seals, periodic jobs."""
    from portal import worker as working

    try:
        app = create_app(_settings())
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    working.run(app, stop)


@main.command("fonts")
def prepare_fonts() -> None:
    """Prepare the Chinese fonts for the PDFs (once a machine)."""
    from portal.passes import fonts

    settings = _settings()
    fonts.prepare(settings.font_cache, None, settings.font_dir)
    click.echo("The fonts are ready.")


@main.command()
@click.argument("email")
@click.argument("name")
@click.option("--locale", type=click.Choice(["zh_CN", "en"]), default="zh_CN", help="The language of the e-mail.")
def administrator(email: str, name: str, locale: str) -> None:
    """Invite the first administrator by e-mail; everyone else is invited in the portal."""
    from portal.accounts import managing

    set_up(_settings())
    first = Actor(None, "command line", Role.ADMINISTRATOR)
    with isolated(), transaction():
        try:
            managing.invite(managing.InviteUser(email, name, Role.ADMINISTRATOR, None, locale), first, clock.now())
        except Refused as refused:
            raise click.ClickException(refused.refusal.code) from refused
    click.echo(f"{email} is invited; the worker sends the mail.")


@main.command()
def verify_configuration() -> None:
    """Say whether the portal could start: settings, keys, database at head."""
    try:
        create_app(_settings())
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Fit to start.")


@main.group()
def keys() -> None:
    """The portal's secrets."""


@keys.command("new")
def keys_new() -> None:
    """Print a new key file for production."""
    click.echo(Keys.new("production").to_json())


@main.group()
def audit() -> None:
    """The audit chain."""


@audit.command("verify")
@click.option("--anchor", type=click.Path(path_type=Path), help="A kept copy of the signed head; by default the worker's own.")
def audit_verify(anchor: Path | None) -> None:
    """Verify the chain and name the first entry that was changed, removed or put in between."""
    from portal.audit import verify

    settings = _settings()
    set_up(settings)
    with isolated():
        report = verify.verify(anchor or settings.var_dir / "audit" / "head.json")
    click.echo(report.text)
    sys.exit(0 if report.sound else 1)


@main.command()
def check() -> None:
    """Run every invariant over the database and list what breaks it."""
    from portal import invariants

    set_up(_settings())
    with isolated(), transaction():
        broken = invariants.broken()
    for name, rows in broken.items():
        click.echo(f"{name}: {len(rows)} found, for example {rows[0]}")
    click.echo(f"{len(invariants.ALL)} invariants, {len(broken)} broken.")
    sys.exit(1 if broken else 0)


@main.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def make_backup(file: Path) -> None:
    """Write database, files and settings (no secrets) to FILE, as of one moment, while the portal runs. Not the key file: keep it apart."""
    from portal.operations import archive, backup

    settings = _settings()
    set_up(settings)
    try:
        made = backup.make(file, settings, db.engine(), clock.now())
    except (archive.Unusable, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{file}: {made.rows} rows, {made.files} files, {made.size} bytes. {backup.KEYS_NOT_IN_IT}")
    for name in made.missing:
        click.echo(f"File {name} is missing from the store; the rest is in the backup.", err=True)
    sys.exit(1 if made.missing else 0)


@main.command("verify-backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def verify_backup(file: Path) -> None:
    """Read all of a backup and say whether it is whole, unaltered, and of a portal with this key file."""
    from portal.operations import archive, restoring

    set_up(_settings())
    try:
        contents = restoring.examine(file)
    except archive.Unusable as error:
        raise click.ClickException(str(error)) from error
    total = sum(digest["rows"] for digest in contents.manifest["tables"].values())
    click.echo(f"Whole: made {contents.about['made_at']}, {total} rows, {contents.manifest['files']} files.")


@main.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore_backup(file: Path) -> None:
    """Restore FILE into the empty place that the settings name, and prove it equal. Refuses a damaged file before it touches anything."""
    from portal.operations import archive, restoring

    settings = _settings()
    set_up(settings)
    try:
        sound = restoring.restore(file, settings, db.engine(), click.echo)
    except (archive.Unusable, restoring.Unequal) as error:
        raise click.ClickException(str(error)) from error
    click.echo("Restored." if sound else "Restored as it was; what it was is not sound (see above).")
    sys.exit(0 if sound else 1)


@main.command("move-database")
@click.argument("target_url")
def move_database(target_url: str) -> None:
    """Copy the database into the empty one at TARGET_URL, SQLite or PostgreSQL, and prove it equal. Stop the portal first."""
    from portal.operations import archive, restoring

    settings = _settings()
    set_up(settings)
    try:
        sound = restoring.move(db.engine(), db.make_engine(target_url), settings.var_dir / "audit" / "head.json", click.echo)
    except (archive.Unusable, restoring.Unequal) as error:
        raise click.ClickException(str(error)) from error
    click.echo("Moved. Set PORTAL_DATABASE_URL to the new one and start the portal." if sound else "Moved as it was; see above.")
    sys.exit(0 if sound else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For machines: a list of findings.")
def doctor(as_json: bool) -> None:
    """Look at everything that the portal stands on; a line each: ok, warn or fail, and what to do. Ends with 1 when something fails."""
    from portal.operations import doctor as looking

    found = []
    try:
        settings = configuration.load()
        set_up(settings)
        found = list(looking.examine(settings, configuration.keys_file()))
    except ConfigurationError as error:
        found = [looking.Finding("configuration", "fail", str(error), "see docs/deploy.md")]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=1))
    else:
        for finding in found:
            click.echo(f"{finding.level:<5} {finding.check:<13} {finding.text}" + (f" → {finding.todo}" if finding.todo else ""))
    sys.exit(1 if any(finding.level == "fail" for finding in found) else 0)
