"""On what somebody enters (R-S4): a badge, a visit, an emergency. Each has one judge here; it reads its subject locked and says what
it opens.

A further kind of pass is one more function in `JUDGES`; everything after it is the same for all.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import String, Uuid, bindparam, select, union
from sqlalchemy.orm import joinedload

from portal.badges import queries as badges
from portal.calendar import queries as calendar
from portal.clients.models import Client, Person
from portal.conduct import queries as conduct
from portal.contracts import rules as contract_rules
from portal.emergencies import queries as emergencies
from portal.emergencies import services as emergency_services
from portal.facility.models import Room
from portal.gate import rules
from portal.gate.models import Presence
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.policy import Actor
from portal.passes.models import Pass
from portal.visits import queries as visits


@dataclass(frozen=True, slots=True)
class Who:
    """A natural person at the gate. `document_hash` is what tells them from others, whichever client they come for."""

    name: str
    document_hash: str
    document_tail: str
    phone: str = ""
    person_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What an entry stands on, as it is at this moment, its subject's row locked.

    `rooms` are those that it opens; `starts_at` and `ends_at` (not included) the time for entries; `stays_until`: by when who enters
    now is expected out, None for a badge. `only_room`: the one room that it is for, also while it does not open it. `who` is None
    while nobody was identified, `row_id` their place among an emergency's people.
    `refusal`: why it opens nothing.
    """

    kind: str
    subject_id: uuid.UUID
    number: str
    client: Client
    who: Who | None
    rooms: tuple[Room, ...]
    refusal: Refusal | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    escorted: bool = False
    photo_id: uuid.UUID | None = None
    stays_until: datetime | None = None
    row_id: uuid.UUID | None = None
    about: str = ""
    only_room: Room | None = None

    @property
    def last_day(self) -> date | None:
        """The last day of what is valid by days."""
        return clock.today(self.ends_at) - timedelta(days=1) if self.ends_at else None


def judge_badge(found: Pass, now: datetime, who_id: uuid.UUID | None) -> Ground:
    """A badge, with the rooms of its contracts that are in force (R-B3, R-B5, R-B6). A freeze leaves daily maintenance as it is."""
    badge = badges.for_gate(found.subject_id)
    today = clock.today(now)
    in_force = [grant.contract for grant in badge.grants if contract_rules.why_not_in_force(grant.contract, today) is None]
    rooms = tuple(sorted({contract.room for contract in in_force}, key=lambda room: room.code))
    granted = {grant.contract.room for grant in badge.grants}
    facts = rules.BadgeFacts(badge.state, badge.valid_until, [room.code for room in rooms], found.revoked_for or None)
    return Ground(
        kind="badge",
        subject_id=badge.id,
        number=badge.number,
        client=badge.client,
        who=_who(badge.person),
        rooms=rooms,
        only_room=next(iter(granted)) if len(granted) == 1 else None,
        refusal=rules.why_not_badge(facts, today),
        ends_at=clock.end_of(badge.valid_until) if badge.valid_until else None,
        photo_id=badge.photo_id,
    )


def judge_visit(found: Pass, now: datetime, who_id: uuid.UUID | None) -> Ground:
    """One person of a visit: that person, that room, that window, as often as they come and go inside it (R-A1)."""
    visitor = visits.visitor_for_gate(found.subject_id)
    visit = visitor.visit
    freeze = calendar.freeze_over(visit.room_id, now, now)
    facts = rules.VisitFacts(
        visit_state=visit.state,
        visitor_state=visitor.state,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        contract_in_force=any(room.id == visit.room_id for room in visits.rooms_to_visit(visit.client_id, now)),
        frozen_until=freeze.ends_at if freeze is not None else None,
        pass_revoked_for=found.revoked_for or None,
    )
    return Ground(
        kind="visit",
        subject_id=visitor.id,
        number=visitor.number,
        client=visit.client,
        who=_who(visitor.person),
        rooms=(visit.room,),
        only_room=visit.room,
        refusal=rules.why_not_visit(facts, now),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        escorted=bool(visit.escorted) or visit.room.escorted,
        stays_until=visit.ends_at,
        about=visit.reason,
    )


def judge_emergency(found: Pass, now: datetime, who_id: uuid.UUID | None) -> Ground:
    """An approved emergency, and of its people the one that `who_id` names: let in once their document was seen (R-A2).

    The time for entries is over when the approval lapses; who enters is expected out after as long again, counted from the entry.
    """
    emergency = emergencies.for_gate(found.subject_id)
    row = emergencies.get_person(emergency, who_id) if who_id is not None else None
    refusal = emergency_services.why_not_enter(emergency, now)
    if refusal is None and found.revoked_at is not None:
        refusal = rules.REISSUED
    if refusal is None and row is not None and not row.inside:
        refusal = emergency_services.why_not_person(row, now)
    return Ground(
        kind="emergency",
        subject_id=emergency.id,
        number=emergency.number,
        client=emergency.client,
        who=Who(row.name, row.document_hash, row.document_tail, row.phone, row.person_id) if row and row.document_hash else None,
        rooms=(emergency.room,),
        only_room=emergency.room,
        refusal=refusal,
        starts_at=emergency.decided_at,
        ends_at=emergency.lapses_at,
        escorted=emergency.room.escorted,
        stays_until=now + (emergency.lapses_at - emergency.decided_at) if emergency.lapses_at and emergency.decided_at else None,
        row_id=row.id if row is not None else None,
        about=emergency.reason,
    )


JUDGES: dict[str, Callable[[Pass, datetime, uuid.UUID | None], Ground]] = {
    "badge": judge_badge,
    "visit": judge_visit,
    "emergency": judge_emergency,
}


def judge(found: Pass, now: datetime, who_id: uuid.UUID | None = None) -> Ground:
    """What the pass lets its holder do now; `who_id` names one of an emergency's people. Raises NotFound when there is nothing behind it.

    Who is barred is refused whatever the pass (R-S7). The subject's row is locked: a ban that is decided meanwhile waits for it, and
    then finds who was let in.
    """
    ground = JUDGES[found.kind](found, now, who_id)
    barred = ground.who is not None and conduct.is_barred(ground.who.document_hash, now)
    return replace(ground, refusal=rules.BARRED) if barred else ground


def note_entered(ground: Ground, actor: Actor, now: datetime) -> None:
    """Tells the area of the ground that its person went in. Raises Refused, as that area does."""
    if ground.kind == "emergency" and ground.row_id is not None:
        emergency = emergencies.for_gate(ground.subject_id)
        emergency_services.note_entered(emergency, emergencies.get_person(emergency, ground.row_id), actor, now)


def note_left(stay: Presence, actor: Actor, now: datetime) -> None:
    """Tells the area of the ground that its person went out. An emergency does not know of who went in against its word, offline."""
    if stay.emergency_id is not None:
        emergency = emergencies.for_gate(stay.emergency_id)
        row = next((row for row in emergency.people if row.document_hash == stay.document_hash), None)
        if row is not None and row.inside:
            emergency_services.note_left(emergency, row, actor, now)


# Made once, and the stay itself is read only of who is inside. Each half has its index; a null person finds nobody.
_INSIDE = union(
    select(Presence.id).where(Presence.document_hash == bindparam("hash", type_=String()), Presence.left_at.is_(None)),
    select(Presence.id).where(Presence.person_id == bindparam("person", type_=Uuid()), Presence.left_at.is_(None)),
)


def stay_of(who: Who) -> Presence | None:
    """The stay of someone who is inside by the log, on whatever ground, with its room."""
    found = session().scalars(_INSIDE, {"hash": who.document_hash, "person": who.person_id}).all()
    if not found:
        return None
    statement = select(Presence).options(joinedload(Presence.room)).where(Presence.id == max(found))
    return session().scalars(statement.execution_options(populate_existing=True)).one_or_none()


def lock_stay(stay_id: uuid.UUID) -> Presence:
    """A stay with its room, locked so that it can be ended; after the emergency that it stands on, as an entry does. Raises NotFound."""
    emergency_id = session().scalar(select(Presence.emergency_id).where(Presence.id == stay_id))
    if emergency_id is not None:
        emergencies.for_gate(emergency_id)
    statement = select(Presence).options(joinedload(Presence.room)).where(Presence.id == stay_id).with_for_update(of=Presence)
    stay = session().scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if stay is None:
        raise NotFound(stay_id)
    return stay


def _who(person: Person) -> Who:
    return Who(person.name, person.document_hash, person.document_tail, person.phone, person.id)
