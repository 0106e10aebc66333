"""What duty staff do with shifts: start, hand over, take over."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from portal.accounts import queries as accounts
from portal.accounts.models import User
from portal.facility.models import Site
from portal.kernel import change
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import Actor, Role
from portal.outbox.services import notify
from portal.shifts import emails, queries, rules
from portal.shifts.lifecycle import LIVE
from portal.shifts.models import Shift


def start(site_id: uuid.UUID, actor: Actor, now: datetime) -> Shift:
    """Goes on duty at a site where nobody is. Raises Refused: someone is, or the actor is on duty already."""
    site = session().get(Site, site_id)
    if site is None:
        raise NotFound(site_id)
    return _open(site, None, actor, now)


def hand_over(shift: Shift, notes: str, actor: Actor, now: datetime) -> None:
    """Signs over: what happened, who is inside and what is open stay as they are now, with the guard's words for the next."""
    change.lock(shift)
    _own(shift, actor)
    values = {"notes": notes, "handed_over_at": now, "snapshot": queries.gather(shift, now)}
    change.move(shift, "hand_over", actor, now, values=values)
    site, others = session().get_one(Site, shift.site_id), accounts.recipients_with_role(Role.DUTY)
    data = {"number": shift.number, "site": site.code, "guard": actor.name}
    told = [recipient for recipient in others if recipient.user_id != actor.user_id]
    notify(emails.HANDED_OVER, told, now, path=queries.path(shift), data=data)


def take_over(shift: Shift, note: str, actor: Actor, now: datetime) -> Shift:
    """Signs what was handed over and goes on duty; of two who try at once one does. Raises Conflict, Refused, Forbidden."""
    change.lock(shift)
    values = {"next_guard_id": actor.user_id, "ended_at": now, "taken_note": note}
    change.move(shift, "take_over", actor, now, values=values)
    return _open(session().get_one(Site, shift.site_id), shift.id, actor, now)


def take_without(shift: Shift, reason: str, actor: Actor, now: datetime) -> Shift:
    """Goes on duty in place of someone who did not hand over (ill, gone): what is found is kept, and the supervisors are told."""
    change.lock(shift)
    values = {"next_guard_id": actor.user_id, "ended_at": now, "snapshot": queries.gather(shift, now)}
    change.move(shift, "take_without", actor, now, reason=reason, values=values)
    site, guard = session().get_one(Site, shift.site_id), session().get_one(User, shift.guard_id)
    data = {"number": shift.number, "site": site.code, "guard": guard.name, "next": actor.name, "reason": reason}
    told = [*accounts.recipients_with_role(Role.SUPERVISOR), *accounts.recipient(shift.guard_id)]
    notify(emails.LEFT, told, now, path=queries.path(shift), data=data)
    return _open(site, shift.id, actor, now)


def end(shift: Shift, reason: str, actor: Actor, now: datetime) -> None:
    """Goes off duty where nobody follows (a site that is not manned at night)."""
    change.lock(shift)
    _own(shift, actor)
    values = {"ended_at": now} | ({"snapshot": queries.gather(shift, now)} if shift.state == "running" else {})
    change.move(shift, "end", actor, now, reason=reason, values=values)


def _open(site: Site, previous_id: uuid.UUID | None, actor: Actor, now: datetime) -> Shift:
    live = select(Shift).where(Shift.state.in_(LIVE))
    if session().scalars(live.where(Shift.guard_id == actor.user_id)).first() is not None:
        raise Refused(rules.ON_DUTY_ELSEWHERE)
    there = session().scalars(live.where(Shift.site_id == site.id)).first()
    if there is not None:
        raise Refused(_taken(there))
    shift = Shift(
        number=next_number("SH", now),
        site_id=site.id,
        guard_id=actor.user_id,
        started_at=now,
        previous_id=previous_id,
    )
    with guarded({"uq_shifts_site": rules.SOMEONE_FASTER, "uq_shifts_guard": rules.ON_DUTY_ELSEWHERE}):
        change.open_record(shift, "start", actor, now, facts={"site": site.code})
    return shift


def _taken(shift: Shift) -> Refusal:
    return rules.SITE_TAKEN(guard=session().get_one(User, shift.guard_id).name)


def _own(shift: Shift, actor: Actor) -> None:
    if shift.guard_id != actor.user_id:
        raise Refused(rules.NOT_YOURS)
