"""Badges in any state, reached through the services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.badges import services
from portal.badges.models import Badge
from portal.badges.services import Application
from tests.cast import NOW, Cast
from tests.papers import staged


def application(cast: Cast, person: str = "wang", by: str = "admin", **changes: Any) -> Application:
    """A complete application for a person of the cast, in the open transaction."""
    actor, holder = cast.actor(by), cast.people[person]
    contract = next(c for c in cast.contracts.values() if c.client_id == holder.client_id)
    values: dict[str, Any] = {
        "client_id": holder.client_id,
        "person_id": holder.id,
        "contract_ids": (contract.id,),
        "photo_id": staged("badge_photo", actor, NOW),
        "identity_copy_id": staged("identity_copy", actor, NOW),
        "letter_id": staged("letter", actor, NOW) if holder.client_id != cast.solo.id else None,
    }
    return Application(**(values | changes))


def applied(cast: Cast, person: str = "wang", by: str = "admin", **changes: Any) -> Badge:
    return services.apply_for_badge(application(cast, person, by, **changes), cast.actor(by), NOW)


def issued(cast: Cast, person: str = "wang", by: str = "admin", **changes: Any) -> Badge:
    badge = applied(cast, person, by, **changes)
    services.issue(badge, (NOW + timedelta(days=90)).date(), cast.actor("service"), NOW)
    return badge


def in_state(cast: Cast, state: str) -> Badge:
    """A badge of 王珺 in the given state."""
    service, admin = cast.actor("service"), cast.actor("admin")
    badge = applied(cast)
    if state in ("under_review", "needs_correction", "refused"):
        if state == "needs_correction":
            services.ask_correction(badge, "blurred photo", service, NOW)
        elif state == "refused":
            services.refuse(badge, "unknown person", service, NOW)
        return badge
    last = (NOW + timedelta(days=90)).date()
    services.issue(badge, last, service, NOW)
    if state == "suspended":
        services.suspend(badge, "investigation", service, NOW)
    elif state == "lost":
        services.report_lost(badge, admin, NOW)
    elif state == "cancelled":
        services.cancel(badge, "left the company", admin, NOW)
    elif state == "returned":
        services.take_back(badge, service, NOW)
    elif state == "expired":
        services.expire_due(NOW + timedelta(days=92))
    return badge
