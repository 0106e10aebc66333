"""Contracts: drafting, granting, changing, renewing, ending, closing (R-B3, R-B7, R-X5, R-S2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.contracts import queries, services
from portal.contracts.lifecycle import CONTRACT
from portal.contracts.models import Contract, ContractDocument, ContractRack
from portal.desk.gathering import gathered
from portal.desk.queries import counted
from portal.facility.services import hold_units
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import OutboxMessage
from tests.cast import NOW, Cast
from tests.contracts.making import drafted, loaded, signed, terms_of, whole
from tests.equipment.making import racked
from tests.papers import staged
from tests.workorders import making as order_making

TODAY = date(2026, 11, 23)


def codes(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def tags(contract: Contract) -> list[str]:
    entries = select(AuditEntry.tag).where(AuditEntry.subject_id == contract.id).order_by(AuditEntry.id)
    return list(session().scalars(entries))


def told(code: str) -> set[str]:
    return set(session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == code)))


def refused(work: Any) -> list[str]:
    with pytest.raises(Refused) as error, transaction():
        work()
    return codes(error)


def test_a_contract_is_drafted_signed_and_its_client_told(cast: Cast) -> None:
    with transaction():
        contract = drafted(cast)
        assert contract.number.startswith("HT-2611-")
        assert contract.sales_id == cast.user("sales").id
        assert queries.contracts_in_force(cast.alpha.id, TODAY) == [loaded(cast, cast.contracts["alpha"])]
        services.sign_contract(contract, cast.actor("sales"), NOW)
    assert tags(contract) == ["contract.draft", "contract.sign"]
    assert told("contract.signed") >= {"admin@client.example", "colleague@client.example"}
    assert len(queries.contracts_in_force(cast.alpha.id, TODAY)) == 2


@pytest.mark.parametrize("who", ["admin", "colleague", "service", "room_staff", "guard", "supervisor", "administrator", "auditor"])
def test_only_sales_draft_sign_change_renew_and_close(cast: Cast, who: str) -> None:
    with transaction():
        draft = drafted(cast)
    contract, actor = cast.contracts["alpha"], cast.actor(who)
    for work in (
        lambda: services.draft_contract(whole(draft), actor, NOW),
        lambda: services.change_draft(draft, whole(draft), actor, NOW),
        lambda: services.sign_contract(draft, actor, NOW),
        lambda: services.cancel_contract(draft, "why", actor, NOW),
        lambda: services.change_terms(contract, terms_of(contract), "why", actor, NOW),
        lambda: services.renew_contract(contract, date(2030, 1, 1), "", actor, NOW),
        lambda: services.end_contract(contract, "why", actor, NOW),
        lambda: services.add_document(contract, ids.new(), "", actor, NOW),
    ):
        with pytest.raises(Forbidden), transaction():
            work()
    if who != "supervisor":
        with pytest.raises(Forbidden), transaction():
            services.suspend_contract(contract, "why", actor, NOW)


@pytest.mark.parametrize("state", CONTRACT.states)
@pytest.mark.parametrize("action", ["sign", "cancel", "suspend", "resume", "end", "close"])
def test_every_action_in_every_state(cast: Cast, state: str, action: str) -> None:
    """The lifecycle's product: what its table allows goes through, everything else is a conflict."""
    sales, supervisor = cast.actor("sales"), cast.actor("supervisor")
    reach: dict[str, list[Any]] = {
        "draft": [],
        "in_force": [lambda c: services.sign_contract(c, sales, NOW)],
        "cancelled": [lambda c: services.cancel_contract(c, "no", sales, NOW)],
    }
    reach["suspended"] = [*reach["in_force"], lambda c: services.suspend_contract(c, "bill", supervisor, NOW)]
    reach["ending"] = [*reach["in_force"], lambda c: services.end_contract(c, "moved", sales, NOW)]
    reach["closed"] = [*reach["ending"], lambda c: services.close_contract(c, sales, NOW)]
    work = {
        "sign": lambda c: services.sign_contract(c, sales, NOW),
        "cancel": lambda c: services.cancel_contract(c, "no", sales, NOW),
        "suspend": lambda c: services.suspend_contract(c, "bill", supervisor, NOW),
        "resume": lambda c: services.resume_contract(c, "paid", supervisor, NOW),
        "end": lambda c: services.end_contract(c, "moved", sales, NOW),
        "close": lambda c: services.close_contract(c, sales, NOW),
    }
    with transaction():
        contract = drafted(cast)
        for step in reach[state]:
            step(contract)
    assert contract.state == state
    if CONTRACT.allows(state, action):
        with transaction():
            work[action](contract)
        assert contract.state == CONTRACT.actions[action].target
    else:
        with pytest.raises(Conflict), transaction():
            work[action](contract)
        assert loaded(cast, contract).state == state


def test_what_can_not_be_granted_is_told_all_at_once(cast: Cast) -> None:
    wrong = {"units_granted": 0, "ips_per_server": 0, "ends_on": TODAY - timedelta(days=400), "power_w": 18001}
    assert refused(lambda: drafted(cast, **wrong)) == [
        "contract.dates",
        "contract.nothing_granted",
        "contract.per_server",
        "contract.power_beyond_room",
    ]


def test_units_are_granted_up_to_what_the_room_has(cast: Cast) -> None:
    """Room A1 has 3 racks of 42 U; 42 U are granted to the individual there."""
    with transaction():
        signed(cast, units_granted=84)
    with pytest.raises(Refused) as error, transaction():
        drafted(cast, "beta", units_granted=1)
    assert codes(error) == ["contract.units_beyond_room"]
    assert error.value.refusal.data == {"room": "A1", "capacity": 126, "granted": 126, "left": 0}


def test_units_of_another_time_do_not_count_but_those_of_an_ending_contract_do(cast: Cast) -> None:
    until = loaded(cast, cast.contracts["solo"]).ends_on
    later = {"starts_on": until + timedelta(days=1), "ends_on": until + timedelta(days=200), "units_granted": 126}
    with transaction():
        follow_up = drafted(cast, "beta", **later)
        services.cancel_contract(follow_up, "only tried", cast.actor("sales"), NOW)
    assert refused(lambda: drafted(cast, "beta", **(later | {"starts_on": until}))) == ["contract.units_beyond_room"]
    with transaction():
        services.end_contract(cast.contracts["solo"], "moves out", cast.actor("sales"), NOW)
    assert refused(lambda: drafted(cast, "beta", **later)) == ["contract.units_beyond_room"]


def test_of_two_drafts_for_the_last_units_the_second_is_not_signed(cast: Cast) -> None:
    with transaction():
        first, second = drafted(cast, units_granted=60), drafted(cast, "beta", units_granted=60)
        services.sign_contract(first, cast.actor("sales"), NOW)
    assert refused(lambda: services.sign_contract(second, cast.actor("sales"), NOW)) == ["contract.units_beyond_room"]


def test_a_draft_whose_time_is_over_is_not_signed(cast: Cast) -> None:
    with transaction():
        contract = drafted(cast)
    last = contract.ends_on
    after = NOW + timedelta(days=(last - TODAY).days + 1)
    assert refused(lambda: services.sign_contract(contract, cast.actor("sales"), after)) == ["contract.over_already"]
    with transaction():
        services.sign_contract(contract, cast.actor("sales"), after - timedelta(days=1))


def test_a_whole_rack_is_granted_once_and_only_in_its_room(cast: Cast) -> None:
    one, two = cast.racks["A1-01"].id, cast.racks["A1-02"].id
    with transaction():
        contract = drafted(cast, units_granted=0, rack_ids=(one,))
    assert [rack.code for rack in queries.racks_granted(contract.id)] == ["A1-01"]
    assert refused(lambda: drafted(cast, "beta", units_granted=0, rack_ids=(one, two))) == ["contract.rack_granted"]
    assert refused(lambda: drafted(cast, rack_ids=(cast.racks["B2-01"].id,))) == ["contract.rack_not_in_room"]
    assert refused(lambda: drafted(cast, rack_ids=(ids.new(),))) == ["contract.rack_not_in_room"]
    with transaction():
        services.cancel_contract(contract, "not signed", cast.actor("sales"), NOW)
    assert session().scalars(select(ContractRack)).all() == []
    with transaction():
        drafted(cast, "beta", units_granted=0, rack_ids=(one, two))


def test_a_rack_with_others_equipment_or_plans_is_not_granted_whole(cast: Cast) -> None:
    with transaction():
        racked(cast, rack="B2-01")  # of alpha
        hold_units(
            cast.racks["B2-02"].id, 5, 1, True, "front", holder_kind="reserved", holder_id=ids.new(), client_id=None, contract_id=None,
            power_w=0, now=NOW,
        )  # fmt: skip
    one, two = cast.racks["B2-01"].id, cast.racks["B2-02"].id
    beta = {"units_granted": 0, "room": "B2"}
    assert refused(lambda: drafted(cast, "beta", rack_ids=(one,), **beta)) == ["contract.rack_in_use"]
    assert ids.to_text(one) not in dict(queries.rack_choices(cast.rooms["B2"].id, cast.beta.id, None))
    with transaction():
        drafted(cast, "alpha", rack_ids=(one,), **beta)
        drafted(cast, "beta", rack_ids=(two,), units_granted=0, room="B2")
    assert dict(queries.rack_choices(cast.rooms["B2"].id, cast.beta.id, None)) == {ids.to_text(cast.racks["B2-03"].id): "B2-03 (42U)"}


def test_a_draft_is_changed_in_everything_but_its_client(cast: Cast) -> None:
    sales = cast.actor("sales")
    with transaction():
        contract = drafted(cast, units_granted=0, rack_ids=(cast.racks["A1-01"].id,))
        services.change_draft(contract, whole(contract, units_granted=5, rack_ids=(cast.racks["A1-02"].id,), note="n"), sales, NOW)
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "contract.changed")).one()
    assert entry.after == {"units_granted": 5, "note": "n", "racks": "A1-02"}
    assert entry.before == {"units_granted": 0, "note": "", "racks": "A1-01"}
    with transaction():
        services.change_draft(contract, whole(contract), sales, NOW)
    assert tags(contract).count("contract.changed") == 1
    with transaction():
        services.sign_contract(contract, sales, NOW)
    assert refused(lambda: services.change_draft(contract, whole(contract), sales, NOW)) == ["contract.not_changeable"]


def test_terms_in_force_are_changed_for_a_reason_and_not_below_what_is_in_use(cast: Cast) -> None:
    sales, alpha = cast.actor("sales"), cast.contracts["alpha"]
    with transaction():
        racked(cast, unit=1, power_w=300)
        racked(cast, "SN-0002", unit=3, model="r750", power_w=800)
    assert queries.usage(alpha.id, set()) == queries.Usage(units=3, units_in_racks=0, power_w=1100, addresses=2, ports=2)
    less = terms_of(alpha, units_granted=2, power_w=1099, ips_total=1, ports_total=1)
    assert refused(lambda: services.change_terms(alpha, less, "less", sales, NOW)) == [
        "contract.units_in_use",
        "contract.power_in_use",
        "contract.ips_in_use",
        "contract.ports_in_use",
    ]
    with transaction():
        services.change_terms(alpha, terms_of(alpha, units_granted=3, power_w=1100, ips_total=2, ports_total=2), "supplement 1", sales, NOW)
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "contract.changed")).one()
    assert entry.reason == "supplement 1"
    assert (entry.before["units_granted"], entry.after["units_granted"]) == (42, 3)


def test_equipment_in_a_whole_rack_does_not_use_shared_units(cast: Cast) -> None:
    sales, alpha, rack = cast.actor("sales"), cast.contracts["alpha"], cast.racks["B2-01"].id
    with transaction():
        racked(cast, unit=1)
        services.change_terms(alpha, terms_of(alpha, units_granted=0, rack_ids=(rack,)), "a rack of its own", sales, NOW)
    used = queries.usage(alpha.id, {rack})
    assert (used.units, used.units_in_racks) == (0, 1)
    assert refused(
        lambda: services.change_terms(alpha, terms_of(alpha, units_granted=0, rack_ids=(cast.racks["B2-02"].id,)), "x", sales, NOW)
    ) == ["contract.units_in_use"]


def test_what_is_planned_counts_as_used(cast: Cast) -> None:
    with transaction():
        order_making.prepared(cast)
    used = queries.usage(cast.contracts["alpha"].id, set())
    assert (used.units, used.power_w, used.addresses, used.ports) == (4, 1600, 2, 2)


def test_a_renewal_moves_the_last_day_and_reinstates_what_is_ending(cast: Cast) -> None:
    sales, alpha = cast.actor("sales"), cast.contracts["alpha"]
    until = alpha.ends_on + timedelta(days=100)
    with transaction():
        services.renew_contract(alpha, until, "supplement 2", sales, NOW)
    assert loaded(cast, alpha).ends_on == until
    assert tags(alpha)[-1] == "contract.renewed"
    assert told("contract.renewed") == {"admin@client.example", "colleague@client.example", "sales@rackpass.example"}
    with transaction():
        services.end_contract(alpha, "moved", sales, NOW)
        services.renew_contract(alpha, until + timedelta(days=1), "", sales, NOW)
    assert loaded(cast, alpha).state == "in_force"
    assert tags(alpha)[-3:] == ["contract.end", "contract.renewed", "contract.reinstate"]


def test_a_suspended_contract_is_renewed_and_stays_suspended(cast: Cast) -> None:
    alpha = cast.contracts["alpha"]
    with transaction():
        services.suspend_contract(alpha, "bill", cast.actor("supervisor"), NOW)
        services.renew_contract(alpha, alpha.ends_on + timedelta(days=1), "", cast.actor("sales"), NOW)
    assert loaded(cast, alpha).state == "suspended"


def test_a_renewal_does_not_take_units_that_were_promised_to_others(cast: Cast) -> None:
    solo = cast.contracts["solo"]
    after = solo.ends_on + timedelta(days=1)
    with transaction():
        signed(cast, "beta", starts_on=after, ends_on=after + timedelta(days=100), units_granted=100)
    assert refused(lambda: services.renew_contract(solo, after, "", cast.actor("sales"), NOW)) == ["contract.units_beyond_room"]


def test_suspending_and_resuming_is_the_supervisors_and_everyone_is_told(cast: Cast) -> None:
    alpha, supervisor = cast.contracts["alpha"], cast.actor("supervisor")
    with transaction():
        services.suspend_contract(alpha, "unpaid", supervisor, NOW)
    with pytest.raises(Refused) as error, transaction():
        queries.lock_in_force(alpha.id, TODAY)
    assert codes(error) == ["contract.suspended"]
    assert queries.contracts_in_force(cast.alpha.id, TODAY) == []
    with transaction():
        services.resume_contract(alpha, "paid", supervisor, NOW)
        assert queries.lock_in_force(alpha.id, TODAY).room.site.code == "YZ"
    for code in ("contract.suspended", "contract.resumed"):
        assert told(code) == {"admin@client.example", "colleague@client.example", "sales@rackpass.example"}


def test_only_what_exists_is_locked(cast: Cast) -> None:
    with pytest.raises(NotFound), transaction():
        queries.lock_in_force(ids.new(), TODAY)


def test_documents_are_the_clients_and_kept_with_their_title(cast: Cast) -> None:
    sales, alpha = cast.actor("sales"), cast.contracts["alpha"]
    with transaction():
        services.add_document(alpha, staged("contract_document", sales, NOW), "主合同", sales, NOW)
        services.add_document(alpha, staged("contract_document", sales, NOW), "", sales, NOW)
    found = queries.documents_of(loaded(cast, alpha))
    assert [(document.title, file.client_id) for document, file in found] == [
        ("主合同", cast.alpha.id),
        ("contract_document.jpg", cast.alpha.id),
    ]
    assert tags(alpha).count("contract.document_added") == 2
    with transaction():
        contract = drafted(cast, units_granted=1)
        services.cancel_contract(contract, "no", sales, NOW)
        late = staged("contract_document", sales, NOW)
    assert refused(lambda: services.add_document(contract, late, "", sales, NOW)) == ["contract.no_documents"]
    assert refused(lambda: services.add_document(alpha, ids.new(), "", sales, NOW)) == ["file.gone"]
    assert len(session().scalars(select(ContractDocument)).all()) == 2


def test_a_follow_up_names_the_contract_before_it_of_the_same_client(cast: Cast) -> None:
    alpha, beta = cast.contracts["alpha"], cast.contracts["beta"]
    with transaction():
        assert drafted(cast, units_granted=1, renews_id=alpha.id).renews_id == alpha.id
    with pytest.raises(NotFound), transaction():
        drafted(cast, units_granted=1, renews_id=beta.id)


def test_what_each_side_sees(app: Flask, cast: Cast) -> None:
    stranger = cast.actor("stranger")
    with pytest.raises(NotFound):
        queries.get_contract(stranger, cast.contracts["alpha"].id)
    assert [c.client_id for c in session().scalars(queries.select_contracts(stranger))] == [cast.beta.id]
    with transaction():
        drafted(cast)
        services.end_contract(cast.contracts["beta"], "moves out", cast.actor("sales"), NOW)
    with app.test_request_context():
        assert {item.state.key for item in gathered(queries.waiting_for(cast.actor("sales"), NOW))} == {"draft", "ending"}
        assert [item.state.key for item in gathered(queries.waiting_for(stranger, NOW))] == ["ending"]
        assert gathered(queries.waiting_for(cast.actor("admin"), NOW)) == []
        assert queries.waiting_for(cast.actor("guard"), NOW) == []
        for actor, number in ((cast.actor("sales"), 2), (stranger, 0)):
            counts = queries.counts(actor, NOW)
            assert counts is not None
            assert [figure.value for figure in counted([counts])] == [number]
        assert queries.counts(cast.actor("guard"), NOW) is None
