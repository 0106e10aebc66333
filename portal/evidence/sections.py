"""What an evidence pack holds: one entry of SECTIONS for each file, with its columns and the one query that fills it.

A further area is one function and one entry more. Rows are read as they are written, so that memory stays constant. Identity
numbers are masked to their last digits; who an entry concerns is told by name, since that is what the log has to prove.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.badges.models import Badge
from portal.clients.models import Client, Person
from portal.conduct.models import Violation
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.evidence import queries
from portal.exits.models import Exit, ExitItem
from portal.facility.models import Room, Site
from portal.gate.models import GateEvent, Presence
from portal.reviews.models import AccessReview, AccessReviewLine
from portal.reviews.queries import Holder
from portal.shifts.models import Shift
from portal.visits.models import Visit, Visitor

By, Approver, Seen, Closer = (aliased(User) for _number in range(4))
ENDING = ("badge.cancel", "badge.hand_on", "badge.report_lost", "badge.take_back", "badge.expire")
RIGHTS = ("badge", "person", "user", "violation", "access_review", "visit", "visitor", "visit_extension", "emergency")


@dataclass(frozen=True, slots=True)
class Period:
    """`start` included, `end` not, both UTC; `from_on` and `to_on` are the site's days, both included."""

    start: datetime
    end: datetime
    from_on: date
    to_on: date

    def covers(self, column: Any) -> ColumnElement[bool]:
        return and_(column >= self.start, column < self.end)


@dataclass(frozen=True, slots=True)
class File:
    """One CSV file: `name`.csv, with its columns. `zh`, `en`: what it holds."""

    name: str
    zh: str
    en: str
    heads: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section(File):
    """One that a query fills: `fill` gives the one whose columns are `heads`, in their order."""

    fill: Callable[[Period], Select[*tuple[Any, ...]]]


def masked(tail: Any) -> Any:
    """A document number as its last digits."""
    return "****" + tail


def _gate_events(period: Period) -> Select[*tuple[Any, ...]]:
    return (
        select(
            GateEvent.created_at, GateEvent.kind, GateEvent.code, GateEvent.subject_kind, GateEvent.subject_label, GateEvent.person_name,
            Client.name, Room.code, By.name, GateEvent.facts, GateEvent.id,
        )
        .outerjoin(Client, Client.id == GateEvent.client_id)
        .outerjoin(Room, Room.id == GateEvent.room_id)
        .join(By, By.id == GateEvent.guard_id)
        .where(period.covers(GateEvent.created_at))
        .order_by(GateEvent.created_at, GateEvent.id)
    )  # fmt: skip


def _presences(period: Period) -> Select[*tuple[Any, ...]]:
    stays = queries.select_stays().where(queries.overlapping(period.start, period.end))
    return stays.with_only_columns(
        Presence.created_at, Presence.left_at, Room.code, Presence.person_name, Client.name, Presence.subject_label,
        func.coalesce(queries.Reviewer.name, queries.VisitReviewer.name, queries.Supervisor.name),
        func.coalesce(Badge.issued_at, Visit.decided_at, Emergency.decided_at),
        Presence.until_at, queries.Escort.name, queries.GuardIn.name, queries.GuardOut.name, maintain_column_froms=True,
    ).order_by(Presence.created_at, Presence.id)  # fmt: skip


def _visits(period: Period) -> Select[*tuple[Any, ...]]:
    """Everyone named on a visit that was asked for, or whose window lay, in the period: who authorised it, escorted or not."""
    during = or_(period.covers(Visit.created_at), and_(Visit.starts_at < period.end, Visit.ends_at >= period.start))
    return (
        select(
            Visit.number, Visitor.number, Client.name, Room.code, Person.name, Person.document_kind, masked(Person.document_tail),
            Visitor.state, Visit.state, Visit.created_at, By.name, Approver.name, Visit.decided_at, Visit.starts_at, Visit.ends_at,
            Visit.escorted, Visit.reason,
        )
        .join(Visitor, Visitor.visit_id == Visit.id)
        .join(Person, Person.id == Visitor.person_id)
        .join(Client, Client.id == Visit.client_id)
        .join(Room, Room.id == Visit.room_id)
        .join(By, By.id == Visit.asked_by_id)
        .outerjoin(Approver, Approver.id == Visit.reviewed_by_id)
        .where(during)
        .order_by(Visit.number, Visitor.place)
    )  # fmt: skip


def _emergencies(period: Period) -> Select[*tuple[Any, ...]]:
    """Emergencies of the period with everyone named or identified: who approved and why, who came, the report and its review."""
    during = or_(*(period.covers(column) for column in (Emergency.created_at, Emergency.decided_at, Emergency.entered_at)))
    return (
        select(
            Emergency.number, Client.name, Room.code, Emergency.state, Emergency.reason, Emergency.channel, Emergency.created_at, By.name,
            Approver.name, Emergency.decided_at, Emergency.decision_reason, Emergency.lapses_at, EmergencyPerson.name,
            EmergencyPerson.document_kind, masked(EmergencyPerson.document_tail), EmergencyPerson.identified_at, Seen.name,
            EmergencyPerson.entered_at, EmergencyPerson.left_at, Emergency.report_due_on, Emergency.reported_at, Closer.name,
            Emergency.reviewed_at,
        )
        .join(Client, Client.id == Emergency.client_id)
        .join(Room, Room.id == Emergency.room_id)
        .join(By, By.id == Emergency.asked_by_id)
        .outerjoin(Approver, Approver.id == Emergency.decided_by_id)
        .outerjoin(EmergencyPerson, EmergencyPerson.emergency_id == Emergency.id)
        .outerjoin(Seen, Seen.id == EmergencyPerson.identified_by_id)
        .outerjoin(Closer, Closer.id == Emergency.reviewed_by_id)
        .where(during)
        .order_by(Emergency.number, EmergencyPerson.id)
    )  # fmt: skip


def _badges(period: Period) -> Select[*tuple[Any, ...]]:
    """Badges that were there in the period: with who asked, who approved, and what ended them, when and by whom."""
    ends = and_(AuditEntry.subject_kind == "badge", AuditEntry.subject_id == Badge.id, AuditEntry.tag.in_(ENDING))
    ended = select(func.max(AuditEntry.at)).where(ends).correlate(Badge).scalar_subquery()

    def last(column: Any) -> Any:
        return select(column).where(ends).correlate(Badge).order_by(AuditEntry.id.desc()).limit(1).scalar_subquery()

    return (
        select(
            Badge.number, Client.name, Person.name, masked(Person.document_tail), Badge.state, Badge.created_at, By.name, Approver.name,
            Badge.issued_at, Badge.valid_until, ended, last(AuditEntry.tag), last(AuditEntry.actor_name), last(AuditEntry.reason),
            Badge.card_back_at,
        )
        .join(Client, Client.id == Badge.client_id)
        .join(Person, Person.id == Badge.person_id)
        .join(By, By.id == Badge.applied_by_id)
        .outerjoin(Approver, Approver.id == Badge.reviewed_by_id)
        .where(Badge.created_at < period.end, or_(ended.is_(None), ended >= period.start))
        .order_by(Badge.number)
    )  # fmt: skip


def _rights(period: Period) -> Select[*tuple[Any, ...]]:
    """Every grant, change and revocation of access in the period, with who did it."""
    return (
        select(
            AuditEntry.at, AuditEntry.tag, AuditEntry.subject_kind, AuditEntry.subject_label, Client.name, AuditEntry.actor_name,
            AuditEntry.actor_role, AuditEntry.before, AuditEntry.after, AuditEntry.reason, AuditEntry.seq,
        )
        .outerjoin(Client, Client.id == AuditEntry.client_id)
        .where(period.covers(AuditEntry.at), AuditEntry.subject_kind.in_(RIGHTS))
        .order_by(AuditEntry.at, AuditEntry.id)
    )  # fmt: skip


def _exits(period: Period) -> Select[*tuple[Any, ...]]:
    """Equipment and media that left or was to leave: each item with its approval and its way out and back."""
    during = or_(period.covers(Exit.created_at), period.covers(Exit.issued_at), period.covers(Exit.released_at))
    moved = or_(period.covers(ExitItem.back_at_gate_at), period.covers(ExitItem.settled_at), during)
    return (
        select(
            Exit.number, Exit.kind, Exit.state, Client.name, Exit.created_at, By.name, Approver.name, Exit.issued_at, Exit.leaves_on,
            Exit.mover_name, masked(Exit.mover_document_tail), Exit.return_due_on, ExitItem.line, ExitItem.listed_model,
            ExitItem.listed_serial, ExitItem.agreed_at, ExitItem.released_at, ExitItem.back_at_gate_at, ExitItem.settled_at,
            ExitItem.settled_as,
        )
        .join(ExitItem, ExitItem.exit_id == Exit.id)
        .join(Client, Client.id == Exit.client_id)
        .join(By, By.id == Exit.applied_by_id)
        .outerjoin(Approver, Approver.id == Exit.issued_by_id)
        .where(moved)
        .order_by(Exit.number, ExitItem.line)
    )  # fmt: skip


def _violations(period: Period) -> Select[*tuple[Any, ...]]:
    during = or_(period.covers(Violation.happened_at), period.covers(Violation.decided_at))
    return (
        select(
            Violation.number, Violation.happened_at, Violation.rule, Violation.severity, Violation.person_name, Client.name, Room.code,
            Violation.state, By.name, Violation.created_at, Approver.name, Violation.decided_at,
        )
        .join(Client, Client.id == Violation.client_id)
        .outerjoin(Room, Room.id == Violation.room_id)
        .join(By, By.id == Violation.recorded_by_id)
        .outerjoin(Approver, Approver.id == Violation.decided_by_id)
        .where(during)
        .order_by(Violation.happened_at, Violation.id)
    )  # fmt: skip


def _shifts(period: Period) -> Select[*tuple[Any, ...]]:
    """Who stood at which gate from when to when, and to whom it was signed over."""
    during = or_(period.covers(Shift.started_at), period.covers(Shift.ended_at))
    return (
        select(
            Shift.number, Site.code, By.name, Shift.state, Shift.started_at, Shift.handed_over_at, Shift.ended_at, Seen.name, Shift.notes,
        )
        .join(Site, Site.id == Shift.site_id)
        .join(By, By.id == Shift.guard_id)
        .outerjoin(Seen, Seen.id == Shift.next_guard_id)
        .where(during)
        .order_by(Shift.started_at, Shift.id)
    )  # fmt: skip


def _reviews(period: Period) -> Select[*tuple[Any, ...]]:
    during = or_(period.covers(AccessReview.created_at), period.covers(AccessReviewLine.decided_at))
    return (
        select(
            AccessReview.number, AccessReview.quarter, Client.name, AccessReview.state, AccessReview.created_at, AccessReview.due_on,
            AccessReviewLine.kind, Badge.number, func.coalesce(Holder.name, User.name), AccessReviewLine.decision, By.name,
            AccessReviewLine.decided_at,
        )
        .join(AccessReviewLine, AccessReviewLine.review_id == AccessReview.id)
        .outerjoin(Client, Client.id == AccessReview.client_id)
        .outerjoin(Badge, Badge.id == AccessReviewLine.badge_id)
        .outerjoin(Holder, or_(Holder.id == AccessReviewLine.person_id, Holder.id == Badge.person_id))
        .outerjoin(User, User.id == AccessReviewLine.user_id)
        .outerjoin(By, By.id == AccessReviewLine.decided_by_id)
        .where(during)
        .order_by(AccessReview.number, AccessReviewLine.id)
    )  # fmt: skip


def _users(period: Period) -> Select[*tuple[Any, ...]]:
    return (
        select(User.email, User.name, User.role, Client.name, User.state, User.created_at, User.last_signed_in_at)
        .outerjoin(Client, Client.id == User.client_id)
        .where(User.created_at < period.end)
        .order_by(User.id)
    )


def _audit(period: Period) -> Select[*tuple[Any, ...]]:
    """The sealed entries of the period. What is not sealed yet is told in the manifest."""
    return (
        select(
            AuditEntry.seq, AuditEntry.hash, AuditEntry.mac, AuditEntry.id, AuditEntry.at, AuditEntry.tag, AuditEntry.actor_name,
            AuditEntry.actor_role, AuditEntry.subject_kind, AuditEntry.subject_label, Client.name, AuditEntry.before, AuditEntry.after,
            AuditEntry.reason,
        )
        .outerjoin(Client, Client.id == AuditEntry.client_id)
        .where(period.covers(AuditEntry.at), AuditEntry.seq.is_not(None))
        .order_by(AuditEntry.seq)
    )  # fmt: skip


def _chain(period: Period) -> Select[*tuple[Any, ...]]:
    """The links from the period's first entry to the head: what lets the order and the number of entries be checked again."""
    first = select(func.min(AuditEntry.seq)).where(period.covers(AuditEntry.at)).scalar_subquery()
    return select(AuditEntry.seq, AuditEntry.mac, AuditEntry.hash).where(AuditEntry.seq >= first).order_by(AuditEntry.seq)


SECTIONS: tuple[Section, ...] = (
    Section("gate_events", "门岗事件：扫码、进出、放行、拒绝及原因",
            "Everything at the gate: scans, entries, exits, releases, refusals with their reason",
            ("at", "kind", "reason_code", "pass_kind", "pass", "person", "client", "room", "guard", "facts", "id"), _gate_events),
    Section("presences", "在场记录：谁、何时进出哪个机房、凭何、由谁批准、由谁陪同",
            "Stays: who was in which room from when to when, on what, on whose approval, escorted by whom",
            ("entered_at", "left_at", "room", "person", "client", "pass", "authorised_by", "authorised_at", "valid_until", "escort",
             "guard_in", "guard_out"), _presences),
    Section("visits", "临时进入：访客、单位、时间窗口、批准人、是否陪同",
            "Visits: visitor, organisation, window, who authorised, escorted or not",
            ("visit", "pass", "client", "room", "visitor", "document_kind", "document", "visitor_state", "visit_state", "asked_at",
             "asked_by", "authorised_by", "authorised_at", "from", "until", "escorted", "reason"), _visits),
    Section("emergencies", "紧急进入：申请、批准人与理由、进入人员与所验证件、报告与复核",
            "Emergencies: asked, approved by whom and why, who came and the document seen, report and review",
            ("emergency", "client", "room", "state", "reason", "channel", "asked_at", "asked_by", "decided_by", "decided_at",
             "decision_reason", "lapses_at", "person", "document_kind", "document", "identified_at", "identified_by", "entered_at",
             "left_at", "report_due_on", "reported_at", "reviewed_by", "reviewed_at"), _emergencies),
    Section("badges", "出入证：申请、批准、有效期、终止与收回", "Badges: application, approval, validity, what ended them, card returned",
            ("number", "client", "holder", "document", "state", "applied_at", "applied_by", "approved_by", "issued_at", "valid_until",
             "ended_at", "ended_as", "ended_by", "ended_reason", "card_back_at"), _badges),
    Section("rights_changes", "权限变更：每一次授予、变更和撤销", "Every grant, change and revocation of access, with who did it",
            ("at", "tag", "subject_kind", "subject", "client", "by", "role", "before", "after", "reason", "audit_seq"), _rights),
    Section("exit_items", "出门设备与介质：逐件的批准、放行、返回", "Equipment and media out: each item's approval, release and return",
            ("exit", "kind", "state", "client", "applied_at", "applied_by", "approved_by", "approved_at", "leaves_on", "mover",
             "mover_document", "return_due_on", "line", "model", "serial", "agreed_at", "released_at", "back_at_gate_at", "settled_at",
             "settled_as"), _exits),
    Section("shifts", "交接班：谁在哪个门岗值守、何时移交给谁", "Shifts: who stood at which gate, signed over to whom and when",
            ("number", "site", "guard", "state", "started_at", "handed_over_at", "ended_at", "taken_by", "notes"), _shifts),
    Section("violations", "违规记录与处理决定", "Violations and what was decided",
            ("number", "happened_at", "rule", "severity", "person", "client", "room", "state", "recorded_by", "recorded_at", "decided_by",
             "decided_at"), _violations),
    Section("access_reviews", "访问权限复核：逐项答复", "Access reviews: every line with its answer",
            ("review", "quarter", "client", "state", "opened_at", "due_on", "kind", "badge", "name", "answer", "answered_by",
             "answered_at"), _reviews),
    Section("users", "账号与角色", "User accounts with their roles",
            ("email", "name", "role", "client", "state", "created_at", "last_signed_in_at"), _users),
    Section("audit", "审计记录（已封存）", "The audit's sealed entries of the period",
            ("seq", "hash", "mac", "id", "at", "tag", "actor", "role", "subject_kind", "subject", "client", "before", "after", "reason"),
            _audit),
    Section("audit_chain", "审计链：从本期首条到链尾的每一环", "The audit chain: each link from the period's first entry to the head",
            ("seq", "mac", "hash"), _chain),
)  # fmt: skip
