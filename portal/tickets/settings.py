"""What an administrator sets: kinds with their terms, the heads of departments, the desk's hours; and the ready answers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts.models import User
from portal.audit import services as audit
from portal.kernel import change
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Permission
from portal.tickets import rules
from portal.tickets.deadlines import Term
from portal.tickets.models import CannedAnswer, Department, ServiceHours, TicketKind


@dataclass(frozen=True, slots=True)
class KindFacts:
    """A kind of request. The terms count as `deadlines` says; a requests's type decides which rules hold for it."""

    code: str
    type: str
    name: str
    name_en: str
    department_id: uuid.UUID
    priority: str
    answer: Term
    settle: Term
    active: bool = True


@dataclass(frozen=True, slots=True)
class Texts:
    title: str
    title_en: str
    body: str
    body_en: str
    active: bool = True


def set_kind(kind: TicketKind | None, facts: KindFacts, actor: Actor, now: datetime) -> TicketKind:
    """Adds a kind, or changes one; requests that run keep the deadlines they have. Raises Refused: terms, code taken."""
    _need(actor, Permission.TICKET_SETTINGS)
    if refusal := rules.why_not_terms(facts.type, facts.answer, facts.settle):
        raise Refused(refusal)
    if session().get(Department, facts.department_id) is None:
        raise NotFound(facts.department_id)
    made = kind is None
    kind = kind or TicketKind(created_at=now)
    before = {} if made else _told(kind)
    kind.code, kind.type, kind.name, kind.name_en = facts.code, facts.type, facts.name, facts.name_en
    kind.department_id, kind.priority, kind.active = facts.department_id, facts.priority, facts.active
    kind.answer_amount, kind.answer_unit = facts.answer.amount, facts.answer.unit
    kind.settle_amount, kind.settle_unit = facts.settle.amount, facts.settle.unit
    with guarded({"uq_ticket_kinds_code": rules.CODE_TAKEN}):
        session().add(kind)
    _record("ticket_settings.kind_added" if made else "ticket_settings.kind_changed", kind.id, kind.code, actor, now, before, _told(kind))
    return kind


def set_head(department: Department, head_id: uuid.UUID | None, actor: Actor, now: datetime) -> None:
    """Names the head to whom what is late goes. Raises Refused when that is nobody of the staff."""
    _need(actor, Permission.TICKET_SETTINGS)
    head = session().get(User, head_id) if head_id else None
    if head_id and (head is None or head.state != "active" or head.client_id is not None):
        raise Refused(rules.NOT_THEIRS.on("head"))
    change.lock(department)
    department.head_id = head_id
    session().flush()
    _record("ticket_settings.head_named", department.id, department.name, actor, now, {}, {"supervisor": head.name if head else ""})


def set_hours(opens: int, closes: int, actor: Actor, now: datetime) -> None:
    """When the desk works on a working day, in minutes of the day. Deadlines that run keep what was worked out."""
    _need(actor, Permission.TICKET_SETTINGS)
    if closes <= opens:
        raise Refused(rules.CLOSES_BEFORE)
    hours = session().scalars(select(ServiceHours).with_for_update()).one()
    before = {"opens": clock_text(hours.opens), "closes": clock_text(hours.closes)}
    hours.opens, hours.closes = opens, closes
    session().flush()
    after = {"opens": clock_text(opens), "closes": clock_text(closes)}
    _record("ticket_settings.hours_changed", hours.id, "hours", actor, now, before, after)


def set_text(text: CannedAnswer | None, facts: Texts, actor: Actor, now: datetime) -> CannedAnswer:
    """Adds a ready answer, or changes one."""
    _need(actor, Permission.TICKET_TEXTS)
    text = text or CannedAnswer(created_at=now)
    text.title, text.title_en, text.body, text.body_en, text.active = facts.title, facts.title_en, facts.body, facts.body_en, facts.active
    session().add(text)
    session().flush()
    _record("ticket_settings.text_set", text.id, text.title, actor, now, {}, {"title": text.title})
    return text


def clock_text(minutes: int) -> str:
    """540 as 09:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _told(kind: TicketKind) -> dict[str, str]:
    return {
        "name": kind.name,
        "priority": kind.priority,
        "answer_term": f"{kind.answer_amount} {kind.answer_unit}",
        "settle_term": f"{kind.settle_amount} {kind.settle_unit}",
    }


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Forbidden(permission)


def _record(tag: str, id_: uuid.UUID, label: str, actor: Actor, now: datetime, before: dict[str, str], after: dict[str, str]) -> None:
    audit.record(tag, "ticket_settings", id_, label, actor, now, before=before, after=after)
