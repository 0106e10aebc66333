"""Access reviews, a quarter each, and their lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("quarter", sa.String(length=7), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("grace_until", sa.Date(), nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'lapsed', 'done')", name=op.f("ck_access_reviews_state")),
        sa.CheckConstraint("grace_until >= due_on", name=op.f("ck_access_reviews_dates")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_access_reviews_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_reviews")),
        sa.UniqueConstraint("number", name=op.f("uq_access_reviews_number")),
    )
    op.create_index("ix_access_reviews_client", "access_reviews", ["client_id", "id"], unique=False)
    op.create_index("ix_access_reviews_due", "access_reviews", ["due_on", "id"], unique=False)
    op.create_index("ix_access_reviews_state", "access_reviews", ["state", "due_on", "id"], unique=False)
    for name, columns, where in (
        ("uq_access_reviews_client", ["quarter", "client_id"], "client_id IS NOT NULL"),
        ("uq_access_reviews_staff", ["quarter"], "client_id IS NULL"),
    ):
        op.create_index(
            name, "access_reviews", columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )  # fmt: skip
    op.create_table(
        "access_review_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'badge' AND badge_id IS NOT NULL AND person_id IS NULL AND user_id IS NULL)"
            " OR (kind = 'person' AND badge_id IS NULL AND person_id IS NOT NULL AND user_id IS NULL)"
            " OR (kind = 'user' AND badge_id IS NULL AND person_id IS NULL AND user_id IS NOT NULL)",
            name=op.f("ck_access_review_lines_subject"),
        ),
        sa.CheckConstraint("decision IN ('confirmed', 'removed', 'suspended', 'ended')", name=op.f("ck_access_review_lines_decision")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_access_review_lines_decided")),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_access_review_lines_badge_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_access_review_lines_decided_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_access_review_lines_person_id")),
        sa.ForeignKeyConstraint(["review_id"], ["access_reviews.id"], name=op.f("fk_access_review_lines_review_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_access_review_lines_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review_lines")),
    )
    for subject in ("badge", "person", "user"):
        op.create_index(f"ix_access_review_lines_{subject}", "access_review_lines", [f"{subject}_id"], unique=False)
        op.create_index(f"uq_access_review_lines_{subject}", "access_review_lines", ["review_id", f"{subject}_id"], unique=True)


def downgrade() -> None:
    op.drop_table("access_review_lines")
    op.drop_table("access_reviews")
