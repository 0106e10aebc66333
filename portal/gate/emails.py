"""What people are told of who is inside."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

OVERSTAY = Message(
    "gate.overstay",
    N_("%(person)s is in room %(room)s past their time"),
    N_("%(person)s of %(client)s entered room %(room)s on %(number)s and was expected out by %(until)s. They have not left yet."),
)
EXTENDED = Message(
    "gate.extended",
    N_("%(person)s may stay in room %(room)s until %(until)s"),
    N_("The stay of %(person)s in room %(room)s on %(number)s was extended until %(until)s: %(reason)s"),
)
