"""The gate: a stay stands on a badge, a visit or an emergency; what was left at the desk, who escorts, who stays too long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSIDE = sa.text("left_at IS NULL")
OF_A_STAY = sa.text("presence_id IS NOT NULL")
GROUND = (
    "CASE WHEN badge_id IS NULL THEN 0 ELSE 1 END + CASE WHEN visitor_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN emergency_id IS NULL THEN 0 ELSE 1 END = 1"
)
TEXTS = ("document_hash", "person_name", "phone", "subject_label", "out_reason", "extension_reason")


def upgrade() -> None:
    for name in ("uq_presences_inside", "ix_presences_room", "ix_presences_client"):
        op.drop_index(name, table_name="presences")
    with op.batch_alter_table("presences") as batch_op:
        batch_op.alter_column("person_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.alter_column("badge_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.add_column(sa.Column("visitor_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("emergency_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("document_hash", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("person_name", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("phone", sa.String(length=32), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("subject_label", sa.String(length=60), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("until_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("escort_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("kept_items", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False, server_default="[]")
        )
        batch_op.add_column(sa.Column("kept_back_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("out_reason", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("overstay_told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("extended_by_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("extension_reason", sa.String(length=200), nullable=False, server_default=""))
    op.execute("""
        UPDATE presences SET
            document_hash = (SELECT document_hash FROM people WHERE people.id = presences.person_id),
            person_name = (SELECT name FROM people WHERE people.id = presences.person_id),
            phone = (SELECT phone FROM people WHERE people.id = presences.person_id),
            subject_label = (SELECT number FROM badges WHERE badges.id = presences.badge_id)
    """)
    # Someone who is inside for two clients at once, which was possible: the earlier stay no longer stands in the way of the later.
    op.execute("""
        UPDATE presences SET document_hash = substr(document_hash, 1, 20) || CAST(id AS VARCHAR(36))
        WHERE left_at IS NULL AND EXISTS (
            SELECT 1 FROM presences p
            WHERE p.left_at IS NULL AND p.document_hash = presences.document_hash AND p.created_at > presences.created_at)
    """)
    with op.batch_alter_table("presences") as batch_op:
        for name in (*TEXTS, "kept_items"):
            batch_op.alter_column(name, server_default=None)
        batch_op.create_foreign_key(op.f("fk_presences_escort_id"), "users", ["escort_id"], ["id"])
        batch_op.create_foreign_key(op.f("fk_presences_extended_by_id"), "users", ["extended_by_id"], ["id"])
        batch_op.create_check_constraint(op.f("ck_presences_ground"), GROUND)
        batch_op.create_check_constraint(op.f("ck_presences_left"), "left_at IS NULL OR left_at >= created_at")
    op.create_index("uq_presences_inside", "presences", ["document_hash"], unique=True, sqlite_where=INSIDE, postgresql_where=INSIDE)
    op.create_index("uq_presences_person", "presences", ["person_id"], unique=True, sqlite_where=INSIDE, postgresql_where=INSIDE)
    op.create_index("ix_presences_now", "presences", ["created_at", "id"], unique=False, sqlite_where=INSIDE, postgresql_where=INSIDE)
    op.create_index("ix_presences_room", "presences", ["room_id", "created_at", "id"], unique=False)
    op.create_index("ix_presences_client", "presences", ["client_id", "created_at", "id"], unique=False)
    op.create_index("ix_presences_left", "presences", ["left_at", "id"], unique=False)
    op.create_index("ix_presences_name", "presences", ["person_name", "id"], unique=False)
    op.create_index("ix_presences_visitor", "presences", ["visitor_id", "created_at"], unique=False)
    op.create_index("ix_presences_emergency", "presences", ["emergency_id", "created_at"], unique=False)

    with op.batch_alter_table("gate_events") as batch_op:
        batch_op.add_column(sa.Column("presence_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_gate_events_presence_id"), "presences", ["presence_id"], ["id"])
    for kind, moment in (("entry", "created_at"), ("exit", "left_at")):
        op.execute(f"""
            UPDATE gate_events SET presence_id = (
                SELECT p.id FROM presences p WHERE p.person_id = gate_events.person_id AND p.{moment} = gate_events.created_at)
            WHERE kind = '{kind}'
        """)  # noqa: S608  (our own constants)
    op.create_index(
        "ix_gate_events_presence", "gate_events", ["presence_id", "kind"], unique=False, sqlite_where=OF_A_STAY, postgresql_where=OF_A_STAY
    )


def downgrade() -> None:
    """What stands on no badge has no place in the table as it was: such stays go, their events stay."""
    op.drop_index("ix_gate_events_presence", table_name="gate_events", sqlite_where=OF_A_STAY, postgresql_where=OF_A_STAY)
    with op.batch_alter_table("gate_events") as batch_op:
        batch_op.drop_constraint(op.f("fk_gate_events_presence_id"), type_="foreignkey")
        batch_op.drop_column("presence_id")
    op.execute("DELETE FROM presences WHERE badge_id IS NULL")
    for name in ("uq_presences_inside", "uq_presences_person", "ix_presences_now"):
        op.drop_index(name, table_name="presences", sqlite_where=INSIDE, postgresql_where=INSIDE)
    for name in ("room", "client", "left", "name", "visitor", "emergency"):
        op.drop_index(f"ix_presences_{name}", table_name="presences")
    with op.batch_alter_table("presences") as batch_op:
        batch_op.drop_constraint(op.f("ck_presences_ground"), type_="check")
        batch_op.drop_constraint(op.f("ck_presences_left"), type_="check")
        batch_op.drop_constraint(op.f("fk_presences_escort_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_presences_extended_by_id"), type_="foreignkey")
        for name in (
            *TEXTS, "visitor_id", "emergency_id", "until_at", "escort_id", "kept_items", "kept_back_at", "overstay_told_at",
            "extended_at", "extended_by_id",
        ):  # fmt: skip
            batch_op.drop_column(name)
        batch_op.alter_column("person_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.alter_column("badge_id", existing_type=sa.Uuid(), nullable=False)
    op.create_index("uq_presences_inside", "presences", ["person_id"], unique=True, sqlite_where=INSIDE, postgresql_where=INSIDE)
    op.create_index("ix_presences_room", "presences", ["room_id", "left_at"], unique=False)
    op.create_index("ix_presences_client", "presences", ["client_id", "left_at"], unique=False)
