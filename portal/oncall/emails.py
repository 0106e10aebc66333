"""What is said about the rota, and the test of a channel."""

from __future__ import annotations

from portal.kernel.marks import N_
from portal.outbox.messages import Message

GAP = Message(
    "oncall.gap",
    N_("Nobody is on call in the week of %(monday)s"),
    N_(
        "The rota names no supervisor for the week of %(monday)s. "
        "If an emergency is asked for then, they are told one after the other, by name."
    ),
)
ON_CALL = Message(
    "oncall.on_call",
    N_("You are on call in the week of %(monday)s"),
    N_("%(who)s entered you in the rota for the week of %(monday)s as the supervisor: you are told first when an emergency is asked for."),
)
DEPUTY = Message(
    "oncall.deputy",
    N_("You are the deputy in the week of %(monday)s"),
    N_("%(who)s entered you in the rota for the week of %(monday)s as the deputy: you are told when the supervisor does not answer."),
)
TEST = Message("oncall.test", N_("Test message"), N_("%(who)s sent this test to the channel “%(channel)s”. Emergencies will be told here."))
