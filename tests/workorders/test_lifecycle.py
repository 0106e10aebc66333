"""Every state with every action and every role: what the table allows works, all else is refused and changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.kernel import db
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.policy import ROLE_GRANTS, Role
from portal.workorders import acceptance, queries, services
from portal.workorders.lifecycle import ITEM, WORK_ORDER
from portal.workorders.rules import Seen
from tests.cast import NOW
from tests.workorders import making
from tests.workorders.making import ARRIVAL

WHO = ("admin", "colleague", "stranger", "service", "sales", "room_staff", "guard", "supervisor", "administrator", "auditor")


def attempt(cast, order, action, who):
    actor = cast.actor(who)
    items = making.items(cast, order)
    expected = next((item for item in items if item.state == "expected"), items[-1])
    seen = Seen(True, True, expected.serial)
    places = making.places(cast, order) if order.state == "issued" else {}
    verbs = {
        "request": lambda: services.request(order, actor, NOW),
        "issue": lambda: services.issue(order, actor, NOW),
        "send_back": lambda: services.send_back(order, "why", actor, NOW),
        "prepare": lambda: services.prepare(order, places, actor, NOW),
        "replan": lambda: services.replan(order, "why", actor, NOW),
        "accept_part": lambda: acceptance.accept(order, expected.id, seen, actor, ARRIVAL),
        "finish": lambda: acceptance.finish(order, "why", actor, ARRIVAL),
        "cancel": lambda: services.cancel(order, "why", actor, NOW),
    }
    verbs[action]()


ACTIONS = [key for key in WORK_ORDER.actions if key not in ("draft", "complete")]


@pytest.mark.parametrize("state", WORK_ORDER.states)
def test_product(cast, state):
    """`accept_part` on the last item completes: that is where `complete` is tried."""
    with transaction():
        order = making.in_state(cast, state)
    assert order.state == state
    tried = 0
    for action in ACTIONS:
        step = WORK_ORDER.actions[action]
        for who in WHO:
            actor = cast.actor(who)
            allowed = step.permission in ROLE_GRANTS[Role(actor.role)]
            target = "completed" if (state, action) == ("partly_accepted", "accept_part") else step.target
            try:
                with transaction():
                    attempt(cast, order, action, who)
                    reached = queries.get_order(cast.actor("auditor"), order.id).state
                    raise Undone
            except Undone:
                assert allowed, f"{who} must not {action}"
                assert who != "stranger"
                assert state in step.sources
                assert reached == target
            except Forbidden:
                assert not allowed
            except NotFound:
                assert who == "stranger"
            except Conflict:
                assert allowed
                assert state not in step.sources
            tried += 1
            db.session().expire_all()
            assert queries.get_order(cast.actor("auditor"), order.id).state == state
    assert tried == len(ACTIONS) * len(WHO)


class Undone(Exception):
    """Takes back what an attempt did."""


def test_every_change_of_state_is_told(cast):
    with transaction():
        order = making.in_state(cast, "completed")
    tags = set(session().scalars(select(AuditEntry.tag).where(AuditEntry.subject_id == order.id)))
    assert tags == {f"work_order.{key}" for key in ("draft", "request", "issue", "prepare", "accept_part", "complete")}
    of_items = set(session().scalars(select(AuditEntry.tag).where(AuditEntry.subject_kind == "work_order_item")))
    assert of_items == {"work_order_item.list", "work_order_item.accept"}


@pytest.mark.parametrize("state", [key for key in ITEM.states if key != "expected"])
def test_a_settled_item_is_settled(cast, state):
    with transaction():
        order = making.in_state(cast, "prepared")
        room_staff = cast.actor("room_staff")
        item = making.items(cast, order)[0]
        if state == "accepted":
            making.accept(cast, order, 1)
        elif state == "refused":
            acceptance.refuse(order, item.id, "broken", room_staff, ARRIVAL)
        elif state == "missing":
            acceptance.finish(order, "did not come", room_staff, ARRIVAL)
        else:
            services.cancel(order, "put off", cast.actor("sales"), NOW)
    for work in (
        lambda: making.accept(cast, order, 1),
        lambda: acceptance.refuse(order, item.id, "broken", room_staff, ARRIVAL),
    ):
        with pytest.raises(Conflict), transaction():
            work()
