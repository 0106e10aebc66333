"""The papers, read back from what the pages serve: work order, acceptance record, allocation sheet (R-W1, R-W2, R-W4)."""

from __future__ import annotations

import pytest

from portal.kernel import ids
from portal.kernel.db import transaction
from portal.passes import queries as passes
from portal.passes.queries import live_pass
from portal.workorders import acceptance, services
from portal.workorders.checking import Line
from portal.workorders.pdf import mask_text
from tests.cast import NOW
from tests.passes.reading_back import embedded_fonts, scanned, texts
from tests.workorders import making
from tests.workorders.making import ARRIVAL


def address(order, paper):
    return f"/work-orders/{ids.to_text(order.id)}/{paper}.pdf"


def read(browser, order, paper):
    answer = browser.get(address(order, paper))
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].endswith(f'-{paper}.pdf"')
    return answer.data


@pytest.fixture
def order(cast):
    """Three items: one accepted, one refused, one missing; and one that was not listed."""
    with transaction():
        made = making.prepared(cast, count=3, note="三号卸货口")
        making.accept(cast, made, 1)
        room_staff = cast.actor("room_staff")
        acceptance.refuse(made, making.items(cast, made)[1].id, "前面板破损", room_staff, ARRIVAL)
        acceptance.record_extra(made, "打印机", "PRN-1", room_staff, ARRIVAL)
        acceptance.finish(made, "货车故障", room_staff, ARRIVAL)
        return made


def test_work_order(cast, as_, order):
    browser = as_("admin")
    number, client, code = order.number, cast.alpha.name, live_pass(order.id).short_code
    pdf = read(browser, order, "work-order")
    [text] = texts(pdf)
    for said in (
        number,
        client,
        "数据中心托管开工单",
        "SN-0001",
        "SN-0003",
        "王珺",
        "138 0000 0000",
        "三号卸货口",
        "叁台",
        "韩磊",
        f"{code[:4]}-{code[4:8]}",
    ):
        assert said in text, said
    assert "2026 年 11 月 24 日 16:30" in text
    assert embedded_fonts(pdf)


def test_the_code_leads_to_the_order(cast, as_, order):
    order_id = order.id
    [scan] = scanned(read(as_("admin"), order, "work-order"), 0)
    assert passes.find_pass(scan).subject_id == order_id


def test_acceptance_record(as_, order):
    [text] = texts(read(as_("admin"), order, "acceptance"))
    for said in (
        "设备验收单",
        "验收合格",
        "未到",
        "拒收",
        "前面板破损",
        "货车故障",
        "打印机",
        "PRN-1",
        "不在开工单上",
        "B2-01 / 01–02U",
        "马超",
    ):
        assert said in text, said


def test_allocation_sheet(as_, order):
    [text] = texts(read(as_("admin"), order, "allocation"))
    for said in ("资源分配单", "SN-0001", "B2-01 / 01–02U", "198.51.2.2", "255.255.255.0", "198.51.2.1", "SW-B2-1", "GE0/0/1"):
        assert said in text, said
    assert "SN-0002" not in text, "what was refused has nothing allocated"


def test_the_allocation_is_known_as_soon_as_it_is_held(cast, as_):
    with transaction():
        made = making.prepared(cast)
    [text] = texts(read(as_("admin"), made, "allocation"))
    assert all(said in text for said in ("SN-0001", "SN-0002", "198.51.2.2", "198.51.2.3"))


def test_which_papers_there_are(cast, as_):
    expected = {
        "draft": set(),
        "requested": set(),
        "issued": {"work-order"},
        "prepared": {"work-order", "allocation"},
        "partly_accepted": {"work-order", "allocation", "acceptance"},
    }
    browser = as_("admin")
    for place, (state, papers) in enumerate(expected.items()):
        with transaction():
            made = making.in_state(cast, state)
            wanted = {paper: address(made, paper) for paper in ("work-order", "allocation", "acceptance")}
        served = {paper for paper, url in wanted.items() if browser.get(url).status_code == 200}
        assert served == papers, (place, state)
        with transaction():
            if state == "partly_accepted":
                acceptance.finish(made, "enough", cast.actor("room_staff"), ARRIVAL)
            else:
                services.cancel(made, "next", cast.actor("sales"), NOW)
        assert browser.get(wanted["work-order"]).status_code == (200 if state == "partly_accepted" else 404)


def test_papers_are_the_clients_own(cast, as_, order):
    urls = [address(order, paper) for paper in ("work-order", "allocation", "acceptance")]
    assert [as_("stranger").get(url).status_code for url in urls] == [404] * 3
    assert [as_("guard").get(url).status_code for url in urls] == [403] * 3


def test_the_longest_that_can_be_typed_fits(cast, as_):
    with transaction():
        long = Line(cast.models["r750"], "W" * 60, "资" * 60)
        made = making.prepared(cast, lines=(long,), bringer_name="龍" * 80, bringer_phone="0" * 32, note="备" * 1000)
        item = making.items(cast, made)[0]
        acceptance.refuse(made, item.id, "损" * 200, cast.actor("room_staff"), ARRIVAL)
        acceptance.record_extra(made, "物" * 100, "X" * 60, cast.actor("room_staff"), ARRIVAL)
        urls = [address(made, "work-order"), address(made, "acceptance")]
    browser = as_("admin")
    for url in urls:
        assert browser.get(url).status_code == 200, url


@pytest.mark.parametrize(
    ("version", "length", "mask"), [(4, 24, "255.255.255.0"), (4, 29, "255.255.255.248"), (4, 31, "255.255.255.254"), (6, 64, "/64")]
)
def test_mask(version, length, mask):
    assert mask_text(version, length) == mask
