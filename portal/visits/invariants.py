"""What always holds of visits."""

from __future__ import annotations

INVARIANTS = {
    "a visitor is one of the visit's client's people": """
        SELECT v.id FROM visitors v JOIN visits t ON t.id = v.visit_id JOIN people p ON p.id = v.person_id
        WHERE p.client_id <> t.client_id OR v.client_id <> t.client_id
    """,
    "a visit names at most fifty people": """
        SELECT visit_id FROM visitors WHERE state <> 'withdrawn' GROUP BY visit_id HAVING count(*) > 50
    """,
    "an approved visit has someone who may enter": """
        SELECT t.id FROM visits t WHERE t.state = 'approved'
        AND NOT EXISTS (SELECT 1 FROM visitors v WHERE v.visit_id = t.id AND v.state = 'approved')
    """,
    "nobody waits for or enters on a visit that has ended": """
        SELECT v.id FROM visitors v JOIN visits t ON t.id = v.visit_id
        WHERE t.state IN ('refused', 'cancelled', 'over') AND v.state IN ('expected', 'approved')
    """,
    "nobody enters on a visit that is not approved": """
        SELECT v.id FROM visitors v JOIN visits t ON t.id = v.visit_id
        WHERE v.state = 'approved' AND t.state <> 'approved' OR v.state = 'expected' AND t.state = 'approved'
    """,
    "a company's visit stands on a letter (R-A1)": """
        SELECT t.id FROM visits t JOIN clients c ON c.id = t.client_id WHERE c.kind = 'company' AND t.letter_id IS NULL
    """,
    "a visit was approved by a person or by the client's rule": """
        SELECT id FROM visits WHERE state IN ('approved', 'over') AND (reviewed_by_id IS NULL) = (rule_place IS NULL)
    """,
    "who asked for a visit did not review it": """
        SELECT id FROM visits WHERE reviewed_by_id = asked_by_id AND state <> 'under_review'
    """,
    "who asked for more time did not review it": """
        SELECT id FROM visit_extensions WHERE reviewed_by_id = asked_by_id
    """,
    "more time is asked for an approved visit alone": """
        SELECT e.id FROM visit_extensions e JOIN visits t ON t.id = e.visit_id
        WHERE e.state = 'under_review' AND t.state <> 'approved'
    """,
}
