"""What always holds of work orders."""

from __future__ import annotations

INVARIANTS = {
    "a planned item has its units, addresses and ports (R-W3)": """
        SELECT i.id FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id
        WHERE o.state IN ('prepared', 'partly_accepted') AND i.state = 'expected'
        AND (i.rack_id IS NULL OR i.unit IS NULL
             OR NOT EXISTS (SELECT 1 FROM rack_units u WHERE u.holder_id = i.id AND u.holder_kind = 'plan' AND u.rack_id = i.rack_id)
             OR (SELECT count(*) FROM address_holds a WHERE a.holder_id = i.id AND a.released_at IS NULL) <> i.ips
             OR (SELECT count(*) FROM port_holds p WHERE p.holder_id = i.id AND p.released_at IS NULL) <> i.ports)
    """,
    "units held by a plan belong to an item that is planned and expected": """
        SELECT u.id FROM rack_units u WHERE u.holder_kind = 'plan'
        AND NOT EXISTS (SELECT 1 FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id
                        WHERE i.id = u.holder_id AND i.state = 'expected' AND o.state IN ('prepared', 'partly_accepted'))
    """,
    "addresses held by a plan belong to an item that is planned and expected": """
        SELECT a.id FROM address_holds a WHERE a.holder_kind = 'plan' AND a.released_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id
                        WHERE i.id = a.holder_id AND i.state = 'expected' AND o.state IN ('prepared', 'partly_accepted'))
    """,
    "ports held by a plan belong to an item that is planned and expected": """
        SELECT p.id FROM port_holds p WHERE p.holder_kind = 'plan' AND p.released_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id
                        WHERE i.id = p.holder_id AND i.state = 'expected' AND o.state IN ('prepared', 'partly_accepted'))
    """,
    "a work order that is over expects nothing": """
        SELECT i.id FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id
        WHERE i.state = 'expected' AND o.state IN ('completed', 'cancelled')
    """,
    "a work order that is not over and has its items settled is completed": """
        SELECT o.id FROM work_orders o WHERE o.state IN ('issued', 'prepared', 'partly_accepted')
        AND NOT EXISTS (SELECT 1 FROM work_order_items i WHERE i.work_order_id = o.id AND i.state = 'expected')
    """,
    "an issued work order has been issued, in time, and has a live pass (R-W1)": """
        SELECT o.id FROM work_orders o
        WHERE o.state IN ('issued', 'prepared', 'partly_accepted', 'completed')
        AND (o.issued_at IS NULL OR o.arrives_at < o.possible_from
             OR NOT EXISTS (SELECT 1 FROM passes p WHERE p.subject_id = o.id AND p.revoked_at IS NULL))
    """,
    "a cancelled work order has no live pass": """
        SELECT o.id FROM work_orders o JOIN passes p ON p.subject_id = o.id
        WHERE o.state = 'cancelled' AND p.revoked_at IS NULL
    """,
    "nothing was accepted before the notice had passed (R-W1)": """
        SELECT i.id FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id
        WHERE i.accepted_at < o.possible_from
    """,
    "an accepted item is the equipment that its order's contract has": """
        SELECT i.id FROM work_order_items i JOIN work_orders o ON o.id = i.work_order_id JOIN equipment e ON e.id = i.equipment_id
        WHERE e.serial <> i.serial OR e.client_id <> o.client_id OR e.model_id <> i.model_id
    """,
    "a work order's client is its contract's": """
        SELECT o.id FROM work_orders o JOIN contracts c ON c.id = o.contract_id WHERE c.client_id <> o.client_id
    """,
}
