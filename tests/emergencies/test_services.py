"""Emergency access (R-A2): asked, decided, entered, left, reported, reviewed, and what stops each step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import AuditEntry
from portal.calendar import services as calendar
from portal.clients import services as clients
from portal.clients.models import Person
from portal.contracts import services as contracts
from portal.demo.numbers import identity_number
from portal.emergencies import queries, reporting, services
from portal.emergencies.lifecycle import EMERGENCY
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.emergencies.services import Expected
from portal.kernel.clock import at_local
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import OutboxMessage
from portal.passes.models import Pass
from tests.calendar.making import frozen
from tests.cast import NOW, Cast
from tests.conduct import making as conduct
from tests.emergencies import making
from tests.emergencies.making import HOUR, MINUTE, NUMBER
from tests.exits.making import servers


def codes(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def told(code: str) -> set[str]:
    return set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code, OutboxMessage.medium == "mail")))


def tags(emergency: Emergency) -> list[str]:
    return list(session().scalars(select(AuditEntry.tag).where(AuditEntry.subject_id == emergency.id).order_by(AuditEntry.id)))


@pytest.mark.parametrize("state", EMERGENCY.states)
def test_every_state_is_reached_and_only_its_own_actions_start_from_it(cast: Cast, state: str) -> None:
    with transaction():
        emergency = making.in_state(cast, state)
    assert emergency.state == state
    supervisor, admin = cast.actor("supervisor"), cast.actor("admin")
    later = NOW + 3 * HOUR
    tries = {
        "approve": lambda: services.approve(emergency, "x", supervisor, later),
        "refuse": lambda: services.refuse(emergency, "x", supervisor, later),
        "cancel": lambda: services.cancel(emergency, "x", admin, later),
        "withdraw": lambda: services.withdraw(emergency, "x", supervisor, later),
        "report": lambda: reporting.report(emergency, making.report(), admin, later),
        "send_back": lambda: reporting.send_back(emergency, "x", supervisor, later),
        "close": lambda: reporting.close(emergency, "", supervisor, later),
    }
    for action, attempt in tries.items():
        if not EMERGENCY.allows(state, action):
            with pytest.raises(Conflict), transaction():
                attempt()
    session().refresh(emergency)
    assert emergency.state == state


def test_the_whole_way_stands_on_the_timeline_with_its_times(cast: Cast) -> None:
    with transaction():
        emergency = making.in_state(cast, "closed")
    assert tags(emergency) == [
        "emergency.ask", "emergency.told", "emergency.approve", "emergency.identified", "emergency.enter", "emergency.leave",
        "emergency.report", "emergency.close",
    ]  # fmt: skip
    told_at = select(AuditEntry.at).where(AuditEntry.subject_id == emergency.id).order_by(AuditEntry.id)
    assert list(session().scalars(told_at)) == [NOW, NOW, NOW, NOW, NOW + MINUTE, NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR]
    assert (emergency.lapses_at, emergency.entered_at, emergency.left_at) == (NOW + 4 * HOUR, NOW + MINUTE, NOW + HOUR)
    assert emergency.report_due_on == date(2026, 11, 24), "Monday's report is due on Tuesday"
    assert told("emergency.asked") == {"supervisor@rackpass.example"}
    assert {"admin@client.example", "colleague@client.example", "guard@rackpass.example"} <= told("emergency.approved")
    assert told("emergency.report_due") == {"admin@client.example", "colleague@client.example"}
    assert told("emergency.reported") == {"supervisor@rackpass.example"}


def test_asked_on_the_phone_caller_number_and_time_are_on_record(cast: Cast) -> None:
    for staff in ("guard", "service"):
        with transaction():
            emergency = making.asked(cast, staff)
        assert (emergency.channel, emergency.caller_name, emergency.called_at) == ("phone", "赵一鸣", NOW - 3 * MINUTE)
        assert emergency.caller_phone == "+86 139 1234 5678"
    assert told("emergency.asked_for_you") == {"admin@client.example", "colleague@client.example"}
    with pytest.raises(Refused) as refused, transaction():
        making.asked(cast, "guard", caller_name="", called_at=NOW + HOUR)
    assert codes(refused) == ["emergency.caller_missing", "emergency.called_later"]
    for stranger in ("sales", "room_staff", "supervisor", "auditor"):
        with pytest.raises(Forbidden), transaction():
            making.asked(cast, stranger)
    with pytest.raises(NotFound), transaction():
        making.asked(cast, "stranger")


def test_what_stops_a_request(cast: Cast) -> None:
    with pytest.raises(Refused) as refused, transaction():
        making.asked(cast, room_id=cast.rooms["A1"].id, reason="  ", people=(Expected("甲", "12"),), serials=("SN-NONE",))
    assert codes(refused) == ["emergency.no_contract", "emergency.reason_missing", "emergency.phone_wrong", "emergency.equipment_unknown"]
    with pytest.raises(Refused) as refused, transaction():
        making.asked(cast, people=tuple(Expected(f"人{n}") for n in range(21)))
    assert codes(refused) == ["emergency.too_many_people"]


def test_no_contract_in_force_no_emergency_neither_asked_nor_approved_nor_entered(cast: Cast) -> None:
    supervisor, contract = cast.actor("supervisor"), cast.contracts["alpha"]
    with transaction():
        waiting, ready = making.asked(cast), making.approved(cast)
        row = making.identified(cast, ready)
        contracts.suspend_contract(contract, "欠费", supervisor, NOW)
    with pytest.raises(Refused) as refused, transaction():
        making.asked(cast)
    assert codes(refused) == ["emergency.no_contract"]
    with pytest.raises(Refused) as refused, transaction():
        services.approve(waiting, "x", supervisor, NOW)
    assert codes(refused) == ["contract.suspended"]
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(ready, row, cast.actor("guard"), NOW)
    assert codes(refused) == ["emergency.contract_stopped"]


def test_an_emergency_is_possible_in_a_freeze(cast: Cast) -> None:
    with transaction():
        frozen(cast, starts_at=NOW - HOUR, ends_at=NOW + 9 * HOUR)
        assert making.entered(cast).state == "in_use"


def test_who_asked_does_not_decide(cast: Cast) -> None:
    """Nobody's role has both permissions; whose role was changed meanwhile is held back by service and database."""
    with transaction():
        emergency = making.asked(cast, "service")
        cast.user("service").role = "supervisor"
    promoted = cast.actor("service")
    for attempt in (services.approve, services.refuse):
        with pytest.raises(Forbidden), transaction():
            attempt(emergency, "x", promoted, NOW)
    with pytest.raises(IntegrityError, match="separate"), transaction():
        emergency.decided_by_id = promoted.user_id
    with transaction():
        services.approve(emergency, "x", cast.actor("supervisor"), NOW)
        cast.user("service").role = "customer_service"


def test_only_supervisors_decide_and_only_the_client_s_side_cancels(cast: Cast) -> None:
    with transaction():
        emergency = making.asked(cast)
    for name in ("admin", "service", "guard", "administrator", "auditor"):
        with pytest.raises(Forbidden), transaction():
            services.approve(emergency, "x", cast.actor(name), NOW)
    with pytest.raises(NotFound), transaction():
        services.cancel(emergency, "x", cast.actor("stranger"), NOW)
    with transaction():
        services.cancel(emergency, "解决了", cast.actor("colleague"), NOW)
    assert "supervisor@rackpass.example" in told("emergency.cancelled")
    assert "guard@rackpass.example" not in told("emergency.cancelled")
    with transaction():
        again = making.approved(cast)
        services.withdraw(again, "误批", cast.actor("supervisor"), NOW)
    assert again.state == "cancelled"
    assert "guard@rackpass.example" in told("emergency.cancelled")


def test_an_approval_lapses_to_the_second_without_an_entry(cast: Cast) -> None:
    with transaction():
        emergency = making.approved(cast)
        row = making.identified(cast, emergency)
    end = NOW + 4 * HOUR
    with transaction():
        assert services.lapse_due(end - timedelta(seconds=1)) == 0
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(emergency, row, cast.actor("guard"), end)
    assert codes(refused) == ["emergency.lapsed"], "the gate does not wait for the worker"
    with transaction():
        assert services.lapse_due(end) == 1
    session().refresh(emergency)
    assert emergency.state == "lapsed"
    assert told("emergency.lapsed") == {"admin@client.example", "colleague@client.example"}
    assert session().scalars(select(Pass).where(Pass.subject_id == emergency.id, Pass.revoked_at.is_(None))).first() is None


def test_the_document_seen_makes_the_person_one_of_the_client_s(cast: Cast) -> None:
    guard = cast.actor("guard")
    with transaction():
        emergency = making.approved(cast)
        row = making.named(emergency)
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(emergency, row, guard, NOW)
    assert codes(refused) == ["emergency.not_identified"]
    with pytest.raises(Refused) as refused, transaction():
        services.identify_at_gate(emergency, row, "", "identity_card", NUMBER[:-1] + "0", guard, NOW)
    assert refused.value.refusal.field == "document_number"
    with pytest.raises(Forbidden), transaction():
        services.identify_at_gate(emergency, row, "", "identity_card", NUMBER, cast.actor("service"), NOW)
    with transaction():
        row = making.identified(cast, emergency)
    person = session().get_one(Person, row.person_id)
    assert (person.client_id, person.document_number, person.name, person.phone) == (cast.alpha.id, NUMBER, "罗成", row.phone)
    assert (row.identified_by_id, row.identified_at, row.document_tail) == (guard.user_id, NOW, NUMBER[-4:])
    with pytest.raises(Refused) as refused, transaction():
        making.identified(cast, emergency, new=True)
    assert codes(refused) == ["emergency.seen_already"]
    with pytest.raises(Refused) as refused, transaction():
        services.identify_at_gate(emergency, row, "x", "identity_card", identity_number(78), guard, NOW)
    assert codes(refused) == ["emergency.another_document"]
    with transaction():
        wang = services.identify_at_gate(emergency, None, "王珺", "identity_card", identity_number(10), guard, NOW)
    assert wang.person_id == cast.people["wang"].id, "found by the document's hash, not recorded twice"


def test_who_has_left_the_client_does_not_come_in_on_its_emergency(cast: Cast) -> None:
    with transaction():
        clients.mark_left(cast.people["liu"], cast.actor("admin"), NOW)
        emergency = making.approved(cast)
    with pytest.raises(Refused) as refused, transaction():
        services.identify_at_gate(emergency, None, "刘洋", "identity_card", identity_number(11), cast.actor("guard"), NOW)
    assert codes(refused) == ["emergency.person_left"]


def test_the_last_one_out_makes_the_report_due_and_spare_parts_may_be_fetched(cast: Cast) -> None:
    guard = cast.actor("guard")
    with transaction():
        emergency = making.entered(cast)
        first = making.named(emergency)
        second = making.identified(cast, emergency, identity_number(78), new=True)
        services.note_entered(emergency, second, guard, NOW + 2 * MINUTE)
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(emergency, second, guard, NOW + 3 * MINUTE)
    assert codes(refused) == ["emergency.inside_already"]
    with transaction():
        services.note_left(emergency, first, guard, NOW + HOUR)
        assert emergency.state == "in_use"
        services.note_left(emergency, second, guard, NOW + HOUR)
    assert emergency.state == "report_due"
    with pytest.raises(Refused) as refused, transaction():
        services.note_left(emergency, second, guard, NOW + HOUR)
    assert codes(refused) == ["emergency.not_inside"]
    with transaction():
        services.note_entered(emergency, first, guard, NOW + 2 * HOUR)
    assert (emergency.state, emergency.report_due_on) == ("in_use", None)
    with transaction():
        services.note_left(emergency, first, guard, NOW + 5 * HOUR)
    assert emergency.state == "report_due"
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(emergency, first, guard, NOW + 5 * HOUR)
    assert codes(refused) == ["emergency.lapsed"], "the time for entries is over; going out never is"
    assert tags(emergency)[-5:] == [
        "emergency.person_entered", "emergency.person_left", "emergency.leave", "emergency.enter_again", "emergency.leave"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-11-27", "2026-11-30"),  # a Friday
        ("2026-09-30", "2026-10-08"),  # before National Day
        ("2026-10-09", "2026-10-10"),  # before a Saturday that is worked
        ("2026-02-14", "2026-02-24"),  # the last working day, a Saturday, before Spring Festival
        ("2026-12-31", "2027-01-01"),  # 2027 is not published yet
    ],
)
def test_the_report_is_due_on_the_next_working_day(cast: Cast, day: str, due: str) -> None:
    night = at_local(date.fromisoformat(day), 22)
    with transaction():
        cast.contracts["alpha"].starts_on = date(2026, 1, 1)
        cast.contracts["alpha"].ends_on = date(2027, 12, 31)
        emergency = making.left(cast, night)
    assert emergency.report_due_on == date.fromisoformat(due)
    end = at_local(date.fromisoformat(due)) + timedelta(days=1)
    assert queries.overdue_report(cast.alpha.id, end - timedelta(seconds=1)) is None
    overdue = queries.overdue_report(cast.alpha.id, end)
    assert overdue is not None
    assert overdue.id == emergency.id
    assert queries.overdue_report(cast.beta.id, end) is None


def test_a_day_entered_by_hand_moves_the_report(cast: Cast) -> None:
    with transaction():
        calendar.set_day(date(2026, 11, 24), False, "消防演练", cast.actor("administrator"), NOW)
        assert making.left(cast).report_due_on == date(2026, 11, 25)


def test_the_report_names_what_was_done_which_equipment_until_when(cast: Cast) -> None:
    admin = cast.actor("admin")
    with transaction():
        items = servers(cast, 2)
        serials = [item.serial for item in items]
        emergency = making.left(cast, serials=(serials[0],))
    with pytest.raises(Refused) as refused, transaction():
        reporting.report(emergency, making.report(text=" ", serials=("NO-1",), worked_until=NOW + 2 * HOUR), admin, NOW + 3 * HOUR)
    assert codes(refused) == ["emergency.equipment_unknown", "emergency.report_missing", "emergency.until_wrong"]
    for name, error in (("stranger", NotFound), ("guard", Forbidden), ("supervisor", Forbidden)):
        with pytest.raises(error), transaction():
            reporting.report(emergency, making.report(), cast.actor(name), NOW + 3 * HOUR)
    with transaction():
        reporting.report(emergency, making.report(serials=(serials[1].lower(),)), cast.actor("service"), NOW + 3 * HOUR)
    links = {link.equipment_id: (link.in_request, link.in_report) for link in queries.equipment_links(emergency.id)}
    assert links == {items[0].id: (True, False), items[1].id: (False, True)}
    with transaction():
        reporting.send_back(emergency, "写明更换的部件序列号", cast.actor("supervisor"), NOW + 4 * HOUR)
    assert (emergency.state, emergency.report_due_on, emergency.review_note) == ("report_due", date(2026, 11, 24), "写明更换的部件序列号")
    assert "admin@client.example" in told("emergency.sent_back")
    with transaction():
        reporting.report(emergency, making.report(serials=tuple(serials)), admin, NOW + 5 * HOUR)
        reporting.close(emergency, "", cast.actor("supervisor"), NOW + 6 * HOUR)
    links = {link.equipment_id: (link.in_request, link.in_report) for link in queries.equipment_links(emergency.id)}
    assert links == {items[0].id: (True, True), items[1].id: (False, True)}
    assert emergency.state == "closed"


def test_an_overdue_report_is_chased_once_a_day(cast: Cast) -> None:
    with transaction():
        making.left(cast)
    wednesday = at_local(date(2026, 11, 25), 9)
    for now, count in (
        (at_local(date(2026, 11, 24), 23, 59), 0),
        (wednesday, 1),
        (wednesday + HOUR, 0),
        (wednesday + timedelta(days=1), 1),
    ):
        with transaction():
            assert reporting.chase_reports(now) == count
    assert told("emergency.report_overdue") == {
        "admin@client.example", "colleague@client.example", "service@rackpass.example", "service2@rackpass.example"
    }  # fmt: skip


def test_a_person_of_whom_it_is_decided_does_not_go_in_on_any_emergency(cast: Cast) -> None:
    guard, supervisor = cast.actor("guard"), cast.actor("supervisor")
    with transaction():
        first, second = making.approved(cast), making.entered(cast)
        row = making.identified(cast, first)
    with transaction():
        assert services.withdraw_person(row.document_hash or "", supervisor, NOW, "violation.ban") == 2
        assert services.withdraw_person(row.document_hash or "", supervisor, NOW, "violation.ban") == 0
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(first, row, guard, NOW + MINUTE)
    assert codes(refused) == ["emergency.withdrawn"]
    with transaction():
        services.note_left(second, making.named(second), guard, NOW + HOUR)
    rows = session().scalars(select(EmergencyPerson).where(EmergencyPerson.document_hash == row.document_hash))
    assert {found.withdrawn_for for found in rows} == {"violation.ban"}


def test_who_is_barred_for_whichever_client_does_not_come_in(cast: Cast) -> None:
    """R-S7: a ban that was decided while 王珺 came for another client, and one that was decided after the document was seen."""
    guard = cast.actor("guard")
    with transaction():
        emergency, other = making.approved(cast), making.approved(cast)
        row = services.identify_at_gate(emergency, None, "王珺", "identity_card", identity_number(10), guard, NOW)
        conduct.decided(cast, conduct.BAN, "wang")
    with pytest.raises(Refused) as refused, transaction():
        services.note_entered(emergency, row, guard, NOW)
    assert codes(refused) == ["emergency.withdrawn"]
    with pytest.raises(Refused) as refused, transaction():
        services.identify_at_gate(other, None, "王珺", "identity_card", identity_number(10), guard, NOW)
    assert codes(refused) == ["emergency.withdrawn"]
