"""What was approved or issued before a freeze was made over it: listed to who makes it, told to its client, shown on its page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.calendar import queries
from portal.calendar.models import Freeze
from portal.calendar.services import lift_freeze
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.kernel.moments import wall
from portal.outbox.models import OutboxMessage
from portal.visits import services as visit_services
from portal.visits.models import Visit
from portal.workorders.models import WorkOrder
from tests.calendar.making import frozen
from tests.cast import NOW, Cast
from tests.visits import making as visits
from tests.workorders import making as orders

As = Callable[[str], FlaskClient]
HOUR = timedelta(hours=1)
ARRIVAL = visits.END + 3 * HOUR
BEGIN, END = visits.START + HOUR, ARRIVAL + HOUR


@pytest.fixture
def planned(cast: Cast) -> tuple[Visit, WorkOrder]:
    """An approved visit and an issued work order of the first client, both in B2 within two days."""
    with transaction():
        return visits.approved(cast), orders.issued(cast, arrives_at=ARRIVAL)


def numbers(freeze: Freeze, client_id: object = None) -> list[str]:
    return [one.number for one in queries.caught_by(freeze, NOW, client_id)]  # type: ignore[arg-type]


def test_what_has_a_moment_in_common_with_it_is_caught(cast: Cast, planned: tuple[Visit, WorkOrder]) -> None:
    visit, order = planned
    arrival, second = ARRIVAL, timedelta(seconds=1)
    with transaction():
        assert numbers(frozen(cast, starts_at=BEGIN, ends_at=END)) == [visit.number, order.number]
        assert numbers(frozen(cast, None, starts_at=BEGIN, ends_at=END)) == [visit.number, order.number], "of the whole site"
        assert numbers(frozen(cast, "A1", starts_at=BEGIN, ends_at=END)) == []
        assert numbers(frozen(cast, starts_at=arrival, ends_at=arrival + second)) == [order.number]
        assert numbers(frozen(cast, starts_at=arrival - second, ends_at=arrival)) == []
        assert numbers(frozen(cast, starts_at=visits.END, ends_at=visits.END + second)) == []
        both = frozen(cast, starts_at=BEGIN, ends_at=END)
        assert numbers(both, cast.beta.id) == []
        visit_services.cancel(visit, "改期", cast.actor("admin"), NOW)
        assert numbers(both) == [order.number]


def test_its_client_is_told_which_and_nobody_elses(cast: Cast, planned: tuple[Visit, WorkOrder]) -> None:
    visit, order = planned
    with transaction():
        frozen(cast, starts_at=BEGIN, ends_at=END)
    told = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "calendar.freeze_catches")).all()
    assert {one.address for one in told} == {"admin@client.example", "colleague@client.example"}
    assert all(visit.number in str(one.data) and order.number in str(one.data) for one in told)


@pytest.mark.parametrize(("locale", "words"), [("zh_CN", "封网期内有 2 项安排"), ("en", "2 visits and work orders lie in this freeze")])
def test_who_makes_it_sees_them_at_once(cast: Cast, as_: As, planned: tuple[Visit, WorkOrder], locale: str, words: str) -> None:
    supervisor = as_("supervisor")
    with supervisor.session_transaction() as cookie:
        cookie["locale"] = locale
    data = {
        "place": f"room-{ids.to_text(cast.rooms['B2'].id)}",
        "starts_at": f"{wall(BEGIN):%Y-%m-%dT%H:%M}",
        "ends_at": f"{wall(END):%Y-%m-%dT%H:%M}",
        "reason": "双十一保障",
    }
    made = supervisor.post("/calendar/freezes/new", data=data)
    assert made.status_code == 302, made.text
    shown = supervisor.get(made.headers["Location"]).text
    assert words in shown
    for record in planned:
        assert record.number in shown
    other = as_("stranger").get(made.headers["Location"])
    assert all(record.number not in other.text for record in planned), "another client's"


def test_their_own_pages_say_so_until_it_is_lifted(cast: Cast, as_: As, planned: tuple[Visit, WorkOrder]) -> None:
    visit, order = planned
    pages = [f"/visits/{ids.to_text(visit.id)}", f"/work-orders/{ids.to_text(order.id)}"]
    admin = as_("admin")
    assert all("封网期" not in admin.get(page).text for page in pages)
    with transaction():
        freeze = frozen(cast, starts_at=BEGIN, ends_at=END)
    for page in pages:
        shown = admin.get(page).text
        assert "落在封网期内" in shown
        assert "双十一保障" in shown
    with transaction():
        lift_freeze(freeze.id, "改期", cast.actor("supervisor"), NOW)
    assert all("落在封网期内" not in admin.get(page).text for page in pages)
