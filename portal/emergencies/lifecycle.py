"""An emergency access's life (紧急进入): asked for, decided, used, reported, reviewed (R-A2)."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

EMERGENCY = Lifecycle(
    "emergency",
    states=[
        State("asked", N_("Waiting for the supervisor"), Tone.WAIT),
        State("approved", N_("Approved, not entered yet"), Tone.OK),
        State("refused", N_("Refused"), Tone.REST),
        State("lapsed", N_("Lapsed unused"), Tone.REST),
        State("in_use", N_("People inside"), Tone.WAIT),
        State("report_due", N_("Report due"), Tone.STOP),
        State("reported", N_("Report to be reviewed"), Tone.WAIT),
        State("closed", N_("Closed"), Tone.REST),
        State("cancelled", N_("Cancelled"), Tone.REST),
    ],
    actions=[
        Action("ask", N_("Ask for emergency access"), N_("Emergency access asked for"), (), "asked", P.EMERGENCY_ASK),
        Action("approve", N_("Approve"), N_("Approved"), ("asked",), "approved", P.EMERGENCY_APPROVE, needs=("reason",), separate_from="asked_by_id", primary=True),
        Action("refuse", N_("Refuse access"), N_("Refused"), ("asked",), "refused", P.EMERGENCY_APPROVE, needs=("reason",), separate_from="asked_by_id", danger=True),
        Action("cancel", N_("Cancel request"), N_("Cancelled"), ("asked", "approved"), "cancelled", P.EMERGENCY_ASK, needs=("reason",), danger=True),
        Action("withdraw", N_("Withdraw approval"), N_("Approval withdrawn"), ("approved",), "cancelled", P.EMERGENCY_APPROVE, needs=("reason",), danger=True),
        Action("lapse", N_("Lapse"), N_("Lapsed: nobody entered in time"), ("approved",), "lapsed", P.SYSTEM_WORK, offered=False),
        Action("enter", N_("Let in"), N_("Entered"), ("approved",), "in_use", P.GATE_VERIFY, offered=False),
        Action("leave", N_("Let out"), N_("Left: nobody is inside any more"), ("in_use",), "report_due", P.GATE_VERIFY, offered=False),
        Action("enter_again", N_("Let in"), N_("Entered again"), ("report_due",), "in_use", P.GATE_VERIFY, offered=False),
        Action("report", N_("Write report"), N_("Reported"), ("report_due",), "reported", P.EMERGENCY_REPORT, primary=True),
        Action("send_back", N_("Send report back"), N_("Report sent back"), ("reported",), "report_due", P.EMERGENCY_REVIEW, needs=("reason",), separate_from="reported_by_id"),
        Action("close", N_("Close"), N_("Reviewed and closed"), ("reported",), "closed", P.EMERGENCY_REVIEW, separate_from="reported_by_id", primary=True),
    ],
)  # fmt: skip

# Not over yet: somebody has to do something.
OPEN = ("asked", "approved", "in_use", "report_due", "reported")
# At the gate it may be shown: someone may go in, or is inside.
AT_GATE = ("approved", "in_use", "report_due")
