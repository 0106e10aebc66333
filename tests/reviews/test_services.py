"""Opening, answering, chasing and the end of the grace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.accounts import services as accounts
from portal.accounts.models import UserSession
from portal.audit.models import AuditEntry
from portal.badges import services as badges
from portal.badges.models import Badge
from portal.clients import services as clients
from portal.contracts import services as contracts
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import OutboxMessage
from portal.passes.queries import live_pass
from portal.reviews import services
from portal.reviews.models import AccessReview
from portal.reviews.services import Answers
from tests.cast import NOW, Cast
from tests.reviews import making
from tests.reviews.making import AFTER_GRACE, IN_TIME, OPENED, OVERDUE, answers, decisions
from tests.threads import at_once


def badge() -> Badge:
    return session().scalars(select(Badge).execution_options(populate_existing=True)).one()


def told(code: str) -> set[str]:
    return set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def test_each_client_with_a_contract_and_the_staff_get_one_a_quarter(cast: Cast) -> None:
    with transaction():
        contracts.suspend_contract(cast.contracts["beta"], "arrears", cast.actor("supervisor"), NOW)
    with transaction():
        assert services.open_due(NOW) == 1  # the clients signed within this quarter: only the staff's
        assert services.open_due(OPENED - timedelta(hours=9)) == 0  # 31 December, 23:30 in Shanghai
    with transaction():
        assert services.open_due(OPENED) == 3
    with transaction():
        assert services.open_due(OPENED + timedelta(hours=1)) == 0
    found = {(r.quarter, r.client_id) for r in session().scalars(select(AccessReview))}
    assert found == {("2026-Q4", None), ("2027-Q1", None), ("2027-Q1", cast.alpha.id), ("2027-Q1", cast.solo.id)}


def test_two_workers_open_each_review_once(cast: Cast) -> None:
    def work(_number: int) -> str:
        try:
            with transaction():
                services.open_due(OPENED)
            return "done"
        except Refused as refused:
            return refused.refusal.code

    assert set(at_once(4, work)) <= {"done", "review.already_open"}
    per_client = select(func.count()).select_from(AccessReview).group_by(AccessReview.client_id)
    assert list(session().scalars(per_client)) == [1, 1, 1, 1]


def test_what_it_asks_and_whom_it_tells(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
    assert set(decisions(review)) == {"王珺", "刘洋", "张䶮", "赵一鸣", "钱多"}
    assert set(decisions(making.review(cast, "staff"))) == {"周敏", "何静", "韩磊", "马超", "孙强", "郑毅", "林岚", "吴凡", "沈清"}
    assert (review.due_on.isoformat(), review.grace_until.isoformat()) == ("2027-01-15", "2027-01-29")
    assert {"admin@client.example", "stranger@client.example", "solo@client.example", "supervisor@rackpass.example"} == told(
        "access_review.opened"
    )


def test_answers_in_parts_until_it_is_done(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
    with transaction():
        assert services.answer(review, answers(review, keep=("王珺",), remove=("刘洋", "钱多")), cast.actor("admin"), IN_TIME) == 3
    assert review.state == "open"
    assert badge().state == "issued"
    assert cast.user("colleague").state == "disabled"
    with transaction():
        services.answer(review, answers(review, keep=("张䶮",)), cast.actor("admin"), IN_TIME)
    assert review.state == "open"  # the only administrator's own account waits for the supervisor
    with transaction():
        services.answer(review, answers(review, keep=("赵一鸣",)), cast.actor("supervisor"), IN_TIME)
    assert review.state == "done"
    assert decisions(review) == {"王珺": "confirmed", "刘洋": "removed", "张䶮": "confirmed", "赵一鸣": "confirmed", "钱多": "removed"}
    with pytest.raises(Conflict), transaction():
        services.answer(review, answers(review, remove=("张䶮",)), cast.actor("admin"), IN_TIME)


def test_a_removed_badge_is_dead_at_once(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
        services.answer(review, answers(review, remove=("王珺",)), cast.actor("admin"), IN_TIME)
    assert badge().state == "cancelled"
    assert live_pass(badge().id) is None


def test_who_may_not(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
    for who, named, error in (
        ("colleague", "王珺", Forbidden),
        ("auditor", "王珺", Forbidden),
        ("stranger", "王珺", NotFound),
        ("supervisor", "王珺", Refused),
        ("admin", "赵一鸣", Refused),
    ):
        with pytest.raises(error), transaction():
            services.answer(review, answers(review, keep=(named,)), cast.actor(who), IN_TIME)
    other = making.review(cast, "beta")
    with pytest.raises(NotFound), transaction():  # a line of another review
        services.answer(review, answers(other, keep=("李想",)), cast.actor("admin"), IN_TIME)
    with pytest.raises(Refused) as refused, transaction():
        services.answer(review, Answers(frozenset(), frozenset()), cast.actor("admin"), IN_TIME)
    assert refused.value.refusal.code == "review.nothing_answered"
    staff = making.review(cast, "staff")
    for who, named in (("supervisor", "林岚"), ("administrator", "孙强"), ("administrator", "吴凡")):
        with pytest.raises(Refused), transaction():
            services.answer(staff, answers(staff, keep=(named,)), cast.actor(who), IN_TIME)
    with transaction():
        services.answer(staff, answers(staff, keep=("林岚",)), cast.actor("administrator"), IN_TIME)
    with pytest.raises(Refused), transaction():  # the last administrator stays
        services.answer(staff, answers(staff, remove=("吴凡",)), cast.actor("supervisor"), IN_TIME)
    with transaction():
        services.answer(staff, answers(staff, remove=("孙强",)), cast.actor("supervisor"), IN_TIME)
    assert cast.user("guard").state == "disabled"


def test_overdue_ones_are_asked_after_once_a_week(cast: Cast) -> None:
    with transaction():
        making.opened(cast)
    with transaction():
        assert services.chase_due(OPENED + timedelta(days=14)) == 0  # 15 January is still in time
    with transaction():
        assert services.chase_due(OVERDUE) == 4
        assert services.chase_due(OVERDUE + timedelta(days=6)) == 0
    with transaction():
        assert services.chase_due(OVERDUE + timedelta(days=7)) == 4
    assert "admin@client.example" in told("access_review.chased")


def test_after_the_grace_what_nobody_confirmed_is_suspended_and_resumed_on_confirmation(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
        accounts.open_session(cast.user("colleague"), "127.0.0.1", "browser", IN_TIME)
        services.answer(review, answers(review, keep=("刘洋",)), cast.actor("admin"), IN_TIME)
    with transaction():
        assert services.lapse_due(AFTER_GRACE - timedelta(days=1)) == 0  # the last day of the grace
    with transaction():
        assert services.lapse_due(AFTER_GRACE) == 4
    session().refresh(review)
    assert review.state == "lapsed"
    assert decisions(review) == {"王珺": "suspended", "刘洋": "confirmed", "张䶮": "suspended", "赵一鸣": None, "钱多": "suspended"}
    assert badge().state == "suspended"
    assert cast.user("colleague").state == "disabled"
    assert cast.user("admin").state == "active"  # or nobody could put it right
    ended = session().scalars(select(UserSession.ended_at).where(UserSession.user_id == cast.user("colleague").id)).all()
    assert ended
    assert all(ended)
    assert cast.user("supervisor").state == cast.user("administrator").state == "active"
    with transaction():
        assert services.lapse_due(AFTER_GRACE + timedelta(hours=1)) == 0

    with transaction():
        services.answer(review, answers(review, keep=("王珺", "钱多", "张䶮")), cast.actor("admin"), AFTER_GRACE)
    assert badge().state == "issued"
    assert cast.user("colleague").state == "active"
    with transaction():
        services.answer(review, answers(review, keep=("赵一鸣",)), cast.actor("supervisor"), AFTER_GRACE)
    assert review.state == "done"


def test_a_badge_that_was_stopped_for_another_reason_stays_stopped(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
        badges.suspend(badge(), "investigation", cast.actor("service"), IN_TIME)
    with transaction():
        services.lapse_due(AFTER_GRACE)
    with transaction():
        services.answer(review, answers(review, keep=("王珺",)), cast.actor("admin"), AFTER_GRACE)
    assert badge().state == "suspended"
    assert decisions(review)["王珺"] == "confirmed"


def test_what_ended_by_other_means_needs_no_answer(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
        badges.report_lost(badge(), cast.actor("admin"), IN_TIME)
        assert services.answer(review, answers(review, keep=("王珺", "刘洋")), cast.actor("admin"), IN_TIME) == 1
    assert decisions(review)["王珺"] == "ended"


def test_a_review_without_lines_is_closed_at_once(cast: Cast) -> None:
    with transaction():
        for name in ("chen", "chen2"):
            clients.mark_left(cast.people[name], cast.actor("service"), NOW)
        accounts.disable_by_rule(cast.user("solo"), "x", "access_review.lapse", cast.actor("administrator"), NOW)
        services.open_due(OPENED)
    assert making.review(cast, "solo").state == "done"


def test_confirming_and_removing_at_once(cast: Cast) -> None:
    """One wins; the other is told, and the badge is as the line says."""
    with transaction():
        review = making.opened(cast)
    keep, remove = answers(review, keep=("王珺",)), answers(review, remove=("王珺",))

    def press(number: int) -> str:
        try:
            with transaction():
                found = session().get_one(AccessReview, review.id)
                services.answer(found, (keep, remove)[number % 2], cast.actor("admin"), IN_TIME)
            return "done"
        except Refused as refused:
            return refused.refusal.code

    outcomes = at_once(6, press)
    assert set(outcomes) == {"done", "review.answered_meanwhile"}
    with transaction():
        assert {"confirmed": "issued", "removed": "cancelled"}[str(decisions(review)["王珺"])] == badge().state
        tags = session().scalars(select(AuditEntry.tag).where(AuditEntry.tag.startswith("access_review.line_"))).all()
    assert len(tags) == 1


def test_answering_against_the_end_of_the_grace(cast: Cast) -> None:
    with transaction():
        review = making.opened(cast)
    keep = answers(review, keep=("王珺", "刘洋", "张䶮", "钱多"))

    def work(number: int) -> None:
        with transaction():
            if number:
                services.lapse_due(AFTER_GRACE)
            else:
                services.answer(session().get_one(AccessReview, review.id), keep, cast.actor("admin"), AFTER_GRACE)

    at_once(2, work)
    with transaction():
        session().expire_all()
        assert badge().state == "issued"
        assert cast.user("colleague").state == "active"
