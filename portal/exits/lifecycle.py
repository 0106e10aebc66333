"""An exit's life: application, inspection, exit slip (出门条), gate, return."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

EXIT = Lifecycle(
    "exit",
    states=[
        State("under_review", N_("To be checked"), Tone.WAIT),
        State("needs_correction", N_("Needs correction"), Tone.STOP),
        State("issued", N_("Exit slip issued"), Tone.OK),
        State("released", N_("Left the building"), Tone.REST),
        State("awaiting_return", N_("Out, return expected"), Tone.WAIT),
        State("completed", N_("All settled"), Tone.REST),
        State("refused", N_("Refused"), Tone.REST),
        State("cancelled", N_("Cancelled"), Tone.REST),
        State("lapsed", N_("Lapsed unused"), Tone.REST),
    ],
    actions=[
        Action("apply", N_("Apply for an exit"), N_("Application sent"), (), "under_review", P.EXIT_APPLY),
        Action("ask_correction", N_("Send back with reason"), N_("Sent back to be corrected"), ("under_review",), "needs_correction", P.EXIT_INSPECT, needs=("reason",)),
        Action("resend", N_("Correct and resend"), N_("Corrected and resent"), ("needs_correction",), "under_review", P.EXIT_APPLY, primary=True),
        Action("refuse", N_("Refuse"), N_("Refused"), ("under_review",), "refused", P.EXIT_INSPECT, needs=("reason",), danger=True),
        Action("issue", N_("Issue exit slip"), N_("Exit slip issued"), ("under_review",), "issued", P.EXIT_INSPECT, primary=True),
        Action("release", N_("Release"), N_("Released at the gate"), ("issued",), "released", P.GATE_VERIFY, offered=False),
        Action("release_for_return", N_("Release"), N_("Released at the gate, return expected"), ("issued",), "awaiting_return", P.GATE_VERIFY, offered=False),
        Action("complete", N_("Complete"), N_("Everything that was out is settled"), ("awaiting_return",), "completed", P.EXIT_BOOK_RETURN, offered=False),
        Action("cancel", N_("Cancel exit"), N_("Cancelled"), ("under_review", "needs_correction", "issued"), "cancelled", P.EXIT_CANCEL, needs=("reason",), danger=True),
        Action("lapse", N_("Lapse"), N_("Lapsed: not used on its day"), ("issued",), "lapsed", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip

# While an exit is in one of these, its items are in no other exit.
OPEN = ("under_review", "needs_correction", "issued", "awaiting_return")
