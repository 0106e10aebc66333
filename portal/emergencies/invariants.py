"""What always holds of emergency access (R-A2)."""

from __future__ import annotations

INVARIANTS = {
    "who asked for an emergency access did not decide it (R-A2)": """
        SELECT id FROM emergencies WHERE decided_by_id = asked_by_id
    """,
    "an emergency access stands on its own client's contract for its room": """
        SELECT e.id FROM emergencies e JOIN contracts c ON c.id = e.contract_id WHERE c.client_id <> e.client_id OR c.room_id <> e.room_id
    """,
    "an emergency access that was used was approved by somebody, and lapsed later": """
        SELECT id FROM emergencies
        WHERE entered_at IS NOT NULL AND (decided_by_id IS NULL OR entered_at < decided_at OR entered_at >= lapses_at)
    """,
    "people are inside on an emergency access exactly while it is in use": """
        SELECT e.id FROM emergencies e WHERE (e.state = 'in_use')
        <> EXISTS (SELECT 1 FROM emergency_people p WHERE p.emergency_id = e.id AND p.inside)
    """,
    "whoever entered on an emergency access had shown a document to a guard (R-A2)": """
        SELECT id FROM emergency_people WHERE entered_at IS NOT NULL AND (identified_by_id IS NULL OR identified_at > entered_at)
    """,
    "who shows a document on an emergency access is one of its client's people": """
        SELECT p.id FROM emergency_people p JOIN emergencies e ON e.id = p.emergency_id JOIN people q ON q.id = p.person_id
        WHERE q.client_id <> e.client_id OR q.document_hash <> p.document_hash
    """,
    "somebody was told of every emergency access that waits": """
        SELECT e.id FROM emergencies e WHERE e.state = 'asked' AND e.next_call_at IS NULL
    """,
    "what an emergency access names is its client's equipment": """
        SELECT l.id FROM emergency_equipment l JOIN emergencies e ON e.id = l.emergency_id JOIN equipment i ON i.id = l.equipment_id
        WHERE i.client_id <> e.client_id
    """,
}
