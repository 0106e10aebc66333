"""Whom a visit names: people of the client, or new ones who become the client's people, each with a number and a place on the visit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.clients import services as clients
from portal.clients.models import Client, Person
from portal.clients.services import NewPerson
from portal.kernel import change
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.policy import Actor
from portal.visits.models import Visit, Visitor


@dataclass(frozen=True, slots=True)
class Named:
    """One person to let in: `person_id` of the client's people, or `new`, who may turn out to be known. `email`: theirs, may be empty."""

    person_id: uuid.UUID | None = None
    new: NewPerson | None = None
    email: str = ""


def people_named(named: Sequence[Named], client: Client, actor: Actor, now: datetime) -> list[tuple[Person, str]]:
    """Each with the e-mail address; a new one is recorded, unless the client has someone with that document already.

    Raises NotFound for other clients' people, Refused for a document that cannot be.
    """
    return [(_person(one, client, actor, now), one.email) for one in named]


def find_known(client_id: uuid.UUID, kind: str, number: str) -> Person | None:
    """Who of the client's people has this document."""
    hashed = clients.document_hash(kind, number)
    return session().scalars(select(Person).where(Person.client_id == client_id, Person.document_hash == hashed)).one_or_none()


def visitors_of(visit_id: uuid.UUID) -> list[Visitor]:
    """Everyone who was named for a visit, in their order, with the person; read anew. The caller holds the visit's lock."""
    statement = select(Visitor).where(Visitor.visit_id == visit_id).options(joinedload(Visitor.person)).order_by(Visitor.place)
    return list(session().scalars(statement.execution_options(populate_existing=True)))


def name_visitors(visit: Visit, people: Sequence[tuple[Person, str]], actor: Actor, now: datetime) -> None:
    """Makes these the visit's people: who is new gets a place, who was taken off is named again, who is no longer named is taken off."""
    there = {visitor.person_id: visitor for visitor in visitors_of(visit.id)}
    for person, email in people:
        visitor = there.pop(person.id, None)
        if visitor is None:
            continue
        visitor.email = email
        if visitor.state == "withdrawn":
            change.move(visitor, "name_again", actor, now, facts={"person": person.name})
    for visitor in there.values():
        if visitor.state == "expected":
            change.move(visitor, "withdraw", actor, now, facts={"person": visitor.person.name}, because_of="visit.resend")
    known = {visitor.person_id: visitor for visitor in visitors_of(visit.id)}
    place = max((visitor.place for visitor in known.values()), default=0)
    for person, email in people:
        if person.id in known:
            continue
        place += 1
        visitor = Visitor(
            visit_id=visit.id,
            client_id=visit.client_id,
            person_id=person.id,
            number=f"{visit.number}-{place:02d}",
            place=place,
            email=email,
        )
        change.open_record(visitor, "name", actor, now, facts={"person": person.name})


def _person(named: Named, client: Client, actor: Actor, now: datetime) -> Person:
    if named.person_id is not None:
        person = session().get(Person, named.person_id)
        if person is None or person.client_id != client.id:
            raise NotFound(named.person_id)
        return person
    assert named.new is not None
    known = find_known(client.id, named.new.document_kind, named.new.document_number)
    return known or clients.add_person(named.new, actor, now)
