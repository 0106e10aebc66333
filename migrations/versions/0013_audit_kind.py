"""An index for the audit's list by what an entry is about, newest first."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_entries_kind", "audit_entries", ["subject_kind", "at", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_kind", table_name="audit_entries")
