"""Documents that a guard saw at a gate without a network (R-A2): recorded afterwards, at their own time, as they are online.

What the recording is refused for does not undo that somebody went in: who they are is then known by the document alone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from portal.clients import services as clients
from portal.clients.rules import normalise_document
from portal.emergencies import queries as emergencies
from portal.emergencies import services as emergency_services
from portal.gate import grounds
from portal.gate.grounds import Who
from portal.gate.log import Verdict
from portal.kernel.db import session
from portal.kernel.errors import Refusal, Refused
from portal.kernel.policy import Actor
from portal.passes.models import Pass


@dataclass(frozen=True, slots=True)
class Document:
    """What the guard wrote down from it. `kind` is a key of `clients.rules.DOCUMENT_KINDS`."""

    name: str
    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Whom the document tells. `row_id`: their place on the emergency; None where `refusal` says why they have none."""

    who: Who
    row_id: uuid.UUID | None
    refusal: Refusal | None = None


def see(document: Document | None, named_id: uuid.UUID | None, found: Pass, actor: Actor, at: datetime) -> Seen | None:
    """Records the document on the emergency of a pass, unless it stands there already. None where none was seen, or none is asked for.

    `named_id`: the person as they were named in the request; None for somebody who was not.
    """
    if document is None or found.kind != "emergency":
        return None
    emergency = emergencies.for_gate(found.subject_id)
    number = normalise_document(document.number)
    hashed = clients.document_hash(document.kind, number)
    row = next((row for row in emergency.people if row.document_hash == hashed), None)
    if row is None:
        named = next((row for row in emergency.people if row.id == named_id), None)
        try:
            with session().begin_nested():  # what was written before the refusal goes, and the rest of the event stays
                row = emergency_services.identify_at_gate(emergency, named, document.name, document.kind, number, actor, at)
        except Refused as refused:
            return Seen(Who(document.name.strip(), hashed, number[-4:]), None, refused.refusal)
    return Seen(Who(row.name, hashed, row.document_tail, row.phone, row.person_id), row.id)


def of_unrecorded(verdict: Verdict, seen: Seen, kind: str) -> Verdict:
    """The gate's verdict on somebody whose document could not be recorded, who went in or out (`kind`) all the same.

    The objection is why it could not; who comes out of a stay that is known is not objected to again.
    """
    assert verdict.ground is not None, "documents are seen of people alone"
    stay = grounds.stay_of(seen.who)
    refusal = None if kind == "exit" and stay is not None else seen.refusal
    return replace(verdict, refusal=refusal, ground=replace(verdict.ground, who=seen.who), inside=stay)
