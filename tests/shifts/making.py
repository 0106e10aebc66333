"""Shifts in any state, reached through the services."""

from __future__ import annotations

from portal.shifts import services
from portal.shifts.models import Shift
from tests.cast import NOW, Cast


def running(cast: Cast, by: str = "guard") -> Shift:
    return services.start(cast.rooms["B2"].site_id, cast.actor(by), NOW)


def handed_over(cast: Cast, by: str = "guard") -> Shift:
    shift = running(cast, by)
    services.hand_over(shift, "B2 机房空调有异响，已报修。", cast.actor(by), NOW)
    return shift
