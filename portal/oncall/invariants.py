"""What always holds of the rota."""

from __future__ import annotations

INVARIANTS = {
    "who is on call is a supervisor, or was one": """
        SELECT w.id FROM duty_weeks w JOIN users u ON u.id IN (w.supervisor_id, w.deputy_id) WHERE u.client_id IS NOT NULL
    """,
}
