"""What is filled in bulk is as valid as what people enter: every invariant holds, and the audit's chain closes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal import invariants
from portal.audit import services as audit
from portal.audit.verify import verify
from portal.gate.models import GateEvent, Presence
from portal.kernel.db import isolated, session, transaction
from portal.network.models import AddressHold
from portal.passes.models import Pass
from tests.cast import NOW, Cast
from tests.load.filling import fill

PASSES = 500


@pytest.mark.usefixtures("app")
def test_a_filled_database_is_sound(cast: Cast, tmp_path: Path) -> None:
    written = fill(cast, PASSES, NOW)
    assert written["passes"] == written["address_holds"] == PASSES
    with isolated():
        counted = {model: session().scalar(select(func.count()).select_from(model)) for model in (Pass, AddressHold, GateEvent, Presence)}
        assert counted[Pass] == counted[AddressHold] == PASSES
        assert counted[GateEvent] == written["gate_events"] >= 9 * PASSES
        assert session().scalar(select(func.count()).where(Presence.left_at.is_(None))) == 1
        assert invariants.broken() == {}
    with isolated(), transaction():
        while audit.seal(NOW):
            pass
    report = verify(tmp_path / "no anchor")
    assert report.sound, report.text
