"""A phone at the gate, as the portal hears it: events with their nonces and times."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from portal.gate import rules
from portal.gate.offline import booking
from portal.kernel import crypto
from portal.kernel.db import transaction
from portal.passes.models import Pass
from tests.cast import NOW, Cast

POINTS = [key for key, _label in rules.CHECKLIST_POINTS]
LATER = NOW + timedelta(minutes=30)  # when the network is back


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def event(cast: Cast, kind: str, held: Pass | None, *, by: str = "guard", **changes: Any) -> dict[str, Any]:
    """What a phone sends of one event, ten minutes after its copy was made."""
    values: dict[str, Any] = {
        "nonce": crypto.new_token(),
        "kind": kind,
        "guard": cast.user(by).id.hex,
        "at": ms(NOW + timedelta(minutes=10)),
        "copied": ms(NOW),
        "pass": held.id.hex if held is not None else None,
        "room": cast.rooms["B2"].id.hex if kind == "entry" else None,
        "points": POINTS if kind == "entry" else [],
        "items": [],
        "mover_seen": kind == "release",
        "rest_stays": False,
        "code": "",
        "reason": "",
    }
    return values | changes


def book(cast: Cast, raw: dict[str, Any], *, by: str = "guard", now: datetime = LATER, sent: datetime | None = None) -> tuple[str, str]:
    """Books it in a transaction of its own: (outcome, objection)."""
    with transaction():
        outcome = booking.book(booking.read(raw), sent or now, cast.actor(by), now)
    return outcome.outcome, outcome.objection


def item_ids(slip: Any) -> list[str]:
    from tests.exits.making import items

    found: list[uuid.UUID] = [item.id for item in items(slip)]
    return [id_.hex for id_ in found]
