"""The pages of the calendar: the month, a day, the freezes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.calendar import queries
from portal.calendar.models import Freeze
from portal.kernel import ids
from portal.kernel.clock import at_local
from portal.kernel.db import session, transaction
from tests.calendar.making import frozen
from tests.cast import Cast

As = Callable[[str], FlaskClient]


def test_the_month_shows_holidays_moved_days_and_freezes(as_: As, cast: Cast) -> None:
    with transaction():
        frozen(cast)
    member = as_("colleague")
    october = member.get("/calendar/?month=2026-10").text
    assert "国庆节" in october
    assert "17 个工作日" not in october
    assert f"{sum(day.working for day in queries.days_of(date(2026, 10, 1), date(2026, 10, 31)))} 个工作日" in october
    november = member.get("/calendar/").text
    assert "双十一保障" in november
    assert "双十一保障" not in as_("solo").get("/calendar/").text, "of another room"
    assert "/calendar/days/" not in november, "a client changes nothing"
    assert member.get("/calendar/?month=nonsense").status_code == 200


def test_a_year_that_is_not_published_says_so(as_: As, cast: Cast) -> None:
    assert "2027 年的节假日尚未录入" in as_("service").get("/calendar/?month=2027-01").text
    assert "尚未录入" not in as_("service").get("/calendar/?month=2026-12").text


def test_a_day_is_entered_and_taken_back(as_: As, cast: Cast) -> None:
    administrator = as_("administrator")
    assert administrator.post("/calendar/days/2027-01-01", data={"working": "no", "note": "元旦"}).status_code == 302
    assert not queries.is_working_day(date(2027, 1, 1))
    assert "元旦" in administrator.get("/calendar/?month=2027-01").text
    assert administrator.post("/calendar/days/2027-01-01", data={"working": "published"}).status_code == 302
    assert queries.is_working_day(date(2027, 1, 1))
    for wrong in ("2027-13-01", "20270101", "x", "1999-01-01"):
        assert administrator.get(f"/calendar/days/{wrong}").status_code == 404
    assert as_("service").get("/calendar/days/2027-01-01").status_code == 403


def test_a_freeze_is_made_listed_and_lifted(as_: As, cast: Cast) -> None:
    supervisor = as_("supervisor")
    data = {
        "place": f"room-{ids.to_text(cast.rooms['B2'].id)}",
        "starts_at": "2026-12-01T08:00",
        "ends_at": "2026-11-30T08:00",
        "reason": "保障",
    }
    assert supervisor.post("/calendar/freezes/new", data=data).headers["X-Refusal"] == "calendar.ends_before"
    assert supervisor.post("/calendar/freezes/new", data=data | {"ends_at": "2026-12-02T08:00"}).status_code == 302
    freeze = session().scalars(select(Freeze)).one()
    assert (freeze.starts_at, freeze.ends_at) == (at_local(date(2026, 12, 1), 8), at_local(date(2026, 12, 2), 8))
    lift = f"/calendar/freezes/{ids.to_text(freeze.id)}/lift"
    for who in ("admin", "guard", "supervisor"):
        assert "B2 机房" in as_(who).get("/calendar/freezes?state=planned").text
    assert as_("admin").get(lift).status_code == 403
    assert supervisor.post(lift, data={"reason": "提前结束"}).status_code == 302
    assert "提前结束" in supervisor.get("/calendar/freezes?state=lifted").text
    assert "提前结束" in supervisor.get(lift).text
    with supervisor.get("/calendar/freezes?export=csv") as exported:
        assert len(exported.text.strip().splitlines()) == 2
