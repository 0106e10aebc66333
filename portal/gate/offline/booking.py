"""Booking what a phone did without a network: each event once, at its own time, through the gate's own services.

What the services refuse did happen all the same: it is booked as what it was, with the refusal's code as the portal's objection, and
becomes an offline mistake that the supervisor settles. The caller opens one transaction for each event, in the order of the phone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from portal.clients.rules import DOCUMENT_KINDS
from portal.contracts.models import Contract
from portal.emergencies.models import EmergencyPerson
from portal.exits.models import Exit
from portal.facility.models import Room
from portal.gate import grounds, queries, shown
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.gate.models import GateEvent, Presence
from portal.gate.offline import documents, mistakes, releases, rules
from portal.gate.services import Verdict
from portal.kernel import constraints
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.kernel.policy import Actor
from portal.passes.models import Pass

THROUGH = frozenset({"exit_slip", *grounds.JUDGES})
KINDS = ("scan", "entry", "exit", "release", "refusal")
BOOKED, OBJECTION, KNOWN, NOT_YOURS, UNREADABLE = "booked", "objection", "known", "not_yours", "unreadable"


class Unreadable(ValueError):
    """Not an event of this portal's page."""


@dataclass(frozen=True, slots=True)
class OfflineEvent:
    """What a phone says that happened. `happened`, and `copied` (when its copy was made), by its own clock as last corrected.

    `who_id`: which of an emergency's people; `document`: the one that the guard saw of them, or of somebody who was not named (R-A2).
    `serial`: what was scanned at the gate and is not on the slip.
    """

    nonce: str
    kind: str
    guard_id: uuid.UUID
    happened: datetime
    copied: datetime
    pass_id: uuid.UUID | None
    room_id: uuid.UUID | None
    points: tuple[str, ...]
    item_ids: tuple[uuid.UUID, ...]
    escort_id: uuid.UUID | None
    kept: tuple[str, ...]
    given_back: tuple[str, ...]
    who_id: uuid.UUID | None
    serial: str
    mover_seen: bool
    rest_stays: bool
    code: str
    reason: str
    document: documents.Document | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event. The phone forgets every one but those that are `not_yours`, which wait for their own guard."""

    nonce: str
    outcome: str
    objection: str = ""


def read(raw: Any) -> OfflineEvent:
    """An event as it was sent. Raises Unreadable."""
    try:
        if not isinstance(raw, Mapping):
            raise Unreadable
        event = OfflineEvent(
            nonce=_text(raw, "nonce", 64),
            kind=_text(raw, "kind", 8),
            guard_id=uuid.UUID(_text(raw, "guard", 36)),
            happened=_moment(raw["at"]),
            copied=_moment(raw["copied"]),
            pass_id=_id(raw.get("pass")),
            room_id=_id(raw.get("room")),
            points=_texts(raw, "points"),
            item_ids=tuple(uuid.UUID(item) for item in _texts(raw, "items", 3_000)),
            escort_id=_id(raw.get("escort")),
            kept=_texts(raw, "kept"),
            given_back=_texts(raw, "given_back"),
            who_id=_id(raw.get("who")),
            serial=_text(raw, "serial", 60),
            mover_seen=raw.get("mover_seen") is True,
            rest_stays=raw.get("rest_stays") is True,
            code=_text(raw, "code", 40),
            reason=_text(raw, "reason", 200),
            document=_document(raw.get("document")),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise Unreadable from error
    needs_pass = event.kind in ("entry", "exit", "release")
    if len(event.nonce) < 16 or event.kind not in KINDS or (needs_pass and event.pass_id is None):
        raise Unreadable
    return event


def book(event: OfflineEvent, sent: datetime, actor: Actor, now: datetime) -> Outcome:
    """Books one event of the actor's own. `sent`: the phone's clock at the sending. Sent again, it gives the first answer again."""
    if event.guard_id != actor.user_id:
        return Outcome(event.nonce, NOT_YOURS)
    if (earlier := gate.earlier_event(event.nonce)) is not None:
        return Outcome(event.nonce, KNOWN, earlier.objection or "")
    at = rules.booked_time(event.happened, event.copied, now)
    found = session().get(Pass, event.pass_id) if event.pass_id else None
    seen = documents.see(event.document, event.who_id, found, actor, at) if found is not None and _fits(event, found) else None
    if seen is not None:
        event = replace(event, who_id=seen.row_id)
    if event.kind in ("scan", "refusal") or found is None or not _fits(event, found):
        return _log(event, found, seen, at, actor, now)
    if event.kind == "exit" and (stay := gate.judge_pass(found, at, event.who_id).inside) is not None and stay.created_at > at:
        return _log(event, found, seen, at, actor, now)  # they came in since, by another gate: that stay is not the one that ended
    doubt = rules.why_not_certain(event.happened, event.copied, sent, now)
    if event.kind == "release":
        doubt = _why_not_release(found, at) or doubt
    verdict = _carry_out(event, found, at, actor)
    booked = _recorded(actor, at)
    booked.nonce, booked.booked_at = event.nonce, now
    happened = verdict.refusal is None
    if seen is not None and seen.refusal is not None:
        verdict = documents.of_unrecorded(verdict, seen, event.kind)
        booked.person_name = seen.who.name
    refusal = verdict.refusal or doubt
    if not happened:
        _let_stand(booked, event, verdict, at, actor)
    if refusal is None:
        session().flush()
        return Outcome(event.nonce, BOOKED)
    return _object(booked, refusal, event, actor, now)


def _carry_out(event: OfflineEvent, found: Pass, at: datetime, actor: Actor) -> Verdict:
    """The gate's own verb for what happened, judged and recorded as of its time."""
    if event.kind == "entry":
        return gate.enter(
            found, event.room_id, event.points, event.nonce, actor, at, escort_id=event.escort_id, kept=event.kept, who_id=event.who_id
        )
    if event.kind == "exit":
        return gate.leave(
            found, event.nonce, actor, at, given_back=event.given_back, reason=event.reason, room_id=event.room_id, who_id=event.who_id
        )
    return gate.release(
        found,
        event.item_ids,
        mover_seen=event.mover_seen,
        rest_stays=event.rest_stays,
        nonce=event.nonce,
        actor=actor,
        now=at,
    )


def _let_stand(booked: GateEvent, event: OfflineEvent, verdict: Verdict, at: datetime, actor: Actor) -> None:
    """The services have written a refusal; but it happened. Who went in is inside, unless the log has them there already."""
    room = session().get(Room, event.room_id) if event.room_id else None
    booked.kind, booked.code = event.kind, ""
    booked.room_id = room.id if room is not None else booked.room_id
    if event.kind == "release" and verdict.exit is not None:
        serials = [item.listed_serial for item in verdict.exit.items if item.id in event.item_ids]
        booked.facts = {**booked.facts, "released": serials, "stayed": len(verdict.exit.items) - len(serials)}
    ground, stay = verdict.ground, verdict.inside
    if event.kind == "entry" and stay is None and room is not None and ground is not None and ground.who is not None:
        escort = queries.escort(event.escort_id) if event.escort_id else None
        stay = Presence(
            created_at=at,
            room=room,
            guard_in_id=actor.user_id,
            until_at=ground.stays_until,
            escort_id=escort.id if escort is not None else None,
            kept_items=[item[: gate_rules.KEPT_LENGTH] for item in event.kept[: gate_rules.KEPT_MOST]],
            **gate.stands_on(ground, ground.who),
        )
        inside_already = gate_rules.ALREADY_INSIDE(room=room.code, since=at)
        with constraints.guarded({"uq_presences_inside": inside_already, "uq_presences_person": inside_already}):
            session().add(stay)
        booked.presence_id = stay.id
        if ground.refusal is None:  # an emergency that never allowed it does not count it as used: the mistake tells of it
            grounds.note_entered(ground, actor, at)
    elif event.kind == "exit" and stay is not None and stay.left_at is None:  # out, although not everything was given back
        stay.left_at, stay.guard_out_id, stay.kept_back_at = at, actor.user_id, at
        booked.presence_id = stay.id
        grounds.note_left(stay, actor, at)


def _log(event: OfflineEvent, found: Pass | None, seen: documents.Seen | None, at: datetime, actor: Actor, now: datetime) -> Outcome:
    """What let nobody through goes into the log as the phone judged it; what let through on nothing that fits is objected to."""
    if found is None or found.kind not in THROUGH:
        gate.verify(found.short_code if found else "", actor, at)
    else:
        gate.turn_away(found, event.reason, event.nonce, actor, at)
    booked = _recorded(actor, at)
    booked.nonce, booked.booked_at = event.nonce, now
    booked.facts = {name: value for name, value in booked.facts.items() if name != "reason" or value}
    if event.code == gate_rules.NOT_ON_SLIP.code:
        booked.facts = {**booked.facts, "serial": event.serial, "said": {"serial": event.serial}}
    if event.kind not in ("scan", "refusal"):
        booked.kind, booked.code = event.kind, ""
        return _object(booked, gate_rules.NOT_INSIDE if event.kind == "exit" else gate_rules.UNKNOWN, event, actor, now)
    booked.kind, booked.code = event.kind, "" if event.kind == "scan" else _known(event.code)
    if seen is not None:
        booked.person_id, booked.person_name = seen.who.person_id, seen.who.name
        if seen.refusal is not None and event.kind == "scan":  # nobody went in on it yet
            booked.kind, booked.code = "refusal", seen.refusal.code
            booked.facts = {**booked.facts, "said": {name: str(value) for name, value in seen.refusal.data.items()}}
    session().flush()
    return Outcome(event.nonce, BOOKED)


def _fits(event: OfflineEvent, found: Pass) -> bool:
    """Whether such a thing can happen on such a pass: equipment leaves on slips, people on everything else that lets through.

    Who is named is one of the people of that emergency.
    """
    if event.who_id is not None:
        row = session().get(EmergencyPerson, event.who_id)
        if row is None or row.emergency_id != found.subject_id:
            return False
    return found.kind in THROUGH and (event.kind == "release") == (found.kind == "exit_slip")


def _object(booked: GateEvent, refusal: Refusal, event: OfflineEvent, actor: Actor, now: datetime) -> Outcome:
    said = booked.facts.get("said") or {name: str(value) for name, value in refusal.data.items()}
    booked.objection = refusal.code
    booked.facts = {**booked.facts, "said": said, "phone": {"at": event.happened.isoformat(), "copied": event.copied.isoformat()}}
    session().flush()
    mistakes.note(booked, actor, now)
    return Outcome(event.nonce, OBJECTION, refusal.code)


def _why_not_release(found: Pass, at: datetime) -> Refusal | None:
    """Whether the supervisor had allowed offline releases at the slip's site at that time."""
    site = select(Room.site_id).join(Contract, Contract.room_id == Room.id).join(Exit, Exit.contract_id == Contract.id)
    site_id = session().scalar(site.where(Exit.id == found.subject_id))
    return None if site_id is not None and releases.in_force(at, site_id) else rules.RELEASE_NOT_ALLOWED


def _recorded(actor: Actor, at: datetime) -> GateEvent:
    """The event that a service has just written: this transaction's newest of this guard at that time."""
    written = select(GateEvent).where(GateEvent.guard_id == actor.user_id, GateEvent.created_at == at)
    return session().scalars(written.order_by(GateEvent.id.desc()).limit(1)).one()


def _known(code: str) -> str:
    """A code that the gate or a phone may say; what is none counts as the guard's own refusal."""
    return code if code in gate_rules.BY_CODE or code in rules.BY_CODE or code in shown.EMERGENCY else gate_rules.GUARD_REFUSED.code


def _document(raw: Any) -> documents.Document | None:
    if raw is None:
        return None
    if not isinstance(raw, Mapping):
        raise Unreadable("document")
    found = documents.Document(_text(raw, "name", 80), _text(raw, "kind", 20), _text(raw, "number", 40))
    if found.kind not in DOCUMENT_KINDS or not found.name.strip() or not found.number.strip():
        raise Unreadable("document")
    return found


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(float(value) / 1000, UTC)


def _id(value: Any) -> uuid.UUID | None:
    return uuid.UUID(str(value)) if value else None


def _texts(raw: Mapping[str, Any], name: str, most: int = 40) -> tuple[str, ...]:
    values = raw.get(name) or []
    if not isinstance(values, list) or len(values) > most or any(not _is_text(value, 200) for value in values):
        raise Unreadable(name)
    return tuple(values)


def _text(raw: Mapping[str, Any], name: str, longest: int) -> str:
    value = raw.get(name) or ""
    if not _is_text(value, longest):
        raise Unreadable(name)
    return str(value)


def _is_text(value: Any, longest: int) -> bool:
    """Whether the database can keep it: no zero bytes, no halves of characters."""
    return isinstance(value, str) and len(value) <= longest and "\0" not in value and not any(0xD800 <= ord(c) < 0xE000 for c in value)
