"""What the rules say about access reviews: quarters, dates, who may answer for whom. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_
from portal.kernel.policy import Actor, Role

CHASE_EVERY = timedelta(days=7)

ALREADY_OPEN = Refusal("review.already_open", N_("This quarter's review is open already."))
NOT_YOURSELF = Refusal("review.not_yourself", N_("Nobody confirms their own access: someone else answers for %(name)s."))
NOT_YOURS = Refusal("review.not_yours", N_("%(name)s is not yours to answer for."))
ANSWERED_MEANWHILE = Refusal(
    "review.answered_meanwhile", N_("Someone else answered for %(name)s meanwhile, and differently. Look at the line again.")
)
NOTHING_ANSWERED = Refusal("review.nothing_answered", N_("Choose “Keep” or “Remove” on at least one line."))
CANNOT_RESUME = Refusal(
    "review.cannot_resume",
    N_("%(name)s cannot be resumed: no contract in force stands behind the badge. Remove it, or ask customer service."),
)

KINDS: dict[str, str] = {"badge": N_("Badge"), "person": N_("Person"), "user": N_("User account")}
DECISIONS: dict[str, str] = {
    "confirmed": N_("Access confirmed"),
    "removed": N_("Access removed"),
    "suspended": N_("Suspended, not confirmed in time"),
    "ended": N_("Was over already"),
}
# What can still be answered: nothing yet, and what the portal suspended because nobody had.
OPEN_DECISIONS = (None, "suspended")


def quarter_of(day: date) -> str:
    """'2026-Q4' for 25 November 2026."""
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def first_day(quarter: str) -> date:
    """The first day of a quarter."""
    year, _sep, number = quarter.partition("-Q")
    return date(int(year), int(number) * 3 - 2, 1)


def last_day(quarter: str) -> date:
    """The last day of a quarter."""
    following = first_day(quarter) + timedelta(days=95)
    return first_day(quarter_of(following)) - timedelta(days=1)


def dates(opened: date, due_days: int, grace_days: int) -> tuple[date, date]:
    """The day by which a review opened on `opened` is due, and the last day of its grace."""
    due = opened + timedelta(days=due_days)
    return due, due + timedelta(days=grace_days)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a line is about, as far as it matters who answers. `user_id` and `role` are those of a user's line."""

    kind: str
    name: str
    user_id: uuid.UUID | None = None
    role: str = ""


def why_not_answer(actor: Actor, client_id: uuid.UUID | None, subject: Subject) -> Refusal | None:
    """Who answers: a client's administrator for the client's badges, people and users, the supervisor for staff, nobody for themself.

    For those who answer for others someone above or beside them does: supervisors for client administrators, administrators
    for supervisors. `client_id` is the review's.
    """
    if subject.user_id is not None and subject.user_id == actor.user_id:
        return NOT_YOURSELF(name=subject.name)
    if client_id is not None:
        own = actor.role is Role.CLIENT_ADMIN and actor.client_id == client_id
        above = actor.role is Role.SUPERVISOR and subject.role == Role.CLIENT_ADMIN
    else:
        own = actor.role is Role.SUPERVISOR
        above = actor.role is Role.ADMINISTRATOR and subject.role == Role.SUPERVISOR
    return None if own or above else NOT_YOURS(name=subject.name)
