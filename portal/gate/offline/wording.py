"""Offline mistakes in the reader's words."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from portal.clients import rules as client_rules
from portal.gate import shown
from portal.gate.models import GateEvent
from portal.gate.offline import rules
from portal.kernel import formats
from portal.kernel.errors import Refusal
from portal.kernel.i18n import N_, _

# Why a document that the guard saw could not be recorded is the clients' area to say.
DOCUMENTS = {value.code: value for value in vars(client_rules).values() if isinstance(value, Refusal)}
HAPPENED = {"entry": N_("Entered"), "exit": N_("Left the room"), "release": N_("Equipment released")}


def happened_label(event: GateEvent) -> str:
    """What the phone let through."""
    if event.objection == rules.UNREADABLE.code:
        return str(_("Record cannot be read"))
    return str(_(HAPPENED[event.kind])) if event.kind in HAPPENED else event.kind


def objection_text(event: GateEvent) -> str:
    """Why the portal would have refused it."""
    code = event.objection or ""
    refusal = shown.refusal_of(code) or DOCUMENTS.get(code)
    if refusal is None:
        return event.objection or ""
    said = defaultdict(lambda: "…", {name: formats.kept(value) for name, value in event.facts.get("said", {}).items()})
    sentence = str(_(refusal.sentence))
    return sentence % said if "%(" in refusal.sentence else sentence


def when_learned(event: GateEvent) -> datetime | None:
    """When the copy was made that the phone decided on."""
    text = event.facts.get("phone", {}).get("copied")
    return datetime.fromisoformat(text) if text else None
