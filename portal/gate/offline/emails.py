"""What people are told about a gate without a network."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

ADMITTED = Message(
    "offline.admitted",
    N_("Admitted offline, should not have been: %(number)s"),
    N_(
        "At a gate without a network %(guard)s let through what the portal would have refused (%(objection)s): %(label)s. "
        "It is booked as %(number)s. Find out what happened, see to it, and settle it with a reason."
    ),
)
