"""A violation from its record to its end, and what a ban does at once (R-S7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.badges import services as badge_services
from portal.badges.models import Badge
from portal.clients import services as client_services
from portal.clients.services import PersonChange
from portal.conduct import queries, services
from portal.conduct.models import EntryBan
from portal.conduct.rules import Outcome
from portal.conduct.services import NewAppeal, Verdict
from portal.contracts import services as contracts
from portal.demo.numbers import identity_number
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.gate.models import GateEvent
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import Notice, OutboxMessage
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.conduct import making
from tests.conduct.making import BAN, WARNING, WEEK
from tests.emergencies import making as emergencies
from tests.papers import staged
from tests.visits import making as visits

POINTS = [key for key, _label in gate_rules.CHECKLIST_POINTS]
END = clock.at_local((NOW + timedelta(days=8)).date())  # the week's seventh day is over


def code_of(work: object) -> str:
    with pytest.raises(Refused) as refused, transaction():
        work()  # type: ignore[operator]
    return refused.value.refusal.code


def state_of(badge: Badge) -> str:
    return session().scalars(select(Badge.state).where(Badge.id == badge.id)).one()


def sent(code: str) -> set[str]:
    return set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def held_by(badge: Badge) -> Pass:
    found = live_pass(badge.id)
    assert found is not None
    return found


def test_record_tells_the_supervisor_alone(cast: Cast) -> None:
    with transaction():
        violation = making.recorded(cast, evidence=(staged("evidence", cast.actor("guard"), NOW),))
    assert violation.number == "VL-2611-0001"
    assert violation.document_hash == cast.people["wang"].document_hash
    assert sent("violation.recorded") == {"supervisor@rackpass.example"}
    assert len(queries.file_ids(violation, "evidence")) == 1
    with pytest.raises(NotFound):
        queries.get_violation(cast.actor("admin"), violation.id)  # a mere accusation is not the client's to read
    assert queries.get_violation(cast.actor("guard"), violation.id)
    with pytest.raises(NotFound):
        queries.get_violation(cast.actor("guard2"), violation.id)  # who may not read sees what they recorded


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"happened_at": NOW + timedelta(seconds=1)}, "conduct.in_future"),
        ({"room_id": None}, "conduct.no_place"),
        ({"description": "  "}, "conduct.no_description"),
        ({"person_id": None, "person_name": " "}, "conduct.no_name"),
    ],
)
def test_what_a_record_lacks(cast: Cast, changes: dict[str, object], code: str) -> None:
    assert code_of(lambda: making.recorded(cast, **changes)) == code


def test_a_person_of_another_client_is_refused(cast: Cast) -> None:
    with pytest.raises(NotFound), transaction():
        making.recorded(cast, "wang", client_id=cast.beta.id)


def test_ten_files_and_no_more(cast: Cast) -> None:
    guard = cast.actor("guard")
    with transaction():
        violation = making.recorded(cast, evidence=tuple(staged("evidence", guard, NOW) for _ in range(9)))
        services.add_evidence(violation, staged("evidence", guard, NOW), guard, NOW)
    assert code_of(lambda: services.add_evidence(violation, staged("evidence", guard, NOW), guard, NOW)) == "conduct.evidence_full"


def test_who_recorded_does_not_decide(cast: Cast) -> None:
    with transaction():
        violation = making.recorded(cast, by="supervisor")
    with pytest.raises(Forbidden), transaction():
        services.decide(violation, Verdict(WARNING, "x"), cast.actor("supervisor"), NOW)


def test_withdraw_by_who_recorded_or_a_supervisor(cast: Cast) -> None:
    with transaction():
        first, second = making.recorded(cast), making.recorded(cast)
    assert code_of(lambda: services.withdraw(first, "x", cast.actor("guard2"), NOW)) == "conduct.not_yours"
    with transaction():
        services.withdraw(first, "看错了人", cast.actor("guard"), NOW)
        services.withdraw(second, "重复", cast.actor("supervisor"), NOW)
    assert {first.state, second.state} == {"withdrawn"}
    assert sent("violation.withdrawn") == {"supervisor@rackpass.example", "guard@rackpass.example"}


def test_someone_unknown_is_named_before_they_are_barred(cast: Cast) -> None:
    with transaction():
        violation = making.recorded(cast, None)
    decide = lambda: services.decide(violation, Verdict(BAN, "x"), cast.actor("supervisor"), NOW)  # noqa: E731
    assert code_of(decide) == "conduct.who_unknown"
    with pytest.raises(NotFound), transaction():
        services.name_person(violation, cast.people["li"].id, cast.actor("guard"), NOW)
    with transaction():
        services.name_person(violation, cast.people["wang"].id, cast.actor("guard"), NOW)
    with transaction():
        decide()
    assert queries.ban_on(cast.people["wang"].document_hash, NOW) is not None


def test_a_ban_crosses_clients_at_once(cast: Cast) -> None:
    """One person, two companies: both badges are shut, the gate refuses both, and the other company is not told why."""
    with transaction():
        making.same_person_for_beta(cast)
        first, other = badges.issued(cast, "wang"), badges.issued(cast, "wang_beta", "stranger")
        passes = [held_by(first).id, held_by(other).id]
        bystander = badges.issued(cast, "liu")
    with transaction():
        violation = making.decided(cast, BAN)
    assert (state_of(first), state_of(other), state_of(bystander)) == ("suspended", "suspended", "issued")
    for pass_id in passes:
        with transaction():
            verdict = gate.verify(session().get_one(Pass, pass_id).short_code, cast.actor("guard"), NOW)
        assert verdict.refusal is not None
        assert verdict.refusal.code == "gate.barred"
    assert set(session().scalars(select(GateEvent.code))) == {"gate.barred"}
    assert sent("badge.barred") == {"admin@client.example", "colleague@client.example", "stranger@client.example"}
    assert sent("violation.decided") == {"admin@client.example", "colleague@client.example"}
    with pytest.raises(NotFound):
        queries.get_violation(cast.actor("stranger"), violation.id)
    told = session().scalars(select(AuditEntry).where(AuditEntry.client_id == cast.beta.id, AuditEntry.at >= NOW)).all()
    assert not [entry for entry in told if "violation" in str((entry.tag, entry.subject_kind, entry.before, entry.after, entry.reason))]
    notices = session().scalars(select(Notice).where(Notice.user_id == cast.user("stranger").id, Notice.code == "badge.barred")).all()
    assert "violation" not in str(notices[0].path)


def test_nothing_is_given_while_barred(cast: Cast) -> None:
    """Apply, issue, resume, hand on: refused, at either client (R-S7)."""
    service, stranger = cast.actor("service"), cast.actor("stranger")
    with transaction():
        making.same_person_for_beta(cast)
        applied = badges.applied(cast, "wang_beta", "stranger")
        handed = badges.issued(cast, "li", "stranger")
        suspended = badges.issued(cast, "wang")
        badge_services.suspend(suspended, "x", service, NOW)
        making.decided(cast, WEEK)
    last = (NOW + timedelta(days=30)).date()
    assert code_of(lambda: badge_services.issue(applied, last, service, NOW)) == "conduct.barred"
    assert code_of(lambda: badge_services.resume(suspended, "x", service, NOW)) == "conduct.barred"
    with transaction():
        badge_services.refuse(applied, "x", service, NOW)
    assert code_of(lambda: badges.applied(cast, "wang_beta", "stranger")) == "conduct.barred"
    to_barred = lambda: badge_services.hand_on(handed, badges.application(cast, "wang_beta", "stranger"), stranger, NOW)  # noqa: E731
    assert code_of(to_barred) == "conduct.barred"
    assert state_of(handed) == "issued"


def test_a_ban_takes_the_person_off_the_other_clients_visit(cast: Cast) -> None:
    """Off the approved one and the one that waits, with its pass dead; nothing new is asked for."""
    two = timedelta(days=2)
    with transaction():
        making.same_person_for_beta(cast)
        visit = visits.approved(cast, "wang_beta", by="stranger")
        later = {"starts_at": visit.starts_at + two, "ends_at": visit.ends_at + two}
        waiting = visits.requested(cast, "wang_beta", by="stranger", **later)
        visitor = visits.people(visit)[0]
        code = making.pass_code(visitor)
    with transaction():
        making.decided(cast, BAN)
    session().refresh(visit)
    session().refresh(waiting)
    assert {visit.state, waiting.state} == {"cancelled"}
    assert live_pass(visitor.id) is None
    with transaction():
        verdict = gate.verify(code, cast.actor("guard"), visit.starts_at)
    assert verdict.refusal is not None
    assert verdict.refusal.code == "gate.barred"
    assert code_of(lambda: visits.requested(cast, "wang_beta", by="stranger")) == "conduct.barred"


def test_a_ban_takes_the_person_off_emergencies(cast: Cast) -> None:
    """Who was seen at the gate before is off; who comes afterwards is not let in on their document."""
    number = cast.people["wang"].document_number
    with transaction():
        emergency = emergencies.approved(cast)
        row = emergencies.identified(cast, emergency, number)
        later = emergencies.approved(cast)
    with transaction():
        making.decided(cast, BAN)
    session().refresh(row)
    assert row.withdrawn_at == NOW
    assert "violation" not in (row.withdrawn_for or "")
    assert code_of(lambda: emergencies.identified(cast, later, number)) == "emergency.withdrawn"


def test_a_suspension_ends_to_the_second(cast: Cast) -> None:
    hash_ = cast.people["wang"].document_hash
    with transaction():
        badge = badges.issued(cast, "wang")
        making.decided(cast, WEEK)
    ban = queries.ban_on(hash_, NOW)
    assert ban is not None
    assert ban.until_at == END
    assert queries.ban_on(hash_, END - timedelta(seconds=1)) is not None
    assert queries.ban_on(hash_, END) is None
    with transaction():
        assert services.end_suspensions(END - timedelta(seconds=1)) == 0
    assert state_of(badge) == "suspended"
    with transaction():
        assert services.end_suspensions(END) == 1
        assert services.end_suspensions(END) == 0
    assert state_of(badge) == "issued"
    assert sent("badge.resumed") == {"admin@client.example", "colleague@client.example"}


def test_what_was_shut_before_stays_shut(cast: Cast) -> None:
    """A badge that customer service had suspended already is not the ban's to give back."""
    with transaction():
        badge = badges.issued(cast, "wang")
        badge_services.suspend(badge, "调查", cast.actor("service"), NOW)
        making.decided(cast, WEEK)
    with transaction():
        services.end_suspensions(END)
    assert state_of(badge) == "suspended"


def test_without_a_contract_the_badge_stays_shut(cast: Cast) -> None:
    with transaction():
        badge = badges.issued(cast, "wang")
        making.decided(cast, WEEK)
        contracts.suspend_contract(cast.contracts["alpha"], "欠费", cast.actor("supervisor"), NOW)
    with transaction():
        services.end_suspensions(END)
    assert state_of(badge) == "suspended"


def test_two_bans_open_with_the_last(cast: Cast) -> None:
    with transaction():
        badge = badges.issued(cast, "wang")
        making.decided(cast, Outcome(frozenset({"suspension"}), 2))
        longer = making.decided(cast, BAN)
    with transaction():
        assert services.end_suspensions(END) == 1
    assert state_of(badge) == "suspended"
    with transaction():
        services.lift(longer, "证据不足", cast.actor("supervisor"), NOW + timedelta(days=9))
    assert state_of(badge) == "issued"


def test_who_is_inside_is_shown_to_duty_staff_and_may_leave(cast: Cast) -> None:
    with transaction():
        badge = badges.issued(cast, "wang")
        held = held_by(badge)
        assert gate.enter(held, cast.rooms["B2"].id, POINTS, "n1", cast.actor("guard"), NOW).refusal is None
        making.decided(cast, BAN)
    assert sent("conduct.inside") == {"guard@rackpass.example", "guard2@rackpass.example"}
    assert [row[0].person_name for row in queries.barred_inside(NOW)] == ["王珺"]
    with transaction():
        assert gate.leave(held, "n2", cast.actor("guard"), NOW).refusal is None
    assert not queries.barred_inside(NOW)


def test_an_appeal_to_the_end_of_its_day(cast: Cast) -> None:
    """Fourteen days, to the end of the site's day; then it is closed, and the ban goes on."""
    with transaction():
        violation = making.decided(cast, BAN)
    last = clock.end_of(NOW.date() + timedelta(days=14))
    late = lambda: services.appeal(violation, NewAppeal("x"), cast.actor("admin"), last)  # noqa: E731
    assert code_of(late) == "conduct.appeal_late"
    assert code_of(lambda: services.appeal(violation, NewAppeal("  "), cast.actor("admin"), NOW)) == "conduct.appeal_text"
    with transaction():
        assert services.close_due(last - timedelta(seconds=1)) == 0
        services.appeal(violation, NewAppeal("并非本人"), cast.actor("admin"), last - timedelta(seconds=1))
    assert violation.state == "appealed"
    with transaction():
        other = making.decided(cast, WARNING, "liu")
    with transaction():
        assert services.close_due(last) == 1
    session().refresh(other)
    assert other.state == "closed"
    with pytest.raises(Conflict), transaction():
        services.appeal(other, NewAppeal("x"), cast.actor("admin"), last)
    assert queries.ban_on(cast.people["wang"].document_hash, last) is not None


def test_one_appeal_by_the_clients_administrator(cast: Cast) -> None:
    with transaction():
        violation = making.appealed(cast)
    with pytest.raises(Conflict), transaction():
        services.appeal(violation, NewAppeal("再次申诉"), cast.actor("admin"), NOW)
    with transaction():
        other = making.decided(cast, WARNING, "liu")
    with pytest.raises(NotFound), transaction():
        services.appeal(other, NewAppeal("x"), cast.actor("stranger"), NOW)
    with pytest.raises(Forbidden), transaction():
        services.appeal(other, NewAppeal("x"), cast.actor("colleague"), NOW)


def test_another_supervisor_answers_where_there_is_one(cast: Cast) -> None:
    with transaction():
        alone = making.appealed(cast, WARNING, "liu")
        services.uphold(alone, "维持", cast.actor("supervisor"), NOW)
        making.second_supervisor(cast)
        violation = making.appealed(cast)
    assert code_of(lambda: services.uphold(violation, "x", cast.actor("supervisor"), NOW)) == "conduct.decider_answers"
    with transaction():
        services.uphold(violation, "维持原决定", cast.actor("supervisor2"), NOW)
    assert (alone.state, violation.state) == ("upheld", "upheld")
    assert sent("violation.answered") == {"admin@client.example", "colleague@client.example"}
    assert queries.outcome_of(violation) == WEEK


def test_a_reduced_suspension_counts_from_its_beginning(cast: Cast) -> None:
    with transaction():
        badge = badges.issued(cast, "wang")
        violation = making.appealed(cast, BAN)
    two = Outcome(frozenset({"suspension"}), 2)
    assert code_of(lambda: services.reduce(violation, Verdict(BAN, "x"), cast.actor("supervisor"), NOW)) == "conduct.not_milder"
    with transaction():
        services.reduce(violation, Verdict(two, "情节较轻"), cast.actor("supervisor"), NOW + timedelta(days=1))
    ban = session().scalars(select(EntryBan)).one()
    assert (ban.kind, ban.until_at) == ("suspension", clock.at_local((NOW + timedelta(days=3)).date()))
    assert state_of(badge) == "suspended"


def test_a_suspension_reduced_to_less_than_was_served_ends(cast: Cast) -> None:
    with transaction():
        badge = badges.issued(cast, "wang")
        violation = making.appealed(cast, WEEK)
        one = Outcome(frozenset({"suspension"}), 1)
        services.reduce(violation, Verdict(one, "情节较轻"), cast.actor("supervisor"), NOW + timedelta(days=5))
    assert state_of(badge) == "issued"


@pytest.mark.parametrize("how", ["grant", "lift", "warning"])
def test_what_is_lifted_opens_at_once(cast: Cast, how: str) -> None:
    supervisor = cast.actor("supervisor")
    with transaction():
        badge = badges.issued(cast, "wang")
        violation = making.decided(cast, BAN) if how == "lift" else making.appealed(cast, BAN)
    with transaction():
        if how == "warning":
            services.reduce(violation, Verdict(WARNING, "情节较轻"), supervisor, NOW)
        else:
            getattr(services, how)(violation, "证据不足", supervisor, NOW)
    assert state_of(badge) == "issued"
    ban = session().scalars(select(EntryBan)).one()
    assert ban.lifted_by_id == supervisor.user_id
    assert queries.ban_on(cast.people["wang"].document_hash, NOW) is None


def test_no_way_round_by_another_number(cast: Cast) -> None:
    """The document of who is barred is not changed, and nobody is given the number of someone who is."""
    admin, wang, liu = cast.actor("admin"), cast.people["wang"], cast.people["liu"]
    with transaction():
        making.decided(cast, BAN)
    away = PersonChange("王珺", "", "identity_card", identity_number(77))
    assert code_of(lambda: client_services.change_person(wang, away, admin, NOW)) == "conduct.barred"
    taken = PersonChange("刘洋", "", "identity_card", identity_number(10))
    assert code_of(lambda: client_services.change_person(liu, taken, admin, NOW)) == "conduct.barred"
    with transaction():
        client_services.change_person(liu, PersonChange("刘洋", "", "identity_card", identity_number(78)), admin, NOW)
