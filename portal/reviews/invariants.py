"""What always holds of access reviews."""

from __future__ import annotations

INVARIANTS = {
    "a review that is done has no line without an answer": """
        SELECT l.id FROM access_review_lines l JOIN access_reviews r ON r.id = l.review_id
        WHERE r.state = 'done' AND (l.decision IS NULL OR l.decision = 'suspended')
    """,
    "nobody confirmed their own access": """
        SELECT id FROM access_review_lines WHERE kind = 'user' AND decided_by_id = user_id
    """,
    "a line of a review is about the review's own client": """
        SELECT l.id FROM access_review_lines l JOIN access_reviews r ON r.id = l.review_id
        LEFT JOIN badges b ON b.id = l.badge_id LEFT JOIN people p ON p.id = l.person_id LEFT JOIN users u ON u.id = l.user_id
        WHERE r.client_id IS NULL AND (l.kind <> 'user' OR u.client_id IS NOT NULL)
           OR r.client_id IS NOT NULL AND r.client_id <> COALESCE(b.client_id, p.client_id, u.client_id)
    """,
    "what a review removed is gone": """
        SELECT l.id FROM access_review_lines l JOIN badges b ON b.id = l.badge_id
        WHERE l.decision = 'removed' AND b.state IN ('issued', 'suspended')
    """,
}
