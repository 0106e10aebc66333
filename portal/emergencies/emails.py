"""What people are told about emergency access."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

ASKED = Message(
    "emergency.asked",
    N_("Emergency access %(number)s: please decide (%(client)s, room %(room)s)"),
    N_("%(client)s asks for emergency access to room %(room)s: %(reason)s\nPlease approve or refuse. Told so far: %(told)s."),
)
ASKED_FOR_YOU = Message(
    "emergency.asked_for_you",
    N_("Emergency access %(number)s was asked for"),
    N_("Emergency access to room %(room)s was asked for on your call (%(caller)s): %(reason)s\nThe supervisor on call has been told."),
)
APPROVED = Message(
    "emergency.approved",
    N_("Emergency access %(number)s is approved"),
    N_(
        "%(client)s may enter room %(room)s until %(until)s: %(reason)s\nWhoever comes shows a valid identity document at the gate. "
        "The approval lapses if nobody has entered by then."
    ),
)
REFUSED = Message(
    "emergency.refused",
    N_("Emergency access %(number)s was refused"),
    N_("The supervisor refused emergency access to room %(room)s: %(reason)s"),
)
CANCELLED = Message(
    "emergency.cancelled",
    N_("Emergency access %(number)s was cancelled"),
    N_("%(who)s cancelled emergency access of %(client)s to room %(room)s: %(reason)s\nNobody goes in on it."),
)
LAPSED = Message(
    "emergency.lapsed",
    N_("Emergency access %(number)s has lapsed"),
    N_("Nobody entered room %(room)s by %(until)s, so the approval has lapsed. If you still have to come, ask again."),
)
REPORT_DUE = Message(
    "emergency.report_due",
    N_("Report on emergency access %(number)s is due on %(day)s"),
    N_("Everybody has left room %(room)s. Please report by the end of %(day)s what was done, to which equipment, and until when."),
)
REPORT_OVERDUE = Message(
    "emergency.report_overdue",
    N_("Report on emergency access %(number)s is overdue"),
    N_("The report of %(client)s was due on %(day)s. Until it is written, no new visit and no work order can be requested."),
)
REPORTED = Message(
    "emergency.reported",
    N_("Report on emergency access %(number)s waits for review"),
    N_("%(client)s reported on room %(room)s: %(report)s"),
)
SENT_BACK = Message(
    "emergency.sent_back",
    N_("Report on emergency access %(number)s was sent back"),
    N_("The supervisor needs more about room %(room)s: %(reason)s\nPlease complete the report by the end of %(day)s."),
)
CLOSED = Message(
    "emergency.closed",
    N_("Emergency access %(number)s is closed"),
    N_("The supervisor has reviewed the report on room %(room)s and closed it."),
)
