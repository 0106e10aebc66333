"""What docs/security.md says of a requirement is shown by a test that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/security.md"
_NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def missing(text: str) -> Iterator[str]:
    """The tests that the text names and that are not there."""
    for file, name in _NAMED.findall(text):
        path = ROOT / "tests" / file
        if not path.is_file() or (name and not re.search(rf"^ *def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE)):
            yield f"{file}::{name}"


def test_every_test_that_is_named_is_there() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(_NAMED.findall(text)) > 80
    assert list(missing(text)) == []


def test_finds_one_that_is_not() -> None:
    assert list(missing("`gate/test_views.py` `gate/test_views.py::test_nothing_of_the_kind` `gate/test_none.py`")) == [
        "gate/test_views.py::test_nothing_of_the_kind",
        "gate/test_none.py::",
    ]
