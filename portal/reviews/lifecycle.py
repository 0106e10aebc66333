"""An access review's life (访问权限复核): opened for a quarter, answered line by line, lapsed when its grace is over."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

ACCESS_REVIEW = Lifecycle(
    "access_review",
    states=[
        State("open", N_("Waits for answers"), Tone.WAIT),
        State("lapsed", N_("Lapsed, access suspended"), Tone.STOP),
        State("done", N_("Review done"), Tone.OK),
    ],
    actions=[
        Action("open", N_("Open review"), N_("Review opened"), (), "open", P.SYSTEM_WORK, offered=False),
        Action("complete", N_("Complete review"), N_("Every line answered"), ("open", "lapsed"), "done", P.ACCESS_REVIEW_CONFIRM, offered=False),
        Action("run_out", N_("Close review"), N_("Closed: nothing left to answer"), ("open", "lapsed"), "done", P.SYSTEM_WORK, offered=False),
        Action("lapse", N_("Lapse"), N_("Grace over: what was not confirmed is suspended"), ("open",), "lapsed", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip

# In which states lines can be answered.
ANSWERABLE = ("open", "lapsed")
