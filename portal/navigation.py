"""The rail: which areas a person finds, by what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from flask import Flask, g, request, url_for

from portal.desk import queries as desk
from portal.kernel import web
from portal.kernel.i18n import N_, _
from portal.kernel.policy import Actor, Permission

P = Permission


@dataclass(frozen=True, slots=True)
class Place:
    """`also`: who holds this permission alone finds it, too."""

    endpoint: str
    label: str
    permission: Permission | None = None
    also: Permission | None = None


RAIL: tuple[tuple[str, tuple[Place, ...]], ...] = (
    ("", (Place("desk.home", N_("Desk")), Place("gate.scan", N_("Gate"), P.GATE_VERIFY))),
    (
        N_("In and out"),
        (
            Place("badges.index", N_("Badges"), P.BADGE_READ),
            Place("visits.index", N_("Visits"), P.VISIT_READ),
            Place("emergencies.index", N_("Emergency access"), P.EMERGENCY_READ),
            Place("gate.presence", N_("Who is inside"), P.PRESENCE_READ),
            Place("gate.log", N_("Gate log"), P.GATE_LOG_READ),
            Place("gate_offline.mistakes_list", N_("Offline mistakes"), P.GATE_LOG_READ),
            Place("shifts.index", N_("Shifts"), P.SHIFT_READ),
            Place("conduct.index", N_("Violations"), P.VIOLATION_READ, also=P.VIOLATION_RECORD),
            Place("reviews.index", N_("Access reviews"), P.ACCESS_REVIEW_READ),
        ),
    ),
    (
        N_("Planning"),
        (
            Place("calendar.index", N_("Calendar"), P.CALENDAR_READ),
            Place("oncall.index", N_("On call"), P.ROTA_READ),
            Place("visits.rules_and_hours", N_("Visiting hours and rules"), P.VISIT_SETTINGS),
            Place("gate_offline.allowances", N_("Release offline"), P.OFFLINE_RELEASE_ALLOW),
        ),
    ),
    (
        N_("Equipment"),
        (
            Place("workorders.index", N_("Work orders"), P.WORK_ORDER_READ),
            Place("exits.index", N_("Exit slips"), P.EXIT_READ),
            Place("equipment.index", N_("Equipment"), P.EQUIPMENT_READ),
            Place("facility.rooms", N_("Rooms and racks"), P.FACILITY_READ),
            Place("facility.my_racks", N_("My racks"), P.RACK_VIEW),
            Place("network.prefixes", N_("Prefixes and ports"), P.NETWORK_READ),
            Place("network.my_addresses", N_("My addresses"), P.ADDRESS_VIEW),
            Place("equipment.models", N_("Model catalogue"), P.MODEL_READ),
        ),
    ),
    (
        N_("Clients"),
        (
            Place("clients.index", N_("Clients"), P.CLIENT_READ),
            Place("clients.own", N_("Client details"), P.CLIENT_READ),
            Place("clients.people", N_("People"), P.PERSON_READ),
            Place("contracts.index", N_("Contracts"), P.CONTRACT_READ),
        ),
    ),
    (
        N_("Customer service"),
        (
            Place("tickets.index", N_("Requests and complaints"), P.TICKET_READ),
            Place("tickets.figures_of_month", N_("Service figures"), P.TICKET_FIGURES),
            Place("tickets.texts", N_("Ready answers"), P.TICKET_TEXTS),
            Place("tickets.kinds", N_("Kinds and departments"), P.TICKET_SETTINGS),
        ),
    ),
    (
        N_("Administration"),
        (
            Place("accounts.users", N_("Users"), P.USER_MANAGE),
            Place("accounts.colleagues", N_("Users"), P.COLLEAGUE_MANAGE),
            Place("accounts.rules_texts", N_("Rules text"), P.RULES_PUBLISH),
            Place("oncall.channels", N_("Chat channels"), P.CHANNEL_WRITE),
            Place("audit.index", N_("Audit"), P.AUDIT_READ),
            Place("evidence.index", N_("Evidence"), P.EVIDENCE_READ),
            Place("retention.index", N_("Retention"), P.RETENTION_READ),
        ),
    ),
)

# Places that make sense on one side of the counter only.
CLIENTS_ONLY = {"clients.own", "facility.my_racks", "network.my_addresses", "accounts.colleagues"}
STAFF_ONLY = {"clients.index"}


def rail(actor: Actor) -> list[dict[str, Any]]:
    """The groups and places for this actor, the present one marked."""
    groups = []
    for label, places in RAIL:
        items = [
            {"url": url_for(place.endpoint), "label": _(place.label), "count": None, "current": _here(place)}
            for place in places
            if _open_to(actor, place)
        ]
        if items:
            groups.append({"label": _(label) if label else "", "items": items})
    return groups


def _open_to(actor: Actor, place: Place) -> bool:
    if place.permission is not None and not actor.may(place.permission) and not (place.also and actor.may(place.also)):
        return False
    return place.endpoint not in (STAFF_ONLY if actor.is_client else CLIENTS_ONLY)


def _here(place: Place) -> bool:
    endpoint = request.endpoint or ""
    return endpoint == place.endpoint or (
        endpoint.split(".")[0] == place.endpoint.split(".")[0] and getattr(g, "place", None) == place.endpoint
    )


def register(app: Flask) -> None:
    """Gives every template what the layouts show: who reads, the rail, the unread notices. A layout that shows no rail costs none."""

    @app.context_processor
    def _globals() -> dict[str, Any]:
        found: Actor | None = g.get("actor")
        site = {"site_name": web.settings().site_name, "locale": web.chosen_locale(), "actor": found}
        if found is None or found.user_id is None:
            return site
        return {**site, "nav": cache(partial(rail, found)), "notice_count": cache(partial(desk.unread_notices, found.user_id))}
