"""Freezes (封网期): over a room or a site, at their edges, lifted; who hears of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.calendar import queries, services
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Role
from portal.outbox.models import OutboxMessage
from tests.calendar.making import DAY, END, START, frozen
from tests.cast import NOW, Cast
from tests.threads import at_once

SECOND = timedelta(seconds=1)


def test_a_freeze_is_over_what_has_a_moment_in_common_with_it(cast: Cast) -> None:
    room = cast.rooms["B2"].id
    with transaction():
        freeze = frozen(cast)
    for start, end, over in (
        (START, END, True),
        (START - DAY, START + SECOND, True),
        (START - DAY, START, False),
        (END - SECOND, END + DAY, True),
        (END, END + DAY, False),
        (START, START, True),
        (END, END, False),
        (END - SECOND, END - SECOND, True),
        (START - DAY, END + DAY, True),
    ):
        found = queries.freeze_over(room, start, end)
        assert (found is not None and found.id == freeze.id) == over, (start, end)
    assert queries.freeze_over(cast.rooms["A1"].id, START, END) is None, "another room"


def test_a_site_s_freeze_is_over_each_of_its_rooms(cast: Cast) -> None:
    with transaction():
        frozen(cast, None)
    for code in ("A1", "B2"):
        found = queries.freeze_over(cast.rooms[code].id, START, END)
        assert found is not None
        assert queries.place_code(found) == "YZ"
        refusal = queries.why_frozen(cast.rooms[code].id, START, START)
        assert refusal is not None
        assert (refusal.code, refusal.data["place"]) == ("calendar.frozen", "YZ")


def test_the_first_moment_outside_skips_freezes_that_follow_each_other(cast: Cast) -> None:
    room = cast.rooms["B2"].id
    with transaction():
        frozen(cast)
        frozen(cast, None, starts_at=END - DAY, ends_at=END + DAY)
        frozen(cast, starts_at=END + 3 * DAY, ends_at=END + 4 * DAY)
    assert queries.first_outside_freezes(room, START + SECOND) == END + DAY
    assert queries.first_outside_freezes(room, START - SECOND) == START - SECOND
    assert queries.first_outside_freezes(room, END + DAY) == END + DAY
    assert [f.starts_at for f in queries.coming_freezes(room, NOW)] == [START, END - DAY, END + 3 * DAY]
    assert [f.starts_at for f in queries.coming_freezes(room, END)] == [END - DAY, END + 3 * DAY], "what is over does not come"
    assert queries.coming_freezes(cast.rooms["A1"].id, END + DAY) == []


def test_a_lifted_freeze_stops_nothing(cast: Cast) -> None:
    room = cast.rooms["B2"].id
    with transaction():
        freeze = frozen(cast)
    with transaction():
        services.lift_freeze(freeze.id, "保障提前结束", cast.actor("administrator"), NOW)
    assert queries.freeze_over(room, START, END) is None
    assert queries.coming_freezes(room, NOW) == []
    with pytest.raises(Conflict), transaction():
        services.lift_freeze(freeze.id, "again", cast.actor("supervisor"), NOW)


def test_what_is_refused(cast: Cast) -> None:
    for start, end, code in ((END, START, "calendar.ends_before"), (NOW - 2 * DAY, NOW, "calendar.over_already")):
        with pytest.raises(Refused) as refused, transaction():
            frozen(cast, starts_at=start, ends_at=end)
        assert refused.value.refusal.code == code
    with pytest.raises(Forbidden), transaction():
        frozen(cast, by="service")
    with transaction():
        freeze = frozen(cast)
    with pytest.raises(Refused) as refused, transaction():
        services.lift_freeze(freeze.id, "late", cast.actor("supervisor"), END)
    assert refused.value.refusal.code == "calendar.freeze_over"
    with pytest.raises(Forbidden), transaction():
        services.lift_freeze(freeze.id, "no", cast.actor("admin"), NOW)


def test_clients_see_and_hear_of_those_of_their_rooms(cast: Cast) -> None:
    with transaction():
        freeze = frozen(cast)
    told = set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "calendar.freeze_made")))
    assert {"admin@client.example", "stranger@client.example", "service@rackpass.example", "room_staff@rackpass.example"} <= told
    assert not {"solo@client.example", "guard@rackpass.example"} & told
    assert queries.get_freeze(cast.actor("admin"), freeze.id).id == freeze.id
    with pytest.raises(NotFound):
        queries.get_freeze(cast.actor("solo"), freeze.id)
    assert queries.freezes_between(cast.actor("solo"), NOW, END) == []
    assert len(queries.freezes_between(cast.actor("guard"), NOW, END)) == 1


def test_two_who_lift_at_once_lift_once(cast: Cast) -> None:
    with transaction():
        freeze_id = frozen(cast).id
    actors: list[Actor] = [cast.actor("supervisor"), cast.actor("administrator")]

    def lift(number: int) -> str:
        try:
            with isolated(), transaction():
                services.lift_freeze(freeze_id, "done", actors[number], NOW)
        except Conflict:
            return "told"
        return "lifted"

    assert sorted(at_once(2, lift)) == ["lifted", "told"]
    assert {actor.role for actor in actors} == {Role.SUPERVISOR, Role.ADMINISTRATOR}
