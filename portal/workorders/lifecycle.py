"""A work order's life (数据中心托管开工单), and that of each item on it."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

WORK_ORDER = Lifecycle(
    "work_order",
    states=[
        State("draft", N_("Draft"), Tone.REST),
        State("requested", N_("Waiting for sales"), Tone.WAIT),
        State("issued", N_("Issued to the machine room"), Tone.WAIT),
        State("prepared", N_("Positions held"), Tone.OK),
        State("partly_accepted", N_("Partly accepted"), Tone.WAIT),
        State("completed", N_("Completed"), Tone.REST),
        State("cancelled", N_("Cancelled"), Tone.REST),
    ],
    actions=[
        Action("draft", N_("Draft work order"), N_("Drafted"), (), "draft", P.WORK_ORDER_DRAFT),
        Action("request", N_("Send to sales"), N_("Sent to sales"), ("draft",), "requested", P.WORK_ORDER_DRAFT, primary=True),
        Action("issue", N_("Issue to the machine room"), N_("Issued to the machine room"), ("draft", "requested"), "issued", P.WORK_ORDER_ISSUE, primary=True),
        Action("send_back", N_("Send back"), N_("Sent back to be corrected"), ("requested",), "draft", P.WORK_ORDER_ISSUE, needs=("reason",)),
        Action("prepare", N_("Plan positions"), N_("Positions, addresses and ports held"), ("issued",), "prepared", P.WORK_ORDER_PREPARE, primary=True),
        Action("replan", N_("Plan again"), N_("Held positions given up to plan again"), ("prepared",), "issued", P.WORK_ORDER_PREPARE, needs=("reason",)),
        Action("accept_part", N_("Accept"), N_("Part of the list accepted"), ("prepared", "partly_accepted"), "partly_accepted", P.WORK_ORDER_ACCEPT, offered=False),
        Action("complete", N_("Complete"), N_("Completed"), ("prepared", "partly_accepted"), "completed", P.WORK_ORDER_ACCEPT, offered=False),
        Action("finish", N_("Finish without the rest"), N_("Finished; what did not come is recorded as missing"), ("prepared", "partly_accepted"), "completed", P.WORK_ORDER_ACCEPT, needs=("reason",)),
        Action("cancel", N_("Cancel work order"), N_("Cancelled"), ("draft", "requested", "issued", "prepared"), "cancelled", P.WORK_ORDER_CANCEL, needs=("reason",), danger=True),
    ],
)  # fmt: skip

ITEM = Lifecycle(
    "work_order_item",
    states=[
        State("expected", N_("Expected"), Tone.WAIT),
        State("accepted", N_("Accepted"), Tone.OK),
        State("refused", N_("Item refused"), Tone.STOP),
        State("missing", N_("Did not come"), Tone.REST),
        State("dropped", N_("Dropped"), Tone.REST),
    ],
    actions=[
        Action("list", N_("Put on the list"), N_("Listed"), (), "expected", P.WORK_ORDER_DRAFT, offered=False),
        Action("accept", N_("Accept"), N_("Accepted"), ("expected",), "accepted", P.WORK_ORDER_ACCEPT, offered=False),
        Action("refuse", N_("Refuse item"), N_("Item refused"), ("expected",), "refused", P.WORK_ORDER_ACCEPT, needs=("reason",), offered=False),
        Action("miss", N_("Record as missing"), N_("Recorded as missing"), ("expected",), "missing", P.WORK_ORDER_ACCEPT, offered=False),
        Action("drop", N_("Drop"), N_("Dropped with its work order"), ("expected",), "dropped", P.WORK_ORDER_CANCEL, offered=False),
    ],
)  # fmt: skip

# While an order is in one of these, its expected items are on their way: they count against the contract.
ON_THE_WAY = ("issued", "prepared", "partly_accepted")
OPEN = ("draft", "requested", *ON_THE_WAY)
