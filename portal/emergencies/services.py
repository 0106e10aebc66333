"""What people do with an emergency access until everybody has left again (R-A2): ask, decide, let in, let out.

The report and its review are in `reporting`. An emergency's row is locked before anything is decided on it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.calendar import queries as calendar
from portal.clients import services as clients
from portal.clients.models import Client
from portal.clients.rules import normalise_phone, why_not_phone
from portal.conduct import queries as conduct
from portal.contracts import queries as contracts
from portal.contracts.models import Contract
from portal.contracts.rules import why_not_in_force
from portal.emergencies import emails, queries, rules, terms
from portal.emergencies.escalation import call_next, path
from portal.emergencies.models import Emergency, EmergencyEquipment, EmergencyPerson
from portal.equipment import queries as equipment
from portal.equipment.rules import normalise_serial
from portal.facility.models import Room
from portal.kernel import change, clock
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Permission, Role
from portal.outbox.messages import Message, Recipient
from portal.outbox.services import notify
from portal.passes.services import issue_pass, revoke_pass


@dataclass(frozen=True, slots=True)
class Expected:
    """Someone who will come, as far as known."""

    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. A call's `caller_name`, `caller_phone` and `called_at` (aware) are noted by the staff who took it."""

    client_id: uuid.UUID
    room_id: uuid.UUID
    reason: str
    people: tuple[Expected, ...] = ()
    serials: tuple[str, ...] = ()
    caller_name: str = ""
    caller_phone: str = ""
    called_at: datetime | None = None


def ask(command: Request, actor: Actor, now: datetime) -> Emergency:
    """Asks for emergency access: the client in the portal, or staff for a client who called. The supervisor on call is told at once.

    A freeze does not stop it. Raises Refused with every reason: no contract in force for the room, caller missing, people, equipment.
    """
    if actor.is_client and command.client_id != actor.client_id:
        raise NotFound(command.client_id)
    if not actor.may(Permission.EMERGENCY_ASK) or actor.user_id is None:
        raise Forbidden(Permission.EMERGENCY_ASK)
    client = session().get(Client, command.client_id)
    if client is None:
        raise NotFound(command.client_id)
    by_phone = not actor.is_client
    contract = queries.rooms_in_force(client.id, now).get(command.room_id)
    refusals = [*_why_not_request(command, contract, by_phone=by_phone, now=now)]
    items, unknown = equipment_named(client.id, command.serials)
    refusals += unknown
    if refusals or contract is None:
        raise Refused(*refusals)
    made = Emergency(
        number=next_number("EM", now),
        client_id=client.id,
        room_id=contract.room_id,
        contract_id=contract.id,
        reason=command.reason,
        channel="phone" if by_phone else "portal",
        caller_name=command.caller_name if by_phone else "",
        caller_phone=normalise_phone(command.caller_phone) if by_phone else "",
        called_at=(command.called_at or now) if by_phone else None,
        asked_by_id=actor.user_id,
    )
    facts = {"room": contract.room.code, "channel": made.channel}
    if by_phone:
        facts |= {"caller": f"{made.caller_name} {made.caller_phone}", "called": local_text(made.called_at or now)}
    change.open_record(made, "ask", actor, now, facts=facts, reason=command.reason)
    session().add_all(
        EmergencyPerson(created_at=now, emergency_id=made.id, name=person.name, phone=normalise_phone(person.phone))
        for person in command.people
    )
    session().add_all(EmergencyEquipment(created_at=now, emergency_id=made.id, equipment_id=item, in_request=True) for item in items)
    session().flush()
    call_next(made, now)
    if by_phone:
        data = facts_of(made) | {"caller": made.caller_name, "reason": made.reason}
        notify(emails.ASKED_FOR_YOU, accounts.recipients_of_client(made.client_id), now, path=path(made), data=data)
    return made


def approve(emergency: Emergency, reason: str, actor: Actor, now: datetime) -> None:
    """Opens the room for a short time (4 hours by default), with a pass. Raises Refused when the contract is no longer in force."""
    contracts.lock_in_force(emergency.contract_id, clock.today(now))
    change.lock(emergency)
    lapses_at = now + terms.enter_within()
    values = {
        "decided_by_id": actor.user_id, "decided_at": now, "decision_reason": reason, "lapses_at": lapses_at, "next_call_at": None,
    }  # fmt: skip
    change.move(emergency, "approve", actor, now, reason=reason, values=values, facts={"lapses": local_text(lapses_at)})
    issue_pass("emergency", emergency.id, lapses_at, actor, now)
    told = [
        *accounts.recipients_of_client(emergency.client_id),
        *accounts.recipients_with_role(Role.DUTY),
        *accounts.recipient(emergency.asked_by_id),
    ]
    data = facts_of(emergency) | {"until": local_text(lapses_at), "reason": emergency.reason}
    notify(emails.APPROVED, told, now, path=path(emergency), data=data)


def refuse(emergency: Emergency, reason: str, actor: Actor, now: datetime) -> None:
    change.lock(emergency)
    values = {"decided_by_id": actor.user_id, "decided_at": now, "decision_reason": reason, "next_call_at": None}
    change.move(emergency, "refuse", actor, now, reason=reason, values=values)
    tell_client(emails.REFUSED, emergency, now, reason=reason)


def cancel(emergency: Emergency, reason: str, actor: Actor, now: datetime) -> None:
    """Whoever asks no longer needs it; nobody goes in on it any more. The supervisor and the gate are told."""
    _in_scope(emergency, actor)
    _end(emergency, "cancel", reason, actor, now)


def withdraw(emergency: Emergency, reason: str, actor: Actor, now: datetime) -> None:
    """The supervisor takes an approval back before anybody has entered."""
    _end(emergency, "withdraw", reason, actor, now)


def lapse_due(now: datetime) -> int:
    """Ends the approvals that nobody used in time. The gate does not wait for this. Returns how many."""
    due = (
        select(Emergency)
        .where(Emergency.state == "approved", Emergency.lapses_at <= now)
        .order_by(Emergency.lapses_at)
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    found = list(session().scalars(due.execution_options(populate_existing=True)))
    for emergency in found:
        assert emergency.lapses_at is not None
        change.move(emergency, "lapse", SYSTEM, now)
        revoke_pass(emergency.id, now, "lapsed")
        tell_client(emails.LAPSED, emergency, now, until=local_text(emergency.lapses_at))
    return len(found)


def why_not_enter(emergency: Emergency, now: datetime) -> Refusal | None:
    """Whether anybody may go in on it now; the contract is looked at as well. For the gate, which holds the row's lock."""
    refusal = rules.why_not_enter(emergency.number, emergency.state, emergency.lapses_at, now)
    if refusal is not None:
        return refusal
    contract = session().get_one(Contract, emergency.contract_id, populate_existing=True)
    stopped = why_not_in_force(contract, clock.today(now)) is not None
    return rules.CONTRACT_STOPPED(number=contract.number) if stopped else None


def why_not_person(row: EmergencyPerson, now: datetime) -> Refusal | None:
    """Whether this person may go in: their document was seen, and no ban stands against it (R-S7)."""
    if row.document_hash is None:
        return rules.NOT_IDENTIFIED
    if row.withdrawn_at is not None or conduct.ban_on(row.document_hash, now) is not None:
        return rules.WITHDRAWN
    return rules.INSIDE_ALREADY(name=row.name) if row.inside else None


def identify_at_gate(
    emergency: Emergency, row: EmergencyPerson | None, name: str, document_kind: str, document_number: str, actor: Actor, now: datetime
) -> EmergencyPerson:
    """Records the identity document that the guard sees (R-A2): who it is, of which kind, and which guard saw it when.

    `row`: the person as they were named in the request; None for someone who was not. The document makes them one of the client's
    people. Raises Refused: nobody may go in on it, the number is wrong, seen already, the person is barred or has left the client.
    """
    _need(actor, Permission.GATE_VERIFY)
    change.lock(emergency)
    if row is not None:
        if row.emergency_id != emergency.id:
            raise NotFound(row.id)
        change.lock(row)
        if row.document_hash is not None:
            raise Refused(rules.ANOTHER_DOCUMENT)
    name = name.strip() or (row.name if row is not None else "")
    if not name:
        raise Refused(rules.NAME_MISSING)
    if refusal := why_not_enter(emergency, now):
        raise Refused(refusal)
    people = queries.people_of(emergency.id)
    if row is None and len(people) >= rules.PEOPLE_MOST:
        raise Refused(rules.TOO_MANY_PEOPLE(limit=rules.PEOPLE_MOST))
    phone = row.phone if row is not None else ""
    person = clients.person_seen_at_gate(clients.NewPerson(emergency.client_id, name, document_kind, document_number, phone), actor, now)
    if conduct.ban_on(person.document_hash, now) is not None:
        raise Refused(rules.WITHDRAWN.on("document_number"))
    if person.left_at is not None:
        raise Refused(rules.PERSON_LEFT(name=person.name))
    same = next((other for other in people if other.document_hash == person.document_hash), None)
    if same is not None:
        raise Refused(rules.SEEN_ALREADY(name=same.name))
    if row is None:
        row = EmergencyPerson(created_at=now, emergency_id=emergency.id, name=name)
    row.name, row.person_id, row.document_hash = name, person.id, person.document_hash
    row.document_kind, row.document_tail = person.document_kind, person.document_tail
    row.identified_at, row.identified_by_id = now, actor.user_id
    with guarded({"uq_emergency_people_document": rules.SEEN_ALREADY(name=name)}):
        session().add(row)
    facts = {"person": name, "document_kind": row.document_kind, "document": f"…{row.document_tail}"}
    _record("emergency.identified", emergency, actor, now, facts)
    return row


def note_entered(emergency: Emergency, row: EmergencyPerson, actor: Actor, now: datetime) -> None:
    """A person goes in. The first one puts the emergency to use. Raises Refused with what speaks against it."""
    _need(actor, Permission.GATE_VERIFY)
    change.lock(emergency)
    change.lock(row)
    if row.emergency_id != emergency.id:
        raise NotFound(row.id)
    if refusal := why_not_enter(emergency, now) or why_not_person(row, now):
        raise Refused(refusal)
    row.entered_at, row.left_at, row.inside = now, None, True
    session().flush()
    facts = {"person": row.name}
    if emergency.state == "approved":
        change.move(emergency, "enter", actor, now, facts=facts, values={"entered_at": now})
    elif emergency.state == "report_due":
        values = {"left_at": None, "report_due_on": None, "chased_on": None}
        change.move(emergency, "enter_again", actor, now, facts=facts, values=values)
    else:
        _record("emergency.person_entered", emergency, actor, now, facts)


def note_left(emergency: Emergency, row: EmergencyPerson, actor: Actor, now: datetime) -> None:
    """A person goes out; nothing stops that but not being inside. With the last one the report is due, on the next working day."""
    _need(actor, Permission.GATE_VERIFY)
    change.lock(emergency)
    change.lock(row)
    if row.emergency_id != emergency.id:
        raise NotFound(row.id)
    if not row.inside:
        raise Refused(rules.NOT_INSIDE(name=row.name))
    row.left_at, row.inside = now, False
    session().flush()
    still = session().scalar(
        select(func.count()).select_from(EmergencyPerson).where(EmergencyPerson.emergency_id == emergency.id, EmergencyPerson.inside)
    )
    facts = {"person": row.name}
    if still:
        _record("emergency.person_left", emergency, actor, now, facts)
        return
    due_on = calendar.next_working_day(clock.today(now))
    values = {"left_at": now, "report_due_on": due_on}
    change.move(emergency, "leave", actor, now, facts=facts | {"due_on": due_on.isoformat()}, values=values)
    tell_client(emails.REPORT_DUE, emergency, now, day=due_on.isoformat())


def withdraw_person(document_hash: str, actor: Actor, now: datetime, because_of: str) -> int:
    """Nobody with this document goes in on any emergency any more; `because_of` is the audit tag of what was decided.

    Who is inside is still let out. Returns on how many emergencies the person stood.
    """
    rows = (
        session()
        .scalars(
            select(EmergencyPerson)
            .join(Emergency, Emergency.id == EmergencyPerson.emergency_id)
            .where(
                EmergencyPerson.document_hash == document_hash,
                EmergencyPerson.withdrawn_at.is_(None),
                Emergency.state.in_(("approved", "in_use", "report_due")),
            )
            .order_by(EmergencyPerson.id)
            .with_for_update(of=EmergencyPerson)
        )
        .all()
    )
    for row in rows:
        row.withdrawn_at, row.withdrawn_for = now, because_of
        emergency = session().get_one(Emergency, row.emergency_id)
        _record("emergency.person_withdrawn", emergency, actor, now, {"person": row.name, "because_of": because_of})
    session().flush()
    return len(rows)


def equipment_named(client_id: uuid.UUID, serials: Iterable[str]) -> tuple[list[uuid.UUID], list[Refusal]]:
    """The client's equipment with these serial numbers, and a refusal for each that is not there; another client's is as unknown."""
    wanted = list(dict.fromkeys(serial.strip() for serial in serials if serial.strip()))
    if len(wanted) > rules.EQUIPMENT_MOST:
        return [], [rules.TOO_MUCH_EQUIPMENT(limit=rules.EQUIPMENT_MOST)]
    found = equipment.by_serials(wanted)
    known, refusals = [], []
    for serial in wanted:
        item = found.get(normalise_serial(serial))
        if item is None or item.client_id != client_id:
            refusals.append(rules.EQUIPMENT_UNKNOWN(serial=serial))
        elif item.id not in known:
            known.append(item.id)
    return known, refusals


def local_text(moment: datetime) -> str:
    """A moment for a message, in the site's zone."""
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"


def _why_not_request(command: Request, contract: Contract | None, *, by_phone: bool, now: datetime) -> Iterable[Refusal]:
    if contract is None:
        yield rules.NO_CONTRACT
    if not command.reason.strip():
        yield rules.REASON_MISSING
    if by_phone and not (command.caller_name.strip() and command.caller_phone.strip()):
        yield rules.CALLER_MISSING
    if by_phone and command.caller_phone.strip() and (wrong := why_not_phone(command.caller_phone)):
        yield wrong.on("caller_phone")
    if by_phone and command.called_at is not None and command.called_at > now:
        yield rules.CALLED_LATER
    if len(command.people) > rules.PEOPLE_MOST:
        yield rules.TOO_MANY_PEOPLE(limit=rules.PEOPLE_MOST)
    for person in command.people:
        if person.phone and why_not_phone(person.phone):
            yield rules.PHONE_WRONG(text=person.phone)
        if len(person.name) > 80:
            yield rules.NAME_TOO_LONG(text=person.name[:40])


def _end(emergency: Emergency, action: str, reason: str, actor: Actor, now: datetime) -> None:
    change.lock(emergency)
    was = emergency.state
    change.move(emergency, action, actor, now, reason=reason, values={"next_call_at": None})
    revoke_pass(emergency.id, now, "cancelled")
    told = [*accounts.recipients_of_client(emergency.client_id), *_called(emergency)]
    if was == "approved":
        told += accounts.recipients_with_role(Role.DUTY)
    notify(emails.CANCELLED, told, now, path=path(emergency), data=facts_of(emergency) | {"who": actor.name, "reason": reason})


def _called(emergency: Emergency) -> list[Recipient]:
    """The supervisors who were told that it waits."""
    return [recipient for call in queries.called(emergency.id) for recipient in accounts.recipient(call)]


def tell_client(message: Message, emergency: Emergency, now: datetime, **data: str) -> None:
    told = [*accounts.recipients_of_client(emergency.client_id), *accounts.recipient(emergency.asked_by_id)]
    notify(message, told, now, path=path(emergency), data=facts_of(emergency) | data)


def facts_of(emergency: Emergency) -> dict[str, str]:
    client, room = session().get_one(Client, emergency.client_id), session().get_one(Room, emergency.room_id)
    return {"number": emergency.number, "client": client.name, "room": room.code}


def _record(tag: str, emergency: Emergency, actor: Actor, now: datetime, facts: dict[str, str]) -> None:
    audit.record(tag, "emergency", emergency.id, emergency.number, actor, now, client_id=emergency.client_id, after=facts)


def _in_scope(emergency: Emergency, actor: Actor) -> None:
    if actor.is_client and emergency.client_id != actor.client_id:
        raise NotFound(emergency.id)


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Forbidden(permission)
