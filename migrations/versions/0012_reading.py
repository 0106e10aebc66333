"""Indexes for what lists are filtered by: names from their beginning, the pass of a stay, the kind of a document or an exit."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_people_kind", "people", ["document_kind", "name", "id"]),
    ("ix_people_tail", "people", ["document_tail"]),
    ("ix_exits_mover", "exits", ["mover_name", "id"]),
    ("ix_exits_kind", "exits", ["kind", "leaves_on", "id"]),
    ("ix_visitors_client", "visitors", ["client_id", "id"]),
    ("ix_presences_label", "presences", ["subject_label", "id"]),
    ("ix_violations_name", "violations", ["person_name", "id"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _columns in reversed(INDEXES):
        op.drop_index(name, table_name=table)
