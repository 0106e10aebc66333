"""Decisions about evidence packs and questions about the past. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

LONGEST_DAYS = 400  # a year and the weeks that an audit looks over its edges
MOST_ATTEMPTS = 3

ORDER = Refusal("evidence.order", N_("The last day is before the first. Exchange the two."), field="to_on")
FUTURE = Refusal("evidence.future", N_("The last day is in the future. Choose today at the latest."), field="to_on")
TOO_LONG = Refusal("evidence.too_long", N_("A pack covers %(limit)s days at most. Ask for two."), field="to_on")

# Why a badge did not open a room at a moment in the past.
NO_CONTRACT = Refusal("evidence.no_contract", N_("No contract for the room was in force"))
EXPIRED = Refusal("evidence.expired", N_("Its validity was over"))
BARRED = Refusal("evidence.barred", N_("The person was barred from entering"))
OUTSIDE_WINDOW = Refusal("evidence.outside_window", N_("Outside its window of time"))
IN_STATE = Refusal("evidence.in_state", N_("It was then: %(state)s"))


def why_not_period(from_on: date, to_on: date, today: date) -> Refusal | None:
    if to_on < from_on:
        return ORDER
    if to_on > today:
        return FUTURE
    return TOO_LONG(limit=LONGEST_DAYS) if (to_on - from_on).days >= LONGEST_DAYS else None


@dataclass(frozen=True, slots=True)
class BadgeThen:
    """What a badge was at the moment asked about. `contracts`: those of its contracts for the room that were in force then."""

    state: str
    valid_until: date | None
    contracts: tuple[str, ...]
    barred: bool


def why_not_badge(then: BadgeThen, day: date, label: str) -> Refusal | None:
    """Why a badge did not open the room's door; None if it did. A ban is told first, since it is what stopped the badge, too.

    `label`: its state in words.
    """
    if then.barred:
        return BARRED
    if then.state == "issued" and then.valid_until is not None and then.valid_until < day:
        return EXPIRED
    if then.state != "issued":
        return IN_STATE(state=label)
    return None if then.contracts else NO_CONTRACT


def why_not_visitor(state: str, visit_state: str, label: str, *, inside: bool, barred: bool) -> Refusal | None:
    """Why a visitor's pass did not open the room's door; None if it did. `inside`: the moment lay in the visit's window."""
    if barred:
        return BARRED
    if state != "approved" or visit_state != "approved":
        return IN_STATE(state=label)
    return None if inside else OUTSIDE_WINDOW


def why_not_emergency(*, inside: bool, barred: bool) -> Refusal | None:
    """Why an approved emergency let someone named on it not in; None if it did. `inside`: before it lapsed."""
    if barred:
        return BARRED
    return None if inside else OUTSIDE_WINDOW
