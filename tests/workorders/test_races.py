"""Simultaneous requests with real commits and real threads: exactly one wins, every other gets a clean refusal."""

from __future__ import annotations

import threading
from collections import Counter

from sqlalchemy import func, select

from portal.equipment.models import Equipment
from portal.facility.models import RackUnit
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Conflict, Refused
from portal.network.models import AddressHold, PortHold
from portal.workorders import queries, services
from portal.workorders.services import Place
from tests.cast import NOW
from tests.workorders import making
from tests.workorders.making import ARRIVAL


def at_once(works):
    """Runs each in a thread and a transaction of its own; what each came to: "done", or the code of its refusal."""
    start = threading.Barrier(len(works))
    results: list[str] = []

    def run(work):
        with isolated():
            start.wait()
            try:
                with transaction():
                    work()
                results.append("done")
            except Conflict:
                results.append("conflict")
            except Refused as refused:
                results.append(refused.refusal.code)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(works), "a thread broke"
    return Counter(results)


def count(model, *where):
    return session().scalar(select(func.count()).select_from(model).where(*where))


def test_one_of_16_accepts_an_item(cast):
    with transaction():
        order = making.prepared(cast)
    assert at_once([lambda: making.accept(cast, order, 1)] * 16) == {"done": 1, "conflict": 15}
    assert count(Equipment) == 1


def test_12_accept_12_items_and_the_order_is_completed_once(cast):
    with transaction():
        order = making.prepared(cast, lines=making.lines(cast, 12, model=cast.models["r650"]))
    results = at_once([lambda line=line: making.accept(cast, order, line, ARRIVAL) for line in range(1, 13)])
    assert results == {"done": 12}
    assert count(Equipment) == 12
    with transaction():
        assert {item.state for item in making.items(cast, order)} == {"accepted"}
        assert queries.get_order(cast.actor("admin"), order.id).state == "completed"


def test_two_orders_plan_the_same_unit(cast):
    with transaction():
        first = making.issued(cast, count=1)
        second = services.draft(making.draft(cast, contract="beta", count=1, first=5), cast.actor("sales"), NOW)
        services.issue(second, cast.actor("sales"), NOW)
        plans = []
        for order in (first, second):
            [item] = making.items(cast, order)
            plans.append((order, {item.id: Place(cast.racks["B2-02"].id, 7)}))
    works = [lambda o=order, p=plan: services.prepare(o, p, cast.actor("room_staff"), NOW) for order, plan in plans]
    assert at_once(works) == {"done": 1, "facility.units_taken": 1}
    assert count(RackUnit) == 4
    assert count(AddressHold) == count(PortHold) == 1


def test_plans_over_the_same_racks_in_different_orders_do_not_lock_up(cast):
    with transaction():
        racks = [cast.racks["B2-01"].id, cast.racks["B2-02"].id]
        plans = []
        for number in range(4):
            contract = ("alpha", "beta")[number % 2]
            order = services.draft(making.draft(cast, contract=contract, first=10 * number + 1), cast.actor("sales"), NOW)
            services.issue(order, cast.actor("sales"), NOW)
            a, b = making.items(cast, order)
            one, other = (racks, racks[::-1])[number // 2]
            plans.append((order, {a.id: Place(one, 4 * number + 1), b.id: Place(other, 4 * number + 3)}))
    works = [lambda o=order, p=plan: services.prepare(o, p, cast.actor("room_staff"), NOW) for order, plan in plans]
    assert at_once(works) == {"done": 4}


def test_two_drafts_with_one_serial(cast):
    def draft():
        services.draft(making.draft(cast, count=1), cast.actor("admin"), NOW)

    results = at_once([draft] * 8)
    assert results["done"] == 1
    assert set(results) <= {"done", "work_order.serial_on_order", "work_order.serial_elsewhere"}


def test_two_issues_that_together_are_too_much(cast):
    with transaction():
        orders = [making.drafted(cast, count=5, first=10 * number + 1) for number in range(2)]
    works = [lambda o=order: services.issue(o, cast.actor("sales"), NOW) for order in orders]
    assert at_once(works) == {"done": 1, "work_order.power_over": 1}


def test_cancel_against_accept(cast):
    with transaction():
        order = making.prepared(cast)
    results = at_once([lambda: making.accept(cast, order, 1), lambda: services.cancel(order, "put off", cast.actor("sales"), ARRIVAL)] * 2)
    assert results["done"] == 1
    assert results["conflict"] == 3
