"""What always holds of requests and complaints (R-C1 to R-C4)."""

from __future__ import annotations

INVARIANTS = {
    "a request's clock stands still exactly while it waits for the client (R-C2)": """
        SELECT t.id FROM tickets t WHERE (t.state = 'waiting')
        <> EXISTS (SELECT 1 FROM ticket_pauses p WHERE p.ticket_id = t.id AND p.ends_at IS NULL)
    """,
    "a request that runs has a deadline": """
        SELECT id FROM tickets WHERE state IN ('new', 'open') AND (settle_due_at IS NULL OR near_at IS NULL)
    """,
    "what was asked stands in every request": """
        SELECT t.id FROM tickets t
        WHERE NOT EXISTS (SELECT 1 FROM ticket_messages m WHERE m.ticket_id = t.id AND m.kind = 'question')
    """,
    "a complaint is closed by a satisfied client or by a supervisor with a reason (R-C3)": """
        SELECT t.id FROM tickets t WHERE t.type = 'complaint' AND t.state = 'closed' AND COALESCE(t.satisfied, 1 = 0) = (1 = 0)
        AND NOT EXISTS (SELECT 1 FROM audit_entries a WHERE a.subject_id = t.id AND a.tag = 'ticket.close_anyway' AND a.reason IS NOT NULL)
    """,
    "a complaint that was settled was judged (R-C4)": """
        SELECT id FROM tickets WHERE type = 'complaint' AND state IN ('settled', 'closed') AND upheld IS NULL
    """,
    "a justified complaint counts for a department (R-C6)": """
        SELECT id FROM tickets WHERE upheld AND fault_department_id IS NULL
    """,
    "a request is merged into one of the same client": """
        SELECT t.id FROM tickets t JOIN tickets i ON i.id = t.merged_into_id WHERE NOT (
            t.client_id = i.client_id OR (t.client_id IS NULL AND i.client_id IS NULL)
        )
    """,
    "an opinion is about a settlement that was": """
        SELECT o.id FROM ticket_opinions o JOIN tickets t ON t.id = o.ticket_id WHERE o.round > t.rounds
    """,
    "what a request is about is its client's": """
        SELECT l.id FROM ticket_links l JOIN tickets t ON t.id = l.ticket_id
        LEFT JOIN equipment e ON e.id = l.equipment_id LEFT JOIN contracts c ON c.id = l.contract_id
        LEFT JOIN badges b ON b.id = l.badge_id LEFT JOIN visits v ON v.id = l.visit_id
        WHERE t.client_id IS NULL OR COALESCE(e.client_id, c.client_id, b.client_id, v.client_id) <> t.client_id
    """,
    "who carried a corrective action out did not check it (R-C4)": """
        SELECT id FROM corrective_actions WHERE checked_by_id = owner_id
    """,
}
