"""A badge under a bar of its holder and under a review that nobody answered: it opens when both are over, whichever ends first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.conduct import services as conduct
from portal.conduct.models import BarredBadge, EntryBan
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.reviews import services
from portal.reviews.models import AccessReview
from tests.cast import Cast
from tests.conduct import making as violations
from tests.conduct.making import WEEK
from tests.reviews import making
from tests.reviews.making import AFTER_GRACE, answers, decisions
from tests.threads import at_once

BEFORE_LAPSE = AFTER_GRACE - timedelta(days=1)
BAR_OVER = AFTER_GRACE + timedelta(days=9)


def state() -> str:
    session().expire_all()
    return session().scalars(select(Badge.state)).one()


def bar(cast: Cast, now: datetime) -> None:
    with transaction():
        violations.decided(cast, WEEK, now=now)


def lapse() -> None:
    with transaction():
        assert services.lapse_due(AFTER_GRACE) > 0


def confirm(cast: Cast, review: AccessReview, now: datetime) -> None:
    with transaction():
        services.answer(review, answers(review, keep=("王珺",)), cast.actor("admin"), now)


def end_bar() -> None:
    with transaction():
        assert conduct.end_suspensions(BAR_OVER) == 1


@pytest.fixture
def review(cast: Cast) -> AccessReview:
    with transaction():
        return making.opened(cast)


def test_barred_first_then_unconfirmed_the_end_of_the_bar_gives_nothing_back(cast: Cast, review: AccessReview) -> None:
    bar(cast, BEFORE_LAPSE)
    lapse()
    assert decisions(review)["王珺"] == "suspended"
    end_bar()
    assert state() == "suspended"
    confirm(cast, review, BAR_OVER)
    assert state() == "issued"
    assert all(session().scalars(select(BarredBadge.resumed_at)))


def test_barred_first_and_confirmed_before_the_bar_is_over(cast: Cast, review: AccessReview) -> None:
    bar(cast, BEFORE_LAPSE)
    lapse()
    confirm(cast, review, AFTER_GRACE)
    assert state() == "suspended"
    assert decisions(review)["王珺"] == "confirmed"
    end_bar()
    assert state() == "issued"


def test_unconfirmed_first_then_barred(cast: Cast, review: AccessReview) -> None:
    lapse()
    bar(cast, AFTER_GRACE)
    with pytest.raises(Refused) as refused:
        confirm(cast, review, AFTER_GRACE)
    assert refused.value.refusal.code == "conduct.barred"
    end_bar()
    assert state() == "suspended"
    confirm(cast, review, BAR_OVER)
    assert state() == "issued"


def test_what_customer_service_stopped_after_the_bar_stays_stopped(cast: Cast, review: AccessReview) -> None:
    """The confirmation undoes the review and the bar, not what a person decided since."""
    bar(cast, BEFORE_LAPSE)
    lapse()
    end_bar()
    with transaction():
        badge = session().scalars(select(Badge)).one()
        badges.resume(badge, "身份已核实", cast.actor("service"), BAR_OVER)
        badges.suspend(badge, "另有调查", cast.actor("service"), BAR_OVER)
    confirm(cast, review, BAR_OVER)
    assert state() == "suspended"


def test_the_end_of_a_bar_against_the_end_of_the_grace(cast: Cast, review: AccessReview) -> None:
    """Either the bar ends first and the review stops the badge anew, or the review is first and the bar gives nothing back."""
    bar(cast, BEFORE_LAPSE)

    def work(number: int) -> None:
        with transaction():
            services.lapse_due(AFTER_GRACE) if number else conduct.end_suspensions(BAR_OVER)

    at_once(2, work)
    with transaction():
        assert session().scalars(select(EntryBan.ended_at)).one() is not None
        assert decisions(review)["王珺"] == "suspended"
        assert state() == "suspended"
    confirm(cast, review, BAR_OVER)
    assert state() == "issued"


def test_the_end_of_a_bar_against_the_confirmation(cast: Cast, review: AccessReview) -> None:
    """Whoever is second gives the badge back. A confirmation that meets the very moment may be told to try again, and then does."""
    bar(cast, BEFORE_LAPSE)
    lapse()
    keep = answers(review, keep=("王珺",))

    def work(number: int) -> str:
        try:
            with transaction():
                if number:
                    services.answer(session().get_one(AccessReview, review.id), keep, cast.actor("admin"), BAR_OVER)
                else:
                    conduct.end_suspensions(BAR_OVER)
            return "done"
        except Refused as refused:
            return refused.refusal.code

    said = at_once(2, work)
    assert said[0] == "done"
    if said[1] == "conduct.barred":
        confirm(cast, review, BAR_OVER)
    with transaction():
        assert decisions(review)["王珺"] == "confirmed"
        assert state() == "issued"
