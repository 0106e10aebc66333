"""Which days are working days by the published holidays of China with their moved working days, and what a freeze stops. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import chinese_calendar

from portal.kernel.errors import Refusal
from portal.kernel.lifecycle import State, Tone
from portal.kernel.marks import N_

PUBLISHED_YEARS = frozenset(day.year for day in chinese_calendar.constants.holidays)
HOLIDAY_NAMES: dict[str, str] = {
    "New Year's Day": N_("New Year's Day"),
    "Spring Festival": N_("Spring Festival"),
    "Tomb-sweeping Day": N_("Tomb-sweeping Day"),
    "Labour Day": N_("Labour Day"),
    "Dragon Boat Festival": N_("Dragon Boat Festival"),
    "National Day": N_("National Day"),
    "Mid-autumn Festival": N_("Mid-autumn Festival"),
    "Anti-Fascist 70th Day": N_("Anti-Fascist 70th Day"),
}

ENDS_BEFORE = Refusal("calendar.ends_before", N_("The freeze has to end after it begins."), field="ends_at")
OVER_ALREADY = Refusal("calendar.over_already", N_("That is past already. Give an end to come."), field="ends_at")
ENTERED_MEANWHILE = Refusal("calendar.entered_meanwhile", N_("Someone has just entered this day. Look at it again before you go on."))
FREEZE_OVER = Refusal("calendar.freeze_over", N_("This freeze is over; there is nothing to lift."))
FROZEN = Refusal(
    "calendar.frozen",
    N_("Nothing planned goes into %(place)s from %(start)s to %(end)s (freeze: %(reason)s). Choose a time before or after it."),
)
CAUGHT = Refusal(
    "calendar.caught",
    N_("From %(start)s to %(end)s nobody goes into %(place)s and nothing is racked in (freeze: %(reason)s). Agree on another time."),
)

PLANNED = State("planned", N_("Planned"), Tone.WAIT)
IN_EFFECT = State("in_effect", N_("In effect"), Tone.STOP)
OVER = State("over", N_("Over"), Tone.REST)
LIFTED = State("lifted", N_("Lifted"), Tone.REST)
STATES = (PLANNED, IN_EFFECT, OVER, LIFTED)


class Span(Protocol):
    """A freeze, as far as its times go."""

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


class Timed(Span, Protocol):
    @property
    def lifted_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Published:
    """What the state published about a day. `name`: the holiday's, English, marked; "" on any other day.

    `moved`: a Saturday or Sunday that is worked for a holiday. `known` False: its year is not published, so Monday to Friday count.
    """

    working: bool
    name: str = ""
    moved: bool = False
    known: bool = True


def published(day: date) -> Published:
    """Whether a day is a working day as published, or by its weekday where nothing is published yet."""
    weekday = day.weekday() < 5
    if day.year not in PUBLISHED_YEARS:
        return Published(weekday, known=False)
    working = bool(chinese_calendar.is_workday(day))
    _holiday, name = chinese_calendar.get_holiday_detail(day)
    return Published(working, HOLIDAY_NAMES.get(name or "", name or "") if name else "", moved=working and not weekday)


def state_of(freeze: Timed, now: datetime) -> State:
    """Where a freeze stands at `now`."""
    if freeze.lifted_at is not None:
        return LIFTED
    if freeze.ends_at <= now:
        return OVER
    return IN_EFFECT if freeze.starts_at <= now else PLANNED


def first_outside(moment: datetime, freezes: Iterable[Span]) -> datetime:
    """The first moment from `moment` on that lies in none of the freezes."""
    for freeze in sorted(freezes, key=lambda freeze: freeze.starts_at):
        if freeze.starts_at <= moment < freeze.ends_at:
            moment = freeze.ends_at
    return moment
