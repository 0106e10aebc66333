"""The client's day and the desk's day: asked, answered, asked back, settled, an opinion by the link from the e-mail. In a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.kernel.db import session, transaction
from portal.outbox.models import OutboxMessage
from portal.tickets.models import Ticket, TicketFile
from tests.browser.conftest import OpenPage
from tests.browser.site import DESK, PHONE, Site, paper
from tests.browser.test_conduct import fits
from tests.browser.test_ways import press

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


@WIDTHS
def test_from_the_question_to_the_clients_yes(site: Site, open_page: OpenPage, tmp_path: Path, width: int) -> None:
    client = open_page(width=width)
    site.sign_in(client, "admin", "/requests/")
    press(client, "提出请求")
    press(client, "发送")
    expect(client.get_by_role("alert").first).to_contain_text("请选择事项类别")
    client.get_by_label("事项类别").select_option(label="线缆与跳线")
    client.locator("#subject").fill("新增跳线")
    client.get_by_label("说明").fill("请新增一条六类跳线。")
    client.get_by_label("附件 1").set_input_files(paper(tmp_path, "plan"))
    assert fits(client)
    press(client, "发送")
    expect(client.locator(".page-head")).to_contain_text("SR-2611-0001")
    expect(client.get_by_role("link", name="plan.jpg")).to_be_visible()
    assert fits(client)

    staff = open_page(width=width)
    site.sign_in(staff, "room_staff", "/")
    staff.get_by_role("link", name="请求 SR-2611-0001").first.click()
    press(staff, "领取")
    staff.get_by_label("答复", exact=True).fill("请告知两端的端口。")
    staff.get_by_label("等待客户回复：时限暂停").check()
    press(staff, "发送答复")
    expect(staff.locator(".page-head .state")).to_have_text("等待客户")
    assert fits(staff)

    client.goto(f"{site.url}/")
    client.get_by_role("link", name="等待您回复：SR-2611-0001").first.click()
    client.get_by_label("您的消息").fill("A 侧 1 口到 B 侧 3 口。")
    press(client, "发送")
    expect(client.locator(".page-head .state")).to_have_text("处理中")

    staff.reload()
    staff.get_by_label("内部备注").fill("线缆库存还有两条。")
    press(staff, "保存备注")
    expect(staff.locator(".said-note")).to_contain_text("线缆库存还有两条。")
    press(staff, "办结")
    staff.locator("#reason").fill("已完成并贴好标签。")
    press(staff, "办结")
    expect(staff.locator(".page-head .state")).to_have_text("已办结，待评价")

    client.reload()
    expect(client.locator(".said-result")).to_contain_text("已完成并贴好标签。")
    expect(client.locator("main")).not_to_contain_text("线缆库存")
    with transaction():
        path = session().scalars(select(OutboxMessage.path).where(OutboxMessage.code == "ticket.settled")).one()
    stranger = open_page(width=width)  # who holds the link need not sign in
    stranger.goto(f"{site.url}{path}?score=5")
    expect(stranger.get_by_label("非常满意")).to_be_checked()
    assert fits(stranger)
    press_here(stranger, "提交评价")
    expect(stranger.get_by_role("heading", name="感谢您的评价。")).to_be_visible()
    with transaction():
        assert session().scalars(select(Ticket.state)).one() == "closed"
        assert session().scalars(select(TicketFile)).one()


def press_here(page: object, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()  # type: ignore[attr-defined]


@WIDTHS
def test_a_call_is_registered_and_answered_from_a_ready_text(site: Site, open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    site.sign_in(page, "service", "/requests/answers")
    press(page, "新建常用答复")
    for label, text in (
        ("标题（中文）", "钥匙"),
        ("标题（英文）", "Keys"),
        ("正文（中文）", "请到服务台领取。"),
        ("正文（英文）", "At the desk."),
    ):
        page.get_by_label(label).fill(text)
    press(page, "保存")
    page.goto(f"{site.url}/requests/")
    press(page, "登记请求")
    page.get_by_label("客户", exact=True).select_option(index=1)
    press(page, "继续")
    page.get_by_label("来源").select_option(label="电话")
    page.get_by_label("来访者").fill("赵一鸣")
    page.locator("#contact_phone").fill("13800138000")
    page.get_by_label("事项类别").select_option(label="一般咨询")
    page.locator("#subject").fill("钥匙在哪里")
    page.get_by_label("说明").fill("机柜钥匙在哪里领取？")
    press(page, "登记")
    expect(page.locator(".page-head")).to_contain_text("SR-2611-0001")
    page.get_by_label("套用").select_option(label="钥匙")
    press(page, "发送答复")
    expect(page.get_by_label("答复", exact=True)).to_have_value("请到服务台领取。")
    press(page, "发送答复")
    expect(page.locator(".said-answer")).to_contain_text("请到服务台领取。")
    assert fits(page)
