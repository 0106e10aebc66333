"""Who could enter a room at a moment of the past, and on what: told from the audit's entries up to that moment, not from today's states.

Each kind of pass is one function of `GROUNDS`; each asks a constant number of queries, however many passes there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from portal.audit.models import AuditEntry
from portal.badges.lifecycle import BADGE
from portal.badges.models import Badge, BadgeGrant
from portal.conduct.models import EntryBan
from portal.contracts.models import Contract
from portal.emergencies.lifecycle import EMERGENCY
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.evidence import rules
from portal.evidence.rules import BadgeThen
from portal.facility.models import Room
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.visits.lifecycle import VISIT, VISITOR
from portal.visits.models import Visit, Visitor

APPROVED_EMERGENCY = ("approved", "in_use", "report_due")  # in which states people may (still) go in, until it lapses
WINDOW_DAYS = 60  # no visit is longer: a window of 14 days, and its extensions


@dataclass(frozen=True, slots=True)
class Ground:
    """One pass that there was for the room. `refusal` None: it let the person in at that moment.

    `on`: what it stood on (contract, window). `approved_by`, `approved_at`: from the audit entry of its approval.
    """

    kind: str
    subject_id: uuid.UUID
    number: str
    person: str
    client: str
    on: str
    approved_by: str
    approved_at: datetime | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Then:
    """A record as its last entry before the moment left it, and who approved it."""

    state: str
    approved_by: str = ""
    approved_at: datetime | None = None


def could_enter(room: Room, at: datetime) -> list[Ground]:
    """Every pass for the room at `at`: those that opened it first, then those that did not, with the reason."""
    found = [ground for grounds in GROUNDS for ground in grounds(room, at)]
    return sorted(found, key=lambda ground: (ground.refusal is not None, ground.kind, ground.number))


def badges_then(room: Room, at: datetime) -> Iterable[Ground]:
    """Badges that were issued for a contract of the room before `at` and had not ended long before: R-B3, R-B5, R-B6."""
    statement = (
        select(BadgeGrant, Badge)
        .join(Badge, Badge.id == BadgeGrant.badge_id)
        .join(BadgeGrant.contract)
        .where(Contract.room_id == room.id, Badge.issued_at <= at)
        .options(joinedload(BadgeGrant.contract), joinedload(Badge.person), joinedload(Badge.client))
    )
    granted: dict[uuid.UUID, tuple[Badge, list[Contract]]] = {}
    for grant, badge in session().execute(statement):
        granted.setdefault(badge.id, (badge, []))[1].append(grant.contract)
    badges = states_at("badge", granted, at, approved_by=BADGE.tag("issue"))
    contract_ids = {contract.id for _badge, contracts in granted.values() for contract in contracts}
    contracts = states_at("contract", contract_ids, at)
    ends = _ends_at({c.id: c.ends_on for _badge, cs in granted.values() for c in cs}, at)
    barred = barred_at({badge.person.document_hash for badge, _contracts in granted.values()}, at)
    day = clock.today(at)
    for badge, theirs in granted.values():
        then = badges.get(badge.id)
        if then is None or then.state in ("cancelled", "returned", "expired", "refused", "lost"):
            continue  # over before that moment: it is no question of that room any more
        in_force = [c.number for c in theirs if _in_force(c, contracts.get(c.id), ends[c.id], day)]
        facts = BadgeThen(then.state, badge.valid_until, tuple(in_force), badge.person.document_hash in barred)
        refusal = rules.why_not_badge(facts, day, BADGE.states[then.state].label)
        on = ", ".join(sorted(in_force or [c.number for c in theirs]))
        yield Ground("badge", badge.id, badge.number, badge.person.name, badge.client.name, on, then.approved_by, then.approved_at, refusal)


def visits_then(room: Room, at: datetime) -> Iterable[Ground]:
    """Visitors who were approved by `at` for a window around that day (R-A1). The window's end is as it was then, not as it is."""
    near = timedelta(days=WINDOW_DAYS)
    statement = (
        select(Visitor, Visit)
        .join(Visit, Visit.id == Visitor.visit_id)
        .where(Visit.room_id == room.id, Visit.starts_at <= at, Visit.starts_at > at - near)
        .options(joinedload(Visitor.person), joinedload(Visit.client))
    )
    found = [(visitor, visit) for visitor, visit in session().execute(statement)]
    visitors = states_at("visitor", {visitor.id for visitor, _visit in found}, at)
    visits = states_at("visit", {visit.id for _visitor, visit in found}, at, approved_by=VISIT.tag("approve"))
    ends = _visit_ends_at({visit.id: visit.ends_at for _visitor, visit in found}, at)
    barred = barred_at({visitor.person.document_hash for visitor, _visit in found}, at)
    for visitor, visit in found:
        then, of_visit = visitors.get(visitor.id), visits.get(visit.id)
        if then is None or of_visit is None or then.state in ("refused", "over") or of_visit.state in ("refused", "over"):
            continue
        refusal = rules.why_not_visitor(
            then.state, of_visit.state, VISITOR.states[then.state].label,
            inside=at < ends[visit.id], barred=visitor.person.document_hash in barred,
        )  # fmt: skip
        until = f"{clock.local(visit.starts_at):%Y-%m-%d %H:%M} – {clock.local(ends[visit.id]):%Y-%m-%d %H:%M}"
        yield Ground(
            "visit", visit.id, visitor.number, visitor.person.name, visit.client.name, until, of_visit.approved_by, of_visit.approved_at,
            refusal,
        )  # fmt: skip


def emergencies_then(room: Room, at: datetime) -> Iterable[Ground]:
    """Whoever was named on an emergency that a supervisor had approved by `at` and that had not lapsed long before (R-A2)."""
    statement = (
        select(EmergencyPerson, Emergency)
        .join(Emergency, Emergency.id == EmergencyPerson.emergency_id)
        .where(Emergency.room_id == room.id, Emergency.decided_at <= at, Emergency.lapses_at > at - timedelta(days=1))
        .where(EmergencyPerson.created_at <= at)
        .options(joinedload(Emergency.client))
    )
    found = [(person, emergency) for person, emergency in session().execute(statement)]
    emergencies = states_at("emergency", {emergency.id for _person, emergency in found}, at, approved_by=EMERGENCY.tag("approve"))
    barred = barred_at({person.document_hash for person, _emergency in found if person.document_hash}, at)
    for person, emergency in found:
        then, lapses_at = emergencies.get(emergency.id), emergency.lapses_at
        if then is None or lapses_at is None or then.state not in APPROVED_EMERGENCY:
            continue
        withdrawn = person.withdrawn_at is not None and person.withdrawn_at <= at
        refusal = rules.why_not_emergency(inside=at < lapses_at, barred=withdrawn or person.document_hash in barred)
        until = f"{clock.local(emergency.decided_at or at):%Y-%m-%d %H:%M} – {clock.local(lapses_at):%Y-%m-%d %H:%M}"
        yield Ground(
            "emergency", emergency.id, emergency.number, person.name, emergency.client.name, until, then.approved_by, then.approved_at,
            refusal,
        )  # fmt: skip


# Each kind of pass that can open a room: another kind is one more function here.
GROUNDS: tuple[Callable[[Room, datetime], Iterable[Ground]], ...] = (badges_then, visits_then, emergencies_then)


def states_at(kind: str, ids: Collection[uuid.UUID], at: datetime, *, approved_by: str = "") -> dict[uuid.UUID, Then]:
    """Each record's state at a moment, from its entries up to then; a record without any is left out. One query."""
    if not ids:
        return {}
    entries = (
        select(AuditEntry.subject_id, AuditEntry.tag, AuditEntry.after["state"].as_string(), AuditEntry.actor_name, AuditEntry.at)
        .where(AuditEntry.subject_kind == kind, AuditEntry.subject_id.in_(list(ids)), AuditEntry.at <= at)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    found: dict[uuid.UUID, Then] = {}
    for subject_id, tag, state, actor_name, when in session().execute(entries):
        if state is None:
            continue
        before = found.get(subject_id, Then(""))
        if tag in (approved_by, f"{approved_by}_by_rule"):
            found[subject_id] = Then(state, actor_name, when)
        else:
            found[subject_id] = Then(state, before.approved_by, before.approved_at)
    return found


def barred_at(hashes: Collection[str], at: datetime) -> set[str]:
    """Whose document was barred at a moment (R-S7). One query."""
    if not hashes:
        return set()
    bans = select(EntryBan.document_hash).where(
        EntryBan.document_hash.in_(hashes),
        EntryBan.from_at <= at,
        or_(EntryBan.until_at.is_(None), EntryBan.until_at > at),
        or_(EntryBan.lifted_at.is_(None), EntryBan.lifted_at > at),
    )
    return set(session().scalars(bans))


def _visit_ends_at(now: dict[uuid.UUID, datetime], at: datetime) -> dict[uuid.UUID, datetime]:
    """Each visit's end as the last entry before a moment told it, in the site's time."""
    told = (
        select(AuditEntry.subject_id, AuditEntry.after["ends_at"].as_string())
        .where(AuditEntry.subject_kind == "visit", AuditEntry.subject_id.in_(list(now)), AuditEntry.at <= at)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    found = dict(now)
    for visit_id, text in session().execute(told) if now else ():
        if text:
            found[visit_id] = datetime.fromisoformat(text).replace(tzinfo=clock.zone()).astimezone(UTC)
    return found


def _in_force(contract: Contract, then: Then | None, ends_on: date, day: date) -> bool:
    return then is not None and then.state == "in_force" and contract.starts_on <= day <= ends_on


def _ends_at(now: dict[uuid.UUID, date], at: datetime) -> dict[uuid.UUID, date]:
    """Each contract's last day as it stood at a moment: what the first renewal after it says it was before."""
    renewals = (
        select(AuditEntry.subject_id, AuditEntry.before["ends_on"].as_string())
        .where(AuditEntry.subject_kind == "contract", AuditEntry.subject_id.in_(list(now)), AuditEntry.tag == "contract.renewed")
        .where(AuditEntry.at > at)
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    found: dict[uuid.UUID, date] = {}
    for contract_id, before in session().execute(renewals) if now else ():
        found.setdefault(contract_id, date.fromisoformat(before))
    return {**now, **found}
