"""Several at once about the same equipment or the same slip: one is carried out, the others hear it cleanly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sqlalchemy import select

from portal.equipment.models import EquipmentMove
from portal.exits import returns, services
from portal.exits.models import Exit
from portal.exits.queries import get_exit
from portal.gate import services as gate
from portal.gate.models import GateEvent
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Refused
from portal.passes.models import Pass
from tests.cast import NOW, Cast
from tests.exits import making
from tests.threads import at_once


def outcome(work: Callable[[], object]) -> str:
    """What came of it, in a transaction of its own."""
    try:
        with transaction():
            verdict = work()
    except Refused as refused:
        return refused.refusal.code
    except Conflict:
        return "conflict"
    refusal = getattr(verdict, "refusal", None)
    return refusal.code if refusal is not None else "done"


def test_sixteen_applications_for_the_same_server(cast: Cast) -> None:
    with transaction():
        servers = making.servers(cast, 2)
        commands = [making.application(cast, [servers[number % 2], servers[(number + 1) % 2]]) for number in range(16)]
    said = at_once(16, lambda number: outcome(lambda: services.apply_for_exit(commands[number], cast.actor("admin"), NOW)))
    assert Counter(said) == {"done": 1, "exit.in_other_exit": 15}


def test_two_inspectors_and_a_client_who_cancels(cast: Cast) -> None:
    with transaction():
        exit_id = making.applied(cast, making.servers(cast, 1)).id
        found = session().get_one(Exit, exit_id)
        services.agree(found, [item.id for item in making.items(found)], cast.actor("service"), NOW)
    work: list[Callable[[Exit], object]] = [
        lambda found: services.issue(found, cast.actor("service"), NOW),
        lambda found: services.issue(found, cast.actor("service2"), NOW),
        lambda found: services.refuse(found, "x", cast.actor("service2"), NOW),
        lambda found: services.ask_correction(found, "x", cast.actor("service"), NOW),
    ]
    said = at_once(4, lambda number: outcome(lambda: work[number](get_exit(cast.actor("service"), exit_id))))
    assert Counter(said) == {"done": 1, "conflict": 3}


def test_sixteen_guards_on_one_slip(cast: Cast) -> None:
    """Exactly one releases; every other is refused as used, on record, and nothing leaves twice (R-X3)."""
    with transaction():
        found = making.issued(cast, making.servers(cast, 3))
        pass_id, ids = making.pass_of(found).id, [item.id for item in making.items(found)]
    names = ("guard", "guard2")

    def release(number: int) -> str:
        def work() -> gate.Verdict:
            return gate.release(
                session().get_one(Pass, pass_id), ids, mover_seen=True, rest_stays=False, nonce=crypto.new_token(),
                actor=cast.actor(names[number % 2]), now=NOW,
            )  # fmt: skip

        return outcome(work)

    assert Counter(at_once(16, release)) == {"done": 1, "gate.slip_used": 15}
    events = Counter(tuple(row) for row in session().execute(select(GateEvent.kind, GateEvent.code)))
    assert events == {("release", ""): 1, ("refusal", "gate.slip_used"): 15}
    assert len(session().scalars(select(EquipmentMove).where(EquipmentMove.kind == "withdraw")).all()) == 3


def test_a_client_who_cancels_while_the_guard_releases(cast: Cast) -> None:
    """Either it left or it was cancelled; never both."""
    with transaction():
        servers = making.servers(cast, 6)
        slips = [making.issued(cast, [server]) for server in servers]
        pairs = [(slip.id, making.pass_of(slip).id, making.items(slip)[0].id) for slip in slips]
    for exit_id, pass_id, item_id in pairs:

        def cancel(exit_id: object = exit_id) -> object:
            return services.cancel(get_exit(cast.actor("admin"), exit_id), "put off", cast.actor("admin"), NOW)  # type: ignore[arg-type]

        def release(pass_id: object = pass_id, item_id: object = item_id) -> object:
            return gate.release(
                session().get_one(Pass, pass_id), [item_id], mover_seen=True, rest_stays=False,  # type: ignore[list-item]
                nonce=crypto.new_token(), actor=cast.actor("guard"), now=NOW,
            )  # fmt: skip

        cancelled, released = at_once(2, lambda number, both=(cancel, release): outcome(both[number]))
        assert (cancelled, released) in {("done", "gate.slip_cancelled"), ("conflict", "done")}


def test_two_of_the_machine_room_settle_the_same_item(cast: Cast) -> None:
    with transaction():
        found = making.back_at_gate(cast, making.servers(cast, 1))
        exit_id, item_id = found.id, making.items(found)[0].id

    def put_back(_number: int) -> str:
        actor = cast.actor("room_staff")
        return outcome(lambda: returns.put_back(get_exit(actor, exit_id), item_id, actor, NOW))

    assert Counter(at_once(8, put_back)) == {"done": 1, "exit.not_out": 7}


def test_a_replacement_and_a_return_of_the_same_item(cast: Cast) -> None:
    """One takes the place, the other is refused; the place has one holder."""
    with transaction():
        found = making.back_at_gate(cast, making.servers(cast, 1), kind="replacement")
        exit_id, item_id, model_id = found.id, making.items(found)[0].id, cast.models["r650"].id

    def settle(number: int) -> str:
        actor = cast.actor("room_staff")

        def work() -> object:
            slip = get_exit(actor, exit_id)
            if number % 2:
                return returns.put_back(slip, item_id, actor, NOW)
            return returns.place_replacement(slip, item_id, returns.Replacement(model_id, f"NEW-{number}", "", True), actor, NOW)

        return outcome(work)

    said = at_once(6, settle)
    assert said.count("done") == 1
    assert set(said) == {"done", "exit.not_out"}
