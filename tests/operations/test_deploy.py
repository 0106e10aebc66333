"""What deploy/ and its documents say is what there is: commands, options, settings; services are shut in; no secret gets into an image."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

from portal.cli import main

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SHUT_IN = {
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "ProtectKernelTunables": "yes", "ProtectKernelModules": "yes", "ProtectControlGroups": "yes",
    "RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes", "LockPersonality": "yes", "MemoryDenyWriteExecute": "yes", "UMask": "0077",
    "User": "rackpass",
}  # fmt: skip


def told() -> str:
    files = [path for path in DEPLOY.rglob("*") if path.is_file()] + [ROOT / "docs" / "deploy.md", ROOT / "docs" / "operate.md"]
    return "\n".join(path.read_text() for path in files)


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(path.read_text())
    return parsed


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_services_are_shut_in(path: Path) -> None:
    service = unit(path)["Service"]
    assert {name: service.get(name) for name in SHUT_IN} == SHUT_IN
    assert service["WorkingDirectory"] == "/opt/rackpass"
    assert not re.search(r"(?i)password|secret|token", path.read_text()), "secrets come from files"


def test_there_are_a_server_a_worker_and_a_backup_every_night() -> None:
    assert [path.stem for path in UNITS] == ["rackpass-backup", "rackpass-server", "rackpass-worker"]
    assert "OnCalendar" in unit(DEPLOY / "systemd" / "rackpass-backup.timer")["Timer"]
    assert unit(UNITS[0])["Service"]["Type"] == "oneshot"
    assert all(unit(path)["Service"]["Restart"] == "always" for path in UNITS[1:])


def test_every_command_that_is_named_is_there() -> None:
    named = set(re.findall(r"python3? -m portal ([a-z][a-z-]*)", told())) | set(re.findall(r'"-m", "portal", "([a-z-]+)"', told()))
    assert {"backup", "verify-backup", "move-database", "doctor", "worker", "migrate", "fonts"} <= named
    assert named - set(main.commands) == set()


def test_every_option_of_the_server_that_is_named_is_one() -> None:
    from granian.cli import cli

    known = {option for parameter in cli.params for option in (*parameter.opts, *parameter.secondary_opts)}
    lines = re.findall(r"portal\.serving --interface wsgi (.*?)portal\.wsgi:app", told(), re.DOTALL)
    assert lines
    used = {option for line in lines for option in re.findall(r"(--[a-z-]+)", line)}
    used |= set(re.findall(r'"(--[a-z-]+)"', (DEPLOY / "Containerfile").read_text()))
    assert used - known == set()


def test_every_setting_that_is_named_is_read() -> None:
    read = set(re.findall(r'"((?:PORTAL_|VAR_DIR|PORT\b)[A-Z_]*)"', (ROOT / "config.py").read_text()))
    named = set(re.findall(r"\bPORTAL_[A-Z_]*[A-Z]\b", told()))
    assert named - read == set()


def test_the_image_is_not_root_and_holds_no_secret() -> None:
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    instructions = [line for line in lines if line and not line.startswith("#")]
    last = [line.split()[0] for line in instructions]
    assert last.index("USER") < last.index("CMD")
    assert "USER rackpass" in instructions
    for line in instructions:
        if line.startswith("COPY ") and "--from" not in line:
            sources = line.split()[1:-1]
            assert all((ROOT / source).exists() for source in sources), line
            assert not {"var", "."} & set(sources), "data and keys of this machine stay here"
        assert not re.search(r"(?i)ENV .*(key|password|secret|url)\w*=", line), line
