"""The desk's clocks: until when a request is due in working time, standing still while it waits for the client (R-C2). Pure.

A term counts in one of three ways: hours around the clock; hours of the desk's own time, on working days between opening and
closing; or whole working days, of which the day that the clock starts on is none and the last is over at its midnight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.kernel import clock
from portal.kernel.marks import N_

UNITS = {
    "hours": N_("hours around the clock"),
    "working_hours": N_("working hours"),
    "working_days": N_("working days"),
}
NEAR = 0.75  # of the time that a request has: from then on it is near its deadline
NEVER = timedelta(days=2000)  # a calendar without a working day in it is told, not walked for ever


class NoWorkingTime(ValueError):
    """The calendar holds no working time in years."""


@dataclass(frozen=True, slots=True)
class Term:
    """`amount` of `unit`, one of UNITS."""

    amount: int
    unit: str


@dataclass(frozen=True, slots=True)
class Pause:
    """From when to when the clock stood still; `ends_at` None while it still does. Moments in UTC."""

    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """When the desk works: `opens` and `closes` in minutes of the site's day, on the days that `working` says yes to."""

    opens: int
    closes: int
    working: Callable[[date], bool]

    def spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The desk's own time from `moment` on, piece by piece."""
        day, last = clock.today(moment), clock.today(moment + NEVER)
        while day <= last:
            if self.working(day):
                opens, closes = _at(day, self.opens), _at(day, self.closes)
                if closes > moment:
                    yield max(opens, moment), closes
            day += timedelta(days=1)
        raise NoWorkingTime(str(last))

    def after(self, moment: datetime, amount: timedelta) -> datetime:
        """When `amount` of working time is over, counted from `moment`. Of none: `moment` itself."""
        if amount <= timedelta(0):
            return moment
        for start, end in self.spans(moment):
            if end - start >= amount:
                return start + amount
            amount -= end - start
        raise AssertionError("spans end by raising")

    def between(self, first: datetime, last: datetime) -> timedelta:
        """How much working time lies between two moments."""
        total = timedelta(0)
        if last <= first:
            return total
        for start, end in self.spans(first):
            if start >= last:
                return total
            total += min(end, last) - start
        raise AssertionError("spans end by raising")


def due(term: Term, starts_at: datetime, pauses: Sequence[Pause], times: Times) -> datetime | None:
    """When the term is over, the pauses in order left out. None while the clock stands still."""
    if pauses and pauses[-1].ends_at is None:
        return None
    if term.unit == "working_days":
        return _due_in_days(term.amount, starts_at, pauses, times)
    amount = timedelta(hours=term.amount)
    if term.unit == "working_hours":
        return _run(amount, starts_at, pauses, times.after, times.between)
    return _run(amount, starts_at, pauses, lambda moment, rest: moment + rest, lambda first, last: last - first)


def near(term: Term, starts_at: datetime, pauses: Sequence[Pause], times: Times) -> datetime | None:
    """When three quarters of the time are over: in the term's own time, for days in the desk's. None while it stands still."""
    over = due(term, starts_at, pauses, times)
    if over is None:
        return None
    if term.unit == "hours":
        return _run(
            timedelta(hours=term.amount) * NEAR, starts_at, pauses, lambda moment, rest: moment + rest, lambda first, last: last - first
        )
    running = sum((times.between(first, last) for first, last in _running(starts_at, pauses, over)), timedelta(0))
    return min(_run(running * NEAR, starts_at, pauses, times.after, times.between), over)


def _run(
    amount: timedelta,
    starts_at: datetime,
    pauses: Sequence[Pause],
    after: Callable[[datetime, timedelta], datetime],
    between: Callable[[datetime, datetime], timedelta],
) -> datetime:
    moment = starts_at
    for pause in pauses:
        if pause.ends_at is None or pause.ends_at <= moment:
            continue
        passed = between(moment, max(pause.starts_at, moment))
        if passed >= amount:
            break
        amount, moment = amount - passed, pause.ends_at
    return after(moment, amount)


def _due_in_days(count: int, starts_at: datetime, pauses: Sequence[Pause], times: Times) -> datetime:
    day = clock.today(starts_at)
    last = day + NEVER
    while day < last:
        day += timedelta(days=1)
        over = clock.end_of(day)
        stood_still = any(pause.starts_at < over and (pause.ends_at is None or pause.ends_at >= over) for pause in pauses)
        if times.working(day) and not stood_still:
            count -= 1
        if count == 0:
            return over
    raise NoWorkingTime(str(last))


def _running(starts_at: datetime, pauses: Sequence[Pause], ends_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    moment = starts_at
    for pause in pauses:
        yield moment, min(max(pause.starts_at, moment), ends_at)
        moment = max(pause.ends_at or ends_at, moment)
    yield moment, max(ends_at, moment)


def _at(day: date, minute: int) -> datetime:
    return clock.at_local(day) + timedelta(minutes=minute)
