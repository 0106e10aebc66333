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
UNREADABLE = Message(
    "offline.unreadable",
    N_("A record of an offline gate cannot be read: %(number)s"),
    N_(
        "The phone of %(guard)s sent a record of what happened without a network, and the portal cannot read it. It is kept as %(number)s. "
        "Ask %(guard)s what happened at the time, see to it, and settle it with a reason."
    ),
)
