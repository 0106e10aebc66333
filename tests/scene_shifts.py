"""Shifts for the scene: the guard is on duty at a site of its own; at the other someone has handed over."""

from __future__ import annotations

from typing import Any

from portal.facility.models import Site
from portal.kernel.db import session
from portal.shifts import services
from tests.cast import NOW, Cast


def shifts(cast: Cast) -> dict[str, Any]:
    other = Site(created_at=NOW, code="SH", name="上海数据中心", name_en="Shanghai", address="")
    session().add(other)
    session().flush()
    handed = services.start(other.id, cast.actor("guard2"), NOW)
    services.hand_over(handed, "", cast.actor("guard2"), NOW)
    return {"shift": services.start(cast.rooms["B2"].site_id, cast.actor("guard"), NOW), "shift_handed": handed}
