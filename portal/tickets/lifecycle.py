"""A request's life (服务请求): asked or registered, answered, waiting for the client, settled, closed when they are content (R-C1 to R-C4)."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

# Somebody still has to do something about it before it is settled.
OPEN = ("new", "open", "waiting")
# The desk's clock runs.
RUNNING = ("new", "open")

TICKET = Lifecycle(
    "ticket",
    states=[
        State("new", N_("Waiting for an answer"), Tone.STOP),
        State("open", N_("In progress"), Tone.WAIT),
        State("waiting", N_("Waiting for the client"), Tone.REST),
        State("settled", N_("Settled, opinion asked"), Tone.OK),
        State("closed", N_("Closed"), Tone.REST),
        State("merged", N_("Merged into another"), Tone.REST),
        State("withdrawn", N_("Withdrawn"), Tone.REST),
    ],
    actions=[
        Action("ask", N_("Ask"), N_("Asked in the portal"), (), "new", P.TICKET_ASK),
        Action("register", N_("Register"), N_("Registered by staff"), (), "new", P.TICKET_REGISTER),
        Action("receive", N_("Receive"), N_("Came in by e-mail"), (), "new", P.SYSTEM_WORK),
        Action("answer", N_("Answer"), N_("Answered for the first time"), ("new",), "open", P.TICKET_WORK, offered=False),
        Action("ask_client", N_("Ask the client"), N_("Client asked; the clock stands still"), ("new", "open"), "waiting", P.TICKET_WORK, offered=False),
        Action("resume", N_("Go on"), N_("The clock runs again"), ("waiting",), "open", P.TICKET_WORK, offered=False),
        Action("settle", N_("Settle request"), N_("Settled"), OPEN, "settled", P.TICKET_WORK, needs=("reason",), primary=True),
        Action("reopen", N_("Reopen"), N_("Reopened"), ("settled", "closed"), "open", P.TICKET_WORK, needs=("reason",)),
        Action("satisfied", N_("Close"), N_("Closed: the client is satisfied"), ("settled",), "closed", P.TICKET_WORK, offered=False),
        Action("close_unanswered", N_("Close"), N_("Closed: no opinion came in a week"), ("settled",), "closed", P.SYSTEM_WORK, offered=False),
        Action("close_anyway", N_("Close without the client's yes"), N_("Closed by the supervisor"), ("settled",), "closed", P.TICKET_SUPERVISE, needs=("reason",), danger=True),
        Action("merge", N_("Merge"), N_("Merged into another request"), OPEN, "merged", P.TICKET_WORK),
        Action("withdraw", N_("Withdraw request"), N_("Withdrawn"), OPEN, "withdrawn", P.TICKET_ASK, needs=("reason",), danger=True),
    ],
)  # fmt: skip
