"""`portal doctor`: each check finds the fault that it is for, and says what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from config import Keys, Settings
from portal.audit import services as audit
from portal.cli import main
from portal.jobs import Job, run_due
from portal.kernel import clock, db, files
from portal.kernel.db import session, transaction
from portal.operations import doctor
from portal.operations.doctor import Finding
from tests.cast import Cast
from tests.mail_server import free_port, mail_server


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    file.write_text(Keys.new("production").to_json())
    file.chmod(0o600)
    return file


@pytest.fixture
def sound(app: Flask, cast: Cast, settings: Settings) -> Iterator[Settings]:
    """A portal on which everything is as it should be."""
    run_due((Job("network.end_rests", timedelta(minutes=5), lambda _now: None),), clock.now())
    with transaction():
        audit.seal(clock.now())
    with mail_server() as server:
        yield replace(settings, environment="production", trusted_proxies=1, smtp_url=server.url, second_factor_required=True)


def examined(settings: Settings, keys_file: Path) -> dict[str, Finding]:
    return {finding.check: finding for finding in doctor.examine(settings, keys_file)}


def test_all_is_well(sound: Settings, keys_file: Path) -> None:
    found = examined(sound, keys_file)
    # The tests' clock is moved, which a server's clock must not be.
    assert {name: finding for name, finding in found.items() if finding.level != "ok" and name != "clock"} == {}
    assert len(found) == 11


def test_each_fault_is_found(sound: Settings, keys_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def worst(check: str, settings: Settings = sound) -> str:
        finding = examined(settings, keys_file)[check]
        assert finding.level == "ok" or finding.todo
        return f"{finding.level}: {finding.text}"

    keys_file.chmod(0o644)
    assert worst("keys").startswith("fail: ")
    assert "0644" in worst("keys")
    assert worst("mail", replace(sound, smtp_url=f"smtp://127.0.0.1:{free_port()}")).startswith("fail: the mail server: ConnectionRefused")
    assert worst("mail", replace(sound, smtp_url="")).startswith("warn")
    assert worst("configuration", replace(sound, trusted_proxies=0)).startswith("warn")
    assert worst("configuration", replace(sound, environment="development")).startswith("warn")
    assert worst("configuration", replace(sound, second_factor_required=False)) == "warn: staff sign in with a password alone"
    monkeypatch.setattr(doctor, "LITTLE", 1 << 60)
    assert worst("disk").startswith("warn")
    with transaction():
        session().execute(text("UPDATE job_runs SET ran_at = :at"), {"at": (clock.now() - timedelta(hours=3)).replace(tzinfo=None)})
    assert worst("worker") == "fail: the last job ran 3 h ago"
    with transaction():
        session().execute(text("DELETE FROM job_runs"))
    assert worst("worker") == "fail: no job has ever run"
    with transaction():
        session().execute(text("UPDATE audit_entries SET actor_name = 'nobody' WHERE seq = (SELECT max(seq) FROM audit_entries)"))
    assert "was changed" in worst("audit")
    store = files._store
    blocked = sound.var_dir / "blocked"
    blocked.mkdir()
    files.configure(blocked.as_uri())
    blocked.rmdir()
    blocked.write_text("a file where the folder was")
    assert worst("storage").startswith("fail: a file cannot be written")
    blocked.unlink()
    files._store = store
    with _version("0000"):
        assert worst("database").startswith("fail: the database is at 0000")


@contextmanager
def _version(other: str) -> Iterator[None]:
    with transaction():
        before = session().scalar(text("SELECT version_num FROM alembic_version"))
        session().execute(text("UPDATE alembic_version SET version_num = :v"), {"v": other})
    yield
    with transaction():
        session().execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})


def test_a_database_that_is_away_hides_nothing_else(sound: Settings, keys_file: Path) -> None:
    engine = db.engine()
    db._engine = db.make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    try:
        found = examined(sound, keys_file)
    finally:
        db._engine = engine
    assert found["database"].level == found["worker"].level == "fail"
    assert found["storage"].level == found["mail"].level == found["fonts"].level == "ok"


@pytest.fixture
def command(settings: Settings, keys_file: Path) -> Iterator[Callable[..., object]]:
    engine, store = db.engine() if db._engine else None, files._store
    env = {
        "PORTAL_ENV": "development", "VAR_DIR": str(settings.var_dir), "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_KEYS_FILE": str(keys_file), "PORTAL_FONT_CACHE": str(settings.font_cache),
    }  # fmt: skip
    yield lambda *words: CliRunner().invoke(main, list(words), env=env)
    db.engine().dispose()
    files._store = store
    if engine is not None:
        db._engine = engine
    assert os.environ.get("PORTAL_ENV") is None


def test_the_command_tells_a_line_each_and_ends_with_1_when_something_fails(app: Flask, command: Callable[..., object]) -> None:
    result = command("doctor")
    assert result.exit_code == 1, result.output  # type: ignore[attr-defined]
    lines = result.output.splitlines()  # type: ignore[attr-defined]
    assert any(line.startswith("fail  worker") and "no job has ever run" in line for line in lines)
    assert any("→" in line for line in lines)
    told = json.loads(command("doctor", "--json").output)  # type: ignore[attr-defined]
    assert {finding["level"] for finding in told} == {"ok", "warn", "fail"}
    assert {"check", "level", "text", "todo"} == set(told[0])


def test_a_configuration_that_cannot_be_read_is_a_finding(command: Callable[..., object]) -> None:
    result = CliRunner().invoke(main, ["doctor"], env={"PORTAL_ENV": "staging"})
    assert result.exit_code == 1
    assert result.output.startswith("fail  configuration")
