"""What people are told about badges."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

APPLIED = Message(
    "badge.applied",
    N_("Badge application %(number)s waits for review"),
    N_("%(client)s applied for a badge for %(person)s (%(number)s). Please review it."),
)
NEEDS_CORRECTION = Message(
    "badge.needs_correction",
    N_("Badge application %(number)s needs a correction"),
    N_("The application for %(person)s (%(number)s) was sent back: %(reason)s\nPlease correct it and send it again."),
)
REFUSED = Message(
    "badge.refused",
    N_("Badge application %(number)s was refused"),
    N_("The application for %(person)s (%(number)s) was refused: %(reason)s"),
)
ISSUED = Message(
    "badge.issued",
    N_("Badge %(number)s is issued"),
    N_("The badge of %(person)s (%(number)s) is issued and valid until %(until)s. It can be collected at customer service."),
)
STOPPED = Message(
    "badge.stopped",
    N_("Badge %(number)s no longer opens the gate"),
    N_("The badge of %(person)s (%(number)s) no longer opens the gate: %(why)s."),
)
BARRED = Message(
    "badge.barred",
    N_("Badge %(number)s does not open the gate at present"),
    N_("%(person)s has no access at present, so badge %(number)s does not open the gate. The data center's supervisor can say more."),
)
RESUMED = Message("badge.resumed", N_("Badge %(number)s is valid again"), N_("The badge of %(person)s (%(number)s) opens the gate again."))
LOST = Message(
    "badge.lost",
    N_("Badge %(number)s is lost"),
    N_("The badge of %(person)s (%(client)s, %(number)s) was reported as lost by %(who)s and is dead. Keep it if someone shows it."),
)
