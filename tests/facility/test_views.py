"""The pages of rooms and racks: works, stranger 404, who may not 403, what is shown to whom, forms that keep what was typed."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from portal.facility import queries
from portal.facility.models import Rack, Room, Site
from portal.kernel import db, ids
from portal.kernel.db import session, transaction
from tests.cast import NOW
from tests.equipment.making import racked
from tests.facility.making import hold


@pytest.fixture
def rack(cast):
    with transaction():
        racked(cast, "ALPHA-1", unit=1)
        racked(cast, "BETA-1", unit=2, contract="beta", model="r750")
    return SimpleNamespace(id=cast.racks["B2-01"].id)


def to(rack_or_room):
    return ids.to_text(rack_or_room.id)


def test_rooms_with_their_load(cast, as_, rack):
    page = as_("room_staff").get("/facility/rooms")
    assert page.status_code == 200
    assert "B2" in page.text
    assert "3 / 126 U" in page.text
    assert "600 / 18,000 W" in page.text


def test_a_room_is_drawn_and_listed(cast, as_, rack):
    page = as_("auditor").get(f"/facility/rooms/{to(cast.rooms['B2'])}")
    assert page.status_code == 200
    assert page.text.count('<svg class="tile') == 3
    assert "load-1" in page.text
    assert "3 / 42 U" in page.text


def test_an_export_of_the_racks(cast, as_, rack):
    with as_("room_staff").get(f"/facility/rooms/{to(cast.rooms['B2'])}?export=csv") as answer:
        lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert lines[1].startswith("B2-01,1,3,42,600,6000")


def test_staff_see_the_rack_whole(as_, rack):
    page = as_("room_staff").get(f"/facility/racks/{to(rack)}").text
    for text in ("ALPHA-1", "BETA-1", "Dell PowerEdge R750", "600 / 6,000 W"):
        assert text in page
    assert page.count('<svg class="elevation"') == 2


def test_a_client_sees_nothing_of_another(as_, rack):
    page = as_("admin").get(f"/facility/racks/{to(rack)}").text
    assert "ALPHA-1" in page
    assert "300 / 6,000 W" in page
    for secret in ("BETA-1", "R750", "600 / 6,000 W", "澄明"):
        assert secret not in page
    other = as_("stranger").get(f"/facility/racks/{to(rack)}").text
    assert "BETA-1" in other
    for secret in ("ALPHA-1", "R650", "星海"):
        assert secret not in other


def test_duty_staff_see_that_it_is_occupied(as_, rack):
    page = as_("guard").get(f"/facility/racks/{to(rack)}").text
    assert "ALPHA-1" not in page
    assert "BETA-1" not in page


def test_what_was_come_for_is_marked(as_, rack):
    item = next(row.holder_id for row in queries.held_in([rack.id]) if row.unit == 1)
    page = as_("admin").get(f"/facility/racks/{to(rack)}?item={ids.to_text(item)}").text
    assert page.count("e-block equipment marked") == 2
    assert as_("admin").get(f"/facility/racks/{to(rack)}?item=nonsense").status_code == 404


@pytest.mark.parametrize("who", ["solo"])
def test_strangers_find_no_rack(as_, rack, who):
    assert as_(who).get(f"/facility/racks/{to(rack)}").status_code == 404
    assert as_("admin").get(f"/facility/racks/{ids.to_text(ids.new())}").status_code == 404


@pytest.mark.parametrize("path", ["/facility/rooms", "/facility/free-space", "/facility/rooms/{room}"])
def test_clients_do_not_look_around(cast, as_, path):
    assert as_("admin").get(path.format(room=to(cast.rooms["B2"]))).status_code == 403


def test_the_racks_of_a_client(cast, as_, rack):
    page = as_("colleague").get("/facility/my-racks")
    assert page.status_code == 200
    assert page.text.count('<svg class="elevation"') == 2
    assert "还没有机柜放置您的设备" in as_("solo").get("/facility/my-racks").text


def test_many_racks_are_paged(cast, as_):
    with transaction():
        for number in range(8):
            new = Rack(created_at=NOW, room_id=cast.rooms["B2"].id, code=f"X-{number}", row="9", units=42, power_w=100)
            cast.racks[new.code] = new
            session().add(new)
            session().flush()
            hold(cast, rack=new.code, client_id=cast.alpha.id)
    first = as_("admin").get("/facility/my-racks").text
    assert [code in first for code in ("X-0", "X-5", "X-6")] == [True, True, False]
    [further] = re.findall(r'href="(/facility/my-racks\?after=[^"]+)"', first)
    second = as_("admin").get(further).text
    assert [f">{code}</a>" in second for code in ("X-5", "X-6", "X-7")] == [False, True, True]


def test_free_space(cast, as_, rack):
    room = str(cast.rooms["B2"].id)
    found = as_("sales").get(f"/facility/free-space?room={room}&height=40&power=100&full_depth=y").text
    assert re.findall(r"B2-0\d / [0-9–]+U", found) == ["B2-02 / 01–40U", "B2-03 / 01–40U"]
    assert "没有合适的位置" in as_("sales").get(f"/facility/free-space?room={room}&height=1&power=6001&full_depth=y").text
    wrong = as_("sales").get(f"/facility/free-space?room={room}&height=99&power=x")
    assert wrong.status_code == 422
    assert 'value="99"' in wrong.text


def test_queries_do_not_grow_with_what_stands_there(cast, as_):
    def count(path, who):
        client, seen = as_(who), []
        client.get(path)
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine(), "before_cursor_execute", listener)
        assert client.get(path).status_code == 200
        event.remove(db.engine(), "before_cursor_execute", listener)
        return len(seen)

    paths = [
        (f"/facility/racks/{to(cast.racks['B2-01'])}", "room_staff"), (f"/facility/rooms/{to(cast.rooms['B2'])}", "room_staff"),
        ("/facility/rooms", "room_staff"), ("/facility/my-racks", "admin"),
    ]  # fmt: skip
    with transaction():
        racked(cast, "SN-1", unit=1)
        racked(cast, "SN-2", unit=1, rack="B2-02")
    few = [count(*path) for path in paths]
    with transaction():
        for unit in range(2, 12):
            racked(cast, f"SN-{unit}-A", unit=unit, contract=("alpha", "beta")[unit % 2], power_w=10)
            racked(cast, f"SN-{unit}-B", unit=unit, rack="B2-03", power_w=10)
    assert [count(*path) for path in paths] == few


# Changing.


def test_a_building_from_nothing(cast, as_):
    client = as_("administrator")
    client.post("/facility/sites/new", data={"code": "SH", "name": "上海", "name_en": "Shanghai", "address": "浦东"})
    site = session().scalars(select(Site).where(Site.code == "SH")).one()
    answer = client.post("/facility/rooms/new", data={"site": to(site), "code": "C1", "name": "C1 机房", "name_en": "Room C1"})
    room = session().scalars(select(Room).where(Room.code == "C1")).one()
    assert answer.location.endswith(to(room))
    answer = client.post(f"/facility/rooms/{to(room)}/racks/new", data={"code": "C1-{01-03}", "row": "1", "units": "47", "power_w": "8000"})
    assert answer.location.endswith(to(room))
    page = client.get(f"/facility/rooms/{to(room)}").text
    assert page.count('<svg class="tile') == 3
    assert client.get(f"/facility/rooms/new?site={to(site)}").status_code == 200
    assert client.get("/facility/sites/new").status_code == 200


def test_what_is_refused_keeps_what_was_typed(cast, as_, rack):
    client = as_("administrator")
    answer = client.post(f"/facility/racks/{to(rack)}/change", data={"code": "B2-01", "row": "7", "units": "2", "power_w": "10"})
    assert answer.status_code == 422
    assert 'value="7"' in answer.text
    for sentence in ("不能少于 3 U", "已占用 600 W"):
        assert sentence in answer.text
    session().rollback()
    assert queries.rack_for_update(rack.id).row == "1"


def test_a_rack_is_changed(cast, as_, rack):
    path = f"/facility/racks/{to(rack)}/change"
    assert 'value="6000"' in as_("administrator").get(path).text
    assert as_("administrator").post(path, data={"code": "B2-01", "row": "7", "units": "45", "power_w": "7000"}).status_code == 302
    session().rollback()
    changed = queries.rack_for_update(rack.id)
    assert (changed.row, changed.units, changed.power_w) == ("7", 45, 7000)


def test_room_and_site_are_changed(cast, as_):
    room = cast.rooms["B2"]
    client, path = as_("administrator"), f"/facility/rooms/{to(room)}/change"
    assert 'value="B2"' in client.get(path).text
    answer = client.post(path, data={"site": ids.to_text(room.site_id), "code": "B2", "name": "二号机房", "name_en": "Room two"})
    assert answer.status_code == 302
    site_path = f"/facility/sites/{ids.to_text(room.site_id)}/change"
    assert 'value="YZ"' in client.get(site_path).text
    assert client.post(site_path, data={"code": "B2", "name": "亦庄", "name_en": "Yizhuang", "address": ""}).status_code == 302


def test_units_are_reserved_and_given_back(cast, as_):
    client, rack = as_("room_staff"), SimpleNamespace(id=cast.racks["B2-02"].id)
    path = f"/facility/racks/{to(rack)}"
    assert client.get(f"{path}/reserve").status_code == 200
    assert client.post(f"{path}/reserve", data={"unit": "43", "last_unit": "2", "face": "both", "note": "x"}).status_code == 422
    assert client.post(f"{path}/reserve", data={"unit": "6", "last_unit": "5", "face": "both", "note": "走线架"}).status_code == 302
    page = client.get(path).text
    assert "走线架" in page
    [end] = set(re.findall(r'href="([^"]+/end)"', page))
    assert "05–06U" in client.get(end).text
    assert as_("guard").get(end).status_code == 403
    assert client.post(end).status_code == 302
    assert client.get(end).status_code == 404
    assert not queries.held_in([rack.id])


def test_a_form_sent_twice_counts_once(cast, as_):
    client, data = as_("administrator"), {"code": "SH", "name": "上海", "name_en": "Shanghai", "once": "one-time"}
    assert [client.post("/facility/sites/new", data=data).status_code for _ in range(2)] == [302, 302]
    assert len(queries.sites()) == 2


@pytest.mark.parametrize(
    "path",
    ["/facility/sites/new", "/facility/rooms/new", "/facility/rooms/{room}/racks/new", "/facility/rooms/{room}/change",
     "/facility/racks/{rack}/change", "/facility/sites/{site}/change"],
)  # fmt: skip
def test_only_administrators_build(cast, as_, path):
    path = path.format(room=to(cast.rooms["B2"]), rack=to(cast.racks["B2-01"]), site=ids.to_text(cast.rooms["B2"].site_id))
    for who in ("room_staff", "sales", "admin", "supervisor", "auditor"):
        assert as_(who).get(path).status_code == 403
        assert as_(who).post(path).status_code == 403
