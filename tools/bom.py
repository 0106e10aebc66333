"""The software bill of materials: what the portal runs on, as CycloneDX 1.5 JSON, from requirements.txt and what is installed.

`python -m tools.bom [FILE]` (build/bom.json by default). Each pinned package with its hashes, licence and what it needs; a package that
is pinned but installed in another version is an error. What is pinned for other platforms only is listed as optional.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?: *; *(?P<marker>[^\\]+))?")
HASHES = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NEEDED = re.compile(r"^([A-Za-z0-9._-]+)")


class Mismatch(Exception):
    """What is installed is not what is pinned."""


def bill(requirements: str) -> dict[str, Any]:
    """The bill for the text of a requirements file. Raises Mismatch. The same file gives the same bill."""
    pinned = list(_pinned(requirements))
    names = {entry["name"] for entry in pinned}
    components, needs = [], []
    for entry in pinned:
        component, wanted = _component(entry)
        components.append(component)
        needs.append({"ref": component["bom-ref"], "dependsOn": sorted(_ref(n, pinned) for n in wanted & names)})
    portal = {
        "type": "application",
        "bom-ref": "rackpass",
        "name": "rackpass",
        "version": _own_version(),
        "licenses": [_licence("Apache-2.0")],
    }
    serial = uuid.UUID(bytes=hashlib.sha256(requirements.encode()).digest()[:16], version=4)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": portal},
        "components": components,
        "dependencies": [{"ref": "rackpass", "dependsOn": sorted(c["bom-ref"] for c in components)}, *needs],
    }


def _pinned(text: str) -> Iterator[dict[str, Any]]:
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if found := PINNED.match(block):
            yield {"name": _plain(found["name"]), "version": found["version"], "marker": found["marker"], "hashes": HASHES.findall(block)}


def _component(entry: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """One package, and the names of those that it needs."""
    name, version = entry["name"], entry["version"]
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": value} for value in entry["hashes"]],
    }
    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        if not entry["marker"]:
            raise Mismatch(f"{name} {version} is pinned and not installed") from error
        return component | {"scope": "optional"}, set()
    if installed.version != version:
        raise Mismatch(f"{name} {version} is pinned, {installed.version} is installed")
    if licence := _licence_of(installed):
        component["licenses"] = [licence]
    if summary := installed.metadata["Summary"]:
        component["description"] = summary
    wanted = {_plain(found[1]) for text in installed.requires or [] if "extra ==" not in text and (found := NEEDED.match(text))}
    return component, wanted


def _licence_of(installed: metadata.Distribution) -> dict[str, Any] | None:
    if expression := _told(installed, "License-Expression"):
        return {"expression": expression} if " " in expression else _licence(expression)
    told = [value.rpartition(" :: ")[2] for value in installed.metadata.get_all("Classifier") or [] if value.startswith("License ::")]
    name = " / ".join(told) or _told(installed, "License").strip().partition("\n")[0][:120]
    return {"license": {"name": name}} if name else None


def _told(installed: metadata.Distribution, name: str) -> str:
    return str((installed.metadata.get_all(name) or [""])[0])


def _licence(id_: str) -> dict[str, Any]:
    return {"license": {"id": id_}}


def _own_version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    return found[1] if found else "0"


def _ref(name: str, pinned: list[dict[str, Any]]) -> str:
    return next(f"pkg:pypi/{name}@{entry['version']}" for entry in pinned if entry["name"] == name)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "bom.json"
    try:
        made = bill(REQUIREMENTS.read_text())
    except Mismatch as error:
        print(error, file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(made, indent=1, ensure_ascii=False))
    print(f"{target}: {len(made['components'])} packages, CycloneDX {made['specVersion']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
