"""Reading clients and people: staff see all that their role opens, client users their own client's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, false, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, joinedload
from sqlalchemy.sql.elements import ColumnElement

from portal.accounts.models import User
from portal.badges.lifecycle import LIVE
from portal.badges.models import Badge
from portal.clients import rules
from portal.clients.models import Client, Contact, Person
from portal.clients.services import document_hash, registration_hash
from portal.contracts.models import Contract
from portal.desk.items import Counts, Figure
from portal.equipment.models import Equipment
from portal.kernel import ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission, Role

CHOICES = 50  # more than these are searched
FEW = 100


def get_client(actor: Actor, client_id: uuid.UUID) -> Client:
    """Raises NotFound, for a client user's strangers too."""
    client = session().scalars(select_clients(actor).where(Client.id == client_id)).one_or_none()
    if client is None:
        raise NotFound(client_id)
    return client


def select_clients(actor: Actor) -> Select[Client]:
    statement = select(Client)
    return statement.where(Client.id == actor.client_id) if actor.is_client else statement


def select_with_contracts(actor: Actor) -> Select[Client, int, int]:
    """Clients for a list, each with its contracts in force and its equipment in service counted."""
    in_force = select(func.count()).where(Contract.client_id == Client.id, Contract.state == "in_force").scalar_subquery()
    in_service = select(func.count()).where(Equipment.client_id == Client.id, Equipment.state == "in_service").scalar_subquery()
    return select_clients(actor).add_columns(in_force.label("in_force"), in_service.label("in_service"))


def has_contract_in_force() -> ColumnElement[bool]:
    return exists().where(Contract.client_id == Client.id, Contract.state == "in_force")


@dataclass(frozen=True, slots=True)
class ClientChoice:
    """Clients to choose from: (id as in URLs, "name (number)") by name. `searched`: they are, or were, too many without a search."""

    options: list[tuple[str, str]]
    text: str
    searched: bool


def client_choices(actor: Actor, asked: Mapping[str, str]) -> ClientChoice:
    """The first clients that `asked["client_q"]` means, or all; the one that `asked["client"]` names is among them."""
    text = asked.get("client_q", "").replace("\0", "").strip()[:60]
    statement = select_clients(actor).with_only_columns(Client.id, Client.name, Client.number)
    meant = statement.where(client_like(text)) if text else statement
    rows = list(session().execute(meant.order_by(Client.name, Client.id).limit(CHOICES)))
    with suppress(ValueError):
        named = ids.from_text(asked.get("client", ""))
        if all(row.id != named for row in rows):
            rows += session().execute(statement.where(Client.id == named))
    options = [(ids.to_text(row.id), f"{row.name} ({row.number})") for row in rows]
    return ClientChoice(options, text, bool(text) or len(options) >= CHOICES)


def contacts_of(client: Client) -> list[Contact]:
    """Of a client that was loaded through these queries."""
    return list(session().scalars(select(Contact).where(Contact.client_id == client.id).order_by(Contact.id)))


def get_contact(client: Client, contact_id: uuid.UUID) -> Contact:
    contact = session().get(Contact, contact_id)
    if contact is None or contact.client_id != client.id:
        raise NotFound(contact_id)
    return contact


def select_people(actor: Actor) -> Select[Person]:
    """People with their client."""
    statement = select(Person).join(Person.client).options(joinedload(Person.client))
    return statement.where(Person.client_id == actor.client_id) if actor.is_client else statement


def get_person(actor: Actor, person_id: uuid.UUID) -> Person:
    """With the client. Raises NotFound."""
    person = session().scalars(select_people(actor).where(Person.id == person_id)).one_or_none()
    if person is None:
        raise NotFound(person_id)
    return person


def people_of(actor: Actor, client_id: uuid.UUID) -> list[Person]:
    """The client's people who have not left, by name."""
    statement = select_people(actor).where(Person.client_id == client_id, Person.left_at.is_(None))
    return list(session().scalars(statement.order_by(Person.name, Person.id)))


def badges_of(person: Person) -> list[Badge]:
    """The person's badges, newest first."""
    return list(session().scalars(select(Badge).where(Badge.person_id == person.id).order_by(Badge.id.desc()).limit(20)))


def holders_among(people: list[uuid.UUID]) -> dict[uuid.UUID, Badge]:
    """Who of these people holds a live badge."""
    live = select(Badge).where(Badge.person_id.in_(people), Badge.state.in_(LIVE))
    return {badge.person_id: badge for badge in session().scalars(live)}


def live_badge_count(client: Client) -> int:
    """How many badges count against the client's limit (R-B2)."""
    return session().scalar(select(func.count()).where(Badge.client_id == client.id, Badge.state.in_(LIVE))) or 0


def equipment_counts(client: Client) -> dict[str, int]:
    """How many items the client has, by state."""
    counted = select(Equipment.state, func.count()).where(Equipment.client_id == client.id).group_by(Equipment.state)
    return {row[0]: row[1] for row in session().execute(counted)}


def users_of(client: Client) -> list[User]:
    """Who signs in for the client, disabled ones last."""
    statement = select(User).where(User.client_id == client.id).order_by(User.state, User.name, User.id)
    return list(session().scalars(statement.limit(100)))


def sales_people() -> list[tuple[uuid.UUID, str]]:
    """(id, name) of the active sales staff, by name."""
    found = select(User.id, User.name).where(User.role == Role.SALES.value, User.state == "active").order_by(User.name, User.id)
    return [(row.id, row.name) for row in session().execute(found)]


def name_of_user(user_id: uuid.UUID | None) -> str:
    """A user's name; empty where there is none."""
    return (session().scalar(select(User.name).where(User.id == user_id)) or "") if user_id else ""


def client_like(text: str) -> ColumnElement[bool]:
    """A client by a part of the name or number, or by the whole registration number."""
    return or_(
        Client.name.icontains(text, autoescape=True),
        Client.number.icontains(text, autoescape=True),
        Client.registration_hash == registration_hash(text),
    )


def of_clients_named(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """The rows whose client a text names, for a table of millions: the clients are looked up first.

    From a subquery the planner cannot tell that there are few, or none, and walks along the whole table in its order.
    """
    found = session().scalars(Client.named(text).limit(FEW + 1)).all()
    if not found:
        return false()
    return column.in_(found) if len(found) <= FEW else column.in_(Client.named(text))


def person_like(text: str) -> ColumnElement[bool]:
    """A person by the beginning of the name, a part of the client's, the last digits of the document, or its whole number."""
    document = rules.normalise_document(text)
    ways = (
        begins(Person.name, text),
        Person.client_id.in_(Client.named(text)),
        Person.document_tail == document,
        Person.document_hash.in_([document_hash(kind, document) for kind in rules.DOCUMENT_KINDS]),
    )
    return Person.id.in_(union(*(select(Person.id).where(way) for way in ways)))  # each way has its index; OR would use none


def counts(actor: Actor, now: datetime) -> Counts | None:
    """How many clients there are, for those who look after them."""
    if not actor.may(Permission.CLIENT_WRITE):
        return None
    return Counts((select(func.count(Client.id)),), lambda number: [Figure(_("Clients"), number, "", "/clients/")])
