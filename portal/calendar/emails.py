"""What people are told about freezes."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

FREEZE_MADE = Message(
    "calendar.freeze_made",
    N_("Freeze for %(place)s from %(start)s to %(end)s"),
    N_("From %(start)s to %(end)s no planned entry and no rack-in is possible in %(place)s: %(reason)s\nEmergency access stays possible."),
)
FREEZE_LIFTED = Message(
    "calendar.freeze_lifted",
    N_("The freeze for %(place)s is lifted"),
    N_("The freeze for %(place)s from %(start)s to %(end)s was lifted: %(reason)s\nPlanned entries and rack-ins are possible again."),
)
FREEZE_CATCHES = Message(
    "calendar.freeze_catches",
    N_("In the freeze for %(place)s: %(numbers)s"),
    N_(
        "From %(start)s to %(end)s no planned entry and no rack-in is possible in %(place)s: %(reason)s\n"
        "These of yours are planned for that time and cannot take place then: %(numbers)s. Agree on another time, or cancel them."
    ),
)
