"""A few of the kills of `python -m tests.faults.killing`, on each database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import FONT_CACHE
from tests.databases import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_is_there_after_a_few_kills(kind: Kind, font_cache: object) -> None:
    command = [sys.executable, "-m", "tests.faults.killing", "--kills", "4", "--database", kind]
    env = os.environ | {"VAR_DIR": str(FONT_CACHE.parent)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["kills"], told["breaches"]) == (4, 0)
    assert told["acknowledged"] >= 20  # each life was lived to its end
    assert told["sent_again_after_no_answer"] > 0  # and the kills were felt
