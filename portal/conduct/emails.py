"""What people are told about violations. Only the client it concerns learns the why."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

RECORDED = Message(
    "violation.recorded",
    N_("Violation %(number)s waits for your decision"),
    N_("%(who)s recorded a violation by %(person)s (%(client)s, %(number)s). Please decide on it."),
)
DECIDED = Message(
    "violation.decided",
    N_("Decision on violation %(number)s"),
    N_(
        "A violation by %(person)s was decided on (%(number)s). What was decided, and why, stands in the portal. "
        "You may appeal once, until the end of %(until)s."
    ),
)
APPEALED = Message(
    "violation.appealed",
    N_("%(client)s appeals against the decision on %(number)s"),
    N_("%(client)s appealed against the decision on violation %(number)s (%(person)s). Please answer the appeal."),
)
ANSWERED = Message(
    "violation.answered",
    N_("Your appeal on violation %(number)s is answered"),
    N_("The appeal against the decision on %(number)s (%(person)s) is answered. What holds now, and why, stands in the portal."),
)
LIFTED = Message(
    "violation.lifted",
    N_("The decision on violation %(number)s is lifted"),
    N_("The decision on violation %(number)s (%(person)s) is lifted: %(reason)s"),
)
WITHDRAWN = Message(
    "violation.withdrawn",
    N_("The record of violation %(number)s was withdrawn"),
    N_("%(who)s withdrew the record of a violation by %(person)s (%(number)s): %(reason)s"),
)
INSIDE = Message(
    "conduct.inside",
    N_("%(person)s is inside and may not be: room %(room)s"),
    N_("%(person)s (%(client)s) is inside room %(room)s and has no access any more. Please see them out now, and book the exit."),
)
