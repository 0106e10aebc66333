"""What always holds of exits."""

from __future__ import annotations

from portal.exits.lifecycle import OPEN

_OPEN = ", ".join(f"'{state}'" for state in OPEN)

INVARIANTS = {
    "nothing is out without a slip that was released (R-X1)": """
        SELECT e.id FROM equipment e WHERE e.state IN ('out_for_repair', 'replaced', 'withdrawn') AND NOT EXISTS (
            SELECT 1 FROM exit_items i JOIN exits x ON x.id = i.exit_id
            WHERE i.equipment_id = e.id AND i.released_at IS NOT NULL AND x.released_at IS NOT NULL)
    """,
    "only lines that were agreed were released": "SELECT id FROM exit_items WHERE released_at IS NOT NULL AND agreed_at IS NULL",
    "an issued slip has every line agreed (R-X1)": """
        SELECT i.id FROM exit_items i JOIN exits x ON x.id = i.exit_id
        WHERE x.state = 'issued' AND (i.agreed_at IS NULL OR i.equipment_id IS NULL OR NOT i.holds)
    """,
    "an exit that is over holds nothing": f"""
        SELECT i.id FROM exit_items i JOIN exits x ON x.id = i.exit_id WHERE i.holds AND x.state NOT IN ({_OPEN})
    """,  # noqa: S608  (our own constants)
    "what is out for repair is on an exit that expects it": """
        SELECT e.id FROM equipment e WHERE e.state = 'out_for_repair' AND NOT EXISTS (
            SELECT 1 FROM exit_items i JOIN exits x ON x.id = i.exit_id
            WHERE i.equipment_id = e.id AND i.holds AND x.state = 'awaiting_return')
    """,
    "an exit lists its own client's equipment": """
        SELECT i.id FROM exit_items i JOIN exits x ON x.id = i.exit_id JOIN equipment e ON e.id = i.equipment_id
        WHERE e.client_id <> x.client_id
    """,
}
