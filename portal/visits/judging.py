"""What speaks against a list of people, line by line: the document, who is known by it, names that cannot be; and in all their number."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from portal.clients import rules as client_rules
from portal.clients.models import Person
from portal.clients.services import NewPerson, document_hash
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.passes import fonts
from portal.visits import rules
from portal.visits.listing import TypedPerson
from portal.visits.naming import Named

LONGEST = {"name": 80, "document_number": 40, "phone": 40, "employer": 120, "email": 254}


@dataclass(frozen=True, slots=True)
class Judged:
    """A typed line with what speaks against it (each refusal's `field` is its column). `known`: whose document it is already."""

    typed: TypedPerson
    known: Person | None = None
    problems: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All people of a request: those chosen of the client's, and each typed line judged."""

    judged: list[Judged]
    problems: list[Refusal]
    count: int

    @property
    def sound(self) -> bool:
        return not self.problems and all(not one.problems for one in self.judged)


def judge(client_id: uuid.UUID, typed: Sequence[TypedPerson], chosen: Collection[uuid.UUID]) -> Verdict:
    """Judges what was typed beside those who were chosen. One query, however many lines."""
    hashes = [document_hash(line.document_kind, line.document_number) for line in typed]
    statement = select(Person).where(Person.client_id == client_id, Person.document_hash.in_(hashes))
    known = {person.document_hash: person for person in session().scalars(statement)} if hashes else {}
    first_at: dict[str, int] = {}
    judged: list[Judged] = []
    for number, (line, hashed) in enumerate(zip(typed, hashes, strict=True), 1):
        one = Judged(line, known.get(hashed), _shape(line))
        if line.document_number and hashed in first_at:
            one.problems.append(rules.LINE_TWICE(line=first_at[hashed]))
        first_at.setdefault(hashed, number)
        if one.known is not None:
            one.problems.extend(_against_known(one.known, line, chosen))
        judged.append(one)
    count = len(typed) + len(chosen)
    return Verdict(judged, rules.why_not_people(count), count)


def named(client_id: uuid.UUID, verdict: Verdict, chosen: dict[uuid.UUID, str]) -> tuple[Named, ...]:
    """The people of a sound list for the service: the chosen ones with their e-mail address, then the lines."""
    lines = (Named(None, _new(client_id, one.typed), one.typed.email.lower()) for one in verdict.judged)
    return (*(Named(person_id, None, email) for person_id, email in chosen.items()), *lines)


def is_email(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _shape(line: TypedPerson) -> list[Refusal]:
    found = [rules.TEXT_TOO_LONG.on(name)(limit=most) for name, most in LONGEST.items() if len(getattr(line, name)) > most]
    if not line.name:
        found.append(rules.NAME_MISSING)
    elif unprintable := fonts.missing(line.name):
        found.append(rules.NAME_NOT_PRINTABLE(characters=" ".join(sorted(unprintable))))
    if not line.document_number:
        found.append(rules.NUMBER_MISSING)
    elif wrong := client_rules.why_not_document(line.document_kind, line.document_number):
        found.append(wrong.on("document_kind" if wrong.code == "document.kind" else "document_number"))
    if wrong := client_rules.why_not_phone(line.phone):
        found.append(wrong.on("phone"))
    if line.email and not is_email(line.email):
        found.append(rules.NOT_AN_EMAIL)
    return found


def _against_known(person: Person, line: TypedPerson, chosen: Collection[uuid.UUID]) -> list[Refusal]:
    if person.id in chosen:
        return [rules.CHOSEN_TOO(name=person.name)]
    if line.name and line.name.casefold() != person.name.casefold():
        return [rules.NAME_DIFFERS(name=person.name)]
    return [rules.PERSON_LEFT.on("name")(name=person.name)] if person.left_at is not None else []


def _new(client_id: uuid.UUID, line: TypedPerson) -> NewPerson:
    return NewPerson(client_id, line.name, line.document_kind, line.document_number, line.phone, line.employer)
