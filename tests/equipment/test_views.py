"""The pages of equipment and of the catalogue: own rows alone, filters, exports on record, next steps."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select

from portal.audit.models import AuditEntry
from portal.equipment import services
from portal.equipment.models import EquipmentModel
from portal.kernel import db, ids
from portal.kernel.db import session, transaction
from tests.cast import NOW
from tests.equipment.making import racked


@pytest.fixture
def servers(cast):
    with transaction():
        return [
            racked(cast, "CN7X-01", unit=1, asset_tag="AT-1"),
            racked(cast, "CN7X-02", unit=2, model="r750"),
            racked(cast, "CN7X-03", unit=10, contract="beta"),
            racked(cast, "ZZ-04", unit=1, contract="solo", rack="A1-01"),
        ]


def listed(page):
    return re.findall(r">((?:CN7X|ZZ)-\d+)</a>", page.text)


def path(record):
    return f"/equipment/{ids.to_text(record.id)}"


def test_everybody_finds_their_own(as_, servers):
    assert listed(as_("auditor").get("/equipment/")) == ["CN7X-01", "CN7X-02", "CN7X-03", "ZZ-04"]
    assert listed(as_("colleague").get("/equipment/")) == ["CN7X-01", "CN7X-02"]
    assert listed(as_("stranger").get("/equipment/")) == ["CN7X-03"]
    assert as_("guard").get("/equipment/").status_code == 403


def test_what_a_row_tells(as_, servers):
    page = as_("room_staff").get("/equipment/").text
    for text in ("AT-1", "Dell PowerEdge R750", "B2-01 / 02–03U", "198.51.2.", "SW-B2-1 GE0/0/", "星海数联"):
        assert text in page
    assert "星海数联" not in as_("colleague").get("/equipment/").text.split("<tbody>")[1].split("</tbody>")[0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=cn7x", ["CN7X-01", "CN7X-02", "CN7X-03"]),
        ("q=CN7X-02", ["CN7X-02"]),
        ("q=at-1", ["CN7X-01"]),
        ("q=7X", []),
        ("q=%25", []),
        ("q=−", []),
        ("model=r750", ["CN7X-02"]),
        ("model=dell+r7", ["CN7X-02"]),
        ("model=nothing", []),
        ("client=澄明", ["CN7X-03"]),
        ("client=nobody", []),
        ("state=in_service&q=zz", ["ZZ-04"]),
        ("state=withdrawn", []),
        ("state=nonsense", ["CN7X-01", "CN7X-02", "CN7X-03", "ZZ-04"]),
        ("sort=-serial", ["ZZ-04", "CN7X-03", "CN7X-02", "CN7X-01"]),
    ],
)
def test_filters_and_order(as_, servers, query, found):
    assert listed(as_("sales").get(f"/equipment/?{query}")) == found


def test_a_text_that_means_many_finds_the_same(cast, as_, servers, monkeypatch):
    """Over many items the same filters are written in another way: what they find does not change."""
    monkeypatch.setattr("portal.equipment.finding.FEW_ITEMS", 0)
    monkeypatch.setattr("portal.equipment.finding.FEW_OWNERS", 0)
    client = as_("sales")
    assert listed(client.get("/equipment/?q=cn7x-0")) == ["CN7X-01", "CN7X-02", "CN7X-03"]
    assert listed(client.get("/equipment/?q=at")) == ["CN7X-01"]
    assert listed(client.get("/equipment/?model=poweredge&client=星海")) == ["CN7X-01", "CN7X-02"]


def test_by_room(cast, as_, servers):
    assert listed(as_("sales").get(f"/equipment/?room={cast.rooms['A1'].id}")) == ["ZZ-04"]


def test_no_filter_shows_what_is_anothers(cast, as_, servers):
    client = as_("admin")
    for query in ("q=CN7X-03", "client=澄明", f"room={cast.rooms['A1'].id}", "q=ZZ"):
        assert not {"CN7X-03", "ZZ-04"} & set(listed(client.get(f"/equipment/?{query}")))


def test_queries_do_not_grow_with_the_rows(cast, as_):
    def count():
        client, seen = as_("room_staff"), []
        client.get("/equipment/")
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine(), "before_cursor_execute", listener)
        client.get("/equipment/")
        event.remove(db.engine(), "before_cursor_execute", listener)
        return len(seen)

    with transaction():
        racked(cast, "SN-1", unit=1)
    few = count()
    with transaction():
        for unit in range(2, 14):
            racked(cast, f"SN-{unit}", unit=unit, contract=("alpha", "beta")[unit % 2], power_w=10)
    assert count() == few


def test_exports_are_on_record(as_, servers):
    with as_("admin").get("/equipment/?model=r750&export=csv") as answer:
        lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("CN7X-02,,Dell PowerEdge R750,")
    with as_("auditor").get("/equipment/?export=xlsx") as answer:
        book = load_workbook(io.BytesIO(answer.get_data()))
    assert book.active.max_row == 5
    entries = list(session().scalars(select(AuditEntry).where(AuditEntry.tag == "equipment.exported").order_by(AuditEntry.id)))
    assert [entry.after for entry in entries] == [{"format": "csv", "model": "r750"}, {"format": "xlsx"}]
    assert as_("admin").get("/equipment/?export=exe").status_code == 404


def test_the_record(cast, as_, servers):
    page = as_("colleague").get(path(servers[1]))
    assert page.status_code == 200
    for text in ("CN7X-02", "B2-01 / 02–03U", "198.51.2.0/24", "WO-2611-0001", "GE0/0/", "马超"):
        assert text in page.text
    assert f"/facility/racks/{ids.to_text(cast.racks['B2-01'].id)}?item={ids.to_text(servers[1].id)}" in page.text


def test_another_clients_record_is_not_there(as_, servers):
    for who in ("stranger", "solo"):
        assert as_(who).get(path(servers[0])).status_code == 404
        assert as_(who).get(f"{path(servers[0])}/asset-tag").status_code == 404
        assert as_(who).post(f"{path(servers[0])}/asset-tag", data={"asset_tag": "x"}).status_code == 404
    assert as_("admin").get(f"/equipment/{ids.to_text(ids.new())}").status_code == 404


def test_the_next_steps(as_, servers):
    client_page = as_("colleague").get(path(servers[0])).text
    assert f"/exits/apply?equipment={ids.to_text(servers[0].id)}" in client_page
    assert f"{path(servers[0])}/asset-tag" in client_page
    for who in ("auditor", "service", "sales"):
        page = as_(who).get(path(servers[0])).text
        assert "/exits/apply" not in page
        assert "asset-tag" not in page


def test_the_asset_tag(as_, servers):
    client = as_("colleague")
    assert 'value="AT-1"' in client.get(f"{path(servers[0])}/asset-tag").text
    assert client.post(f"{path(servers[0])}/asset-tag", data={"asset_tag": " NEW-9 "}).status_code == 302
    assert "NEW-9" in client.get(path(servers[0])).text
    assert client.post(f"{path(servers[0])}/asset-tag", data={"asset_tag": "x" * 61}).status_code == 422
    assert as_("auditor").get(f"{path(servers[0])}/asset-tag").status_code == 403


def test_the_catalogue(cast, as_):
    with transaction():
        services.load_catalogue(NOW)
    client = as_("admin")
    assert "1,000+" in client.get("/equipment/models").text
    page = client.get("/equipment/models?manufacturer=Huawei&height=2&q=2288H").text
    assert "Huawei 2288H V5" in page
    assert "Dell" not in page.split("<tbody>")[1].split("</tbody>")[0]
    with client.get("/equipment/models?export=csv&manufacturer=Dell") as answer:
        assert answer.get_data().count(b"\n") == 90


def test_a_model(cast, as_, servers):
    model = cast.models["r650"]
    own, all_ = (as_(who).get(f"/equipment/models/{ids.to_text(model.id)}").text for who in ("colleague", "auditor"))
    assert ">1 台<" in own
    assert ">3 台<" in all_
    assert as_("guard").get(f"/equipment/models/{ids.to_text(model.id)}").status_code == 403


FORM = {
    "manufacturer": "Inspur", "name": "NF5180M6", "part_number": "", "height_u": "1", "full_depth": "y", "weight_kg": "18.25",
    "power_inlets": "2", "power_w": "550", "network_ports": "2", "management_ports": "1",
}  # fmt: skip


def test_models_are_added_and_changed(as_):
    client = as_("administrator")
    assert client.get("/equipment/models/new").status_code == 200
    made = client.post("/equipment/models/new", data=FORM)
    assert made.status_code == 302
    model = session().scalars(select(EquipmentModel).where(EquipmentModel.name == "NF5180M6")).one()
    assert (model.weight_g, model.full_depth, model.search_text) == (18250, True, "inspur nf5180m6")
    change = f"/equipment/models/{ids.to_text(model.id)}/change"
    assert 'value="18.25"' in client.get(change).text
    assert client.post(change, data=FORM | {"power_w": "600"}).status_code == 302
    assert "600 W" in client.get(made.location).text
    again = client.post("/equipment/models/new", data=FORM)
    assert again.status_code == 422
    assert "型号目录中已有该型号" in again.text
    assert client.post("/equipment/models/new", data=FORM | {"height_u": "61"}).status_code == 422


def test_only_administrators_write_models(cast, as_):
    for who in ("room_staff", "admin", "sales"):
        assert as_(who).get("/equipment/models/new").status_code == 403
        assert as_(who).post(f"/equipment/models/{ids.to_text(cast.models['r650'].id)}/change", data=FORM).status_code == 403
