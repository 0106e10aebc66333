"""The report on an emergency access, its review, and reminding of it (R-A2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.calendar import queries as calendar
from portal.emergencies import emails, queries, rules
from portal.emergencies.escalation import path
from portal.emergencies.models import Emergency, EmergencyEquipment
from portal.emergencies.services import equipment_named, facts_of, tell_client
from portal.kernel import change, clock
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refused
from portal.kernel.policy import SYSTEM, Actor, Role
from portal.outbox.services import notify
from portal.passes.services import revoke_pass


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, to which equipment (serial numbers), and until when was worked (aware)."""

    text: str
    serials: tuple[str, ...]
    worked_until: datetime


def report(emergency: Emergency, command: Report, actor: Actor, now: datetime) -> None:
    """Writes the report, by the client or by customer service for it; from then on nobody goes in any more. Raises Refused."""
    if actor.is_client and emergency.client_id != actor.client_id:
        raise NotFound(emergency.id)
    change.lock(emergency)
    if emergency.state not in emergency.LIFECYCLE.actions["report"].sources:
        raise change.conflict(emergency, "report")
    assert emergency.entered_at is not None
    assert emergency.left_at is not None
    items, refusals = equipment_named(emergency.client_id, command.serials)
    if not command.text.strip():
        refusals.append(rules.REPORT_MISSING)
    if wrong := rules.why_not_until(command.worked_until, emergency.entered_at, emergency.left_at):
        refusals.append(wrong)
    if refusals:
        raise Refused(*refusals)
    values = {
        "report": command.text, "worked_until": command.worked_until, "reported_at": now, "reported_by_id": actor.user_id,
        "review_note": "",
    }  # fmt: skip
    change.move(emergency, "report", actor, now, values=values, facts={"equipment": len(items)})
    revoke_pass(emergency.id, now, "used")
    there = {link.equipment_id: link for link in queries.equipment_links(emergency.id)}
    for equipment_id, link in there.items():
        link.in_report = equipment_id in items
    session().add_all(
        EmergencyEquipment(created_at=now, emergency_id=emergency.id, equipment_id=item, in_report=True)
        for item in items
        if item not in there
    )
    session().flush()
    told = accounts.recipient(emergency.decided_by_id) or accounts.recipients_with_role(Role.SUPERVISOR)
    notify(emails.REPORTED, told, now, path=path(emergency), data=facts_of(emergency) | {"report": command.text[:500]})


def send_back(emergency: Emergency, reason: str, actor: Actor, now: datetime) -> None:
    """The supervisor needs more: due again, on the next working day."""
    change.lock(emergency)
    due_on = calendar.next_working_day(clock.today(now))
    values = {
        "review_note": reason, "reviewed_at": now, "reviewed_by_id": actor.user_id, "report_due_on": due_on, "chased_on": None,
    }  # fmt: skip
    change.move(emergency, "send_back", actor, now, reason=reason, values=values, facts={"due_on": due_on.isoformat()})
    tell_client(emails.SENT_BACK, emergency, now, reason=reason, day=due_on.isoformat())


def close(emergency: Emergency, note: str, actor: Actor, now: datetime) -> None:
    """The supervisor has reviewed the report and is content."""
    change.lock(emergency)
    values = {"review_note": note, "reviewed_at": now, "reviewed_by_id": actor.user_id}
    change.move(emergency, "close", actor, now, reason=note or None, values=values)
    tell_client(emails.CLOSED, emergency, now)


def chase_reports(now: datetime) -> int:
    """Reminds client and customer service of each overdue report, once a day of the site's. Returns how many."""
    today = clock.today(now)
    overdue = (
        select(Emergency)
        .where(
            Emergency.state == "report_due",
            Emergency.report_due_on < today,
            or_(Emergency.chased_on.is_(None), Emergency.chased_on < today),
        )
        .order_by(Emergency.report_due_on, Emergency.id)
        .limit(200)
        .with_for_update(skip_locked=True)
    )
    found = list(session().scalars(overdue.execution_options(populate_existing=True)))
    for emergency in found:
        assert emergency.report_due_on is not None
        emergency.chased_on = today
        told = [*accounts.recipients_of_client(emergency.client_id), *accounts.recipients_with_role(Role.CUSTOMER_SERVICE)]
        data = facts_of(emergency) | {"day": emergency.report_due_on.isoformat()}
        notify(emails.REPORT_OVERDUE, told, now, path=path(emergency), data=data)
        audit.record(
            "emergency.report_overdue", "emergency", emergency.id, emergency.number, SYSTEM, now, client_id=emergency.client_id,
            after={"due_on": emergency.report_due_on.isoformat()},
        )  # fmt: skip
    session().flush()
    return len(found)
