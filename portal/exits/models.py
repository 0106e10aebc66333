"""Exits: the list that the client sent, what the records say to each line, and what happened to it at the gate."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.exits.lifecycle import EXIT
from portal.kernel.db import EncryptedText, Record, Stateful


class Exit(Stateful):
    """One application and, once issued, one slip. A slip lets out what it lists, on `leaves_on`, with its mover, once (R-X3)."""

    __tablename__ = "exits"
    __table_args__ = (
        CheckConstraint("kind IN ('withdrawal', 'repair', 'replacement')", name="kind"),
        CheckConstraint("kind = 'withdrawal' OR return_due_on IS NOT NULL", name="return_due"),
        Index("ix_exits_client", "client_id", "id"),
        Index("ix_exits_mover", "mover_name", "id"),
        Index("ix_exits_kind", "kind", "leaves_on", "id"),
        Index("ix_exits_state", "state", "leaves_on", "id"),
        Index("ix_exits_contract", "contract_id"),
        Index("ix_exits_return", "state", "return_due_on"),
    )
    LIFECYCLE = EXIT

    number: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    leaves_on: Mapped[date]
    return_due_on: Mapped[date | None]
    mover_name: Mapped[str] = mapped_column(String(80))
    mover_document: Mapped[str] = mapped_column(EncryptedText("exits.mover_document"))
    mover_document_tail: Mapped[str] = mapped_column(String(4))
    mover_phone: Mapped[str] = mapped_column(String(32), default="")
    letter_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    identity_copy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    applied_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    issued_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    issued_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    overdue_told_on: Mapped[date | None]
    client: Mapped[Client] = relationship(lazy="raise")
    contract: Mapped[Contract] = relationship(lazy="raise")
    items: Mapped[list[ExitItem]] = relationship(lazy="raise", order_by="ExitItem.line")


class ExitItem(Record):
    """One line: what the client wrote (`listed_*`), and the equipment that the records have for it, if any.

    `holds` is true while the exit is open and the item may still leave or come back: equipment is held by one exit at a time.
    """

    __tablename__ = "exit_items"
    __table_args__ = (
        UniqueConstraint("exit_id", "line"),
        Index(
            "uq_exit_items_equipment_held",
            "equipment_id",
            unique=True,
            sqlite_where=text("holds"),
            postgresql_where=text("holds"),
        ),
        Index("ix_exit_items_equipment", "equipment_id", "id"),
    )

    exit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("exits.id"))
    line: Mapped[int]
    listed_model: Mapped[str] = mapped_column(String(160))
    listed_serial: Mapped[str] = mapped_column(String(60))
    equipment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("equipment.id"))
    holds: Mapped[bool] = mapped_column(default=False)
    agreed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    back_at_gate_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_as: Mapped[str] = mapped_column(String(16), default="")
    replacement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("equipment.id"))
