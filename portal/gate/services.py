"""What duty staff do at the gate. Every scan is recorded, refused ones with their code; a confirm that is sent twice counts once.

A refusal here is a result, not an exception: its record is committed like any other.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from portal.exits import queries as exits
from portal.exits import services as exit_services
from portal.exits.models import Exit
from portal.facility.models import Room
from portal.gate import grounds, queries, rules
from portal.gate.grounds import Ground
from portal.gate.log import Verdict, earlier_event, record
from portal.gate.models import Presence
from portal.gate.stays import window_moved
from portal.kernel import clock, constraints
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.kernel.policy import Actor
from portal.passes import queries as passes
from portal.passes import token
from portal.passes.models import Pass

__all__ = [
    "CORRECTABLE",
    "Verdict",
    "earlier_event",
    "enter",
    "judge",
    "judge_pass",
    "leave",
    "note_return",
    "release",
    "stands_on",
    "tick",
    "turn_away",
    "verify",
    "verify_pass",
    "window_moved",
]

# What the guard can put right on the page.
CORRECTABLE = frozenset(
    r.code
    for r in (
        rules.CHECKLIST, rules.CHOOSE_ROOM, rules.CHOOSE_ESCORT, rules.KEPT_NOT_BACK, rules.TOO_MUCH_KEPT,
        rules.MOVER_NOT_SEEN, rules.NOTHING_TICKED, rules.NOT_ALL_TICKED, rules.NOT_ON_SLIP,
    )
)  # fmt: skip

SUBJECTS = {"badge": "badge", "visit": "visitor", "emergency": "emergency"}


def verify(scanned: str, actor: Actor, now: datetime) -> Verdict:
    """Judges a scanned address, token or short code, and records the scan. Decides nothing: `enter`, `leave`, `release` do."""
    verdict = judge(scanned, now)
    record("scan" if verdict.refusal is None else "refusal", verdict, actor, now)
    return verdict


def judge(scanned: str, now: datetime) -> Verdict:
    """The verdict on a scan, without recording it. The subject's row is locked."""
    try:
        found = passes.find_pass(scanned)
    except token.BadToken as error:
        return Verdict(rules.FORGED if error.code == "bad_signature" else rules.NOT_A_PASS, facts={"why": error.code})
    except token.BadShortCode as error:
        return Verdict(rules.MISTYPED if error.code == "wrong_check" else rules.NOT_A_PASS, facts={"why": error.code})
    if found is None:
        return Verdict(rules.UNKNOWN)
    return judge_pass(found, now)


def verify_pass(found: Pass, actor: Actor, now: datetime) -> Verdict:
    """As `verify`, of a pass that the guard chose from a list."""
    verdict = judge_pass(found, now)
    record("scan" if verdict.refusal is None else "refusal", verdict, actor, now)
    return verdict


def judge_pass(found: Pass, now: datetime, who_id: uuid.UUID | None = None) -> Verdict:
    """The verdict on a pass that was found; `who_id` names one of an emergency's people."""
    if found.kind in grounds.JUDGES:
        ground = grounds.judge(found, now, who_id)
        return Verdict(ground.refusal, found, ground, inside=grounds.stay_of(ground.who) if ground.who else None)
    if found.kind == "exit_slip":
        return _judge_slip(found, now)
    return Verdict(rules.WORK_ORDER_PAPER, found=found)


def enter(
    found: Pass,
    room_id: uuid.UUID | None,
    points: Collection[str],
    nonce: str,
    actor: Actor,
    now: datetime,
    *,
    escort_id: uuid.UUID | None = None,
    kept: Sequence[str] = (),
    who_id: uuid.UUID | None = None,
) -> Verdict:
    """Lets the person of a pass into a room: judged again under lock, checklist confirmed (R-E1..E4), entry on record (R-A3).

    `escort_id`: the member of staff who goes with a visitor that is escorted. `kept`: what was left at the desk, as keys of
    `rules.KEPT_ITEMS` or in words. `who_id`: which of an emergency's people. Raises Refused when another guard was faster.
    """
    verdict = judge_pass(found, now, who_id)
    ground, kept = verdict.ground, _noted(kept)
    if ground is None or ground.who is None:
        return _refused(verdict, verdict.refusal or rules.NOT_IDENTIFIED, nonce, actor, now)
    room = session().get(Room, room_id) if room_id else None
    escort = queries.escort(escort_id) if escort_id else None
    facts = rules.Entering(
        refusal=ground.refusal,
        rooms=[opened.code for opened in ground.rooms],
        room=room.code if room else None,
        inside=(verdict.inside.room.code, verdict.inside.created_at) if verdict.inside else None,
        escorted=ground.escorted,
        escort_named=escort is not None,
        checked=points,
    )
    refusal = rules.why_not_enter(facts) or rules.why_not_kept(kept)
    if refusal is not None or room is None:
        return _refused(verdict, refusal or rules.CHOOSE_ROOM, nonce, actor, now, room)
    stay = Presence(
        created_at=now,
        room=room,
        guard_in_id=actor.user_id,
        until_at=ground.stays_until,
        escort_id=escort.id if escort else None,
        kept_items=kept,
        **stands_on(ground, ground.who),
    )
    inside_already = rules.ALREADY_INSIDE(room=room.code, since=now)
    with constraints.guarded({"uq_presences_inside": inside_already, "uq_presences_person": inside_already}):
        session().add(stay)
    grounds.note_entered(ground, actor, now)
    told = {"checked": sorted(points)} | ({"kept": kept} if kept else {}) | ({"escort": escort.name} if escort else {})
    record("entry", verdict, actor, now, nonce=nonce, room_id=room.id, stay=stay, facts=told)
    return replace(verdict, inside=stay)


def leave(
    found: Pass,
    nonce: str,
    actor: Actor,
    now: datetime,
    *,
    given_back: Collection[str] = (),
    reason: str = "",
    room_id: uuid.UUID | None = None,
    who_id: uuid.UUID | None = None,
) -> Verdict:
    """Books the person out. Going out is never refused for a pass that is over: only while something of theirs is at the desk.

    Someone who is not inside by the log leaves with the guard's `reason` (and the room they come from): it is recorded as a stay
    of no length, so that what the log says stays true. Without one it is refused.
    """
    verdict = judge_pass(found, now, who_id)
    stay = grounds.lock_stay(verdict.inside.id) if verdict.inside is not None else None
    if stay is None or stay.left_at is not None:
        return _leave_unentered(verdict, nonce, actor, now, reason.strip(), room_id)
    if missing := rules.not_given_back(stay.kept_items, given_back):
        return _refused(verdict, rules.KEPT_NOT_BACK(count=len(missing)), nonce, actor, now, stay.room)
    stay.left_at, stay.guard_out_id = now, actor.user_id
    stay.kept_back_at = now if stay.kept_items else None
    grounds.note_left(stay, actor, now)
    record("exit", verdict, actor, now, nonce=nonce, room_id=stay.room_id, stay=stay)
    return replace(verdict, refusal=None, inside=None)


def _leave_unentered(verdict: Verdict, nonce: str, actor: Actor, now: datetime, reason: str, room_id: uuid.UUID | None) -> Verdict:
    ground = verdict.ground
    if ground is None or ground.who is None or not reason:
        return _refused(verdict, rules.NOT_INSIDE, nonce, actor, now)
    room = session().get(Room, room_id) if room_id else ground.rooms[0] if len(ground.rooms) == 1 else None
    if room is None:
        return _refused(verdict, rules.CHOOSE_ROOM, nonce, actor, now)
    stay = Presence(
        created_at=now, left_at=now, room=room, guard_in_id=actor.user_id, guard_out_id=actor.user_id, out_reason=reason[:200],
        **stands_on(ground, ground.who),
    )  # fmt: skip
    session().add(stay)
    session().flush()
    record(
        "exit", verdict, actor, now, nonce=nonce, refusal=rules.OUT_WITHOUT_IN, room_id=room.id, stay=stay, facts={"reason": reason[:200]}
    )
    return replace(verdict, refusal=None)


def release(
    found: Pass,
    item_ids: Collection[uuid.UUID],
    *,
    mover_seen: bool,
    rest_stays: bool,
    nonce: str,
    actor: Actor,
    now: datetime,
) -> Verdict:
    """Lets out the ticked items of a slip, once (R-X3). All of them, or some with the word that the rest stays inside."""
    verdict = _judge_slip(found, now)
    if verdict.refusal is not None or verdict.exit is None:
        return _refused(verdict, verdict.refusal or rules.UNKNOWN, nonce, actor, now)
    listed = {item.id for item in verdict.exit.items}
    refusal = None
    if not mover_seen:
        refusal = rules.MOVER_NOT_SEEN
    elif not item_ids or not set(item_ids) <= listed:
        refusal = rules.NOTHING_TICKED
    elif set(item_ids) != listed and not rest_stays:
        refusal = rules.NOT_ALL_TICKED(missing=len(listed) - len(set(item_ids)))
    if refusal is not None:
        return _refused(verdict, refusal, nonce, actor, now)
    serials = [item.listed_serial for item in verdict.exit.items if item.id in item_ids]
    exit_services.release(verdict.exit, frozenset(item_ids), actor, now)
    record("release", verdict, actor, now, nonce=nonce, facts={"released": serials, "stayed": len(listed) - len(serials)})
    return verdict


def tick(found: Pass, serial: str, actor: Actor, now: datetime) -> Verdict:
    """Looks for a scanned serial number on the slip. One that is not on it stays inside, and the attempt is recorded."""
    verdict = _judge_slip(found, now)
    if verdict.refusal is not None or verdict.exit is None:
        return verdict
    if any(item.listed_serial == serial for item in verdict.exit.items):
        return verdict
    refusal = rules.NOT_ON_SLIP(serial=serial)
    record("refusal", verdict, actor, now, refusal=refusal, facts={"serial": serial})
    return replace(verdict, refusal=refusal)


def note_return(slip: Exit, serials: Collection[str], actor: Actor, now: datetime) -> None:
    """Records what came back through the gate on a slip, or what came in its stead (R-X4). Goes with `exits.returns.book_at_gate`."""
    if serials:
        record("return", Verdict(None, exit=slip), actor, now, facts={"returned": list(serials)})


def turn_away(found: Pass, reason: str, nonce: str, actor: Actor, now: datetime) -> None:
    """The guard refuses what the portal would have let through: recorded with the reason, and the pass stays as it was."""
    verdict = judge_pass(found, now)
    record("refusal", verdict, actor, now, nonce=nonce, refusal=rules.GUARD_REFUSED, facts={"reason": reason})


def _judge_slip(found: Pass, now: datetime) -> Verdict:
    slip = exits.for_gate(found.subject_id)
    facts = rules.SlipFacts(slip.state, slip.leaves_on, slip.released_at, found.revoked_for or None)
    return Verdict(rules.why_not_slip(facts, clock.today(now)), found, exit=slip)


def stands_on(ground: Ground, who: grounds.Who) -> dict[str, object]:
    """A stay's columns that say who it is and on what."""
    return {
        f"{SUBJECTS[ground.kind]}_id": ground.subject_id,
        "client_id": ground.client.id,
        "person_id": who.person_id,
        "document_hash": who.document_hash,
        "person_name": who.name,
        "phone": who.phone,
        "subject_label": ground.number,
    }


def _noted(kept: Sequence[str]) -> list[str]:
    """Each thing once, without the blanks around it."""
    return list(dict.fromkeys(filter(None, (item.strip() for item in kept))))


def _refused(verdict: Verdict, refusal: Refusal, nonce: str, actor: Actor, now: datetime, room: Room | None = None) -> Verdict:
    """A refused confirm. What the guard can put right on the page (a missing tick) uses up no nonce, so it can be sent again."""
    kept = None if refusal.code in CORRECTABLE else nonce
    record("refusal", verdict, actor, now, nonce=kept, refusal=refusal, room_id=room.id if room else None)
    return replace(verdict, refusal=refusal)
