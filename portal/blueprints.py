"""Every area's pages, registered in one place."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

AREAS = (
    "accounts",
    "audit",
    "badges",
    "calendar",
    "clients",
    "conduct",
    "contracts",
    "desk",
    "emergencies",
    "equipment",
    "evidence",
    "exits",
    "facility",
    "files",
    "gate",
    "gate.offline",
    "network",
    "oncall",
    "operations",
    "passes",
    "retention",
    "reviews",
    "shifts",
    "tickets",
    "visits",
    "workorders",
)


def register(app: Flask) -> None:
    """Each area's `views` module holds one or more blueprints in BLUEPRINTS."""
    for area in AREAS:
        for blueprint in import_module(f"portal.{area}.views").BLUEPRINTS:
            app.register_blueprint(blueprint)
