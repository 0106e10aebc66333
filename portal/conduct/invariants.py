"""What always holds of violations and bans."""

from __future__ import annotations

INVARIANTS = {
    "who recorded a violation did not decide on it": "SELECT id FROM violations WHERE decided_by_id = recorded_by_id",
    "a violation's person is one of its client's people": """
        SELECT v.id FROM violations v JOIN people p ON p.id = v.person_id WHERE p.client_id <> v.client_id
    """,
    "a decided violation has its decision": """
        SELECT v.id FROM violations v WHERE v.state NOT IN ('recorded', 'withdrawn') AND NOT EXISTS (
            SELECT 1 FROM violation_decisions d WHERE d.violation_id = v.id AND d.stage = 'decision')
    """,
    "an appeal that is open has its words": """
        SELECT v.id FROM violations v WHERE v.state = 'appealed' AND NOT EXISTS (
            SELECT 1 FROM violation_appeals a WHERE a.violation_id = v.id)
    """,
    "every ban stands on a decision that still holds (R-S7)": """
        SELECT b.id FROM entry_bans b JOIN violations v ON v.id = b.violation_id
        WHERE b.ended_at IS NULL AND v.state NOT IN ('decided', 'appealed', 'upheld', 'reduced', 'closed')
    """,
    "nobody who is barred holds a badge that opens the gate (R-S7)": """
        SELECT g.id FROM badges g JOIN people p ON p.id = g.person_id JOIN entry_bans b ON b.document_hash = p.document_hash
        WHERE b.ended_at IS NULL AND g.state = 'issued'
    """,
}
