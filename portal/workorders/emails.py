"""What people are told about work orders."""

from __future__ import annotations

from portal.kernel.i18n import N_
from portal.outbox.messages import Message

REQUESTED = Message(
    "work_order.requested",
    N_("Work order %(number)s is waiting to be issued"),
    N_("%(client)s asks for a rack-in, arriving at %(arrives)s. Items: %(count)s. Issue it by %(issue_by)s."),
)
ISSUED = Message(
    "work_order.issued",
    N_("Work order %(number)s was issued to the machine room"),
    N_("Your equipment is expected at %(arrives)s in room %(room)s. Items: %(count)s. It goes in without boxes and paper."),
)
ISSUED_TO_ROOM = Message(
    "work_order.issued_to_room",
    N_("Rack-in %(number)s: plan positions"),
    N_("%(client)s brings equipment for room %(room)s at %(arrives)s. Items: %(count)s. Plan their positions before they arrive."),
)
SENT_BACK = Message(
    "work_order.sent_back",
    N_("Work order %(number)s needs a correction"),
    N_("Sales sent it back: %(reason)s"),
)
PREPARED = Message(
    "work_order.prepared",
    N_("Work order %(number)s: positions, addresses and ports are held"),
    N_("Everything is held for your equipment, which is expected at %(arrives)s. The allocation sheet is with the work order."),
)
COMPLETED = Message(
    "work_order.completed",
    N_("Work order %(number)s is completed"),
    N_(
        "Accepted: %(accepted)s. Refused: %(refused)s. Did not come: %(missing)s. "
        "Acceptance record and allocation sheet are with the work order."
    ),
)
ITEM_REFUSED = Message(
    "work_order.item_refused",
    N_("Work order %(number)s: an item was refused"),
    N_("%(model)s, serial number %(serial)s, was not accepted: %(reason)s"),
)
CANCELLED = Message(
    "work_order.cancelled",
    N_("Work order %(number)s was cancelled"),
    N_("%(who)s cancelled it: %(reason)s"),
)
PLANNED_AGAIN = Message(
    "work_order.planned_again",
    N_("Work order %(number)s: the allocation is being changed"),
    N_("The machine room plans again: %(reason)s. What was held is given up; do not use the earlier allocation sheet."),
)
