"""The house: a file is one thing and says by its name what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

LONGEST = 450  # about 400 is when a file becomes two things
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "tools_", "stuff", "base_views"}
KINDS = {".py", ".html", ".js", ".css"}
FOLDERS = ("portal", "templates", "tests", "tools")
TOO_SHORT_TO_TELL = 3


def files(root: Path) -> Iterator[Path]:
    yield from (path for folder in FOLDERS for path in sorted((root / folder).rglob("*")) if path.suffix in KINDS)
    yield from sorted(root.glob("*.py"))


def too_long(root: Path) -> Iterator[str]:
    for path in files(root):
        if (lines := len(path.read_text().splitlines())) > LONGEST:
            yield f"{path.relative_to(root)}: {lines} lines"


def names_that_say_nothing(root: Path) -> Iterator[str]:
    for path in files(root):
        if SAY_NOTHING & {part.lower().lstrip("_") for part in path.relative_to(root).with_suffix("").parts}:
            yield str(path.relative_to(root))


def silent(root: Path) -> Iterator[str]:
    """Modules of the portal that do not say what they are for."""
    for path in sorted((root / "portal").rglob("*.py")):
        tree = ast.parse(path.read_text())
        if len(tree.body) > TOO_SHORT_TO_TELL and not ast.get_docstring(tree):
            yield str(path.relative_to(root))


def unfinished(root: Path) -> Iterator[str]:
    """What was left for later."""
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X:", "DEV-" + "ONLY", "NotImplemented" + "Error")
    for path in files(root):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if any(mark in line for mark in marks):
                yield f"{path.relative_to(root)}:{number}"


def test_no_file_is_two_things() -> None:
    assert not list(too_long(ROOT))


def test_every_name_says_something() -> None:
    assert not list(names_that_say_nothing(ROOT))


def test_every_module_says_what_it_is_for() -> None:
    assert not list(silent(ROOT))


def test_nothing_is_left_for_later() -> None:
    assert not list(unfinished(ROOT))


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    for name, text in {
        "portal/badges/utils.py": "a = 1\n" * 3,
        "portal/common/rules.py": '"""Rules."""\n',
        "portal/exits/services.py": '"""Long."""\n' + "a = 1\n" * LONGEST,
        "portal/gate/views.py": "a = 1\n" * 4 + "# TO" + "DO later\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_finds_each_of_them(planted: Path) -> None:
    assert list(too_long(planted)) == [f"portal/exits/services.py: {LONGEST + 1} lines"]
    assert list(names_that_say_nothing(planted)) == ["portal/badges/utils.py", "portal/common/rules.py"]
    assert list(silent(planted)) == ["portal/gate/views.py"]
    assert list(unfinished(planted)) == ["portal/gate/views.py:5"]
