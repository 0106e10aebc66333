"""Who comes without a badge, on the guard's phone: a visitor and an emergency, from the scan to the exit; and the evacuation list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.gate.models import Presence
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from portal.visits import services as visit_services
from portal.visits.naming import visitors_of
from tests.browser.conftest import OpenPage
from tests.browser.site import PHONE, Site
from tests.browser.test_ways import press_at_gate, scan
from tests.cast import NOW
from tests.visits import making as visits


@pytest.mark.parametrize("javascript", [True, False], ids=["phone", "plain-phone"])
def test_an_escorted_visitor_comes_and_goes(site: Site, open_page: OpenPage, javascript: bool) -> None:
    start = NOW + timedelta(minutes=30)
    with transaction():
        visit = visits.requested(site.cast, "liu", starts_at=start, ends_at=start + timedelta(hours=2))
        visit_services.approve(visit, visits.approval(visit, escorted=True), site.cast.actor("service"), NOW)
        found = live_pass(visitors_of(visit.id)[0].id)
        assert found is not None
    page = open_page(width=PHONE, javascript=javascript)
    site.sign_in(page, "guard", "/gate/")
    scan(page, found.short_code)
    expect(page.locator(".verdict.stop")).to_contain_text("此前不得进入")
    site.set_clock(start)
    press_at_gate(page, "继续扫码")
    scan(page, found.short_code)
    expect(page.locator(".verdict.ok")).to_contain_text("可以进入")
    for point in page.locator("input[name=point]").all():
        point.check()
    press_at_gate(page, "确认进入")
    expect(page.locator(".verdict.wait")).to_contain_text("请选择陪同人员")
    page.get_by_label("由谁陪同？").select_option(label="马超")
    page.get_by_text("寄存在值班台的物品").click()
    page.get_by_label("照相机", exact=True).check()
    press_at_gate(page, "确认进入")
    expect(page.locator(".verdict.ok")).to_contain_text("刘洋 · B2")
    press_at_gate(page, "继续扫码")
    scan(page, found.short_code)
    expect(page.locator(".verdict.ok")).to_contain_text("可以离开")
    press_at_gate(page, "确认离开")
    expect(page.locator(".verdict.wait")).to_contain_text("请归还寄存物品")
    page.get_by_label("照相机").check()
    press_at_gate(page, "确认离开")
    expect(page.locator(".verdict.ok")).to_contain_text("离开机房")
    with transaction():
        stay = session().scalars(select(Presence)).one()
        assert stay.left_at is not None
        assert stay.kept_back_at is not None
