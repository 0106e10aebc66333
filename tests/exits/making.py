"""Servers in service and exits in any state, reached through the services."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.demo.numbers import identity_number
from portal.equipment.models import Equipment
from portal.exits import returns, services
from portal.exits.models import Exit, ExitItem
from portal.exits.services import Application, Line
from portal.gate import services as gate
from portal.kernel import clock, crypto
from portal.kernel.db import session
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from portal.workorders import acceptance, queries
from portal.workorders import services as workorders
from portal.workorders.checking import Line as OrderLine
from portal.workorders.planning import Room
from portal.workorders.rules import Seen
from tests.cast import NOW, Cast
from tests.papers import staged

ORDERED = NOW - timedelta(days=5)
RACKED = NOW - timedelta(days=3)
TODAY = clock.today(NOW)
TOMORROW = TODAY + timedelta(days=1)
BUYERS = {"alpha": "admin", "beta": "stranger", "solo": "solo"}


def servers(cast: Cast, count: int = 1, contract: str = "alpha", model: str = "r650", first: int = 1) -> list[Equipment]:
    """`count` servers SN-0001 ... of a client, racked three days ago on a work order, each with position, address and port."""
    lines = tuple(OrderLine(cast.models[model], f"SN-{number:04d}") for number in range(first, first + count))
    command = workorders.Draft(contract_id=cast.contracts[contract].id, arrives_at=RACKED, lines=lines)
    order = workorders.draft(command, cast.actor(BUYERS[contract]), ORDERED)
    workorders.request(order, cast.actor(BUYERS[contract]), ORDERED)
    workorders.issue(order, cast.actor("sales"), ORDERED)
    room_staff = cast.actor("room_staff")
    order = queries.get_order(room_staff, order.id)
    workorders.prepare(order, Room(order).propose(order.items), room_staff, ORDERED)
    for item in queries.get_order(room_staff, order.id).items:
        order = acceptance.accept(order, item.id, Seen(unpacked=True, model_agrees=True, serial=item.serial), room_staff, RACKED)
    wanted = [line.serial for line in lines]
    found = session().scalars(select(Equipment).where(Equipment.serial.in_(wanted)).order_by(Equipment.serial))
    return list(found)


def application(cast: Cast, lines: Iterable[Line | Equipment], by: str = "admin", **changes: Any) -> Application:
    """A complete application for today, in the open transaction."""
    actor = cast.actor(by)
    kind = changes.get("kind", "withdrawal")
    papers = kind != "withdrawal"
    client_id = changes.get("client_id", actor.client_id)
    values: dict[str, Any] = {
        "kind": kind,
        "client_id": client_id,
        "lines": tuple(line if isinstance(line, Line) else Line("", line.serial) for line in lines),
        "leaves_on": TODAY,
        "return_due_on": TODAY + timedelta(days=14) if papers else None,
        "mover_name": "刘洋",
        "mover_document": identity_number(77),
        "mover_phone": "138 0000 0000",
        "letter_id": staged("letter", actor, NOW) if papers and client_id != cast.solo.id else None,
        "identity_copy_id": staged("identity_copy", actor, NOW) if papers else None,
        "note": "",
    }
    return Application(**(values | changes))


def applied(cast: Cast, lines: Iterable[Line | Equipment], by: str = "admin", **changes: Any) -> Exit:
    return services.apply_for_exit(application(cast, lines, by, **changes), cast.actor(by), NOW)


def issued(cast: Cast, lines: Iterable[Line | Equipment], by: str = "admin", now: datetime = NOW, **changes: Any) -> Exit:
    found = applied(cast, lines, by, **changes)
    service = cast.actor("service")
    services.agree(found, [item.id for item in items(found)], service, now)
    services.issue(found, service, now)
    return found


def released(cast: Cast, lines: Iterable[Line | Equipment], by: str = "admin", only: int | None = None, **changes: Any) -> Exit:
    """A slip that was used at the gate; `only` so many of its items, the rest staying inside."""
    found = issued(cast, lines, by, **changes)
    verdict = let_out(cast, found, [item.id for item in items(found)][:only], rest_stays=only is not None)
    assert verdict.refusal is None, verdict.refusal
    return found


def back_at_gate(cast: Cast, lines: Iterable[Line | Equipment], **changes: Any) -> Exit:
    """Out for repair, and booked in at the gate again."""
    found = released(cast, lines, **({"kind": "repair"} | changes))
    returns.book_at_gate(found, {item.id for item in items(found)}, cast.actor("guard"), NOW)
    return found


def let_out(cast: Cast, found: Exit, item_ids: Iterable[Any], *, by: str = "guard", now: datetime = NOW, **said: Any) -> gate.Verdict:
    """What the gate says to a release of some items."""
    values: dict[str, Any] = {"mover_seen": True, "rest_stays": False, "nonce": crypto.new_token()}
    return gate.release(pass_of(found), list(item_ids), actor=cast.actor(by), now=now, **(values | said))


def pass_of(found: Exit) -> Pass:
    """The slip's pass, live or the last one that was."""
    live = live_pass(found.id)
    if live is not None:
        return live
    return session().scalars(select(Pass).where(Pass.subject_id == found.id).order_by(Pass.id.desc())).first() or _none(found)


def items(found: Exit) -> list[ExitItem]:
    return list(session().scalars(select(ExitItem).where(ExitItem.exit_id == found.id).order_by(ExitItem.line)))


def in_state(cast: Cast, state: str, lines: Iterable[Line | Equipment]) -> Exit:
    """An exit of the given state, about these servers."""
    lines, service = list(lines), cast.actor("service")
    if state in ("awaiting_return", "completed"):
        found = released(cast, lines, kind="repair")
        if state == "completed":
            returns.book_at_gate(found, {item.id for item in items(found)}, cast.actor("guard"), NOW)
            for item in items(found):
                returns.put_back(found, item.id, cast.actor("room_staff"), NOW)
        return found
    if state == "released":
        return released(cast, lines)
    if state in ("issued", "lapsed"):
        found = issued(cast, lines)
        if state == "lapsed":
            services.lapse_due(NOW + timedelta(days=1))
            session().refresh(found)
        return found
    found = applied(cast, lines)
    if state == "needs_correction":
        services.ask_correction(found, "one too many", service, NOW)
    elif state == "refused":
        services.refuse(found, "not yours", service, NOW)
    elif state == "cancelled":
        services.cancel(found, "put off", cast.actor("admin"), NOW)
    return found


def day(days: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=days)


def _none(found: Exit) -> Pass:
    raise LookupError(f"{found.number} never had a pass")
