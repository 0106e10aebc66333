"""Emergency access: who asked and why, who was told, who decided, who came, and what they did."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.emergencies.lifecycle import EMERGENCY
from portal.equipment.models import Equipment
from portal.facility.models import Room
from portal.kernel.db import Record, Stateful

WAITING = text("state = 'asked'")
IDENTIFIED = text("document_hash IS NOT NULL")


class Emergency(Stateful):
    """One emergency (R-A2). Asked in the portal by the client, or on the phone through staff, who note the caller and the time.

    Who asked does not decide. `lapses_at`: until when people may go in once it is approved. `report_due_on`: the site's day on which
    the report is due. `next_call_at`: when the next supervisor is told, while nobody has answered.
    """

    __tablename__ = "emergencies"
    __table_args__ = (
        CheckConstraint("channel IN ('portal', 'phone')", name="channel"),
        CheckConstraint("channel = 'portal' OR (caller_name <> '' AND caller_phone <> '' AND called_at IS NOT NULL)", name="caller"),
        CheckConstraint("decided_by_id <> asked_by_id", name="separate"),
        CheckConstraint("state NOT IN ('approved', 'in_use', 'report_due', 'reported', 'closed') OR lapses_at IS NOT NULL", name="lapses"),
        CheckConstraint("state NOT IN ('report_due', 'reported', 'closed') OR report_due_on IS NOT NULL", name="report_due"),
        Index("ix_emergencies_client", "client_id", "id"),
        Index("ix_emergencies_state", "state", "id"),
        Index("ix_emergencies_lapse", "state", "lapses_at"),
        Index("ix_emergencies_report", "state", "report_due_on"),
        Index("ix_emergencies_overdue", "client_id", "state", "report_due_on"),
        Index("ix_emergencies_call", "next_call_at", sqlite_where=WAITING, postgresql_where=WAITING),
    )
    LIFECYCLE = EMERGENCY

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    channel: Mapped[str] = mapped_column(String(6))
    caller_name: Mapped[str] = mapped_column(String(80), default="")
    caller_phone: Mapped[str] = mapped_column(String(32), default="")
    called_at: Mapped[datetime | None]
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    next_call_at: Mapped[datetime | None]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(String(500), default="")
    lapses_at: Mapped[datetime | None]
    entered_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    report_due_on: Mapped[date | None]
    report: Mapped[str] = mapped_column(Text, default="")
    worked_until: Mapped[datetime | None]
    reported_at: Mapped[datetime | None]
    reported_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    chased_on: Mapped[date | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    review_note: Mapped[str] = mapped_column(String(500), default="")
    client: Mapped[Client] = relationship(lazy="raise")
    room: Mapped[Room] = relationship(lazy="raise")
    contract: Mapped[Contract] = relationship(lazy="raise")
    people: Mapped[list[EmergencyPerson]] = relationship(lazy="raise", order_by="EmergencyPerson.id")
    equipment: Mapped[list[EmergencyEquipment]] = relationship(lazy="raise", order_by="EmergencyEquipment.id")
    calls: Mapped[list[EmergencyCall]] = relationship(lazy="raise", order_by="EmergencyCall.id")


class EmergencyPerson(Record):
    """Someone who comes, or came. Named as far as known; who they are is recorded at the gate from the document that was seen.

    `inside`: they are in the room now. `withdrawn_at`: they may not go in (any more); `withdrawn_for` is the audit tag of what did it.
    """

    __tablename__ = "emergency_people"
    __table_args__ = (
        CheckConstraint("(document_hash IS NULL) = (person_id IS NULL)", name="person"),
        CheckConstraint("(document_hash IS NULL) = (identified_at IS NULL)", name="identified"),
        CheckConstraint("NOT inside OR (entered_at IS NOT NULL AND document_hash IS NOT NULL)", name="inside"),
        Index(
            "uq_emergency_people_document",
            "emergency_id",
            "document_hash",
            unique=True,
            sqlite_where=IDENTIFIED,
            postgresql_where=IDENTIFIED,
        ),
        Index("ix_emergency_people_emergency", "emergency_id", "id"),
        Index("ix_emergency_people_document", "document_hash"),
        Index("ix_emergency_people_person", "person_id"),
    )

    emergency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("emergencies.id"))
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(32), default="")
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    document_kind: Mapped[str] = mapped_column(String(20), default="")
    document_tail: Mapped[str] = mapped_column(String(4), default="")
    document_hash: Mapped[str | None] = mapped_column(String(64))
    identified_at: Mapped[datetime | None]
    identified_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    entered_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    inside: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_for: Mapped[str] = mapped_column(String(60), default="")
    person: Mapped[Person | None] = relationship(lazy="raise")
    identified_by: Mapped[User | None] = relationship(lazy="raise")


class EmergencyEquipment(Record):
    """Equipment that the request named, or the report, or both."""

    __tablename__ = "emergency_equipment"
    __table_args__ = (UniqueConstraint("emergency_id", "equipment_id"), Index("ix_emergency_equipment_item", "equipment_id"))

    emergency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("emergencies.id"))
    equipment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("equipment.id"))
    in_request: Mapped[bool] = mapped_column(default=False)
    in_report: Mapped[bool] = mapped_column(default=False)
    item: Mapped[Equipment] = relationship(lazy="raise")


class EmergencyCall(Record):
    """That a supervisor was told (at `created_at`) and asked to answer. `step` counts the rounds; the last ones tell everyone."""

    __tablename__ = "emergency_calls"
    __table_args__ = (UniqueConstraint("emergency_id", "step", "user_id"), CheckConstraint("step >= 1", name="step"))

    emergency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("emergencies.id"))
    step: Mapped[int]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    user: Mapped[User] = relationship(lazy="raise")
