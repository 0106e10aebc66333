"""The pages of shifts: started at the gate, signed over with what happened, read and taken over."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from portal.shifts.models import Shift
from tests.badges import making as badges
from tests.cast import NOW, Cast
from tests.shifts import making

As = Callable[[str], FlaskClient]
POINTS = [key for key, _label in gate_rules.CHECKLIST_POINTS]


def url(shift: Shift, rest: str = "") -> str:
    return f"/shifts/{ids.to_text(shift.id)}{rest}"


def test_from_the_gate_to_the_next_guard(cast: Cast, as_: As) -> None:
    guard, guard2, site = as_("guard"), as_("guard2"), ids.to_text(cast.rooms["B2"].site_id)
    assert "/shifts/start" in guard.get("/gate/").text
    started = guard.post("/shifts/start", data={"site": site})
    assert started.status_code == 302
    assert started.location in guard.get("/gate/").text
    assert "孙强" in guard2.get("/gate/").text
    with transaction():
        held = live_pass(badges.issued(cast, "wang").id)
        assert held is not None
        assert gate.enter(held, cast.rooms["B2"].id, POINTS, "n", cast.actor("guard"), NOW, kept=["camera"]).refusal is None
        gate.verify("nonsense", cast.actor("guard"), NOW)
    page = guard.get(f"{started.location}/hand_over").text
    assert "王珺" in page
    assert guard.post(f"{started.location}/hand_over", data={"notes": "空调有异响"}).status_code == 302
    read = guard2.get(f"{started.location}/take_over").text
    assert "空调有异响" in read
    assert "王珺" in read
    assert guard2.post(f"{started.location}/take_over", data={"note": "已清点"}).status_code == 302
    states = [(shift.state, shift.taken_note) for shift in session().scalars(select(Shift).order_by(Shift.id))]
    assert states == [("taken", "已清点"), ("running", "")]


def test_who_is_on_duty_and_who_is_not(cast: Cast, as_: As) -> None:
    with transaction():
        shift = making.running(cast)
    guard2 = as_("guard2")
    assert guard2.get(url(shift, "/hand_over")).status_code == 403
    shown = guard2.get(url(shift)).text
    assert url(shift, "/take_without") in shown
    assert url(shift, "/hand_over") not in shown
    assert url(shift, "/hand_over") in as_("guard").get(url(shift)).text
    assert guard2.post("/shifts/start", data={"site": ids.to_text(shift.site_id)}).status_code == 422
    for name in ("supervisor", "service", "auditor"):
        assert as_(name).get(url(shift)).status_code == 200
    assert as_("admin").get(url(shift)).status_code == 403


def test_what_waits_to_be_taken_over_stands_on_the_desk(cast: Cast, as_: As) -> None:
    with transaction():
        shift = making.handed_over(cast)
    assert shift.number in as_("guard2").get("/").text
    assert url(shift) in as_("guard2").get(f"/search?q={shift.number}").text
    listed = as_("auditor").get("/shifts/?state=handed_over").text
    assert shift.number in listed
    assert shift.number not in as_("auditor").get("/shifts/?state=taken").text
