"""What must always hold of equipment: a serial in the building once, each item on exactly its units, every move on record."""

from __future__ import annotations

# The rows that an item must hold: one for each unit and face it fills, or one hook of the side if it has no height.
_OWED = "CASE WHEN m.height_u = 0 THEN 1 ELSE m.height_u * CASE WHEN m.full_depth THEN 2 ELSE 1 END END"

INVARIANTS: dict[str, str] = {
    "a serial number is in the building once": """
        SELECT serial FROM equipment WHERE state IN ('in_service', 'out_for_repair') GROUP BY serial HAVING COUNT(*) > 1
    """,
    "equipment holds exactly the units of its place (R-W3)": f"""
        SELECT e.id, e.serial, COUNT(u.id) AS held FROM equipment e JOIN equipment_models m ON m.id = e.model_id
        LEFT JOIN rack_units u ON u.holder_id = e.id AND u.holder_kind = 'equipment' AND u.rack_id = e.rack_id
            AND u.client_id = e.client_id AND (m.full_depth OR m.height_u = 0 OR u.face = e.face)
            AND ((m.height_u = 0 AND u.face = 'side')
                OR (u.face <> 'side' AND u.unit >= e.unit AND u.unit < e.unit + m.height_u))
        WHERE e.state IN ('in_service', 'out_for_repair')
        GROUP BY e.id, e.serial, m.height_u, m.full_depth HAVING COUNT(u.id) <> {_OWED}
    """,  # noqa: S608  (our own constants)
    "equipment holds no unit beside its place": f"""
        SELECT e.id, e.serial FROM equipment e JOIN equipment_models m ON m.id = e.model_id JOIN rack_units u ON u.holder_id = e.id
        GROUP BY e.id, e.serial, m.height_u, m.full_depth HAVING COUNT(u.id) <> {_OWED}
    """,  # noqa: S608  (our own constants)
    "the power of the units is that of their equipment": """
        SELECT e.id, e.serial, e.power_w, SUM(u.power_w) AS held_w FROM equipment e JOIN rack_units u ON u.holder_id = e.id
        GROUP BY e.id, e.serial, e.power_w HAVING SUM(u.power_w) <> e.power_w
    """,
    "units of equipment belong to equipment in the building (R-X4)": """
        SELECT u.id, u.rack_id, u.unit FROM rack_units u LEFT JOIN equipment e ON e.id = u.holder_id
            AND e.state IN ('in_service', 'out_for_repair')
        WHERE u.holder_kind = 'equipment' AND e.id IS NULL
    """,
    "what is gone has no place (R-X4)": """
        SELECT id, serial FROM equipment WHERE state IN ('withdrawn', 'replaced') AND rack_id IS NOT NULL
    """,
    "what is in service has an address and a port (R-W3)": """
        SELECT e.id, e.serial FROM equipment e JOIN equipment_models m ON m.id = e.model_id
        WHERE e.state = 'in_service' AND m.height_u > 0
          AND (NOT EXISTS (SELECT 1 FROM address_holds a WHERE a.holder_id = e.id AND a.released_at IS NULL)
            OR NOT EXISTS (SELECT 1 FROM port_holds p WHERE p.holder_id = e.id AND p.released_at IS NULL))
    """,
    "every coming and going of equipment is on record (R-S5)": """
        SELECT e.id, e.serial, e.state FROM equipment e LEFT JOIN equipment_moves m ON m.equipment_id = e.id
        GROUP BY e.id, e.serial, e.state
        HAVING SUM(CASE WHEN m.kind IN ('accept', 'replace_in') THEN 1 ELSE 0 END) <> 1
            OR SUM(CASE WHEN m.kind IN ('withdraw', 'write_off') THEN 1 ELSE 0 END) <> CASE WHEN e.state = 'withdrawn' THEN 1 ELSE 0 END
            OR SUM(CASE WHEN m.kind = 'replace' THEN 1 ELSE 0 END) <> CASE WHEN e.state = 'replaced' THEN 1 ELSE 0 END
    """,
}
