"""A gate without a network: what was booked afterwards, what the portal objects to, and releases that are allowed offline."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OBJECTED = sa.text("objection IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("gate_events", recreate="never") as batch:
        batch.add_column(sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("objection", sa.String(length=40), nullable=True))
    op.create_index(
        "ix_gate_events_objection",
        "gate_events",
        ["created_at", "id"],
        unique=False,
        sqlite_where=OBJECTED,
        postgresql_where=OBJECTED,
    )
    op.create_table(
        "offline_mistakes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("objection", sa.String(length=40), nullable=False),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'settled')", name=op.f("ck_offline_mistakes_state")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_offline_mistakes_client_id")),
        sa.ForeignKeyConstraint(["event_id"], ["gate_events.id"], name=op.f("fk_offline_mistakes_event_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["users.id"], name=op.f("fk_offline_mistakes_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_mistakes")),
        sa.UniqueConstraint("event_id", name=op.f("uq_offline_mistakes_event_id")),
        sa.UniqueConstraint("number", name=op.f("uq_offline_mistakes_number")),
    )
    op.create_index("ix_offline_mistakes_client", "offline_mistakes", ["client_id", "id"], unique=False)
    op.create_index("ix_offline_mistakes_state", "offline_mistakes", ["state", "id"], unique=False)
    op.create_table(
        "offline_releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("allowed_by_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("until >= created_at", name=op.f("ck_offline_releases_until")),
        sa.ForeignKeyConstraint(["allowed_by_id"], ["users.id"], name=op.f("fk_offline_releases_allowed_by_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_offline_releases_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_releases")),
    )
    op.create_index("ix_offline_releases_site", "offline_releases", ["site_id", "until"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_offline_releases_site", table_name="offline_releases")
    op.drop_table("offline_releases")
    op.drop_index("ix_offline_mistakes_state", table_name="offline_mistakes")
    op.drop_index("ix_offline_mistakes_client", table_name="offline_mistakes")
    op.drop_table("offline_mistakes")
    op.drop_index("ix_gate_events_objection", table_name="gate_events", sqlite_where=OBJECTED, postgresql_where=OBJECTED)
    with op.batch_alter_table("gate_events", recreate="never") as batch:
        batch.drop_column("objection")
        batch.drop_column("booked_at")
