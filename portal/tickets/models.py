"""The service desk: departments, kinds with their terms, requests with their clock, what was said, opinions, corrective actions."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.badges.models import Badge
from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.equipment.models import Equipment
from portal.kernel.db import Record, Stateful
from portal.tickets.lifecycle import TICKET
from portal.visits.models import Visit

UNANSWERED = text("state = 'new' AND answered_at IS NULL AND NOT unanswered_told")
RUNNING = text("state IN ('new', 'open') AND settle_due_at IS NOT NULL")
STANDING = text("ends_at IS NULL")


class Department(Record):
    """A department that answers requests: the staff of one role, with a head to whom what is late goes."""

    __tablename__ = "departments"
    __table_args__ = (UniqueConstraint("role"),)

    role: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(40))
    head_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    head: Mapped[User | None] = relationship(lazy="raise")


class TicketKind(Record):
    """A kind of request: its department, and the terms for the first answer and for settling it (see `deadlines`)."""

    __tablename__ = "ticket_kinds"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("type IN ('enquiry', 'fault', 'service', 'suggestion', 'complaint')", name="type"),
        CheckConstraint("answer_amount BETWEEN 1 AND 1000 AND settle_amount BETWEEN 1 AND 1000", name="amounts"),
        CheckConstraint(
            "answer_unit IN ('hours', 'working_hours', 'working_days') AND settle_unit IN ('hours', 'working_hours', 'working_days')",
            name="units",
        ),
    )

    code: Mapped[str] = mapped_column(String(24))
    type: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(40))
    department_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("departments.id"))
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    answer_amount: Mapped[int]
    answer_unit: Mapped[str] = mapped_column(String(16))
    settle_amount: Mapped[int]
    settle_unit: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    department: Mapped[Department] = relationship(lazy="raise")


class ServiceHours(Record):
    """When the desk works on a working day: minutes of the site's day. One row."""

    __tablename__ = "service_hours"
    __table_args__ = (
        UniqueConstraint("place"),
        CheckConstraint("place = 1", name="place"),
        CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name="hours"),
    )

    place: Mapped[int] = mapped_column(default=1)
    opens: Mapped[int]
    closes: Mapped[int]


class CannedAnswer(Record):
    """A text that answers often, in two languages, to start an answer from."""

    __tablename__ = "canned_answers"

    title: Mapped[str] = mapped_column(String(60))
    title_en: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)


class Ticket(Stateful):
    """One enquiry, fault, service request, suggestion or complaint (R-C1).

    `received_at`: when it really came in; `created_at`: when it was registered, `registered_late` more than 24 hours after that.
    `clock_from`: from when its terms count (received, or reopened). `settle_due_at` and `near_at` are None while the clock stands
    still. `answered_at`: the first public answer. `rounds`: how often it was settled; `satisfied`: the client's answer to the last
    time, None while there is none. `level`: 1 near its deadline and told so, 2 late and told to the department's head and the
    supervisor (`unanswered_told`: the same of the first answer). `opinion_hash`: of the link by which the opinion is given.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("opinion_hash"),
        CheckConstraint("channel IN ('portal', 'phone', 'letter', 'visit', 'email')", name="channel"),
        CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged"),
        CheckConstraint("merged_into_id <> id", name="merged_into"),
        CheckConstraint("state NOT IN ('settled', 'closed') OR settled_at IS NOT NULL", name="settled"),
        CheckConstraint("state <> 'waiting' OR settle_due_at IS NULL", name="stands_still"),
        CheckConstraint("NOT serious OR type = 'complaint'", name="serious"),
        CheckConstraint("(extended_by_id IS NULL) = (extended_at IS NULL)", name="extended"),
        CheckConstraint("level IN (0, 1, 2)", name="level"),
        Index("ix_tickets_client", "client_id", "id"),
        Index("ix_tickets_client_state", "client_id", "state", "id"),
        Index("ix_tickets_state", "state", "id"),
        Index("ix_tickets_department", "department_id", "state", "id"),
        Index("ix_tickets_assignee", "assignee_id", "state", "id"),
        Index("ix_tickets_kind", "kind_id", "id"),
        Index("ix_tickets_due", "settle_due_at", "id", sqlite_where=RUNNING, postgresql_where=RUNNING),
        Index("ix_tickets_near", "level", "near_at", sqlite_where=RUNNING, postgresql_where=RUNNING),
        Index("ix_tickets_unanswered", "answer_due_at", sqlite_where=UNANSWERED, postgresql_where=UNANSWERED),
        Index("ix_tickets_received", "received_at", "id"),
        Index("ix_tickets_settled", "settled_at", "id"),
    )
    LIFECYCLE = TICKET

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    kind_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket_kinds.id"))
    type: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(120))
    priority: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(8))
    contact_name: Mapped[str] = mapped_column(String(80), default="")
    contact_phone: Mapped[str] = mapped_column(String(32), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    locale: Mapped[str] = mapped_column(String(8), default="zh_CN")
    received_at: Mapped[datetime]
    registered_late: Mapped[bool] = mapped_column(default=False)
    asked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    department_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("departments.id"))
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    wanted_at: Mapped[datetime | None]
    minutes_booked: Mapped[int | None]
    clock_from: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    unanswered_told: Mapped[bool] = mapped_column(default=False)
    settle_due_at: Mapped[datetime | None]
    near_at: Mapped[datetime | None]
    level: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    rounds: Mapped[int] = mapped_column(default=0)
    handed_over: Mapped[int] = mapped_column(default=0)
    satisfied: Mapped[bool | None]
    opinion_hash: Mapped[str | None] = mapped_column(String(64))
    extended_at: Mapped[datetime | None]
    extended_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    extension_reason: Mapped[str] = mapped_column(String(500), default="")
    serious: Mapped[bool] = mapped_column(default=False)
    cause: Mapped[str] = mapped_column(String(500), default="")
    upheld: Mapped[bool | None]
    fault_department_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("departments.id"))
    important: Mapped[bool] = mapped_column(default=False)
    merged_into_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tickets.id"))
    client: Mapped[Client | None] = relationship(lazy="raise")
    kind: Mapped[TicketKind] = relationship(lazy="raise")
    department: Mapped[Department] = relationship(lazy="raise", foreign_keys=[department_id])
    assignee: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[assignee_id])
    merged_into: Mapped[Ticket | None] = relationship(lazy="raise", remote_side="Ticket.id")


class TicketPause(Record):
    """A time in which the clock stood still; `ends_at` None while it still does, of which a request has one at most."""

    __tablename__ = "ticket_pauses"
    __table_args__ = (
        CheckConstraint("ends_at >= starts_at", name="times"),
        Index("ix_ticket_pauses_ticket", "ticket_id", "starts_at"),
        Index("uq_ticket_pauses_open", "ticket_id", unique=True, sqlite_where=STANDING, postgresql_where=STANDING),
    )

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]


class TicketMessage(Record):
    """What was said. kind: question (the client's side), answer and result (public), note and call (staff alone).

    `minutes`: time spent on it. `mail_id`: the Message-ID that it came with, which comes once.
    """

    __tablename__ = "ticket_messages"
    __table_args__ = (
        UniqueConstraint("mail_id"),
        CheckConstraint("kind IN ('question', 'answer', 'result', 'note', 'call')", name="kind"),
        CheckConstraint("minutes BETWEEN 0 AND 1440", name="minutes"),
        Index("ix_ticket_messages_ticket", "ticket_id", "id"),
    )

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    kind: Mapped[str] = mapped_column(String(10))
    author_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    author_name: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int] = mapped_column(default=0)
    mail_id: Mapped[str | None] = mapped_column(String(255))


class TicketFile(Record):
    """An attachment of what was said."""

    __tablename__ = "ticket_files"
    __table_args__ = (Index("ix_ticket_files_ticket", "ticket_id"),)

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket_messages.id"))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), unique=True)


class TicketLink(Record):
    """What a request is about: one piece of the client's equipment, one of its badges, visits or contracts."""

    __tablename__ = "ticket_links"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN equipment_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN badge_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN visit_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN contract_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one",
        ),
        UniqueConstraint("ticket_id", "equipment_id", name="uq_ticket_links_equipment"),
        UniqueConstraint("ticket_id", "badge_id", name="uq_ticket_links_badge"),
        UniqueConstraint("ticket_id", "visit_id", name="uq_ticket_links_visit"),
        UniqueConstraint("ticket_id", "contract_id", name="uq_ticket_links_contract"),
    )

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    equipment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("equipment.id"))
    badge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("badges.id"))
    visit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visits.id"))
    contract_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contracts.id"))
    equipment: Mapped[Equipment | None] = relationship(lazy="raise")
    badge: Mapped[Badge | None] = relationship(lazy="raise")
    visit: Mapped[Visit | None] = relationship(lazy="raise")
    contract: Mapped[Contract | None] = relationship(lazy="raise")


class TicketWatcher(Record):
    """Staff who are told what happens with a request that is not theirs."""

    __tablename__ = "ticket_watchers"
    __table_args__ = (
        UniqueConstraint("ticket_id", "user_id", name="uq_ticket_watchers_user"),
        Index("ix_ticket_watchers_user", "user_id", "ticket_id"),
    )

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship(lazy="raise")


class TicketOpinion(Record):
    """The client's opinion on how it was settled: once for each time that it was (R-C3, R-C7). way: link, portal, call, visit."""

    __tablename__ = "ticket_opinions"
    __table_args__ = (
        UniqueConstraint("ticket_id", "round", name="uq_ticket_opinions_round"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("way IN ('link', 'portal', 'call', 'visit')", name="way"),
        Index("ix_ticket_opinions_created", "created_at"),
    )

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    round: Mapped[int]
    score: Mapped[int]
    satisfied: Mapped[bool]
    words: Mapped[str] = mapped_column(String(500), default="")
    way: Mapped[str] = mapped_column(String(8))
    noted_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))


class CorrectiveAction(Record):
    """What is done so that a complaint's cause does not come again, by whom until when, and somebody else's check that it works (R-C4)."""

    __tablename__ = "corrective_actions"
    __table_args__ = (
        CheckConstraint("checked_by_id <> owner_id", name="checked_by_another"),
        CheckConstraint("(checked_at IS NULL) = (checked_by_id IS NULL)", name="checked"),
        CheckConstraint("checked_at IS NULL OR done_at IS NOT NULL", name="done_first"),
        Index("ix_corrective_actions_ticket", "ticket_id", "id"),
        Index("ix_corrective_actions_owner", "owner_id", "checked_at"),
    )

    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tickets.id"))
    what: Mapped[str] = mapped_column(String(500))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    due_on: Mapped[date]
    done_at: Mapped[datetime | None]
    done_note: Mapped[str] = mapped_column(String(500), default="")
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    check_note: Mapped[str] = mapped_column(String(500), default="")
    owner: Mapped[User] = relationship(lazy="raise", foreign_keys=[owner_id])
    checked_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[checked_by_id])
