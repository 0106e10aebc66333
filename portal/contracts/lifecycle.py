"""A hosting contract's life."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

CONTRACT = Lifecycle(
    "contract",
    states=[
        State("draft", N_("Draft"), Tone.WAIT),
        State("in_force", N_("In force"), Tone.OK),
        State("suspended", N_("Suspended"), Tone.STOP),
        State("ending", N_("Ending"), Tone.WAIT),
        State("closed", N_("Closed"), Tone.REST),
        State("cancelled", N_("Cancelled"), Tone.REST),
    ],
    actions=[
        Action("draft", N_("Draft contract"), N_("Drafted"), (), "draft", P.CONTRACT_WRITE),
        Action("sign", N_("Put in force"), N_("Signed and put in force"), ("draft",), "in_force", P.CONTRACT_WRITE, primary=True),
        Action("cancel", N_("Cancel draft"), N_("Draft cancelled"), ("draft",), "cancelled", P.CONTRACT_WRITE, needs=("reason",), danger=True),
        Action("suspend", N_("Suspend"), N_("Suspended"), ("in_force",), "suspended", P.CONTRACT_SUSPEND, needs=("reason",), danger=True),
        Action("resume", N_("Resume"), N_("Resumed"), ("suspended",), "in_force", P.CONTRACT_SUSPEND, needs=("reason",), primary=True),
        Action("end", N_("Begin ending"), N_("Ending begun"), ("in_force", "suspended"), "ending", P.CONTRACT_WRITE, needs=("reason",), danger=True),
        Action("expire", N_("Expire"), N_("Reached its end date; ending begun"), ("in_force", "suspended"), "ending", P.SYSTEM_WORK, offered=False),
        Action("reinstate", N_("Put back in force"), N_("Put back in force by renewal"), ("ending",), "in_force", P.CONTRACT_WRITE, offered=False),
        Action("close", N_("Close contract"), N_("Closed"), ("ending",), "closed", P.CONTRACT_WRITE, primary=True),
    ],
)  # fmt: skip
