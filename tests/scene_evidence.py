"""The scene's evidence packs: one made, one that could not be; and a retention period that somebody set."""

from __future__ import annotations

import hashlib
import io
import uuid

from portal.evidence import services
from portal.evidence.packing import Made
from portal.kernel import clock
from portal.kernel.change import move
from portal.kernel.policy import SYSTEM
from portal.retention import services as retention
from tests.cast import NOW, Cast


def build(cast: Cast) -> dict[str, uuid.UUID]:
    """Their records by name."""
    auditor, day = cast.actor("auditor"), clock.today(NOW)
    made, failed = services.ask(day, day, auditor, NOW), services.ask(day, day, auditor, NOW)
    content = b"PK\x05\x06" + bytes(18)  # an empty ZIP
    digest = hashlib.sha256(content).hexdigest()
    services.keep(made.id, Made(io.BytesIO(content), len(content), digest, "ab" * 32, 7, "cd" * 32, {"gate_events.csv": 3}), NOW)
    move(failed, "fail", SYSTEM, NOW, values={"failure": "OSError: disk full"})
    period = retention.NewPeriod(200, False, "合同约定", "As the contract says", "合同第 8 条")
    retention.change_period("messages", period, cast.actor("administrator"), NOW)
    assert made.file_id is not None
    return {"pack": made.id, "pack_failed": failed.id, "pack_file": made.file_id}
