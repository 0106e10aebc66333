"""Several at once: a ban against an entry and against what would give access, two supervisors, appeal against lifting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from portal.badges import queries as badge_queries
from portal.badges import services as badge_services
from portal.badges.models import Badge
from portal.conduct import queries, services
from portal.conduct.models import Decision, EntryBan, Violation
from portal.conduct.services import NewAppeal, Verdict
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Refused
from portal.outbox.models import OutboxMessage
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.conduct import making
from tests.conduct.making import BAN, WARNING, WEEK
from tests.threads import at_once

POINTS = [key for key, _label in gate_rules.CHECKLIST_POINTS]


def outcome(work: Callable[[], object]) -> str:
    try:
        with transaction():
            verdict = work()
    except Refused as refused:
        return refused.refusal.code
    except Conflict:
        return "conflict"
    refusal = getattr(verdict, "refusal", None)
    return refusal.code if refusal is not None else "done"


def test_two_supervisors_decide_at_once(cast: Cast) -> None:
    with transaction():
        making.second_supervisor(cast)
        violation_id = making.recorded(cast).id
    names, verdicts = ("supervisor", "supervisor2"), (Verdict(BAN, "禁入"), Verdict(WARNING, "警告"))

    def decide(number: int) -> str:
        found = queries.get_violation(cast.actor(names[number % 2]), violation_id)
        return outcome(lambda: services.decide(found, verdicts[number % 2], cast.actor(names[number % 2]), NOW))

    assert Counter(at_once(8, decide)) == {"done": 1, "conflict": 7}
    decision = session().scalars(select(Decision)).one()
    assert len(session().scalars(select(EntryBan)).all()) == (1 if decision.measures == ["ban"] else 0)


def test_a_ban_while_the_holder_enters(cast: Cast) -> None:
    """Either they were refused, or they are inside and duty staff were told: nobody slips in unseen."""
    with transaction():
        badge = badges.issued(cast, "wang")
        found = live_pass(badge.id)
        assert found is not None
        pass_id, violation_id, room_id = found.id, making.recorded(cast).id, cast.rooms["B2"].id

    def work(number: int) -> str:
        if number == 0:
            violation = session().get_one(Violation, violation_id)
            return "ban " + outcome(lambda: services.decide(violation, Verdict(BAN, "禁入"), cast.actor("supervisor"), NOW))

        def enter() -> gate.Verdict:
            return gate.enter(session().get_one(Pass, pass_id), room_id, POINTS, crypto.new_token(), cast.actor("guard"), NOW)

        return outcome(enter)

    said = Counter(at_once(6, work))
    assert said["ban done"] == 1
    inside = queries.barred_inside(NOW)
    told = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "conduct.inside")).all()
    assert len(inside) == said["done"] <= 1
    assert bool(told) == bool(inside)
    with transaction():
        after = gate.enter(session().get_one(Pass, pass_id), room_id, POINTS, "later", cast.actor("guard"), NOW)
    assert after.refusal is not None
    assert after.refusal.code == "gate.barred"


def test_a_ban_while_another_clients_badge_is_issued(cast: Cast) -> None:
    """No badge of someone barred comes out open, in whichever order they go: the invariant says so after the test."""
    with transaction():
        making.same_person_for_beta(cast)
        badge_id = badges.applied(cast, "wang_beta", "stranger").id
        violation_id = making.recorded(cast).id
    last = (NOW + timedelta(days=30)).date()

    def work(number: int) -> str:
        if number == 0:
            violation = session().get_one(Violation, violation_id)
            return outcome(lambda: services.decide(violation, Verdict(BAN, "禁入"), cast.actor("supervisor"), NOW))
        badge = badge_queries.get_badge(cast.actor("service"), badge_id)
        return outcome(lambda: badge_services.issue(badge, last, cast.actor("service"), NOW))

    said = at_once(2, work)
    assert said[0] == "done"
    state = session().scalars(select(Badge.state).where(Badge.id == badge_id)).one()
    assert (said[1], state) in {("done", "suspended"), ("conduct.barred", "under_review")}


def test_an_appeal_while_the_decision_is_lifted(cast: Cast) -> None:
    with transaction():
        violation_id = making.decided(cast, WEEK).id

    def work(number: int) -> str:
        violation = session().get_one(Violation, violation_id)
        if number == 0:
            return outcome(lambda: services.lift(violation, "x", cast.actor("supervisor"), NOW))
        return outcome(lambda: services.appeal(violation, NewAppeal("x"), cast.actor("admin"), NOW))

    assert sorted(at_once(2, work)) == ["conflict", "done"]
