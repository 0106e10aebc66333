"""Visits from request to end: who may do what, what stops it, what becomes of the passes (R-A1, R-S4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.clients import services as clients
from portal.clients.models import Person
from portal.clients.services import document_hash
from portal.contracts import services as contracts
from portal.demo.numbers import identity_number
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import OutboxMessage
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from portal.visits import queries, services, settings
from portal.visits.lifecycle import VISIT
from portal.visits.models import Visit, Visitor
from portal.visits.services import LaterEnd
from tests.calendar.making import frozen
from tests.cast import NOW, Cast
from tests.conduct import making as conduct
from tests.emergencies import making as emergencies
from tests.visits import making
from tests.visits.making import END, START


def refused(work: Callable[[], object]) -> list[str]:
    """The codes of the refusals with which the work ends, in a transaction of its own."""
    with pytest.raises(Refused) as error, transaction():
        work()
    return [refusal.code for refusal in error.value.refusals]


def tags(visit: Visit) -> list[str]:
    return list(session().scalars(select(AuditEntry.tag).where(AuditEntry.subject_id == visit.id).order_by(AuditEntry.id)))


def states(visit: Visit) -> list[str]:
    return [visitor.state for visitor in making.people(visit)]


def told(code: str) -> list[str]:
    return sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def test_each_approved_person_gets_a_pass_for_the_window(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast, "wang", "liu")
    assert (visit.state, states(visit), visit.escorted) == ("approved", ["approved", "approved"], False)
    passes = [live_pass(visitor.id) for visitor in making.people(visit)]
    assert [(found.kind, found.valid_until) for found in passes if found] == [("visit", END), ("visit", END)]
    assert tags(visit) == ["visit.request", "visit.approve"]
    assert told("visit.requested") == ["service2@rackpass.example", "service@rackpass.example"]
    assert told("visit.approved") == ["admin@client.example", "colleague@client.example"]


def test_a_part_of_the_people_can_be_approved(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast, "wang", "liu", "zhang")
        services.approve(visit, making.approval(visit, "刘洋"), cast.actor("service"), NOW)
    assert states(visit) == ["approved", "refused", "approved"]
    assert live_pass(making.people(visit)[1].id) is None
    with transaction():
        nobody = making.requested(cast, starts_at=START + timedelta(days=1), ends_at=END + timedelta(days=1))
    assert refused(lambda: services.approve(nobody, making.approval(nobody, "王珺"), cast.actor("service"), NOW)) == [
        "visit.nobody_approved"
    ]


def test_who_asks_may_not_approve(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast, by="service")
        with pytest.raises(Forbidden):
            services.approve(visit, making.approval(visit), cast.actor("service"), NOW)
        with pytest.raises(Forbidden):
            services.refuse(visit, "x", cast.actor("service"), NOW)
        with pytest.raises(Forbidden):
            services.approve(visit, making.approval(visit), cast.actor("admin"), NOW)
        services.approve(visit, making.approval(visit), cast.actor("service2"), NOW)
    assert visit.state == "approved"


def test_another_client_s_person_visit_or_room_is_not_there(cast: Cast) -> None:
    with transaction():
        theirs = making.requested(cast, "li", by="stranger")
    with pytest.raises(NotFound), transaction():
        making.requested(cast, people=(services.Named(cast.people["li"].id),))
    with pytest.raises(NotFound), transaction():
        making.requested(cast, repeats_id=theirs.id)
    with pytest.raises(NotFound), transaction():
        making.requested(cast, client_id=cast.beta.id)
    with pytest.raises(NotFound):
        queries.get_visit(cast.actor("admin"), theirs.id)


def test_what_a_request_lacks(cast: Cast) -> None:
    lacking: list[tuple[dict[str, Any], str]] = [
        ({"letter_id": None}, "visit.letter_missing"),
        ({"reason": ""}, "visit.reason_missing"),
        ({"people": ()}, "visit.nobody"),
        ({"ends_at": START + timedelta(days=14, minutes=15)}, "visit.too_long"),
        ({"starts_at": NOW - timedelta(hours=1)}, "visit.in_the_past"),
        ({"starts_at": START + timedelta(minutes=1)}, "visit.off_slot"),
        ({"vehicles": ("没有号码",)}, "visit.bad_plate"),
    ]
    for changes, code in lacking:
        assert refused(lambda changes=changes: making.requested(cast, **changes)) == [code]
    everything = {name: value for changes, _code in lacking[:4] for name, value in changes.items()}
    assert refused(lambda: making.requested(cast, **everything)) == [
        "visit.too_long", "visit.nobody", "visit.letter_missing", "visit.reason_missing"
    ]  # fmt: skip


def test_fifty_people_and_not_one_more(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast, people=tuple(making.new(100 + number) for number in range(50)))
    assert len(making.people(visit)) == 50
    assert refused(lambda: making.requested(cast, people=tuple(making.new(100 + number) for number in range(51)))) == [
        "visit.too_many_people"
    ]
    assert session().scalar(select(func.count()).select_from(Person).where(Person.client_id == cast.alpha.id)) == 53, (
        "the refused one left nobody"
    )


def test_an_individual_needs_no_letter(cast: Cast) -> None:
    with transaction():
        assert making.requested(cast, "chen", by="solo").letter_id is None


def test_new_people_become_the_client_s_and_known_ones_are_found_by_their_document(cast: Cast) -> None:
    wang = cast.people["wang"]
    with transaction():
        someone = making.new(77, "吴桐", employer="蓝图工程", email="wu@work.example", phone="13800138000")
        licence = making.new(10, "王珺", document_kind="driving_licence")
        visit = making.requested(cast, people=(someone, licence))
    new, known = making.people(visit)
    assert (new.person.client_id, new.person.employer, new.email) == (cast.alpha.id, "蓝图工程", "wu@work.example")
    assert new.person.document_hash == document_hash("identity_card", identity_number(77))
    assert known.person_id == wang.id
    assert refused(lambda: making.requested(cast, people=(services.Named(wang.id), licence))) == ["visit.person_twice"]


def test_who_has_left_cannot_be_named_nor_approved(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast)
        clients.mark_left(session().get_one(Person, cast.people["wang"].id), cast.actor("admin"), NOW)
    assert refused(lambda: making.requested(cast)) == ["visit.person_left"]
    assert refused(lambda: services.approve(visit, making.approval(visit), cast.actor("service"), NOW)) == ["visit.person_left"]


def test_no_contract_in_force_for_that_room_no_visit(cast: Cast) -> None:
    assert refused(lambda: making.requested(cast, room_id=cast.rooms["A1"].id)) == ["visit.no_contract"]
    with transaction():
        visit = making.requested(cast)
        contracts.suspend_contract(cast.contracts["alpha"], "arrears", cast.actor("supervisor"), NOW)
    assert refused(lambda: making.requested(cast)) == ["visit.no_contract"]
    assert refused(lambda: services.approve(visit, making.approval(visit), cast.actor("service"), NOW)) == ["visit.no_contract"]


def test_who_is_barred_is_taken_off_and_cannot_be_named(cast: Cast) -> None:
    """R-S7: what approves looks once more, also where the ban came between (a visit of another client names the same person)."""
    with transaction():
        visit = making.approved(cast, "wang", "liu")
        conduct.decided(cast)
    assert states(visit) == ["withdrawn", "approved"]
    assert refused(lambda: making.requested(cast)) == ["conduct.barred"]
    assert refused(lambda: making.requested(cast, "li", by="stranger", people=(making.new(10, "王珺"),))) == ["conduct.barred"]


def test_an_overdue_report_of_an_emergency_stops_the_next_request(cast: Cast) -> None:
    """R-A2: of that client, and of no other."""
    with transaction():
        emergencies.left(cast, NOW - timedelta(days=5))
    assert refused(lambda: making.requested(cast)) == ["emergency.report_overdue"]
    with transaction():
        making.requested(cast, "li", by="stranger")


def test_nothing_planned_goes_into_a_freeze(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast)
        frozen(cast, starts_at=START + timedelta(hours=2), ends_at=START + timedelta(hours=3))
    assert refused(lambda: making.requested(cast)) == ["calendar.frozen"]
    assert refused(lambda: services.approve(visit, making.approval(visit), cast.actor("service"), NOW)) == ["calendar.frozen"]
    with transaction():
        making.requested(cast, starts_at=START + timedelta(hours=3))


def test_the_site_s_hours_hold_unless_an_exception_is_asked_for(cast: Cast) -> None:
    hours = settings.HoursFacts(9 * 60, 17 * 60, "12345", True, 30)
    with transaction():
        settings.set_hours(queries.sites_with_hours()[0][0], hours, cast.actor("supervisor"), NOW)
    assert refused(lambda: making.requested(cast)) == ["visit.outside_hours"]
    with transaction():
        making.rule(cast)
        visit = making.requested(cast, exception="割接只能在夜间")
    assert visit.state == "under_review", "an exception is for people to grant"
    assert refused(lambda: making.requested(cast, exception="x", ends_at=END + timedelta(minutes=7))) == ["visit.off_slot"]


def test_a_room_that_escorts_always_does(cast: Cast) -> None:
    with transaction():
        session().get_one(type(cast.rooms["B2"]), cast.rooms["B2"].id).escorted = True
        visit = making.requested(cast)
    assert refused(lambda: services.approve(visit, making.approval(visit), cast.actor("service"), NOW)) == ["visit.room_escorts"]
    with transaction():
        services.approve(visit, making.approval(visit, escorted=True), cast.actor("service"), NOW)
    assert visit.escorted


def test_a_correction_changes_the_people_and_a_person_looks_again(cast: Cast) -> None:
    with transaction():
        making.rule(cast, people=1)
        visit = making.requested(cast, "wang", "liu")
        services.ask_correction(visit, "刘洋不必来", cast.actor("service"), NOW)
        services.resend(visit, making.asked(cast, "wang", "zhang", by="colleague"), cast.actor("colleague"), NOW)
    assert [(v.person.name, v.state) for v in making.people(visit)] == [("王珺", "expected"), ("刘洋", "withdrawn"), ("张䶮", "expected")]
    with transaction():
        services.ask_correction(visit, "还是刘洋", cast.actor("service"), NOW)
        services.resend(visit, making.asked(cast, "liu"), cast.actor("admin"), NOW)
    assert [(v.person.name, v.state) for v in making.people(visit)] == [("王珺", "withdrawn"), ("刘洋", "expected"), ("张䶮", "withdrawn")]
    assert visit.state == "under_review", "the rule does not answer what a person asked"
    with transaction():
        services.approve(visit, making.approval(visit), cast.actor("service"), NOW)
    assert states(visit) == ["withdrawn", "approved", "withdrawn"]


def test_what_can_be_done_in_each_state(cast: Cast) -> None:
    """The lifecycle's table holds in the services: an action from any other state is a conflict, and nothing changes."""
    service, admin = cast.actor("service"), cast.actor("admin")
    work: dict[str, Callable[[Visit], object]] = {
        "ask_correction": lambda v: services.ask_correction(v, "x", service, NOW),
        "resend": lambda v: services.resend(v, making.asked(cast), admin, NOW),
        "refuse": lambda v: services.refuse(v, "x", service, NOW),
        "approve": lambda v: services.approve(v, making.approval(v), service, NOW),
        "shorten": lambda v: services.shorten(v, END - timedelta(hours=1), admin, NOW),
        "cancel": lambda v: services.cancel(v, "x", admin, NOW),
    }
    with transaction():
        visits = {
            state: making.in_state(cast, state).id for state in sorted(VISIT.states, key="over".__ne__)
        }  # what is due ends all of them
    for state, visit_id in visits.items():
        for action, step in work.items():
            if VISIT.allows(state, action):
                continue
            with pytest.raises(Conflict), transaction():
                step(session().get_one(Visit, visit_id))
        assert session().get_one(Visit, visit_id).state == state


def test_cancelling_kills_every_pass_at_once(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast, people=(making.new(60, email="a@work.example"), making.new(61)))
        making.longer(cast, visit)
        services.cancel(visit, "改期", cast.actor("colleague"), NOW)
    assert (visit.state, states(visit)) == ("cancelled", ["withdrawn", "withdrawn"])
    assert not session().scalars(select(Pass).where(Pass.revoked_at.is_(None))).all()
    assert [extension.state for extension in queries.extensions_of(visit)] == ["withdrawn"]
    assert told("visit.pass_dead") == ["a@work.example"]


def test_shortening_replaces_the_passes(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast)
        old = live_pass(making.people(visit)[0].id)
    noon = START + timedelta(hours=3)
    assert refused(lambda: services.shorten(visit, END, cast.actor("admin"), NOW)) == ["visit.not_shorter"]
    assert refused(lambda: services.shorten(visit, START, cast.actor("admin"), NOW)) == ["visit.ends_before_start"]
    assert refused(lambda: services.shorten(visit, noon, cast.actor("admin"), noon)) == ["visit.end_in_the_past"]
    with transaction():
        services.shorten(visit, noon, cast.actor("admin"), NOW)
    new = live_pass(making.people(visit)[0].id)
    assert old is not None
    assert new is not None
    assert (new.id != old.id, new.valid_until, visit.revision) == (True, noon, 1)
    assert session().get_one(Pass, old.id).revoked_for == "reissued"


def test_more_time_leaves_everything_as_it_is_until_it_is_approved(cast: Cast) -> None:
    later = END + timedelta(hours=2)
    with transaction():
        visit = making.approved(cast)
        old = live_pass(making.people(visit)[0].id)
        extension = making.longer(cast, visit)
    assert (visit.ends_at, live_pass(making.people(visit)[0].id)) == (END, old)
    assert refused(lambda: making.longer(cast, session().get_one(Visit, visit.id))) == ["visit.extension_open"]
    with pytest.raises(Forbidden), transaction():
        services.approve_more_time(extension, cast.actor("admin"), NOW)
    with transaction():
        services.approve_more_time(extension, cast.actor("service"), NOW)
    new = live_pass(making.people(visit)[0].id)
    assert new is not None
    assert (session().get_one(Visit, visit.id).ends_at, new.valid_until, new != old) == (later, later, True)
    with pytest.raises(Conflict), transaction():
        services.refuse_more_time(extension, "x", cast.actor("service2"), NOW)


def test_more_time_that_is_refused_or_too_much(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast)
        extension = making.longer(cast, visit)
        services.refuse_more_time(extension, "晚间无人陪同", cast.actor("service"), NOW)
        again = making.longer(cast, visit)
        services.withdraw_more_time(again, cast.actor("admin"), NOW)
    assert [e.number for e in queries.extensions_of(visit)] == [f"{visit.number}-E2", f"{visit.number}-E1"]
    assert visit.ends_at == END
    for ends_at, code in ((END, "visit.not_later"), (START + timedelta(days=14, minutes=15), "visit.too_long")):
        command = LaterEnd(ends_at, "x")
        assert code in refused(lambda command=command: services.ask_for_more_time(visit, command, cast.actor("admin"), NOW))


def test_who_asked_for_more_time_may_not_grant_it(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast)
        extension = making.longer(cast, visit, asker="service")
        with pytest.raises(Forbidden):
            services.approve_more_time(extension, cast.actor("service"), NOW)
        services.approve_more_time(extension, cast.actor("service2"), NOW)


def test_a_barred_person_is_taken_off_every_live_visit_of_any_client(cast: Cast) -> None:
    """The supervisor decides, who otherwise changes no visit; the last one on a visit ends it."""
    number = identity_number(90)
    with transaction():
        both = making.approved(cast, people=(services.Named(cast.people["wang"].id), making.new(90, "高原")))
        alone = making.requested(cast, people=(making.new(90, "高原"),))
        theirs = making.asked(cast, "li", by="stranger", people=(making.new(90, "高原"), services.Named(cast.people["li"].id)))
        other = services.request(theirs, cast.actor("stranger"), NOW)
        done = services.withdraw_person(document_hash("identity_card", number), cast.actor("supervisor"), NOW, because_of="violation.ban")
    assert done == 3
    assert (states(both), states(alone), states(other)) == (["approved", "withdrawn"], ["withdrawn"], ["withdrawn", "expected"])
    assert [session().get_one(Visit, v.id).state for v in (both, alone, other)] == ["approved", "cancelled", "under_review"]
    assert live_pass(making.people(both)[1].id) is None
    assert live_pass(making.people(both)[0].id) is not None
    with pytest.raises(Forbidden), transaction():
        services.withdraw(making.people(both)[0], "x", cast.actor("guard"), NOW)


def test_taking_the_last_person_off_cancels_the_visit(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast, "wang", "liu")
        services.withdraw(making.people(visit)[0], "生病", cast.actor("colleague"), NOW)
    assert (visit.state, states(visit)) == ("approved", ["withdrawn", "approved"])
    with transaction():
        services.withdraw(making.people(visit)[1], "不来", cast.actor("colleague"), NOW)
    assert session().get_one(Visit, visit.id).state == "cancelled"


def test_what_is_over_ends_to_the_minute(cast: Cast) -> None:
    with transaction():
        visit, waiting = making.approved(cast), making.requested(cast, "liu")
        making.longer(cast, visit)
        assert services.over_due(END - timedelta(seconds=1)) == 0
        assert services.over_due(END) == 2
        assert services.over_due(END) == 0
    assert (session().get_one(Visit, visit.id).state, session().get_one(Visit, waiting.id).state) == ("over", "cancelled")
    assert (states(visit), states(waiting)) == (["over"], ["over"])
    assert tags(waiting) == ["visit.request", "visit.lapse"]


def test_nobody_approves_what_is_over(cast: Cast) -> None:
    with transaction():
        visit = making.requested(cast)
    assert refused(lambda: services.approve(visit, making.approval(visit), cast.actor("service"), END)) == ["visit.window_over"]


def test_inside_the_quota_the_portal_approves_and_says_so(cast: Cast) -> None:
    with transaction():
        making.rule(cast, people=2, hours=9, visits=2)
        first, second = making.requested(cast, "wang", "liu"), making.requested(cast)
        third, many = making.requested(cast), making.requested(cast, "wang", "liu", "zhang")
        long = making.requested(cast, starts_at=START + timedelta(days=7), ends_at=END + timedelta(days=7, minutes=15))
        next_week = making.requested(cast, starts_at=START + timedelta(days=7), ends_at=END + timedelta(days=7))
    found = {name: (v.state, v.by_rule) for name, v in (("first", first), ("second", second), ("next week", next_week))}
    assert set(found.values()) == {("approved", True)}, found
    assert {v.state for v in (third, many, long)} == {"under_review"}
    assert tags(first) == ["visit.request", "visit.approve_by_rule"]
    reasons = [
        session().scalars(select(AuditEntry.after).where(AuditEntry.subject_id == v.id)).one()["by_hand"] for v in (third, many, long)
    ]
    assert reasons == ["week", "people", "hours"]
    assert live_pass(making.people(first)[0].id) is not None


def test_a_cancelled_visit_does_not_give_its_place_of_the_quota_back(cast: Cast) -> None:
    with transaction():
        making.rule(cast, visits=1)
        services.cancel(making.requested(cast), "改期", cast.actor("admin"), NOW)
        assert making.requested(cast).state == "under_review"


def test_the_rule_can_be_off_and_is_set_by_those_who_may(cast: Cast) -> None:
    facts = settings.RuleFacts(False, 3, 12, 2)
    with transaction():
        settings.set_rule(cast.alpha, facts, cast.actor("supervisor"), NOW)
        assert making.requested(cast).state == "under_review"
        settings.set_rule(cast.alpha, replace(facts, active=True), cast.actor("administrator"), NOW)
        assert making.requested(cast).state == "approved"
        with pytest.raises(Forbidden):
            settings.set_rule(cast.alpha, facts, cast.actor("admin"), NOW)
    entries = session().scalars(select(AuditEntry).where(AuditEntry.tag == "visit.rule_changed").order_by(AuditEntry.id)).all()
    assert [entry.after for entry in entries] == [
        {"active": False, "people_most": 3, "hours_most": 12, "visits_a_week": 2},
        {"active": True},
    ]


def test_what_the_gate_asks(cast: Cast) -> None:
    with transaction():
        visit = making.approved(cast, "wang", "liu")
        making.requested(cast, "zhang")
        services.withdraw(making.people(visit)[1], "生病", cast.actor("admin"), NOW)
    rooms = [cast.rooms["B2"].id]
    assert [v.person.name for v in queries.expected(START - timedelta(hours=1), START + timedelta(minutes=1), rooms)] == ["王珺"]
    assert queries.expected(END, END + timedelta(days=1)) == []
    assert queries.expected(NOW, START) == []
    assert queries.expected(NOW, END, [cast.rooms["A1"].id]) == []
    with transaction():
        found: Visitor = queries.visitor_for_gate(making.people(visit)[0].id)
        assert (found.person.name, found.visit.client.id, found.visit.room.code, found.visit.room.site.code) == (
            "王珺",
            cast.alpha.id,
            "B2",
            "YZ",
        )
        with pytest.raises(NotFound):
            queries.visitor_for_gate(visit.id)
