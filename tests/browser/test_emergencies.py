"""An emergency on a phone, in a real browser: asked, approved in two taps, used, reported, reviewed (R-A2)."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select

from portal.kernel.db import session
from portal.outbox.models import OutboxMessage
from tests.browser.conftest import OpenPage
from tests.browser.site import PHONE, Site
from tests.browser.test_presence import press_at_gate
from tests.browser.test_ways import press
from tests.emergencies.making import NUMBER


def test_an_emergency_from_asking_to_review(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=PHONE)
    site.sign_in(page, "admin", "/emergencies/ask")
    press(page, "申请紧急进入")
    expect(page.get_by_role("alert").first).to_contain_text("请说明发生了什么、需要做什么。")
    page.get_by_label("发生了什么、需要做什么").fill("核心交换机掉电，业务中断，需更换电源模块。")
    page.get_by_label("到访人员").fill("罗成 138 0013 8000")
    press(page, "申请紧急进入")
    expect(page.locator("main .page-head .state")).to_have_text("待主管审批")

    # The link of the mail that the supervisor on call gets: sign in there, and one tap.
    path = session().scalars(select(OutboxMessage.path).where(OutboxMessage.code == "emergency.asked")).first()
    assert path is not None
    supervisor = open_page(width=PHONE)
    site.sign_in(supervisor, "supervisor", path)
    approve = supervisor.get_by_role("button", name="批准")
    box = approve.bounding_box()
    assert box is not None
    assert box["height"] >= 48
    approve.click()
    expect(supervisor.locator("main .page-head .state")).to_have_text("已批准，未进入")
    page.reload()
    expect(page.get_by_text("口述码")).to_be_visible()

    guard = open_page(width=PHONE)
    site.sign_in(guard, "guard", "/gate/")
    guard.locator(".urgent a").click()
    expect(guard.locator(".verdict.ok")).to_contain_text("紧急进入已批准")
    guard.get_by_role("link", name="罗成").click()
    guard.get_by_label("证件号码").fill(NUMBER)
    press_at_gate(guard, "登记证件")
    expect(guard.locator(".verdict.ok")).to_contain_text("可以进入")
    for point in guard.locator("input[name=point]").all():
        point.check()
    press_at_gate(guard, "确认进入")
    expect(guard.locator(".verdict.ok")).to_contain_text("罗成 · B2")
    press_at_gate(guard, "继续扫码")
    guard.get_by_role("link", name="疏散名单").click()
    expect(guard.get_by_role("row", name="罗成")).to_contain_text("星海数联")
    guard.get_by_label("罗成 已撤出").check()
    guard.go_back()
    guard.locator(".urgent a").click()
    guard.get_by_role("link", name="罗成").click()
    press_at_gate(guard, "确认离开")
    expect(guard.locator(".verdict.ok")).to_contain_text("离开机房")

    page.reload()
    press(page, "填写报告")
    page.get_by_label("做了什么").fill("更换电源模块，业务恢复。")
    press(page, "提交报告")
    expect(page.locator("main .page-head .state")).to_have_text("报告待审阅")

    supervisor.reload()
    press(supervisor, "结案")
    press(supervisor, "结案")
    expect(supervisor.locator("main .page-head .state")).to_have_text("已关闭")
    expect(supervisor.locator(".timeline").last).to_contain_text("已审阅结案")


def test_refusing_asks_for_a_reason_of_its_own(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=PHONE)
    site.sign_in(page, "admin", "/emergencies/ask")
    page.get_by_label("发生了什么、需要做什么").fill("希望提前更换风扇。")
    press(page, "申请紧急进入")
    expect(page.locator("main .page-head .state")).to_have_text("待主管审批")
    supervisor = open_page(width=PHONE)
    site.sign_in(supervisor, "supervisor", page.url.removeprefix(site.url))
    supervisor.get_by_role("button", name="拒绝进入").click()
    expect(supervisor.get_by_role("alert").first).to_contain_text("请说明拒绝的理由")
    supervisor.get_by_label("原因").fill("不影响业务，可按临时进入办理。")
    press(supervisor, "拒绝进入")
    expect(supervisor.locator("main .page-head .state")).to_have_text("未通过")
