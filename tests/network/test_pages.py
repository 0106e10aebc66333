"""The pages: who sees what, filters, forms, imports by hand, downloads."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from portal.kernel import db, ids
from portal.kernel.db import session, transaction
from portal.network import services
from portal.network.models import Prefix, ReservedRange, Switch, SwitchPort
from tests.cast import NOW
from tests.network.making import add_room, hold, holder, holding, only_prefix

DAY = timedelta(days=1)


@pytest.fixture
def world(cast):
    """Some in use, one resting, one replaced; a port held and one out of use."""
    administrator = cast.actor("administrator")
    with transaction():
        one, two, beta = holder(cast, "SN-ONE"), holder(cast, "SN-TWO"), holder(cast, "SN-BETA", contract="beta")
        hold(cast, one, 2)
        hold(cast, two)
        services.hold_addresses(cast.rooms["B2"].id, 1, **holding(cast, beta, "beta"))
        services.release_addresses(two, NOW + DAY, rest=True)
        services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, one))
        switch = session().scalars(select(Switch).where(Switch.name == "SW-B2-1")).one()
        port = session().scalars(select(SwitchPort).where(SwitchPort.switch_id == switch.id, SwitchPort.name == "GE0/0/9")).one()
        services.change_port(services.PortChange(port.id, True, 1000), administrator, NOW)
        services.reserve_range(services.Reservation(only_prefix(cast).id, "198.51.2.100", "198.51.2.109", "VRRP"), administrator, NOW)
        add_room(cast, "C6", "2001:db8:6::/64")
        return {"prefix": ids.to_text(only_prefix(cast).id), "switch": ids.to_text(switch.id), "port": ids.to_text(port.id)}


def download(browser, path: str) -> str:
    with browser.get(path) as answer:
        assert answer.status_code == 200, answer.status
        return answer.get_data().decode("utf-8-sig")


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.status
    return re.sub(r"<[^>]*>|\s+", " ", answer.text)


def test_the_list_of_prefixes(as_, world):
    staff = as_("room_staff")
    shown = text_of(staff.get("/network/"))
    for text in ("198.51.1.0/24", "198.51.2.0/24", "2001:db8:6::/64"):
        assert text in shown
    assert "添加网段" not in shown
    assert "添加网段" in text_of(as_("administrator").get("/network/"))
    found = text_of(staff.get("/network/?q=198.51.2.77"))
    assert "198.51.2.0/24" in found
    assert "198.51.1.0/24" not in found
    assert "2001:db8:6::/64" not in text_of(staff.get("/network/?version=4"))
    assert "A1 public" not in text_of(staff.get("/network/?q=B2+pub"))


def test_the_export_tells_the_use(as_, world):
    rows = list(csv.reader(io.StringIO(download(as_("auditor"), "/network/?export=csv"))))
    by_prefix = {row[0]: row for row in rows}
    assert by_prefix["198.51.2.0/24"][-4:] == ["3", "1", "13", "239"]
    assert by_prefix["2001:db8:6::/64"][-4:] == ["0", "0", "2", str(2**64 - 2)]


def test_a_prefix(as_, world):
    url = f"/network/prefixes/{world['prefix']}"
    answer = as_("room_staff").get(url)
    shown = text_of(answer)
    for text in ("198.51.2.0/24", "SN-ONE", "SN-TWO", "SN-BETA", "静置中", "VRRP", "255.255.255.0", "102"):
        assert text in shown
    assert answer.text.count('<rect class="resting"') == 3, "in the strip, in its legend, and in the map"
    assert len(answer.data) < 60_000
    assert "SN-ONE" not in text_of(as_("room_staff").get(f"{url}?resting=1")).split("198.51.2.4 ")[1]
    assert "SN-BETA" in download(as_("room_staff"), f"{url}?export=csv")


def test_a_switch(as_, world):
    answer = as_("room_staff").get(f"/network/switches/{world['switch']}")
    shown = text_of(answer)
    assert "SW-B2-1" in shown
    assert "SN-ONE" in shown
    assert "停用" in shown
    assert "SW-B2-1" in text_of(as_("auditor").get("/network/switches?q=b2"))


def test_clients_see_their_own_addresses_and_no_one_elses(as_, world):
    mine = text_of(as_("colleague").get("/network/mine"))
    for text in ("198.51.2.2", "198.51.2.3", "255.255.255.0", "198.51.2.1", "SN-ONE", "SW-B2-1 GE0/0/1"):
        assert text in mine
    assert "198.51.2.4" not in mine, "it rests, and is no longer theirs"
    assert "198.51.2.4" in text_of(as_("admin").get("/network/mine?which=past"))
    strangers = text_of(as_("stranger").get("/network/mine?which="))
    assert "198.51.2.5" in strangers
    assert "SN-ONE" not in strangers
    assert "SN-ONE" not in download(as_("stranger"), "/network/mine?which=&export=csv")
    assert as_("room_staff").get("/network/mine").status_code == 404


@pytest.mark.parametrize("name", ["admin", "stranger", "guard"])
def test_the_rest_is_not_for_them(as_, world, name):
    browser = as_(name)
    for path in (
        "/network/",
        f"/network/prefixes/{world['prefix']}",
        "/network/switches",
        f"/network/switches/{world['switch']}",
        "/network/history?address=198.51.2.2",
        "/network/import/prefixes",
    ):
        assert browser.get(path).status_code in (403, 404), path


@pytest.mark.parametrize("name", ["room_staff", "service", "auditor"])
def test_reading_staff_change_nothing(as_, world, name):
    browser = as_(name)
    prefix, port = world["prefix"], world["port"]
    for path in ("/network/prefixes/add", f"/network/prefixes/{prefix}/change", f"/network/ports/{port}", "/network/import/switches"):
        assert browser.get(path).status_code == 403, path
        assert browser.post(path).status_code == 403, path


def test_ids_of_nothing(as_, world):
    browser, nothing = as_("administrator"), ids.to_text(ids.new())
    for path in (
        f"/network/prefixes/{nothing}", f"/network/prefixes/{nothing}/change", f"/network/prefixes/{nothing}/reserve",
        f"/network/reserved/{nothing}/end", f"/network/switches/{nothing}", f"/network/switches/{nothing}/change",
        f"/network/switches/{nothing}/ports", f"/network/ports/{nothing}", "/network/import/cats", "/network/import/cats/template.csv",
        "/network/prefixes/not-an-id",
    ):  # fmt: skip
        assert browser.get(path).status_code == 404, path


def test_who_held_an_address_on_a_day(as_, world, cast):
    browser = as_("supervisor")
    day = (NOW + timedelta(hours=8)).date()  # of the site
    with transaction():
        services.end_rests(NOW + 40 * DAY)
        new = holder(cast, "SN-NEXT")
        services.hold_addresses(cast.rooms["B2"].id, 240, **holding(cast, new) | {"now": NOW + 50 * DAY})
    whole = text_of(browser.get("/network/history?address=198.51.2.4"))
    assert "SN-TWO" in whole
    assert "SN-NEXT" in whole

    def held_on(first, last=None) -> str:
        return text_of(browser.get(f"/network/history?address=198.51.2.4&held_from={first}&held_to={last or first}"))

    assert "SN-TWO" in held_on(day)
    assert "SN-TWO" in held_on(day + DAY), "released during that day"
    assert "SN-TWO" not in held_on(day + 2 * DAY)
    assert "SN-NEXT" not in held_on(day + 49 * DAY)
    assert "SN-NEXT" in held_on(day + 50 * DAY)
    both = held_on(day, day + 60 * DAY)
    assert "SN-TWO" in both
    assert "SN-NEXT" in both
    assert "SN-" not in text_of(browser.get("/network/history?address=198.51.2.0/31"))
    assert "SN-" not in text_of(browser.get("/network/history"))
    assert "既不是地址也不是网段" in text_of(browser.get("/network/history?address=hello"))


def test_adding_a_prefix_and_what_is_wrong_is_told_beside_the_field(as_, world, cast):
    browser = as_("administrator")
    room = ids.to_text(cast.rooms["B2"].id)
    wrong = browser.post("/network/prefixes/add", data={"room": room, "cidr": "198.51.2.0/25", "name": "x", "once": "1"})
    assert wrong.status_code == 422
    assert "重叠" in wrong.text
    assert 'value="198.51.2.0/25"' in wrong.text
    assert browser.post("/network/prefixes/add", data={"room": room, "cidr": "", "name": "", "vlan": "5000"}).status_code == 422
    form = {"room": room, "cidr": "203.0.113.0/24", "name": "new", "gateway": "", "vlan": "7", "once": "2"}
    done = [browser.post("/network/prefixes/add", data=form) for _ in range(2)]
    assert done[0].status_code == done[1].status_code == 302
    assert done[0].location == done[1].location
    assert "203.0.113.1" in text_of(browser.get(done[0].location))


def test_changing_reserving_and_ending(as_, world):
    browser, url = as_("administrator"), f"/network/prefixes/{world['prefix']}"
    assert 'value="198.51.2.1"' in browser.get(f"{url}/change").text
    browser.post(f"{url}/change", data={"name": "renamed", "gateway": "198.51.2.254", "vlan": ""})
    browser.post(f"{url}/reserve", data={"first": "198.51.2.200", "last": "", "reason": "monitoring"})
    shown = text_of(browser.get(url))
    for text in ("renamed", "198.51.2.254", "monitoring"):
        assert text in shown
    assert browser.post(f"{url}/reserve", data={"first": "198.51.2.2", "last": "", "reason": "x"}).status_code == 422
    found = session().scalars(select(ReservedRange).where(ReservedRange.reason == "monitoring")).one()
    end = f"/network/reserved/{ids.to_text(found.id)}/end"
    assert "monitoring" in text_of(browser.get(end))
    assert browser.post(end, data={}).status_code == 302
    assert browser.get(end).status_code == 404


def test_switches_and_ports(as_, world, cast):
    browser = as_("administrator")
    form = {
        "room": ids.to_text(cast.rooms["B2"].id),
        "rack": "b2-01",
        "name": "SW-X",
        "model": "S",
        "ports": "GE{1-4}",
        "speed_mbps": "1000",
    }
    assert browser.post("/network/switches/add", data=form | {"rack": "Z9"}).status_code == 422
    url = browser.post("/network/switches/add", data=form).location
    assert "GE4" in text_of(browser.get(url))
    assert browser.post(f"{url}/ports", data={"ports": "GE4", "speed_mbps": "1000"}).status_code == 422
    assert browser.post(f"{url}/ports", data={"ports": "GE{", "speed_mbps": "1000"}).status_code == 422
    assert browser.post(f"{url}/ports", data={"ports": "XGE{1-2}", "speed_mbps": "10000"}).status_code == 302
    rack = ids.to_text(cast.racks["B2-02"].id)
    assert browser.post(f"{url}/change", data={"name": "SW-Y", "model": "T", "rack": rack}).status_code == 302
    shown = text_of(browser.get(url))
    for text in ("SW-Y", "XGE2", "10,000", "B2-02"):
        assert text in shown
    held = session().scalars(select(SwitchPort).where(SwitchPort.taken.is_(True))).one()
    refused = browser.post(f"/network/ports/{ids.to_text(held.id)}", data={"out_of_use": "y", "speed_mbps": "1000"})
    assert refused.status_code == 422
    assert browser.post(f"/network/ports/{world['port']}", data={"speed_mbps": "1000"}).status_code == 302


LIST = "机房,网段,名称,网关,VLAN\nB2,203.0.113.0/24,新网段,,7\nB2,198.51.2.0/25,重叠,,\n"


def seal_of(answer) -> str:
    return re.search(r'name="seal"[^>]*value="([0-9a-f]{64})"', answer.text)[1]


def test_an_import_by_hand(as_, world):
    browser = as_("administrator")
    checked = browser.post("/network/import/prefixes", data={"text": LIST, "step": "check"})
    shown = text_of(checked)
    for text in ("将添加 1 行", "不导入 1 行", "重叠", "尚未作任何改动"):
        assert text in shown
    assert session().scalar(select(Prefix.id).where(Prefix.name == "新网段")) is None
    changed = browser.post(
        "/network/import/prefixes", data={"text": LIST + "A1,192.0.2.0/24,x,,\n", "step": "import", "seal": seal_of(checked)}
    )
    assert changed.status_code == 422
    assert "检查之后" in changed.text
    assert session().scalar(select(Prefix.id).where(Prefix.name == "新网段")) is None
    done = browser.post("/network/import/prefixes", data={"text": LIST, "step": "import", "seal": seal_of(checked)}, follow_redirects=True)
    assert "已导入 1 行" in text_of(done)
    assert session().scalar(select(Prefix.vlan).where(Prefix.name == "新网段")) == 7


def test_an_import_from_a_file(as_, world):
    browser = as_("administrator")
    for encoding in ("utf-8-sig", "gb18030"):
        file = (io.BytesIO(LIST.encode(encoding)), "list.csv")
        assert "新网段" in text_of(browser.post("/network/import/prefixes", data={"file": file, "step": "check"}))
    binary = browser.post("/network/import/prefixes", data={"file": (io.BytesIO(b"PK\x03\x04\x00\x00\xff\xff"), "x.xlsx")})
    assert binary.status_code == 422
    assert "CSV" in binary.text
    headless = browser.post("/network/import/switches", data={"text": "B2,SW,GE1", "step": "check"})
    assert headless.status_code == 422
    assert browser.post("/network/import/reserved", data={"text": "", "step": "check"}).status_code == 422


@pytest.mark.parametrize("kind", ["prefixes", "reserved", "switches"])
def test_templates_and_what_is_there_can_be_imported(as_, world, kind):
    browser = as_("administrator")
    template = download(browser, f"/network/import/{kind}/template.csv")
    assert browser.post(f"/network/import/{kind}", data={"text": template, "step": "check"}).status_code == 200
    present = download(browser, f"/network/import/{kind}/present.csv")
    shown = text_of(browser.post(f"/network/import/{kind}", data={"text": present, "step": "check"}))
    assert "将添加 0 行" in shown
    assert "不导入 0 行" in shown


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("auditor", "/network/"),
        ("auditor", "/network/prefixes/{prefix}"),
        ("auditor", "/network/switches/{switch}"),
        ("auditor", "/network/history?address=198.51.2.0/24"),
        ("admin", "/network/mine"),
    ],
)
def test_as_many_queries_for_many_rows_as_for_few(as_, world, cast, name, path):
    browser, path = as_(name), path.format(**world)

    def queries() -> int:
        statements: list[str] = []
        listener = event.listens_for(db.engine(), "before_cursor_execute")(lambda *args: statements.append(args[2]))
        assert browser.get(path).status_code == 200
        event.remove(db.engine(), "before_cursor_execute", listener)
        return len([text for text in statements if not text.startswith("BEGIN")])

    few = queries()
    with transaction():
        for number in range(20):
            more = holder(cast, f"MORE-{number}")
            hold(cast, more)
            if number < 10:
                services.hold_ports(cast.rooms["B2"].id, 1, near_rack_id=None, **holding(cast, more))
            add_room(cast, f"M{number}", f"10.60.{number}.0/24")
    assert queries() == few <= 8
