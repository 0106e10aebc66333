"""What the rules say about visits: window, hours, people, papers, the client's quota (R-A1, R-S4). Pure; moments are aware."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

WINDOW_MOST = timedelta(days=14)
PEOPLE_MOST = 50
VEHICLES_MOST = 20
SLOT = 15  # minutes, where the site sets nothing
DAY = 1440  # minutes

TOO_LONG = Refusal("visit.too_long", N_("A visit lasts at most %(days)s days. The last possible end is %(last)s."), field="ends_at")
ENDS_BEFORE_START = Refusal("visit.ends_before_start", N_("The end has to be after the beginning."), field="ends_at")
IN_THE_PAST = Refusal("visit.in_the_past", N_("That time is over. The first possible beginning is %(first)s."), field="starts_at")
END_IN_THE_PAST = Refusal("visit.end_in_the_past", N_("That time is over already. Choose a later end."), field="ends_at")
OFF_SLOT = Refusal("visit.off_slot", N_("Visits at this site begin and end every %(minutes)s minutes: choose %(before)s or %(after)s."))
OUTSIDE_HOURS = Refusal(
    "visit.outside_hours",
    N_("Visits at this site begin and end between %(opens)s and %(closes)s. Choose such a time, or say why it has to be an exception."),
)
CLOSED_DAY = Refusal("visit.closed_day", N_("No visits on %(day)s at this site. Choose another day, or say why it has to be an exception."))
NO_CONTRACT = Refusal(
    "visit.no_contract", N_("There is no contract in force for this client in room %(room)s, so nobody can be let in there."), field="room"
)
NO_CONTRACT_AT_ALL = Refusal(
    "visit.no_contract_at_all",
    N_("There is no contract in force for this client, so nobody can be let in. Ask sales."),
)
BEYOND_CONTRACT = Refusal(
    "visit.beyond_contract", N_("The contract for this room ends on %(last)s: the visit has to end by then."), field="ends_at"
)
REASON_MISSING = Refusal("visit.reason_missing", N_("Say what the visit is for."), field="reason")
LETTER_MISSING = Refusal("visit.letter_missing", N_("Add the company's letter with its seal (R-A1)."), field="letter")
NOBODY = Refusal("visit.nobody", N_("Name at least one person."), field="people")
TOO_MANY_PEOPLE = Refusal(
    "visit.too_many_people",
    N_("A visit names at most %(limit)s people, and these are %(count)s. Request another visit for the rest."),
    field="people",
)
PERSON_TWICE = Refusal("visit.person_twice", N_("%(name)s is named twice."), field="people")
PERSON_LEFT = Refusal("visit.person_left", N_("%(name)s has left. Mark them as back first, or name someone else."), field="people")
NAME_DIFFERS = Refusal("visit.name_differs", N_("This document is recorded for %(name)s. Correct the number or the name."), field="name")
NAME_MISSING = Refusal("visit.name_missing", N_("Give the name as on the document."), field="name")
NUMBER_MISSING = Refusal("visit.number_missing", N_("Give the document's number."), field="document_number")
TEXT_TOO_LONG = Refusal("visit.text_too_long", N_("At most %(limit)s characters."))
LINE_TWICE = Refusal("visit.line_twice", N_("This document is on line %(line)s too."), field="document_number")
CHOSEN_TOO = Refusal("visit.chosen_too", N_("%(name)s is chosen above already."), field="document_number")
NOT_AN_EMAIL = Refusal("visit.not_an_email", N_("This is not an e-mail address."), field="email")
NAME_NOT_PRINTABLE = Refusal(
    "visit.name_not_printable", N_("The name holds characters that cannot be printed: %(characters)s."), field="name"
)
BAD_PLATE = Refusal(
    "visit.bad_plate", N_("“%(plate)s” is not a number plate. Write each like 京A12345, separated by commas."), field="vehicles"
)
TOO_MANY_VEHICLES = Refusal("visit.too_many_vehicles", N_("At most %(limit)s vehicles."), field="vehicles")
NOBODY_APPROVED = Refusal("visit.nobody_approved", N_("Choose at least one person, or refuse the visit."), field="people")
PEOPLE_CHANGED = Refusal(
    "visit.people_changed", N_("Somebody was taken off this visit meanwhile. Look at the people again before you go on."), field="people"
)
ROOM_ESCORTS = Refusal("visit.room_escorts", N_("Visitors of room %(room)s are always escorted."), field="escorted")
WINDOW_OVER = Refusal("visit.window_over", N_("The visit's time is over. Ask for a correction with a new time, or refuse it."))
NOT_SHORTER = Refusal(
    "visit.not_shorter", N_("To shorten it, choose an end before %(end)s. For a later one, ask for more time."), field="ends_at"
)
NOT_LATER = Refusal("visit.not_later", N_("Choose an end after %(end)s."), field="ends_at")
EXTENSION_OPEN = Refusal("visit.extension_open", N_("More time has been asked for already. Wait for the answer, or withdraw that request."))
NOT_APPROVED = Refusal("visit.not_approved", N_("Only an approved visit can be changed so: it is now “%(state)s”."))
QUOTA_FULL = Refusal("visit.quota_full", N_("The quota of the week is used up."))

# Why a request goes to a person although the client has a rule. Told on the timeline, not refusals of the request.
BY_HAND = {
    "exception": N_("an exception is asked for"),
    "people": N_("more people than the rule allows"),
    "hours": N_("longer than the rule allows"),
    "week": N_("the week's quota is used up"),
}


@dataclass(frozen=True, slots=True)
class Hours:
    """When visits may begin and end: local minutes of the day, ISO weekdays as digits, the step in minutes."""

    opens: int = 0
    closes: int = DAY
    weekdays: str = "1234567"
    working_days_only: bool = False
    slot: int = SLOT


ALWAYS = Hours()
IsWorkingDay = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Quota:
    """The client's rule for approval without a person."""

    people: int
    hours: int
    visits_a_week: int


def last_end(starts_at: datetime, zone: ZoneInfo) -> datetime:
    """The latest end of a visit: 14 days later by the site's clock, also where the clocks are changed between."""
    wall = starts_at.astimezone(zone).replace(tzinfo=None) + WINDOW_MOST
    return wall.replace(tzinfo=zone)


def why_not_window(starts_at: datetime, ends_at: datetime, now: datetime, zone: ZoneInfo, slot: int = SLOT) -> list[Refusal]:
    """The window's own shape. It may begin with the slot that is running now."""
    found = []
    if starts_at <= now - timedelta(minutes=slot):
        found.append(IN_THE_PAST(first=first_start(now, zone, slot)))
    if ends_at <= starts_at:
        found.append(ENDS_BEFORE_START)
    elif ends_at > (last := last_end(starts_at, zone)):
        found.append(TOO_LONG(days=WINDOW_MOST.days, last=last))
    return found


def first_start(now: datetime, zone: ZoneInfo, slot: int = SLOT, opens: int = 0) -> datetime:
    """The next beginning of a slot at or after `now`, whatever the hours."""
    local = now.astimezone(zone).replace(second=0, microsecond=0)
    if local < now:
        local += timedelta(minutes=1)
    past = (local.hour * 60 + local.minute - opens) % slot
    return local + timedelta(minutes=(slot - past) % slot)


def why_not_start(moment: datetime, hours: Hours, zone: ZoneInfo, is_working_day: IsWorkingDay) -> list[Refusal]:
    """Whether a visit may begin then: on a slot, on an open day, from opening up to before closing."""
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return [r.on("starts_at") for r in _why_not_at(minute, local, hours, is_working_day, inside=hours.opens <= minute < hours.closes)]


def why_not_end(moment: datetime, hours: Hours, zone: ZoneInfo, is_working_day: IsWorkingDay) -> list[Refusal]:
    """Whether a visit may end then: on a slot or at closing time. Midnight is the end of the day before."""
    local = moment.astimezone(zone)
    minute, day = local.hour * 60 + local.minute, local
    if minute == 0:
        minute, day = DAY, local - timedelta(days=1)
    return [r.on("ends_at") for r in _why_not_at(minute, day, hours, is_working_day, inside=hours.opens < minute <= hours.closes)]


def _why_not_at(minute: int, day: datetime, hours: Hours, is_working_day: IsWorkingDay, *, inside: bool) -> list[Refusal]:
    open_day = str(day.isoweekday()) in hours.weekdays and (not hours.working_days_only or is_working_day(day.date()))
    if not open_day:
        return [CLOSED_DAY(day=day.date())]
    if not inside:
        return [OUTSIDE_HOURS(opens=clock_text(hours.opens), closes=clock_text(hours.closes))]
    return _why_not_slot(minute, hours)


def why_off_slot(starts_at: datetime, ends_at: datetime, hours: Hours, zone: ZoneInfo) -> list[Refusal]:
    """The steps alone: they hold for an exception too."""
    found = []
    for field, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        local = moment.astimezone(zone)
        found += [r.on(field) for r in _why_not_slot(local.hour * 60 + local.minute, hours)]
    return found


def _why_not_slot(minute: int, hours: Hours) -> list[Refusal]:
    past = (minute - hours.opens) % hours.slot
    if not past or minute == hours.closes:
        return []
    before = minute - past
    return [OFF_SLOT(minutes=hours.slot, before=clock_text(before % DAY), after=clock_text((before + hours.slot) % DAY))]


def clock_text(minute: int) -> str:
    """540 as '09:00', 1440 as '24:00'."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(text: str) -> int | None:
    """'09:00' as 540, '24:00' as 1440; None for what is no time of day."""
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text.strip())
    if found is None:
        return None
    minute = int(found[1]) * 60 + int(found[2])
    return minute if int(found[2]) < 60 and minute <= DAY else None


def why_not_people(count: int) -> list[Refusal]:
    if not count:
        return [NOBODY]
    return [TOO_MANY_PEOPLE(limit=PEOPLE_MOST, count=count)] if count > PEOPLE_MOST else []


def read_plates(text: str) -> list[str]:
    """The plates in a text, each once: upper case, without blanks and the dot in the middle."""
    parts = re.split(r"[,，;；、\n]+", unicodedata.normalize("NFKC", text))
    return list(dict.fromkeys(plate for part in parts if (plate := re.sub(r"[\s·•.\-]", "", part).upper())))


_PLATE = re.compile(r"[A-Z0-9\u4e00-\u9fff]{4,10}")


def why_not_plates(plates: Sequence[str]) -> list[Refusal]:
    """Chinese plates and others: letters, digits and characters, at least one digit."""
    if len(plates) > VEHICLES_MOST:
        return [TOO_MANY_VEHICLES(limit=VEHICLES_MOST)]
    bad = (plate for plate in plates if not _PLATE.fullmatch(plate) or not any(c.isdigit() for c in plate))
    return [BAD_PLATE(plate=plate[:20]) for plate in bad]


def why_by_hand(quota: Quota, people: int, starts_at: datetime, ends_at: datetime, *, exception: bool) -> str:
    """Why a person has to decide although there is a rule: a key of BY_HAND; "" when the request is inside the quota."""
    if exception:
        return "exception"
    if people > quota.people:
        return "people"
    if ends_at - starts_at > timedelta(hours=quota.hours):
        return "hours"
    return ""


def week_of(moment: datetime, zone: ZoneInfo) -> date:
    """The Monday of the week in which a visit begins, by the site's calendar."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())
