"""Quarters at their edges, and who answers for whom."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from portal.kernel.policy import Actor, Role
from portal.reviews import rules
from portal.reviews.rules import Subject

CLIENT = uuid4()


@pytest.mark.parametrize(
    ("day", "quarter", "first", "last"),
    [
        (date(2026, 12, 31), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        (date(2027, 1, 1), "2027-Q1", date(2027, 1, 1), date(2027, 3, 31)),
        (date(2028, 3, 31), "2028-Q1", date(2028, 1, 1), date(2028, 3, 31)),
        (date(2027, 4, 1), "2027-Q2", date(2027, 4, 1), date(2027, 6, 30)),
        (date(2027, 9, 30), "2027-Q3", date(2027, 7, 1), date(2027, 9, 30)),
    ],
)
def test_quarters(day: date, quarter: str, first: date, last: date) -> None:
    assert (rules.quarter_of(day), rules.first_day(quarter), rules.last_day(quarter)) == (quarter, first, last)


def test_the_dates_of_a_review() -> None:
    assert rules.dates(date(2027, 1, 1), 14, 14) == (date(2027, 1, 15), date(2027, 1, 29))


def actor(role: Role) -> Actor:
    return Actor(uuid4(), "someone", role, CLIENT if role in (Role.CLIENT_ADMIN, Role.CLIENT_MEMBER) else None)


@pytest.mark.parametrize(
    ("role", "client", "subject_role", "may"),
    [
        (Role.CLIENT_ADMIN, CLIENT, "", True),
        (Role.CLIENT_ADMIN, CLIENT, "client_admin", True),  # another administrator of the same client
        (Role.CLIENT_ADMIN, uuid4(), "", False),
        (Role.CLIENT_ADMIN, None, "duty", False),
        (Role.CLIENT_MEMBER, CLIENT, "", False),
        (Role.SUPERVISOR, CLIENT, "", False),
        (Role.SUPERVISOR, CLIENT, "client_member", False),
        (Role.SUPERVISOR, CLIENT, "client_admin", True),
        (Role.SUPERVISOR, None, "duty", True),
        (Role.SUPERVISOR, None, "supervisor", True),
        (Role.ADMINISTRATOR, None, "supervisor", True),
        (Role.ADMINISTRATOR, None, "duty", False),
        (Role.ADMINISTRATOR, CLIENT, "client_admin", False),
        (Role.AUDITOR, None, "duty", False),
    ],
)
def test_who_answers(role: Role, client: object, subject_role: str, may: bool) -> None:
    subject = Subject("user" if subject_role else "badge", "x", uuid4() if subject_role else None, subject_role)
    assert (rules.why_not_answer(actor(role), client, subject) is None) is may  # type: ignore[arg-type]


def test_nobody_answers_for_themself() -> None:
    for role in (Role.CLIENT_ADMIN, Role.SUPERVISOR, Role.ADMINISTRATOR):
        someone = actor(role)
        why_not = rules.why_not_answer(someone, someone.client_id, Subject("user", "x", someone.user_id, role.value))
        assert why_not is not None
        assert why_not.code == "review.not_yourself"
