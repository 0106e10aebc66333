"""What people are told about visits."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

REQUESTED = Message(
    "visit.requested",
    N_("Visit %(number)s waits for review"),
    N_("%(client)s asks to enter room %(room)s from %(start)s to %(end)s (%(number)s, %(people)s people). Please review it."),
)
NEEDS_CORRECTION = Message(
    "visit.needs_correction",
    N_("Visit %(number)s needs a correction"),
    N_("The visit to room %(room)s from %(start)s (%(number)s) was sent back: %(reason)s\nPlease correct it and send it again."),
)
REFUSED = Message(
    "visit.refused",
    N_("Visit %(number)s was refused"),
    N_("The visit to room %(room)s from %(start)s (%(number)s) was refused: %(reason)s"),
)
APPROVED = Message(
    "visit.approved",
    N_("Visit %(number)s is approved: room %(room)s, %(start)s"),
    N_(
        "The visit to room %(room)s from %(start)s to %(end)s (%(number)s) is approved. May enter: %(names)s.\n"
        "The access passes are attached. Each is valid for the one person named on it, with the identity document."
    ),
)
CHANGED = Message(
    "visit.changed",
    N_("Visit %(number)s has a new time: %(start)s to %(end)s"),
    N_(
        "The visit to room %(room)s (%(number)s) is now from %(start)s to %(end)s.\n"
        "Earlier passes no longer open the gate: the attached ones take their place."
    ),
)
CANCELLED = Message(
    "visit.cancelled",
    N_("Visit %(number)s is cancelled"),
    N_("The visit to room %(room)s from %(start)s (%(number)s) is cancelled: %(reason)s. Its passes no longer open the gate."),
)
LAPSED = Message(
    "visit.lapsed",
    N_("Visit %(number)s has lapsed"),
    N_("The time of the visit to room %(room)s (%(number)s) was over on %(end)s before it was approved. Request it again with a new time."),
)
TAKEN_OFF = Message(
    "visit.taken_off",
    N_("%(name)s is taken off visit %(number)s"),
    N_("%(name)s is no longer on the visit to room %(room)s from %(start)s (%(number)s). That pass no longer opens the gate."),
)
EXTENSION_ASKED = Message(
    "visit.extension_asked",
    N_("More time for visit %(number)s waits for review"),
    N_("%(client)s asks to stay in room %(room)s until %(until)s instead of %(end)s (%(number)s): %(reason)s"),
)
EXTENSION_REFUSED = Message(
    "visit.extension_refused",
    N_("More time for visit %(number)s was refused"),
    N_("The visit to room %(room)s (%(number)s) stays until %(end)s. More time was refused: %(reason)s"),
)
# To the visitors themselves, who have no account.
PASS = Message(
    "visit.pass",
    N_("Your access pass for room %(room)s, %(start)s"),
    N_(
        "%(name)s, you may enter room %(room)s from %(start)s to %(end)s for %(client)s.\n"
        "Your access pass is attached. Bring it, on paper or on the phone, together with your identity document: it is valid for you alone."
    ),
)
PASS_DEAD = Message(
    "visit.pass_dead",
    N_("Your access pass for room %(room)s, %(start)s no longer holds"),
    N_("%(name)s, your visit to room %(room)s from %(start)s for %(client)s will not take place. Your pass no longer opens the gate."),
)
