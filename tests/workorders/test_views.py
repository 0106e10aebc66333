"""The pages: who opens them, what they show, what their forms do, with and without mistakes."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select

from portal.kernel import clock, db, ids
from portal.kernel.db import session, transaction
from portal.workorders import services
from portal.workorders.lifecycle import WORK_ORDER
from portal.workorders.models import WorkOrder
from tests.cast import NOW
from tests.workorders import making
from tests.workorders.making import ARRIVAL, DAY, kept, local, only_order, path

EVERYONE = ("admin", "colleague", "stranger", "service", "sales", "room_staff", "guard", "supervisor", "administrator", "auditor")


def form(cast, rows, **changes):
    """What the drafting page sends."""
    columns = ("model", "serial", "asset_tag", "ips", "ports")
    posted = {f"row_{name}": [row[place] for row in rows] for place, name in enumerate(columns)}
    return posted | {"arrives_at": local(ARRIVAL), "do": "save", "bringer_name": "王珺"} | changes


def row(serial, model="Dell PowerEdge R750", tag="", ips="1", ports="1"):
    return (model, serial, tag, ips, ports)


# Who opens what


@pytest.mark.parametrize("who", EVERYONE)
def test_who_opens_the_pages(cast, as_, who):
    with transaction():
        issued = kept(cast, making.issued(cast))
        prepared = kept(cast, making.prepared(cast, first=5))
    browser = as_(who)
    reads, drafts = who != "guard", who in ("admin", "colleague", "stranger", "sales")
    mine, accepts = who != "stranger", who == "room_staff"
    item = prepared.items[0]
    for address, allowed, own in (
        ("/work-orders/", reads, True),
        (path(issued), reads, mine),
        (path(issued, "work-order.pdf"), reads, mine),
        ("/work-orders/draft", drafts, True),
        ("/work-orders/models?q=dell", drafts, True),
        (path(issued, "change"), drafts, mine),
        (path(issued, "plan"), accepts, True),
        (path(prepared, "accept"), accepts, True),
        (path(prepared, "accept", ids.to_text(item.id)), accepts, True),
        (path(prepared, "accept", ids.to_text(item.id), "refuse"), accepts, True),
        (path(prepared, "extra"), accepts, True),
    ):
        expected = {403} if not allowed else {404} if not own else {200, 302}
        assert browser.get(address).status_code in expected, address


@pytest.mark.parametrize("who", EVERYONE)
@pytest.mark.parametrize("action", [a.key for a in WORK_ORDER.actions.values() if a.offered and a.sources and a.key != "prepare"])
def test_who_opens_the_actions(cast, as_, who, action):
    state = WORK_ORDER.actions[action].sources[0]
    with transaction():
        order = kept(cast, making.in_state(cast, state))
    may = cast.actor(who).may(WORK_ORDER.actions[action].permission)
    other = (cast.actor(who).is_client and who == "stranger") or who == "guard"
    status = as_(who).get(path(order, action)).status_code
    if may and not other:
        assert status == 200
    else:
        assert status in (403, 404)


def test_what_is_not_there(cast, as_):
    sales = as_("sales")
    with transaction():
        order = kept(cast, making.drafted(cast))
    nowhere = ids.to_text(ids.new())
    for address in (
        f"/work-orders/{nowhere}",
        f"/work-orders/{nowhere}/issue",
        "/work-orders/none",
        path(order, "complete"),
        path(order, "accept_part"),
        path(order, "dance"),
        path(order, "work-order.pdf"),
        path(order, "other.pdf"),
        f"/work-orders/draft?contract={nowhere}",
        "/work-orders/draft?contract=x",
    ):
        assert sales.get(address).status_code == 404, address
    assert as_("room_staff").get(path(order, "accept", nowhere)).status_code == 404


def test_each_way_to_ask(cast, as_):
    with transaction():
        order = kept(cast, making.drafted(cast))
    assert as_("admin").post(path(order)).status_code == 405
    assert as_("sales").post("/work-orders/models").status_code == 405


# Drafting


def test_one_contract_leads_straight_to_the_form(cast, as_):
    answer = as_("admin").get("/work-orders/draft")
    assert answer.location.endswith(f"?contract={ids.to_text(cast.contracts['alpha'].id)}")
    page = as_("admin").get(answer.location).text
    first = services.rules.suggested_arrival(clock.now())
    assert f'value="{local(first)}"' in page, "the first possible time, with time to fill the form in, stands in it"


def test_sales_chooses_the_contract(cast, as_):
    page = as_("sales").get("/work-orders/draft").text
    assert all(contract.number in page for contract in cast.contracts.values())
    found = as_("sales").get("/work-orders/draft?q=澄明").text
    assert cast.contracts["beta"].number in found
    assert cast.contracts["alpha"].number not in found


def address_of(cast, contract="alpha"):
    return f"/work-orders/draft?contract={ids.to_text(cast.contracts[contract].id)}"


def test_draft_and_send(cast, as_):
    browser = as_("admin")
    answer = browser.post(address_of(cast), data=form(cast, [row("ab 1", tag="T1"), row("AB-2"), row("", "")]))
    order = only_order()
    assert answer.location == path(order)
    assert [(item.serial, item.asset_tag) for item in making.items(cast, order)] == [("AB1", "T1"), ("AB-2", "")]
    assert (order.arrives_at, order.bringer_name) == (ARRIVAL, "王珺")
    assert browser.post(path(order, "request"), data={}).location == path(order)
    assert only_order().state == "requested"


def test_the_same_form_sent_twice_makes_one_order(cast, as_):
    browser = as_("admin")
    posted = form(cast, [row("AB-1")], once="a-token")
    first, second = (browser.post(address_of(cast), data=posted) for _ in range(2))
    assert first.status_code == second.status_code == 302 or second.status_code == 422
    assert only_order().number.endswith("0001")


def test_a_stranger_cannot_draft_under_the_contract(cast, as_):
    assert as_("stranger").post(address_of(cast), data=form(cast, [row("AB-1")])).status_code == 404


@pytest.mark.parametrize("button", ["save", "check"])
def test_bad_lines_are_marked_and_nothing_typed_is_lost(cast, as_, button):
    rows = [row("AB-1"), row("AB-1", tag="<b>"), row("AB-3", model="Dell PowerEdge"), row("AB-4", ips="two"), row("?"), row("", ports="3")]
    answer = as_("admin").post(address_of(cast), data=form(cast, rows, do=button, note="rear door", bringer_phone="138"))
    assert answer.status_code == (422 if button == "save" else 200)
    page = answer.text
    assert page.count('<tr class="bad"') == 5
    for typed in ("AB-1", "&lt;b&gt;", "Dell PowerEdge", "AB-4", "two", 'value="?"', 'value="3"', "rear door", 'value="138"'):
        assert typed in page, typed
    assert 'value="use:3:Dell PowerEdge R650"' in page
    assert session().scalars(select(WorkOrder)).all() == []


def test_a_suggestion_is_taken_over(cast, as_):
    rows = [row("AB-1"), row("AB-2", model="PowerEdge")]
    page = as_("admin").post(address_of(cast), data=form(cast, rows, do="use:2:Dell PowerEdge R650")).text
    assert 'value="Dell PowerEdge R650"' in page
    assert '<tr class="bad"' not in page


def test_lines_are_removed_and_added(cast, as_):
    browser = as_("admin")
    page = browser.post(address_of(cast), data=form(cast, [row("AB-1"), row("AB-2")], do="remove:1")).text
    assert "AB-2" in page
    assert "AB-1" not in page
    more = browser.post(address_of(cast), data=form(cast, [row("AB-1")], do="more")).text
    assert more.count("data-blank") == 8


def test_pasted_lines_go_into_the_table_and_are_judged(cast, as_):
    text = "Dell PowerEdge R750\tAB-1\nR999\tAB-2\n"
    page = as_("admin").post(address_of(cast), data=form(cast, [row("AB-0")], do="take", pasted=text)).text
    assert all(f'value="{serial}"' in page for serial in ("AB-0", "AB-1", "AB-2"))
    assert page.count('<tr class="bad"') == 1
    assert re.search(r"<textarea[^>]*name=\"pasted\"[^>]*>\s*</textarea>", page), "what is in the table is not taken over again"


def test_a_list_that_was_chosen_is_shown_before_it_is_saved(cast, as_):
    posted = form(cast, [], file=(io.BytesIO("型号,序列号\nDell PowerEdge R750,AB-1\n".encode("gb18030")), "清单.csv"))
    page = as_("admin").post(address_of(cast), data=posted, content_type="multipart/form-data").text
    assert 'value="AB-1"' in page
    assert session().scalars(select(WorkOrder)).all() == []


def test_a_file_that_is_no_list_says_so_and_keeps_the_rest(cast, as_):
    posted = form(cast, [row("AB-1")], do="take", file=(io.BytesIO(b"PK\x03\x04"), "list.xlsx"))
    answer = as_("admin").post(address_of(cast), data=posted, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert 'value="AB-1"' in answer.text


def test_200_lines_in_one_form(cast, as_):
    address = address_of(cast)
    with transaction():
        making.set_terms(units_granted=1000, power_w=1_000_000)
    rows = [row(f"AB-{number}", tag=f"T-{number}") for number in range(200)]
    answer = as_("admin").post(address, data=form(cast, rows), content_type="multipart/form-data")
    assert answer.status_code == 302
    assert len(making.items(cast, only_order())) == 200


def test_a_time_too_early_offers_the_first_possible_one(cast, as_):
    answer = as_("admin").post(address_of(cast), data=form(cast, [row("AB-1")], arrives_at=local(NOW + DAY)))
    assert answer.status_code == 422
    assert "11 月 24 日 10:31" in answer.text
    again = as_("admin").post(address_of(cast), data=form(cast, [row("AB-1")], arrives_at="2026-11-24T10:31"))
    assert again.status_code == 302


def test_too_much_for_the_contract_has_its_figures(cast, as_):
    answer = as_("admin").post(address_of(cast), data=form(cast, [row(f"AB-{n}") for n in range(8)]))
    assert answer.status_code == 422
    assert "6400" in answer.text
    assert "6000" in answer.text


def test_change_keeps_the_lines(cast, as_):
    with transaction():
        order = kept(cast, making.drafted(cast))
    page = as_("admin").get(path(order, "change")).text
    assert "SN-0001" in page
    answer = as_("admin").post(path(order, "change"), data=form(cast, [row("SN-0002"), row("SN-0007")], arrives_at=local(ARRIVAL + DAY)))
    assert answer.location == path(order)
    assert [item.serial for item in making.items(cast, order)] == ["SN-0002", "SN-0007"]


def test_models_are_suggested(cast, as_):
    assert as_("admin").get("/work-orders/models?q=r75").json == {"models": ["Dell PowerEdge R750"]}
    assert as_("admin").get("/work-orders/models?q=r").json == {"models": []}


# Lists


def test_the_list_filters_and_exports(cast, as_):
    with transaction():
        draft = kept(cast, making.drafted(cast))
        issued = kept(cast, making.issued(cast, first=5))
        other = kept(cast, services.draft(making.draft(cast, contract="beta", first=9), cast.actor("stranger"), NOW))
    sales = as_("sales")
    everything = sales.get("/work-orders/").text
    assert all(order.number in everything for order in (draft, issued, other))
    for query, found in (
        ("state=on_the_way", issued),
        ("state=draft&q=澄明", other),
        ("q=sn-0005", issued),
        (f"q={draft.number}", draft),
        ("state=issued&arrives_from=2026-11-24&arrives_to=2026-11-24", issued),
    ):
        page = sales.get(f"/work-orders/?{query}").text
        assert [order for order in (draft, issued, other) if order.number in page] == [found], query
    assert other.number not in as_("admin").get("/work-orders/").text
    book = load_workbook(io.BytesIO(sales.get("/work-orders/?export=xlsx", buffered=True).data))
    assert book.active.max_row == 4
    assert draft.number not in as_("stranger").get("/work-orders/?export=csv", buffered=True).text


def test_pages_cost_the_same_however_many_there_are(cast, as_):
    with transaction():
        making.set_terms(units_granted=1000, power_w=18000)
        small = kept(cast, making.prepared(cast, count=1, first=1))
    browser = as_("admin")

    def cost(address):
        statements = []
        listen = lambda *args: statements.append(args[2])  # noqa: E731
        event.listen(db.engine(), "before_cursor_execute", listen)
        try:
            assert browser.get(address).status_code == 200
        finally:
            event.remove(db.engine(), "before_cursor_execute", listen)
        return len(statements)

    few = cost("/work-orders/"), cost(path(small))
    with transaction():
        large = kept(cast, making.prepared(cast, count=12, first=100))
        for number in range(10):
            making.drafted(cast, count=1, first=200 + number)
    assert (cost("/work-orders/"), cost(path(large))) == few
