"""Changes of state: by the lifecycle, with their entry, or not at all; and of two at once one wins."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update

from portal.audit import services as audit
from portal.audit.models import AuditEntry
from portal.contracts.models import Contract
from portal.kernel import change
from portal.kernel.change import UnrecordedChange, move
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Conflict, Forbidden
from tests.badges import making
from tests.cast import NOW, Cast, new_contract


def entries(record_id: uuid.UUID) -> list[AuditEntry]:
    return list(session().scalars(select(AuditEntry).where(AuditEntry.subject_id == record_id).order_by(AuditEntry.id)))


def state_of(contract: Contract) -> str:
    return str(session().scalar(select(Contract.state).where(Contract.id == contract.id).execution_options(populate_existing=True)))


@pytest.fixture
def contract(cast: Cast) -> Contract:
    return cast.contracts["alpha"]


def suspend(contract: Contract, cast: Cast) -> None:
    move(contract, "suspend", cast.actor("supervisor"), NOW, reason="arrears")


def test_a_change_is_told_with_who_when_and_what_it_was_before(cast: Cast, contract: Contract) -> None:
    with transaction():
        move(contract, "suspend", cast.actor("supervisor"), NOW, reason="arrears", facts={"days": 90})
    entry = entries(contract.id)[-1]
    assert (entry.tag, entry.at, entry.actor_name, entry.actor_role) == ("contract.suspend", NOW, "林岚", "supervisor")
    assert (entry.before, entry.after, entry.reason) == ({"state": "in_force"}, {"state": "suspended", "days": 90}, "arrears")
    assert (entry.subject_label, entry.client_id) == (contract.number, cast.alpha.id)


def test_a_change_whose_entry_is_left_out_is_not_committed(cast: Cast, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change.audit, "record", lambda *_a, **_k: None)
    with pytest.raises(UnrecordedChange, match=r"no audit entry for .*contract"), transaction():
        suspend(contract, cast)
    assert state_of(contract) == "in_force"


def test_a_change_that_tells_of_something_else_is_not_committed(cast: Cast, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = audit.record
    monkeypatch.setattr(change.audit, "record", lambda tag, kind, _id, *rest, **kw: recorded(tag, kind, uuid.uuid4(), *rest, **kw))
    with pytest.raises(UnrecordedChange), transaction():
        suspend(contract, cast)
    assert state_of(contract) == "in_force"


def test_a_new_record_whose_entry_is_left_out_is_not_committed(cast: Cast) -> None:
    terms = new_contract(cast.alpha, cast.rooms["A1"], NOW)
    made = Contract(
        created_at=NOW, state="in_force", number="HT-X", client_id=terms.client_id, room_id=terms.room_id, starts_on=terms.starts_on,
        ends_on=terms.ends_on, units_granted=1, power_w=1, bandwidth_mbps=1, ips_per_server=1, ports_per_server=1, note="",
    )  # fmt: skip
    with pytest.raises(UnrecordedChange), transaction():
        session().add(made)
    assert session().scalar(select(Contract.id).where(Contract.number == "HT-X")) is None


def test_an_assigned_state_is_refused(cast: Cast, contract: Contract) -> None:
    with pytest.raises(UnrecordedChange, match="state is changed by kernel"), transaction():
        contract.state = "closed"
    assert state_of(contract) == "in_force"


WAYS: dict[str, Callable[[Contract], Any]] = {
    "update": lambda c: update(Contract).where(Contract.id == c.id).values(state="closed"),
    "update by text key": lambda c: update(Contract).where(Contract.id == c.id).values({"state": "closed"}),
    "update of the table": lambda c: update(Contract.__table__).where(Contract.__table__.c.id == c.id).values(state="closed"),
    "update by column": lambda c: update(Contract).where(Contract.id == c.id).values({Contract.state: "closed"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_bare_statement_that_writes_a_state_is_refused(contract: Contract, way: str) -> None:
    with pytest.raises(UnrecordedChange), transaction():
        session().execute(WAYS[way](contract))
    assert state_of(contract) == "in_force"


def test_a_bare_update_of_many_by_key_is_refused(contract: Contract) -> None:
    with pytest.raises(UnrecordedChange), transaction():
        session().execute(update(Contract), [{"id": contract.id, "state": "closed"}])
    assert state_of(contract) == "in_force"


def test_a_bare_update_of_something_else_is_nobodys_business(contract: Contract) -> None:
    with transaction():
        session().execute(update(Contract).where(Contract.id == contract.id).values(note="x"))
        session().execute(select(Contract).where(Contract.state == "in_force"))


def test_who_is_slower_is_told_the_state_that_it_has_come_to(cast: Cast, contract: Contract) -> None:
    """Both read it in force; the second's UPDATE finds no row, and says so."""
    with transaction():
        stale = session().get_one(Contract, contract.id)
        with isolated():
            faster = session().get_one(Contract, contract.id)
        session().execute(
            text("UPDATE contracts SET state = 'suspended' WHERE number = :number"), {"number": contract.number}
        )  # what another process would have committed
        with pytest.raises(Conflict) as conflict:
            suspend(stale, cast)
        assert (conflict.value.subject, conflict.value.action, conflict.value.state) == (contract.number, "suspend", "suspended")
        assert faster.state == "in_force"
        session().rollback()


def test_an_action_that_the_state_does_not_allow_is_a_conflict(cast: Cast, contract: Contract) -> None:
    with pytest.raises(Conflict), transaction():
        move(contract, "close", cast.actor("sales"), NOW)


def test_who_lacks_the_permission_changes_nothing(cast: Cast, contract: Contract) -> None:
    with pytest.raises(Forbidden), transaction():
        move(contract, "suspend", cast.actor("sales"), NOW, reason="arrears")
    assert state_of(contract) == "in_force"


def test_a_reason_that_is_needed_cannot_be_left_out(cast: Cast, contract: Contract) -> None:
    for reason in (None, ""):
        with pytest.raises(ValueError, match="needs a reason"), transaction():
            move(contract, "suspend", cast.actor("supervisor"), NOW, reason=reason)


def test_who_asks_may_not_approve_not_even_with_every_permission(cast: Cast) -> None:
    with transaction():
        badge = making.applied(cast, by="service")
    with pytest.raises(Forbidden, match="who asked may not approve"), transaction():
        move(badge, "issue", cast.actor("service"), NOW)


def test_what_follows_by_rule_needs_no_permission_of_its_own_and_says_what_it_follows_from(cast: Cast) -> None:
    with transaction():
        badge = making.issued(cast)
        move(badge, "suspend", cast.actor("auditor"), NOW, because_of="contract.suspend")
    assert entries(badge.id)[-1].after == {"state": "suspended", "because_of": "contract.suspend"}
