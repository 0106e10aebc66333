"""When something may arrive: after the notice (R-W1), and in no freeze of the room (封网期)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from portal.calendar import queries as calendar
from portal.kernel.errors import Refusal
from portal.workorders import rules
from portal.workorders.notice import notice


def why_not(room_id: uuid.UUID, arrives_at: datetime, now: datetime) -> Refusal | None:
    """What speaks against an arrival in a room: WORK_ORDER_TOO_EARLY with the first moment that is possible, or a freeze."""
    too_early = rules.why_too_early(arrives_at, now, notice())
    if too_early is not None:
        return too_early(first=first_possible(room_id, now))
    frozen = calendar.why_frozen(room_id, arrives_at, arrives_at)
    return frozen.on("arrives_at") if frozen is not None else None


def first_possible(room_id: uuid.UUID, now: datetime) -> datetime:
    """The first full minute at which something may arrive if the order is issued at `now`."""
    return calendar.first_outside_freezes(room_id, rules.first_possible(now, notice()))


def suggested(room_id: uuid.UUID, now: datetime) -> datetime:
    """What a new form offers: the first quarter of an hour that is still possible when the form has been filled in."""
    first = calendar.first_outside_freezes(room_id, rules.suggested_arrival(now, notice()))
    return first + timedelta(minutes=-first.minute % 15)
