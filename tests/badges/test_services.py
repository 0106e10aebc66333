"""Badges: the limit, the papers, the dates, and what ends one. Rules R-B1 to R-B7."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.badges import services
from portal.badges.lifecycle import BADGE
from portal.badges.models import Badge
from portal.badges.queries import get_badge, not_returned
from portal.contracts import services as contracts
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refused
from portal.outbox.models import OutboxMessage
from portal.passes.queries import live_pass
from tests.badges import making
from tests.cast import NOW, Cast


def codes(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [refusal.code for refusal in error.value.refusals]


def test_a_company_holds_two_badges_and_is_refused_the_third(cast: Cast) -> None:
    with transaction():
        making.applied(cast, "wang")
        making.applied(cast, "liu")
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast, "zhang")
    assert codes(refused) == ["badge.limit"]
    assert refused.value.refusal.data["limit"] == 2


def test_an_individual_holds_one_without_a_letter_and_is_refused_the_second(cast: Cast) -> None:
    with transaction():
        assert making.applied(cast, "chen", "solo").letter_id is None
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast, "chen2", "solo")
    assert codes(refused) == ["badge.limit"]


@pytest.mark.parametrize("state", BADGE.states)
def test_what_counts_against_the_limit(cast: Cast, state: str) -> None:
    """R-B2: under review, to be corrected, issued and suspended count; the others free the place."""
    counts = {"under_review", "needs_correction", "issued", "suspended"}
    with transaction():
        assert making.in_state(cast, state).state == state
        making.applied(cast, "liu")
    if state in counts:
        with pytest.raises(Refused), transaction():
            making.applied(cast, "zhang")
    else:
        with transaction():
            making.applied(cast, "zhang")


@pytest.mark.parametrize("missing", ["photo_id", "identity_copy_id", "letter_id"])
def test_an_application_lacks_a_paper(cast: Cast, missing: str) -> None:
    expected = {"photo_id": "badge.photo_missing", "identity_copy_id": "badge.copy_missing", "letter_id": "badge.letter_missing"}
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast, **{missing: None})
    assert codes(refused) == [expected[missing]]


def test_no_contract_in_force_no_badge(cast: Cast) -> None:
    with transaction():
        contracts.suspend_contract(cast.contracts["alpha"], "arrears", cast.actor("supervisor"), NOW)
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast)
    assert codes(refused) == ["badge.no_contract"]


def test_a_contract_that_ended_meanwhile_stops_the_issue(cast: Cast) -> None:
    with transaction():
        badge = making.applied(cast)
        contracts.suspend_contract(cast.contracts["alpha"], "arrears", cast.actor("supervisor"), NOW)
    with pytest.raises(Refused) as refused, transaction():
        services.issue(badge, NOW.date(), cast.actor("service"), NOW)
    assert codes(refused) == ["badge.no_contract"]


def test_validity_ends_with_the_contract_at_the_latest(cast: Cast) -> None:
    last = cast.contracts["alpha"].ends_on
    with transaction():
        badge = making.applied(cast)
    with pytest.raises(Refused) as refused, transaction():
        services.issue(badge, last + timedelta(days=1), cast.actor("service"), NOW)
    assert codes(refused) == ["badge.beyond_contract"]
    with transaction():
        services.issue(badge, last, cast.actor("service"), NOW)
    assert badge.valid_until == last


def test_a_lost_badge_is_dead_at_once_and_its_replacement_needs_the_letter(cast: Cast) -> None:
    with transaction():
        badge = making.issued(cast)
        services.report_lost(badge, cast.actor("guard"), NOW)
        assert live_pass(badge.id) is None
    with pytest.raises(Refused) as refused, transaction():
        making.applied(cast, replaces_id=badge.id, letter_id=None)
    assert codes(refused) == ["badge.loss_letter_missing"]
    with transaction():
        assert making.applied(cast, replaces_id=badge.id).replaces_id == badge.id


def test_handing_on_kills_the_old_badge_and_keeps_the_place(cast: Cast) -> None:
    with transaction():
        old = making.issued(cast, "wang")
        making.applied(cast, "liu")
        new = services.hand_on(old, making.application(cast, "zhang"), cast.actor("admin"), NOW)
    assert (old.state, new.state, new.slot) == ("cancelled", "under_review", old.slot)
    assert live_pass(old.id) is None


def test_a_refused_hand_on_leaves_the_old_badge_alive(cast: Cast) -> None:
    with transaction():
        old = making.issued(cast, "wang")
    with pytest.raises(Refused), transaction():
        services.hand_on(old, making.application(cast, "zhang", letter_id=None), cast.actor("admin"), NOW)
    session().refresh(old)
    assert old.state == "issued"
    assert live_pass(old.id) is not None


def test_badges_of_an_ended_contract_are_listed_until_their_card_is_back(cast: Cast) -> None:
    contract = cast.contracts["alpha"]
    with transaction():
        badge = making.issued(cast)
        assert [b.id for b in not_returned(contract.id)] == [badge.id]
        services.cancel(badge, "contract ends", cast.actor("admin"), NOW)
        assert [b.id for b in not_returned(contract.id)] == [badge.id]
        services.book_card_back(badge, cast.actor("guard"), NOW)
        assert not_returned(contract.id) == []


def test_who_applied_does_not_review(cast: Cast) -> None:
    with transaction():
        badge = making.applied(cast, by="service")
    with pytest.raises(Forbidden), transaction():
        services.issue(badge, NOW.date(), cast.actor("service"), NOW)
    with transaction():
        services.issue(badge, NOW.date(), cast.actor("service2"), NOW)
    assert badge.state == "issued"


def test_a_stranger_neither_sees_nor_uses_anothers_badge(cast: Cast) -> None:
    with transaction():
        badge = making.issued(cast)
    with pytest.raises(NotFound):
        get_badge(cast.actor("stranger"), badge.id)
    with pytest.raises(NotFound), transaction():
        making.applied(cast, by="stranger", client_id=cast.alpha.id, person_id=cast.people["liu"].id)


def test_the_client_hears_of_the_issue_and_service_of_the_application(cast: Cast) -> None:
    with transaction():
        making.issued(cast)
    told = {(m.code, m.address) for m in session().scalars(select(OutboxMessage)) if m.code.startswith("badge.")}
    assert ("badge.applied", "service@rackpass.example") in told
    assert ("badge.issued", "admin@client.example") in told
    assert not any(address == "stranger@client.example" for _code, address in told)


def test_sixteen_at_once_for_the_last_place(cast: Cast) -> None:
    """Exactly one gets it; every other is refused cleanly (R-B2)."""
    with transaction():
        making.applied(cast, "wang")
        command = making.application(cast, "liu")
        commands = [replace(command, person_id=cast.people["liu" if number % 2 else "zhang"].id) for number in range(16)]
    start, outcomes = threading.Barrier(16), []

    def attempt(number: int) -> None:
        start.wait()
        try:
            with isolated(), transaction():
                services.apply_for_badge(commands[number], cast.actor("admin"), NOW)
            outcomes.append("got it")
        except Refused as refused:
            outcomes.append(refused.refusal.code)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("got it") == 1
    assert outcomes.count("badge.limit") == 15


def test_two_reviewers_at_once(cast: Cast) -> None:
    """One issues, the other is told that someone was faster."""
    with transaction():
        badge_id = making.applied(cast).id
    start, outcomes = threading.Barrier(2), []

    def attempt(reviewer: str) -> None:
        with isolated():
            badge = session().get_one(Badge, badge_id)
            start.wait()
            try:
                with transaction():
                    services.issue(badge, NOW.date(), cast.actor(reviewer), NOW)
                outcomes.append("issued")
            except Conflict:
                outcomes.append("conflict")

    threads = [threading.Thread(target=attempt, args=(name,)) for name in ("service", "service2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "issued"]
