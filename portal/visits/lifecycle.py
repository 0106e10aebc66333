"""A temporary access (临时进入), the people it names, and a longer stay that is asked for. Pure."""

from __future__ import annotations

from portal.kernel.lifecycle import Action, Lifecycle, State, Tone
from portal.kernel.marks import N_
from portal.kernel.policy import Permission as P

VISIT = Lifecycle(
    "visit",
    states=[
        State("under_review", N_("Under review"), Tone.WAIT),
        State("needs_correction", N_("Needs correction"), Tone.STOP),
        State("approved", N_("Visit approved"), Tone.OK),
        State("refused", N_("Refused"), Tone.REST),
        State("cancelled", N_("Visit cancelled"), Tone.REST),
        State("over", N_("Visit over"), Tone.REST),
    ],
    actions=[
        Action("request", N_("Request a visit"), N_("Visit requested"), (), "under_review", P.VISIT_REQUEST),
        Action("ask_correction", N_("Ask for correction"), N_("Sent back to be corrected"), ("under_review",), "needs_correction", P.VISIT_REVIEW, needs=("reason",), separate_from="asked_by_id"),
        Action("resend", N_("Correct and resend"), N_("Corrected and resent"), ("needs_correction",), "under_review", P.VISIT_REQUEST, primary=True),
        Action("refuse", N_("Refuse"), N_("Refused"), ("under_review",), "refused", P.VISIT_REVIEW, needs=("reason",), separate_from="asked_by_id", danger=True),
        Action("approve", N_("Review and approve"), N_("Visit approved"), ("under_review",), "approved", P.VISIT_REVIEW, separate_from="asked_by_id", primary=True),
        Action("approve_by_rule", N_("Approve by rule"), N_("Approved by rule, within the client's quota"), ("under_review",), "approved", P.SYSTEM_WORK, offered=False),
        Action("shorten", N_("Shorten"), N_("Visit shortened; earlier passes are dead"), ("approved",), "approved", P.VISIT_CANCEL),
        Action("extend", N_("Extend"), N_("Visit extended"), ("approved",), "approved", P.VISIT_REVIEW, offered=False),
        Action("cancel", N_("Cancel visit"), N_("Visit cancelled"), ("under_review", "needs_correction", "approved"), "cancelled", P.VISIT_CANCEL, needs=("reason",), danger=True),
        Action("lapse", N_("Lapse"), N_("Lapsed: its time was over before it was approved"), ("under_review", "needs_correction"), "cancelled", P.SYSTEM_WORK, offered=False),
        Action("end", N_("End the visit"), N_("Visit over; its passes are dead"), ("approved",), "over", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip

VISITOR = Lifecycle(
    "visitor",
    states=[
        State("expected", N_("Waits for approval"), Tone.WAIT),
        State("approved", N_("May enter"), Tone.OK),
        State("refused", N_("Not approved"), Tone.STOP),
        State("withdrawn", N_("Taken off"), Tone.REST),
        State("over", N_("Visit over"), Tone.REST),
    ],
    actions=[
        Action("name", N_("Name for the visit"), N_("Named for the visit"), (), "expected", P.VISIT_REQUEST),
        Action("name_again", N_("Name again"), N_("Named for the visit again"), ("withdrawn",), "expected", P.VISIT_REQUEST, offered=False),
        Action("approve", N_("Approve"), N_("Person approved"), ("expected",), "approved", P.VISIT_REVIEW, offered=False),
        Action("approve_by_rule", N_("Approve by rule"), N_("Person approved by rule"), ("expected",), "approved", P.SYSTEM_WORK, offered=False),
        Action("refuse", N_("Refuse"), N_("Person not approved"), ("expected",), "refused", P.VISIT_REVIEW, offered=False),
        Action("withdraw", N_("Take off the visit"), N_("Taken off the visit; the pass is dead"), ("expected", "approved"), "withdrawn", P.VISIT_CANCEL, needs=("reason",), danger=True),
        Action("end", N_("End the visit"), N_("Visit over"), ("expected", "approved"), "over", P.SYSTEM_WORK, offered=False),
    ],
)  # fmt: skip

EXTENSION = Lifecycle(
    "visit_extension",
    states=[
        State("under_review", N_("Under review"), Tone.WAIT),
        State("approved", N_("Approved"), Tone.OK),
        State("refused", N_("Refused"), Tone.REST),
        State("withdrawn", N_("Request withdrawn"), Tone.REST),
    ],
    actions=[
        Action("ask", N_("Ask for more time"), N_("More time asked for"), (), "under_review", P.VISIT_REQUEST),
        Action("approve", N_("Approve the later end"), N_("Later end approved"), ("under_review",), "approved", P.VISIT_REVIEW, separate_from="asked_by_id", primary=True),
        Action("refuse", N_("Refuse the later end"), N_("Later end refused"), ("under_review",), "refused", P.VISIT_REVIEW, needs=("reason",), separate_from="asked_by_id", danger=True),
        Action("withdraw", N_("Withdraw the request for more time"), N_("Request for more time withdrawn"), ("under_review",), "withdrawn", P.VISIT_CANCEL),
    ],
)  # fmt: skip

# A visit that may still let someone in, or come to.
LIVE = ("under_review", "needs_correction", "approved")
# A person on such a visit.
LIVE_VISITOR = ("expected", "approved")
