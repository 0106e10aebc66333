"""Documents that a guard saw without a network (R-A2): recorded at their own time, or told to the supervisor with who went in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.clients.models import Person
from portal.emergencies import services as emergency_services
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.gate.models import GateEvent, Presence
from portal.gate.offline.models import OfflineMistake
from portal.kernel.db import session, transaction
from tests.cast import NOW, Cast
from tests.conduct import making as violations
from tests.emergencies import making as emergencies
from tests.gate.scanning import inside, pass_of
from tests.gate_offline.phone import book, event, ms

AT = NOW + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
LUO = {"name": "罗成", "kind": "identity_card", "number": "110101199003070652"}


@pytest.fixture
def emergency(cast: Cast) -> Emergency:
    """Approved for B2; 罗工 was named, nobody's document was seen."""
    with transaction():
        return emergencies.approved(cast)


def row_of(emergency: Emergency) -> EmergencyPerson:
    session().expire_all()
    return session().scalars(select(EmergencyPerson).where(EmergencyPerson.emergency_id == emergency.id)).one()


def test_who_was_named_is_identified_and_goes_in_and_out(cast: Cast, emergency: Emergency) -> None:
    held, named = pass_of(emergency), row_of(emergency).id.hex
    assert book(cast, event(cast, "scan", held, who=named, document=LUO)) == ("booked", "")
    row = row_of(emergency)
    assert (row.name, row.document_tail, row.identified_at, row.inside) == ("罗成", "0652", AT, False)
    assert row.identified_by_id == cast.user("guard").id
    assert book(cast, event(cast, "entry", held, who=named, document=LUO, at=ms(AT + MINUTE))) == ("booked", "")
    assert row_of(emergency).inside
    assert book(cast, event(cast, "exit", held, who=named, document=LUO, at=ms(AT + 2 * MINUTE))) == ("booked", "")
    assert session().scalars(select(GateEvent.person_name)).all() == ["罗成"] * 3
    assert session().get_one(Emergency, emergency.id, populate_existing=True).state == "report_due"
    assert session().scalars(select(OfflineMistake.id)).all() == []


def test_somebody_who_was_not_named_is_added(cast: Cast, emergency: Emergency) -> None:
    held = pass_of(emergency)
    assert book(cast, event(cast, "entry", held, document=LUO)) == ("booked", "")
    people = session().scalars(select(EmergencyPerson).where(EmergencyPerson.emergency_id == emergency.id)).all()
    assert [(one.name, one.inside) for one in people if one.document_hash] == [("罗成", True)]
    assert book(cast, event(cast, "exit", held, document=LUO, at=ms(AT + MINUTE))) == ("booked", "")
    assert inside() == []
    assert session().scalars(select(Person.name).where(Person.document_tail == "0652")).all() == ["罗成"]


def test_who_is_barred_was_let_in_and_the_supervisor_is_told(cast: Cast, emergency: Emergency) -> None:
    with transaction():
        violations.decided(cast, violations.BAN)
        wang = {"name": "王珺", "kind": "identity_card", "number": cast.people["wang"].document_number}
    held = pass_of(emergency)
    assert book(cast, event(cast, "entry", held, document=wang)) == ("objection", "emergency.withdrawn")
    mistake = session().scalars(select(OfflineMistake)).one()
    stay = session().scalars(select(Presence)).one()
    assert (stay.person_name, stay.document_hash) == ("王珺", cast.people["wang"].document_hash)
    assert len(inside()) == 1, "on the evacuation list"
    assert session().get_one(GateEvent, mistake.event_id).person_name == "王珺"
    assert book(cast, event(cast, "exit", held, document=wang, at=ms(AT + MINUTE))) == ("booked", "")
    assert inside() == []


def test_a_number_that_is_wrong_is_objected_to_and_leaves_no_person(cast: Cast, emergency: Emergency) -> None:
    wrong = LUO | {"number": "110101199003070653"}
    assert book(cast, event(cast, "entry", pass_of(emergency), document=wrong)) == ("objection", "document.identity_check")
    assert len(inside()) == 1
    assert session().scalars(select(Person.id).where(Person.document_tail == "0653")).all() == []


def test_a_document_seen_on_what_is_over_is_in_the_log_as_a_refusal(cast: Cast, emergency: Emergency) -> None:
    with transaction():
        emergency_services.withdraw(session().get_one(Emergency, emergency.id), "误报", cast.actor("supervisor"), NOW + MINUTE)
    assert book(cast, event(cast, "scan", pass_of(emergency), document=LUO)) == ("booked", "")
    found = session().scalars(select(GateEvent)).one()
    assert (found.kind, found.code, found.person_name) == ("refusal", "emergency.over", "罗成")
    assert inside() == []


def test_the_number_is_nowhere_to_be_read(cast: Cast, emergency: Emergency) -> None:
    book(cast, event(cast, "entry", pass_of(emergency), document=LUO))
    for found in session().scalars(select(GateEvent)):
        assert LUO["number"] not in str(found.facts)
