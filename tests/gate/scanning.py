"""Standing at the gate: what a guard scans and confirms."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.gate import rules, services
from portal.gate.log import Verdict
from portal.gate.models import GateEvent, Presence
from portal.kernel import crypto
from portal.kernel.db import session
from portal.passes.models import Pass
from tests.cast import NOW, Cast

EVERY_POINT = tuple(key for key, _label in rules.CHECKLIST_POINTS)


def pass_of(subject: Any) -> Pass:
    """The subject's latest pass, live or not."""
    return session().scalars(select(Pass).where(Pass.subject_id == subject.id).order_by(Pass.id.desc())).first() or _none()


def _none() -> Pass:
    raise LookupError("there never was a pass")


def enter(
    cast: Cast, subject: Any, room: str | uuid.UUID | None = "B2", points: Collection[str] = EVERY_POINT, *, by: str = "guard",
    now: datetime = NOW, nonce: str = "", **more: Any,
) -> Verdict:  # fmt: skip
    room_id = cast.rooms[room].id if isinstance(room, str) else room
    return services.enter(pass_of(subject), room_id, points, nonce or crypto.new_token(), cast.actor(by), now, **more)


def leave(cast: Cast, subject: Any, *, by: str = "guard", now: datetime = NOW, nonce: str = "", **more: Any) -> Verdict:
    return services.leave(pass_of(subject), nonce or crypto.new_token(), cast.actor(by), now, **more)


def code(verdict: Verdict) -> str:
    """The refusal's code, "" when it may go on."""
    return verdict.refusal.code if verdict.refusal is not None else ""


def log() -> list[tuple[str, str]]:
    """The gate's log as (kind, code), oldest first."""
    return [(event.kind, event.code) for event in session().scalars(select(GateEvent).order_by(GateEvent.id))]


def inside() -> list[uuid.UUID]:
    return list(session().scalars(select(Presence.person_id).where(Presence.left_at.is_(None))))
