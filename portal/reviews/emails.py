"""What people are told about access reviews."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

OPENED = Message(
    "access_review.opened",
    N_("Access review %(quarter)s: confirm who may still enter"),
    N_("Please confirm or remove every badge, person and user of %(unit)s by %(due)s (%(number)s, %(lines)s lines). What nobody "
       "confirms by %(grace)s is suspended."),
)  # fmt: skip
CHASED = Message(
    "access_review.chased",
    N_("Access review %(quarter)s is overdue"),
    N_("The access review of %(unit)s (%(number)s) was due on %(due)s; %(lines)s lines are not answered. What nobody confirms by "
       "%(grace)s is suspended."),
)  # fmt: skip
LAPSED = Message(
    "access_review.lapsed",
    N_("Access review %(quarter)s lapsed: %(lines)s suspended"),
    N_("Nobody confirmed %(lines)s badges, people and users of %(unit)s in time (%(number)s). They are suspended until somebody does."),
)
