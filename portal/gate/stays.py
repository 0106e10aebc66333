"""Stays in the rooms, apart from scans: who is past their time, more time, and booking out somebody whose pass is not at hand (R-A3)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.clients.models import Client
from portal.gate import emails, grounds, limits, queries, rules
from portal.gate.log import earlier_event, record_exit
from portal.gate.models import Presence
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, Refused
from portal.kernel.policy import SYSTEM, Actor, Permission, Role
from portal.outbox.messages import Message
from portal.outbox.services import notify

BATCH = 200


def book_out(stay_id: uuid.UUID, reason: str, given_back: Collection[str], nonce: str, actor: Actor, now: datetime) -> Presence:
    """Lets somebody out whose pass the guard did not see: lost inside, or its paper gone. Goes into the log with the reason.

    Raises Refused: no reason, something still at the desk, left already. The same confirm sent again changes nothing.
    """
    if not actor.may(Permission.GATE_VERIFY):
        raise Forbidden(Permission.GATE_VERIFY)
    stay, reason = grounds.lock_stay(stay_id), reason.strip()[:200]
    if earlier_event(nonce) is not None:
        return stay
    if stay.left_at is not None:
        raise Refused(rules.NOT_INSIDE_ANY_MORE(name=stay.person_name))
    if not reason:
        raise Refused(rules.REASON_MISSING)
    if missing := rules.not_given_back(stay.kept_items, given_back):
        raise Refused(rules.KEPT_NOT_BACK(count=len(missing)).on("back"))
    stay.left_at, stay.guard_out_id, stay.out_reason = now, actor.user_id, reason
    stay.kept_back_at = now if stay.kept_items else None
    grounds.note_left(stay, actor, now)
    record_exit(stay, rules.OUT_UNSEEN.code, actor, now, nonce=nonce, facts={"reason": reason})
    return stay


def extend(stay_id: uuid.UUID, minutes: int, reason: str, actor: Actor, now: datetime) -> Presence:
    """Settles that somebody stays too long: they may stay so many minutes from now, for a reason that is kept. Client and duty hear it.

    Raises Forbidden, and Refused: left already, no reason, too many minutes.
    """
    if not actor.may(Permission.PRESENCE_SETTLE):
        raise Forbidden(Permission.PRESENCE_SETTLE)
    stay, reason = grounds.lock_stay(stay_id), reason.strip()[:200]
    if stay.left_at is not None:
        raise Refused(rules.NOT_INSIDE_ANY_MORE(name=stay.person_name))
    if not reason:
        raise Refused(rules.REASON_MISSING)
    if why_not := rules.why_not_extend(minutes):
        raise Refused(why_not)
    before = _out_by(stay)
    stay.until_at, stay.overstay_told_at = now + timedelta(minutes=minutes), None
    stay.extended_at, stay.extended_by_id, stay.extension_reason = now, actor.user_id, reason
    session().flush()
    audit.record(
        "presence.extended", "presence", stay.id, _label(stay), actor, now, client_id=stay.client_id,
        before={"until": _moment(before)}, after={"until": _moment(stay.until_at), "room": stay.room.code}, reason=reason,
    )  # fmt: skip
    _tell(emails.EXTENDED, stay, now, until=stay.until_at, reason=reason)
    return stay


def window_moved(visitor_ids: Iterable[uuid.UUID], ends_at: datetime) -> None:
    """The window of visitors was shortened, extended or ended: for who is inside, too. Goes with the change of the visit."""
    moved = update(Presence).where(Presence.visitor_id.in_(list(visitor_ids)), Presence.left_at.is_(None))
    session().execute(moved.values(until_at=ends_at, overstay_told_at=None))


def flag_overstays(now: datetime) -> int:
    """Tells duty staff and the client of everyone inside past their time: at once, and again until they are out or have more time."""
    again = now - limits.repeat()
    past = (
        select(Presence)
        .options(joinedload(Presence.room))
        .where(Presence.left_at.is_(None), queries.is_past(now))
        .where(Presence.overstay_told_at.is_(None) | (Presence.overstay_told_at <= again))
        .order_by(Presence.id)
        .limit(BATCH)
        .with_for_update(of=Presence, skip_locked=True)
    )
    found = list(session().scalars(past))
    for stay in found:
        if stay.overstay_told_at is None:
            facts = {"until": _moment(_out_by(stay)), "room": stay.room.code}
            audit.record("presence.overstay", "presence", stay.id, _label(stay), SYSTEM, now, client_id=stay.client_id, after=facts)
        stay.overstay_told_at = now
        _tell(emails.OVERSTAY, stay, now, until=_out_by(stay))
    return len(found)


def _tell(message: Message, stay: Presence, now: datetime, *, until: datetime, reason: str = "") -> None:
    """Duty staff with the stay's own page; the client with the page of what it stands on."""
    client = session().get_one(Client, stay.client_id)
    data = {
        "person": stay.person_name, "client": client.name, "room": stay.room.code, "number": stay.subject_label,
        "until": _moment(until), "reason": reason,
    }  # fmt: skip
    notify(message, accounts.recipients_with_role(Role.DUTY), now, path=f"/gate/stays/{ids.to_text(stay.id)}", data=data)
    notify(message, accounts.recipients_of_client(stay.client_id), now, path=queries.ground_path(stay), data=data)


def _out_by(stay: Presence) -> datetime:
    return rules.past_time_at(stay.created_at, stay.until_at, limits.badge_hours())


def _moment(moment: datetime) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"


def _label(stay: Presence) -> str:
    return f"{stay.person_name} · {stay.subject_label}"
