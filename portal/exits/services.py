"""Taking equipment out: application, inspection, slip, and what the gate does with it. Returns are in `returns`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.clients.models import Client
from portal.clients.rules import normalise_document, why_not_document
from portal.contracts.models import Contract
from portal.equipment import queries as equipment
from portal.equipment import services as equipment_services
from portal.equipment.models import Equipment
from portal.exits import emails, rules
from portal.exits.models import Exit, ExitItem
from portal.facility import services as facility
from portal.files import services as files
from portal.kernel import change, clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Role
from portal.network import services as network
from portal.outbox.messages import Message
from portal.outbox.services import notify
from portal.passes import fonts
from portal.passes.services import issue_pass, revoke_pass

CHASE_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as the client wrote it. `serial` is normalised; `model` may be empty."""

    model: str
    serial: str


@dataclass(frozen=True, slots=True)
class Application:
    """What an exit application says. `anyway`: send it though lines disagree with the records."""

    kind: str
    client_id: uuid.UUID
    lines: tuple[Line, ...]
    leaves_on: date
    return_due_on: date | None
    mover_name: str
    mover_document: str
    mover_phone: str
    letter_id: uuid.UUID | None
    identity_copy_id: uuid.UUID | None
    note: str
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A line beside what the records have for it. `result` is one of `rules.RESULTS`."""

    line: Line
    found: Equipment | None
    result: str


def compare(lines: Iterable[Line], client_id: uuid.UUID) -> list[Compared]:
    """Every line against the records: one query however many lines."""
    lines = list(lines)
    found = equipment.by_serials([line.serial for line in lines])
    own = [item for item in found.values() if item.client_id == client_id]
    contract_id = own[0].contract_id if own else uuid.UUID(int=0)
    return [_compared(line, found.get(line.serial), client_id, contract_id) for line in lines]


def apply_for_exit(command: Application, actor: Actor, now: datetime) -> Exit:
    """Opens an application (R-X1, R-X2). Equipment that the records know is held by it at once. Raises Refused with every reason."""
    client = _client(command.client_id, actor)
    compared, contract_id = _check(command, client, clock.today(now))
    made = Exit(
        number=next_number("EX", now),
        client_id=client.id,
        contract_id=contract_id,
        applied_by_id=actor.user_id,
        **_values(command, client, actor, now),
    )
    change.open_record(made, "apply", actor, now, facts={"kind": command.kind, "items": len(compared)})
    _write_lines(made, compared, now)
    _tell_service(made, client, len(compared), now)
    return made


def resend(found: Exit, command: Application, actor: Actor, now: datetime) -> None:
    """Sends a corrected application again: its lines are written anew and compared anew."""
    change.lock(found)
    client = _client(found.client_id, actor)
    for item in items_of(found):
        session().delete(item)
    session().flush()
    compared, contract_id = _check(command, client, clock.today(now))
    values = {"contract_id": contract_id, **_values(command, client, actor, now)}
    change.move(found, "resend", actor, now, facts={"items": len(compared)}, values=values)
    _write_lines(found, compared, now)
    _tell_service(found, client, len(compared), now)


def agree(found: Exit, item_ids: Iterable[uuid.UUID], actor: Actor, now: datetime) -> None:
    """Customer service agrees lines with the records, one or several. Raises Refused for a line that does not agree."""
    change.lock(found)
    _require_state(found, "under_review")
    wanted = set(item_ids)
    agreed = []
    for item, compared in inspected(found):
        if item.id not in wanted:
            continue
        if compared.result != rules.AGREES or compared.found is None:
            raise Refused(rules.LINE_DISAGREES(line=item.line, why=rules.RESULTS[compared.result]))
        item.agreed_at, item.equipment_id, item.holds = now, compared.found.id, True
        agreed.append(item)
    if agreed:
        facts = {"line": ", ".join(str(item.line) for item in agreed), "serial": ", ".join(item.listed_serial for item in agreed)}
        audit.record("exit.line_agreed", "exit", found.id, found.number, actor, now, client_id=found.client_id, after=facts)
    with guarded({"uq_exit_items_equipment_held": rules.IN_OTHER_EXIT(serials="")}):
        session().flush()


def disagree(found: Exit, item_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Takes the agreement of a line back."""
    change.lock(found)
    _require_state(found, "under_review")
    for item in items_of(found):
        if item.id == item_id and item.agreed_at is not None:
            item.agreed_at = None
            facts = {"line": item.line, "serial": item.listed_serial}
            audit.record("exit.line_disagreed", "exit", found.id, found.number, actor, now, client_id=found.client_id, after=facts)


def ask_correction(found: Exit, reason: str, actor: Actor, now: datetime) -> None:
    change.move(found, "ask_correction", actor, now, reason=reason)
    _tell_client(emails.NEEDS_CORRECTION, found, now, reason=reason)


def refuse(found: Exit, reason: str, actor: Actor, now: datetime) -> None:
    change.move(found, "refuse", actor, now, reason=reason)
    _let_go(found)
    _tell_client(emails.REFUSED, found, now, reason=reason)


def issue(found: Exit, actor: Actor, now: datetime) -> None:
    """Issues the slip: every line agreed, and agreeing still (R-X1); valid on its date alone (R-X3)."""
    change.lock(found)
    _require_state(found, "under_review")
    if found.leaves_on < clock.today(now):
        raise Refused(rules.DAY_OVER)
    lines = inspected(found)
    open_lines = [item for item, compared in lines if item.agreed_at is None or compared.result != rules.AGREES]
    if open_lines:
        raise Refused(rules.NOT_ALL_AGREED(count=len(open_lines)))
    change.move(found, "issue", actor, now, facts={"items": len(lines)}, values={"issued_by_id": actor.user_id, "issued_at": now})
    issue_pass("exit_slip", found.id, clock.end_of(found.leaves_on), actor, now)
    _tell_client(emails.ISSUED, found, now, count=str(len(lines)), day=found.leaves_on.isoformat(), mover=found.mover_name)


def cancel(found: Exit, reason: str, actor: Actor, now: datetime) -> None:
    change.move(found, "cancel", actor, now, reason=reason)
    _let_go(found)
    revoke_pass(found.id, now, "cancelled")
    _tell_client(emails.CANCELLED, found, now, reason=reason)


def release(found: Exit, item_ids: frozenset[uuid.UUID], actor: Actor, now: datetime) -> None:
    """The gate lets items out; the slip is used up (R-X3). Called with the exit's row locked and the gate's checks done.

    A withdrawal frees units, ports and addresses, which rest first; repair and replacement keep them (R-X4). What is not in
    `item_ids` stays inside and in service.
    """
    for_good = found.kind == "withdrawal"
    out = [item for item in items_of(found) if item.id in item_ids]
    serials = ", ".join(item.listed_serial for item in out)
    facts = {"items": len(out), "serials": serials}
    change.move(found, "release" if for_good else "release_for_return", actor, now, facts=facts, values={"released_at": now})
    revoke_pass(found.id, now, "used")
    for item in items_of(found):
        item.holds = item.id in item_ids and not for_good
        if item.id in item_ids:
            item.released_at = now
            thing = session().get_one(Equipment, item.equipment_id)
            equipment_services.leave(thing, "withdraw" if for_good else "go_out", actor, now, found.number)
            if for_good:
                give_up_place(thing, now)
    told = [*accounts.recipients_of_client(found.client_id), *accounts.recipients_with_role(Role.CUSTOMER_SERVICE)]
    notify(emails.RELEASED, told, now, path=path(found), data={"number": found.number, "count": str(len(out)), "serials": serials})


def give_up_place(thing: Equipment, now: datetime) -> None:
    """Frees what equipment held that is gone for good: units, ports, and addresses, which rest (R-X4)."""
    facility.release_units(thing.id)
    network.release_ports(thing.id, now)
    network.release_addresses(thing.id, now, rest=True)


def note_printed(found: Exit, actor: Actor, now: datetime) -> None:
    audit.record("exit.printed", "exit", found.id, found.number, actor, now, client_id=found.client_id)


def lapse_due(now: datetime) -> int:
    """Slips whose day is over lapse, and what they held is free for another. The gate does not wait for this."""
    over = select(Exit).where(Exit.state == "issued", Exit.leaves_on < clock.today(now)).limit(500).with_for_update(skip_locked=True)
    count = 0
    for found in session().scalars(over).all():
        change.move(found, "lapse", SYSTEM, now)
        _let_go(found)
        revoke_pass(found.id, now, "lapsed")
        _tell_client(emails.LAPSED, found, now, day=found.leaves_on.isoformat())
        count += 1
    return count


def chase_returns(now: datetime) -> int:
    """Flags overdue returns to client and customer service, again every week (R-X4)."""
    today = clock.today(now)
    told_before = today - CHASE_EVERY
    overdue = (
        select(Exit)
        .where(Exit.state == "awaiting_return", Exit.return_due_on < today)
        .where(Exit.overdue_told_on.is_(None) | (Exit.overdue_told_on <= told_before))
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for found in session().scalars(overdue).all():
        found.overdue_told_on = today
        serials = ", ".join(item.listed_serial for item in items_of(found) if item.holds)
        facts = {"due": str(found.return_due_on), "serials": serials}
        audit.record("exit.overdue", "exit", found.id, found.number, SYSTEM, now, client_id=found.client_id, after=facts)
        told = [*accounts.recipients_of_client(found.client_id), *accounts.recipients_with_role(Role.CUSTOMER_SERVICE)]
        data = {"number": found.number, "day": str(found.return_due_on), "serials": serials}
        notify(emails.OVERDUE, told, now, path=path(found), data=data)
        count += 1
    return count


def path(found: Exit) -> str:
    return f"/exits/{ids.to_text(found.id)}"


def _check(command: Application, client: Client, today: date) -> tuple[list[Compared], uuid.UUID]:
    """Whether the application may stand; the lines beside the records, and the contract that they are of."""
    refusals: list[Refusal] = rules.why_not_dates(command.kind, command.leaves_on, command.return_due_on, today)
    refusals += rules.why_not_papers(
        command.kind, client.kind, letter=command.letter_id is not None, identity_copy=command.identity_copy_id is not None
    )
    if why_not := why_not_document("identity_card", command.mover_document):
        refusals.append(why_not.on("mover_document"))
    if unprintable := fonts.missing(command.mover_name):
        refusals.append(rules.MOVER_NOT_PRINTABLE(characters=" ".join(sorted(unprintable))))
    serials = [line.serial for line in command.lines]
    twice = next((serial for serial in serials if serials.count(serial) > 1), None)
    if not serials:
        refusals.append(rules.NO_LINES)
    elif len(serials) > rules.MOST_LINES:
        raise Refused(rules.TOO_MANY_LINES(most=rules.MOST_LINES))
    elif twice:
        refusals.append(rules.LISTED_TWICE(serial=twice))
    compared = compare(command.lines, client.id)
    own = [c.found for c in compared if c.found is not None and c.found.client_id == client.id]
    contract_ids = {thing.contract_id for thing in own}
    if serials and not own:
        refusals.append(rules.NOTHING_FOUND)
    if len(contract_ids) > 1:
        numbers = session().scalars(select(Contract.number).where(Contract.id.in_(contract_ids)).order_by(Contract.number))
        refusals.append(rules.SEVERAL_CONTRACTS(numbers=", ".join(numbers)))
    held = select(ExitItem.listed_serial).where(ExitItem.holds, ExitItem.equipment_id.in_([thing.id for thing in own]))
    if taken := list(session().scalars(held)):
        refusals.append(rules.IN_OTHER_EXIT(serials=", ".join(taken)))
    disagreeing = sum(c.result != rules.AGREES for c in compared)
    if disagreeing and not command.anyway and not refusals:
        refusals.append(rules.LINES_DISAGREE(count=disagreeing))
    if refusals:
        raise Refused(*refusals)
    return compared, contract_ids.pop()


def _compared(line: Line, thing: Equipment | None, client_id: uuid.UUID, contract_id: uuid.UUID) -> Compared:
    found = None
    if thing is not None:
        model = thing.model
        found = rules.OnRecord(thing.client_id, thing.contract_id, thing.state, model.manufacturer, model.name, model.part_number)
    result = rules.compare(line.model, found, client_id, contract_id)
    return Compared(line, thing if thing is not None and thing.client_id == client_id else None, result)


def inspected(found: Exit) -> list[tuple[ExitItem, Compared]]:
    """The list and the records side by side, line by line, for customer service (R-X1)."""
    items = items_of(found)
    return list(zip(items, compare([Line(item.listed_model, item.listed_serial) for item in items], found.client_id), strict=True))


def items_of(found: Exit) -> list[ExitItem]:
    """The lines of an exit, in order."""
    return list(session().scalars(select(ExitItem).where(ExitItem.exit_id == found.id).order_by(ExitItem.line)))


def _values(command: Application, client: Client, actor: Actor, now: datetime) -> dict[str, object]:
    document = normalise_document(command.mover_document)
    papers = {"letter_id": ("letter", command.letter_id), "identity_copy_id": ("identity_copy", command.identity_copy_id)}
    claimed = {
        column: files.claim(file_id, purpose, client.id, actor, now).id if file_id else None
        for column, (purpose, file_id) in papers.items()
    }
    return {
        "kind": command.kind,
        "leaves_on": command.leaves_on,
        "return_due_on": None if command.kind == "withdrawal" else command.return_due_on,
        "mover_name": command.mover_name,
        "mover_document": document,
        "mover_document_tail": document[-4:],
        "mover_phone": command.mover_phone,
        "note": command.note,
        **claimed,
    }


def _write_lines(found: Exit, compared: list[Compared], now: datetime) -> None:
    with guarded({"uq_exit_items_equipment_held": rules.IN_OTHER_EXIT(serials=", ".join(c.line.serial for c in compared))}):
        session().add_all(
            ExitItem(
                created_at=now,
                exit_id=found.id,
                line=number,
                listed_model=c.line.model or (c.found.model.label if c.found else ""),
                listed_serial=c.line.serial,
                equipment_id=c.found.id if c.found else None,
                holds=c.found is not None and c.result == rules.AGREES,
            )
            for number, c in enumerate(compared, start=1)
        )
    session().expire(found, ["items"])


def _let_go(found: Exit) -> None:
    session().execute(update(ExitItem).where(ExitItem.exit_id == found.id).values(holds=False))


def _require_state(found: Exit, state: str) -> None:
    if found.state != state:
        raise change.conflict(found, "agree")


def _client(client_id: uuid.UUID, actor: Actor) -> Client:
    client = session().get(Client, client_id) if actor.client_id in (None, client_id) else None
    if client is None:
        raise NotFound(client_id)
    return client


def _tell_service(found: Exit, client: Client, count: int, now: datetime) -> None:
    data = {"number": found.number, "client": client.name, "count": str(count), "day": found.leaves_on.isoformat()}
    notify(emails.APPLIED, accounts.recipients_with_role(Role.CUSTOMER_SERVICE), now, path=path(found), data=data)


def _tell_client(message: Message, found: Exit, now: datetime, **data: str) -> None:
    notify(message, accounts.recipients_of_client(found.client_id), now, path=path(found), data={"number": found.number, **data})
