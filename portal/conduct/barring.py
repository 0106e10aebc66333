"""Shutting a person out, and letting them in again: what an entry ban does, in the transaction of the decision behind it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.badges import services as badges
from portal.clients.models import Person
from portal.conduct import emails, queries, rules
from portal.conduct.models import BarredBadge, EntryBan, Violation
from portal.conduct.rules import SUSPENSION, Outcome
from portal.emergencies import services as emergencies
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.policy import SYSTEM, Actor, Role
from portal.outbox.services import notify
from portal.visits import services as visits

# What records of other clients say of the why: no more than that access is not given, or is again.
BARRED, UNBARRED = "conduct.barred", "conduct.unbarred"
BATCH = 200


def bar(violation: Violation, outcome: Outcome, actor: Actor, now: datetime) -> EntryBan:
    """Shuts the violation's person out at once (R-S7): every badge of theirs, of any client, is suspended, and no visit or
    emergency lets them in.

    Whoever of them is inside at this moment is shown to duty staff. `outcome` suspends or bans; the person's document is known.
    """
    document_hash = violation.document_hash
    assert document_hash is not None, "nobody can be barred whose document is unknown"
    queries.close_door(document_hash)
    until = _until(now, outcome)
    ban = EntryBan(
        created_at=now,
        document_hash=document_hash,
        person_id=violation.person_id,
        violation_id=violation.id,
        kind="ban" if until is None else "suspension",
        from_at=now,
        until_at=until,
    )
    session().add(ban)
    session().flush()
    # With those that an earlier ban holds: they stay shut until the last ban is over.
    shut = {*_held(document_hash), *badges.suspend_all_of(document_hash, actor, now, because_of=BARRED)}
    session().add_all(BarredBadge(created_at=now, ban_id=ban.id, badge_id=badge_id) for badge_id in sorted(shut))
    visits.withdraw_person(document_hash, actor, now, because_of=BARRED)
    emergencies.withdraw_person(document_hash, actor, now, because_of=BARRED)
    _record("person.barred", document_hash, actor, now)
    session().flush()
    _tell_duty(document_hash, now)
    return ban


def loosen(ban: EntryBan, outcome: Outcome, actor: Actor, now: datetime) -> None:
    """What a reduced decision leaves of a ban: a shorter time, counted from when it began, or nothing."""
    queries.close_door(ban.document_hash)
    session().refresh(ban)
    if ban.ended_at is not None:
        return
    if SUSPENSION in outcome.measures:
        ban.kind, ban.until_at = SUSPENSION, _until(ban.from_at, outcome)
        session().flush()
        if ban.until_at is not None and ban.until_at <= now:
            end(ban, actor, now)
        return
    lift(ban, actor, now)


def lift(ban: EntryBan, actor: Actor, now: datetime) -> None:
    """Takes a ban back, before its time is up or where it has none."""
    end(ban, actor, now, lifted=True)


def end(ban: EntryBan, actor: Actor, now: datetime, *, lifted: bool = False) -> bool:
    """The ban is over: the badges that it suspended open the gate again, where a contract is in force, no other ban holds them and no
    access review waits to confirm them.

    Says whether it was still on. The door comes before the row, here and wherever else both are taken.
    """
    queries.close_door(ban.document_hash)
    session().refresh(ban)
    if ban.ended_at is not None:
        return False
    with session().no_autoflush:
        ban.ended_at = now
        if lifted:
            ban.lifted_at, ban.lifted_by_id = now, actor.user_id
    session().flush()
    if queries.ban_on(ban.document_hash, now) is None:
        resumed = badges.resume_barred(_held(ban.document_hash), actor, now, because_of=UNBARRED)
        for row in session().scalars(select(BarredBadge).where(BarredBadge.badge_id.in_(resumed), BarredBadge.resumed_at.is_(None))):
            row.resumed_at = now
        _record("person.unbarred", ban.document_hash, actor, now)
    session().flush()
    return True


def end_due(now: datetime) -> int:
    """Ends the suspensions whose time is up. Nobody is barred for longer by waiting for this; only the badges are. Returns how many."""
    due = select(EntryBan).where(EntryBan.ended_at.is_(None), EntryBan.until_at <= now).order_by(EntryBan.until_at).limit(BATCH)
    ended = 0
    for ban in list(session().scalars(due)):
        if end(ban, SYSTEM, now):
            violation = session().get_one(Violation, ban.violation_id)
            audit.record(
                "violation.suspension_over", "violation", violation.id, violation.number, SYSTEM, now, client_id=violation.client_id
            )
            ended += 1
    return ended


def note_given_back(badge_id: uuid.UUID, now: datetime) -> None:
    """For whoever resumed a badge that `queries.is_kept_from_bar`: no bar holds it any more."""
    for row in session().scalars(select(BarredBadge).where(BarredBadge.badge_id == badge_id, BarredBadge.resumed_at.is_(None))):
        row.resumed_at = now


def _until(begun: datetime, outcome: Outcome) -> datetime | None:
    """When it ends: with the site's last day of it; None for a ban."""
    return clock.end_of(rules.last_suspended_day(clock.today(begun), outcome.days)) if outcome.days is not None else None


def _held(document_hash: str) -> list[uuid.UUID]:
    """Badges that bans of this person suspended and that were not given back."""
    held = select(BarredBadge.badge_id).join(EntryBan, EntryBan.id == BarredBadge.ban_id)
    held = held.where(EntryBan.document_hash == document_hash, BarredBadge.resumed_at.is_(None))
    return list(session().scalars(held.distinct()))


def _record(tag: str, document_hash: str, actor: Actor, now: datetime) -> None:
    """Tells it of the person under every client, without the why."""
    for person in session().scalars(select(Person).where(Person.document_hash == document_hash).order_by(Person.id)):
        audit.record(tag, "person", person.id, person.name, actor, now, client_id=person.client_id)


def _tell_duty(document_hash: str, now: datetime) -> None:
    for stay, client, room in queries.barred_inside(now, document_hash):
        data = {"person": stay.person_name, "client": client, "room": room}
        notify(emails.INSIDE, accounts.recipients_with_role(Role.DUTY), now, path=queries.stay_path(stay), data=data)
