"""Users, their sessions and one-time links, what holds back who guesses, and the rules text that client users accept."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.lifecycle import USER
from portal.kernel.db import Base, EncryptedText, Record, Stateful

if TYPE_CHECKING:
    from portal.clients.models import Client


class User(Stateful):
    """Someone who signs in. Client users belong to exactly one client, staff to none. `email` is stored in lower case."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("(role IN ('client_admin', 'client_member')) = (client_id IS NOT NULL)", name="client"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        Index("ix_users_client", "client_id", "id"),
        Index("ix_users_role", "role", "state"),
        Index("ix_users_name", "name", "id"),
        Index("ix_users_last_signed_in", "last_signed_in_at", "id"),
    )
    LIFECYCLE = USER

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(32), default="")
    role: Mapped[str] = mapped_column(String(24))
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    locale: Mapped[str] = mapped_column(String(8), default="zh_CN")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None]
    last_signed_in_at: Mapped[datetime | None]
    client: Mapped[Client | None] = relationship(lazy="raise", foreign_keys=[client_id])
    second_factor: Mapped[SecondFactor | None] = relationship(lazy="raise", viewonly=True)


class UserSession(Record):
    """One signed-in browser. The cookie holds the token, the row its hash.

    `half`: the password was right, the second factor is still to be shown. `proven_at`: when who is in it last showed who they are.
    """

    __tablename__ = "user_sessions"
    __table_args__ = (Index("ix_user_sessions_user", "user_id", "id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(45))
    browser: Mapped[str] = mapped_column(String(300))
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    half: Mapped[bool] = mapped_column(default=False)
    proven_at: Mapped[datetime | None]


class SecondFactor(Record):
    """What a user's app makes codes from. `last_step`: the newest step of 30 s whose code was taken; none up to it is again."""

    __tablename__ = "second_factors"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), unique=True)
    secret: Mapped[str] = mapped_column(EncryptedText("second_factors.secret"))
    last_step: Mapped[int] = mapped_column(BigInteger)


class RecoveryCode(Record):
    """One of the codes for the day on which the phone is gone. Works once; only a keyed hash is stored."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("ix_recovery_codes_user", "user_id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class UserToken(Record):
    """A link sent by e-mail: an invitation or a password reset. Works once, until it expires."""

    __tablename__ = "user_tokens"
    __table_args__ = (
        CheckConstraint("kind IN ('invitation', 'reset')", name="kind"),
        Index("ix_user_tokens_user", "user_id"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """How often something was tried in vain for one e-mail address, whether or not an account stands behind it.

    `key` is a keyed hash of what is tried and the address: a lock looks the same for addresses that exist and for those that
    do not, and the table tells nobody which ones were tried.
    """

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class RulesText(Record):
    """One version of the rules that every client user accepts (R-S1). Published versions never change."""

    __tablename__ = "rules_texts"

    version: Mapped[int] = mapped_column(unique=True)
    body_zh: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text)
    published_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))


class RulesAcceptance(Record):
    """Who accepted which version, when, from where (R-S1)."""

    __tablename__ = "rules_acceptances"
    __table_args__ = (UniqueConstraint("user_id", "rules_text_id"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    rules_text_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rules_texts.id"))
    address: Mapped[str] = mapped_column(String(45))
