"""The pages of issuing, planning and the door: what they offer, what their forms do, with and without mistakes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.kernel import clock, ids
from portal.kernel.db import transaction
from portal.workorders import services
from portal.workorders.lifecycle import WORK_ORDER
from tests.cast import NOW
from tests.workorders import making
from tests.workorders.making import ARRIVAL, DAY, at, kept, local, only_order, path

# Issuing


def test_issue(cast, as_):
    with transaction():
        order = kept(cast, making.in_state(cast, "requested"))
    sales = as_("sales")
    assert f'value="{local(ARRIVAL)}"' in sales.get(path(order, "issue")).text
    assert sales.post(path(order, "issue"), data={"arrives_at": local(ARRIVAL)}).status_code == 302
    assert only_order().state == "issued"


def test_issue_too_late_offers_a_time_that_can_be_kept(cast, as_):
    with transaction():
        order = kept(cast, making.in_state(cast, "requested"))
    with at(ARRIVAL - DAY + timedelta(minutes=5)):
        sales = as_("sales")
        later = services.rules.suggested_arrival(clock.now())
        assert f'value="{local(later)}"' in sales.get(path(order, "issue")).text
        assert sales.post(path(order, "issue"), data={"arrives_at": local(ARRIVAL)}).status_code == 422
        assert sales.post(path(order, "issue"), data={"arrives_at": local(later)}).status_code == 302
    assert only_order().arrives_at == later


@pytest.mark.parametrize("state", list(WORK_ORDER.states))
def test_the_client_sees_whether_it_is_issued(cast, as_, state):
    with transaction():
        order = kept(cast, making.in_state(cast, state))
    browser = as_("admin")
    with browser.session_transaction() as cookie:
        cookie["locale"] = "en"
    listed, record = browser.get("/work-orders/").text, browser.get(path(order)).text
    issued = order.issued_at is not None
    assert ("not issued" in listed) is not issued
    if state in ("draft", "requested"):
        assert "Not issued yet" in record
    elif state in ("issued", "prepared"):
        assert "Issued to the machine room" in record


def test_a_conflict_is_told(cast, as_):
    with transaction():
        made = making.in_state(cast, "requested")
        order = kept(cast, made)
        services.issue(made, cast.actor("sales"), NOW)
    answer = as_("sales").post(path(order, "send_back"), data={"reason": "late"})
    assert answer.status_code == 302
    assert only_order().state == "issued"


# Planning


def test_plan_proposes_and_holds(cast, as_):
    with transaction():
        order = kept(cast, making.issued(cast))
    browser = as_("room_staff")
    page = browser.get(path(order, "plan")).text
    assert page.count("selected") == 2
    first, second = order.items
    rack = ids.to_text(cast.racks["B2-03"].id)
    chosen = {}
    for unit, item in ((10, first), (11, second)):
        key = ids.to_text(item.id)
        chosen |= {f"rack-{key}": rack, f"unit-{key}": str(unit), f"face-{key}": "front"}
    wrong = browser.post(path(order, "plan"), data=chosen)
    assert wrong.status_code == 422
    assert wrong.text.count('<tr class="bad"') == 1
    assert "B2-03 / 11U" in wrong.text
    assert 'value="10"' in wrong.text
    chosen[f"unit-{ids.to_text(second.id)}"] = "12"
    assert browser.post(path(order, "plan"), data=chosen).location == path(order)
    assert only_order().state == "prepared"
    assert "B2-03 / 10–11U" in as_("admin").get(path(order)).text


@pytest.mark.parametrize("unit", ["", "x", "0", "-3", "41.5", "99999"])
def test_a_unit_that_is_none(cast, as_, unit):
    with transaction():
        order = kept(cast, making.issued(cast, count=1))
    key = ids.to_text(order.items[0].id)
    posted = {f"rack-{key}": ids.to_text(cast.racks["B2-01"].id), f"unit-{key}": unit, f"face-{key}": "front"}
    assert as_("room_staff").post(path(order, "plan"), data=posted).status_code == 422
    assert making.held(order.items[0].id) == (0, 0, 0)


# The door


def test_scan_look_accept(cast, as_):
    with transaction():
        order = kept(cast, making.prepared(cast))
    first, second = order.items
    with at(ARRIVAL):
        browser = as_("room_staff")
        scanned = browser.get(path(order, "accept") + "?serial=sn-0001")
        assert scanned.location == path(order, "accept", ids.to_text(first.id)) + "?serial=SN-0001"
        assert "B2-01 / 01–02U" in browser.get(scanned.location).text
        looked = {"unpacked": "y", "model_agrees": "y", "serial": "SN-0001"}
        assert browser.post(scanned.location, data={"serial": "SN-0001"}).status_code == 422
        assert browser.post(scanned.location, data=looked).location == path(order, "accept")
        assert "1 / 2" in browser.get(path(order, "accept")).text
        assert browser.post(scanned.location, data=looked).location == path(order, "accept"), "it is settled: nothing happens twice"
        last = path(order, "accept", ids.to_text(second.id))
        assert browser.post(last, data=looked | {"serial": "SN-0002"}).location == path(order)
    assert only_order().state == "completed"


def test_the_door_is_shut_before_the_notice_has_passed(cast, as_):
    with transaction():
        order = kept(cast, making.prepared(cast))
    item = order.items[0]
    looked = {"unpacked": "y", "model_agrees": "y", "serial": item.serial}
    assert as_("room_staff").post(path(order, "accept", ids.to_text(item.id)), data=looked).status_code == 422
    assert "11 月 24 日 10:30" in as_("room_staff").get(path(order, "accept")).text


def test_what_is_not_listed_is_recorded_from_its_scan(cast, as_):
    with transaction():
        order = kept(cast, making.prepared(cast))
    browser = as_("room_staff")
    page = browser.get(path(order, "accept") + "?serial=zz9").text
    assert path(order, "extra") + "?serial=ZZ9" in page
    assert browser.post(path(order, "extra"), data={"description": "", "serial": "ZZ9"}).status_code == 422
    assert browser.post(path(order, "extra"), data={"description": "打印机", "serial": "ZZ9"}).location == path(order, "accept")
    assert "打印机" in as_("admin").get(path(order)).text


def test_refuse_with_a_reason(cast, as_):
    with transaction():
        order = kept(cast, making.prepared(cast))
    item = order.items[0]
    address = path(order, "accept", ids.to_text(item.id), "refuse")
    assert as_("room_staff").post(address, data={"reason": ""}).status_code == 422
    assert as_("room_staff").post(address, data={"reason": "前面板破损"}).location == path(order, "accept")
    assert "前面板破损" in as_("admin").get(path(order)).text


def test_finish_from_the_page(cast, as_):
    with transaction():
        order = kept(cast, making.in_state(cast, "partly_accepted"))
    assert as_("room_staff").post(path(order, "finish"), data={"reason": "did not come"}).location == path(order)
    assert [item.state for item in making.items(cast, order)] == ["accepted", "missing"]
