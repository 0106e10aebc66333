"""What must always hold of prefixes, addresses and ports."""

from __future__ import annotations

INVARIANTS: dict[str, str] = {
    "prefixes do not overlap": """
        SELECT id FROM (SELECT id, first, LAG(last) OVER (ORDER BY first) AS before FROM prefixes) AS ordered
        WHERE before >= first""",
    "free ranges of a prefix do not overlap": """
        SELECT id FROM (SELECT id, first, LAG(last) OVER (PARTITION BY prefix_id ORDER BY first) AS before FROM free_ranges) AS ordered
        WHERE before >= first""",
    "reserved ranges of a prefix do not overlap": """
        SELECT id FROM (SELECT id, first, LAG(last) OVER (PARTITION BY prefix_id ORDER BY first) AS before FROM reserved_ranges) AS ordered
        WHERE before >= first""",
    "free ranges lie within their prefix": """
        SELECT f.id FROM free_ranges f JOIN prefixes p ON p.id = f.prefix_id WHERE f.first < p.first OR f.last > p.last""",
    "reserved ranges lie within their prefix": """
        SELECT r.id FROM reserved_ranges r JOIN prefixes p ON p.id = r.prefix_id WHERE r.first < p.first OR r.last > p.last""",
    "held and resting addresses lie within their prefix": """
        SELECT h.id FROM address_holds h JOIN prefixes p ON p.id = h.prefix_id
        WHERE h.freed_at IS NULL AND (h.address < p.first OR h.address > p.last)""",
    "no held or resting address is free": """
        SELECT h.id FROM free_ranges f JOIN address_holds h ON h.address BETWEEN f.first AND f.last AND h.freed_at IS NULL""",
    "no held or resting address is reserved": """
        SELECT h.id FROM reserved_ranges r JOIN address_holds h ON h.address BETWEEN r.first AND r.last AND h.freed_at IS NULL""",
    "no reserved address is free": """
        SELECT r.id FROM reserved_ranges r
        WHERE EXISTS (SELECT 1 FROM free_ranges f WHERE f.prefix_id = r.prefix_id AND f.first <= r.last AND f.last >= r.first)""",
    "a gateway within its prefix is kept back": """
        SELECT p.id FROM prefixes p WHERE p.gateway BETWEEN p.first AND p.last AND NOT EXISTS (
            SELECT 1 FROM reserved_ranges r WHERE r.prefix_id = p.id AND r.kind = 'gateway' AND r.first = p.gateway)""",
    "every IPv4 address is free, kept back, held or resting": """
        SELECT p.id FROM prefixes p
        LEFT JOIN (SELECT prefix_id, SUM(size) AS n FROM free_ranges GROUP BY prefix_id) f ON f.prefix_id = p.id
        LEFT JOIN (SELECT prefix_id, SUM(size) AS n FROM reserved_ranges GROUP BY prefix_id) r ON r.prefix_id = p.id
        LEFT JOIN (SELECT prefix_id, COUNT(*) AS n FROM address_holds WHERE freed_at IS NULL GROUP BY prefix_id) h ON h.prefix_id = p.id
        WHERE p.version = 4 AND COALESCE(f.n, 0) + COALESCE(r.n, 0) + COALESCE(h.n, 0) <> (CAST(1 AS BIGINT) << (32 - p.length))""",
    "who holds an address exists": """
        SELECT h.id FROM address_holds h
        LEFT JOIN equipment e ON h.holder_kind = 'equipment' AND e.id = h.holder_id
        LEFT JOIN work_order_items i ON h.holder_kind = 'plan' AND i.id = h.holder_id
        WHERE h.released_at IS NULL AND e.id IS NULL AND i.id IS NULL""",
    "who holds a port exists": """
        SELECT h.id FROM port_holds h
        LEFT JOIN equipment e ON h.holder_kind = 'equipment' AND e.id = h.holder_id
        LEFT JOIN work_order_items i ON h.holder_kind = 'plan' AND i.id = h.holder_id
        WHERE h.released_at IS NULL AND e.id IS NULL AND i.id IS NULL""",
    "an address is held for its contract's client": """
        SELECT h.id FROM address_holds h JOIN contracts c ON c.id = h.contract_id WHERE c.client_id <> h.client_id""",
    "a port is held for its contract's client": """
        SELECT h.id FROM port_holds h JOIN contracts c ON c.id = h.contract_id WHERE c.client_id <> h.client_id""",
    "a port is marked as taken when it is held, and only then": """
        SELECT p.id FROM switch_ports p LEFT JOIN port_holds h ON h.port_id = p.id AND h.released_at IS NULL
        WHERE p.taken <> (h.id IS NOT NULL)""",
    "no port out of use is held": """
        SELECT id FROM switch_ports WHERE taken AND out_of_use""",
    "a rest ends after it began": """
        SELECT id FROM address_holds WHERE rests_until < released_at OR freed_at < rests_until""",
}
