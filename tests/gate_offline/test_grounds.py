"""Visits and emergencies that a phone let in: booked on what they stand on, with the escort and the person who was chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import select

from portal.emergencies import services as emergency_services
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.gate.models import GateEvent, Presence
from portal.gate.offline.models import OfflineMistake
from portal.gate.offline.wording import objection_text
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.passes.models import Pass
from portal.visits import services as visit_services
from portal.visits.models import Visit
from tests.cast import NOW, Cast
from tests.emergencies import making as emergencies
from tests.exits import making as exits
from tests.gate.scanning import enter as enter_online
from tests.gate.scanning import inside, leave, pass_of
from tests.gate_offline.phone import LATER, book, event, ms
from tests.visits import making as visits

AT = NOW + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def visit(cast: Cast) -> Visit:
    """王珺, escorted, from now on for some hours."""
    with transaction():
        made = visits.requested(cast, starts_at=NOW, ends_at=NOW + timedelta(hours=4))
        visit_services.approve(made, visits.approval(made, escorted=True), cast.actor("service"), NOW)
        return made


@pytest.fixture
def emergency(cast: Cast) -> Emergency:
    """Approved for B2; one was named and has been identified."""
    with transaction():
        made = emergencies.approved(cast)
        emergencies.identified(cast, made)
        return made


def held_of(visit: Visit) -> Pass:
    with transaction():
        return pass_of(visits.people(visit)[0])


def who(emergency: Emergency) -> str:
    with transaction():
        return emergencies.named(emergency).id.hex


def stay() -> Presence:
    return session().scalars(select(Presence)).one()


def state_of(emergency: Emergency) -> tuple[str, bool]:
    row = session().scalars(select(EmergencyPerson).where(EmergencyPerson.emergency_id == emergency.id)).one()
    return session().get_one(Emergency, emergency.id, populate_existing=True).state, row.inside


def test_a_visitor_goes_in_with_the_escort_that_the_phone_named(cast: Cast, visit: Visit) -> None:
    sent = event(cast, "entry", held_of(visit), escort=cast.user("room_staff").id.hex)
    assert book(cast, sent) == ("booked", "")
    assert (stay().escort_id, stay().until_at, stay().created_at) == (cast.user("room_staff").id, visit.ends_at, AT)


def test_without_an_escort_it_is_a_mistake_and_the_visitor_is_inside(cast: Cast, visit: Visit) -> None:
    assert book(cast, event(cast, "entry", held_of(visit))) == ("objection", "gate.choose_escort")
    assert len(inside()) == 1
    assert stay().until_at == visit.ends_at


def test_a_visit_that_was_cancelled_meanwhile(cast: Cast, visit: Visit) -> None:
    held = held_of(visit)
    with transaction():
        visit_services.cancel(session().get_one(Visit, visit.id), "改期", cast.actor("admin"), NOW + 2 * MINUTE)
    assert book(cast, event(cast, "entry", held, escort=cast.user("room_staff").id.hex)) == ("objection", "gate.visit_cancelled")
    assert len(inside()) == 1


def test_one_of_an_emergencys_people_goes_in_and_out(cast: Cast, emergency: Emergency) -> None:
    held = pass_of(emergency)
    assert book(cast, event(cast, "entry", held, who=who(emergency))) == ("booked", "")
    assert state_of(emergency) == ("in_use", True)
    assert (stay().emergency_id, stay().person_name) == (emergency.id, "罗成")
    assert book(cast, event(cast, "exit", held, who=who(emergency), at=ms(AT + MINUTE))) == ("booked", "")
    assert state_of(emergency) == ("report_due", False)


def test_who_left_without_their_things_has_left_the_emergency_too(cast: Cast, emergency: Emergency) -> None:
    held = pass_of(emergency)
    assert book(cast, event(cast, "entry", held, who=who(emergency), kept=["camera"])) == ("booked", "")
    left = event(cast, "exit", held, who=who(emergency), at=ms(AT + MINUTE))
    assert book(cast, left) == ("objection", "gate.kept_not_back")
    assert stay().left_at == AT + MINUTE
    assert state_of(emergency) == ("report_due", False)


def test_what_the_guard_forgot_still_counts_as_an_entry_on_the_emergency(cast: Cast, emergency: Emergency) -> None:
    sent = event(cast, "entry", pass_of(emergency), who=who(emergency), points=[])
    assert book(cast, sent) == ("objection", "gate.checklist")
    assert state_of(emergency) == ("in_use", True)


def test_in_on_an_approval_that_was_withdrawn_meanwhile_and_out_again(cast: Cast, emergency: Emergency) -> None:
    held, row = pass_of(emergency), who(emergency)
    with transaction():
        emergency_services.withdraw(session().get_one(Emergency, emergency.id), "误报", cast.actor("supervisor"), NOW + 2 * MINUTE)
    assert book(cast, event(cast, "entry", held, who=row)) == ("objection", "emergency.over")
    assert len(inside()) == 1, "the person is inside, and on the evacuation list"
    assert state_of(emergency) == ("cancelled", False)
    with current_app.test_request_context(), transaction():
        happened = session().scalars(select(GateEvent).join(OfflineMistake, OfflineMistake.event_id == GateEvent.id)).one()
        assert emergency.number in objection_text(happened)
        left = leave(cast, emergency, who_id=emergencies.named(emergency).id, now=LATER)
    assert left.refusal is None
    assert inside() == []


def test_nobody_chosen_or_somebody_elses_person(cast: Cast, emergency: Emergency) -> None:
    held = pass_of(emergency)
    assert book(cast, event(cast, "entry", held)) == ("objection", "gate.not_identified")
    assert book(cast, event(cast, "entry", held, who=ids.new().hex)) == ("objection", "gate.unknown")
    with transaction():
        other = emergencies.approved(cast)
    assert book(cast, event(cast, "entry", held, who=who(other))) == ("objection", "gate.unknown")
    assert inside() == []


def test_not_identified_is_never_inside(cast: Cast) -> None:
    with transaction():
        emergency = emergencies.approved(cast)
    assert book(cast, event(cast, "entry", pass_of(emergency), who=who(emergency))) == ("objection", "emergency.not_identified")
    assert inside() == []


def test_in_already_on_a_visit(cast: Cast, visit: Visit) -> None:
    with transaction():
        enter_online(cast, visits.people(visit)[0], now=NOW + 2 * MINUTE, escort_id=cast.user("room_staff").id)
    sent = event(cast, "entry", held_of(visit), escort=cast.user("room_staff").id.hex)
    assert book(cast, sent) == ("objection", "gate.already_inside")
    assert len(inside()) == 1


def test_a_serial_number_that_is_not_on_the_slip_is_in_the_log(cast: Cast) -> None:
    with transaction():
        held = exits.pass_of(exits.issued(cast, exits.servers(cast, 1)))
    assert book(cast, event(cast, "refusal", held, code="gate.not_on_slip", serial="SN-9999")) == ("booked", "")
    found = session().scalars(select(GateEvent)).one()
    assert (found.kind, found.code, found.facts["serial"]) == ("refusal", "gate.not_on_slip", "SN-9999")
    assert found.facts["said"] == {"serial": "SN-9999"}


def test_a_refusal_on_an_emergency_keeps_its_code(cast: Cast, emergency: Emergency) -> None:
    assert book(cast, event(cast, "refusal", pass_of(emergency), code="emergency.lapsed")) == ("booked", "")
    assert session().scalars(select(GateEvent.code)).one() == "emergency.lapsed"
