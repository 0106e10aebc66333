"""The configuration: production does not start on anything that is not its own, and says which setting it is."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import config
from config import ConfigurationError, Keys, Settings, load
from portal import create_app
from tests.databases import fresh_database

ROOT = Path(__file__).parents[2]


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The environment of a production that is fit to start."""
    keys = tmp_path / "keys.json"
    keys.write_text(Keys.new("production").to_json())
    return {
        "PORTAL_ENV": "production",
        "VAR_DIR": str(tmp_path),
        "PORTAL_DATABASE_URL": f"sqlite:///{tmp_path}/portal.sqlite3",
        "PORTAL_BASE_URL": "https://portal.example",
        "PORTAL_SMTP_URL": "smtp://localhost",
        "PORTAL_KEYS_FILE": str(keys),
    }


def test_a_production_with_everything_starts(production: dict[str, str]) -> None:
    assert load(production).production


@pytest.mark.parametrize("name", ["PORTAL_DATABASE_URL", "PORTAL_BASE_URL", "PORTAL_SMTP_URL"])
def test_production_names_the_setting_that_is_missing(production: dict[str, str], name: str) -> None:
    del production[name]
    with pytest.raises(ConfigurationError, match=name):
        load(production)


def test_production_needs_encrypted_addresses(production: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="PORTAL_BASE_URL must begin with https://"):
        load(production | {"PORTAL_BASE_URL": "http://portal.example"})


def test_production_makes_no_keys_of_its_own(production: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="keys new"):
        load(production | {"PORTAL_KEYS_FILE": str(tmp_path / "other.json")})
    assert not (tmp_path / "other.json").exists()


@pytest.mark.parametrize("made_for", ["development", "test"])
def test_production_refuses_secrets_that_were_made_elsewhere(production: dict[str, str], made_for: Any) -> None:
    Path(production["PORTAL_KEYS_FILE"]).write_text(Keys.new(made_for).to_json())
    with pytest.raises(ConfigurationError, match=f"default secrets made for {made_for}"):
        load(production)


@pytest.mark.parametrize("name", ["session", "field", "match", "passes", "audit"])
@pytest.mark.parametrize("damage", [lambda raw, name: raw.pop(name), lambda raw, name: raw.update({name: ""})])
def test_a_missing_key_is_named(production: dict[str, str], name: str, damage: Callable[[dict[str, Any], str], None]) -> None:
    file = Path(production["PORTAL_KEYS_FILE"])
    raw = json.loads(file.read_text())
    damage(raw, name)
    file.write_text(json.dumps(raw))
    with pytest.raises(ConfigurationError, match=f"the key '{name}' is missing"):
        load(production)


@pytest.mark.parametrize(
    "damage",
    [{"audit": "c2hvcnQ="}, {"audit": "!!"}, {"field": {"one": "c2hvcnQ="}}, {"field": ["x"]}, {"session": "short"}],
)
def test_a_malformed_key_is_refused(production: dict[str, str], damage: dict[str, Any]) -> None:
    file = Path(production["PORTAL_KEYS_FILE"])
    file.write_text(json.dumps(json.loads(file.read_text()) | damage))
    with pytest.raises(ConfigurationError, match=r"keys\.json"):
        load(production)


def test_a_key_file_that_is_no_json_is_refused(production: dict[str, str]) -> None:
    Path(production["PORTAL_KEYS_FILE"]).write_text("not JSON")
    with pytest.raises(ConfigurationError, match="not JSON"):
        load(production)


@pytest.mark.parametrize(("name", "value"), [("PORTAL_ENV", "staging"), ("PORT", "http"), ("PORTAL_NOTICE_HOURS", "a day")])
def test_a_setting_that_cannot_be_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is '{value}'"):
        load({"VAR_DIR": str(tmp_path), name: value})


def test_development_makes_its_keys_once_readable_by_nobody_else(tmp_path: Path) -> None:
    """Of processes that start at once, one file wins for all."""
    found: list[Keys] = []
    start = threading.Barrier(8)

    def begin() -> None:
        start.wait()
        found.append(load({"VAR_DIR": str(tmp_path)}).keys)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({keys.session for keys in found}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_keys_read_back(tmp_path: Path) -> None:
    keys = Keys.new("production")
    assert Keys.from_json(keys.to_json(), "here") == keys
    two = dataclasses.replace(keys, passes={**keys.passes, 2: b"p" * 32})
    assert Keys.from_json(two.to_json(), "here") == two


def test_settings_hold_what_was_set(tmp_path: Path) -> None:
    settings = load({"VAR_DIR": str(tmp_path), "PORT": "8123", "PORTAL_NOTICE_HOURS": "48", "PORTAL_ADDRESS_REST_DAYS": "7"})
    assert (settings.port, settings.notice_hours, settings.address_rest_days) == (8123, 48, 7)
    assert settings.base_url == "http://127.0.0.1:8123"
    assert settings.database_url == f"sqlite:///{tmp_path}/rackpass.sqlite3"
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_is_not_at_head_is_refused(kind: Any, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path, migrated=False) as url:
        settings = Settings(
            environment="test", var_dir=tmp_path, port=8000, database_url=url, keys=Keys.new("test"), base_url="http://localhost"
        )  # fmt: skip
        with pytest.raises(ConfigurationError, match=r"is at nothing, head is \w+; run: python -m portal migrate"):
            create_app(settings)
        from portal.kernel import db

        db.engine().dispose()


def test_the_command_line_says_what_is_wrong_and_fails(production: dict[str, str]) -> None:
    environment = os.environ | production
    command = [sys.executable, "-m", "portal", "verify-configuration"]
    refused = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "python -m portal migrate" in refused.stderr
    assert "Traceback" not in refused.stderr
    subprocess.run([*command[:-1], "migrate"], env=environment, cwd=ROOT, capture_output=True, check=True)
    fit = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (fit.returncode, fit.stdout) == (0, "Fit to start.\n")


def test_a_new_key_file_is_fit_for_production(production: dict[str, str]) -> None:
    command = [sys.executable, "-m", "portal", "keys", "new"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    Path(production["PORTAL_KEYS_FILE"]).write_text(made)
    assert load(production).keys.made_for == "production"
    assert config.load(production).keys.session in made
