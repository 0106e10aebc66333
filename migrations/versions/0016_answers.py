"""Indexes for two questions of auditors: everyone turned away for one reason, and who was inside in a period long ago."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CODED = sa.text("code <> ''")
LONG_ON_SQLITE = sa.text("left_at IS NULL OR julianday(left_at) - julianday(created_at) > 2")
LONG = sa.text("left_at IS NULL OR left_at - created_at > INTERVAL '2 days'")


def upgrade() -> None:
    op.create_index("ix_gate_events_code", "gate_events", ["code", "created_at", "id"], sqlite_where=CODED, postgresql_where=CODED)
    op.create_index("ix_presences_long", "presences", ["created_at", "left_at"], sqlite_where=LONG_ON_SQLITE, postgresql_where=LONG)


def downgrade() -> None:
    op.drop_index("ix_presences_long", table_name="presences")
    op.drop_index("ix_gate_events_code", table_name="gate_events")
