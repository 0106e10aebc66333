"""What people do with visits: request, review, change, end. An approved person holds a pass for the room and the window alone (R-A1)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.audit import services as audit
from portal.clients.models import Client, Person
from portal.emergencies import queries as emergencies
from portal.facility.models import Room
from portal.files import services as files
from portal.gate import services as gate
from portal.kernel import change, clock
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Permission
from portal.passes.services import issue_pass, revoke_pass
from portal.visits import attachments, checking, emails, rules
from portal.visits.lifecycle import LIVE, LIVE_VISITOR
from portal.visits.models import Visit, VisitExtension, Visitor
from portal.visits.naming import Named, name_visitors, people_named, visitors_of
from portal.visits.telling import send_passes, site_time, tell_client, tell_service, tell_visitor


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """What a request says. `starts_at`, `ends_at` in UTC. `exception`: why the site's hours should not hold; "" where they do."""

    client_id: uuid.UUID
    room_id: uuid.UUID
    reason: str
    starts_at: datetime
    ends_at: datetime
    people: tuple[Named, ...]
    letter_id: uuid.UUID | None
    opens_rack: bool = False
    tools: str = ""
    vehicles: tuple[str, ...] = ()
    exception: str = ""
    repeats_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """Who of the visit's people may come, and whether somebody goes with them."""

    visitor_ids: frozenset[uuid.UUID]
    escorted: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class LaterEnd:
    """More time: until when, why, and why the site's hours should not hold ("" where they do)."""

    ends_at: datetime
    reason: str
    exception: str = ""


def request(command: VisitRequest, actor: Actor, now: datetime) -> Visit:
    """Sends a request to customer service; one inside the client's quota that breaks no rule is approved at once by the portal.

    Raises Refused with every reason at once.
    """
    client, room = _client(command.client_id, actor), _room(command.room_id)
    people = people_named(command.people, client, actor, now)
    _check(command, client, room, [person for person, _email in people], now)
    repeats_id = _own_visit(command.repeats_id, client)
    quota = checking.quota_of(client.id)
    week, place, by_hand = rules.week_of(command.starts_at, clock.zone()), None, ""
    if quota is not None:
        by_hand = rules.why_by_hand(quota, len(people), command.starts_at, command.ends_at, exception=bool(command.exception))
        place = None if by_hand else checking.free_place(client.id, week, quota)
        by_hand = by_hand or ("" if place else "week")
    visit = Visit(
        number=next_number("VI", now),
        client_id=client.id,
        repeats_id=repeats_id,
        asked_by_id=actor.user_id,
        **_values(command, client, actor, now),
    )
    facts = _facts(command, room) | ({"by_hand": by_hand} if by_hand else {})
    change.open_record(visit, "request", actor, now, facts=facts)
    name_visitors(visit, people, actor, now)
    if place is None:
        tell_service(emails.REQUESTED, visit, now, people=len(people))
        return visit
    values = {"escorted": room.escorted, "decided_at": now, "rule_week": week, "rule_place": place}
    with guarded({"uq_visits_rule_place": rules.QUOTA_FULL}):
        change.move(visit, "approve_by_rule", SYSTEM, now, facts={"escorted": room.escorted}, values=values)
    visitors = visitors_of(visit.id)
    for visitor in visitors:
        change.move(visitor, "approve_by_rule", SYSTEM, now, facts={"person": visitor.person.name})
    _issue_passes(visit, visitors, SYSTEM, now)
    send_passes(emails.APPROVED, visit, visitors, now)
    return visit


def resend(visit: Visit, command: VisitRequest, actor: Actor, now: datetime) -> None:
    """Sends a corrected request again; a person asked for the correction, so a person looks at it again."""
    change.lock(visit)
    client, room = _client(visit.client_id, actor), _room(command.room_id)
    people = people_named(command.people, client, actor, now)
    _check(command, client, room, [person for person, _email in people], now)
    values = {"asked_by_id": actor.user_id, "reviewed_by_id": None, "review_note": "", **_values(command, client, actor, now)}
    change.move(visit, "resend", actor, now, facts=_facts(command, room), values=values)
    name_visitors(visit, people, actor, now)
    tell_service(emails.REQUESTED, visit, now, people=len(people))


def ask_correction(visit: Visit, reason: str, actor: Actor, now: datetime) -> None:
    change.move(visit, "ask_correction", actor, now, reason=reason, values={"review_note": reason, "reviewed_by_id": actor.user_id})
    tell_client(emails.NEEDS_CORRECTION, visit, now, reason=reason)


def refuse(visit: Visit, reason: str, actor: Actor, now: datetime) -> None:
    change.lock(visit)
    values = {"review_note": reason, "reviewed_by_id": actor.user_id, "decided_at": now}
    change.move(visit, "refuse", actor, now, reason=reason, values=values)
    for visitor in _live(visit):
        change.move(visitor, "refuse", actor, now, facts={"person": visitor.person.name}, because_of="visit.refuse")
    tell_client(emails.REFUSED, visit, now, reason=reason)


def approve(visit: Visit, command: Approval, actor: Actor, now: datetime) -> None:
    """Approves the visit for all or a part of its people; each gets a pass. What spoke for it is looked at again.

    Raises Refused; Conflict when somebody was faster; Forbidden for who asked for it.
    """
    change.lock(visit)
    room = _room(visit.room_id)
    if not visit.LIFECYCLE.allows(visit.state, "approve"):
        raise change.conflict(visit, "approve")
    named = visitors_of(visit.id)
    visitors = [visitor for visitor in named if visitor.state in LIVE_VISITOR]
    if not command.visitor_ids <= {visitor.id for visitor in named}:
        raise NotFound("visitor")
    if not command.visitor_ids <= {visitor.id for visitor in visitors}:
        raise Refused(rules.PEOPLE_CHANGED)
    chosen = [visitor for visitor in visitors if visitor.id in command.visitor_ids]
    refusals = checking.why_not_still(visit, room, [visitor.person for visitor in chosen], now)
    if not chosen:
        refusals.append(rules.NOBODY_APPROVED)
    if room.escorted and not command.escorted:
        refusals.append(rules.ROOM_ESCORTS(room=room.code))
    if refusals:
        raise Refused(*refusals)
    values = {"escorted": command.escorted, "reviewed_by_id": actor.user_id, "review_note": command.note, "decided_at": now}
    facts = {"escorted": command.escorted, "people": len(chosen)}
    change.move(visit, "approve", actor, now, reason=command.note or None, facts=facts, values=values)
    for visitor in visitors:
        verb = "approve" if visitor.id in command.visitor_ids else "refuse"
        change.move(visitor, verb, actor, now, facts={"person": visitor.person.name})
    _issue_passes(visit, chosen, actor, now)
    send_passes(emails.APPROVED, visit, chosen, now)


def shorten(visit: Visit, ends_at: datetime, actor: Actor, now: datetime) -> None:
    """An earlier end, at once and without asking. The passes with the old end are dead; new ones go out."""
    change.lock(visit)
    refusals = []
    if ends_at >= visit.ends_at:
        refusals.append(rules.NOT_SHORTER(end=visit.ends_at))
    elif ends_at <= visit.starts_at:
        refusals.append(rules.ENDS_BEFORE_START)
    elif ends_at <= now:
        refusals.append(rules.END_IN_THE_PAST)
    else:
        hours = checking.hours_of(_room(visit.room_id).site_id)
        refusals += [r for r in rules.why_off_slot(visit.starts_at, ends_at, hours, clock.zone()) if r.field == "ends_at"]
    if refusals and visit.state == "approved":
        raise Refused(*refusals)
    _new_end(visit, "shorten", ends_at, actor, now)
    _drop_extension(visit, "visit.shorten", actor, now)


def ask_for_more_time(visit: Visit, command: LaterEnd, actor: Actor, now: datetime) -> VisitExtension:
    """Asks for a later end. The visit and its passes stay as they are until someone else approves it."""
    change.lock(visit)
    _client(visit.client_id, actor)
    if visit.state != "approved":
        raise Refused(rules.NOT_APPROVED(state=visit.LIFECYCLE.states[visit.state].label))
    refusals = checking.why_not_later_end(visit, _room(visit.room_id), command.ends_at, now, exception=bool(command.exception))
    if refusals:
        raise Refused(*refusals)
    earlier = session().scalar(select(func.count()).where(VisitExtension.visit_id == visit.id)) or 0
    extension = VisitExtension(
        visit_id=visit.id,
        client_id=visit.client_id,
        number=f"{visit.number}-E{earlier + 1}",
        ends_at=command.ends_at,
        reason=command.reason,
        exception=command.exception,
        asked_by_id=actor.user_id,
    )
    facts = {"ends_at": site_time(command.ends_at)} | ({"exception": command.exception} if command.exception else {})
    with guarded({"uq_visit_extensions_open": rules.EXTENSION_OPEN}):
        change.open_record(extension, "ask", actor, now, reason=command.reason, facts=facts)
    tell_service(emails.EXTENSION_ASKED, visit, now, until=site_time(command.ends_at), reason=command.reason)
    return extension


def approve_more_time(extension: VisitExtension, actor: Actor, now: datetime) -> None:
    """The visit ends later; its people get new passes, and the old ones are dead."""
    visit = _visit_locked(extension)
    room, visitors = _room(visit.room_id), _live(visit)
    refusals = checking.why_not_still(visit, room, [visitor.person for visitor in visitors], now)
    refusals += checking.why_not_there(room, visit.client_id, visit.ends_at, extension.ends_at, now)
    if refusals and extension.state == "under_review":
        raise Refused(*refusals)
    change.move(extension, "approve", actor, now, values={"reviewed_by_id": actor.user_id})
    _new_end(visit, "extend", extension.ends_at, actor, now, because_of="visit_extension.approve")


def refuse_more_time(extension: VisitExtension, reason: str, actor: Actor, now: datetime) -> None:
    visit = _visit_locked(extension)
    change.move(extension, "refuse", actor, now, reason=reason, values={"review_note": reason, "reviewed_by_id": actor.user_id})
    tell_client(emails.EXTENSION_REFUSED, visit, now, reason=reason)


def withdraw_more_time(extension: VisitExtension, actor: Actor, now: datetime) -> None:
    change.move(extension, "withdraw", actor, now)


def cancel(visit: Visit, reason: str, actor: Actor, now: datetime) -> None:
    """Nobody comes: every pass of it is dead from this moment."""
    change.lock(visit)
    _cancel(visit, reason, actor, now, because_of=None)


def withdraw(visitor: Visitor, reason: str, actor: Actor, now: datetime) -> None:
    """Takes one person off a visit; the pass is dead from this moment. With the last one the visit is cancelled."""
    visit = session().get_one(Visit, visitor.visit_id)
    change.lock(visit)
    change.lock(visitor)
    change.move(visitor, "withdraw", actor, now, reason=reason)
    _taken_off(visit, visitor, reason, actor, now)


def withdraw_person(document_hash: str, actor: Actor, now: datetime, *, because_of: str) -> int:
    """Takes whoever has this document off every live visit, of any client, and kills their passes. Returns off how many.

    `because_of`: the audit tag of the decision that it follows from; then `actor` needs no permission of visits.
    """
    theirs = (
        select(Visitor.visit_id)
        .join(Person, Person.id == Visitor.person_id)
        .where(Person.document_hash == document_hash, Visitor.state.in_(LIVE_VISITOR))
    )
    count = 0
    # In one order, so that two who bar two people at once do not wait for each other.
    locked = select(Visit).where(Visit.id.in_(theirs), Visit.state.in_(LIVE)).order_by(Visit.id).with_for_update()
    for visit in session().scalars(locked.execution_options(populate_existing=True)).all():
        for visitor in _live(visit):
            if visitor.person.document_hash == document_hash:
                change.move(visitor, "withdraw", actor, now, because_of=because_of)
                _taken_off(visit, visitor, "", actor, now)
                count += 1
    return count


def note_printed(visit: Visit, what: str, actor: Actor, now: datetime) -> None:
    """Leaves on record that passes were printed: of the visit, or of one person of it (`what` is the number)."""
    audit.record("visit.printed", "visit", visit.id, visit.number, actor, now, client_id=visit.client_id, after={"for": what})


def over_due(now: datetime) -> int:
    """Ends the visits whose time is over, and lapses those that nobody approved in time. The gate does not wait for this. How many."""
    due = select(Visit).where(Visit.state.in_(LIVE), Visit.ends_at <= now).order_by(Visit.id).limit(200)
    count = 0
    for visit in session().scalars(due.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all():
        approved = visit.state == "approved"
        verb = "end" if approved else "lapse"
        _drop_extension(visit, f"visit.{verb}", SYSTEM, now)
        change.move(visit, verb, SYSTEM, now)
        for visitor in _live(visit):
            change.move(visitor, "end", SYSTEM, now, because_of=f"visit.{verb}")
            revoke_pass(visitor.id, now, "over")
        if not approved:
            tell_client(emails.LAPSED, visit, now)
        count += 1
    return count


def _client(client_id: uuid.UUID, actor: Actor) -> Client:
    if not actor.may(Permission.VISIT_REQUEST):
        raise Forbidden(Permission.VISIT_REQUEST)
    client = None if actor.is_client and client_id != actor.client_id else session().get(Client, client_id)
    if client is None:
        raise NotFound(client_id)
    return client


def _room(room_id: uuid.UUID) -> Room:
    room = session().get(Room, room_id)
    if room is None:
        raise NotFound(room_id)
    return room


def _own_visit(visit_id: uuid.UUID | None, client: Client) -> uuid.UUID | None:
    if visit_id is None:
        return None
    earlier = session().get(Visit, visit_id)
    if earlier is None or earlier.client_id != client.id:
        raise NotFound(visit_id)
    return earlier.id


def _visit_locked(extension: VisitExtension) -> Visit:
    visit = session().get_one(Visit, extension.visit_id)
    change.lock(visit)
    change.lock(extension)
    return visit


def _live(visit: Visit) -> list[Visitor]:
    return [visitor for visitor in visitors_of(visit.id) if visitor.state in LIVE_VISITOR]


def _check(command: VisitRequest, client: Client, room: Room, people: list[Person], now: datetime) -> None:
    """Whether the request may stand. Refuses with all reasons at once."""
    refusals = checking.why_not_window(room, client.id, command.starts_at, command.ends_at, now, exception=bool(command.exception))
    refusals += checking.why_not_people(people, now)
    refusals += checking.why_not_papers(client, command.letter_id)
    refusals += rules.why_not_plates(command.vehicles)
    if overdue := emergencies.why_report_overdue(client.id, now):
        refusals.append(overdue)
    if not command.reason:
        refusals.append(rules.REASON_MISSING)
    if refusals:
        raise Refused(*refusals)


def _values(command: VisitRequest, client: Client, actor: Actor, now: datetime) -> dict[str, Any]:
    letter = files.claim(command.letter_id, "letter", client.id, actor, now) if command.letter_id else None
    return {
        "room_id": command.room_id,
        "reason": command.reason,
        "starts_at": command.starts_at,
        "ends_at": command.ends_at,
        "opens_rack": command.opens_rack,
        "tools": command.tools,
        "vehicles": list(command.vehicles),
        "exception": command.exception,
        "letter_id": letter.id if letter else None,
    }


def _facts(command: VisitRequest, room: Room) -> dict[str, Any]:
    facts = {
        "room": room.code,
        "starts_at": site_time(command.starts_at),
        "ends_at": site_time(command.ends_at),
        "people": len(command.people),
    }
    return facts | ({"exception": command.exception} if command.exception else {})


def _issue_passes(visit: Visit, visitors: Iterable[Visitor], actor: Actor, now: datetime) -> None:
    for visitor in visitors:
        issue_pass("visit", visitor.id, visit.ends_at, actor, now)


def _new_end(visit: Visit, verb: str, ends_at: datetime, actor: Actor, now: datetime, *, because_of: str | None = None) -> None:
    facts = {"ends_at": site_time(ends_at)}
    values = {"ends_at": ends_at, "revision": visit.revision + 1}
    change.move(visit, verb, actor, now, facts=facts, values=values, because_of=because_of)
    visitors: Collection[Visitor] = [visitor for visitor in visitors_of(visit.id) if visitor.state == "approved"]
    _issue_passes(visit, visitors, actor, now)
    gate.window_moved([visitor.id for visitor in visitors], ends_at)
    send_passes(emails.CHANGED, visit, visitors, now)


def _cancel(visit: Visit, reason: str, actor: Actor, now: datetime, *, because_of: str | None) -> None:
    was_approved = visit.state == "approved"
    _drop_extension(visit, "visit.cancel", actor, now)
    values = {"review_note": reason[:500], "revision": visit.revision + 1}
    change.move(visit, "cancel", actor, now, reason=reason or None, values=values, because_of=because_of)
    for visitor in _live(visit):
        change.move(visitor, "withdraw", actor, now, because_of="visit.cancel")
        revoke_pass(visitor.id, now, "cancelled")
        gate.window_moved([visitor.id], now)
        if was_approved:
            tell_visitor(emails.PASS_DEAD, visit, visitor, now, attachments.own_calendar(visitor))
    attached = (attachments.calendar(visit),) if was_approved else ()
    tell_client(emails.CANCELLED, visit, now, *attached, reason=reason or "—")


def _taken_off(visit: Visit, visitor: Visitor, reason: str, actor: Actor, now: datetime) -> None:
    revoke_pass(visitor.id, now, "withdrawn")
    gate.window_moved([visitor.id], now)
    if not _live(visit):
        _cancel(visit, reason, actor, now, because_of="visitor.withdraw")
    else:
        tell_client(emails.TAKEN_OFF, visit, now, name=visitor.person.name)
    if visit.decided_at is not None:
        tell_visitor(emails.PASS_DEAD, visit, visitor, now, attachments.own_calendar(visitor))


def _drop_extension(visit: Visit, because_of: str, actor: Actor, now: datetime) -> None:
    """An open request for more time goes with what it was for."""
    still_open = select(VisitExtension).where(VisitExtension.visit_id == visit.id, VisitExtension.state == "under_review")
    for extension in session().scalars(still_open.with_for_update()):
        change.move(extension, "withdraw", actor, now, because_of=because_of)
