"""Several guards, one pass: exactly one confirm counts, and every other is refused cleanly and on record."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from portal.badges import services as badges
from portal.gate import rules, services
from portal.gate.models import GateEvent, Presence
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from tests.badges import making as badge_making
from tests.cast import NOW, Cast
from tests.exits import making
from tests.threads import at_once

POINTS = [key for key, _label in rules.CHECKLIST_POINTS]


def badge_pass(cast: Cast) -> Pass:
    found = live_pass(badge_making.issued(cast).id)
    assert found is not None
    return found


def enter(cast: Cast, pass_id: object, nonce: str, guard: str = "guard") -> str:
    try:
        with transaction():
            found = session().get_one(Pass, pass_id)
            verdict = services.enter(found, cast.rooms["B2"].id, POINTS, nonce, cast.actor(guard), NOW)
    except Refused as refused:
        return refused.refusal.code
    return verdict.refusal.code if verdict.refusal else "entered"


def test_sixteen_confirms_of_one_badge_let_one_person_in(cast: Cast) -> None:
    with transaction():
        pass_id = badge_pass(cast).id
    outcomes = Counter(at_once(16, lambda n: enter(cast, pass_id, crypto.new_token(), "guard" if n % 2 else "guard2")))
    assert outcomes == {"entered": 1, "gate.already_inside": 15}
    assert session().scalar(select(func.count()).select_from(Presence)) == 1


def test_the_same_confirm_sent_twice_counts_once(cast: Cast) -> None:
    """A phone that lost the network tries again: the first event stands, a second is not made."""
    with transaction():
        found = badge_pass(cast)
    assert enter(cast, found.id, "n" * 32) == "entered"
    with transaction():
        earlier = services.earlier_event("n" * 32)
    assert earlier is not None
    assert earlier.kind == "entry"
    assert session().scalar(select(func.count()).where(GateEvent.kind == "entry")) == 1


def test_sixteen_releases_of_one_slip_let_it_out_once(cast: Cast) -> None:
    with transaction():
        found = making.issued(cast, making.servers(cast, 2))
        pass_id, ids = making.pass_of(found).id, [item.id for item in making.items(found)]

    def release(number: int) -> str:
        with transaction():
            verdict = services.release(
                session().get_one(Pass, pass_id),
                ids,
                mover_seen=True,
                rest_stays=False,
                nonce=crypto.new_token(),
                actor=cast.actor("guard" if number % 2 else "guard2"),
                now=NOW,
            )
        return verdict.refusal.code if verdict.refusal else "released"

    outcomes = Counter(at_once(16, release))
    assert outcomes == {"released": 1, "gate.slip_used": 15}
    refusals = session().scalar(select(func.count()).where(GateEvent.kind == "refusal", GateEvent.code == "gate.slip_used"))
    assert refusals == 15


def test_entering_while_the_badge_is_reported_lost(cast: Cast) -> None:
    """Whichever comes first decides; afterwards the badge is dead either way."""
    with transaction():
        badge = badge_making.issued(cast)
        found = live_pass(badge.id)
        assert found is not None
        pass_id, badge_id = found.id, badge.id

    def one(number: int) -> str:
        if number == 0:
            return enter(cast, pass_id, crypto.new_token())
        with transaction():
            badges.report_lost(session().get_one(type(badge), badge_id), cast.actor("admin"), NOW)
        return "lost"

    outcomes = at_once(2, one)
    assert outcomes[1] == "lost"
    assert outcomes[0] in ("entered", "gate.badge_lost")
    with transaction():
        assert services.verify(found.short_code, cast.actor("guard"), NOW).refusal is rules.BADGE_LOST
