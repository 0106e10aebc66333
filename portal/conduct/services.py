"""What people do about violations: record, prove, decide, appeal, answer, lift (R-S7). Ends what has run its time."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.clients.models import Client, Person
from portal.conduct import barring, emails, queries, rules
from portal.conduct.barring import BARRED, note_given_back
from portal.conduct.barring import end_due as end_suspensions
from portal.conduct.lifecycle import OPEN
from portal.conduct.models import Appeal, Decision, Violation, ViolationFile
from portal.conduct.rules import Outcome
from portal.facility.models import Room
from portal.files import services as files
from portal.gate.models import GateEvent, Presence
from portal.kernel import change, clock, ids
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refusal, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Permission, Role
from portal.outbox.messages import Message, Recipient
from portal.outbox.services import notify

__all__ = ["BARRED", "end_suspensions", "note_given_back"]
BATCH = 200


@dataclass(frozen=True, slots=True)
class NewViolation:
    """What is recorded. `person_id` None: unknown; then `person_name` says what is known of them. `evidence`: staged files.

    `stay_id`: they are or were inside then, so that their document is known even if they are none of the client's people.
    """

    client_id: uuid.UUID
    person_id: uuid.UUID | None
    person_name: str
    rule: str
    severity: str
    happened_at: datetime
    room_id: uuid.UUID | None
    place: str
    description: str
    witness: str = ""
    note: str = ""
    event_id: uuid.UUID | None = None
    stay_id: uuid.UUID | None = None
    evidence: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a supervisor decides, at first or on an appeal, and why; `reason` is told to the client."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class NewAppeal:
    text: str
    papers: tuple[uuid.UUID, ...] = ()


def record(command: NewViolation, actor: Actor, now: datetime) -> Violation:
    """Records a violation against a person and a client; the supervisors are told. Raises Refused with every reason at once."""
    client = session().get(Client, command.client_id)
    person = session().get(Person, command.person_id) if command.person_id else None
    if client is None or (command.person_id and (person is None or person.client_id != client.id)):
        raise NotFound(command.client_id)
    stay = session().get(Presence, command.stay_id) if command.stay_id else None
    if command.stay_id and (stay is None or stay.client_id != client.id or stay.person_id not in (None, command.person_id)):
        raise NotFound(command.stay_id)
    _check(command, now)
    violation = Violation(
        number=next_number("VL", now),
        client_id=client.id,
        person_id=person.id if person else None,
        person_name=person.name if person else command.person_name,
        document_hash=person.document_hash if person else stay.document_hash if stay else None,
        rule=command.rule,
        severity=command.severity,
        happened_at=command.happened_at,
        room_id=command.room_id,
        place=command.place,
        description=command.description,
        witness=command.witness,
        note=command.note,
        event_id=command.event_id,
        recorded_by_id=actor.user_id,
    )
    facts = {"person": violation.person_name, "rule": command.rule, "severity": command.severity}
    change.open_record(violation, "record", actor, now, facts=facts)
    for file_id in command.evidence:
        _attach(violation, file_id, "evidence", actor, now)
    _tell(emails.RECORDED, violation, accounts.recipients_with_role(Role.SUPERVISOR), now, who=actor.name)
    return violation


def add_evidence(violation: Violation, file_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Adds one file, up to `rules.MOST_EVIDENCE`. Its row is locked, so that the limit holds."""
    if not actor.may(Permission.VIOLATION_RECORD):
        raise Forbidden(Permission.VIOLATION_RECORD)
    change.lock(violation)
    if violation.state not in OPEN:
        raise Refused(rules.EVIDENCE_CLOSED)
    if len(queries.file_ids(violation, "evidence")) >= rules.MOST_EVIDENCE:
        raise Refused(rules.EVIDENCE_FULL(most=rules.MOST_EVIDENCE))
    _attach(violation, file_id, "evidence", actor, now)
    audit.record("violation.evidence_added", "violation", violation.id, violation.number, actor, now, client_id=violation.client_id)


def name_person(violation: Violation, person_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Says who it was, of a violation that was recorded against someone unknown; one of the same client's people."""
    if not actor.may(Permission.VIOLATION_RECORD):
        raise Forbidden(Permission.VIOLATION_RECORD)
    change.lock(violation)
    if violation.state != "recorded":
        raise change.conflict(violation, "decide")
    if violation.person_id is not None:
        raise Refused(rules.NAMED_ALREADY)
    person = session().get(Person, person_id)
    if person is None or person.client_id != violation.client_id:
        raise NotFound(person_id)
    before = violation.person_name
    violation.person_id, violation.person_name, violation.document_hash = person.id, person.name, person.document_hash
    audit.record(
        "violation.person_named", "violation", violation.id, violation.number, actor, now, client_id=violation.client_id,
        before={"person": before}, after={"person": person.name},
    )  # fmt: skip


def withdraw(violation: Violation, reason: str, actor: Actor, now: datetime) -> None:
    """Takes back a record that was a mistake, before it is decided on: who recorded it, or a supervisor, who are told of it."""
    if violation.recorded_by_id != actor.user_id and not actor.may(Permission.VIOLATION_DECIDE):
        raise Refused(rules.NOT_YOURS)
    change.move(violation, "withdraw", actor, now, reason=reason)
    told = [*accounts.recipients_with_role(Role.SUPERVISOR), *accounts.recipient(violation.recorded_by_id)]
    _tell(emails.WITHDRAWN, violation, [r for r in told if r.user_id != actor.user_id], now, who=actor.name, reason=reason)


def decide(violation: Violation, verdict: Verdict, actor: Actor, now: datetime) -> None:
    """The supervisor's decision; what it bars it bars at once. The client is told, and by when it may appeal. Raises Refused."""
    change.lock(violation)
    if refusals := rules.why_not_outcome(verdict.outcome, known=violation.document_hash is not None):
        raise Refused(*refusals)
    until = rules.last_appeal_day(clock.today(now))
    values = {"decided_by_id": actor.user_id, "decided_at": now, "appeal_until": until}
    change.move(violation, "decide", actor, now, reason=verdict.reason, facts=_facts(verdict.outcome), values=values)
    _keep(violation, "decision", verdict, actor, now)
    if verdict.outcome.bars:
        barring.bar(violation, verdict.outcome, actor, now)
    _tell(emails.DECIDED, violation, accounts.recipients_of_client(violation.client_id), now, until=until.isoformat())


def appeal(violation: Violation, command: NewAppeal, actor: Actor, now: datetime) -> None:
    """The client's one appeal, until the end of the last day for it. What was decided holds until the answer. Raises Refused."""
    if violation.client_id != actor.client_id:
        raise NotFound(violation.id)
    change.lock(violation)
    if violation.state == "decided" and violation.appeal_until is not None and clock.today(now) > violation.appeal_until:
        raise Refused(rules.TOO_LATE(day=violation.appeal_until))
    if not command.text.strip():
        raise Refused(rules.APPEAL_TEXT)
    change.move(violation, "appeal", actor, now)
    row = Appeal(created_at=now, violation_id=violation.id, appealed_by_id=actor.user_id, text=command.text)
    session().add(row)
    for file_id in command.papers[: rules.MOST_APPEAL_FILES]:
        _attach(violation, file_id, "appeal", actor, now)
    session().flush()
    _tell(emails.APPEALED, violation, accounts.recipients_with_role(Role.SUPERVISOR), now)


def uphold(violation: Violation, reason: str, actor: Actor, now: datetime) -> None:
    """The appeal changes nothing."""
    outcome = _answering(violation, actor)
    change.move(violation, "uphold", actor, now, reason=reason)
    _keep(violation, "appeal", Verdict(outcome, reason), actor, now)
    _tell(emails.ANSWERED, violation, accounts.recipients_of_client(violation.client_id), now)


def reduce(violation: Violation, verdict: Verdict, actor: Actor, now: datetime) -> None:
    """The appeal makes it milder; a suspension is counted anew from the day on which it began. Raises Refused."""
    before = _answering(violation, actor)
    if refusals := rules.why_not_outcome(verdict.outcome, known=violation.document_hash is not None):
        raise Refused(*refusals)
    if refusal := rules.why_not_milder(before, verdict.outcome):
        raise Refused(refusal)
    change.move(violation, "reduce", actor, now, reason=verdict.reason, facts=_facts(verdict.outcome))
    _keep(violation, "appeal", verdict, actor, now)
    ban = queries.ban_of(violation)
    if ban is not None and ban.ended_at is None:
        barring.loosen(ban, verdict.outcome, actor, now)
    _tell(emails.ANSWERED, violation, accounts.recipients_of_client(violation.client_id), now)


def grant(violation: Violation, reason: str, actor: Actor, now: datetime) -> None:
    """The appeal is right: nothing of the decision is left."""
    _answering(violation, actor)
    change.move(violation, "grant", actor, now, reason=reason)
    _let_go(violation, "appeal", reason, actor, now)
    _tell(emails.ANSWERED, violation, accounts.recipients_of_client(violation.client_id), now)


def lift(violation: Violation, reason: str, actor: Actor, now: datetime) -> None:
    """The supervisor takes a decision back without an appeal: what it barred is free again, from now on."""
    change.lock(violation)
    change.move(violation, "lift", actor, now, reason=reason)
    _let_go(violation, "lifting", reason, actor, now)
    _tell(emails.LIFTED, violation, accounts.recipients_of_client(violation.client_id), now, reason=reason)


def close_due(now: datetime) -> int:
    """Closes what nobody appealed against in time. Its suspension or ban goes on. Returns how many."""
    over = select(Violation).where(Violation.state == "decided", Violation.appeal_until < clock.today(now)).limit(BATCH)
    violations = list(session().scalars(over.with_for_update(skip_locked=True).execution_options(populate_existing=True)))
    for violation in violations:
        change.move(violation, "close", SYSTEM, now)
    return len(violations)


def path(violation: Violation) -> str:
    return f"/violations/{ids.to_text(violation.id)}"


def _check(command: NewViolation, now: datetime) -> None:
    refusals: list[Refusal] = []
    if command.happened_at > now:
        refusals.append(rules.IN_FUTURE)
    if command.room_id is None and not command.place.strip():
        refusals.append(rules.NO_PLACE)
    if not command.description.strip():
        refusals.append(rules.NO_DESCRIPTION)
    if command.rule not in rules.BROKEN or command.severity not in rules.SEVERITIES:
        raise NotFound(command.rule)
    if command.person_id is None and not command.person_name.strip():
        refusals.append(rules.NO_NAME)
    if len(command.evidence) > rules.MOST_EVIDENCE:
        refusals.append(rules.EVIDENCE_FULL(most=rules.MOST_EVIDENCE))
    if command.room_id is not None and session().get(Room, command.room_id) is None:
        raise NotFound(command.room_id)
    if command.event_id is not None and session().get(GateEvent, command.event_id) is None:
        raise NotFound(command.event_id)
    if refusals:
        raise Refused(*refusals)


def _answering(violation: Violation, actor: Actor) -> Outcome:
    """Locks the violation for the answer to its appeal; gives what was decided. Raises Refused for who decided it, if another could."""
    change.lock(violation)
    others = queries.other_deciders(violation)
    if violation.state == "appealed" and not rules.may_answer(actor.user_id, violation.decided_by_id, others):
        raise Refused(rules.DECIDER_ANSWERS)
    return queries.outcome_of(violation)


def _let_go(violation: Violation, stage: str, reason: str, actor: Actor, now: datetime) -> None:
    _keep(violation, stage, Verdict(Outcome(frozenset()), reason), actor, now)
    ban = queries.ban_of(violation)
    if ban is not None and ban.ended_at is None:
        barring.lift(ban, actor, now)


def _keep(violation: Violation, stage: str, verdict: Verdict, actor: Actor, now: datetime) -> None:
    measures = [key for key in rules.MEASURES if key in verdict.outcome.measures]
    row = Decision(
        created_at=now,
        violation_id=violation.id,
        stage=stage,
        measures=measures,
        days=verdict.outcome.days,
        reason=verdict.reason,
        decided_by_id=actor.user_id,
    )
    session().add(row)
    session().flush()


def _attach(violation: Violation, file_id: uuid.UUID, part: str, actor: Actor, now: datetime) -> None:
    purpose = "evidence" if part == "evidence" else "appeal"
    file = files.claim(file_id, purpose, violation.client_id, actor, now)
    with guarded({"uq_violation_files_file_id": rules.FILE_TAKEN}):
        session().add(ViolationFile(created_at=now, violation_id=violation.id, file_id=file.id, part=part))


def _facts(outcome: Outcome) -> dict[str, Any]:
    return {f"measure_{key}": True for key in rules.MEASURES if key in outcome.measures} | ({"days": outcome.days} if outcome.days else {})


def _tell(message: Message, violation: Violation, recipients: Iterable[Recipient], now: datetime, **data: str) -> None:
    client = session().get_one(Client, violation.client_id)
    values = {"number": violation.number, "person": violation.person_name, "client": client.name, **data}
    notify(message, recipients, now, path=path(violation), data=values)
