"""What goes with the e-mails about visits: the passes as PDF and the visit for people's calendars, made when the e-mail is sent."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from config import Settings
from portal.facility.models import Room
from portal.kernel import ids
from portal.kernel.db import session
from portal.kernel.i18n import _
from portal.outbox.messages import Attached, Attachment, makes
from portal.visits import pdf
from portal.visits.models import Visit, Visitor


def all_passes(visit: Visit) -> Attached:
    return Attached("visit_passes", visit.id)


def one_pass(visitor: Visitor) -> Attached:
    return Attached("visit_pass", visitor.id)


def calendar(visit: Visit) -> Attached:
    return Attached("visit_calendar", visit.id)


def own_calendar(visitor: Visitor) -> Attached:
    return Attached("visitor_calendar", visitor.id)


@makes("visit_passes")
def _all_passes(visit_id: uuid.UUID, settings: Settings, locale: str) -> Sequence[Attachment]:
    """One PDF with everybody's pass, and the visit. Nothing, if nobody's is live any more."""
    visit = _visit(visit_id)
    content = pdf.passes(visit, visit.visitors, settings, locale)
    return [Attachment(f"{visit.number}.pdf", "application/pdf", content), _event(visit, visit.id, settings)] if content else []


@makes("visit_pass")
def _one_pass(visitor_id: uuid.UUID, settings: Settings, locale: str) -> Sequence[Attachment]:
    visitor, visit = _visitor(visitor_id)
    content = pdf.passes(visit, [visitor], settings, locale)
    return [Attachment(f"{visitor.number}.pdf", "application/pdf", content), _event(visit, visitor.id, settings)] if content else []


@makes("visit_calendar")
def _calendar(visit_id: uuid.UUID, settings: Settings, locale: str) -> Sequence[Attachment]:
    visit = _visit(visit_id)
    return [_event(visit, visit.id, settings, cancelled=visit.state != "approved")]


@makes("visitor_calendar")
def _own_calendar(visitor_id: uuid.UUID, settings: Settings, locale: str) -> Sequence[Attachment]:
    visitor, visit = _visitor(visitor_id)
    return [_event(visit, visitor.id, settings, cancelled=visitor.state != "approved")]


def _event(visit: Visit, uid: uuid.UUID, settings: Settings, *, cancelled: bool = False) -> Attachment:
    """The visit as an iCalendar file. A later one with the same UID and a higher SEQUENCE takes its place in people's calendars."""
    from icalendar import Calendar, Event  # the worker alone needs it

    event = Event()
    event.add("uid", f"{ids.to_text(uid)}@visits.rackpass")
    event.add("sequence", visit.revision + (1 if cancelled else 0))
    event.add("dtstamp", visit.decided_at or visit.created_at)
    event.add("dtstart", visit.starts_at.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    event.add("summary", _("Visit to room %(room)s", room=visit.room.code))
    event.add("location", f"{visit.room.site.name} {visit.room.site.address or settings.site_address_zh}".strip())
    event.add(
        "description", _("%(client)s, visit %(number)s: %(reason)s", client=visit.client.name, number=visit.number, reason=visit.reason)
    )
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    method = "CANCEL" if cancelled else "PUBLISH"
    file = Calendar()
    file.add("prodid", "-//Rackpass//Visits//EN")
    file.add("version", "2.0")
    file.add("method", method)
    file.add_component(event)
    return Attachment(f"{visit.number}.ics", f"text/calendar; method={method}; charset=utf-8", file.to_ical())


def _visit(visit_id: uuid.UUID) -> Visit:
    people = selectinload(Visit.visitors).joinedload(Visitor.person)
    place = joinedload(Visit.room).joinedload(Room.site)
    statement = select(Visit).where(Visit.id == visit_id).options(joinedload(Visit.client), place, people)
    return session().scalars(statement).one()


def _visitor(visitor_id: uuid.UUID) -> tuple[Visitor, Visit]:
    visitor = session().scalars(select(Visitor).where(Visitor.id == visitor_id).options(joinedload(Visitor.person))).one()
    return visitor, _visit(visitor.visit_id)
