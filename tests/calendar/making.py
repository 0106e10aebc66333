"""Freezes, made through the services."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from portal.calendar import services
from portal.calendar.models import Freeze
from portal.calendar.services import NewFreeze
from tests.cast import NOW, Cast

DAY = timedelta(days=1)
START, END = NOW + 3 * DAY, NOW + 5 * DAY


def frozen(cast: Cast, room: str | None = "B2", *, starts_at: datetime = START, ends_at: datetime = END, by: str = "supervisor") -> Freeze:
    """A freeze of a room, or of the whole site for None, in the open transaction."""
    site_id: uuid.UUID = cast.rooms["B2"].site_id
    command = NewFreeze(None if room else site_id, cast.rooms[room].id if room else None, starts_at, ends_at, "双十一保障")
    return services.make_freeze(command, cast.actor(by), NOW)
