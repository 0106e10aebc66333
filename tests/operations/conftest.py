"""A filled portal of each kind, with a backup of it: made once a process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config import Settings
from portal.operations import backup
from tests import cast as casting
from tests.databases import KINDS, Kind
from tests.operations.places import digests, fill, place, use


@dataclass
class Saved:
    """A filled portal and a backup of it."""

    kind: Kind
    settings: Settings
    file: Path
    digests: dict[str, object]


@pytest.fixture(scope="session", params=KINDS)
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> Iterator[Saved]:
    folder = tmp_path_factory.mktemp("saved")
    with place(request.param, folder, migrated=True) as settings:
        fill(settings)
        backup.make(folder / "portal.backup", settings, use(settings), casting.NOW)
        yield Saved(request.param, settings, folder / "portal.backup", digests())


@pytest.fixture
def saved(kept: Saved) -> Saved:
    """The process stands on it."""
    use(kept.settings)
    return kept
