"""Simultaneous requests with real commits: one wins, every other gets a clean refusal, and closing lets nothing slip in."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.contracts import queries, services
from portal.contracts.models import Contract, ContractRack
from portal.kernel import clock
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Conflict, Refused
from portal.outbox.models import OutboxMessage
from tests.badges import making as badge_making
from tests.cast import NOW, Cast
from tests.clients.test_services import at_once
from tests.contracts.making import drafted
from tests.equipment.making import racked


def outcome(results: list[object]) -> tuple[int, set[str]]:
    """How many went through, and the codes of the refusals that the others got; anything else than a refusal is a fault."""
    failed = [result for result in results if isinstance(result, Exception)]
    faults = [error for error in failed if not isinstance(error, Refused | Conflict)]
    assert not faults, faults
    codes = {error.refusal.code if isinstance(error, Refused) else "conflict" for error in failed}
    return len(results) - len(failed), codes


def states() -> list[str]:
    """The contracts' states, as they are committed by now."""
    with isolated():
        return list(session().scalars(select(Contract.state).order_by(Contract.id)))


def state_of(contract_id: uuid.UUID) -> str:
    with isolated():
        return session().scalars(select(Contract.state).where(Contract.id == contract_id)).one()


def both_at_once(*works: Callable[[], object]) -> list[object]:
    """What each work gave or raised, each in a thread and a transaction of its own."""
    results: list[object] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place: int, work: Callable[[], object]) -> None:
        with isolated():
            start.wait()
            try:
                with transaction():
                    results[place] = work()
            except (Refused, Conflict) as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_draft_is_signed_once(cast: Cast) -> None:
    with transaction():
        contract_id = drafted(cast).id
    sales = cast.actor("sales")
    results = at_once(lambda: services.sign_contract(queries.get_contract(sales, contract_id), sales, NOW))
    assert outcome(results) == (1, {"conflict"})
    mails = session().scalar(select(func.count()).where(OutboxMessage.code == "contract.signed", OutboxMessage.path.like("/contracts/%")))
    assert mails == 4 + 2  # the cast's three contracts, and this one's two users once


def test_a_whole_rack_is_granted_to_one(cast: Cast) -> None:
    rack = cast.racks["A1-01"].id
    results = at_once(lambda: drafted(cast, units_granted=0, rack_ids=(rack,)).id)
    assert outcome(results) == (1, {"contract.rack_granted"})
    assert session().scalar(select(func.count(ContractRack.id))) == 1


def test_the_last_units_of_a_room_are_granted_once(cast: Cast) -> None:
    with transaction():
        drafts = [drafted(cast, units_granted=50).id for _ in range(16)]
    sales, waiting = cast.actor("sales"), iter(drafts)
    lock = threading.Lock()

    def sign() -> None:
        with lock:
            contract_id = next(waiting)
        services.sign_contract(queries.get_contract(sales, contract_id), sales, NOW)

    assert outcome(at_once(sign)) == (1, {"contract.units_beyond_room"})


def test_a_rack_in_and_the_end_of_its_contract_wait_for_each_other(cast: Cast) -> None:
    """Whatever comes first: equipment is never under a contract that was closed meanwhile."""
    sales, alpha = cast.actor("sales"), cast.contracts["alpha"].id
    rounds = {"accepted": 0, "refused": 0}
    for turn in range(8):

        def rack_in(turn: int = turn) -> str:
            queries.lock_in_force(alpha, clock.today(NOW))
            return racked(cast, f"SN-{turn:04d}", unit=1 + turn).serial

        def wind_up() -> None:
            contract = queries.get_contract(sales, alpha)
            services.end_contract(contract, "moves out", sales, NOW)
            services.close_contract(contract, sales, NOW)

        accepted, ended = both_at_once(rack_in, wind_up)
        state = state_of(alpha)
        if isinstance(accepted, str):
            rounds["accepted"] += 1
            assert isinstance(ended, Refused)
            assert state == "in_force"
        else:
            rounds["refused"] += 1
            assert state == "closed"
            break
    assert sum(rounds.values())


def test_a_badge_and_the_closing_of_its_contract_wait_for_each_other(cast: Cast) -> None:
    sales, admin, alpha = cast.actor("sales"), cast.actor("admin"), cast.contracts["alpha"].id
    with transaction():
        command = badge_making.application(cast)

    def wind_up() -> None:
        contract = queries.get_contract(sales, alpha)
        services.end_contract(contract, "moves out", sales, NOW)
        services.close_contract(contract, sales, NOW)

    applied, ended = both_at_once(lambda: badges.apply_for_badge(command, admin, NOW), wind_up)
    closed = state_of(alpha) == "closed"
    assert closed == isinstance(applied, Refused)
    assert closed == (not isinstance(ended, Refused))
    assert session().scalar(select(func.count(Badge.id))) == (0 if closed else 1)


def test_of_several_workers_one_announces_and_one_expires(cast: Cast) -> None:
    late = NOW + timedelta(days=400)
    results = at_once(lambda: services.expire_due(late), threads=4)
    assert sum(result for result in results if isinstance(result, int)) == 3
    assert set(states()) == {"ending"}
