"""A badge's life (机房出入证), from application to return."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

BADGE = Lifecycle(
    "badge",
    states=[
        State("under_review", N_("Under review"), Tone.WAIT),
        State("needs_correction", N_("Needs correction"), Tone.STOP),
        State("issued", N_("Badge issued"), Tone.OK),
        State("suspended", N_("Suspended"), Tone.STOP),
        State("lost", N_("Lost"), Tone.STOP),
        State("cancelled", N_("Badge cancelled"), Tone.REST),
        State("returned", N_("Returned"), Tone.REST),
        State("expired", N_("Expired"), Tone.REST),
        State("refused", N_("Refused"), Tone.REST),
    ],
    actions=[
        Action("apply", N_("Apply for a badge"), N_("Application sent"), (), "under_review", P.BADGE_APPLY),
        Action("ask_correction", N_("Ask for correction"), N_("Sent back to be corrected"), ("under_review",), "needs_correction", P.BADGE_REVIEW, needs=("reason",), separate_from="applied_by_id"),
        Action("resend", N_("Correct and resend"), N_("Corrected and resent"), ("needs_correction",), "under_review", P.BADGE_APPLY, primary=True),
        Action("refuse", N_("Refuse"), N_("Refused"), ("under_review",), "refused", P.BADGE_REVIEW, needs=("reason",), separate_from="applied_by_id", danger=True),
        Action("issue", N_("Issue badge"), N_("Badge issued"), ("under_review",), "issued", P.BADGE_REVIEW, separate_from="applied_by_id", primary=True),
        Action("suspend", N_("Suspend"), N_("Suspended"), ("issued",), "suspended", P.BADGE_SUSPEND, needs=("reason",), danger=True),
        Action("resume", N_("Resume"), N_("Resumed"), ("suspended",), "issued", P.BADGE_SUSPEND, needs=("reason",), primary=True),
        Action("report_lost", N_("Report as lost"), N_("Reported as lost"), ("issued", "suspended"), "lost", P.BADGE_REPORT_LOST, danger=True),
        Action("cancel", N_("Cancel badge"), N_("Badge cancelled"), ("under_review", "needs_correction", "issued", "suspended"), "cancelled", P.BADGE_CANCEL, needs=("reason",), danger=True),
        Action("hand_on", N_("Hand on to someone else"), N_("Handed on; this badge is dead"), ("issued", "suspended"), "cancelled", P.BADGE_CANCEL, offered=False),
        Action("take_back", N_("Take the card back"), N_("Returned"), ("issued", "suspended"), "returned", P.BADGE_TAKE_BACK),
        Action("expire", N_("Expire"), N_("Expired"), ("issued", "suspended"), "expired", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip

# What counts against the limit (R-B2).
LIVE = ("under_review", "needs_correction", "issued", "suspended")
