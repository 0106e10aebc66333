"""The gate's log: what the gate said to a scan or a confirm, and how it gets on record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select

from portal.exits.models import Exit
from portal.facility.models import Room
from portal.gate.grounds import Ground
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.kernel.policy import Actor
from portal.passes.models import Pass

_TABLE = cast(Table, GateEvent.__table__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says to a scan. `refusal` None: it may go on. `inside`: the person is inside, so the next step is out.

    Of what lets people in there is a `ground`, of an exit slip an `exit`; of what is no pass, neither.
    """

    refusal: Refusal | None
    found: Pass | None = None
    ground: Ground | None = None
    exit: Exit | None = None
    inside: Presence | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rooms(self) -> tuple[Room, ...]:
        return self.ground.rooms if self.ground is not None else ()

    @property
    def inside_room(self) -> Room | None:
        return self.inside.room if self.inside is not None else None


def record(
    kind: str,
    verdict: Verdict,
    actor: Actor,
    now: datetime,
    *,
    nonce: str | None = None,
    refusal: Refusal | None = None,
    room_id: uuid.UUID | None = None,
    stay: Presence | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Writes one event. `refusal` (the verdict's by default) gives its code; `stay` is the one that it begins or ends.

    Whoever is turned away is so at the room that was chosen, or at the only one that the pass is for; with several, at none yet.
    """
    refusal = refusal or verdict.refusal
    ground, slip, found = verdict.ground, verdict.exit, verdict.found
    said = {"said": {name: _plain(value) for name, value in refusal.data.items()}} if refusal is not None and refusal.data else {}
    values: dict[str, Any] = {"subject_kind": found.kind if found else "exit_slip" if slip else ""}
    if ground is not None:
        values |= {"subject_id": ground.subject_id, "subject_label": ground.number, "client_id": ground.client.id}
        if ground.who is not None:
            values |= {"person_id": ground.who.person_id, "person_name": ground.who.name}
    elif slip is not None:
        mover = slip.mover_name if kind != "return" else ""  # who brings it back may be someone else
        values |= {"subject_id": slip.id, "subject_label": slip.number, "client_id": slip.client_id, "person_name": mover}
    if refusal is not None and room_id is None and ground is not None and ground.only_room is not None:
        room_id = ground.only_room.id
    _add(
        kind, actor, now, nonce=nonce, code=refusal.code if refusal is not None else "", pass_id=found.id if found else None,
        room_id=room_id, presence_id=stay.id if stay else None,
        facts={**verdict.facts, **said, **(facts or {})}, **values,
    )  # fmt: skip


def record_exit(stay: Presence, code: str, actor: Actor, now: datetime, *, nonce: str, facts: Mapping[str, Any]) -> None:
    """Writes that someone was booked out without a pass in hand."""
    subject_id = stay.badge_id or stay.visitor_id or stay.emergency_id
    _add(
        "exit", actor, now, nonce=nonce, code=code, subject_kind=stay.kind, subject_id=subject_id, subject_label=stay.subject_label,
        person_id=stay.person_id, person_name=stay.person_name, client_id=stay.client_id, room_id=stay.room_id, presence_id=stay.id,
        facts=dict(facts),
    )  # fmt: skip


def earlier_event(nonce: str) -> GateEvent | None:
    """The event that this confirm led to when it was sent before."""
    return session().scalars(select(GateEvent).where(GateEvent.nonce == nonce)).one_or_none()


def _add(kind: str, actor: Actor, now: datetime, **values: Any) -> None:
    session().flush()  # the stay that it tells of
    session().execute(_TABLE.insert(), {"created_at": now, "kind": kind, "guard_id": actor.user_id, **values})


def _plain(value: object) -> str:
    """A refusal's datum as the log keeps it: days and moments as the site's clock says them, in no language."""
    if isinstance(value, datetime):
        return f"{clock.local(value):%Y-%m-%d %H:%M}"
    return str(value)
