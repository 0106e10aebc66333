"""Hosting clients, who to call there, and their people."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.kernel.db import EncryptedText, Record


class Client(Record):
    """A company (单位) or an individual (个人). `registration_number` is the unified social credit code or the identity number."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("kind IN ('company', 'individual')", name="kind"),
        Index("ix_clients_name", "name", "id"),
    )

    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    registration_number: Mapped[str] = mapped_column(EncryptedText("clients.registration_number"))
    registration_hash: Mapped[str] = mapped_column(String(64), unique=True)
    phone: Mapped[str] = mapped_column(String(32), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    sales_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", use_alter=True))

    @classmethod
    def named(cls, text: str) -> Select[uuid.UUID]:
        """The ids of the clients whose name holds a text, for conditions on what is theirs."""
        return select(cls.id).where(cls.name.icontains(text, autoescape=True))


class Contact(Record):
    """Someone at the client to call or write to, with or without an account."""

    __tablename__ = "contacts"
    __table_args__ = (Index("ix_contacts_client", "client_id", "id"),)

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    name: Mapped[str] = mapped_column(String(80))
    duty: Mapped[str] = mapped_column(String(80), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    email: Mapped[str] = mapped_column(String(254), default="")


class Person(Record):
    """A natural person who acts for a client: holds badges, moves equipment, visits. `document_hash` finds them under other clients too.

    `employer`: the company that sends them, where it is not the client itself.
    """

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("client_id", "document_hash"),
        CheckConstraint(
            "document_kind IN ('identity_card', 'passport', 'hk_macao_permit', 'taiwan_permit', 'driving_licence')", name="document_kind"
        ),
        Index("ix_people_client", "client_id", "id"),
        Index("ix_people_document", "document_hash"),
        Index("ix_people_name", "name", "id"),
        Index("ix_people_kind", "document_kind", "name", "id"),
        Index("ix_people_tail", "document_tail"),
    )

    client_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clients.id"))
    name: Mapped[str] = mapped_column(String(80))
    document_kind: Mapped[str] = mapped_column(String(20), default="identity_card")
    document_number: Mapped[str] = mapped_column(EncryptedText("people.document_number"))
    document_hash: Mapped[str] = mapped_column(String(64))
    document_tail: Mapped[str] = mapped_column(String(4))
    phone: Mapped[str] = mapped_column(String(32), default="")
    left_at: Mapped[datetime | None]
    employer: Mapped[str] = mapped_column(String(120), default="")
    client: Mapped[Client] = relationship(lazy="raise")
