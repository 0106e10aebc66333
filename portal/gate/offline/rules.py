"""What holds for a gate without a network: how long a phone's copy counts, and what the portal objects to afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

LIFE = timedelta(hours=12)  # a phone's copy counts for one duty period, and no longer
AHEAD = timedelta(hours=24)  # how far ahead the copy looks
CLOCK_LIMIT = timedelta(minutes=2)  # by how much a phone's clock may have gone astray since the last sync
LONGEST_RELEASE = timedelta(hours=24)
OLDEST = timedelta(days=30)  # what claims to have happened before is not believed
MOST_EVENTS = 200  # in one request; a phone sends the rest with the next

CLOCK_WRONG = Refusal("gate.clock_wrong", N_("The phone’s clock was wrong by %(minutes)s min, so the time of this event is not certain."))
SNAPSHOT_OLD = Refusal("gate.snapshot_old", N_("The phone decided on a copy that was %(hours)s h old; %(limit)s h is the limit."))
RELEASE_NOT_ALLOWED = Refusal(
    "gate.release_offline", N_("Without a network nothing leaves: the supervisor has not allowed it for this site. The slip stays valid.")
)
NOT_IN_COPY = Refusal("gate.not_in_copy", N_("This pass is not in the phone’s copy. Only the portal can judge it: find a network."))
CANNOT_VERIFY = Refusal(
    "gate.cannot_verify", N_("This browser cannot check signatures without a network. Type the short code, or find a network.")
)
COPY_GONE = Refusal("gate.no_copy", N_("This phone holds no copy that still counts. Nothing can be judged until there is a network."))

UNREADABLE = Refusal(
    "gate.unreadable", N_("The phone sent a record that the portal cannot read. What happened has to be asked of the guard.")
)

RELEASE_PAST = Refusal("offline.release_past", N_("Give a time in the future."), field="until")
RELEASE_TOO_LONG = Refusal("offline.release_too_long", N_("At most %(hours)s hours at a time."), field="until")

# What only a phone says; together with the gate's own codes these are all that stand in the log.
ALL = (CLOCK_WRONG, SNAPSHOT_OLD, RELEASE_NOT_ALLOWED, NOT_IN_COPY, CANNOT_VERIFY, COPY_GONE, UNREADABLE)
BY_CODE = {refusal.code: refusal for refusal in ALL}


def why_not_certain(happened: datetime, copied: datetime, sent: datetime, now: datetime) -> Refusal | None:
    """What the portal objects to in an event by its times: `happened` and `sent` by the phone's clock, `copied` when its copy was made.

    The phone corrects its clock by what it learned at the last sync. If it was moved since, its word on when it sends is off now.
    """
    astray = max(abs(sent - now), happened - now, copied - happened)
    if astray > CLOCK_LIMIT:
        return CLOCK_WRONG(minutes=round(astray.total_seconds() / 60))
    if happened - copied > LIFE:
        return SNAPSHOT_OLD(hours=round((happened - copied).total_seconds() / 3600), limit=_hours(LIFE))
    return None


def booked_time(happened: datetime, copied: datetime, now: datetime) -> datetime:
    """The time under which an event is booked: its own, but never in the future, nor before the copy that it rests on."""
    return min(max(happened, copied), now)


def why_not_allow(until: datetime, now: datetime) -> Refusal | None:
    """Whether releases may be allowed offline until then."""
    if until <= now:
        return RELEASE_PAST
    return RELEASE_TOO_LONG(hours=_hours(LONGEST_RELEASE)) if until - now > LONGEST_RELEASE else None


def _hours(length: timedelta) -> int:
    return int(length.total_seconds() // 3600)
