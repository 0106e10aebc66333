"""What always holds of shifts."""

from __future__ import annotations

INVARIANTS = {
    "a shift that is over has its end": """
        SELECT id FROM shifts WHERE (state IN ('taken', 'ended', 'left')) <> (ended_at IS NOT NULL)
    """,
    "a shift that was taken over was taken by someone else": """
        SELECT id FROM shifts WHERE state IN ('taken', 'left') AND (next_guard_id IS NULL OR next_guard_id = guard_id)
    """,
    "who took over is on the shift that followed": """
        SELECT s.id FROM shifts s WHERE s.state IN ('taken', 'left') AND NOT EXISTS (
            SELECT 1 FROM shifts n WHERE n.previous_id = s.id AND n.guard_id = s.next_guard_id)
    """,
}
