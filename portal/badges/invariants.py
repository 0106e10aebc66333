"""What always holds of badges."""

from __future__ import annotations

from portal.badges.lifecycle import LIVE

_LIVE = ", ".join(f"'{state}'" for state in LIVE)

INVARIANTS = {
    "no client holds more badges than its kind may (R-B2)": f"""
        SELECT b.client_id FROM badges b JOIN clients c ON c.id = b.client_id WHERE b.state IN ({_LIVE})
        GROUP BY b.client_id, c.kind HAVING count(*) > CASE c.kind WHEN 'company' THEN 2 ELSE 1 END
    """,  # noqa: S608  (our own constants)
    "a badge's holder is one of its client's people": """
        SELECT b.id FROM badges b JOIN people p ON p.id = b.person_id WHERE p.client_id <> b.client_id
    """,
    "a badge stands on its own client's contracts": """
        SELECT g.id FROM badge_grants g JOIN badges b ON b.id = g.badge_id JOIN contracts c ON c.id = g.contract_id
        WHERE c.client_id <> b.client_id
    """,
    "an issued badge has its dates": """
        SELECT id FROM badges WHERE state IN ('issued', 'suspended') AND (issued_at IS NULL OR valid_until IS NULL)
    """,
    "who applied for a badge did not review it": """
        SELECT id FROM badges WHERE reviewed_by_id = applied_by_id
    """,
}
