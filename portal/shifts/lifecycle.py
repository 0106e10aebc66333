"""A shift's life (交接班): on duty, handed over, taken over by the next guard."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

SHIFT = Lifecycle(
    "shift",
    states=[
        State("running", N_("On duty"), Tone.OK),
        State("handed_over", N_("Handed over, not taken over"), Tone.WAIT),
        State("taken", N_("Taken over"), Tone.REST),
        State("ended", N_("Ended, nobody followed"), Tone.REST),
        State("left", N_("Taken over without a handover"), Tone.STOP),
    ],
    actions=[
        Action("start", N_("Start a shift"), N_("Shift started"), (), "running", P.SHIFT_HAND_OVER),
        Action("hand_over", N_("Hand over"), N_("Handed over"), ("running",), "handed_over", P.SHIFT_HAND_OVER, primary=True),
        Action("take_over", N_("Take over"), N_("Taken over"), ("handed_over",), "taken", P.SHIFT_HAND_OVER, separate_from="guard_id", primary=True),
        Action("take_without", N_("Take over without a handover"), N_("Taken over without a handover"), ("running",), "left", P.SHIFT_HAND_OVER, needs=("reason",), separate_from="guard_id", danger=True),
        Action("end", N_("End, nobody follows"), N_("Ended, nobody followed"), ("running", "handed_over"), "ended", P.SHIFT_HAND_OVER, needs=("reason",), danger=True),
    ],
)  # fmt: skip

# Somebody is on duty: until the next one has taken over it is the one who hands over.
LIVE = ("running", "handed_over")
