"""The service desk: departments, kinds with their terms, requests and complaints, opinions, corrective actions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canned_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("title_en", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_answers")),
    )
    op.create_table(
        "service_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.CheckConstraint("place = 1", name=op.f("ck_service_hours_place")),
        sa.CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name=op.f("ck_service_hours_hours")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_hours")),
        sa.UniqueConstraint("place", name=op.f("uq_service_hours_place")),
    )
    op.create_table(
        "departments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=40), nullable=False),
        sa.Column("head_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["head_id"], ["users.id"], name=op.f("fk_departments_head_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("role", name=op.f("uq_departments_role")),
    )
    op.create_table(
        "ticket_kinds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("type", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=40), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("answer_amount", sa.Integer(), nullable=False),
        sa.Column("answer_unit", sa.String(length=16), nullable=False),
        sa.Column("settle_amount", sa.Integer(), nullable=False),
        sa.Column("settle_unit", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "answer_unit IN ('hours', 'working_hours', 'working_days') AND settle_unit IN ('hours', 'working_hours', 'working_days')",
            name=op.f("ck_ticket_kinds_units"),
        ),
        sa.CheckConstraint("type IN ('enquiry', 'fault', 'service', 'suggestion', 'complaint')", name=op.f("ck_ticket_kinds_type")),
        sa.CheckConstraint("answer_amount BETWEEN 1 AND 1000 AND settle_amount BETWEEN 1 AND 1000", name=op.f("ck_ticket_kinds_amounts")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_ticket_kinds_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_kinds")),
        sa.UniqueConstraint("code", name=op.f("uq_ticket_kinds_code")),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("kind_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("contact_name", sa.String(length=80), nullable=False),
        sa.Column("contact_phone", sa.String(length=32), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_late", sa.Boolean(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes_booked", sa.Integer(), nullable=True),
        sa.Column("clock_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unanswered_told", sa.Boolean(), nullable=False),
        sa.Column("settle_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("near_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("handed_over", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("opinion_hash", sa.String(length=64), nullable=True),
        sa.Column("extended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_by_id", sa.Uuid(), nullable=True),
        sa.Column("extension_reason", sa.String(length=500), nullable=False),
        sa.Column("serious", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(length=500), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("fault_department_id", sa.Uuid(), nullable=True),
        sa.Column("important", sa.Boolean(), nullable=False),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name=op.f("ck_tickets_merged")),
        sa.CheckConstraint("NOT serious OR type = 'complaint'", name=op.f("ck_tickets_serious")),
        sa.CheckConstraint("channel IN ('portal', 'phone', 'letter', 'visit', 'email')", name=op.f("ck_tickets_channel")),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_tickets_priority")),
        sa.CheckConstraint("state <> 'waiting' OR settle_due_at IS NULL", name=op.f("ck_tickets_stands_still")),
        sa.CheckConstraint(
            "state IN ('new', 'open', 'waiting', 'settled', 'closed', 'merged', 'withdrawn')", name=op.f("ck_tickets_state")
        ),
        sa.CheckConstraint("state NOT IN ('settled', 'closed') OR settled_at IS NOT NULL", name=op.f("ck_tickets_settled")),
        sa.CheckConstraint("(extended_by_id IS NULL) = (extended_at IS NULL)", name=op.f("ck_tickets_extended")),
        sa.CheckConstraint("level IN (0, 1, 2)", name=op.f("ck_tickets_level")),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_tickets_merged_into")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_tickets_asked_by_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_tickets_assignee_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_tickets_client_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_tickets_department_id")),
        sa.ForeignKeyConstraint(["extended_by_id"], ["users.id"], name=op.f("fk_tickets_extended_by_id")),
        sa.ForeignKeyConstraint(["fault_department_id"], ["departments.id"], name=op.f("fk_tickets_fault_department_id")),
        sa.ForeignKeyConstraint(["kind_id"], ["ticket_kinds.id"], name=op.f("fk_tickets_kind_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["tickets.id"], name=op.f("fk_tickets_merged_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
        sa.UniqueConstraint("opinion_hash", name=op.f("uq_tickets_opinion_hash")),
    )
    op.create_index("ix_tickets_assignee", "tickets", ["assignee_id", "state", "id"], unique=False)
    op.create_index("ix_tickets_client", "tickets", ["client_id", "id"], unique=False)
    op.create_index("ix_tickets_client_state", "tickets", ["client_id", "state", "id"], unique=False)
    op.create_index("ix_tickets_department", "tickets", ["department_id", "state", "id"], unique=False)
    op.create_index(
        "ix_tickets_due",
        "tickets",
        ["settle_due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('new', 'open') AND settle_due_at IS NOT NULL"),
        postgresql_where=sa.text("state IN ('new', 'open') AND settle_due_at IS NOT NULL"),
    )
    op.create_index("ix_tickets_kind", "tickets", ["kind_id", "id"], unique=False)
    op.create_index(
        "ix_tickets_near",
        "tickets",
        ["level", "near_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('new', 'open') AND settle_due_at IS NOT NULL"),
        postgresql_where=sa.text("state IN ('new', 'open') AND settle_due_at IS NOT NULL"),
    )
    op.create_index("ix_tickets_received", "tickets", ["received_at", "id"], unique=False)
    op.create_index("ix_tickets_settled", "tickets", ["settled_at", "id"], unique=False)
    op.create_index("ix_tickets_state", "tickets", ["state", "id"], unique=False)
    op.create_index(
        "ix_tickets_unanswered",
        "tickets",
        ["answer_due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'new' AND answered_at IS NULL AND NOT unanswered_told"),
        postgresql_where=sa.text("state = 'new' AND answered_at IS NULL AND NOT unanswered_told"),
    )
    op.create_table(
        "corrective_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_note", sa.String(length=500), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by_id", sa.Uuid(), nullable=True),
        sa.Column("check_note", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(checked_at IS NULL) = (checked_by_id IS NULL)", name=op.f("ck_corrective_actions_checked")),
        sa.CheckConstraint("checked_at IS NULL OR done_at IS NOT NULL", name=op.f("ck_corrective_actions_done_first")),
        sa.CheckConstraint("checked_by_id <> owner_id", name=op.f("ck_corrective_actions_checked_by_another")),
        sa.ForeignKeyConstraint(["checked_by_id"], ["users.id"], name=op.f("fk_corrective_actions_checked_by_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_corrective_actions_owner_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_corrective_actions_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrective_actions")),
    )
    op.create_index("ix_corrective_actions_owner", "corrective_actions", ["owner_id", "checked_at"], unique=False)
    op.create_index("ix_corrective_actions_ticket", "corrective_actions", ["ticket_id", "id"], unique=False)
    op.create_table(
        "ticket_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("equipment_id", sa.Uuid(), nullable=True),
        sa.Column("badge_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN equipment_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN badge_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN visit_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN contract_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_ticket_links_one"),
        ),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_ticket_links_badge_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_ticket_links_visit_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_ticket_links_contract_id")),
        sa.ForeignKeyConstraint(["equipment_id"], ["equipment.id"], name=op.f("fk_ticket_links_equipment_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_links_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_links")),
        sa.UniqueConstraint("ticket_id", "badge_id", name="uq_ticket_links_badge"),
        sa.UniqueConstraint("ticket_id", "visit_id", name="uq_ticket_links_visit"),
        sa.UniqueConstraint("ticket_id", "contract_id", name="uq_ticket_links_contract"),
        sa.UniqueConstraint("ticket_id", "equipment_id", name="uq_ticket_links_equipment"),
    )
    op.create_table(
        "ticket_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("mail_id", sa.String(length=255), nullable=True),
        sa.CheckConstraint("kind IN ('question', 'answer', 'result', 'note', 'call')", name=op.f("ck_ticket_messages_kind")),
        sa.CheckConstraint("minutes BETWEEN 0 AND 1440", name=op.f("ck_ticket_messages_minutes")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_ticket_messages_author_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_messages_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_messages")),
        sa.UniqueConstraint("mail_id", name=op.f("uq_ticket_messages_mail_id")),
    )
    op.create_index("ix_ticket_messages_ticket", "ticket_messages", ["ticket_id", "id"], unique=False)
    op.create_table(
        "ticket_opinions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("noted_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("way IN ('link', 'portal', 'call', 'visit')", name=op.f("ck_ticket_opinions_way")),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_ticket_opinions_score")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["users.id"], name=op.f("fk_ticket_opinions_noted_by_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_opinions_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_opinions")),
        sa.UniqueConstraint("ticket_id", "round", name="uq_ticket_opinions_round"),
    )
    op.create_index("ix_ticket_opinions_created", "ticket_opinions", ["created_at"], unique=False)
    op.create_table(
        "ticket_pauses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_ticket_pauses_times")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_pauses_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_pauses")),
    )
    op.create_index("ix_ticket_pauses_ticket", "ticket_pauses", ["ticket_id", "starts_at"], unique=False)
    op.create_index(
        "uq_ticket_pauses_open",
        "ticket_pauses",
        ["ticket_id"],
        unique=True,
        sqlite_where=sa.text("ends_at IS NULL"),
        postgresql_where=sa.text("ends_at IS NULL"),
    )
    op.create_table(
        "ticket_watchers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_watchers_ticket_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_ticket_watchers_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_watchers")),
        sa.UniqueConstraint("ticket_id", "user_id", name="uq_ticket_watchers_user"),
    )
    op.create_index("ix_ticket_watchers_user", "ticket_watchers", ["user_id", "ticket_id"], unique=False)
    op.create_table(
        "ticket_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_ticket_files_file_id")),
        sa.ForeignKeyConstraint(["message_id"], ["ticket_messages.id"], name=op.f("fk_ticket_files_message_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_files_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_files")),
        sa.UniqueConstraint("file_id", name=op.f("uq_ticket_files_file_id")),
    )
    op.create_index("ix_ticket_files_ticket", "ticket_files", ["ticket_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ticket_files")
    op.drop_table("ticket_watchers")
    op.drop_table("ticket_pauses")
    op.drop_table("ticket_opinions")
    op.drop_table("ticket_messages")
    op.drop_table("ticket_links")
    op.drop_table("corrective_actions")
    op.drop_table("tickets")
    op.drop_table("ticket_kinds")
    op.drop_table("departments")
    op.drop_table("service_hours")
    op.drop_table("canned_answers")
