"""Access reviews: one a quarter for each client and one for the staff, and their lines."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Record, Stateful
from portal.reviews.lifecycle import ACCESS_REVIEW

OF_CLIENT, OF_STAFF = text("client_id IS NOT NULL"), text("client_id IS NULL")


class AccessReview(Stateful):
    """The review of one quarter ("2026-Q4"). `client_id` empty: of the staff's own users. Opened at `created_at`.

    Due by the end of `due_on`; what is not answered by the end of `grace_until` is suspended. Both are the site's days.
    `chased_at`: when it was last asked after.
    """

    __tablename__ = "access_reviews"
    __table_args__ = (
        Index("uq_access_reviews_client", "quarter", "client_id", unique=True, sqlite_where=OF_CLIENT, postgresql_where=OF_CLIENT),
        Index("uq_access_reviews_staff", "quarter", unique=True, sqlite_where=OF_STAFF, postgresql_where=OF_STAFF),
        CheckConstraint("grace_until >= due_on", name="dates"),
        Index("ix_access_reviews_client", "client_id", "id"),
        Index("ix_access_reviews_state", "state", "due_on", "id"),
        Index("ix_access_reviews_due", "due_on", "id"),
    )
    LIFECYCLE = ACCESS_REVIEW

    number: Mapped[str] = mapped_column(String(24), unique=True)
    quarter: Mapped[str] = mapped_column(String(7))
    client_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("clients.id"))
    due_on: Mapped[date]
    grace_until: Mapped[date]
    chased_at: Mapped[datetime | None]


class AccessReviewLine(Record):
    """One badge, person or user whose access is to be confirmed or removed.

    `decision`: empty until someone answers; confirmed; removed; suspended by the portal after the grace; ended: it was over
    by other means before anyone answered. Who answered is empty where the portal did.
    """

    __tablename__ = "access_review_lines"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'badge' AND badge_id IS NOT NULL AND person_id IS NULL AND user_id IS NULL)"
            " OR (kind = 'person' AND badge_id IS NULL AND person_id IS NOT NULL AND user_id IS NULL)"
            " OR (kind = 'user' AND badge_id IS NULL AND person_id IS NULL AND user_id IS NOT NULL)",
            name="subject",
        ),
        CheckConstraint("decision IN ('confirmed', 'removed', 'suspended', 'ended')", name="decision"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
        Index("uq_access_review_lines_badge", "review_id", "badge_id", unique=True),
        Index("uq_access_review_lines_person", "review_id", "person_id", unique=True),
        Index("uq_access_review_lines_user", "review_id", "user_id", unique=True),
        Index("ix_access_review_lines_badge", "badge_id"),
        Index("ix_access_review_lines_person", "person_id"),
        Index("ix_access_review_lines_user", "user_id"),
    )

    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("access_reviews.id"))
    kind: Mapped[str] = mapped_column(String(8))
    badge_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("badges.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    decision: Mapped[str | None] = mapped_column(String(10))
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
