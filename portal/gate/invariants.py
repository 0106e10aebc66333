"""What always holds at the gate."""

from __future__ import annotations

INVARIANTS = {
    "nobody is inside twice": """
        SELECT document_hash FROM presences WHERE left_at IS NULL GROUP BY document_hash HAVING count(*) > 1
    """,
    "every stay has its entry in the log (R-A3)": """
        SELECT p.id FROM presences p WHERE NOT (p.out_reason <> '' AND p.left_at = p.created_at) AND NOT EXISTS (
            SELECT 1 FROM gate_events e WHERE e.kind = 'entry' AND e.presence_id = p.id AND e.created_at = p.created_at)
    """,
    "every stay that is over has its exit in the log (R-A3)": """
        SELECT p.id FROM presences p WHERE p.left_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM gate_events e WHERE e.kind = 'exit' AND e.presence_id = p.id AND e.created_at = p.left_at)
    """,
    "every entry and exit in the log is of one stay (R-A3)": """
        SELECT presence_id FROM gate_events WHERE kind IN ('entry', 'exit') AND (presence_id IS NOT NULL OR objection IS NULL)
            GROUP BY presence_id, kind HAVING count(*) > 1 OR presence_id IS NULL
    """,
    "what was left at the desk was given back at the exit (R-E1)": """
        SELECT id FROM presences WHERE left_at IS NOT NULL AND CAST(kept_items AS VARCHAR(2000)) <> '[]' AND kept_back_at IS NULL
    """,
    "nobody is inside on a badge of someone else": """
        SELECT p.id FROM presences p JOIN badges b ON b.id = p.badge_id
        WHERE (p.person_id IS NULL AND p.document_hash NOT LIKE 'removed-%') OR p.person_id <> b.person_id
    """,
    "a stay on a visit is of that person in that room (R-A1)": """
        SELECT p.id FROM presences p JOIN visitors v ON v.id = p.visitor_id JOIN visits t ON t.id = v.visit_id
        WHERE (p.person_id IS NULL AND p.document_hash NOT LIKE 'removed-%') OR p.person_id <> v.person_id OR p.client_id <> t.client_id
            OR (p.room_id <> t.room_id AND p.out_reason = '')
    """,
    "who is inside on an emergency is inside on it there, too (R-A2)": """
        SELECT p.id FROM presences p WHERE p.emergency_id IS NOT NULL AND p.left_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM emergency_people e
            WHERE e.emergency_id = p.emergency_id AND e.document_hash = p.document_hash AND e.inside)
            AND NOT EXISTS (
            SELECT 1 FROM gate_events g WHERE g.presence_id = p.id AND g.kind = 'entry' AND g.objection IS NOT NULL)
    """,
    "an exit slip is released once (R-X3)": """
        SELECT subject_id FROM gate_events WHERE kind = 'release' AND objection IS NULL GROUP BY subject_id HAVING count(*) > 1
    """,
    "every objection is an offline mistake to settle, and every mistake has its objection": """
        SELECT e.id FROM gate_events e LEFT JOIN offline_mistakes m ON m.event_id = e.id
        WHERE (e.objection IS NOT NULL AND m.id IS NULL) OR (m.id IS NOT NULL AND (e.objection IS NULL OR e.objection <> m.objection))
    """,
    "what is objected to was booked afterwards": "SELECT id FROM gate_events WHERE objection IS NOT NULL AND booked_at IS NULL",
    "every refusal in the log has its code": "SELECT id FROM gate_events WHERE kind = 'refusal' AND code = ''",
}
