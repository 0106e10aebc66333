"""Shifts: who is on duty at the gate, and what they handed over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "shifts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("guard_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_guard_id", sa.Uuid(), nullable=True),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("taken_note", sa.String(length=500), nullable=False),
        sa.Column("snapshot", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint("state IN ('running', 'handed_over', 'taken', 'ended', 'left')", name=op.f("ck_shifts_state")),
        sa.ForeignKeyConstraint(["guard_id"], ["users.id"], name=op.f("fk_shifts_guard_id")),
        sa.ForeignKeyConstraint(["next_guard_id"], ["users.id"], name=op.f("fk_shifts_next_guard_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["shifts.id"], name=op.f("fk_shifts_previous_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_shifts_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("number", name=op.f("uq_shifts_number")),
    )
    op.create_index("ix_shifts_guard", "shifts", ["guard_id", "id"], unique=False)
    op.create_index("ix_shifts_site", "shifts", ["site_id", "started_at", "id"], unique=False)
    op.create_index("ix_shifts_started", "shifts", ["started_at", "id"], unique=False)
    op.create_index("ix_shifts_state", "shifts", ["state", "id"], unique=False)
    op.create_index(
        "uq_shifts_guard",
        "shifts",
        ["guard_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('running', 'handed_over')"),
        postgresql_where=sa.text("state IN ('running', 'handed_over')"),
    )
    op.create_index(
        "uq_shifts_site",
        "shifts",
        ["site_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('running', 'handed_over')"),
        postgresql_where=sa.text("state IN ('running', 'handed_over')"),
    )


def downgrade() -> None:

    op.drop_index(
        "uq_shifts_site",
        table_name="shifts",
        sqlite_where=sa.text("state IN ('running', 'handed_over')"),
        postgresql_where=sa.text("state IN ('running', 'handed_over')"),
    )
    op.drop_index(
        "uq_shifts_guard",
        table_name="shifts",
        sqlite_where=sa.text("state IN ('running', 'handed_over')"),
        postgresql_where=sa.text("state IN ('running', 'handed_over')"),
    )
    op.drop_index("ix_shifts_state", table_name="shifts")
    op.drop_index("ix_shifts_started", table_name="shifts")
    op.drop_index("ix_shifts_site", table_name="shifts")
    op.drop_index("ix_shifts_guard", table_name="shifts")
    op.drop_table("shifts")
