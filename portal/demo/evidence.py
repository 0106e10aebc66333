"""The demo's access reviews in every state, an evidence pack of the last quarter, and a retention period that was changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from portal.clients.models import Client
from portal.demo import cases
from portal.evidence import services as evidence
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.policy import Actor, Role
from portal.retention import services as retention
from portal.reviews import queries, rules, services
from portal.reviews.models import AccessReview
from portal.reviews.services import Answers

# How many days ago a client's review was opened, by its place in the list, and how far it has come; the others: six days, not begun.
OVERDUE, LAPSED, DONE, BEGUN = 2, 5, (1, 3, 4, 8), (6, 7)


def reviews(now: datetime) -> None:
    """This quarter's reviews: done, begun, not begun, overdue, lapsed; the staff's with the supervisor's answers so far."""
    quarter = rules.quarter_of(clock.today(now))
    with transaction():
        client_ids = list(session().scalars(queries.clients_to_review(quarter, clock.today(now))))
    for place, client_id in enumerate(client_ids):
        days = {OVERDUE: 17, LAPSED: 45}.get(place, 6)
        with transaction():
            review = services.open_review(quarter, client_id, now - timedelta(days=days))
            admin = cases.admin_of(session().get_one(Client, client_id))
            if place in DONE or place in BEGUN:
                _answer(review, admin, now - timedelta(days=4), part=place in BEGUN)
            if place in DONE:
                _answer(review, cases.staff(Role.SUPERVISOR), now - timedelta(days=3))
    with transaction():
        staff = services.open_review(quarter, None, now - timedelta(days=6))
        _answer(staff, cases.staff(Role.SUPERVISOR), now - timedelta(days=2), part=True)
    with transaction():
        services.chase_due(now - timedelta(days=20))
        services.lapse_due(now - timedelta(days=15))
        services.chase_due(now - timedelta(days=1))


def retention_period(now: datetime) -> None:
    """Messages are kept a year here, as the data center agreed with its clients."""
    command = retention.NewPeriod(
        365, False, "服务协议约定通知记录保存一年。", "The service agreement keeps records of notices for a year.", "服务协议第 12 条"
    )  # fmt: skip
    with transaction():
        retention.change_period("messages", command, cases.staff(Role.ADMINISTRATOR), now - timedelta(days=30))


def ask_for_pack(now: datetime) -> None:
    """The auditor asks for the quarter before this one; the worker makes it when everything is sealed."""
    first = rules.first_day(rules.quarter_of(clock.today(now)))
    last = first - timedelta(days=1)
    with transaction():
        evidence.ask(date(last.year, last.month - 2, 1), last, cases.staff(Role.AUDITOR), now - timedelta(hours=20))


def _answer(review: AccessReview, actor: Actor, at: datetime, *, part: bool = False) -> None:
    """Keeps the lines that the actor may answer: all of them, or the first half."""
    open_ = [
        row[0].id
        for row in queries.lines_of(review.id)
        if row[0].decision is None and rules.why_not_answer(actor, review.client_id, queries.subject_of(row)) is None
    ]
    chosen = open_[: max(1, len(open_) // 2)] if part else open_
    if chosen:
        services.answer(review, Answers(frozenset(chosen), frozenset()), actor, at)
