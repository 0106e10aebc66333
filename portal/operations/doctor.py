"""`portal doctor`: looks at everything that the portal stands on, says what is wrong, and what to do about it."""

from __future__ import annotations

import shutil
import smtplib
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from portal.audit import verify
from portal.kernel import clock, db, files, ids, migrate
from portal.kernel.db import isolated, session
from portal.kernel.errors import Unavailable
from portal.operations import queries
from portal.outbox.mail import Mailer
from portal.passes import fonts

Level = Literal["ok", "warn", "fail"]

DRIFT = timedelta(seconds=2)  # between two machines that follow a time server
LOST_TIME = timedelta(seconds=30)  # passes and sessions begin to be wrong by minutes
WORKER_AWAY = timedelta(minutes=15)  # its most frequent jobs run every five
LATE = timedelta(minutes=15)  # a message is tried again after one, five, fifteen minutes
LITTLE, TOO_LITTLE = 2 << 30, 200 << 20  # bytes free on a disk
TAIL = 1000  # entries at the end of the audit chain


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `todo` says what to do, unless all is well."""

    check: str
    level: Level
    text: str
    todo: str = ""


def examine(settings: Settings, keys_file: Path) -> Iterator[Finding]:
    """Looks at each part; one that fails hides no other. The process is set up on these settings."""
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("configuration", lambda: _configuration(settings)),
        ("keys", lambda: _keys(settings, keys_file)),
        ("database", _database),
        ("storage", _storage),
        ("mail", lambda: _mail(settings)),
        ("clock", lambda: _clock(settings)),
        ("fonts", lambda: _fonts(settings)),
        ("worker", _worker),
        ("outbox", _outbox),
        ("disk", lambda: _disk(settings)),
        ("audit", _audit),
    )
    for name, look in checks:
        try:
            with isolated():
                yield look()
        except SQLAlchemyError as error:
            yield Finding(name, "fail", f"the database does not answer ({type(error).__name__})", "see the line 'database'")
        except Exception as error:  # noqa: BLE001  (a check that breaks is a finding, too)
            yield Finding(name, "fail", f"could not be looked at: {type(error).__name__}: {error}", "see docs/operate.md")


def _configuration(settings: Settings) -> Finding:
    name = "configuration"
    if not settings.production:
        return Finding(name, "warn", f"PORTAL_ENV is {settings.environment}", "in production: PORTAL_ENV=production (docs/deploy.md)")
    if not settings.trusted_proxies:
        todo = "set PORTAL_TRUSTED_PROXIES=1 behind one reverse proxy; else every visitor has the proxy's address"
        return Finding(name, "warn", "no proxy is trusted, though the portal is served by https", todo)
    if not settings.second_factor_required:
        return Finding(name, "warn", "staff sign in with a password alone", "leave PORTAL_SECOND_FACTOR_REQUIRED unset, or set it to yes")
    return Finding(name, "ok", f"{settings.environment}, {settings.base_url}")


def _keys(settings: Settings, file: Path) -> Finding:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return Finding("keys", "fail", f"{file} can be read by others (mode {mode:04o})", f"chmod 600 {file}")
    if settings.production and file.resolve().is_relative_to(settings.var_dir):
        todo = "move it elsewhere and set PORTAL_KEYS_FILE, so that a copy of VAR_DIR does not open what is encrypted in it"
        return Finding("keys", "warn", f"{file} lies among the data that it protects", todo)
    return Finding("keys", "ok", f"{file}, field key version {max(settings.keys.field)}, pass key version {max(settings.keys.passes)}")


def _database() -> Finding:
    state = migrate.behind(db.engine())
    if state is not None:
        return Finding("database", "fail", f"the database {state}", "python -m portal migrate")
    if db.dialect() == "postgresql":
        connections, most = (
            session().execute(text("SELECT (SELECT count(*) FROM pg_stat_activity), current_setting('max_connections')")).one()
        )
        if connections > 0.8 * int(most):
            return Finding(
                "database", "warn", f"{connections} of {most} connections are in use", "raise max_connections, or fewer PORTAL_PROCESSES"
            )
    return Finding("database", "ok", f"{db.dialect()}, at head")


def _storage() -> Finding:
    probe = ids.new()
    content = probe.bytes
    try:
        files.put(probe, content)
        same = files.get(probe) == content
        files.delete(probe)
    except (Unavailable, files.Lost) as error:
        todo = "is PORTAL_STORAGE_URL right, the disk full or read-only, the folder the service user's, the bucket's key valid?"
        return Finding("storage", "fail", f"a file cannot be written and read back: {error}", todo)
    if not same:
        return Finding("storage", "fail", "what was read back is not what was written", "look into the store")
    return Finding("storage", "ok", "a file was written, read back and removed")


def _mail(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return Finding("mail", "warn", "mails are written to files", "set PORTAL_SMTP_URL")
    try:
        with Mailer(settings) as mailer:
            mailer.greet()
    except (OSError, smtplib.SMTPException) as error:
        todo = "is PORTAL_SMTP_URL right (scheme, host, port, user, password)? Mails wait meanwhile, and are sent when it answers"
        return Finding("mail", "fail", f"the mail server: {type(error).__name__}: {error}", todo)
    return Finding("mail", "ok", "the mail server greets" + (" and lets us in" if "@" in settings.smtp_url else ""))


def _clock(settings: Settings) -> Finding:
    if settings.demo_clock_file is not None and settings.demo_clock_file.exists():
        return Finding("clock", "warn", "the clock is moved for a demonstration", f"remove {settings.demo_clock_file}")
    if db.dialect() == "postgresql":
        before = datetime.now(UTC)
        theirs: datetime = session().scalars(select(func.clock_timestamp())).one()
        off = abs(theirs - (before + (datetime.now(UTC) - before) / 2))
        if off > DRIFT:
            level: Level = "fail" if off > LOST_TIME else "warn"
            return Finding(
                "clock", level, f"differs from the database's by {off.total_seconds():.1f} s", "run a time service (chrony) on both"
            )
    newest = max(queries.job_runs().values(), default=None)
    if newest is not None and newest - clock.now() > DRIFT:
        return Finding("clock", "warn", f"a job ran at {newest:%H:%M:%S} UTC, which is still to come", "was the clock set back? Run chrony")
    before_utc, began = time.time(), time.monotonic()
    time.sleep(0.2)
    drift = abs((time.time() - before_utc) - (time.monotonic() - began))
    if drift > 0.05:
        return Finding("clock", "warn", f"jumped by {drift:.2f} s while it was looked at", "let the time service slew, not step")
    return Finding("clock", "ok", f"{clock.local(clock.now()):%Y-%m-%d %H:%M:%S} {clock.zone()}")


def _fonts(settings: Settings) -> Finding:
    try:
        found = fonts.prepared()
    except fonts.FontsNotPrepared:
        return Finding("fonts", "fail", f"not prepared in {settings.font_dir or settings.font_cache}", "python -m portal fonts")
    return Finding("fonts", "ok", str(found.regular.parent))


def _worker() -> Finding:
    newest = max(queries.job_runs().values(), default=None)
    todo = "start a worker: python -m portal worker (systemctl status rackpass-worker)"
    if newest is None:
        return Finding("worker", "fail", "no job has ever run", todo)
    since = clock.now() - newest
    if since > WORKER_AWAY:
        return Finding("worker", "fail", f"the last job ran {_long(since)} ago", todo)
    return Finding("worker", "ok", f"a job ran {_long(since)} ago")


def _outbox() -> Finding:
    waiting, oldest = queries.unsent()
    if oldest is not None and clock.now() - oldest > LATE:
        since = clock.now() - oldest
        todo = "see the lines 'worker' and 'mail'; what is wrong with each stands in outbox_messages.last_error"
        return Finding("outbox", "warn", f"{waiting} messages wait, the oldest for {_long(since)}", todo)
    return Finding("outbox", "ok", f"{waiting} messages wait")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.var_dir).free
    level: Level = "fail" if free < TOO_LITTLE else "warn" if free < LITTLE else "ok"
    return Finding(
        "disk", level, f"{free / (1 << 30):.1f} GiB free under {settings.var_dir}", "" if level == "ok" else "make room, or a larger disk"
    )


def _audit() -> Finding:
    report = verify.verify_tail(TAIL)
    if not report.sound:
        return Finding(
            "audit", "fail", report.text, "python -m portal audit verify; keep the database as it is and find out who had access"
        )
    unsealed = queries.counted(queries.UNSEALED)
    if unsealed >= queries.MOST:
        return Finding("audit", "warn", f"{unsealed} entries and more wait for their seal", "see the line 'worker'")
    return Finding("audit", "ok", report.text)


def _long(time_: timedelta) -> str:
    seconds = max(int(time_.total_seconds()), 0)
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
