"""No rack-in in a freeze, and none requested while a report on an emergency is overdue (R-A2)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.calendar import services as calendar
from portal.emergencies import reporting
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.workorders import arrival, services
from portal.workorders.checking import Line
from portal.workorders.models import WorkOrder
from portal.workorders.services import Draft
from tests.calendar.making import frozen
from tests.cast import NOW, Cast
from tests.emergencies import making as emergencies

DAY = timedelta(days=1)
START, END = NOW + DAY, NOW + 3 * DAY  # from the first moment that is possible without a freeze


def draft(cast: Cast, arrives: timedelta = 4 * DAY, now: timedelta = timedelta()) -> WorkOrder:
    command = Draft(cast.contracts["alpha"].id, NOW + arrives, (Line(cast.models["r650"], "SN-0001"),))
    return services.draft(command, cast.actor("admin"), NOW + now)


def test_nothing_arrives_in_a_freeze_and_the_first_possible_arrival_skips_it(cast: Cast) -> None:
    room = cast.rooms["B2"].id
    with transaction():
        frozen(cast, starts_at=START, ends_at=END)
    assert arrival.first_possible(room, NOW) == END
    assert arrival.suggested(room, NOW) == END
    for arrives, code in ((DAY, "calendar.frozen"), (3 * DAY - timedelta(minutes=1), "calendar.frozen"), (DAY / 2, "work_order.too_early")):
        with pytest.raises(Refused) as refused, transaction():
            draft(cast, arrives)
        assert (refused.value.refusal.code, refused.value.refusal.field) == (code, "arrives_at")
    assert refused.value.refusal.data["first"] == END, "what is said to be possible lies outside the freeze"
    with transaction():
        assert draft(cast, 3 * DAY).state == "draft"


def test_a_freeze_made_meanwhile_stops_request_and_issue(cast: Cast) -> None:
    admin, sales = cast.actor("admin"), cast.actor("sales")
    with transaction():
        order = draft(cast, 2 * DAY)
    with transaction():
        freeze = frozen(cast, None, starts_at=START, ends_at=END)
    with pytest.raises(Refused) as refused, transaction():
        services.request(order, admin, NOW)
    assert refused.value.refusal.code == "calendar.frozen"
    with pytest.raises(Refused) as refused, transaction():
        services.issue(order, sales, NOW)
    assert refused.value.refusal.code == "calendar.frozen"
    with transaction():
        calendar.lift_freeze(freeze.id, "提前结束", cast.actor("supervisor"), NOW)
    with transaction():
        services.request(order, admin, NOW)
        services.issue(order, sales, NOW)
    session().refresh(order)
    assert order.state == "issued"


def test_sales_puts_the_arrival_off_until_after_the_freeze(cast: Cast) -> None:
    with transaction():
        order = draft(cast, 2 * DAY)
        frozen(cast, starts_at=START, ends_at=END)
    with transaction():
        services.issue(order, cast.actor("sales"), NOW, END)
    session().refresh(order)
    assert order.arrives_at == END


def test_an_overdue_report_stops_the_client_s_next_order_and_nobody_else_s(cast: Cast) -> None:
    admin, late = cast.actor("admin"), 3 * DAY
    with transaction():
        waiting = draft(cast, 9 * DAY)
        emergency = emergencies.left(cast)
    for attempt in (lambda: draft(cast, 9 * DAY, late), lambda: services.request(waiting, admin, NOW + late)):
        with pytest.raises(Refused) as refused, transaction():
            attempt()
        assert refused.value.refusal.code == "emergency.report_overdue"
        assert refused.value.refusal.data["number"] == emergency.number
    with transaction():
        services.draft(
            Draft(cast.contracts["beta"].id, NOW + 9 * DAY, (Line(cast.models["r650"], "SN-0009"),)), cast.actor("stranger"), NOW + late
        )
    with transaction():
        reporting.report(emergency, emergencies.report(), admin, NOW + late)
        services.request(waiting, admin, NOW + late)
