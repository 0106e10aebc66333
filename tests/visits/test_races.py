"""Several at once about the same visit: one is carried out, the others hear it cleanly; the quota holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sqlalchemy import select

from portal.clients.services import document_hash
from portal.demo.numbers import identity_number
from portal.kernel.db import session, transaction
from portal.passes.models import Pass
from portal.visits import services
from portal.visits.models import Visit, VisitExtension
from tests.cast import NOW, Cast
from tests.exits.test_races import outcome
from tests.threads import at_once
from tests.visits import making


def test_two_approvals_a_refusal_and_a_cancellation(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast, "wang", "liu")
        approval = making.approval(visit)
    service, service2, admin = cast.actor("service"), cast.actor("service2"), cast.actor("admin")
    work: list[Callable[[Visit], object]] = [
        lambda v: services.approve(v, approval, service, NOW),
        lambda v: services.approve(v, approval, service2, NOW),
        lambda v: services.refuse(v, "x", service2, NOW),
        lambda v: services.ask_correction(v, "x", service, NOW),
    ]
    said = at_once(4, lambda number: outcome(lambda: work[number](session().get_one(Visit, visit.id))))
    assert Counter(said) == {"done": 1, "conflict": 3}
    with transaction():
        again = making.requested(cast, "wang", "liu")
        approval2 = making.approval(again)
    both: list[Callable[[Visit], object]] = [
        lambda v: services.approve(v, approval2, service, NOW),
        lambda v: services.cancel(v, "改期", admin, NOW),
    ]
    said = at_once(2, lambda number: outcome(lambda: both[number](session().get_one(Visit, again.id))))
    ids = [visitor.id for visitor in making.people(again)]
    live = session().scalars(select(Pass).where(Pass.revoked_at.is_(None), Pass.subject_id.in_(ids))).all()
    # Whoever came first: a visit that was approved can still be cancelled, one that was cancelled cannot be approved.
    assert session().scalar(select(Visit.state).where(Visit.id == again.id)) == "cancelled"
    assert not live
    assert Counter(said) in (Counter({"done": 2}), Counter({"done": 1, "conflict": 1}))


def test_sixteen_requests_share_a_quota_of_three(cast: Cast) -> None:
    with transaction():
        making.rule(cast, people=1, hours=12, visits=3)
        commands = [making.asked(cast, "wang") for _number in range(16)]
    said = at_once(16, lambda number: outcome(lambda: services.request(commands[number], cast.actor("admin"), NOW)))
    assert Counter(said) == {"done": 16}
    assert Counter(session().scalars(select(Visit.state))) == {"approved": 3, "under_review": 13}


def test_a_ban_and_an_approval_of_the_same_person(cast: Cast) -> None:
    """Whichever comes first, the person ends without a pass."""
    hashed = document_hash("identity_card", identity_number(90))
    with transaction():
        visit = making.requested(cast, people=(making.new(90, "高原"), making.new(91, "江河")))
        approval = making.approval(visit)
    work: list[Callable[[], object]] = [
        lambda: services.approve(session().get_one(Visit, visit.id), approval, cast.actor("service"), NOW),
        lambda: services.withdraw_person(hashed, cast.actor("supervisor"), NOW, because_of="conduct.barred"),
    ]

    said = at_once(2, lambda number: outcome(work[number]))
    assert said in (["done", "done"], ["visit.people_changed", "done"])
    assert making.people(visit)[0].state == "withdrawn"
    assert not session().scalars(select(Pass).where(Pass.subject_id == making.people(visit)[0].id, Pass.revoked_at.is_(None))).all()


def test_two_who_ask_for_more_time_and_two_who_answer(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast)
    said = at_once(4, lambda number: outcome(lambda: making.longer(cast, session().get_one(Visit, visit.id))))
    assert Counter(said) == {"done": 1, "visit.extension_open": 3}
    extension_id = session().scalars(select(VisitExtension.id)).one()
    answers: list[Callable[[VisitExtension], object]] = [
        lambda e: services.approve_more_time(e, cast.actor("service"), NOW),
        lambda e: services.approve_more_time(e, cast.actor("service2"), NOW),
        lambda e: services.refuse_more_time(e, "x", cast.actor("service2"), NOW),
    ]
    said = at_once(3, lambda number: outcome(lambda: answers[number](session().get_one(VisitExtension, extension_id))))
    assert Counter(said) == {"done": 1, "conflict": 2}
