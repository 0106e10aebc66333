"""A few of the kills of `python -m tests.faults.killing`, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import FONT_CACHE
from tests.databases import KINDS, Kind, fresh_database
from tests.faults.killing import killed


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_is_there_after_a_few_kills(kind: Kind, tmp_path: Path, font_cache: Path) -> None:
    with fresh_database(kind, tmp_path) as url:
        told, wrong = killed(url, tmp_path / "portal", FONT_CACHE, kills=4, seed=1)
    assert wrong == []
    assert told["kills"] == 4
    assert told["acknowledged"] >= 20  # each life was lived to its end
    assert told["sent_again_after_no_answer"] > 0  # and the kills were felt
