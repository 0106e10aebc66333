"""Every invariant of the portal as named SQL: each finds what breaks it, and finds nothing in a sound database."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sqlalchemy import text

from portal.kernel.db import session

AREAS = (
    "accounts",
    "audit",
    "badges",
    "calendar",
    "conduct",
    "contracts",
    "emergencies",
    "equipment",
    "evidence",
    "exits",
    "facility",
    "gate",
    "network",
    "oncall",
    "passes",
    "reviews",
    "visits",
    "shifts",
    "tickets",
    "workorders",
)


def _gather() -> dict[str, str]:
    found: dict[str, str] = {}
    for area in AREAS:
        found |= import_module(f"portal.{area}.invariants").INVARIANTS
    return found


ALL: dict[str, str] = _gather()


def broken() -> dict[str, list[Any]]:
    """The invariants that do not hold, each with up to 20 rows that break it."""
    found: dict[str, list[Any]] = {}
    for name, sql in ALL.items():
        rows = session().execute(text(f"SELECT * FROM ({sql}) AS broken LIMIT 20")).all()  # noqa: S608  (our own constants)
        if rows:
            found[name] = list(rows)
    return found
