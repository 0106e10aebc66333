"""On a phone: a guard records a violation, and hands the shift over; the next one takes it over. In a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.conduct.models import Violation, ViolationFile
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from portal.shifts.models import Shift
from tests.badges import making as badges
from tests.browser.conftest import OpenPage
from tests.browser.site import DESK, PHONE, Site, paper
from tests.browser.test_ways import press
from tests.cast import NOW

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
POINTS = [key for key, _label in gate_rules.CHECKLIST_POINTS]


def inside(site: Site) -> None:
    """王珺 is in the room."""
    with transaction():
        held = live_pass(badges.issued(site.cast, "wang").id)
        assert held is not None
        assert gate.enter(held, site.cast.rooms["B2"].id, POINTS, "n", site.cast.actor("guard"), NOW).refusal is None


def fits(page: object) -> bool:
    """Nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))  # type: ignore[attr-defined]


@WIDTHS
def test_recording_a_violation(site: Site, open_page: OpenPage, tmp_path: Path, width: int) -> None:
    inside(site)
    page = open_page(width=width)
    site.sign_in(page, "guard", "/violations/")
    press(page, "登记违规")
    page.get_by_role("link", name="王珺").click()
    assert fits(page)
    page.get_by_label("违反的规定").select_option("r_e2")
    page.get_by_label("严重程度").select_option("serious")
    page.get_by_label("经过").fill("在机房内吸烟。")
    page.get_by_label("证据 1").set_input_files(paper(tmp_path, "cam"))
    press(page, "登记")
    expect(page.get_by_role("heading", name="VL-2611-0001")).to_be_visible()
    expect(page.get_by_role("link", name="cam.jpg")).to_be_visible()
    assert fits(page)
    violation = session().scalars(select(Violation)).one()
    assert (violation.person_id, violation.room_id) == (site.cast.people["wang"].id, site.cast.rooms["B2"].id)
    assert len(session().scalars(select(ViolationFile)).all()) == 1


@WIDTHS
def test_handing_over_a_shift(site: Site, open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    site.sign_in(page, "guard", "/gate/")
    page.get_by_role("link", name="开始当班").click()
    press(page, "开始当班")
    inside(site)
    press(page, "交班")
    expect(page.get_by_text("王珺")).to_be_visible()
    assert fits(page)
    page.get_by_label("交班说明").fill("空调有异响，已报修。")
    press(page, "签字交班")
    expect(page.get_by_text("等待下一班接班")).to_be_visible()
    assert fits(page)
    other = open_page(width=width)
    site.sign_in(other, "guard2", "/")
    other.get_by_role("link", name="SH-2611-0001").click()
    press(other, "接班")
    expect(other.get_by_text("空调有异响，已报修。")).to_be_visible()
    press(other, "我已阅读，确认接班")
    expect(other.get_by_role("heading", name="SH-2611-0001")).to_be_visible()
    states = session().scalars(select(Shift.state).order_by(Shift.id)).all()
    assert states == ["taken", "running"]
