"""A piece of equipment's life in the building."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

EQUIPMENT = Lifecycle(
    "equipment",
    states=[
        State("in_service", N_("In service"), Tone.OK),
        State("out_for_repair", N_("Out for repair"), Tone.WAIT),
        State("withdrawn", N_("Withdrawn"), Tone.REST),
        State("replaced", N_("Replaced"), Tone.REST),
    ],
    actions=[
        Action("accept", N_("Accept"), N_("Accepted and put in service"), (), "in_service", P.WORK_ORDER_ACCEPT, offered=False),
        Action("replace_in", N_("Place replacement"), N_("Came in as a replacement"), (), "in_service", P.EXIT_PLACE_REPLACEMENT, offered=False),
        Action("withdraw", N_("Withdraw"), N_("Left the building: withdrawn"), ("in_service",), "withdrawn", P.GATE_VERIFY, offered=False),
        Action("go_out", N_("Send out"), N_("Left the building for repair or replacement"), ("in_service",), "out_for_repair", P.GATE_VERIFY, offered=False),
        Action("come_back", N_("Book return"), N_("Back from repair"), ("out_for_repair",), "in_service", P.EXIT_BOOK_RETURN, offered=False),
        Action("write_off", N_("Write off"), N_("Will not come back"), ("out_for_repair",), "withdrawn", P.EXIT_INSPECT, offered=False),
        Action("replace", N_("Replace"), N_("Replaced by another"), ("out_for_repair",), "replaced", P.EXIT_PLACE_REPLACEMENT, offered=False),
    ],
)  # fmt: skip
