"""A violation's life (违规处理): recorded, decided, perhaps appealed against, and over (R-S7)."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

VIOLATION = Lifecycle(
    "violation",
    states=[
        State("recorded", N_("Waits for a decision"), Tone.WAIT),
        State("decided", N_("Decided, may be appealed"), Tone.STOP),
        State("appealed", N_("Appealed against"), Tone.WAIT),
        State("upheld", N_("Decision upheld"), Tone.STOP),
        State("reduced", N_("Decision reduced"), Tone.STOP),
        State("closed", N_("Closed"), Tone.REST),
        State("lifted", N_("Decision lifted"), Tone.REST),
        State("withdrawn", N_("Record withdrawn"), Tone.REST),
    ],
    actions=[
        Action("record", N_("Record a violation"), N_("Violation recorded"), (), "recorded", P.VIOLATION_RECORD),
        Action("decide", N_("Decide"), N_("Violation decided"), ("recorded",), "decided", P.VIOLATION_DECIDE, needs=("reason",), separate_from="recorded_by_id", primary=True),
        Action("withdraw", N_("Withdraw the record"), N_("Record withdrawn"), ("recorded",), "withdrawn", P.VIOLATION_RECORD, needs=("reason",), danger=True),
        Action("appeal", N_("Appeal"), N_("Appealed against"), ("decided",), "appealed", P.VIOLATION_APPEAL, primary=True),
        Action("uphold", N_("Uphold the decision"), N_("Appeal answered: upheld"), ("appealed",), "upheld", P.VIOLATION_DECIDE, needs=("reason",), separate_from="recorded_by_id", primary=True),
        Action("reduce", N_("Reduce the decision"), N_("Appeal answered: reduced"), ("appealed",), "reduced", P.VIOLATION_DECIDE, needs=("reason",), separate_from="recorded_by_id"),
        Action("grant", N_("Grant the appeal"), N_("Appeal answered: decision lifted"), ("appealed",), "lifted", P.VIOLATION_DECIDE, needs=("reason",), separate_from="recorded_by_id"),
        Action("lift", N_("Lift the decision"), N_("Decision lifted"), ("decided", "upheld", "reduced", "closed"), "lifted", P.VIOLATION_DECIDE, needs=("reason",), danger=True),
        Action("close", N_("Close"), N_("Closed: nobody appealed in time"), ("decided",), "closed", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip

# From the decision on the client is told, and sees it.
TOLD = ("decided", "appealed", "upheld", "reduced", "closed", "lifted")
# Staff add evidence while something is still to be decided.
OPEN = ("recorded", "decided", "appealed")
