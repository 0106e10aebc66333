"""What duty staff are told about shifts."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

HANDED_OVER = Message(
    "shift.handed_over",
    N_("Shift %(number)s at %(site)s waits to be taken over"),
    N_("%(guard)s handed over shift %(number)s at %(site)s. Please read what they wrote, and take over."),
)
LEFT = Message(
    "shift.left",
    N_("Shift %(number)s at %(site)s was taken over without a handover"),
    N_("%(next)s took over shift %(number)s of %(guard)s at %(site)s without a handover: %(reason)s"),
)
