"""What clients and sales are told about contracts."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

SIGNED = Message(
    "contract.signed",
    N_("Contract %(number)s is in force"),
    N_("Your hosting contract %(number)s for room %(room)s runs from %(starts_on)s to %(ends_on)s.\n"
       "You can now apply for badges and draft work orders for your equipment."),
)  # fmt: skip
SUSPENDED = Message(
    "contract.suspended",
    N_("Contract %(number)s is suspended"),
    N_("Hosting contract %(number)s of %(client)s has been suspended: %(why)s\n"
       "Its badges do not open the gate and no equipment is taken in until it is resumed."),
)  # fmt: skip
RESUMED = Message(
    "contract.resumed",
    N_("Contract %(number)s is in force again"),
    N_("Hosting contract %(number)s of %(client)s has been resumed. Its badges open the gate again."),
)
ENDING = Message(
    "contract.ending",
    N_("Contract %(number)s is ending"),
    N_("Hosting contract %(number)s of %(client)s is ending: %(why)s\n"
       "Its badges no longer open the gate. Please return them, and apply for the withdrawal of your equipment; "
       "the contract's page lists what is still open."),
)  # fmt: skip
REACHED_END = Message(
    "contract.reached_end",
    N_("Contract %(number)s has reached its last day"),
    N_("Hosting contract %(number)s of %(client)s ended on %(ends_on)s.\n"
       "Its badges no longer open the gate. Please return them, and apply for the withdrawal of your equipment, or ask sales "
       "for a renewal; the contract's page lists what is still open."),
)  # fmt: skip
ENDS_SOON = Message(
    "contract.ends_soon",
    N_("Contract %(number)s ends on %(ends_on)s"),
    N_("Hosting contract %(number)s of %(client)s ends on %(ends_on)s, in %(left)s days.\n"
       "Without a renewal its badges stop opening the gate on the next day, and its equipment has to leave."),
)  # fmt: skip
RENEWED = Message(
    "contract.renewed",
    N_("Contract %(number)s runs until %(ends_on)s"),
    N_("Hosting contract %(number)s of %(client)s has been renewed and now runs until %(ends_on)s."),
)
CLOSED = Message(
    "contract.closed",
    N_("Contract %(number)s is closed"),
    N_("Everything under hosting contract %(number)s of %(client)s is settled: its equipment is out, its badges are back, "
       "its addresses are released."),
)  # fmt: skip
