"""Evidence packs; retention periods; that a file's content was removed after its time, and an index of what still names a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NAMED = "person_name <> '' AND person_name <> '已清除 removed'"
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "evidence_packs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("audit_seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.String(length=64), nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('asked', 'made', 'failed', 'removed')", name=op.f("ck_evidence_packs_state")),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_evidence_packs_period")),
        sa.CheckConstraint(
            "state <> 'made' OR (file_id IS NOT NULL AND made_at IS NOT NULL AND sha256 <> '')", name=op.f("ck_evidence_packs_made")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_evidence_packs_asked_by_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_evidence_packs_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_packs")),
        sa.UniqueConstraint("number", name=op.f("uq_evidence_packs_number")),
    )
    op.create_index("ix_evidence_packs_from", "evidence_packs", ["from_on", "id"], unique=False)
    op.create_index("ix_evidence_packs_state", "evidence_packs", ["state", "id"], unique=False)
    op.create_table(
        "retention_periods",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("for_good", sa.Boolean(), nullable=False),
        sa.Column("reason_zh", sa.String(length=500), nullable=False),
        sa.Column("reason_en", sa.String(length=500), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("for_good = (days IS NULL)", name=op.f("ck_retention_periods_for_good")),
        sa.CheckConstraint("days IS NULL OR days >= 1", name=op.f("ck_retention_periods_days")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["users.id"], name=op.f("fk_retention_periods_changed_by_id")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_periods")),
    )
    with op.batch_alter_table("stored_files") as batch:
        batch.add_column(sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_stored_files_removed",
        "stored_files",
        ["removed_at"],
        unique=False,
        sqlite_where=sa.text("removed_at IS NOT NULL"),
        postgresql_where=sa.text("removed_at IS NOT NULL"),
    )
    op.create_index("ix_stored_files_purpose", "stored_files", ["purpose", "claimed_at"], unique=False)

    for name, table, column in (("ix_gate_events_named", "gate_events", "created_at"), ("ix_presences_named", "presences", "left_at")):
        op.create_index(name, table, [column], unique=False, sqlite_where=sa.text(NAMED), postgresql_where=sa.text(NAMED))


def downgrade() -> None:
    op.drop_index("ix_presences_named", table_name="presences")
    op.drop_index("ix_gate_events_named", table_name="gate_events")
    op.drop_index("ix_stored_files_purpose", table_name="stored_files")
    op.drop_index("ix_stored_files_removed", table_name="stored_files")
    with op.batch_alter_table("stored_files") as batch:
        batch.drop_column("removed_at")
    op.drop_table("retention_periods")
    op.drop_table("evidence_packs")
