"""The quarterly access review as a client's administrator walks it, on a desk's screen and on a phone; and the pack an auditor takes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal import worker
from portal.badges.models import Badge
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.reviews import services
from tests.badges import making as badges
from tests.browser.conftest import OpenPage
from tests.browser.site import DESK, PHONE, Site
from tests.browser.test_ways import press
from tests.cast import NOW
from tests.reviews.making import answers, review

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


@WIDTHS
def test_a_client_reviews_who_may_enter(site: Site, open_page: OpenPage, width: int) -> None:
    """From the desk to the last answer but the own account, in two goes; a removed badge is dead; the supervisor does the rest."""
    with transaction():
        badges.issued(site.cast, "wang")
        services.open_review("2026-Q4", site.cast.alpha.id, NOW)
    page = open_page(width=width)
    site.sign_in(page, "admin", "/")
    page.get_by_role("link", name="访问权限复核 2026-Q4").first.click()
    expect(page.get_by_text("4 项等待您答复")).to_be_visible()
    press(page, "保存答复")
    expect(page.get_by_role("alert").first).to_contain_text("请至少对一项选择")

    def choose(name: str, answer: str) -> None:
        line = page.locator(".review-lines > li").filter(has_text=name)
        button = line.get_by_text(answer, exact=True)
        assert width == DESK or (button.bounding_box() or {"height": 0})["height"] >= 44
        button.click()

    choose("王珺", "移除")
    choose("刘洋", "保留")
    press(page, "保存答复")
    expect(page.get_by_text("已保存 2 项答复。")).to_be_visible()
    expect(page.locator(".review-lines > li").filter(has_text="王珺")).to_contain_text("已移除权限")
    expect(page.locator(".review-progress")).to_contain_text("2/5")
    choose("张䶮", "保留")
    choose("钱多", "保留")
    press(page, "保存答复")
    expect(page.locator(".review-lines > li").filter(has_text="admin@client")).to_contain_text("由该客户的另一位管理员或数据中心主管答复")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    with transaction():
        assert session().scalars(select(Badge.state)).one() == "cancelled"
        found = review(site.cast)
        services.answer(found, answers(found, keep=("赵一鸣",)), site.cast.actor("supervisor"), clock.now())
    page.reload()
    expect(page.locator(".page-head .state")).to_have_text("复核完成")


def test_an_auditor_asks_for_a_pack_and_takes_it(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(width=DESK)
    site.sign_in(page, "auditor", "/evidence/packs/ask")
    press(page, "申请证据包")
    expect(page.locator(".page-head .state")).to_have_text("制作中")
    assert worker.make_pack(clock.now())
    page.reload()
    expect(page.locator(".page-head .state")).to_have_text("已制作")
    with page.expect_download() as download:
        press(page, "下载")
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as pack:
        assert "manifest.sig" in pack.namelist()
    page.goto(f"{site.url}/evidence/could-enter")
    page.get_by_label("机房", exact=True).select_option(label="B2")
    press(page, "查询")
    expect(page.get_by_role("heading", name="可进入", exact=True)).to_be_visible()
