"""The gate without a network, in a real browser on a phone: it is cut, passes are scanned, and the portal books what happened."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.badges import services as badge_services
from portal.badges.models import Badge
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.gate.models import GateEvent, Presence
from portal.gate.offline.models import OfflineMistake
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.shifts import services as shift_services
from portal.shifts.models import Shift
from portal.visits import services as visit_services
from tests.badges import making as badges
from tests.browser.conftest import OpenPage
from tests.browser.offline import back, cut, press, ready, scan, store, token_of, until
from tests.browser.site import PHONE, Site
from tests.cast import NOW
from tests.emergencies import making as emergencies
from tests.exits import making as exits
from tests.gate.scanning import pass_of
from tests.gate_offline import making as offline
from tests.shifts import making as shifts
from tests.visits import making as visits


@pytest.fixture(autouse=True)
def shift(site: Site) -> Shift:
    """The guard's, at the site of the cast: only on a shift does a phone keep a copy."""
    with transaction():
        return shifts.running(site.cast)


def test_four_passes_without_a_network(site: Site, open_page: OpenPage) -> None:
    cast = site.cast
    with transaction():
        good, before, after = badges.issued(cast, "wang"), badges.issued(cast, "liu"), badges.issued(cast, "li", "stranger")
        expired = badges.applied(cast, "chen", "solo")
        badge_services.issue(expired, NOW.date(), cast.actor("service"), NOW)
        codes = {name: token_of(badge) for name, badge in (("good", good), ("before", before), ("after", after), ("expired", expired))}
        badge_services.report_lost(before, cast.actor("admin"), NOW)
        after_id = after.id
    site.set_clock(NOW + timedelta(hours=14))  # past midnight: one of them is over since then
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    with transaction():
        badge_services.report_lost(session().get_one(Badge, after_id), cast.actor("stranger"), clock.now())
    cut(page)

    scan(page, codes["expired"])
    expect(page.locator(".verdict.stop")).to_contain_text("已于 11 月 23 日过期")
    press(page, "继续扫码")
    scan(page, codes["before"])
    expect(page.locator(".verdict.stop")).to_contain_text("已挂失")
    press(page, "继续扫码")
    for name, room in (("good", "王珺 · B2"), ("after", "李想 · B2")):
        scan(page, codes[name])
        expect(page.locator(".verdict.ok")).to_contain_text("可以进入")
        press(page, "确认进入")
        expect(page.locator(".verdict.wait")).to_contain_text("先逐项确认")
        for box in page.locator("[data-points] input").all():
            box.check()
        press(page, "确认进入")
        expect(page.locator(".verdict.ok")).to_contain_text(room)
        press(page, "继续扫码")
    scan(page, codes["good"])
    expect(page.locator(".verdict.ok")).to_contain_text("可以离开")  # this phone remembers what it did
    page.get_by_role("button", name="返回扫码").click()
    expect(page.locator("[data-net-line]")).to_contain_text("待发送记录 7 条")
    with transaction():
        assert session().scalars(select(GateEvent.id)).all() == []

    kept = store(page)
    assert kept["queue"]["count"] == 7
    for name in ("王珺", "李想", "星海数联"):
        for said in (name, name.encode().decode("latin1")):
            assert said not in json.dumps(kept, ensure_ascii=False), f"{name} is readable on the phone"
    assert kept["extractable"] is False

    back(page)
    expect(page.locator("[data-net-line]")).to_contain_text("离线误放 1 项")
    assert store(page)["queue"]["count"] == 0
    with transaction():
        found = session().scalars(select(GateEvent).order_by(GateEvent.created_at, GateEvent.id)).all()
        assert [(one.kind, one.code, one.objection) for one in found] == [
            ("refusal", "gate.badge_expired", None),
            ("refusal", "gate.badge_lost", None),
            ("scan", "", None),
            ("entry", "", None),
            ("scan", "", None),
            ("entry", "", "gate.badge_lost"),
            ("scan", "", None),
        ]
        assert all(one.booked_at is not None and one.created_at <= one.booked_at for one in found)
        assert len(session().scalars(select(Presence.id).where(Presence.left_at.is_(None))).all()) == 2
        mistake = session().scalars(select(OfflineMistake)).one()
        number = mistake.number
    boss = open_page(width=PHONE)
    site.sign_in(boss, "supervisor", "/")
    boss.get_by_role("link", name=f"离线误放：{number}").first.click()
    expect(boss.locator(".page-head .state")).to_have_text("待处置")
    boss.locator("main").get_by_role("link", name="处置", exact=True).click()
    boss.get_by_label("原因").fill("本人已请出，卡已收回")
    boss.get_by_role("button", name="处置", exact=True).click()
    expect(boss.locator(".page-head .state")).to_have_text("已处置")


def test_signing_out_wipes_the_phone_and_loses_nothing(site: Site, open_page: OpenPage) -> None:
    with transaction():
        code = token_of(badges.issued(site.cast))
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    held = store(page)
    assert held["copy"]["count"] == 8
    assert held["photos"]["count"] == 1
    cut(page)
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_be_visible()
    page.get_by_role("button", name="返回扫码").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator(".callout.stop")).to_contain_text("现在无法判定")
    wiped = store(page)
    assert (wiped["copy"]["count"], wiped["photos"]["count"]) == (0, 0)
    assert (wiped["queue"]["count"], wiped["keys"]["count"]) == (1, 1), "what happened stays, with the key that seals it"
    back(page)  # the session is ended now, too
    expect(page.locator("[data-net-line]")).to_contain_text("已退出登录")
    with transaction():
        assert session().scalars(select(GateEvent.kind)).all() == ["scan"]
    page.goto(f"{site.url}/gate/")
    expect(page).to_have_url(f"{site.url}/sign-in?next=/gate/")
    final = store(page) if page.evaluate("'openGateStore' in window") else None
    assert final is None or final["copy"]["count"] == 0


def test_the_end_of_its_time_wipes_the_copy(site: Site, open_page: OpenPage) -> None:
    with transaction():
        badges.issued(site.cast)
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    page.evaluate("import('/static/gate/vault.js').then(({ remember }) => remember('until', 1))")
    page.context.set_offline(True)
    page.goto(page.url)
    expect(page.locator(".callout.stop")).to_contain_text("现在无法判定")
    left = store(page)
    assert (left["copy"]["count"], left["photos"]["count"], left["keys"]["count"]) == (0, 0, 0)


def test_a_slip_is_shown_offline_and_released_on_the_supervisors_word_alone(site: Site, open_page: OpenPage) -> None:
    with transaction():
        slip = exits.issued(site.cast, exits.servers(site.cast, 2))
        code = exits.pass_of(slip).short_code
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, code)
    expect(page.locator(".verdict.wait")).to_contain_text("主管未允许")
    expect(page.locator("[data-items]")).to_contain_text("SN-0001")
    expect(page.get_by_role("button", name="放行")).to_have_count(0)
    with transaction():
        offline.allowed(site.cast)
    back(page)
    page.get_by_role("link", name="返回联网页面").click()
    ready(page)
    cut(page)
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_contain_text("今天可搬出 2 台")
    serial = page.get_by_label("扫描或输入序列号即可勾选")
    serial.fill("sn-0001")
    serial.press("Enter")
    serial.fill("SN-9999")
    serial.press("Enter")
    expect(page.locator("[data-not-listed]")).to_contain_text("不在出门条上")
    expect(page.locator("[data-net-line]")).to_contain_text("待发送记录 2 条")
    page.get_by_label("已查验搬运人证件").check()
    press(page, "放行")
    expect(page.locator(".verdict.wait")).to_be_visible()
    page.get_by_label("未勾选的设备留在机房").check()
    press(page, "放行")
    expect(page.locator(".verdict.ok")).to_contain_text("已搬出 1 台")
    press(page, "继续扫码")
    scan(page, code)
    expect(page.locator(".verdict.stop")).to_contain_text("仅限一次")  # this phone knows what it let out
    back(page)
    with transaction():
        released = session().scalars(select(GateEvent).where(GateEvent.kind == "release")).one()
        assert (released.facts["released"], released.objection) == (["SN-0001"], None)
        stayed = session().scalars(select(GateEvent).where(GateEvent.code == "gate.not_on_slip")).one()
        assert (stayed.kind, stayed.facts["serial"]) == ("refusal", "SN-9999")


def test_the_evacuation_list_without_a_network(site: Site, open_page: OpenPage) -> None:
    from tests.gate.scanning import enter

    with transaction():
        enter(site.cast, badges.issued(site.cast))
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    page.context.set_offline(True)
    page.goto(f"{site.url}/gate/evacuation")
    expect(page.get_by_role("heading", name="疏散名单")).to_be_visible()
    expect(page.locator(".evacuation-room")).to_contain_text("王珺")


def test_the_shell_speaks_the_readers_language(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    page.locator(".tools details.pop > summary").first.click()
    page.get_by_role("button", name="English").locator("visible=true").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    shell = "caches.match('/gate/offline/app').then((held) => held.text())"
    until(page, f"{shell}.then((text) => text.includes('<html lang=\"en\"'))")
    page.context.set_offline(True)
    page.goto(page.url)
    expect(page.locator("[data-net-line]")).to_contain_text("No network. This phone decides by its copy of")


def test_visits_without_a_network(site: Site, open_page: OpenPage) -> None:
    cast, hour = site.cast, timedelta(hours=1)
    with transaction():
        going = visits.requested(cast, starts_at=NOW, ends_at=NOW + 8 * hour)
        visit_services.approve(going, visits.approval(going, escorted=True), cast.actor("service"), NOW)
        over = visits.approved(cast, "liu", starts_at=NOW, ends_at=NOW + hour)
        early = visits.approved(cast, "liu")
        codes = [token_of(visits.people(visit)[0]) for visit in (going, over, early)]
    site.set_clock(NOW + 2 * hour)
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, codes[1])
    expect(page.locator(".verdict.stop")).to_contain_text("11:30")
    expect(page.locator(".refusal-code")).to_contain_text("gate.visit_over")
    press(page, "继续扫码")
    scan(page, codes[2])
    expect(page.locator(".refusal-code")).to_contain_text("gate.visit_early")
    press(page, "继续扫码")
    scan(page, codes[0])
    expect(page.locator(".verdict.ok")).to_contain_text("18:30")
    for box in page.locator("[data-points] input").all():
        box.check()
    press(page, "确认进入")
    expect(page.locator(".verdict.wait")).to_contain_text("陪同")
    page.get_by_label("由谁陪同").select_option(label="马超")
    press(page, "确认进入")
    expect(page.locator(".verdict.ok")).to_contain_text("王珺 · B2")
    press(page, "继续扫码")
    scan(page, codes[0])
    expect(page.locator(".verdict.ok")).to_contain_text("可以离开")
    back(page)
    with transaction():
        found = session().scalars(select(GateEvent).order_by(GateEvent.created_at, GateEvent.id)).all()
        assert [(one.kind, one.code, one.objection) for one in found] == [
            ("refusal", "gate.visit_over", None),
            ("refusal", "gate.visit_early", None),
            ("scan", "", None),
            ("entry", "", None),
            ("scan", "", None),
        ]
        stay = session().scalars(select(Presence)).one()
        assert (stay.visitor_id is not None, stay.escort_id) == (True, cast.user("room_staff").id)


def test_an_emergency_without_a_network(site: Site, open_page: OpenPage) -> None:
    cast = site.cast
    with transaction():
        emergency = emergencies.approved(cast)
        emergencies.identified(cast, emergency, new=True)
        code, emergency_id = pass_of(emergency).short_code, emergency.id
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_contain_text("紧急进入已批准")
    page.get_by_role("button", name="罗工").click()
    expect(page.locator(".verdict.wait")).to_contain_text("请查验身份证件")
    page.get_by_label("证件上的姓名").fill("罗成")
    page.get_by_label("证件号码").fill("110101199003070653")
    press(page, "登记证件")
    expect(page.locator(".verdict.wait")).to_contain_text("校验")
    page.get_by_label("证件号码").fill("110101 19900307 0652")
    press(page, "登记证件")
    expect(page.locator(".name")).to_have_text("罗成")
    for box in page.locator("[data-points] input").all():
        box.check()
    press(page, "确认进入")
    expect(page.locator(".verdict.ok")).to_contain_text("罗成 · B2")
    press(page, "继续扫码")
    scan(page, code)
    expect(page.get_by_role("button", name="罗成")).to_contain_text("在机房内")
    page.get_by_role("button", name="换一个人").click()
    page.get_by_label("证件上的姓名").fill("罗成")
    page.get_by_label("证件号码").fill("110101199003070652")
    press(page, "登记证件")
    expect(page.locator(".verdict.wait")).to_contain_text("罗成")
    page.get_by_label("证件上的姓名").fill("周到")
    page.locator("select[name=kind]").select_option("passport")
    page.get_by_label("证件号码").fill("E1234567X")
    press(page, "登记证件")
    expect(page.locator(".name")).to_have_text("周到")
    sealed = json.dumps(store(page), ensure_ascii=False)
    for secret in ("110101199003070652", "E1234567X", "周到"):
        assert secret not in sealed
        assert secret.encode().decode("latin1") not in sealed
    page.get_by_role("button", name="返回扫码").click()
    scan(page, code)
    expect(page.get_by_role("button", name="周到")).to_contain_text("证件已登记")
    page.get_by_role("button", name="伍七").click()
    expect(page.locator("[data-points] input")).to_have_count(5)
    for box in page.locator("[data-points] input").all():
        box.check()
    press(page, "确认进入")
    expect(page.locator(".verdict.ok")).to_contain_text("伍七 · B2")
    press(page, "继续扫码")
    scan(page, code)
    expect(page.get_by_role("button", name="伍七")).to_contain_text("在机房内")
    page.get_by_role("button", name="伍七").click()
    press(page, "确认离开")
    back(page)
    with transaction():
        found = session().scalars(select(GateEvent).where(GateEvent.kind.in_(("entry", "exit"))).order_by(GateEvent.id)).all()
        assert [(one.kind, one.person_name, one.objection) for one in found] == [
            ("entry", "罗成", None),
            ("entry", "伍七", None),
            ("exit", "伍七", None),
        ]
        assert session().get_one(Emergency, emergency_id, populate_existing=True).state == "in_use"
        people = session().scalars(select(EmergencyPerson).order_by(EmergencyPerson.name)).all()
        assert {(one.name, one.document_tail, one.inside) for one in people if one.document_tail in ("0652", "567X")} == {
            ("罗成", "0652", True),
            ("周到", "567X", False),
        }


def test_the_end_of_the_shift_wipes_the_phone_and_loses_nothing(site: Site, open_page: OpenPage, shift: Shift) -> None:
    with transaction():
        code = token_of(badges.issued(site.cast))
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_be_visible()
    with transaction():
        mine = session().get_one(Shift, shift.id)
        shift_services.hand_over(mine, "", site.cast.actor("guard"), clock.now())
        shift_services.take_over(mine, "", site.cast.actor("guard2"), clock.now())
    back(page)
    expect(page.locator("[data-net-line]")).to_contain_text("未当班")
    left = store(page)
    assert (left["copy"]["count"], left["photos"]["count"], left["queue"]["count"], left["keys"]["count"]) == (0, 0, 0, 0)
    with transaction():
        assert session().scalars(select(GateEvent.kind)).all() == ["scan"]
    page.get_by_role("link", name="返回联网页面").click()
    expect(page.locator("[data-net-line]")).to_contain_text("未当班")
    assert store(page)["copy"]["count"] == 0


def test_what_the_portal_cannot_read_is_told(site: Site, open_page: OpenPage) -> None:
    with transaction():
        code = token_of(badges.issued(site.cast))
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, code)
    expect(page.locator(".verdict.ok")).to_be_visible()
    spoil = """import("/static/gate/queue.js").then(async ({ add, waiting }) => {
      const { recall } = await import("/static/gate/vault.js");
      const [{ happened }] = await waiting(await recall("guard"));
      await add({ ...happened, nonce: "0123456789abcdef", kind: "nonsense" });
      const { step } = await import("/static/gate/vault.js");
      const row = await step(["queue"], "readonly", ({ queue }) => queue.get(2));
      new Uint8Array(row.sealed)[5] ^= 1;
      await step(["queue"], "readwrite", ({ queue }) => queue.add({ ...row, event: "fedcba9876543210" }));
    })"""
    page.evaluate(spoil)
    back(page)
    expect(page.locator("[data-net-line]")).to_contain_text("门户无法识别的记录 2 条")
    assert store(page)["queue"]["count"] == 0, "the portal has them: the phone does not send them again"
    with transaction():
        kept = session().scalars(select(GateEvent.code).order_by(GateEvent.id)).all()
        assert kept == ["", "gate.unreadable", "gate.unreadable"]
        assert len(session().scalars(select(OfflineMistake.id)).all()) == 2


def test_what_was_written_down_as_left_at_the_desk_is_given_back_without_a_network(site: Site, open_page: OpenPage) -> None:
    """Left online, given back offline; and the other way round."""
    from tests.gate.scanning import enter

    with transaction():
        wang, liu = badges.issued(site.cast, "wang"), badges.issued(site.cast, "liu")
        enter(site.cast, wang, kept=["camera", "蓝色背包"])
        codes = token_of(wang), token_of(liu)
    page = open_page(width=PHONE)
    site.sign_in(page, "guard", "/gate/")
    ready(page)
    cut(page)
    scan(page, codes[0])
    page.get_by_label("照相机").check()
    press(page, "确认离开")
    expect(page.locator(".verdict.wait")).to_contain_text("还有 1 项")
    page.get_by_label("照相机").check()
    page.get_by_label("蓝色背包").check()
    press(page, "确认离开")
    press(page, "继续扫码")
    scan(page, codes[1])
    expect(page.locator(".verdict.ok")).to_contain_text("可以进入")
    for box in page.locator("[data-points] input").all():
        box.check()
    page.get_by_text("寄存在值班台的物品").click()
    page.get_by_label("其他物品").fill("保温杯，" + "长" * 61)
    press(page, "确认进入")
    expect(page.locator(".verdict.wait")).to_contain_text("60")
    page.get_by_label("其他物品").fill("保温杯，雨伞、保温杯")
    press(page, "确认进入")
    expect(page.locator(".verdict.ok")).to_contain_text("刘洋 · B2")
    press(page, "继续扫码")
    scan(page, codes[1])
    page.get_by_label("保温杯").check()
    page.get_by_label("雨伞").check()
    press(page, "确认离开")
    back(page)
    with transaction():
        stays = session().scalars(select(Presence).order_by(Presence.created_at)).all()
        assert [stay.kept_items for stay in stays] == [["camera", "蓝色背包"], ["保温杯", "雨伞"]]
        assert all(stay.kept_back_at for stay in stays)
        assert session().scalars(select(OfflineMistake.id)).all() == []
