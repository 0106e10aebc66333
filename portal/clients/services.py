"""Registering clients, the contacts there, and their people. Who may: CLIENT_WRITE, PERSON_WRITE, IDENTITY_REVEAL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.models import User
from portal.audit import services as audit
from portal.clients import rules
from portal.clients.models import Client, Contact, Person
from portal.conduct import queries as conduct
from portal.kernel import change, crypto
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import Actor, Permission, Role

P = Permission


@dataclass(frozen=True, slots=True)
class NewClient:
    """`kind`: "company" or "individual"; `registration_number`: the credit code, or the identity number."""

    kind: str
    name: str
    registration_number: str
    phone: str = ""
    address: str = ""
    note: str = ""
    sales_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ClientChange:
    """New data of a client. `registration_number` empty: it stays."""

    name: str
    phone: str
    address: str
    note: str
    sales_id: uuid.UUID | None
    registration_number: str = ""


@dataclass(frozen=True, slots=True)
class ContactData:
    name: str
    duty: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class NewPerson:
    """`document_kind`: a key of rules.DOCUMENT_KINDS."""

    client_id: uuid.UUID
    name: str
    document_kind: str
    document_number: str
    phone: str = ""
    employer: str = ""


@dataclass(frozen=True, slots=True)
class PersonChange:
    """New data of a person. `document_number` empty: document and number stay."""

    name: str
    phone: str
    document_kind: str
    document_number: str = ""
    employer: str = ""


def register_client(command: NewClient, actor: Actor, now: datetime) -> Client:
    """Registers a client under a number of the series KH. Raises Refused: wrong number, or one that is registered already."""
    _need(actor, P.CLIENT_WRITE)
    number = rules.normalise_document(command.registration_number)
    _refuse(
        _on("registration_number", rules.why_not_registration(command.kind, number)),
        _on("phone", rules.why_not_phone(command.phone)),
    )
    _refuse(_on("registration_number", _why_not_new_number(number)))
    client = Client(
        created_at=now,
        kind=command.kind,
        number=next_number("KH", now),
        name=command.name,
        registration_number=number,
        registration_hash=registration_hash(number),
        phone=rules.normalise_phone(command.phone),
        address=command.address,
        note=command.note,
        sales_id=command.sales_id or (actor.user_id if actor.role is Role.SALES else None),
    )
    with guarded({"uq_clients_registration_hash": rules.NUMBER_KNOWN.on("registration_number")}):
        session().add(client)
    _record("client.registered", client, actor, now, after={"name": client.name, "kind": client.kind, "registration": rules.mask(number)})
    return client


def change_client(client: Client, command: ClientChange, actor: Actor, now: datetime) -> None:
    """Raises Refused as `register_client`."""
    _need(actor, P.CLIENT_WRITE)
    number = rules.normalise_document(command.registration_number)
    wrong = rules.why_not_registration(client.kind, number) if number else None
    _refuse(_on("registration_number", wrong), _on("phone", rules.why_not_phone(command.phone)))
    change.lock(client)
    values: dict[str, Any] = {
        "name": command.name,
        "phone": rules.normalise_phone(command.phone),
        "address": command.address,
        "note": command.note,
        "sales_id": command.sales_id,
    }
    before, after = _differences(client, values)
    if "sales_id" in before:
        for told in (before, after):
            told["sales"] = _user_name(told.pop("sales_id"))
    if number and number != client.registration_number:
        _refuse(_on("registration_number", _why_not_new_number(number)))
        before["registration"], after["registration"] = rules.mask(client.registration_number), rules.mask(number)
        values |= {"registration_number": number, "registration_hash": registration_hash(number)}
    if not after:
        return
    with guarded({"uq_clients_registration_hash": rules.NUMBER_KNOWN.on("registration_number")}):
        _set(client, values)
    _record("client.changed", client, actor, now, before=before, after=after)


def reveal_client_number(client: Client, actor: Actor, now: datetime) -> str:
    """The number in full; that it was shown, to whom, stays on record (R-S2)."""
    _need(actor, P.IDENTITY_REVEAL)
    _record("client.number_revealed", client, actor, now)
    return client.registration_number


def add_contact(client: Client, command: ContactData, actor: Actor, now: datetime) -> Contact:
    """Who may write clients (staff) or people (the client's own users). Raises Refused."""
    _need(actor, P.CLIENT_WRITE, P.PERSON_WRITE)
    _refuse(*_why_not_contact(command))
    contact = Contact(created_at=now, client_id=client.id, **_contact_values(command))
    session().add(contact)
    session().flush()
    _record("contact.added", client, actor, now, after=_contact_values(command))
    return contact


def change_contact(contact: Contact, client: Client, command: ContactData, actor: Actor, now: datetime) -> None:
    _need(actor, P.CLIENT_WRITE, P.PERSON_WRITE)
    _refuse(*_why_not_contact(command))
    before, after = _differences(contact, _contact_values(command))
    if after:
        _set(contact, after)
        _record("contact.changed", client, actor, now, before=before, after=after)


def remove_contact(contact: Contact, client: Client, actor: Actor, now: datetime) -> None:
    _need(actor, P.CLIENT_WRITE, P.PERSON_WRITE)
    session().delete(contact)
    session().flush()
    _record("contact.removed", client, actor, now, before={"name": contact.name})


def add_person(command: NewPerson, actor: Actor, now: datetime) -> Person:
    """Records a person of a client; client users their own client's alone. Raises Refused: wrong number, or recorded already."""
    _need(actor, P.PERSON_WRITE)
    if actor.is_client and command.client_id != actor.client_id:
        raise NotFound(command.client_id)
    number = rules.normalise_document(command.document_number)
    _refuse(
        _on("document_number", rules.why_not_document(command.document_kind, number)),
        _on("phone", rules.why_not_phone(command.phone)),
    )
    hashed = document_hash(command.document_kind, number)
    _refuse(_on("document_number", _why_not_new_person(command.client_id, hashed)))
    return _add_person(command, number, hashed, actor, now)


def _add_person(command: NewPerson, number: str, hashed: str, actor: Actor, now: datetime) -> Person:
    person = Person(
        created_at=now,
        client_id=command.client_id,
        name=command.name,
        document_kind=command.document_kind,
        document_number=number,
        document_hash=hashed,
        document_tail=number[-4:],
        phone=rules.normalise_phone(command.phone),
        employer=command.employer,
    )
    with guarded({"uq_people_client_id_document_hash": rules.PERSON_KNOWN.on("document_number")}):
        session().add(person)
    after = {"name": person.name, "document_kind": person.document_kind, "document": rules.mask(number)}
    after |= {"employer": person.employer} if person.employer else {}
    _record_person("person.added", person, actor, now, after=after)
    return person


def person_seen_at_gate(command: NewPerson, actor: Actor, now: datetime) -> Person:
    """The client's person with this document, which a guard has before them (R-A2): recorded now if they were not yet.

    For who verifies at the gate. One who has left comes as they are: what that means is the caller's to say. Raises Refused: wrong number.
    """
    _need(actor, P.GATE_VERIFY)
    number = rules.normalise_document(command.document_number)
    _refuse(_on("document_number", rules.why_not_document(command.document_kind, number)))
    hashed = document_hash(command.document_kind, number)
    known = select(Person).where(Person.client_id == command.client_id, Person.document_hash == hashed)
    found = session().scalars(known).one_or_none()
    return found if found is not None else _add_person(command, number, hashed, actor, now)


def change_person(person: Person, command: PersonChange, actor: Actor, now: datetime) -> None:
    """Raises Refused as `add_person`. A badge keeps the person: who it is for is not changed by writing another name here."""
    _need(actor, P.PERSON_WRITE)
    number = rules.normalise_document(command.document_number)
    wrong = rules.why_not_document(command.document_kind, number) if number else None
    _refuse(_on("document_number", wrong), _on("phone", rules.why_not_phone(command.phone)))
    change.lock(person)
    values: dict[str, Any] = {"name": command.name, "phone": rules.normalise_phone(command.phone), "employer": command.employer}
    before, after = _differences(person, values)
    if number:
        hashed = document_hash(command.document_kind, number)
        if (hashed, command.document_kind) != (person.document_hash, person.document_kind):
            if hashed != person.document_hash:
                # Who is barred does not get in under a corrected number, nor anyone under theirs (R-S7).
                conduct.check_not_barred([(person.document_hash, person.name), (hashed, command.name)], now, field="document_number")
                _refuse(_on("document_number", _why_not_new_person(person.client_id, hashed)))
            before |= {"document_kind": person.document_kind, "document": rules.mask(person.document_number)}
            after |= {"document_kind": command.document_kind, "document": rules.mask(number)}
            values |= {
                "document_kind": command.document_kind,
                "document_number": number,
                "document_hash": hashed,
                "document_tail": number[-4:],
            }
    if not after:
        return
    with guarded({"uq_people_client_id_document_hash": rules.PERSON_KNOWN.on("document_number")}):
        _set(person, values)
    _record_person("person.changed", person, actor, now, before=before, after=after)


def mark_left(person: Person, actor: Actor, now: datetime) -> None:
    """The person no longer acts for the client. A badge that they hold is cancelled or handed on by the client (R-B6), not here."""
    _need(actor, P.PERSON_WRITE)
    change.lock(person)
    if person.left_at is None:
        person.left_at = now
        session().flush()
        _record_person("person.left", person, actor, now)


def take_back(person: Person, actor: Actor, now: datetime) -> None:
    """The person acts for the client again."""
    _need(actor, P.PERSON_WRITE)
    change.lock(person)
    if person.left_at is not None:
        person.left_at = None
        session().flush()
        _record_person("person.taken_back", person, actor, now)


def mark_left_by_rule(person: Person, because_of: str, actor: Actor, now: datetime) -> None:
    """As `mark_left`, as the consequence of another change that the actor may carry out (an access review nobody answered)."""
    change.lock(person)
    if person.left_at is None:
        person.left_at = now
        session().flush()
        _record_person("person.left", person, actor, now, after={"because_of": because_of})


def take_back_by_rule(person: Person, because_of: str, actor: Actor, now: datetime) -> None:
    """Takes back what `mark_left_by_rule` did."""
    change.lock(person)
    if person.left_at is not None:
        person.left_at = None
        session().flush()
        _record_person("person.taken_back", person, actor, now, after={"because_of": because_of})


def reveal_person_number(person: Person, actor: Actor, now: datetime) -> str:
    """The number in full; that it was shown, to whom, stays on record (R-S2)."""
    _need(actor, P.IDENTITY_REVEAL)
    _record_person("person.number_revealed", person, actor, now)
    return person.document_number


def document_hash(kind: str, number: str) -> str:
    """By which the same person's document is found again without being readable; a driving licence as the identity card of its number."""
    kind = rules.SAME_NUMBER.get(kind, kind)
    return crypto.match_hash(f"{kind}:{rules.normalise_document(number)}", "people.document")


def registration_hash(number: str) -> str:
    return crypto.match_hash(rules.normalise_document(number), "clients.registration")


def _user_name(user_id: uuid.UUID | None) -> str:
    return (session().scalar(select(User.name).where(User.id == user_id)) or "") if user_id else ""


def _why_not_new_number(number: str) -> Refusal | None:
    known = session().scalars(select(Client).where(Client.registration_hash == registration_hash(number))).one_or_none()
    # Only staff register clients, so the sentence may name the other one.
    return None if known is None else rules.NUMBER_KNOWN_AS(name=known.name, number=known.number)


def _why_not_new_person(client_id: uuid.UUID, hashed: str) -> Refusal | None:
    same = select(Person).where(Person.client_id == client_id, Person.document_hash == hashed)
    known = session().scalars(same).one_or_none()
    if known is None:
        return None
    return (rules.PERSON_KNOWN_LEFT if known.left_at else rules.PERSON_KNOWN_AS)(name=known.name)


def _why_not_contact(command: ContactData) -> list[Refusal | None]:
    unreachable = None if command.phone or command.email else rules.CONTACT_UNREACHABLE.on("phone")
    return [unreachable, _on("phone", rules.why_not_phone(command.phone))]


def _contact_values(command: ContactData) -> dict[str, str]:
    return {
        "name": command.name,
        "duty": command.duty,
        "phone": rules.normalise_phone(command.phone),
        "email": command.email,
    }


def _need(actor: Actor, *any_of: Permission) -> None:
    if not any(actor.may(permission) for permission in any_of):
        raise Forbidden(any_of[0])


def _refuse(*refusals: Refusal | None) -> None:
    found = [refusal for refusal in refusals if refusal is not None]
    if found:
        raise Refused(*found)


def _on(field: str, refusal: Refusal | None) -> Refusal | None:
    return None if refusal is None else refusal.on(field)


def _differences(record: object, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    changed = [name for name, value in values.items() if getattr(record, name) != value]
    return {name: getattr(record, name) for name in changed}, {name: values[name] for name in changed}


def _set(record: object, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(record, name, value)
    session().flush()


def _record(
    tag: str, client: Client, actor: Actor, now: datetime, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
) -> None:
    label = f"{client.number} {client.name}"
    audit.record(tag, "client", client.id, label, actor, now, client_id=client.id, before=before, after=after)


def _record_person(
    tag: str, person: Person, actor: Actor, now: datetime, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
) -> None:
    audit.record(tag, "person", person.id, person.name, actor, now, client_id=person.client_id, before=before, after=after)
