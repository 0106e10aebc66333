"""What must always hold of racks and their units."""

from __future__ import annotations

INVARIANTS: dict[str, str] = {
    "no rack unit lies beyond its rack": """
        SELECT u.id, r.code, u.unit FROM rack_units u JOIN racks r ON r.id = u.rack_id WHERE u.unit > r.units
    """,
    "no rack's power goes beyond its limit": """
        SELECT r.id, r.code, r.power_w, SUM(u.power_w) AS held_w FROM racks r JOIN rack_units u ON u.rack_id = r.id
        GROUP BY r.id, r.code, r.power_w HAVING SUM(u.power_w) > r.power_w
    """,
    "whoever holds rack units holds them in one rack": """
        SELECT holder_id FROM rack_units GROUP BY holder_id HAVING COUNT(DISTINCT rack_id) > 1 OR COUNT(DISTINCT holder_kind) > 1
    """,
    "units of one holder lie together": """
        SELECT holder_id FROM rack_units GROUP BY holder_id HAVING MAX(unit) - MIN(unit) + 1 <> COUNT(DISTINCT unit)
    """,
    "a rack granted whole holds nothing of another client": """
        SELECT u.id, u.rack_id FROM rack_units u JOIN contract_racks g ON g.rack_id = u.rack_id JOIN contracts c ON c.id = g.contract_id
        WHERE u.client_id <> c.client_id
    """,
}
