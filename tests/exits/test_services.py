"""Applying, inspecting, issuing, cancelling. R-X1, R-X2."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from portal.audit.models import AuditEntry
from portal.contracts import services as contracts
from portal.demo.numbers import identity_number
from portal.equipment.models import Equipment
from portal.exits import services
from portal.exits.lifecycle import EXIT, OPEN
from portal.exits.models import Exit
from portal.exits.queries import get_exit, held_by_exit, open_for_contract, pickable
from portal.exits.services import Line
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import OutboxMessage
from portal.passes.queries import live_pass
from tests.cast import NOW, Cast, new_contract
from tests.exits import making

MIDNIGHT = clock.end_of(making.TODAY)
SECOND = timedelta(seconds=1)


@pytest.fixture
def servers(cast: Cast) -> list[Equipment]:
    """Four servers of the first client, SN-0001 to SN-0004."""
    with transaction():
        return making.servers(cast, 4)


def refused(cast: Cast, lines: Any, by: str = "admin", **changes: Any) -> list[str]:
    with pytest.raises(Refused) as why, transaction():
        making.applied(cast, lines, by, **changes)
    assert session().scalar(select(Exit.id).limit(1)) is None
    return [refusal.code for refusal in why.value.refusals]


def _with_another_check_digit(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def told(code: str) -> list[str]:
    return sorted(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


class TestApplying:
    def test_a_list_that_agrees_waits_for_customer_service(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, servers[:2])
        assert (found.state, found.kind, found.contract_id) == ("under_review", "withdrawal", cast.contracts["alpha"].id)
        assert [(i.line, i.listed_serial, i.listed_model, i.holds) for i in making.items(found)] == [
            (1, "SN-0001", "Dell PowerEdge R650", True),
            (2, "SN-0002", "Dell PowerEdge R650", True),
        ]
        assert told("exit.applied") == ["service2@rackpass.example", "service@rackpass.example"]
        assert [thing.serial for thing in pickable(cast.alpha.id)] == ["SN-0003", "SN-0004"]

    def test_a_list_that_disagrees_goes_only_when_it_is_meant(self, cast: Cast, servers: list[Equipment]) -> None:
        lines = [Line("", "SN-0001"), Line("PowerEdge R750", "SN-0002"), Line("", "SN-9999")]
        assert refused(cast, lines) == ["exit.lines_disagree"]
        with transaction():
            found = making.applied(cast, lines, anyway=True)
        assert [c.result for _item, c in services.inspected(found)] == ["agrees", "model_differs", "no_such_serial"]
        assert [item.holds for item in making.items(found)] == [True, False, False]

    def test_what_another_client_has_is_told_as_unknown(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            making.servers(cast, 1, contract="beta", first=50)
            found = making.applied(cast, [servers[0], Line("", "SN-0050")], anyway=True)
        (_first, mine), (item, theirs) = services.inspected(found)
        assert (mine.result, theirs.result, theirs.found) == ("agrees", "no_such_serial", None)
        assert item.equipment_id is None
        assert refused_later(cast, [Line("", "SN-0050")]) == ["exit.nothing_found"]

    @pytest.mark.parametrize(
        ("changes", "codes"),
        [
            ({"leaves_on": making.day(-1)}, ["exit.day_over"]),
            ({"leaves_on": making.day(61)}, ["exit.day_too_far"]),
            ({"kind": "repair", "return_due_on": None}, ["exit.return_missing"]),
            ({"kind": "repair", "return_due_on": making.day(-1)}, ["exit.return_before_exit"]),
            ({"kind": "repair", "letter_id": None}, ["exit.letter_missing"]),
            ({"kind": "replacement", "identity_copy_id": None}, ["exit.copy_missing"]),
            ({"mover_document": _with_another_check_digit(identity_number(77))}, ["document.identity_check"]),
            ({"mover_document": "X"}, ["document.identity_shape"]),
            ({"mover_document": ""}, ["document.identity_shape"]),
            ({"mover_name": "王\U0001fae0"}, ["exit.mover_not_printable"]),
        ],
    )
    def test_what_is_wrong_with_it_is_said(self, cast: Cast, servers: list[Equipment], changes: dict[str, Any], codes: list[str]) -> None:
        assert refused(cast, servers[:1], **changes) == codes

    def test_every_reason_is_said_at_once(self, cast: Cast, servers: list[Equipment]) -> None:
        codes = refused(cast, [servers[0], servers[0]], kind="repair", leaves_on=making.day(-1), letter_id=None, identity_copy_id=None)
        assert codes == ["exit.day_over", "exit.letter_missing", "exit.copy_missing", "exit.listed_twice"]

    def test_an_individual_needs_no_stamp(self, cast: Cast) -> None:
        with transaction():
            thing = making.servers(cast, 1, contract="solo")
            found = making.applied(cast, thing, by="solo", kind="repair")
        assert found.letter_id is None
        assert found.identity_copy_id is not None

    def test_an_empty_list(self, cast: Cast, servers: list[Equipment]) -> None:
        assert refused(cast, []) == ["exit.no_lines"]

    def test_nothing_of_it_is_known(self, cast: Cast, servers: list[Equipment]) -> None:
        assert refused(cast, [Line("", "XX-1")], anyway=True) == ["exit.nothing_found"]

    def test_two_hundred_lines_are_the_most(self, cast: Cast, servers: list[Equipment]) -> None:
        lines = [Line("", "SN-0001"), *(Line("", f"XX-{n}") for n in range(200))]
        assert refused(cast, lines, anyway=True) == ["exit.too_many_lines"]
        with transaction():
            found = making.applied(cast, lines[:200], anyway=True)
        assert len(making.items(found)) == 200

    def test_one_application_is_about_one_contract(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            terms = new_contract(cast.alpha, cast.rooms["A1"], NOW, units_granted=4, power_w=2000)
            other = cast.contracts["other"] = contracts.draft_contract(terms, cast.actor("sales"), NOW)
            contracts.sign_contract(other, cast.actor("sales"), NOW)
            making.BUYERS["other"] = "admin"
            elsewhere = making.servers(cast, 1, contract="other", first=60)
        with pytest.raises(Refused) as why, transaction():
            making.applied(cast, [servers[0], elsewhere[0]], anyway=True)
        assert why.value.refusal.code == "exit.several_contracts"
        assert why.value.refusal.data["numbers"] == f"{cast.contracts['alpha'].number}, {other.number}"

    def test_equipment_is_in_one_application_at_a_time(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            first = making.applied(cast, servers[:2])
        assert refused_later(cast, servers[1:3]) == ["exit.in_other_exit"]
        assert held_by_exit([servers[1].id])[servers[1].id].id == first.id
        with transaction():
            services.cancel(first, "put off", cast.actor("admin"), NOW)
            making.applied(cast, servers[1:3])

    def test_nobody_applies_for_someone_else(self, cast: Cast, servers: list[Equipment]) -> None:
        with pytest.raises(NotFound), transaction():
            making.applied(cast, servers[:1], by="stranger", client_id=cast.alpha.id)
        for name in ("service", "sales", "guard", "auditor"):
            with pytest.raises(Forbidden), transaction():
                making.applied(cast, servers[:1], by=name, client_id=cast.alpha.id)

    def test_a_stranger_finds_no_trace_of_it(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, servers[:1])
        with pytest.raises(NotFound):
            get_exit(cast.actor("stranger"), found.id)
        with pytest.raises(NotFound):
            get_exit(cast.actor("guard"), found.id)  # duty staff see slips, not applications
        assert get_exit(cast.actor("colleague"), found.id).id == found.id

    def test_the_movers_number_is_not_readable_in_the_database(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, servers[:1])
        stored = session().scalar(text("SELECT mover_document FROM exits"))
        assert identity_number(77).encode() not in bytes(stored)
        assert (found.mover_document, found.mover_document_tail) == (identity_number(77), identity_number(77)[-4:])
        told_of = session().scalars(select(AuditEntry).where(AuditEntry.subject_id == found.id)).all()
        assert not any(identity_number(77) in str((entry.before, entry.after, entry.reason)) for entry in told_of)


def refused_later(cast: Cast, lines: Any) -> list[str]:
    with pytest.raises(Refused) as why, transaction():
        making.applied(cast, lines, anyway=True)
    return [refusal.code for refusal in why.value.refusals]


class TestInspecting:
    def test_each_line_is_agreed_and_the_agreement_can_be_taken_back(self, cast: Cast, servers: list[Equipment]) -> None:
        service = cast.actor("service")
        with transaction():
            found = making.applied(cast, servers[:2])
            one, two = making.items(found)
            services.agree(found, [one.id], service, NOW)
        assert [item.agreed_at is not None for item in making.items(found)] == [True, False]
        with pytest.raises(Refused, match=r"exit\.not_all_agreed"), transaction():
            services.issue(found, service, NOW)
        with transaction():
            services.agree(found, [two.id], service, NOW)
            services.disagree(found, one.id, service, NOW)
        with pytest.raises(Refused) as why, transaction():
            services.issue(found, service, NOW)
        assert why.value.refusal.data == {"count": 1}
        tags = session().scalars(select(AuditEntry.tag).where(AuditEntry.subject_id == found.id).order_by(AuditEntry.id)).all()
        assert tags == ["exit.apply", "exit.line_agreed", "exit.line_agreed", "exit.line_disagreed"]

    def test_a_line_that_disagrees_cannot_be_agreed(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, [servers[0], Line("", "SN-9999")], anyway=True)
        with pytest.raises(Refused) as why, transaction():
            services.agree(found, [item.id for item in making.items(found)], cast.actor("service"), NOW)
        assert (why.value.refusal.code, why.value.refusal.data["line"]) == ("exit.line_disagrees", 2)
        assert not any(item.agreed_at for item in making.items(found))

    def test_what_agreed_and_changed_meanwhile_is_not_issued(self, cast: Cast, servers: list[Equipment]) -> None:
        """The records count at the moment of the issue, not those at the inspection."""
        service = cast.actor("service")
        with transaction():
            found = making.applied(cast, servers[:1])
            services.agree(found, [making.items(found)[0].id], service, NOW)
            session().execute(text("UPDATE equipment SET model_id = (SELECT id FROM equipment_models WHERE name = 'PowerEdge R750')"))
        session().expire_all()
        with pytest.raises(Refused, match=r"exit\.not_all_agreed"), transaction():
            services.issue(found, service, NOW)
        with transaction():
            session().execute(text("UPDATE equipment SET model_id = (SELECT id FROM equipment_models WHERE name = 'PowerEdge R650')"))
        session().expire_all()

    def test_a_correction_is_compared_anew_and_lets_go_of_what_was_taken_off(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, servers[:2])
            services.ask_correction(found, "SN-0002 stays", cast.actor("service"), NOW)
        assert told("exit.needs_correction") == ["admin@client.example", "colleague@client.example"]
        assert refused_later(cast, servers[1:2]) == ["exit.in_other_exit"]
        with transaction():
            services.resend(
                found, making.application(cast, [servers[0], servers[2]], "colleague", kind="repair"), cast.actor("colleague"), NOW
            )
            making.applied(cast, servers[1:2])
        assert (found.state, found.kind) == ("under_review", "repair")
        assert [item.listed_serial for item in making.items(found)] == ["SN-0001", "SN-0003"]

    def test_a_refusal_lets_everything_go(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, servers)
            services.refuse(found, "not paid", cast.actor("service"), NOW)
            making.applied(cast, servers)
        assert not any(item.holds for item in making.items(found))

    def test_the_client_does_not_inspect_its_own_list(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.applied(cast, servers[:1])
            services.agree(found, [making.items(found)[0].id], cast.actor("service"), NOW)
        with pytest.raises(Forbidden), transaction():
            services.issue(found, cast.actor("admin"), NOW)


class TestTheSlip:
    def test_issuing_makes_one_live_pass_and_tells_the_client(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.issued(cast, servers[:2])
        live = live_pass(found.id)
        assert live is not None
        assert (live.kind, live.valid_until) == ("exit_slip", MIDNIGHT)
        assert (found.issued_by_id, found.issued_at) == (cast.user("service").id, NOW)
        assert told("exit.issued") == ["admin@client.example", "colleague@client.example"]
        assert {thing.state for thing in servers} == {"in_service"}

    @pytest.mark.parametrize(("late", "allowed"), [(-SECOND, True), (timedelta(0), False)])
    def test_a_slip_is_issued_until_its_day_is_over(self, cast: Cast, servers: list[Equipment], late: timedelta, allowed: bool) -> None:
        with transaction():
            found = making.applied(cast, servers[:1])
            services.agree(found, [making.items(found)[0].id], cast.actor("service"), NOW)
        if allowed:
            with transaction():
                services.issue(found, cast.actor("service"), MIDNIGHT + late)
            assert found.state == "issued"
        else:
            with pytest.raises(Refused, match=r"exit\.day_over"), transaction():
                services.issue(found, cast.actor("service"), MIDNIGHT + late)

    def test_a_cancelled_one_is_dead_and_lets_go(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.issued(cast, servers[:1])
            services.cancel(found, "put off", cast.actor("admin"), NOW)
            assert live_pass(found.id) is None
            making.applied(cast, servers[:1])

    def test_one_that_was_used_cannot_be_cancelled(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.released(cast, servers[:1])
        with pytest.raises(Conflict), transaction():
            services.cancel(found, "put off", cast.actor("admin"), NOW)

    def test_unused_it_lapses_when_its_day_is_over(self, cast: Cast, servers: list[Equipment]) -> None:
        with transaction():
            found = making.issued(cast, servers[:1])
            assert services.lapse_due(MIDNIGHT - SECOND) == 0
            assert services.lapse_due(MIDNIGHT) == 1
            assert services.lapse_due(MIDNIGHT) == 0
            assert live_pass(found.id) is None
            making.applied(cast, servers[:1], leaves_on=making.TOMORROW)
        session().refresh(found)
        assert found.state == "lapsed"
        assert told("exit.lapsed") == ["admin@client.example", "colleague@client.example"]

    @pytest.mark.parametrize("state", EXIT.states)
    def test_a_contract_is_not_closed_over_an_exit_that_is_not_over(self, cast: Cast, servers: list[Equipment], state: str) -> None:
        """R-X5."""
        with transaction():
            found = making.in_state(cast, state, servers[:1])
        assert found.state == state
        assert [e.id for e in open_for_contract(cast.contracts["alpha"].id)] == ([found.id] if state in OPEN else [])


def test_an_exit_holds_equipment_by_the_databases_own_word(cast: Cast, servers: list[Equipment]) -> None:
    """Past the check, the unique index still refuses."""
    with transaction():
        making.applied(cast, servers[:1])
        second = making.applied(cast, servers[1:2])
        (item,) = making.items(second)
        item.listed_serial = "SN-0001"
    with pytest.raises(Refused, match=r"exit\.in_other_exit"), transaction():
        services.agree(second, [item.id], cast.actor("service"), NOW)
