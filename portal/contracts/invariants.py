"""What must hold of contracts, as SQL that finds what breaks it."""

from __future__ import annotations

INVARIANTS: dict[str, str] = {
    "a closed contract has no badge that holds a place": """
        SELECT g.badge_id, c.number FROM badge_grants g JOIN badges b ON b.id = g.badge_id JOIN contracts c ON c.id = g.contract_id
        WHERE c.state = 'closed' AND b.state IN ('under_review', 'needs_correction', 'issued', 'suspended')
        AND NOT EXISTS (SELECT 1 FROM badge_grants o JOIN contracts oc ON oc.id = o.contract_id
                        WHERE o.badge_id = b.id AND oc.state <> 'closed')""",
    "a closed contract has no equipment in the building": """
        SELECT e.id, c.number FROM equipment e JOIN contracts c ON c.id = e.contract_id
        WHERE c.state = 'closed' AND e.state IN ('in_service', 'out_for_repair')""",
    "a closed contract holds no address": """
        SELECT h.id, c.number FROM address_holds h JOIN contracts c ON c.id = h.contract_id
        WHERE c.state = 'closed' AND h.released_at IS NULL""",
    "a closed contract holds no port": """
        SELECT h.id, c.number FROM port_holds h JOIN contracts c ON c.id = h.contract_id
        WHERE c.state = 'closed' AND h.released_at IS NULL""",
    "whole racks are granted by contracts that live": """
        SELECT r.id, c.number FROM contract_racks r JOIN contracts c ON c.id = r.contract_id WHERE c.state IN ('closed', 'cancelled')""",
    "whole racks stand in the contract's room": """
        SELECT r.id, c.number FROM contract_racks r JOIN contracts c ON c.id = r.contract_id JOIN racks k ON k.id = r.rack_id
        WHERE k.room_id <> c.room_id""",
    "nobody else's equipment stands in a whole rack": """
        SELECT u.id, c.number FROM rack_units u JOIN contract_racks r ON r.rack_id = u.rack_id JOIN contracts c ON c.id = r.contract_id
        WHERE u.client_id IS NOT NULL AND u.client_id <> c.client_id""",
    "a contract's papers are its client's files": """
        SELECT d.id, c.number FROM contract_documents d JOIN contracts c ON c.id = d.contract_id JOIN stored_files f ON f.id = d.file_id
        WHERE f.client_id IS NULL OR f.client_id <> c.client_id OR f.claimed_at IS NULL""",
}
