"""An evidence pack's life (审计证据包): asked for, made by the worker, kept until its retention is over."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

EVIDENCE_PACK = Lifecycle(
    "evidence_pack",
    states=[
        State("asked", N_("Being made"), Tone.WAIT),
        State("made", N_("Pack ready"), Tone.OK),
        State("failed", N_("Could not be made"), Tone.STOP),
        State("removed", N_("Removed after its time"), Tone.REST),
    ],
    actions=[
        Action("ask", N_("Ask for a pack"), N_("Pack asked for"), (), "asked", P.EVIDENCE_PACK, offered=False),
        Action("make", N_("Make pack"), N_("Pack made and signed"), ("asked",), "made", P.SYSTEM_WORK, offered=False),
        Action("fail", N_("Give up"), N_("Making the pack failed"), ("asked",), "failed", P.SYSTEM_WORK, offered=False),
        Action("ask_again", N_("Try again"), N_("Asked for again"), ("failed",), "asked", P.EVIDENCE_PACK, primary=True),
        Action("remove", N_("Remove pack"), N_("Content removed, its retention is over"), ("made",), "removed", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip
