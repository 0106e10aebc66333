"""The ways that people walk every day, in a real browser, on a desk's screen and on a phone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal.accounts import services as accounts
from portal.badges.models import Badge
from portal.demo.numbers import identity_number
from portal.equipment.models import Equipment
from portal.exits.models import Exit
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from portal.workorders.models import WorkOrder
from tests.badges import making as badges
from tests.browser.conftest import OpenPage
from tests.browser.site import DESK, PHONE, Site, paper
from tests.cast import NOW, PASSWORD
from tests.exits import making as exits

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


def press(page: Page, name: str) -> None:
    """The button or link of that name on the page itself; some stand in the menu "More"."""
    inside = page.locator("main")
    link = inside.locator("a:not(.crumb a)").and_(page.get_by_role("link", name=name, exact=True))
    target = inside.get_by_role("button", name=name, exact=True).or_(link).first
    if not target.is_visible():
        inside.locator(".page-head details.pop > summary").click()
    target.click()


def press_at_gate(page: Page, name: str) -> None:
    """A button under the thumb."""
    foot = page.locator(".gate-foot")
    foot.get_by_role("button", name=name, exact=True).or_(foot.get_by_role("link", name=name, exact=True)).click()


def scan(page: Page, code: str) -> None:
    """What a keyboard scanner does: the code, and Enter."""
    page.get_by_label("扫码，或输入短码").fill(code)
    page.keyboard.press("Enter")


def short_code(subject: Badge | Exit) -> str:
    found = live_pass(subject.id)
    assert found is not None
    return found.short_code


@WIDTHS
def test_signing_in_the_rules_and_the_other_language(site: Site, open_page: OpenPage, width: int) -> None:
    with transaction():
        text = accounts.PublishRules("# 规定\n\n不得带入相机。", "# Rules\n\nNo cameras.", 0)
        accounts.publish_rules(text, site.cast.actor("administrator"), clock.now())
    page = open_page(width=width)
    page.goto(f"{site.url}/badges/")
    page.get_by_label("邮箱").fill(site.email("admin"))
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("不得带入相机。")).to_be_visible()
    press(page, "接受规定")
    expect(page).to_have_url(f"{site.url}/badges/")
    if width == PHONE:
        page.locator(".bar .tools details.pop > summary").click()
    page.get_by_role("button", name="English").locator("visible=true").click()
    expect(page.get_by_role("heading", name="Badges")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(site.url)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good morning, 赵一鸣")


@WIDTHS
def test_a_badge_from_application_to_issue(site: Site, open_page: OpenPage, tmp_path: Path, width: int) -> None:
    page = open_page(width=width)
    site.sign_in(page, "admin", "/badges/apply")
    press(page, "提交申请")
    expect(page.get_by_role("alert").first).to_contain_text("选择持证人。")
    page.get_by_label("持证人", exact=True).select_option(index=1)
    page.get_by_label("持证人照片").set_input_files(paper(tmp_path, "portrait"))
    window = page.get_by_role("group", name="照片")
    expect(window).to_be_visible()
    window.press("ArrowLeft")
    press(page, "提交申请")
    expect(page.locator(".kept")).to_contain_text("portrait.jpg")  # nothing that was given is lost over the rest
    page.get_by_label("证件复印件").set_input_files(paper(tmp_path, "document"))
    page.get_by_label("介绍信").set_input_files(paper(tmp_path, "letter"))
    press(page, "提交申请")
    expect(page.locator(".page-head .state")).to_have_text("待审核")
    expect(page.locator(".portrait")).to_have_js_property("complete", value=True)

    service = open_page(width=width)
    site.sign_in(service, "service", page.url.removeprefix(site.url))
    press(service, "签发出入证")
    press(service, "签发出入证")
    expect(service.locator(".page-head .state")).to_have_text("已签发")
    expect(service.get_by_role("link", name="打印证件")).to_be_visible()
    page.reload()
    expect(page.locator(".page-head .state")).to_have_text("已签发")


@pytest.mark.parametrize(("width", "javascript"), [(PHONE, True), (PHONE, False), (DESK, True)], ids=["phone", "plain-phone", "desk"])
def test_the_gate_lets_a_badge_in_and_out(site: Site, open_page: OpenPage, width: int, javascript: bool) -> None:
    with transaction():
        code = short_code(badges.issued(site.cast))
    page = open_page(width=width, javascript=javascript)
    site.sign_in(page, "guard", "/gate/")
    scan(page, code[:-1] + ("Q" if code[-1] != "Q" else "R"))
    expect(page.locator(".verdict.stop")).to_contain_text("短码输入有误")
    press_at_gate(page, "继续扫码")
    scan(page, code.lower())
    expect(page.locator(".verdict.ok")).to_contain_text("可以进入")
    expect(page.get_by_role("img", name="王珺 的照片")).to_be_visible()
    press_at_gate(page, "确认进入")
    expect(page.locator(".verdict.wait")).to_contain_text("先逐项确认")
    for point in page.get_by_role("checkbox").all():
        point.check()
    press_at_gate(page, "确认进入")
    expect(page.locator(".verdict.ok")).to_contain_text("王珺 · B2")
    press_at_gate(page, "继续扫码")
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_contain_text("可以离开")
    press_at_gate(page, "确认离开")
    expect(page.locator(".verdict.ok")).to_contain_text("离开机房")
    with transaction():
        stay = session().scalars(select(Presence)).one()
        assert stay.left_at is not None


@WIDTHS
def test_equipment_leaves_on_an_exit_slip(site: Site, open_page: OpenPage, width: int) -> None:
    with transaction():
        exits.servers(site.cast, 3)
    client = open_page(width=width)
    site.sign_in(client, "admin", "/exits/apply")
    client.get_by_label("撤机", exact=True).check()
    expect(client.get_by_label("返回期限")).to_be_hidden()
    client.get_by_label("或粘贴清单").fill("SN-0001\nDell PowerEdge R650\tSN-0002\nSN-9999")
    client.get_by_label("出门日期").fill(f"{clock.today():%Y-%m-%d}")
    client.get_by_label("搬运人姓名").fill("刘洋")
    client.get_by_label("搬运人证件号码").fill(identity_number(77))
    press(client, "提交申请")
    expect(client.locator("tr.bad")).to_contain_text("无此序列号")
    client.get_by_label("或粘贴清单").fill("SN-0001\nDell PowerEdge R650\tSN-0002")
    press(client, "提交申请")
    expect(client.locator(".page-head .state")).to_have_text("待核对")

    service = open_page(width=width)
    site.sign_in(service, "service", client.url.removeprefix(site.url))
    press(service, "全部一致的行核对通过")
    press(service, "开具出门条")
    press(service, "开具出门条")
    expect(service.locator(".page-head .state")).to_have_text("出门条已开具")
    with transaction():
        code = short_code(session().scalars(select(Exit)).one())

    gate = open_page(width=width)
    site.sign_in(gate, "guard", "/gate/")
    scan(gate, code)
    expect(gate.locator(".verdict.ok")).to_contain_text("今天可搬出 2 台")
    serial = gate.get_by_label("扫描或输入序列号即可勾选")
    serial.fill("sn-0001")
    serial.press("Enter")
    expect(gate.locator("[data-tally]")).to_have_text("1")  # ticked in the page, without a round trip
    serial.fill("SN-0003")
    serial.press("Enter")
    expect(gate.locator(".verdict.stop")).to_contain_text("不在出门条上")
    gate.get_by_label("已查验搬运人证件").check()
    gate.get_by_label("未勾选的设备留在机房").check()
    press_at_gate(gate, "放行")
    expect(gate.locator(".released")).to_contain_text("1 台留在机房")
    press_at_gate(gate, "继续扫码")
    scan(gate, code)
    expect(gate.locator(".verdict.stop")).to_contain_text("仅限一次")
    with transaction():
        assert session().scalars(select(Equipment.serial).where(Equipment.state == "withdrawn")).all() == ["SN-0001"]
        assert "gate.not_on_slip" in session().scalars(select(GateEvent.code)).all()


@WIDTHS
def test_a_work_order_from_the_list_to_the_rack(site: Site, open_page: OpenPage, width: int) -> None:
    client = open_page(width=width)
    site.sign_in(client, "admin", "/work-orders/draft")
    client.get_by_label("粘贴清单").fill("Dell PowerEdge R650\tSN-7001\nDell PowerEdge R650\tSN-7002")
    press(client, "填入表格")
    press(client, "保存草稿")
    press(client, "提交业务人员")
    press(client, "提交业务人员")
    expect(client.locator(".page-head .state")).to_have_text("待业务签发")
    path = client.url.removeprefix(site.url)

    sales = open_page(width=width)
    site.sign_in(sales, "sales", path)
    press(sales, "下达机房")
    press(sales, "下达机房")
    expect(sales.locator(".page-head .state")).to_have_text("已下达机房")

    site.set_clock(NOW + timedelta(hours=1))
    room = open_page(width=width)
    site.sign_in(room, "room_staff", path)
    press(room, "安排机位")
    press(room, "预留机位、IP 和端口")
    expect(room.locator(".page-head .state")).to_have_text("机位已预留")

    with transaction():
        site.set_clock(session().scalars(select(WorkOrder.arrives_at)).one())
    room = open_page(width=width)
    site.sign_in(room, "room_staff", path)
    press(room, "开始验收")
    for serial in ("SN-7001", "SN-7002"):
        room.get_by_label("扫描或输入序列号").fill(serial)
        room.keyboard.press("Enter")
        room.get_by_label("纸箱和包装已拆除").check()
        room.get_by_label("型号与清单一致").check()
        press(room, "验收")
    expect(room.get_by_role("status")).to_contain_text("开工单已完成")
    with transaction():
        found = session().scalars(select(Equipment).order_by(Equipment.serial)).all()
        assert [(thing.serial, thing.state) for thing in found] == [("SN-7001", "in_service"), ("SN-7002", "in_service")]
