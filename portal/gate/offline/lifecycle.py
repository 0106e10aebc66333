"""The life of an offline mistake: somebody or something that a phone without a network let through, and should not have."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

OFFLINE_MISTAKE = Lifecycle(
    "offline_mistake",
    states=[
        State("open", N_("To be settled"), Tone.STOP),
        State("settled", N_("Mistake settled"), Tone.REST),
    ],
    actions=[
        Action("note", N_("Note"), N_("Told to the supervisor"), (), "open", P.GATE_VERIFY, offered=False),
        Action("settle", N_("Settle"), N_("Settled"), ("open",), "settled", P.OFFLINE_MISTAKE_SETTLE, needs=("reason",), primary=True),
    ],
)  # fmt: skip
