"""A stay refers to the visitor or the emergency that it stands on."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("presences") as batch_op:
        batch_op.create_foreign_key(op.f("fk_presences_visitor_id"), "visitors", ["visitor_id"], ["id"])
        batch_op.create_foreign_key(op.f("fk_presences_emergency_id"), "emergencies", ["emergency_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("presences") as batch_op:
        batch_op.drop_constraint(op.f("fk_presences_visitor_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_presences_emergency_id"), type_="foreignkey")
