"""From a request to the pass in a real browser, on a desk's screen and on a phone: the client asks, customer service approves."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from sqlalchemy import select

from portal.demo.numbers import identity_number
from portal.kernel.db import session
from portal.passes.queries import live_pass
from portal.visits.models import Visit, Visitor
from tests.browser.conftest import OpenPage
from tests.browser.site import Site, paper
from tests.browser.test_ways import WIDTHS, press


@WIDTHS
def test_a_visit_from_the_request_to_the_pass(site: Site, open_page: OpenPage, width: int, tmp_path: Path) -> None:
    page = open_page(width=width)
    site.sign_in(page, "admin", "/visits/")
    press(page, "申请临时进入")
    page.get_by_label("原因").fill("更换故障电源")
    page.get_by_label("介绍信").set_input_files(paper(tmp_path, "letter"))
    page.get_by_label("王珺").first.check()
    page.get_by_text("粘贴或上传清单").click()
    page.get_by_label("粘贴清单").fill(f"许巍,身份证,{identity_number(70)},13800138000,凯捷工程,xu@work.example\n段誉,身份证,123456")
    press(page, "填入表格")
    expect(page.get_by_text("有 1 行需要更正")).to_be_visible()
    page.get_by_role("button", name="删除第 2 行").click()
    press(page, "提交申请")
    expect(page.locator(".page-head .state")).to_have_text("待审核")
    expect(page.get_by_text("许巍").first).to_be_visible()
    expect(page.get_by_text(identity_number(70))).to_have_count(0)
    address = page.url

    review = open_page(width=width)
    site.sign_in(review, "service", address.removeprefix(site.url))
    press(review, "审核批准")
    review.get_by_label("须全程陪同").check()
    press(review, "批准并签发进入证")
    expect(review.locator(".page-head .state")).to_have_text("已批准进入")

    page.reload()
    expect(page.locator("tbody .state.ok")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
    visit = session().scalars(select(Visit)).one()
    assert (visit.state, visit.escorted) == ("approved", True)
    passes = [live_pass(id_) for id_ in session().scalars(select(Visitor.id))]
    assert all(found is not None and found.valid_until == visit.ends_at for found in passes)
    # The pass itself: the browser downloads it, so it is asked for with the session of this page.
    answer = page.request.get(f"{address}/passes.pdf")
    assert (answer.status, answer.headers["content-type"], answer.body()[:4]) == (200, "application/pdf", b"%PDF")
    press(page, "取消临时进入")
    page.get_by_label("原因").fill("改期")
    press(page, "取消临时进入")
    expect(page.locator(".page-head .state")).to_have_text("已取消")
    assert page.request.get(f"{address}/passes.pdf").status == 404
