"""The rota: who is on call, in which order, week by week; weeks without anyone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.accounts import managing
from portal.kernel.clock import at_local
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Forbidden, Refused
from portal.oncall import queries, rules, services
from portal.oncall.models import DutyWeek
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, Cast
from tests.oncall import making
from tests.threads import at_once

MONDAY = date(2026, 11, 23)  # NOW's


def told(code: str) -> list[str]:
    return sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def test_the_supervisor_of_the_week_then_the_deputy_then_the_others(cast: Cast) -> None:
    with transaction():
        first, deputy, third = making.supervisors(cast)
        services.set_week(MONDAY, third.id, deputy.id, cast.actor("administrator"), NOW)
    assert [user.name for user in queries.on_call(NOW)] == [third.name, deputy.name, first.name]
    sunday_night = at_local(date(2026, 11, 29), 23, 59)
    assert queries.on_call(sunday_night)[0].name == third.name, "the week goes to Sunday night, at the site"
    next_week = queries.on_call(sunday_night + timedelta(minutes=1))
    assert sorted(user.name for user in next_week) == sorted([first.name, deputy.name, third.name])
    assert [user.name for user in next_week] == [user.name for user in queries.supervisors()], "nobody named: all, by name"
    assert told("oncall.on_call") == ["third@rackpass.example"]
    assert told("oncall.deputy") == ["deputy@rackpass.example"]


def test_who_is_no_supervisor_any_more_is_not_called(cast: Cast) -> None:
    with transaction():
        first, deputy, third = making.supervisors(cast)
        services.set_week(MONDAY, third.id, deputy.id, cast.actor("supervisor"), NOW)
    with transaction():
        managing.disable(third, "left", cast.actor("administrator"), NOW)
    assert [user.name for user in queries.on_call(NOW)] == [deputy.name, first.name]
    assert queries.weeks(MONDAY, 1)[0].supervisor is None


def test_what_is_refused(cast: Cast) -> None:
    supervisor = cast.actor("supervisor")
    with transaction():
        first, deputy, _third = making.supervisors(cast)
    guard = cast.user("guard").id
    for monday, one, two, code in (
        (MONDAY - rules.WEEK, first.id, None, "oncall.week_over"),
        (MONDAY, None, deputy.id, "oncall.deputy_alone"),
        (MONDAY, first.id, first.id, "oncall.twice"),
        (MONDAY, guard, None, "oncall.not_a_supervisor"),
        (MONDAY, first.id, guard, "oncall.not_a_supervisor"),
    ):
        with pytest.raises(Refused) as refused, transaction():
            services.set_week(monday, one, two, supervisor, NOW)
        assert refused.value.refusal.code == code
    for name in ("service", "guard", "auditor"):
        with pytest.raises(Forbidden), transaction():
            services.set_week(MONDAY, first.id, None, cast.actor(name), NOW)


def test_a_week_without_anyone_is_told_once_ten_days_ahead(cast: Cast) -> None:
    with transaction():
        first, *_others = making.supervisors(cast)
        services.set_week(MONDAY, first.id, None, cast.actor("supervisor"), NOW)
    assert queries.gaps(NOW) == [MONDAY + rules.WEEK]
    for now, count in ((NOW, 1), (NOW + timedelta(hours=1), 0), (NOW + timedelta(days=4), 1)):
        with transaction():
            assert services.tell_gaps(now) == count
    assert told("oncall.gap") == sorted(["supervisor@rackpass.example", "deputy@rackpass.example", "third@rackpass.example"] * 2)
    with transaction():
        services.set_week(MONDAY + rules.WEEK, first.id, None, cast.actor("supervisor"), NOW)
    assert queries.gaps(NOW) == []


def test_two_who_enter_the_same_week_at_once_leave_one_row(cast: Cast) -> None:
    with transaction():
        users = [user.id for user in making.supervisors(cast)]
    actor = cast.actor("administrator")

    def enter(number: int) -> str:
        try:
            with isolated(), transaction():
                services.set_week(MONDAY, users[number], None, actor, NOW)
        except Refused as refused:
            return refused.refusal.code
        return "entered"

    assert set(at_once(3, enter)) <= {"entered", "oncall.changed_meanwhile"}
    assert len(list(session().scalars(select(DutyWeek)))) == 1
