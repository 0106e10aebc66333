"""What the rules say about emergency access (R-A2). Pure."""

from __future__ import annotations

from datetime import date, datetime

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

CHANNELS = {"portal": N_("The portal"), "phone": N_("Phone")}
PEOPLE_MOST = 20
EQUIPMENT_MOST = 50

NO_CONTRACT = Refusal(
    "emergency.no_contract",
    N_("No contract in force gives this client the room. Without one nobody gets in, in an emergency neither."),
    field="room",
)
CONTRACT_STOPPED = Refusal("emergency.contract_stopped", N_("Contract %(number)s is no longer in force, so nobody gets in on it."))
REASON_MISSING = Refusal("emergency.reason_missing", N_("Say what has happened and what has to be done."), field="reason")
CALLER_MISSING = Refusal(
    "emergency.caller_missing", N_("Give the caller's name and number: they are part of the record."), field="caller_name"
)
CALLED_LATER = Refusal("emergency.called_later", N_("The call cannot be later than now."), field="called_at")
TOO_MANY_PEOPLE = Refusal("emergency.too_many_people", N_("At most %(limit)s people on one emergency access."), field="people")
NAME_TOO_LONG = Refusal(
    "emergency.name_too_long", N_("“%(text)s” is too long for a name: one person per line, name and phone."), field="people"
)
EQUIPMENT_UNKNOWN = Refusal(
    "emergency.equipment_unknown",
    N_("No equipment of this client has the serial number %(serial)s. Leave it out, or correct it."),
    field="equipment",
)
TOO_MUCH_EQUIPMENT = Refusal("emergency.too_much_equipment", N_("Name at most %(limit)s pieces of equipment."), field="equipment")
PHONE_WRONG = Refusal("emergency.phone_wrong", N_("“%(text)s” is not a phone number that can be called."), field="people")

NOT_APPROVED = Refusal("emergency.not_approved", N_("%(number)s is not approved. Nobody goes in on it."))
LAPSED = Refusal("emergency.lapsed", N_("The approval lapsed at %(at)s. The supervisor has to approve a new one."))
OVER = Refusal("emergency.over", N_("%(number)s is over. A new emergency access has to be asked for."))
NOT_IDENTIFIED = Refusal("emergency.not_identified", N_("Record the identity document first: nobody goes in without one (R-A2)."))
WITHDRAWN = Refusal("emergency.withdrawn", N_("This person may not go in. Ask the supervisor on call."))
PERSON_LEFT = Refusal(
    "emergency.person_left", N_("%(name)s no longer works for this client. Only the client can say otherwise."), field="document_number"
)
ANOTHER_DOCUMENT = Refusal(
    "emergency.another_document", N_("Another document is recorded for this person already. Add whoever this is as another person.")
)
SEEN_ALREADY = Refusal("emergency.seen_already", N_("This document is recorded for %(name)s already."), field="document_number")
NAME_MISSING = Refusal("emergency.name_missing", N_("Give the name as the document says it."), field="name")
INSIDE_ALREADY = Refusal("emergency.inside_already", N_("%(name)s is inside already."))
NOT_INSIDE = Refusal("emergency.not_inside", N_("%(name)s is not inside."))

REPORT_MISSING = Refusal("emergency.report_missing", N_("Say what was done."), field="report")
UNTIL_WRONG = Refusal(
    "emergency.until_wrong",
    N_("The work ended between the entry, %(first)s, and the exit, %(last)s. Check the time."),
    field="worked_until",
)
REPORT_OVERDUE = Refusal(
    "emergency.report_overdue",
    N_("The report on emergency access %(number)s was due on %(day)s. Write it first; nothing new can be requested before."),
)


def why_not_enter(number: str, state: str, lapses_at: datetime | None, now: datetime) -> Refusal | None:
    """Whether anybody may go in on it at `now`: it is approved or already in use, and the time for entries is not over.

    When the last one has left it may be entered again within that time, since spare parts are fetched.
    """
    if state in ("asked", "refused"):
        return NOT_APPROVED(number=number)
    if state == "lapsed" or (state in ("approved", "in_use", "report_due") and lapses_at is not None and now >= lapses_at):
        return LAPSED(at=lapses_at)
    return None if state in ("approved", "in_use", "report_due") else OVER(number=number)


def is_overdue(state: str, due_on: date | None, today: date) -> bool:
    """A report is overdue once its day, a working day of the site's, is over."""
    return state == "report_due" and due_on is not None and due_on < today


def why_not_until(until: datetime, entered_at: datetime, left_at: datetime) -> Refusal | None:
    """Until when was worked lies within the time that people were inside."""
    if entered_at.replace(second=0, microsecond=0) <= until <= left_at:
        return None
    return UNTIL_WRONG(first=entered_at, last=left_at)
