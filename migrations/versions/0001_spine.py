"""The spine: accounts, clients, contracts, facility, network, equipment, work orders, badges, exits, gate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tag", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("actor_role", sa.String(length=24), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("subject_label", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("after", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("seq", name=op.f("uq_audit_entries_seq")),
    )
    op.create_index("ix_audit_entries_actor", "audit_entries", ["actor_id", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_at", "audit_entries", ["at", "id"], unique=False)
    op.create_index("ix_audit_entries_client", "audit_entries", ["client_id", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_label", "audit_entries", ["subject_label", "at", "id"], unique=False)
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject_kind", "subject_id", "id"], unique=False)
    op.create_index("ix_audit_entries_tag", "audit_entries", ["tag", "at", "id"], unique=False)
    op.create_index(
        "ix_audit_entries_unsealed",
        "audit_entries",
        ["id"],
        unique=False,
        sqlite_where=sa.text("seq IS NULL"),
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("registration_number", sa.LargeBinary(), nullable=False),
        sa.Column("registration_hash", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sales_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('company', 'individual')", name=op.f("ck_clients_kind")),
        sa.ForeignKeyConstraint(["sales_id"], ["users.id"], name=op.f("fk_clients_sales_id"), use_alter=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("number", name=op.f("uq_clients_number")),
        sa.UniqueConstraint("registration_hash", name=op.f("uq_clients_registration_hash")),
    )
    op.create_index("ix_clients_name", "clients", ["name", "id"], unique=False)
    op.create_table(
        "equipment_models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("manufacturer", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("part_number", sa.String(length=60), nullable=False),
        sa.Column("height_u", sa.Integer(), nullable=False),
        sa.Column("full_depth", sa.Boolean(), nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("power_inlets", sa.Integer(), nullable=False),
        sa.Column("power_w", sa.Integer(), nullable=False),
        sa.Column("network_ports", sa.Integer(), nullable=False),
        sa.Column("management_ports", sa.Integer(), nullable=False),
        sa.Column("search_text", sa.String(length=260), nullable=False),
        sa.CheckConstraint("height_u >= 0", name=op.f("ck_equipment_models_height")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_models")),
        sa.UniqueConstraint("manufacturer", "name", "part_number", name=op.f("uq_equipment_models_manufacturer_name_part_number")),
    )
    op.create_index("ix_equipment_models_search", "equipment_models", ["search_text"], unique=False)
    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_runs")),
    )
    op.create_table(
        "number_series",
        sa.Column("series", sa.String(length=16), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_number_series")),
    )
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
    )
    op.create_index(
        "ix_outbox_messages_due",
        "outbox_messages",
        ["available_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("code", name=op.f("uq_sites_code")),
    )
    op.create_table(
        "submissions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "token", name=op.f("pk_submissions")),
    )
    op.create_index(op.f("ix_submissions_at"), "submissions", ["at"], unique=False)
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_last_at"), "throttles", ["last_at"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("duty", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contacts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_client", "contacts", ["client_id", "id"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("document_kind", sa.String(length=20), nullable=False),
        sa.Column("document_number", sa.LargeBinary(), nullable=False),
        sa.Column("document_hash", sa.String(length=64), nullable=False),
        sa.Column("document_tail", sa.String(length=4), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "document_kind IN ('identity_card', 'passport', 'hk_macao_permit', 'taiwan_permit')", name=op.f("ck_people_document_kind")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_people_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("client_id", "document_hash", name=op.f("uq_people_client_id_document_hash")),
    )
    op.create_index("ix_people_client", "people", ["client_id", "id"], unique=False)
    op.create_index("ix_people_document", "people", ["document_hash"], unique=False)
    op.create_index("ix_people_name", "people", ["name", "id"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_rooms_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("code", name=op.f("uq_rooms_code")),
    )
    op.create_index(op.f("ix_rooms_site_id"), "rooms", ["site_id"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("theme", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(role IN ('client_admin', 'client_member')) = (client_id IS NOT NULL)", name=op.f("ck_users_client")),
        sa.CheckConstraint("state IN ('invited', 'active', 'disabled', 'withdrawn')", name=op.f("ck_users_state")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_users_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_index("ix_users_client", "users", ["client_id", "id"], unique=False)
    op.create_index("ix_users_last_signed_in", "users", ["last_signed_in_at", "id"], unique=False)
    op.create_index("ix_users_name", "users", ["name", "id"], unique=False)
    op.create_index("ix_users_role", "users", ["role", "state"], unique=False)
    op.create_table(
        "contracts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("units_granted", sa.Integer(), nullable=False),
        sa.Column("power_w", sa.Integer(), nullable=False),
        sa.Column("bandwidth_mbps", sa.Integer(), nullable=False),
        sa.Column("ips_per_server", sa.Integer(), nullable=False),
        sa.Column("ports_per_server", sa.Integer(), nullable=False),
        sa.Column("ips_total", sa.Integer(), nullable=True),
        sa.Column("ports_total", sa.Integer(), nullable=True),
        sa.Column("sales_id", sa.Uuid(), nullable=True),
        sa.Column("renews_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'in_force', 'suspended', 'ending', 'closed', 'cancelled')", name=op.f("ck_contracts_state")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_contracts_dates")),
        sa.CheckConstraint("ips_per_server >= 1 AND ports_per_server >= 1", name=op.f("ck_contracts_per_server")),
        sa.CheckConstraint("units_granted >= 0 AND power_w >= 0", name=op.f("ck_contracts_amounts")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contracts_client_id")),
        sa.ForeignKeyConstraint(["renews_id"], ["contracts.id"], name=op.f("fk_contracts_renews_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_contracts_room_id")),
        sa.ForeignKeyConstraint(["sales_id"], ["users.id"], name=op.f("fk_contracts_sales_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
        sa.UniqueConstraint("number", name=op.f("uq_contracts_number")),
    )
    op.create_index("ix_contracts_client", "contracts", ["client_id", "id"], unique=False)
    op.create_index("ix_contracts_ends_on", "contracts", ["ends_on", "id"], unique=False)
    op.create_index("ix_contracts_room", "contracts", ["room_id", "state"], unique=False)
    op.create_index("ix_contracts_starts_on", "contracts", ["starts_on", "id"], unique=False)
    op.create_index("ix_contracts_state_end", "contracts", ["state", "ends_on"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["user_id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_notices_user", "notices", ["user_id", "id"], unique=False)
    op.create_table(
        "passes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("short_code", sa.String(length=12), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_for", sa.String(length=40), nullable=False),
        sa.CheckConstraint("kind IN ('badge', 'exit_slip', 'work_order')", name=op.f("ck_passes_kind")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["users.id"], name=op.f("fk_passes_issued_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passes")),
        sa.UniqueConstraint("short_code", name=op.f("uq_passes_short_code")),
    )
    op.create_index(
        "uq_passes_live",
        "passes",
        ["subject_id"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "prefixes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("last", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("vlan", sa.Integer(), nullable=True),
        sa.CheckConstraint("version IN (4, 6)", name=op.f("ck_prefixes_version")),
        sa.CheckConstraint("vlan IS NULL OR vlan BETWEEN 1 AND 4094", name=op.f("ck_prefixes_vlan")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_prefixes_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prefixes")),
        sa.UniqueConstraint("first", name=op.f("uq_prefixes_first")),
    )
    op.create_index("ix_prefixes_room", "prefixes", ["room_id", "version"], unique=False)
    op.create_table(
        "racks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("row", sa.String(length=8), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("power_w", sa.Integer(), nullable=False),
        sa.CheckConstraint("power_w >= 0", name=op.f("ck_racks_power")),
        sa.CheckConstraint("units BETWEEN 1 AND 60", name=op.f("ck_racks_units")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_racks_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_racks")),
        sa.UniqueConstraint("room_id", "code", name=op.f("uq_racks_room_id_code")),
    )
    op.create_table(
        "rules_texts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body_zh", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["published_by_id"], ["users.id"], name=op.f("fk_rules_texts_published_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_texts")),
        sa.UniqueConstraint("version", name=op.f("uq_rules_texts_version")),
    )
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_by_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_stored_files_client_id")),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["users.id"], name=op.f("fk_stored_files_uploaded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    op.create_index("ix_stored_files_client", "stored_files", ["client_id", "id"], unique=False)
    op.create_index(
        "ix_stored_files_unclaimed",
        "stored_files",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("claimed_at IS NULL"),
        postgresql_where=sa.text("claimed_at IS NULL"),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("browser", sa.String(length=300), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    op.create_index("ix_user_sessions_user", "user_sessions", ["user_id", "id"], unique=False)
    op.create_table(
        "user_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('invitation', 'reset')", name=op.f("ck_user_tokens_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_tokens_token_hash")),
    )
    op.create_index("ix_user_tokens_user", "user_tokens", ["user_id"], unique=False)
    op.create_table(
        "address_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prefix_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("holder_kind", sa.String(length=10), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("freed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("holder_kind IN ('equipment', 'plan')", name=op.f("ck_address_holds_holder_kind")),
        sa.CheckConstraint("(released_at IS NULL) = (rests_until IS NULL)", name=op.f("ck_address_holds_rest")),
        sa.CheckConstraint("freed_at IS NULL OR released_at IS NOT NULL", name=op.f("ck_address_holds_freed")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_address_holds_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_address_holds_contract_id")),
        sa.ForeignKeyConstraint(["prefix_id"], ["prefixes.id"], name=op.f("fk_address_holds_prefix_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_holds")),
    )
    op.create_index("ix_address_holds_address", "address_holds", ["address", "id"], unique=False)
    op.create_index("ix_address_holds_client", "address_holds", ["client_id", "address", "id"], unique=False)
    op.create_index(
        "ix_address_holds_contract",
        "address_holds",
        ["contract_id"],
        unique=False,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index("ix_address_holds_holder", "address_holds", ["holder_id"], unique=False)
    op.create_index(
        "ix_address_holds_resting",
        "address_holds",
        ["rests_until"],
        unique=False,
        sqlite_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
        postgresql_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
    )
    op.create_index(
        "ix_address_holds_resting_prefix",
        "address_holds",
        ["prefix_id", "address"],
        unique=False,
        sqlite_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
        postgresql_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
    )
    op.create_index(
        "uq_address_holds_held",
        "address_holds",
        ["address"],
        unique=True,
        sqlite_where=sa.text("freed_at IS NULL"),
        postgresql_where=sa.text("freed_at IS NULL"),
    )
    op.create_table(
        "badges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("identity_copy_id", sa.Uuid(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("applied_by_id", sa.Uuid(), nullable=False),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("review_note", sa.String(length=500), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("card_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('under_review', 'needs_correction', 'issued', 'suspended', 'lost', 'cancelled', 'returned', 'expired', 'refused')",
            name=op.f("ck_badges_state"),
        ),
        sa.CheckConstraint("slot IN (1, 2)", name=op.f("ck_badges_slot")),
        sa.ForeignKeyConstraint(["applied_by_id"], ["users.id"], name=op.f("fk_badges_applied_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_badges_client_id")),
        sa.ForeignKeyConstraint(["identity_copy_id"], ["stored_files.id"], name=op.f("fk_badges_identity_copy_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["stored_files.id"], name=op.f("fk_badges_letter_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_badges_person_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["stored_files.id"], name=op.f("fk_badges_photo_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["badges.id"], name=op.f("fk_badges_replaces_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["users.id"], name=op.f("fk_badges_reviewed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badges")),
        sa.UniqueConstraint("number", name=op.f("uq_badges_number")),
    )
    op.create_index("ix_badges_client", "badges", ["client_id", "id"], unique=False)
    op.create_index("ix_badges_expiry", "badges", ["state", "valid_until"], unique=False)
    op.create_index("ix_badges_state", "badges", ["state", "id"], unique=False)
    op.create_index(
        "uq_badges_person",
        "badges",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
        postgresql_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
    )
    op.create_index(
        "uq_badges_slot",
        "badges",
        ["client_id", "slot"],
        unique=True,
        sqlite_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
        postgresql_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
    )
    op.create_table(
        "contract_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_contract_documents_contract_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_contract_documents_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_documents")),
        sa.UniqueConstraint("file_id", name=op.f("uq_contract_documents_file_id")),
    )
    op.create_index("ix_contract_documents_contract", "contract_documents", ["contract_id", "id"], unique=False)
    op.create_table(
        "contract_expiry_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_contract_expiry_notices_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_expiry_notices")),
        sa.UniqueConstraint("contract_id", "ends_on", "days", name=op.f("uq_contract_expiry_notices_contract_id_ends_on_days")),
    )
    op.create_table(
        "contract_racks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("rack_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_contract_racks_contract_id")),
        sa.ForeignKeyConstraint(["rack_id"], ["racks.id"], name=op.f("fk_contract_racks_rack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_racks")),
        sa.UniqueConstraint("rack_id", name=op.f("uq_contract_racks_rack_id")),
    )
    op.create_index("ix_contract_racks_contract", "contract_racks", ["contract_id"], unique=False)
    op.create_table(
        "equipment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"), nullable=False),
        sa.Column("asset_tag", sa.String(length=60).with_variant(sa.String(length=60, collation="C"), "postgresql"), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("rack_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("face", sa.String(length=5), nullable=False),
        sa.Column("power_w", sa.Integer(), nullable=False),
        sa.CheckConstraint("face IN ('front', 'rear', 'side')", name=op.f("ck_equipment_face")),
        sa.CheckConstraint("state <> 'in_service' OR rack_id IS NOT NULL", name=op.f("ck_equipment_in_service_has_place")),
        sa.CheckConstraint("state IN ('in_service', 'out_for_repair', 'withdrawn', 'replaced')", name=op.f("ck_equipment_state")),
        sa.CheckConstraint("(rack_id IS NULL) = (unit IS NULL)", name=op.f("ck_equipment_place")),
        sa.CheckConstraint("power_w >= 0", name=op.f("ck_equipment_power")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_equipment_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_equipment_contract_id")),
        sa.ForeignKeyConstraint(["model_id"], ["equipment_models.id"], name=op.f("fk_equipment_model_id")),
        sa.ForeignKeyConstraint(["rack_id"], ["racks.id"], name=op.f("fk_equipment_rack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
    )
    op.create_index("ix_equipment_asset_tag", "equipment", ["asset_tag"], unique=False)
    op.create_index("ix_equipment_client", "equipment", ["client_id", "state", "id"], unique=False)
    op.create_index("ix_equipment_client_id", "equipment", ["client_id", "id"], unique=False)
    op.create_index("ix_equipment_client_serial", "equipment", ["client_id", "serial", "id"], unique=False)
    op.create_index("ix_equipment_contract", "equipment", ["contract_id", "state"], unique=False)
    op.create_index("ix_equipment_model", "equipment", ["model_id", "state"], unique=False)
    op.create_index("ix_equipment_rack", "equipment", ["rack_id", "unit"], unique=False)
    op.create_index("ix_equipment_serial", "equipment", ["serial", "id"], unique=False)
    op.create_index("ix_equipment_state", "equipment", ["state", "serial", "id"], unique=False)
    op.create_index(
        "uq_equipment_serial_present",
        "equipment",
        ["serial"],
        unique=True,
        sqlite_where=sa.text("state IN ('in_service', 'out_for_repair')"),
        postgresql_where=sa.text("state IN ('in_service', 'out_for_repair')"),
    )
    op.create_table(
        "exits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("leaves_on", sa.Date(), nullable=False),
        sa.Column("return_due_on", sa.Date(), nullable=True),
        sa.Column("mover_name", sa.String(length=80), nullable=False),
        sa.Column("mover_document", sa.LargeBinary(), nullable=False),
        sa.Column("mover_document_tail", sa.String(length=4), nullable=False),
        sa.Column("mover_phone", sa.String(length=32), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=True),
        sa.Column("identity_copy_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("applied_by_id", sa.Uuid(), nullable=False),
        sa.Column("issued_by_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("overdue_told_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind = 'withdrawal' OR return_due_on IS NOT NULL", name=op.f("ck_exits_return_due")),
        sa.CheckConstraint("kind IN ('withdrawal', 'repair', 'replacement')", name=op.f("ck_exits_kind")),
        sa.CheckConstraint(
            "state IN ('under_review', 'needs_correction', 'issued', 'released', 'awaiting_return', 'completed', 'refused', 'cancelled', 'lapsed')",
            name=op.f("ck_exits_state"),
        ),
        sa.ForeignKeyConstraint(["applied_by_id"], ["users.id"], name=op.f("fk_exits_applied_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_exits_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_exits_contract_id")),
        sa.ForeignKeyConstraint(["identity_copy_id"], ["stored_files.id"], name=op.f("fk_exits_identity_copy_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["users.id"], name=op.f("fk_exits_issued_by_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["stored_files.id"], name=op.f("fk_exits_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exits")),
        sa.UniqueConstraint("number", name=op.f("uq_exits_number")),
    )
    op.create_index("ix_exits_client", "exits", ["client_id", "id"], unique=False)
    op.create_index("ix_exits_contract", "exits", ["contract_id"], unique=False)
    op.create_index("ix_exits_return", "exits", ["state", "return_due_on"], unique=False)
    op.create_index("ix_exits_state", "exits", ["state", "leaves_on", "id"], unique=False)
    op.create_table(
        "free_ranges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("prefix_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("last", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("first <= last", name=op.f("ck_free_ranges_order")),
        sa.ForeignKeyConstraint(["prefix_id"], ["prefixes.id"], name=op.f("fk_free_ranges_prefix_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_free_ranges")),
        sa.UniqueConstraint("prefix_id", "last", name=op.f("uq_free_ranges_prefix_id_last")),
    )
    op.create_index("ix_free_ranges_turn", "free_ranges", ["prefix_id", "turn", "last"], unique=False)
    op.create_table(
        "gate_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=True),
        sa.Column("guard_id", sa.Uuid(), nullable=False),
        sa.Column("pass_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_label", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("person_name", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint("kind IN ('scan', 'entry', 'exit', 'release', 'return', 'refusal')", name=op.f("ck_gate_events_kind")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_gate_events_client_id")),
        sa.ForeignKeyConstraint(["guard_id"], ["users.id"], name=op.f("fk_gate_events_guard_id")),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name=op.f("fk_gate_events_pass_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_gate_events_person_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_gate_events_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_events")),
        sa.UniqueConstraint("nonce", name=op.f("uq_gate_events_nonce")),
    )
    op.create_index("ix_gate_events_at", "gate_events", ["created_at", "id"], unique=False)
    op.create_index("ix_gate_events_client", "gate_events", ["client_id", "created_at"], unique=False)
    op.create_index("ix_gate_events_kind", "gate_events", ["kind", "created_at", "id"], unique=False)
    op.create_index("ix_gate_events_label", "gate_events", ["subject_label", "created_at"], unique=False)
    op.create_index("ix_gate_events_person", "gate_events", ["person_id", "created_at"], unique=False)
    op.create_index("ix_gate_events_room", "gate_events", ["room_id", "created_at"], unique=False)
    op.create_index("ix_gate_events_subject", "gate_events", ["subject_id", "id"], unique=False)
    op.create_table(
        "rack_units",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rack_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("face", sa.String(length=5), nullable=False),
        sa.Column("holder_kind", sa.String(length=10), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("power_w", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=120), nullable=False),
        sa.CheckConstraint("face IN ('front', 'rear', 'side')", name=op.f("ck_rack_units_face")),
        sa.CheckConstraint("holder_kind IN ('equipment', 'plan', 'reserved')", name=op.f("ck_rack_units_holder_kind")),
        sa.CheckConstraint("unit >= 1", name=op.f("ck_rack_units_unit")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_rack_units_client_id")),
        sa.ForeignKeyConstraint(["rack_id"], ["racks.id"], name=op.f("fk_rack_units_rack_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rack_units")),
        sa.UniqueConstraint("rack_id", "unit", "face", name="uq_rack_units_place"),
    )
    op.create_index("ix_rack_units_client", "rack_units", ["client_id", "rack_id"], unique=False)
    op.create_index("ix_rack_units_holder", "rack_units", ["holder_id"], unique=False)
    op.create_table(
        "reserved_ranges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prefix_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("last", sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.CheckConstraint("kind IN ('network', 'broadcast', 'gateway', 'reserved')", name=op.f("ck_reserved_ranges_kind")),
        sa.CheckConstraint("first <= last", name=op.f("ck_reserved_ranges_order")),
        sa.ForeignKeyConstraint(["prefix_id"], ["prefixes.id"], name=op.f("fk_reserved_ranges_prefix_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reserved_ranges")),
        sa.UniqueConstraint("prefix_id", "first", name=op.f("uq_reserved_ranges_prefix_id_first")),
    )
    op.create_table(
        "rules_acceptances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("rules_text_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.ForeignKeyConstraint(["rules_text_id"], ["rules_texts.id"], name=op.f("fk_rules_acceptances_rules_text_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_rules_acceptances_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_acceptances")),
        sa.UniqueConstraint("user_id", "rules_text_id", name=op.f("uq_rules_acceptances_user_id_rules_text_id")),
    )
    op.create_table(
        "switches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("rack_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["rack_id"], ["racks.id"], name=op.f("fk_switches_rack_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_switches_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switches")),
        sa.UniqueConstraint("name", name=op.f("uq_switches_name")),
    )
    op.create_index(op.f("ix_switches_room_id"), "switches", ["room_id"], unique=False)
    op.create_table(
        "work_orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("arrives_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by_id", sa.Uuid(), nullable=True),
        sa.Column("possible_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("prepared_by_id", sa.Uuid(), nullable=True),
        sa.Column("bringer_name", sa.String(length=80), nullable=False),
        sa.Column("bringer_phone", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("returned_note", sa.Text(), nullable=False),
        sa.Column("drafted_by_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'requested', 'issued', 'prepared', 'partly_accepted', 'completed', 'cancelled')",
            name=op.f("ck_work_orders_state"),
        ),
        sa.CheckConstraint(
            "(issued_at IS NULL) = (possible_from IS NULL) AND (issued_at IS NULL) = (issued_by_id IS NULL)",
            name=op.f("ck_work_orders_issue"),
        ),
        sa.CheckConstraint("possible_from IS NULL OR arrives_at >= possible_from", name=op.f("ck_work_orders_notice")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_work_orders_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_work_orders_contract_id")),
        sa.ForeignKeyConstraint(["drafted_by_id"], ["users.id"], name=op.f("fk_work_orders_drafted_by_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["users.id"], name=op.f("fk_work_orders_issued_by_id")),
        sa.ForeignKeyConstraint(["prepared_by_id"], ["users.id"], name=op.f("fk_work_orders_prepared_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_work_orders_number")),
    )
    op.create_index("ix_work_orders_arrival", "work_orders", ["arrives_at", "id"], unique=False)
    op.create_index("ix_work_orders_client", "work_orders", ["client_id", "id"], unique=False)
    op.create_index("ix_work_orders_contract", "work_orders", ["contract_id"], unique=False)
    op.create_index("ix_work_orders_state", "work_orders", ["state", "arrives_at", "id"], unique=False)
    op.create_index("ix_work_orders_state_id", "work_orders", ["state", "id"], unique=False)
    op.create_table(
        "badge_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_badge_grants_badge_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_badge_grants_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_grants")),
        sa.UniqueConstraint("badge_id", "contract_id", name=op.f("uq_badge_grants_badge_id_contract_id")),
    )
    op.create_index("ix_badge_grants_contract", "badge_grants", ["contract_id"], unique=False)
    op.create_table(
        "equipment_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("equipment_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("from_place", sa.String(length=60), nullable=False),
        sa.Column("to_place", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["equipment_id"], ["equipment.id"], name=op.f("fk_equipment_moves_equipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_moves")),
    )
    op.create_index("ix_equipment_moves_equipment", "equipment_moves", ["equipment_id", "id"], unique=False)
    op.create_table(
        "exit_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exit_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("listed_model", sa.String(length=160), nullable=False),
        sa.Column("listed_serial", sa.String(length=60), nullable=False),
        sa.Column("equipment_id", sa.Uuid(), nullable=True),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back_at_gate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_as", sa.String(length=16), nullable=False),
        sa.Column("replacement_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["equipment_id"], ["equipment.id"], name=op.f("fk_exit_items_equipment_id")),
        sa.ForeignKeyConstraint(["exit_id"], ["exits.id"], name=op.f("fk_exit_items_exit_id")),
        sa.ForeignKeyConstraint(["replacement_id"], ["equipment.id"], name=op.f("fk_exit_items_replacement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_items")),
        sa.UniqueConstraint("exit_id", "line", name=op.f("uq_exit_items_exit_id_line")),
    )
    op.create_index("ix_exit_items_equipment", "exit_items", ["equipment_id", "id"], unique=False)
    op.create_index(
        "uq_exit_items_equipment_held",
        "exit_items",
        ["equipment_id"],
        unique=True,
        sqlite_where=sa.text("holds"),
        postgresql_where=sa.text("holds"),
    )
    op.create_table(
        "presences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("guard_in_id", sa.Uuid(), nullable=False),
        sa.Column("guard_out_id", sa.Uuid(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_presences_badge_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_presences_client_id")),
        sa.ForeignKeyConstraint(["guard_in_id"], ["users.id"], name=op.f("fk_presences_guard_in_id")),
        sa.ForeignKeyConstraint(["guard_out_id"], ["users.id"], name=op.f("fk_presences_guard_out_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_presences_person_id")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_presences_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presences")),
    )
    op.create_index("ix_presences_client", "presences", ["client_id", "left_at"], unique=False)
    op.create_index("ix_presences_room", "presences", ["room_id", "left_at"], unique=False)
    op.create_index("ix_presences_time", "presences", ["created_at", "id"], unique=False)
    op.create_index(
        "uq_presences_inside",
        "presences",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "switch_ports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("switch_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("speed_mbps", sa.Integer(), nullable=False),
        sa.Column("out_of_use", sa.Boolean(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.CheckConstraint("speed_mbps > 0", name=op.f("ck_switch_ports_speed")),
        sa.ForeignKeyConstraint(["switch_id"], ["switches.id"], name=op.f("fk_switch_ports_switch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switch_ports")),
        sa.UniqueConstraint("switch_id", "name", name=op.f("uq_switch_ports_switch_id_name")),
        sa.UniqueConstraint("switch_id", "position", name=op.f("uq_switch_ports_switch_id_position")),
    )
    op.create_index(
        "ix_switch_ports_open",
        "switch_ports",
        ["switch_id", "position"],
        unique=False,
        sqlite_where=sa.text("NOT taken AND NOT out_of_use"),
        postgresql_where=sa.text("NOT taken AND NOT out_of_use"),
    )
    op.create_table(
        "work_order_extras",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["users.id"], name=op.f("fk_work_order_extras_recorded_by_id")),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_orders.id"], name=op.f("fk_work_order_extras_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_extras")),
    )
    op.create_index(op.f("ix_work_order_extras_work_order_id"), "work_order_extras", ["work_order_id"], unique=False)
    op.create_table(
        "work_order_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("work_order_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("asset_tag", sa.String(length=60), nullable=False),
        sa.Column("ips", sa.Integer(), nullable=False),
        sa.Column("ports", sa.Integer(), nullable=False),
        sa.Column("rack_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("face", sa.String(length=5), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_id", sa.Uuid(), nullable=True),
        sa.Column("equipment_id", sa.Uuid(), nullable=True),
        sa.Column("settled_note", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(state = 'accepted') = (equipment_id IS NOT NULL)", name=op.f("ck_work_order_items_accepted")),
        sa.CheckConstraint("state IN ('expected', 'accepted', 'refused', 'missing', 'dropped')", name=op.f("ck_work_order_items_state")),
        sa.CheckConstraint("ips >= 1 AND ports >= 1", name=op.f("ck_work_order_items_amounts")),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["users.id"], name=op.f("fk_work_order_items_accepted_by_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_work_order_items_client_id")),
        sa.ForeignKeyConstraint(["equipment_id"], ["equipment.id"], name=op.f("fk_work_order_items_equipment_id")),
        sa.ForeignKeyConstraint(["model_id"], ["equipment_models.id"], name=op.f("fk_work_order_items_model_id")),
        sa.ForeignKeyConstraint(["rack_id"], ["racks.id"], name=op.f("fk_work_order_items_rack_id")),
        sa.ForeignKeyConstraint(["work_order_id"], ["work_orders.id"], name=op.f("fk_work_order_items_work_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_items")),
        sa.UniqueConstraint("equipment_id", name=op.f("uq_work_order_items_equipment_id")),
        sa.UniqueConstraint("work_order_id", "line", name=op.f("uq_work_order_items_work_order_id_line")),
        sa.UniqueConstraint("work_order_id", "serial", name=op.f("uq_work_order_items_work_order_id_serial")),
    )
    op.create_index("ix_work_order_items_serial", "work_order_items", ["serial"], unique=False)
    op.create_index(
        "uq_work_order_items_expected",
        "work_order_items",
        ["serial"],
        unique=True,
        sqlite_where=sa.text("state = 'expected'"),
        postgresql_where=sa.text("state = 'expected'"),
    )
    op.create_table(
        "port_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("port_id", sa.Uuid(), nullable=False),
        sa.Column("holder_kind", sa.String(length=10), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("holder_kind IN ('equipment', 'plan')", name=op.f("ck_port_holds_holder_kind")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_port_holds_client_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contracts.id"], name=op.f("fk_port_holds_contract_id")),
        sa.ForeignKeyConstraint(["port_id"], ["switch_ports.id"], name=op.f("fk_port_holds_port_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_port_holds")),
    )
    op.create_index(
        "ix_port_holds_contract",
        "port_holds",
        ["contract_id"],
        unique=False,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index("ix_port_holds_holder", "port_holds", ["holder_id"], unique=False)
    op.create_index(op.f("ix_port_holds_port_id"), "port_holds", ["port_id"], unique=False)
    op.create_index(
        "uq_port_holds_held",
        "port_holds",
        ["port_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    if op.get_context().dialect.name == "postgresql":  # clients and users refer to each other; SQLite has it in the table already
        op.create_foreign_key("fk_clients_sales_id", "clients", "users", ["sales_id"], ["id"])


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("fk_clients_sales_id", "clients", type_="foreignkey")
    op.drop_index(
        "uq_port_holds_held",
        table_name="port_holds",
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.drop_index(op.f("ix_port_holds_port_id"), table_name="port_holds")
    op.drop_index("ix_port_holds_holder", table_name="port_holds")
    op.drop_index(
        "ix_port_holds_contract",
        table_name="port_holds",
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.drop_table("port_holds")
    op.drop_index(
        "uq_work_order_items_expected",
        table_name="work_order_items",
        sqlite_where=sa.text("state = 'expected'"),
        postgresql_where=sa.text("state = 'expected'"),
    )
    op.drop_index("ix_work_order_items_serial", table_name="work_order_items")
    op.drop_table("work_order_items")
    op.drop_index(op.f("ix_work_order_extras_work_order_id"), table_name="work_order_extras")
    op.drop_table("work_order_extras")
    op.drop_index(
        "ix_switch_ports_open",
        table_name="switch_ports",
        sqlite_where=sa.text("NOT taken AND NOT out_of_use"),
        postgresql_where=sa.text("NOT taken AND NOT out_of_use"),
    )
    op.drop_table("switch_ports")
    op.drop_index(
        "uq_presences_inside", table_name="presences", sqlite_where=sa.text("left_at IS NULL"), postgresql_where=sa.text("left_at IS NULL")
    )
    op.drop_index("ix_presences_time", table_name="presences")
    op.drop_index("ix_presences_room", table_name="presences")
    op.drop_index("ix_presences_client", table_name="presences")
    op.drop_table("presences")
    op.drop_index("uq_exit_items_equipment_held", table_name="exit_items", sqlite_where=sa.text("holds"), postgresql_where=sa.text("holds"))
    op.drop_index("ix_exit_items_equipment", table_name="exit_items")
    op.drop_table("exit_items")
    op.drop_index("ix_equipment_moves_equipment", table_name="equipment_moves")
    op.drop_table("equipment_moves")
    op.drop_index("ix_badge_grants_contract", table_name="badge_grants")
    op.drop_table("badge_grants")
    op.drop_index("ix_work_orders_state_id", table_name="work_orders")
    op.drop_index("ix_work_orders_state", table_name="work_orders")
    op.drop_index("ix_work_orders_contract", table_name="work_orders")
    op.drop_index("ix_work_orders_client", table_name="work_orders")
    op.drop_index("ix_work_orders_arrival", table_name="work_orders")
    op.drop_table("work_orders")
    op.drop_index(op.f("ix_switches_room_id"), table_name="switches")
    op.drop_table("switches")
    op.drop_table("rules_acceptances")
    op.drop_table("reserved_ranges")
    op.drop_index("ix_rack_units_holder", table_name="rack_units")
    op.drop_index("ix_rack_units_client", table_name="rack_units")
    op.drop_table("rack_units")
    op.drop_index("ix_gate_events_subject", table_name="gate_events")
    op.drop_index("ix_gate_events_room", table_name="gate_events")
    op.drop_index("ix_gate_events_person", table_name="gate_events")
    op.drop_index("ix_gate_events_label", table_name="gate_events")
    op.drop_index("ix_gate_events_kind", table_name="gate_events")
    op.drop_index("ix_gate_events_client", table_name="gate_events")
    op.drop_index("ix_gate_events_at", table_name="gate_events")
    op.drop_table("gate_events")
    op.drop_index("ix_free_ranges_turn", table_name="free_ranges")
    op.drop_table("free_ranges")
    op.drop_index("ix_exits_state", table_name="exits")
    op.drop_index("ix_exits_return", table_name="exits")
    op.drop_index("ix_exits_contract", table_name="exits")
    op.drop_index("ix_exits_client", table_name="exits")
    op.drop_table("exits")
    op.drop_index(
        "uq_equipment_serial_present",
        table_name="equipment",
        sqlite_where=sa.text("state IN ('in_service', 'out_for_repair')"),
        postgresql_where=sa.text("state IN ('in_service', 'out_for_repair')"),
    )
    op.drop_index("ix_equipment_state", table_name="equipment")
    op.drop_index("ix_equipment_serial", table_name="equipment")
    op.drop_index("ix_equipment_rack", table_name="equipment")
    op.drop_index("ix_equipment_model", table_name="equipment")
    op.drop_index("ix_equipment_contract", table_name="equipment")
    op.drop_index("ix_equipment_client_serial", table_name="equipment")
    op.drop_index("ix_equipment_client_id", table_name="equipment")
    op.drop_index("ix_equipment_client", table_name="equipment")
    op.drop_index("ix_equipment_asset_tag", table_name="equipment")
    op.drop_table("equipment")
    op.drop_index("ix_contract_racks_contract", table_name="contract_racks")
    op.drop_table("contract_racks")
    op.drop_table("contract_expiry_notices")
    op.drop_index("ix_contract_documents_contract", table_name="contract_documents")
    op.drop_table("contract_documents")
    op.drop_index(
        "uq_badges_slot",
        table_name="badges",
        sqlite_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
        postgresql_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
    )
    op.drop_index(
        "uq_badges_person",
        table_name="badges",
        sqlite_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
        postgresql_where=sa.text("state IN ('under_review', 'needs_correction', 'issued', 'suspended')"),
    )
    op.drop_index("ix_badges_state", table_name="badges")
    op.drop_index("ix_badges_expiry", table_name="badges")
    op.drop_index("ix_badges_client", table_name="badges")
    op.drop_table("badges")
    op.drop_index(
        "uq_address_holds_held",
        table_name="address_holds",
        sqlite_where=sa.text("freed_at IS NULL"),
        postgresql_where=sa.text("freed_at IS NULL"),
    )
    op.drop_index(
        "ix_address_holds_resting_prefix",
        table_name="address_holds",
        sqlite_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
        postgresql_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_address_holds_resting",
        table_name="address_holds",
        sqlite_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
        postgresql_where=sa.text("freed_at IS NULL AND released_at IS NOT NULL"),
    )
    op.drop_index("ix_address_holds_holder", table_name="address_holds")
    op.drop_index(
        "ix_address_holds_contract",
        table_name="address_holds",
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.drop_index("ix_address_holds_client", table_name="address_holds")
    op.drop_index("ix_address_holds_address", table_name="address_holds")
    op.drop_table("address_holds")
    op.drop_index("ix_user_tokens_user", table_name="user_tokens")
    op.drop_table("user_tokens")
    op.drop_index("ix_user_sessions_user", table_name="user_sessions")
    op.drop_table("user_sessions")
    op.drop_index(
        "ix_stored_files_unclaimed",
        table_name="stored_files",
        sqlite_where=sa.text("claimed_at IS NULL"),
        postgresql_where=sa.text("claimed_at IS NULL"),
    )
    op.drop_index("ix_stored_files_client", table_name="stored_files")
    op.drop_table("stored_files")
    op.drop_table("rules_texts")
    op.drop_table("racks")
    op.drop_index("ix_prefixes_room", table_name="prefixes")
    op.drop_table("prefixes")
    op.drop_index(
        "uq_passes_live", table_name="passes", sqlite_where=sa.text("revoked_at IS NULL"), postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.drop_table("passes")
    op.drop_index("ix_notices_user", table_name="notices")
    op.drop_index(
        "ix_notices_unread", table_name="notices", sqlite_where=sa.text("read_at IS NULL"), postgresql_where=sa.text("read_at IS NULL")
    )
    op.drop_table("notices")
    op.drop_index("ix_contracts_state_end", table_name="contracts")
    op.drop_index("ix_contracts_starts_on", table_name="contracts")
    op.drop_index("ix_contracts_room", table_name="contracts")
    op.drop_index("ix_contracts_ends_on", table_name="contracts")
    op.drop_index("ix_contracts_client", table_name="contracts")
    op.drop_table("contracts")
    op.drop_index("ix_users_role", table_name="users")
    op.drop_index("ix_users_name", table_name="users")
    op.drop_index("ix_users_last_signed_in", table_name="users")
    op.drop_index("ix_users_client", table_name="users")
    op.drop_table("users")
    op.drop_index(op.f("ix_rooms_site_id"), table_name="rooms")
    op.drop_table("rooms")
    op.drop_index("ix_people_name", table_name="people")
    op.drop_index("ix_people_document", table_name="people")
    op.drop_index("ix_people_client", table_name="people")
    op.drop_table("people")
    op.drop_index("ix_contacts_client", table_name="contacts")
    op.drop_table("contacts")
    op.drop_index(op.f("ix_throttles_last_at"), table_name="throttles")
    op.drop_table("throttles")
    op.drop_index(op.f("ix_submissions_at"), table_name="submissions")
    op.drop_table("submissions")
    op.drop_table("sites")
    op.drop_index(
        "ix_outbox_messages_due",
        table_name="outbox_messages",
        sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.drop_table("outbox_messages")
    op.drop_table("number_series")
    op.drop_table("job_runs")
    op.drop_index("ix_equipment_models_search", table_name="equipment_models")
    op.drop_table("equipment_models")
    op.drop_index("ix_clients_name", table_name="clients")
    op.drop_table("clients")
    op.drop_table("audit_head")
    op.drop_index(
        "ix_audit_entries_unsealed",
        table_name="audit_entries",
        sqlite_where=sa.text("seq IS NULL"),
        postgresql_where=sa.text("seq IS NULL"),
    )
    op.drop_index("ix_audit_entries_tag", table_name="audit_entries")
    op.drop_index("ix_audit_entries_subject", table_name="audit_entries")
    op.drop_index("ix_audit_entries_label", table_name="audit_entries")
    op.drop_index("ix_audit_entries_client", table_name="audit_entries")
    op.drop_index("ix_audit_entries_at", table_name="audit_entries")
    op.drop_index("ix_audit_entries_actor", table_name="audit_entries")
    op.drop_table("audit_entries")
