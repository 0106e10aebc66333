"""What the rules say about requests and complaints (R-C1 to R-C5). Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_
from portal.tickets.deadlines import Term

TYPES = {
    "enquiry": N_("Enquiry"),
    "fault": N_("Fault"),
    "service": N_("Remote hands"),
    "suggestion": N_("Suggestion"),
    "complaint": N_("Complaint"),
}
CHANNELS = {
    "portal": N_("The portal"),
    "phone": N_("Phone"),
    "letter": N_("Letter"),
    "visit": N_("In person"),
    "email": N_("E-mail"),
}
BY_STAFF = ("phone", "visit", "letter", "email")  # what staff enter; the portal's own come from the client
PRIORITIES = {"low": N_("Low"), "normal": N_("Normal"), "high": N_("High"), "urgent": N_("Urgent")}
WAYS = {"link": N_("Link in the e-mail"), "portal": N_("The portal"), "call": N_("Follow-up call"), "visit": N_("Follow-up visit")}

ACKNOWLEDGED_WITHIN = Term(24, "hours")
COMPLAINT_SETTLED_WITHIN = Term(3, "working_days")
COMPLAINT_EXTENDED = Term(7, "working_days")
CLOSES_UNANSWERED = timedelta(days=7)  # a settled request whose opinion nobody gave; complaints stay open
OPINION_LASTS = timedelta(days=30)
SATISFIED_FROM = 4  # points of 5
MOST_FILES = 3  # with one message
MOST_LINKS = 20
LATE_AFTER = timedelta(hours=24)

KIND_GONE = Refusal("ticket.kind_gone", N_("This kind is no longer offered. Choose another one."), field="kind")
RECEIVED_LATER = Refusal("ticket.received_later", N_("It cannot have come in later than now."), field="received_at")
CONTACT_MISSING = Refusal(
    "ticket.contact_missing", N_("Say who it is and how to reach them: a phone number or an e-mail address."), field="contact_name"
)
WANTED_PAST = Refusal("ticket.wanted_past", N_("Choose a time that is still to come."), field="wanted_at")
EQUIPMENT_UNKNOWN = Refusal(
    "ticket.equipment_unknown",
    N_("Nothing of this client has the number %(serial)s. Leave it out, or correct it."),
    field="equipment",
)
TOO_MANY_LINKS = Refusal("ticket.too_many_links", N_("Name at most %(limit)s of them."), field="equipment")
OVER = Refusal("ticket.over", N_("%(number)s is over: nothing more is added to it. Ask anew, or reopen it."), field="body")
NOT_THEIRS = Refusal("ticket.not_staff", N_("Choose somebody who works in the department."), field="assignee")
SAME_TICKET = Refusal("ticket.same", N_("Give the number of another request of the same client that is still open."), field="into")
EXTENDED_ALREADY = Refusal("ticket.extended", N_("More time was granted already; the rules allow it once (R-C2)."), field="reason")
ONLY_COMPLAINTS = Refusal("ticket.only_complaints", N_("This is for complaints alone."))
SUPERVISOR_DECIDES = Refusal("ticket.supervisor_decides", N_("A serious complaint is settled by the supervisor (R-C4)."), field="reason")
JUDGE_FIRST = Refusal("ticket.judge_first", N_("Say first whether the complaint was justified, and what caused it."), field="reason")
ACTION_FIRST = Refusal(
    "ticket.action_first",
    N_("A serious complaint needs a corrective action before it is settled: what, by whom, until when (R-C4)."),
    field="reason",
)
ACTIONS_OPEN = Refusal(
    "ticket.actions_open", N_("Its corrective actions are not all checked yet. It closes when they are."), field="reason"
)
FAULT_MISSING = Refusal("ticket.fault_missing", N_("Choose the department that a justified complaint counts for."), field="department")
OWNER_CHECKS = Refusal("ticket.owner_checks", N_("Who carried the action out does not check it. Somebody else does."), field="note")
OPINION_GIVEN = Refusal("ticket.opinion_given", N_("An opinion on this was given already. Thank you."))
OPINION_OVER = Refusal("ticket.opinion_over", N_("There is nothing to give an opinion on any more."))
COMPLAINT_TERMS = Refusal(
    "ticket.complaint_terms",
    N_("The rules fix a complaint's terms: acknowledged within 24 hours, settled within 3 working days at most (R-C2)."),
    field="settle_amount",
)
MAIL_AGAIN = Refusal("ticket.mail_again", N_("This message came in already."))
CODE_TAKEN = Refusal("ticket.code_taken", N_("Another kind has this code."), field="code")
CLOSES_BEFORE = Refusal("ticket.closes_before", N_("The desk has to close after it opens."), field="closes")


def why_not_terms(type_: str, answer: Term, settle: Term) -> Refusal | None:
    """A complaint's terms are the rules' own or shorter ones in the same units (R-C2)."""
    if type_ != "complaint":
        return None
    fits = (
        answer.unit == "hours"
        and answer.amount <= ACKNOWLEDGED_WITHIN.amount
        and settle.unit == "working_days"
        and settle.amount <= COMPLAINT_SETTLED_WITHIN.amount
    )
    return None if fits else COMPLAINT_TERMS


def why_not_settle(type_: str, serious: bool, upheld: bool | None, actions: int, *, supervisor: bool) -> Refusal | None:
    """A complaint is judged before it is settled; a serious one has a corrective action and is settled by the supervisor (R-C4)."""
    if type_ != "complaint":
        return None
    if upheld is None:
        return JUDGE_FIRST
    if serious and not supervisor:
        return SUPERVISOR_DECIDES
    return ACTION_FIRST if serious and not actions else None


def why_not_check(owner_id: uuid.UUID, checker_id: uuid.UUID | None) -> Refusal | None:
    return OWNER_CHECKS if owner_id == checker_id else None


def level_at(now: datetime, near_at: datetime | None, due_at: datetime | None) -> int:
    """0 in time, 1 near its deadline, 2 late; a clock that stands still is in time."""
    if due_at is None or near_at is None:
        return 0
    return 2 if now >= due_at else 1 if now >= near_at else 0


def all_work(checked: Iterable[datetime | None]) -> bool:
    """Whether every corrective action was checked."""
    return all(moment is not None for moment in checked)
