"""What always holds of the calendar."""

from __future__ import annotations

INVARIANTS = {
    "a lifted freeze says who lifted it, and why": """
        SELECT id FROM freezes WHERE (lifted_at IS NULL) <> (lifted_by_id IS NULL) OR (lifted_at IS NOT NULL AND lift_reason = '')
    """,
}
