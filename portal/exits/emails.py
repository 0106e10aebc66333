"""What people are told about exits."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

APPLIED = Message(
    "exit.applied",
    N_("Exit application %(number)s waits to be checked"),
    N_("%(client)s wants to take equipment out on %(day)s (%(number)s). Items: %(count)s. Please check the list against the records."),
)
NEEDS_CORRECTION = Message(
    "exit.needs_correction",
    N_("Exit application %(number)s needs a correction"),
    N_("The application %(number)s was sent back: %(reason)s"),
)
REFUSED = Message("exit.refused", N_("Exit application %(number)s was refused"), N_("The application %(number)s was refused: %(reason)s"))
ISSUED = Message(
    "exit.issued",
    N_("Exit slip %(number)s is issued"),
    N_("The exit slip %(number)s is issued. It is valid on %(day)s, once, with %(mover)s. Items: %(count)s. Print it and bring it."),
)
CANCELLED = Message("exit.cancelled", N_("Exit %(number)s is cancelled"), N_("The exit %(number)s was cancelled: %(reason)s"))
RELEASED = Message(
    "exit.released",
    N_("Equipment left the building on %(number)s"),
    N_("Left the building on exit slip %(number)s: %(serials)s. Items: %(count)s."),
)
LAPSED = Message(
    "exit.lapsed", N_("Exit slip %(number)s was not used"), N_("The exit slip %(number)s was for %(day)s and was not used. Apply again.")
)
OVERDUE = Message(
    "exit.overdue",
    N_("Return overdue: %(number)s"),
    N_("Equipment out on %(number)s was due back on %(day)s and has not come back: %(serials)s."),
)
SETTLED = Message(
    "exit.settled", N_("Equipment of %(number)s is settled"), N_("Everything that was out on %(number)s is back, replaced or written off.")
)
BACK = Message(
    "exit.back",
    N_("Equipment of %(number)s came back"),
    N_("%(serials)s came back at the gate (%(number)s). Please put it back in its place."),
)
