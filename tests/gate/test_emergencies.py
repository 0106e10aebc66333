"""An emergency at the gate: opened by its pass or from the list, each person's document seen, in and out. R-A2, R-A3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.demo.numbers import identity_number
from portal.emergencies.models import Emergency
from portal.gate import services
from portal.gate.models import GateEvent, Presence
from portal.kernel import crypto, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.passes.models import Pass
from tests.access.reading import Page
from tests.cast import NOW, Cast
from tests.emergencies import making
from tests.gate.scanning import EVERY_POINT, code, enter, inside, leave, log, pass_of
from tests.threads import at_once

As = Callable[[str], FlaskClient]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def emergency(cast: Cast) -> Emergency:
    """Approved for B2, one engineer named."""
    with transaction():
        return making.approved(cast)


def state_of(emergency: Emergency) -> str:
    return session().get_one(Emergency, emergency.id, populate_existing=True).state


def test_nobody_enters_before_their_document_was_seen(cast: Cast, emergency: Emergency) -> None:
    with transaction():
        assert code(services.verify(pass_of(emergency).short_code, cast.actor("guard"), NOW)) == ""
        assert code(enter(cast, emergency)) == "gate.not_identified"
        assert code(enter(cast, emergency, who_id=making.named(emergency).id)) == "emergency.not_identified"
    assert (inside(), state_of(emergency)) == ([], "approved")
    assert [kind for kind, _code in log()] == ["scan", "refusal", "refusal"]


def test_in_and_out_moves_the_emergency_on(cast: Cast, emergency: Emergency) -> None:
    with transaction():
        row = making.identified(cast, emergency)
        assert code(enter(cast, emergency, who_id=row.id, now=NOW + HOUR)) == ""
        assert code(enter(cast, emergency, who_id=row.id, by="guard2", now=NOW + HOUR)) == "gate.already_inside"
    stay = session().scalars(select(Presence)).one()
    assert (stay.emergency_id, stay.kind, stay.person_name, stay.subject_label) == (emergency.id, "emergency", "罗成", emergency.number)
    assert stay.until_at == NOW + 5 * HOUR, "as long as the approval, counted from the entry"
    assert state_of(emergency) == "in_use"
    with transaction():
        assert code(leave(cast, emergency, who_id=row.id, now=NOW + 2 * HOUR)) == ""
    assert (state_of(emergency), inside()) == ("report_due", [])
    assert [(event.kind, event.person_name) for event in session().scalars(select(GateEvent).order_by(GateEvent.id))][-1] == (
        "exit",
        "罗成",
    )


def test_several_on_one_emergency(cast: Cast, emergency: Emergency) -> None:
    """It is over when the last one has left."""
    with transaction():
        one = making.identified(cast, emergency)
        two = making.identified(cast, emergency, identity_number(78), new=True)
        assert [code(enter(cast, emergency, who_id=row.id)) for row in (one, two)] == ["", ""]
        assert code(leave(cast, emergency, who_id=one.id, now=NOW + HOUR)) == ""
        assert state_of(emergency) == "in_use"
        assert code(leave(cast, emergency, who_id=two.id, now=NOW + HOUR)) == ""
    assert state_of(emergency) == "report_due"


def test_after_it_lapsed_nobody_enters_and_who_is_inside_leaves(cast: Cast, emergency: Emergency) -> None:
    late = NOW + 4 * HOUR
    with transaction():
        one, two = making.identified(cast, emergency), making.identified(cast, emergency, identity_number(78), new=True)
        assert code(enter(cast, emergency, who_id=one.id, now=late - timedelta(seconds=1))) == ""
        assert code(enter(cast, emergency, who_id=two.id, now=late)) == "emergency.lapsed"
        assert code(leave(cast, emergency, who_id=one.id, now=late + HOUR)) == ""
    assert inside() == []


def test_out_without_in_leaves_the_emergency_as_it_was(cast: Cast, emergency: Emergency) -> None:
    with transaction():
        row = making.identified(cast, emergency)
        assert code(leave(cast, emergency, who_id=row.id, reason="the door was open")) == ""
    assert (state_of(emergency), log()) == ("approved", [("exit", "gate.out_without_in")])


def test_two_guards_let_the_same_person_in(cast: Cast, emergency: Emergency) -> None:
    with transaction():
        row_id, pass_id = making.identified(cast, emergency).id, pass_of(emergency).id

    def one(number: int) -> str:
        try:
            with transaction():
                found, guard = session().get_one(Pass, pass_id), cast.actor("guard" if number % 2 else "guard2")
                return code(services.enter(found, cast.rooms["B2"].id, EVERY_POINT, crypto.new_token(), guard, NOW, who_id=row_id))
        except Refused as refused:
            return refused.refusal.code

    assert Counter(at_once(6, one)) == {"": 1, "gate.already_inside": 5}


def test_two_guards_let_two_people_out(cast: Cast, emergency: Emergency) -> None:
    """Whoever is the last one: the report is due once."""
    with transaction():
        rows = [making.identified(cast, emergency), making.identified(cast, emergency, identity_number(78), new=True)]
        for row in rows:
            enter(cast, emergency, who_id=row.id)
        row_ids, pass_id = [row.id for row in rows], pass_of(emergency).id

    def one(number: int) -> str:
        with transaction():
            found, guard = session().get_one(Pass, pass_id), cast.actor("guard" if number % 2 else "guard2")
            return code(services.leave(found, crypto.new_token(), guard, NOW + HOUR, who_id=row_ids[number]))

    assert at_once(2, one) == ["", ""]
    assert (inside(), state_of(emergency)) == ([], "report_due")


class TestPages:
    def path(self, emergency: Emergency, step: str = "") -> str:
        return f"/gate/passes/{ids.to_text(pass_of(emergency).id)}{step}"

    def test_from_the_list_to_the_exit(self, as_: As, cast: Cast, emergency: Emergency) -> None:
        guard = as_("guard")
        first = guard.get("/gate/").text
        assert self.path(emergency) in first
        people = guard.get(self.path(emergency))
        assert "罗工" in people.text
        assert Page(people.text).faults == []
        row = making.named(emergency)
        form = {"name": "罗成", "document_kind": "identity_card", "once": crypto.new_token()}
        path = self.path(emergency, f"/identify?person={ids.to_text(row.id)}")
        wrong = guard.post(path, data=form | {"document_number": "110101199003077777"})
        assert wrong.status_code == 422
        done = guard.post(path, data=form | {"document_number": making.NUMBER})
        assert done.location == self.path(emergency, f"/people/{ids.to_text(row.id)}")
        page = guard.get(done.location)
        assert 'data-verdict="ok"' in page.text
        assert making.NUMBER not in page.text
        entry = {"room": ids.to_text(cast.rooms["B2"].id), "who": ids.to_text(row.id), "once": crypto.new_token()}
        assert guard.post(self.path(emergency, "/enter"), data=entry).status_code == 422
        entered = guard.post(self.path(emergency, "/enter"), data=entry | {"point": list(EVERY_POINT)})
        assert self.path(emergency) in guard.get(entered.location).text
        out = {"who": ids.to_text(row.id), "once": crypto.new_token()}
        assert guard.post(self.path(emergency, "/leave"), data=out).status_code == 302
        assert (inside(), state_of(emergency)) == ([], "report_due")

    def test_a_person_of_another_emergency_is_not_there(self, as_: As, cast: Cast, emergency: Emergency) -> None:
        guard = as_("guard")
        with transaction():
            other = making.approved(cast)
            row_id = ids.to_text(making.identified(cast, other).id)
        for step in (f"/people/{row_id}", f"/identify?person={row_id}"):
            assert guard.get(self.path(emergency, step)).status_code == 404
        room = ids.to_text(cast.rooms["B2"].id)
        data = {"who": row_id, "room": room, "point": list(EVERY_POINT), "once": crypto.new_token()}
        assert guard.post(self.path(emergency, "/enter"), data=data).status_code == 404
        assert inside() == []
