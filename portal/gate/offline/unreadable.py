"""What a phone sends and the portal cannot read: kept sealed in the gate's log and told to the supervisor.

So nothing is lost when the phone forgets it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from portal.gate import services as gate
from portal.gate.models import GateEvent
from portal.gate.offline import mistakes, rules
from portal.gate.offline.booking import UNREADABLE, Outcome
from portal.kernel import crypto
from portal.kernel.db import session
from portal.kernel.policy import Actor

MOST = 4_000  # characters of it that are kept
CONTEXT = "gate_events.unreadable"
NOBODY = "—"  # whom it is about is not known; a name all the same, so that its content goes when the gate log's retention is over
_IDENTITY = re.compile(r"\d{13,16}(?=[\dXx]{2})")


def keep(raw: Any, actor: Actor, now: datetime) -> Outcome:
    """Keeps it once, however often it is sent, as a refusal of its guard's that the supervisor settles. Identity numbers are masked."""
    text = _IDENTITY.sub("…", json.dumps(_without_number(raw)))[:MOST]
    nonce = f"unreadable-{hashlib.sha256(f'{actor.user_id} {text}'.encode()).hexdigest()[:48]}"
    sent_as = str((raw.get("nonce") if isinstance(raw, dict) else "") or "")[:64]
    if gate.earlier_event(nonce) is not None:
        return Outcome(sent_as, UNREADABLE)
    sealed = base64.b64encode(crypto.encrypt(text.encode(), CONTEXT)).decode()
    code = rules.UNREADABLE.code
    event = GateEvent(
        created_at=_happened(raw, now), kind="refusal", code=code, objection=code, nonce=nonce, guard_id=actor.user_id, booked_at=now,
        person_name=NOBODY, facts={"sealed": sealed},
    )  # fmt: skip
    session().add(event)
    session().flush()
    mistakes.note(event, actor, now)
    return Outcome(sent_as, UNREADABLE, code)


def content(event: GateEvent) -> str:
    """What was sent, as text; empty where there is none, or its retention is over."""
    sealed = event.facts.get("sealed")
    return crypto.decrypt(base64.b64decode(sealed), CONTEXT).decode() if sealed else ""


def _without_number(raw: Any) -> Any:
    """The event without the number of the document that the guard saw: nobody needs it to find out what happened."""
    document = raw.get("document") if isinstance(raw, dict) else None
    return raw | {"document": document | {"number": "…"}} if isinstance(document, dict) else raw


def _happened(raw: Any, now: datetime) -> datetime:
    """When it happened, where that can be read and may be so; else now."""
    try:
        at = datetime.fromtimestamp(float(raw["at"]) / 1000, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, IndexError):
        return now
    return at if now - rules.OLDEST <= at <= now else now
