"""The bill of materials names what the portal runs on, and finds what is not as it is pinned."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tools import bom


def test_it_lists_every_pinned_package_with_hashes_and_licence(tmp_path: Path) -> None:
    made = tmp_path / "build" / "bom.json"
    done = subprocess.run([sys.executable, "-m", "tools.bom", str(made)], cwd=bom.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    bill = json.loads(made.read_text())
    assert (bill["bomFormat"], bill["specVersion"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "1.5", "rackpass")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", bill["serialNumber"])
    pinned = re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", bom.REQUIREMENTS.read_text(), re.MULTILINE)
    components = {component["name"]: component for component in bill["components"]}
    assert set(components) == {re.sub(r"[-_.]+", "-", name).lower() for name in pinned}
    flask = components["flask"]
    assert flask["version"] == metadata.version("flask")
    assert flask["purl"] == f"pkg:pypi/flask@{flask['version']}"
    assert flask["licenses"]
    assert all(component["hashes"] for component in components.values())
    unlicensed = [name for name, component in components.items() if component["scope"] == "required" and not component.get("licenses")]
    assert unlicensed == []
    needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert any(ref.startswith("pkg:pypi/werkzeug@") for ref in needs[flask["bom-ref"]])
    refs = {component["bom-ref"] for component in components.values()}
    assert set().union(*needs.values()) <= refs


def test_what_is_not_as_it_is_pinned_is_an_error() -> None:
    with pytest.raises(bom.Mismatch, match=r"flask 0\.1 is pinned"):
        bom.bill("flask==0.1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(bom.Mismatch, match="not installed"):
        bom.bill("no-such-package==1.0\n")
