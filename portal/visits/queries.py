"""Reading visits, always as far as the actor may see; and what the gate needs of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, union
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import ExecutableOption

from portal.accounts.models import User
from portal.clients.models import Client, Person
from portal.contracts import queries as contracts
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.facility.models import Room, Site
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins, is_number
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Actor, Permission
from portal.visits.lifecycle import LIVE
from portal.visits.models import ClientVisitRule, SiteVisitHours, Visit, VisitExtension, Visitor

REVIEW_WITHIN = timedelta(hours=4)
PEOPLE_OFFERED = 300


def select_visits(actor: Actor) -> Select[Visit]:
    """What the actor's list of visits is made from, with client and room."""
    statement = select(Visit).join(Visit.client).join(Visit.room).options(contains_eager(Visit.client), contains_eager(Visit.room))
    return statement.where(Visit.client_id == actor.client_id) if actor.is_client else statement


def select_with_people(actor: Actor) -> Select[Visit, int]:
    """The list's rows: each visit with how many people it names."""
    named = select(func.count()).where(Visitor.visit_id == Visit.id, Visitor.state != "withdrawn").scalar_subquery()
    return select_visits(actor).add_columns(named.label("people"))


def visit_like(text: str) -> ColumnElement[bool]:
    """The visits that a text means: by the beginning of their number or of a visitor's name, or by the client's name."""
    if is_number(text):
        return begins(Visit.number, text.upper())
    naming = select(Visitor.visit_id).join(Person, Person.id == Visitor.person_id).where(begins(Person.name, text))
    return Visit.id.in_(union(select(Visit.id).where(Visit.client_id.in_(Client.named(text))), naming))


def get_visit(actor: Actor, visit_id: uuid.UUID) -> Visit:
    """One visit with client, room, site and people. Raises NotFound, for another client's too."""
    people = selectinload(Visit.visitors).joinedload(Visitor.person)
    statement = select_visits(actor).join(Room.site).options(contains_eager(Visit.room).contains_eager(Room.site), people)
    visit = session().scalars(statement.where(Visit.id == visit_id)).unique().one_or_none()
    if visit is None:
        raise NotFound(visit_id)
    return visit


def get_visitor(actor: Actor, visit_id: uuid.UUID, visitor_id: uuid.UUID) -> Visitor:
    """One person of a visit that the actor may see, with person and visit. Raises NotFound."""
    visit = get_visit(actor, visit_id)
    visitor = next((visitor for visitor in visit.visitors if visitor.id == visitor_id), None)
    if visitor is None:
        raise NotFound(visitor_id)
    set_committed_value(visitor, "visit", visit)
    return visitor


def get_extension(actor: Actor, visit_id: uuid.UUID, extension_id: uuid.UUID) -> VisitExtension:
    """Raises NotFound, for another client's too."""
    statement = select(VisitExtension).where(VisitExtension.id == extension_id, VisitExtension.visit_id == visit_id)
    if actor.is_client:
        statement = statement.where(VisitExtension.client_id == actor.client_id)
    extension = session().scalars(statement).one_or_none()
    if extension is None:
        raise NotFound(extension_id)
    return extension


def extensions_of(visit: Visit) -> list[VisitExtension]:
    """The requests for more time of a visit that was loaded for this actor, newest first."""
    statement = select(VisitExtension).where(VisitExtension.visit_id == visit.id).order_by(VisitExtension.id.desc())
    return list(session().scalars(statement))


def visitor_for_gate(visitor_id: uuid.UUID) -> Visitor:
    """The subject of a visit's pass for the gate's decision: visit and visitor locked, with visit, person, client, room and site.

    Raises NotFound. State and window are for the gate to look at: a live pass alone lets nobody in.
    """
    visit_id = select(Visitor.visit_id).where(Visitor.id == visitor_id).scalar_subquery()
    session().execute(select(Visit.id).where(Visit.id == visit_id).with_for_update())
    session().execute(select(Visitor.id).where(Visitor.id == visitor_id).with_for_update())
    statement = select(Visitor).where(Visitor.id == visitor_id).options(*_whole()).execution_options(populate_existing=True)
    visitor = session().scalars(statement).one_or_none()
    if visitor is None:
        raise NotFound(visitor_id)
    return visitor


def expected(starts_at: datetime, ends_at: datetime, room_ids: Collection[uuid.UUID] | None = None) -> list[Visitor]:
    """The approved people of visits that have a moment in common with the time given, by beginning; of these rooms, or of all.

    With visit, person, client, room and site: for 'expected today', and for what the gate keeps for when it has no network.
    """
    statement = (
        select(Visitor)
        .join(Visit, Visit.id == Visitor.visit_id)
        .where(_expected(starts_at, ends_at))
        .options(*_whole())
        .order_by(Visit.starts_at, Visit.id, Visitor.place)
    )
    if room_ids is not None:
        statement = statement.where(Visit.room_id.in_(list(room_ids)))
    return list(session().scalars(statement))


def rooms_to_visit(client_id: uuid.UUID, now: datetime) -> list[Room]:
    """The rooms in which the client has a contract in force, with their sites, by code."""
    in_force = contracts.contracts_in_force(client_id, clock.today(now))
    return sorted({contract.room for contract in in_force}, key=lambda room: room.code)


def people_to_name(client_id: uuid.UUID) -> list[Person]:
    """The client's people who have not left, by name."""
    statement = select(Person).where(Person.client_id == client_id, Person.left_at.is_(None))
    return list(session().scalars(statement.order_by(Person.name, Person.id).limit(PEOPLE_OFFERED)))


def known_emails(client_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """Where each of the client's people got their last pass sent."""
    rows = session().execute(
        select(Visitor.person_id, Visitor.email).where(Visitor.client_id == client_id, Visitor.email != "").order_by(Visitor.id)
    )
    return {row.person_id: row.email for row in rows}


def sites_with_hours() -> list[tuple[Site, SiteVisitHours | None]]:
    """Every site with its visiting hours, if any are set, by code."""
    statement = select(Site, SiteVisitHours).outerjoin(SiteVisitHours, SiteVisitHours.site_id == Site.id).order_by(Site.code)
    return [(row[0], row[1]) for row in session().execute(statement)]


def get_site(site_id: uuid.UUID) -> tuple[Site, SiteVisitHours | None]:
    """Raises NotFound."""
    found = next((pair for pair in sites_with_hours() if pair[0].id == site_id), None)
    if found is None:
        raise NotFound(site_id)
    return found


def select_rules(actor: Actor) -> Select[Client, ClientVisitRule]:
    """Clients with their rule for approval without a person, if they have one."""
    statement = select(Client, ClientVisitRule).outerjoin(ClientVisitRule, ClientVisitRule.client_id == Client.id)
    return statement.where(Client.id == actor.client_id) if actor.is_client else statement


def rule_of(client_id: uuid.UUID) -> ClientVisitRule | None:
    return session().scalars(select(ClientVisitRule).where(ClientVisitRule.client_id == client_id)).one_or_none()


def name_of(user_id: uuid.UUID | None) -> str:
    """A user's name; empty where there is none."""
    return (session().scalar(select(User.name).where(User.id == user_id)) or "") if user_id else ""


def review_due(visit: Visit) -> datetime | None:
    """By when customer service answers: within four hours, and in any case before it begins; None where nobody waits for that."""
    return min(visit.created_at + REVIEW_WITHIN, visit.starts_at) if visit.state == "under_review" else None


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Requests for visits and for more time that wait for customer service; for the client, what has to be corrected."""
    people = select(func.count()).where(Visitor.visit_id == Visit.id, Visitor.state != "withdrawn").scalar_subquery()
    named = (Client.name.label("client"), Room.code.label("room"))
    rows = select(Visit.id, Visit.number, Visit.state, Visit.created_at, Visit.starts_at, people.label("people"), *named)
    rows = rows.join(Visit.client).join(Visit.room).order_by(Visit.id).limit(20)
    if actor.may(Permission.VISIT_REVIEW):
        columns = (VisitExtension.visit_id, VisitExtension.state, VisitExtension.created_at, Visit.number, Visit.ends_at)
        longer = select(*columns, *named).join(VisitExtension.visit).join(Visit.client).join(Visit.room)
        longer = longer.where(VisitExtension.state == "under_review").order_by(VisitExtension.id).limit(20)
        return [Waits(rows.where(Visit.state == "under_review"), _due), Waits(longer, _longer)]
    if actor.is_client:
        return [Waits(rows.where(Visit.state == "needs_correction", Visit.client_id == actor.client_id), _due)]
    return []


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The visits' figures on the desk."""
    if actor.may(Permission.VISIT_REVIEW):
        waiting = select(func.count()).where(Visit.state == "under_review")
        return Counts((waiting,), lambda number: [Figure(_("Visits to review"), number, "", "/visits/?state=under_review")])
    if actor.is_client:
        live = select(func.count()).where(Visit.client_id == actor.client_id, Visit.state.in_(LIVE))
        return Counts((live,), lambda number: [Figure(_("Visits planned"), number, "", "/visits/")])
    if actor.may(Permission.GATE_VERIFY):
        today = clock.today(now)
        coming = select(func.count()).select_from(Visitor).join(Visit, Visit.id == Visitor.visit_id)
        coming = coming.where(_expected(clock.at_local(today), clock.end_of(today)))
        url = f"/visits/?state=approved&starts_to={today}"
        return Counts((coming,), lambda number: [Figure(_("Visitors expected today"), number, "", url)])
    return None


def _expected(starts_at: datetime, ends_at: datetime) -> ColumnElement[bool]:
    return and_(Visit.state == "approved", Visit.ends_at > starts_at, Visit.starts_at < ends_at, Visitor.state == "approved")


def _whole() -> tuple[ExecutableOption, ...]:
    visit = joinedload(Visitor.visit)
    return joinedload(Visitor.person), visit.joinedload(Visit.client), visit.joinedload(Visit.room).joinedload(Room.site)


def _due(row: Any) -> DueItem:
    sub = _("%(client)s · room %(room)s · %(people)s", client=row.client, room=row.room, people=people_text(row.people))
    state = told(Visit.LIFECYCLE.states[row.state])
    return DueItem(_("Visit %(number)s", number=row.number), sub, state, review_due(row), f"/visits/{ids.to_text(row.id)}")


def _longer(row: Any) -> DueItem:
    sub, title = _("%(client)s · room %(room)s", client=row.client, room=row.room), _("More time for visit %(number)s", number=row.number)
    due, state = min(row.ends_at, row.created_at + REVIEW_WITHIN), told(VisitExtension.LIFECYCLE.states[row.state])
    return DueItem(title, sub, state, due, f"/visits/{ids.to_text(row.visit_id)}")


def people_text(count: int) -> str:
    return str(ngettext("%(num)s person", "%(num)s people", count))
