"""Badges: the application, the card, and the rooms it opens."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.badges.lifecycle import BADGE, LIVE
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.kernel.db import Record, Stateful

IS_LIVE = text("state IN (" + ", ".join(f"'{state}'" for state in LIVE) + ")")


class Badge(Stateful):
    """One badge of one person. `slot` is 1 or 2 for a company, 1 for an individual; live badges of a client hold distinct slots (R-B2).

    Valid from the day of issue to `valid_until`, both included. `card_back_at`: when the card itself came back (R-B7).
    """

    __tablename__ = "badges"
    __table_args__ = (
        Index("uq_badges_slot", "client_id", "slot", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
        Index("uq_badges_person", "person_id", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
        CheckConstraint("slot IN (1, 2)", name="slot"),
        Index("ix_badges_client", "client_id", "id"),
        Index("ix_badges_state", "state", "id"),
        Index("ix_badges_expiry", "state", "valid_until"),
    )
    LIFECYCLE = BADGE

    number: Mapped[str] = mapped_column(String(24), unique=True)
    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    slot: Mapped[int]
    photo_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    identity_copy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    letter_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("badges.id"))
    applied_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    reviewed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    review_note: Mapped[str] = mapped_column(String(500), default="")
    issued_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]
    printed_at: Mapped[datetime | None]
    card_back_at: Mapped[datetime | None]
    client: Mapped[Client] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(lazy="raise")
    grants: Mapped[list[BadgeGrant]] = relationship(lazy="raise")


class BadgeGrant(Record):
    """That a badge opens the room of a contract, as long as that contract is in force (R-B3, R-S4)."""

    __tablename__ = "badge_grants"
    __table_args__ = (UniqueConstraint("badge_id", "contract_id"), Index("ix_badge_grants_contract", "contract_id"))

    badge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("badges.id"))
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contracts.id"))
    contract: Mapped[Contract] = relationship(lazy="raise")
