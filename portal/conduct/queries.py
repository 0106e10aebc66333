"""Who is barred from entering, and reading violations as far as the actor may see."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, Select, String, bindparam, exists, func, or_, select, text, union
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.elements import ColumnElement

from portal.accounts.models import User
from portal.clients.models import Client, Person
from portal.conduct import rules
from portal.conduct.lifecycle import TOLD
from portal.conduct.models import Appeal, BarredBadge, Decision, EntryBan, Violation, ViolationFile
from portal.conduct.rules import Outcome
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.facility.models import Room
from portal.gate.models import Presence
from portal.kernel import clock, ids
from portal.kernel.db import UTCDateTime, dialect, session
from portal.kernel.errors import NotFound, Refused
from portal.kernel.filters import begins, is_number
from portal.kernel.i18n import _
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Actor, Permission, Role

P = Permission
DECIDE_WITHIN = timedelta(days=3)  # what a supervisor aims at; nothing happens by itself when it is over


def ban_on(document_hash: str, now: datetime) -> EntryBan | None:
    """What bars the person with this document at `now`: a ban before a suspension, the later end first. One indexed look-up.

    To the second: a suspension bars until just before its `until_at`, whether or not the worker has ended it yet.
    """
    return bans_on([document_hash], now).get(document_hash)


def bans_on(hashes: Iterable[str], now: datetime) -> dict[str, EntryBan]:
    """`ban_on` for several people at once, in one query."""
    wanted = set(hashes)
    if not wanted:
        return {}
    found: dict[str, EntryBan] = {}
    for ban in session().scalars(select(EntryBan).where(EntryBan.document_hash.in_(wanted), in_effect(now))):
        known = found.get(ban.document_hash)
        if known is None or (known.until_at is not None and (ban.until_at is None or ban.until_at > known.until_at)):
            found[ban.document_hash] = ban
    return found


def in_effect(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Bars at `now`."""
    return EntryBan.ended_at.is_(None) & (EntryBan.from_at <= now) & or_(EntryBan.until_at.is_(None), EntryBan.until_at > now)


_BARRED = (
    select(EntryBan.id)
    .where(EntryBan.document_hash == bindparam("hash", type_=String()), in_effect(bindparam("now", type_=UTCDateTime())))
    .limit(1)
)


def is_barred(document_hash: str, now: datetime) -> bool:
    """Whether `ban_on` finds anything, for the gate, which asks at each scan: the statement is made once."""
    return session().scalar(_BARRED, {"hash": document_hash, "now": now}) is not None


def check_not_barred(people: Iterable[tuple[str, str]], now: datetime, *, field: str | None = None) -> None:
    """For whoever is about to give access: raises Refused (`conduct.barred`) for each of `people` (document hash, name) who is barred.

    Says nothing of the why. Holds until the commit: a ban that is being decided at this moment counts as decided, and one that
    comes afterwards finds what was given (two that would wait for each other are impossible: nobody waits here).
    """
    named = dict(people)
    barred = set(bans_on(named, now)) | _being_decided(named)
    if barred:
        said = rules.BARRED if field is None else rules.BARRED.on(field)
        raise Refused(*(said(name=name) for hash_, name in named.items() if hash_ in barred))


def is_kept_from_bar(badge_id: uuid.UUID, now: datetime) -> bool:
    """Whether a bar that is over suspended this badge and did not give it back: no contract was in force then, or a review waited."""
    held = select(EntryBan.document_hash).join(BarredBadge, BarredBadge.ban_id == EntryBan.id)
    document_hash = session().scalars(held.where(BarredBadge.badge_id == badge_id, BarredBadge.resumed_at.is_(None)).limit(1)).first()
    return document_hash is not None and ban_on(document_hash, now) is None


def close_door(document_hash: str) -> None:
    """For whoever decides a ban: from here to the commit nobody gives this person access (`check_not_barred` refuses)."""
    if dialect() == "postgresql":
        session().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(document_hash)})


def _being_decided(hashes: Iterable[str]) -> set[str]:
    """On PostgreSQL: of these, who is just being barred. The others are held until the commit. SQLite has one writer at a time."""
    keys = {_key(hash_): hash_ for hash_ in hashes}
    if not keys or dialect() != "postgresql":
        return set()
    tried = text("SELECT k, pg_try_advisory_xact_lock_shared(k) FROM unnest(CAST(:keys AS bigint[])) AS k")
    return {keys[key] for key, free in session().execute(tried.bindparams(bindparam("keys", sorted(keys)))) if not free}


def _key(document_hash: str) -> int:
    """The lock of one person: 64 bits of the hash, under a name of our own."""
    return int.from_bytes(hashlib.sha256(f"entry_ban:{document_hash}".encode()).digest()[:8], signed=True)


def select_violations(actor: Actor) -> Select[Violation]:
    """What the actor's list is made from, with client, person and room.

    A client sees what was decided about its own people; who may record but not read sees what they recorded.
    """
    statement = select(Violation).join(Violation.client)
    statement = statement.options(joinedload(Violation.client), joinedload(Violation.person), joinedload(Violation.room))
    if actor.is_client:
        return statement.where(Violation.client_id == actor.client_id, Violation.state.in_(TOLD))
    return statement if actor.may(P.VIOLATION_READ) else statement.where(Violation.recorded_by_id == actor.user_id)


def get_violation(actor: Actor, violation_id: uuid.UUID) -> Violation:
    """One violation. Raises NotFound, for another client's too."""
    violation = session().scalars(select_violations(actor).where(Violation.id == violation_id)).one_or_none()
    if violation is None:
        raise NotFound(violation_id)
    return violation


def decisions_of(violation: Violation) -> list[Decision]:
    """What was decided, the first decision first."""
    return list(session().scalars(select(Decision).where(Decision.violation_id == violation.id).order_by(Decision.id)))


def outcome_of(violation: Violation) -> Outcome:
    """What holds of the decision, as far as it was not lifted."""
    last = (
        session().scalars(select(Decision).where(Decision.violation_id == violation.id).order_by(Decision.id.desc()).limit(1)).one_or_none()
    )
    return Outcome(frozenset(last.measures), last.days) if last else Outcome(frozenset())


def appeal_of(violation: Violation) -> Appeal | None:
    return session().scalars(select(Appeal).where(Appeal.violation_id == violation.id)).one_or_none()


def file_ids(violation: Violation, part: str) -> list[uuid.UUID]:
    """The evidence's or the appeal's files, the first first."""
    found = select(ViolationFile.file_id).where(ViolationFile.violation_id == violation.id, ViolationFile.part == part)
    return list(session().scalars(found.order_by(ViolationFile.id)))


def ban_of(violation: Violation) -> EntryBan | None:
    """The bar that came of this violation, the latest if there was more than one."""
    return (
        session().scalars(select(EntryBan).where(EntryBan.violation_id == violation.id).order_by(EntryBan.id.desc()).limit(1)).one_or_none()
    )


def other_deciders(violation: Violation) -> list[uuid.UUID]:
    """Who else could answer an appeal: active supervisors who neither recorded it nor decided on it."""
    deciders = [role.value for role in Role if role is not Role.SYSTEM and Actor(None, "", role).may(P.VIOLATION_DECIDE)]
    others = select(User.id).where(User.role.in_(deciders), User.state == "active", User.id != violation.recorded_by_id)
    return list(session().scalars(others.where(User.id != violation.decided_by_id) if violation.decided_by_id else others))


def barred_inside(now: datetime, document_hash: str | None = None) -> list[tuple[Presence, str, str]]:
    """Who is inside although barred: stay, client's name, room's code. `document_hash` asks for one person alone."""
    statement = _barred_inside(select(Presence, Client.name, Room.code), now)
    if document_hash is not None:
        statement = statement.where(Presence.document_hash == document_hash)
    return [(row[0], row[1], row[2]) for row in session().execute(statement)]


def _barred_inside(statement: Select[*tuple[Any, ...]], now: datetime) -> Select[*tuple[Any, ...]]:
    barred = exists().where(EntryBan.document_hash == Presence.document_hash, in_effect(now))
    joined = statement.join(Client, Client.id == Presence.client_id).join(Room, Room.id == Presence.room_id)
    return joined.where(Presence.left_at.is_(None), barred).order_by(Presence.id).limit(50)


def violation_like(text: str) -> ColumnElement[bool]:
    """By the beginning of its number, else by the person's or the client's name."""
    if is_number(text):
        return begins(Violation.number, text.upper())
    of_client = select(Violation.id).where(Violation.client_id.in_(Client.named(text)))
    return Violation.id.in_(union(of_client, select(Violation.id).where(begins(Violation.person_name, text))))


def bars_now(now: datetime) -> ColumnElement[bool]:
    """Violations that bar someone at `now`."""
    return exists().where(EntryBan.violation_id == Violation.id, in_effect(now))


def names_of(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The names of users, in one query."""
    found = session().execute(select(User.id, User.name).where(User.id.in_(set(user_ids))))
    return {row.id: row.name for row in found}


def history_of(actor: Actor, person: Person) -> list[Violation]:
    """A person's violations as far as the actor may see, under whichever client, newest first. At most twenty."""
    if not actor.may(P.VIOLATION_READ):
        return []
    same = or_(Violation.person_id == person.id, Violation.document_hash == person.document_hash)
    return list(session().scalars(select_violations(actor).where(same).order_by(Violation.id.desc()).limit(20)))


def due_of(violation: Violation) -> datetime | None:
    """By when it is decided, appealed against, or the appeal answered."""
    if violation.state == "recorded":
        return violation.created_at + DECIDE_WITHIN
    if violation.state == "decided" and violation.appeal_until is not None:
        return clock.end_of(violation.appeal_until) - timedelta(minutes=1)  # read as the day that it still belongs to
    return None


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """For supervisors what waits for a decision or an answer; for a client's administrator what may be appealed against; for duty
    staff who is inside and may not be."""
    columns = (Violation.id, Violation.number, Violation.state, Violation.rule, Violation.created_at, Violation.appeal_until)
    rows = select(*columns, Violation.person_name, Client.name.label("client")).join(Client, Client.id == Violation.client_id)
    rows = rows.order_by(Violation.id).limit(20)
    found: list[Waits] = []
    if actor.may(P.VIOLATION_DECIDE):
        mine = rows.where(Violation.state.in_(("recorded", "appealed")), Violation.recorded_by_id != actor.user_id)
        found.append(Waits(mine, _due))
    elif actor.is_client and actor.may(P.VIOLATION_APPEAL):
        open_ = rows.where(Violation.client_id == actor.client_id, Violation.state == "decided")
        found.append(Waits(open_.where(Violation.appeal_until >= clock.today(now)), _due))
    if actor.may(P.PRESENCE_READ) and actor.may(P.VIOLATION_RECORD):
        inside = select(Presence.id, Presence.person_name, Client.name.label("client"), Room.code.label("room"))
        found.append(Waits(_barred_inside(inside, now), partial(_must_leave, now)))
    return found


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The figures of violations on the desk."""
    if actor.is_client or not actor.may(P.VIOLATION_READ):
        return None
    barred = select(func.count(EntryBan.document_hash.distinct())).where(in_effect(now))
    waiting = select(func.count()).select_from(Violation).where(Violation.state == "recorded")

    def told(number: int, undecided: int = -1) -> list[Figure]:
        figures = [Figure(_("Barred from entering"), number, "", "/violations/?barred=1")]
        if undecided >= 0:
            figures.append(Figure(_("Violations to decide"), undecided, "", "/violations/?state=recorded"))
        return figures

    return Counts((barred, waiting) if actor.may(P.VIOLATION_DECIDE) else (barred,), told)


def _due(row: Any) -> DueItem:
    sub = f"{row.client} · {row.person_name} · {_(rules.BROKEN[row.rule])}"
    state = told(Violation.LIFECYCLE.states[row.state])
    return DueItem(_("Violation %(number)s", number=row.number), sub, state, due_of(row), f"/violations/{ids.to_text(row.id)}")


def _must_leave(now: datetime, row: Any) -> DueItem:
    title = _("%(person)s is inside and may not be", person=row.person_name)
    return DueItem(title, f"{row.client} · {row.room}", State("barred", _("Must leave"), Tone.STOP), now, stay_path(row))


def stay_path(stay: Presence) -> str:
    """Where duty staff see who is inside, and book them out."""
    return f"/gate/stays/{ids.to_text(stay.id)}"
