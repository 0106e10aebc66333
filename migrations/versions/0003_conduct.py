"""Conduct: violations, decisions, appeals, and who is barred from entering (R-S7)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "violations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.String(length=80), nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=True),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal_until", sa.Date(), nullable=True),
        sa.CheckConstraint("room_id IS NOT NULL OR place <> ''", name=op.f("ck_violations_place")),
        sa.CheckConstraint(
            "rule IN ('r_e1', 'r_e2', 'r_e3', 'r_e4', 'r_s3', 'r_s4', 'r_s5', 'r_s6', 'r_b4', 'other')", name=op.f("ck_violations_rule")
        ),
        sa.CheckConstraint("severity IN ('minor', 'serious', 'grave')", name=op.f("ck_violations_severity")),
        sa.CheckConstraint(
            "state IN ('recorded', 'decided', 'appealed', 'upheld', 'reduced', 'closed', 'lifted', 'withdrawn')",
            name=op.f("ck_violations_state"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_violations_client_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_violations_decided_by_id")),
        sa.ForeignKeyConstraint(["event_id"], ["gate_events.id"], name=op.f("fk_violations_event_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_violations_person_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["users.id"], name=op.f("fk_violations_recorded_by_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_violations_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violations")),
        sa.UniqueConstraint("number", name=op.f("uq_violations_number")),
    )
    op.create_index("ix_violations_appeal", "violations", ["state", "appeal_until"], unique=False)
    op.create_index("ix_violations_client", "violations", ["client_id", "id"], unique=False)
    op.create_index("ix_violations_document", "violations", ["document_hash", "id"], unique=False)
    op.create_index("ix_violations_happened", "violations", ["happened_at", "id"], unique=False)
    op.create_index("ix_violations_person", "violations", ["person_id", "id"], unique=False)
    op.create_index("ix_violations_recorder", "violations", ["recorded_by_id", "id"], unique=False)
    op.create_index("ix_violations_state", "violations", ["state", "id"], unique=False)
    op.create_table(
        "entry_bans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'ban') = (until_at IS NULL)", name=op.f("ck_entry_bans_until")),
        sa.CheckConstraint("kind IN ('suspension', 'ban')", name=op.f("ck_entry_bans_kind")),
        sa.CheckConstraint("lifted_at IS NULL OR ended_at IS NOT NULL", name=op.f("ck_entry_bans_lifted")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["users.id"], name=op.f("fk_entry_bans_lifted_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_entry_bans_person_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violations.id"], name=op.f("fk_entry_bans_violation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_bans")),
    )
    op.create_index(
        "ix_entry_bans_document",
        "entry_bans",
        ["document_hash"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_entry_bans_history", "entry_bans", ["document_hash", "id"], unique=False)
    op.create_index(
        "ix_entry_bans_until",
        "entry_bans",
        ["until_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_entry_bans_violation",
        "entry_bans",
        ["violation_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "violation_appeals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("appealed_by_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["appealed_by_id"], ["users.id"], name=op.f("fk_violation_appeals_appealed_by_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violations.id"], name=op.f("fk_violation_appeals_violation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_appeals")),
        sa.UniqueConstraint("violation_id", name=op.f("uq_violation_appeals_violation_id")),
    )
    op.create_table(
        "violation_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("measures", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("stage IN ('decision', 'appeal', 'lifting')", name=op.f("ck_violation_decisions_stage")),
        sa.CheckConstraint("days IS NULL OR days BETWEEN 1 AND 365", name=op.f("ck_violation_decisions_days")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_violation_decisions_decided_by_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violations.id"], name=op.f("fk_violation_decisions_violation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_decisions")),
        sa.UniqueConstraint("violation_id", "stage", name=op.f("uq_violation_decisions_violation_id_stage")),
    )
    op.create_table(
        "violation_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=8), nullable=False),
        sa.CheckConstraint("part IN ('evidence', 'appeal')", name=op.f("ck_violation_files_part")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_violation_files_file_id")),
        sa.ForeignKeyConstraint(["violation_id"], ["violations.id"], name=op.f("fk_violation_files_violation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_files")),
        sa.UniqueConstraint("file_id", name=op.f("uq_violation_files_file_id")),
    )
    op.create_index("ix_violation_files_violation", "violation_files", ["violation_id", "id"], unique=False)
    op.create_table(
        "barred_badges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ban_id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_barred_badges_badge_id")),
        sa.ForeignKeyConstraint(["ban_id"], ["entry_bans.id"], name=op.f("fk_barred_badges_ban_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barred_badges")),
        sa.UniqueConstraint("ban_id", "badge_id", name=op.f("uq_barred_badges_ban_id_badge_id")),
    )
    op.create_index("ix_barred_badges_badge", "barred_badges", ["badge_id"], unique=False)


def downgrade() -> None:

    op.drop_index("ix_barred_badges_badge", table_name="barred_badges")
    op.drop_table("barred_badges")
    op.drop_index("ix_violation_files_violation", table_name="violation_files")
    op.drop_table("violation_files")
    op.drop_table("violation_decisions")
    op.drop_table("violation_appeals")
    op.drop_index(
        "uq_entry_bans_violation",
        table_name="entry_bans",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "ix_entry_bans_until",
        table_name="entry_bans",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_entry_bans_history", table_name="entry_bans")
    op.drop_index(
        "ix_entry_bans_document",
        table_name="entry_bans",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("entry_bans")
    op.drop_index("ix_violations_state", table_name="violations")
    op.drop_index("ix_violations_recorder", table_name="violations")
    op.drop_index("ix_violations_person", table_name="violations")
    op.drop_index("ix_violations_happened", table_name="violations")
    op.drop_index("ix_violations_document", table_name="violations")
    op.drop_index("ix_violations_client", table_name="violations")
    op.drop_index("ix_violations_appeal", table_name="violations")
    op.drop_table("violations")
