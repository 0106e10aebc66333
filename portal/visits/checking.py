"""What speaks against a visit: its window, the site's hours, the contract for the room, the people and papers; and whether the client's
rule may approve it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import select

from portal.calendar import queries as calendar
from portal.clients.models import Client, Person
from portal.conduct import queries as conduct
from portal.contracts import queries as contracts
from portal.facility.models import Room
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import Refusal, Refused
from portal.passes import fonts
from portal.visits import rules
from portal.visits.models import ClientVisitRule, SiteVisitHours, Visit
from portal.visits.rules import Hours, Quota


def hours_of(site_id: uuid.UUID) -> Hours:
    """The site's visiting hours; always open in steps of 15 minutes where none are set."""
    row = session().scalars(select(SiteVisitHours).where(SiteVisitHours.site_id == site_id)).one_or_none()
    return rules.ALWAYS if row is None else Hours(row.opens, row.closes, row.weekdays, row.working_days_only, row.slot_minutes)


def why_not_window(
    room: Room, client_id: uuid.UUID, starts_at: datetime, ends_at: datetime, now: datetime, *, exception: bool
) -> list[Refusal]:
    """Everything that speaks against being in that room at that time, when it is asked for: shape, hours, contract."""
    hours, zone = hours_of(room.site_id), clock.zone()
    found = rules.why_not_window(starts_at, ends_at, now, zone, hours.slot)
    if exception:
        found += rules.why_off_slot(starts_at, ends_at, hours, zone)
    else:
        found += rules.why_not_start(starts_at, hours, zone, calendar.is_working_day)
        found += rules.why_not_end(ends_at, hours, zone, calendar.is_working_day)
    return [*found, *why_not_there(room, client_id, starts_at, ends_at, now)]


def why_not_later_end(visit: Visit, room: Room, ends_at: datetime, now: datetime, *, exception: bool) -> list[Refusal]:
    """What speaks against a later end of an approved visit."""
    hours, zone = hours_of(room.site_id), clock.zone()
    found = []
    if ends_at <= visit.ends_at:
        found.append(rules.NOT_LATER(end=visit.ends_at))
    elif ends_at > (last := rules.last_end(visit.starts_at, zone)):
        found.append(rules.TOO_LONG(days=rules.WINDOW_MOST.days, last=last))
    if exception:
        found += [r for r in rules.why_off_slot(visit.starts_at, ends_at, hours, zone) if r.field == "ends_at"]
    else:
        found += rules.why_not_end(ends_at, hours, zone, calendar.is_working_day)
    return [*found, *why_not_there(room, visit.client_id, visit.ends_at, ends_at, now)]


def why_not_there(room: Room, client_id: uuid.UUID, starts_at: datetime, ends_at: datetime, now: datetime) -> list[Refusal]:
    """What holds whenever it is decided, too: no freeze in that time, and a contract in force for the room up to the end."""
    frozen = calendar.why_frozen(room.id, starts_at, ends_at)
    found = [frozen.on("starts_at")] if frozen else []
    last = last_contract_day(client_id, room.id, now)
    if last is None:
        found.append(rules.NO_CONTRACT(room=room.code))
    elif ends_at > clock.end_of(last):
        found.append(rules.BEYOND_CONTRACT(last=last))
    return found


def last_contract_day(client_id: uuid.UUID, room_id: uuid.UUID, now: datetime) -> date | None:
    """The last day of the client's contracts in force for the room; None when there is none today."""
    in_force = contracts.contracts_in_force(client_id, clock.today(now))
    return max((contract.ends_on for contract in in_force if contract.room_id == room_id), default=None)


def why_not_people(people: Sequence[Person], now: datetime) -> list[Refusal]:
    """What speaks against these people: their number, one named twice, who has left or is barred, a name that cannot be printed."""
    found = rules.why_not_people(len(people))
    seen: set[uuid.UUID] = set()
    for person in people:
        if person.id in seen:
            found.append(rules.PERSON_TWICE(name=person.name))
        seen.add(person.id)
        if person.left_at is not None:
            found.append(rules.PERSON_LEFT(name=person.name))
        if unprintable := fonts.missing(person.name):
            found.append(rules.NAME_NOT_PRINTABLE.on("people")(characters=" ".join(sorted(unprintable))))
    return [*found, *why_barred(people, now)]


def why_barred(people: Iterable[Person], now: datetime) -> list[Refusal]:
    """Who of them may not enter at all (R-S7); holds until the commit. Nothing of the why is told."""
    try:
        conduct.check_not_barred([(person.document_hash, person.name) for person in people], now, field="people")
    except Refused as refused:
        return list(refused.refusals)
    return []


def why_not_papers(client: Client, letter_id: uuid.UUID | None) -> list[Refusal]:
    """A company brings a letter with its seal (R-A1); an individual is its own seal."""
    return [rules.LETTER_MISSING] if client.kind == "company" and letter_id is None else []


def why_not_still(visit: Visit, room: Room, people: Sequence[Person], now: datetime) -> list[Refusal]:
    """What speaks against approving a visit now, whatever was right when it was asked for."""
    found: list[Refusal] = [rules.WINDOW_OVER] if visit.ends_at <= now else []
    found += why_not_there(room, visit.client_id, visit.starts_at, visit.ends_at, now)
    found += [rules.PERSON_LEFT(name=person.name) for person in people if person.left_at is not None]
    return [*found, *why_barred(people, now)]


def quota_of(client_id: uuid.UUID) -> Quota | None:
    """The client's rule for approval without a person, under a row lock; None when it has none that is on."""
    rule = session().scalars(select(ClientVisitRule).where(ClientVisitRule.client_id == client_id).with_for_update()).one_or_none()
    if rule is None or not rule.active:
        return None
    return Quota(rule.people_most, rule.hours_most, rule.visits_a_week)


def free_place(client_id: uuid.UUID, week: date, quota: Quota) -> int | None:
    """The first of the week's places for approval by rule that no visit holds; None when all are taken.

    A place is held for good, also by a visit that was cancelled afterwards: otherwise the quota would be as large as one likes.
    """
    held = set(session().scalars(select(Visit.rule_place).where(Visit.client_id == client_id, Visit.rule_week == week)))
    return next((place for place in range(1, quota.visits_a_week + 1) if place not in held), None)
