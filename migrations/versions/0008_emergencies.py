"""Emergency access, the rota of supervisors on call, chat channels, and messages that go to a chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_channels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=False),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("locale IN ('zh_CN', 'en')", name=op.f("ck_chat_channels_locale")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_channels")),
        sa.UniqueConstraint("name", name=op.f("uq_chat_channels_name")),
    )
    op.create_table(
        "duty_weeks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column("deputy_id", sa.Uuid(), nullable=True),
        sa.Column("gap_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("deputy_id <> supervisor_id", name=op.f("ck_duty_weeks_two_people")),
        sa.CheckConstraint("deputy_id IS NULL OR supervisor_id IS NOT NULL", name=op.f("ck_duty_weeks_deputy")),
        sa.ForeignKeyConstraint(["deputy_id"], ["users.id"], name=op.f("fk_duty_weeks_deputy_id")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["users.id"], name=op.f("fk_duty_weeks_supervisor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_weeks")),
        sa.UniqueConstraint("monday", name=op.f("uq_duty_weeks_monday")),
    )
    op.create_table(
        "emergencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("channel", sa.String(length=6), nullable=False),
        sa.Column("caller_name", sa.String(length=80), nullable=False),
        sa.Column("caller_phone", sa.String(length=32), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("next_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(length=500), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_due_on", sa.Date(), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("worked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_by_id", sa.Uuid(), nullable=True),
        sa.Column("chased_on", sa.Date(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("review_note", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "channel = 'portal' OR (caller_name <> '' AND caller_phone <> '' AND called_at IS NOT NULL)", name=op.f("ck_emergencies_caller")
        ),
        sa.CheckConstraint("channel IN ('portal', 'phone')", name=op.f("ck_emergencies_channel")),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'lapsed', 'in_use', 'report_due', 'reported', 'closed', 'cancelled')",
            name=op.f("ck_emergencies_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'in_use', 'report_due', 'reported', 'closed') OR lapses_at IS NOT NULL",
            name=op.f("ck_emergencies_lapses"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('report_due', 'reported', 'closed') OR report_due_on IS NOT NULL", name=op.f("ck_emergencies_report_due")
        ),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_emergencies_separate")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_emergencies_asked_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_emergencies_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_emergencies_contract_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_emergencies_decided_by_id")),
        sa.ForeignKeyConstraint(["reported_by_id"], ["users.id"], name=op.f("fk_emergencies_reported_by_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["users.id"], name=op.f("fk_emergencies_reviewed_by_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_emergencies_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
        sa.UniqueConstraint("number", name=op.f("uq_emergencies_number")),
    )
    with op.batch_alter_table("emergencies", schema=None) as batch_op:
        batch_op.create_index(
            "ix_emergencies_call",
            ["next_call_at"],
            unique=False,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )
        batch_op.create_index("ix_emergencies_client", ["client_id", "id"], unique=False)
        batch_op.create_index("ix_emergencies_lapse", ["state", "lapses_at"], unique=False)
        batch_op.create_index("ix_emergencies_overdue", ["client_id", "state", "report_due_on"], unique=False)
        batch_op.create_index("ix_emergencies_report", ["state", "report_due_on"], unique=False)
        batch_op.create_index("ix_emergencies_state", ["state", "id"], unique=False)

    op.create_table(
        "emergency_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emergency_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("step >= 1", name=op.f("ck_emergency_calls_step")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_calls_emergency_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_emergency_calls_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_calls")),
        sa.UniqueConstraint("emergency_id", "step", "user_id", name=op.f("uq_emergency_calls_emergency_id_step_user_id")),
    )
    op.create_table(
        "emergency_equipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emergency_id", sa.Uuid(), nullable=False),
        sa.Column("equipment_id", sa.Uuid(), nullable=False),
        sa.Column("in_request", sa.Boolean(), nullable=False),
        sa.Column("in_report", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_equipment_emergency_id")),
        sa.ForeignKeyConstraint(["equipment_id"], ["equipment.id"], name=op.f("fk_emergency_equipment_equipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_equipment")),
        sa.UniqueConstraint("emergency_id", "equipment_id", name=op.f("uq_emergency_equipment_emergency_id_equipment_id")),
    )
    with op.batch_alter_table("emergency_equipment", schema=None) as batch_op:
        batch_op.create_index("ix_emergency_equipment_item", ["equipment_id"], unique=False)

    op.create_table(
        "emergency_people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emergency_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("document_kind", sa.String(length=20), nullable=False),
        sa.Column("document_tail", sa.String(length=4), nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=True),
        sa.Column("identified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identified_by_id", sa.Uuid(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inside", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_for", sa.String(length=60), nullable=False),
        sa.CheckConstraint("(document_hash IS NULL) = (identified_at IS NULL)", name=op.f("ck_emergency_people_identified")),
        sa.CheckConstraint("(document_hash IS NULL) = (person_id IS NULL)", name=op.f("ck_emergency_people_person")),
        sa.CheckConstraint("NOT inside OR (entered_at IS NOT NULL AND document_hash IS NOT NULL)", name=op.f("ck_emergency_people_inside")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_emergency_people_emergency_id")),
        sa.ForeignKeyConstraint(["identified_by_id"], ["users.id"], name=op.f("fk_emergency_people_identified_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_emergency_people_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_people")),
    )
    with op.batch_alter_table("emergency_people", schema=None) as batch_op:
        batch_op.create_index("ix_emergency_people_document", ["document_hash"], unique=False)
        batch_op.create_index("ix_emergency_people_emergency", ["emergency_id", "id"], unique=False)
        batch_op.create_index("ix_emergency_people_person", ["person_id"], unique=False)
        batch_op.create_index(
            "uq_emergency_people_document",
            ["emergency_id", "document_hash"],
            unique=True,
            sqlite_where=sa.text("document_hash IS NOT NULL"),
            postgresql_where=sa.text("document_hash IS NOT NULL"),
        )

    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("medium", sa.String(length=4), nullable=False, server_default="mail"))
        batch_op.create_check_constraint(op.f("ck_outbox_messages_medium"), "medium IN ('mail', 'chat')")
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.alter_column("medium", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM outbox_messages WHERE medium = 'chat'")  # what is for a chat is no mail
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_outbox_messages_medium"), type_="check")
        batch_op.drop_column("medium")

    with op.batch_alter_table("emergency_people", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_emergency_people_document",
            sqlite_where=sa.text("document_hash IS NOT NULL"),
            postgresql_where=sa.text("document_hash IS NOT NULL"),
        )
        batch_op.drop_index("ix_emergency_people_person")
        batch_op.drop_index("ix_emergency_people_emergency")
        batch_op.drop_index("ix_emergency_people_document")

    op.drop_table("emergency_people")
    with op.batch_alter_table("emergency_equipment", schema=None) as batch_op:
        batch_op.drop_index("ix_emergency_equipment_item")

    op.drop_table("emergency_equipment")
    op.drop_table("emergency_calls")
    with op.batch_alter_table("emergencies", schema=None) as batch_op:
        batch_op.drop_index("ix_emergencies_state")
        batch_op.drop_index("ix_emergencies_report")
        batch_op.drop_index("ix_emergencies_overdue")
        batch_op.drop_index("ix_emergencies_lapse")
        batch_op.drop_index("ix_emergencies_client")
        batch_op.drop_index("ix_emergencies_call", sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))

    op.drop_table("emergencies")
    op.drop_table("duty_weeks")
    op.drop_table("chat_channels")
