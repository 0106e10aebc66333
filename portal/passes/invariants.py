"""What always holds of passes."""

from __future__ import annotations

INVARIANTS = {
    "a live pass of a badge has an issued or suspended badge": """
        SELECT p.id FROM passes p JOIN badges b ON b.id = p.subject_id
        WHERE p.kind = 'badge' AND p.revoked_at IS NULL AND b.state NOT IN ('issued', 'suspended')
    """,
    "a live pass of an exit slip has an issued exit": """
        SELECT p.id FROM passes p JOIN exits e ON e.id = p.subject_id
        WHERE p.kind = 'exit_slip' AND p.revoked_at IS NULL AND e.state <> 'issued'
    """,
    "a live pass of a visit has an approved person on an approved visit, until its end (R-A1)": """
        SELECT p.id FROM passes p JOIN visitors v ON v.id = p.subject_id JOIN visits t ON t.id = v.visit_id
        WHERE p.kind = 'visit' AND p.revoked_at IS NULL
        AND (v.state <> 'approved' OR t.state <> 'approved' OR p.valid_until <> t.ends_at)
    """,
    "an approved visitor has a live pass": """
        SELECT v.id FROM visitors v WHERE v.state = 'approved'
        AND NOT EXISTS (SELECT 1 FROM passes p WHERE p.subject_id = v.id AND p.kind = 'visit' AND p.revoked_at IS NULL)
    """,
    "an issued badge has a live pass": """
        SELECT b.id FROM badges b WHERE b.state = 'issued'
        AND NOT EXISTS (SELECT 1 FROM passes p WHERE p.subject_id = b.id AND p.revoked_at IS NULL)
    """,
}
