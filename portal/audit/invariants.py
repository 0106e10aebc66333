"""What always holds between the records and what the audit tells of them."""

from __future__ import annotations

from portal.audit.tags import LIFECYCLES

TABLES = {
    "user": "users",
    "contract": "contracts",
    "work_order": "work_orders",
    "work_order_item": "work_order_items",
    "emergency": "emergencies",
    "equipment": "equipment",
    "badge": "badges",
    "exit": "exits",
    "violation": "violations",
    "access_review": "access_reviews",
    "visit": "visits",
    "visitor": "visitors",
    "visit_extension": "visit_extensions",
    "offline_mistake": "offline_mistakes",
    "shift": "shifts",
    "ticket": "tickets",
    "evidence_pack": "evidence_packs",
}


def _states_are_told(kind: str, table: str) -> str:
    """A record came into its present state once more than it left it. Holds in whichever order the entries are read."""
    entries = f"SELECT count(*) FROM audit_entries a WHERE a.subject_kind = '{kind}' AND a.subject_id = r.id"  # noqa: S608  (our own constants)
    return f"""
        SELECT r.id, r.state FROM {table} r
        WHERE ({entries} AND a.after ->> 'state' = r.state) <> 1 + ({entries} AND a.before ->> 'state' = r.state)
    """  # noqa: S608  (our own constants)


INVARIANTS: dict[str, str] = {
    f"every change of state of {TABLES[lifecycle.name]} is in the audit": _states_are_told(lifecycle.name, TABLES[lifecycle.name])
    for lifecycle in LIFECYCLES
}
