"""How a phone's copy puts things: ids as 32 hex digits, moments as milliseconds since 1970, people by a part of a keyed hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.passes.models import Pass

HASH = 16  # hex digits of a document's keyed hash that tell people apart on a phone


def pass_facts(held: Pass) -> dict[str, Any]:
    """What every pass of the copy says, whatever it stands for."""
    return {"pass": held.id.hex, "kind": held.kind, "code": held.short_code, "revoked": held.revoked_for or None}


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
