"""Two at once, with real threads and commits: approve against cancel, two supervisors, two guards, the worker in between."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import func, select

from portal.demo.numbers import identity_number
from portal.emergencies import escalation, queries, services
from portal.emergencies.models import Emergency, EmergencyCall, EmergencyPerson
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Conflict, Refused
from tests.cast import NOW, Cast
from tests.emergencies import making
from tests.emergencies.making import HOUR, MINUTE, NUMBER
from tests.oncall.making import supervisors
from tests.threads import at_once

Work = Callable[[Emergency], object]


def race(emergency_id: uuid.UUID, *works: Work) -> list[str]:
    """What became of each: "done", "conflict", or the code of a refusal."""

    def one(number: int) -> str:
        try:
            with isolated(), transaction():
                works[number](session().get_one(Emergency, emergency_id))
        except Conflict:
            return "conflict"
        except Refused as refused:
            return refused.refusal.code
        return "done"

    return at_once(len(works), one)


def test_approve_against_cancel(cast: Cast) -> None:
    supervisor, admin = cast.actor("supervisor"), cast.actor("admin")
    for _round in range(3):
        with transaction():
            emergency = making.asked(cast)
        approve, cancel = race(
            emergency.id,
            lambda e: services.approve(e, "情况属实", supervisor, NOW),
            lambda e: services.cancel(e, "解决了", admin, NOW),
        )
        session().refresh(emergency)
        # A cancel that comes second still ends it: an approved one may be cancelled. An approve that comes second does not.
        assert (cancel, emergency.state) == ("done", "cancelled")
        assert approve in ("done", "conflict")
        assert emergency.next_call_at is None


def test_two_supervisors_at_once_decide_once(cast: Cast) -> None:
    with transaction():
        supervisors(cast)
        emergency = making.asked(cast)
    first, second = cast.actor("supervisor"), cast.actor("deputy")
    results = race(
        emergency.id, lambda e: services.approve(e, "情况属实", first, NOW), lambda e: services.refuse(e, "可等到工作时间", second, NOW)
    )
    assert sorted(results) == ["conflict", "done"]
    session().refresh(emergency)
    decided = first if results[0] == "done" else second
    assert emergency.state == ("approved" if results[0] == "done" else "refused")
    assert emergency.decided_by_id == decided.user_id


def test_the_worker_tells_nobody_after_an_answer(cast: Cast) -> None:
    with transaction():
        supervisors(cast)
        emergency = making.asked(cast)
    later = NOW + 10 * MINUTE
    supervisor = cast.actor("supervisor")
    results = race(
        emergency.id,
        lambda e: services.approve(e, "情况属实", supervisor, later),
        lambda _e: escalation.call_due(later),
        lambda _e: escalation.call_due(later),
    )
    assert results == ["done", "done", "done"]
    session().refresh(emergency)
    assert (emergency.state, emergency.next_call_at) == ("approved", None)
    calls = session().scalar(select(func.count()).select_from(EmergencyCall))
    assert calls in (1, 2), "at most one more, and only before the answer"


def test_two_guards_with_one_person(cast: Cast) -> None:
    guard, other = cast.actor("guard"), cast.actor("guard2")
    with transaction():
        emergency = making.approved(cast)
        row = making.identified(cast, emergency)
    row_id = row.id

    def enter(actor_number: int) -> Work:
        actor = (guard, other)[actor_number]
        return lambda e: services.note_entered(e, session().get_one(EmergencyPerson, row_id), actor, NOW + MINUTE)

    assert sorted(race(emergency.id, enter(0), enter(1))) == ["done", "emergency.inside_already"]

    def leave(actor_number: int) -> Work:
        actor = (guard, other)[actor_number]
        return lambda e: services.note_left(e, session().get_one(EmergencyPerson, row_id), actor, NOW + HOUR)

    assert sorted(race(emergency.id, leave(0), leave(1))) == ["done", "emergency.not_inside"]
    session().refresh(emergency)
    assert emergency.state == "report_due"


def test_two_guards_record_one_document_once(cast: Cast) -> None:
    guard = cast.actor("guard")
    with transaction():
        emergency = making.approved(cast)

    def see(e: Emergency) -> object:
        return services.identify_at_gate(e, None, "罗成", "identity_card", NUMBER, guard, NOW)

    assert sorted(race(emergency.id, see, see)) == ["done", "emergency.seen_already"]
    assert len(queries.people_of(emergency.id)) == 2, "the one who was named, and who came"


def test_entry_against_lapse(cast: Cast) -> None:
    """The last moment: either they are in, or it has lapsed; never both."""
    guard = cast.actor("guard")
    with transaction():
        emergency = making.approved(cast)
        row_id = making.identified(cast, emergency, identity_number(78)).id
    end = NOW + 4 * HOUR
    before = end - MINUTE
    entered, lapsed = race(
        emergency.id,
        lambda e: services.note_entered(e, session().get_one(EmergencyPerson, row_id), guard, before),
        lambda _e: services.lapse_due(end),
    )
    session().refresh(emergency)
    assert lapsed == "done"
    assert (entered, emergency.state) in (("done", "in_use"), ("emergency.lapsed", "lapsed"))
