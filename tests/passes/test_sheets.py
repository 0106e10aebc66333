"""The A4 documents, read back from the PDF."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.passes import fonts
from portal.passes.documents.acceptance import Acceptance, AcceptedItem, Outcome
from portal.passes.documents.acceptance import render as acceptance
from portal.passes.documents.allocation import Allocated, Allocation
from portal.passes.documents.allocation import render as allocation
from portal.passes.documents.exit_slip import ExitItem, ExitSlip
from portal.passes.documents.exit_slip import render as exit_slip
from portal.passes.documents.sheet import divide
from portal.passes.documents.style import Bilingual, DoesNotFit
from portal.passes.documents.work_order import OrderItem, WorkOrder
from portal.passes.documents.work_order import render as work_order
from portal.passes.token import Kind

from .conftest import a_paper
from .reading_back import embedded_fonts, ink_at_the_edge, lines, reader, scanned, texts

MODELS = ("Dell PowerEdge R740", "Huawei FusionServer 2288H V5", "Inspur NF5180M6", "HPE ProLiant DL380 Gen10 Plus")
LONG_CLIENT = "内蒙古自治区呼和浩特市赛罕区大数据产业投资运营管理与技术服务有限责任公司分公司"
PURPOSES = {"withdrawal": Bilingual("撤机", "Withdrawal"), "repair": Bilingual("检修", "Repair")}


def serial(number: int) -> str:
    return f"2102311TNA{number:06}"


def a_slip(count: int, client: str = "澄明医疗信息（上海）股份有限公司") -> ExitSlip:
    return ExitSlip(
        paper=a_paper("EX-2611-0043"),
        purpose=PURPOSES["withdrawal"],
        client=client,
        contract="HT-2024-0317",
        leaves_on=date(2026, 11, 24),
        mover="刘洋",
        mover_document="居民身份证 1101••••••••••216X",
        reason="设备到期下架，由我司自有车辆运回仓库。",
        back_by=None,
        items=[ExitItem(MODELS[i % 4], serial(i), f"XH-{i:04}" if i % 3 else "", f"B2-07 / {i % 40 + 1:02}U") for i in range(count)],
    )


def an_order(count: int) -> WorkOrder:
    return WorkOrder(
        paper=a_paper("WO-2611-0087", Kind.WORK_ORDER),
        client="星海数联（北京）信息技术有限公司",
        contract="HT-2025-0112",
        room="睿柏一号楼 B2 机房",
        arrives_at=datetime(2026, 11, 24, 2, 30, tzinfo=UTC),
        brought_by="陈立、顺丰速运",
        contact="陈立 138****5521",
        remark="请准备导轨 3 副。",
        items=[OrderItem(MODELS[i % 4], serial(i), 2, 750, "" if i % 2 else "B2-07 / 01–02U") for i in range(count)],
    )


def a_record(count: int) -> Acceptance:
    outcomes = (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.MISSING, Outcome.REFUSED)
    return Acceptance(
        paper=a_paper("AR-2611-0061", Kind.WORK_ORDER),
        client="星海数联（北京）信息技术有限公司",
        contract="HT-2025-0112",
        work_order="WO-2611-0087",
        room="睿柏一号楼 B2 机房",
        accepted_at=datetime(2026, 11, 24, 3, 10, tzinfo=UTC),
        accepted_by="何建国",
        brought_by="陈立",
        items=[AcceptedItem(MODELS[i % 4], serial(i), outcomes[i % 4], "B2-07 / 01–02U", "") for i in range(count)],
    )


def an_allocation(count: int) -> Allocation:
    return Allocation(
        paper=a_paper("AL-2611-0059", Kind.WORK_ORDER),
        client="星海数联（北京）信息技术有限公司",
        contract="HT-2025-0112",
        work_order="WO-2611-0087",
        room="睿柏一号楼 B2 机房",
        items=[
            Allocated(MODELS[i % 4], serial(i), "B2-07 / 01–02U", f"10.24.8.{i}", "255.255.255.0", "10.24.8.1", "SW-B2-07-A", f"GE1/0/{i}")
            for i in range(count)
        ],
    )


Made = Callable[[int, str], bytes]
DOCUMENTS: dict[str, Made] = {
    "exit slip": lambda count, locale: exit_slip(a_slip(count), locale),
    "work order": lambda count, locale: work_order(an_order(count), locale),
    "acceptance record": lambda count, locale: acceptance(a_record(count), locale),
    "allocation sheet": lambda count, locale: allocation(an_allocation(count), locale),
}
every_document = pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS.keys())


@every_document
@pytest.mark.parametrize("count", [1, 2, 16, 17, 18, 19, 60, 200])
def test_every_item_is_printed_once_a_copy_and_every_page_says_which_it_is(make: Made, count: int) -> None:
    pdf = make(count, "zh_CN")
    said = texts(pdf)
    copies = 2 if "门岗联" in said[0] else 1
    for number in range(count):
        assert sum(page.count(serial(number)) for page in said) == copies
    pages = len(said) // copies
    for copy in range(copies):
        for number in range(1, pages + 1):
            page = said[copy * pages + number - 1]
            assert f"第 {number} 页，共 {pages} 页" in page
            assert f"Page {number} of {pages}" in page
            assert "请扫码核验" in page
            assert "Valid only while the portal says so: scan to verify." in page
            assert "签发 Issued by 周敏" in page
            assert "2026 年 11 月 22 日 14:05" in page


@every_document
def test_each_page_repeats_the_head_of_the_table_and_number_of_the_document(make: Made) -> None:
    pdf = make(60, "zh_CN")
    number = re.search(r"[A-Z]{2}-\d{4}-\d{4}", texts(pdf)[0])
    assert number
    for page in texts(pdf):
        assert number[0] in page
        assert "序No." in page.replace(" ", "")


@every_document
def test_rows_are_numbered_in_order(make: Made) -> None:
    pdf = make(60, "zh_CN")
    pages = range(len(reader(pdf).pages))
    numbers = [int(line) for page in pages for line in lines(pdf, page) if re.fullmatch(r"\d{1,2}", line)]
    assert numbers[:60] == list(range(1, 61))


@every_document
def test_the_code_is_scanned_from_the_first_page(make: Made) -> None:
    found = scanned(make(3, "zh_CN"), 0, dpi=150)
    assert len(found) == 1
    assert found[0].startswith("HTTPS://PORTAL.RACKPASS.EXAMPLE/G/")
    assert "7K3F-9Q2M-XY" in texts(make(3, "zh_CN"))[0]


@every_document
def test_margins_are_kept_and_fonts_embedded(make: Made) -> None:
    pdf = make(60, "zh_CN")
    assert embedded_fonts(pdf) == set(fonts.WEIGHTS)
    for page in range(len(reader(pdf).pages)):
        assert not ink_at_the_edge(pdf, page, 8)


@every_document
def test_the_document_says_what_it_is(make: Made) -> None:
    for locale, language in (("zh_CN", "zh-CN"), ("en", "en")):
        read = reader(make(1, locale))
        assert read.metadata
        assert read.metadata.author == "睿柏数据中心 Rackpass Data Center"
        assert re.search(r"\w+ .*[A-Z]{2}-2611-\d{4}$", read.metadata.title or "")
        assert read.trailer["/Root"]["/Lang"] == language


def test_a_slip_has_a_copy_for_the_gate_and_one_for_the_client() -> None:
    gate, client = texts(exit_slip(a_slip(5), "zh_CN"))
    assert "门岗联" in gate
    assert "Gate copy" in gate
    assert "客户联" in client
    assert "Client copy" in client
    assert gate.replace("门岗联  Gate copy", "") == client.replace("客户联  Client copy", "")


@pytest.mark.parametrize(
    ("count", "chinese", "english"), [(1, "壹台（1 台）", "one (1) item"), (60, "陆拾台（60 台）", "sixty (60) items")]
)
def test_the_count_stands_in_words_and_digits(count: int, chinese: str, english: str) -> None:
    last = texts(exit_slip(a_slip(count), "zh_CN"))[-1]
    assert f"共计：{chinese}" in last
    assert f"In all: {english}" in last


@pytest.mark.parametrize("count", [1, 5, 11, 12, 13, 18, 19, 60])
def test_the_rest_of_the_table_is_struck_through(count: int) -> None:
    """Exactly on the last page of each copy, however full it is."""
    said = texts(exit_slip(a_slip(count), "zh_CN"))
    half = len(said) // 2
    assert [("以下空白" in page) for page in said] == ([False] * (half - 1) + [True]) * 2
    assert [("续下页" in page) for page in said] == ([True] * (half - 1) + [False]) * 2


def test_a_slip_says_who_takes_what_where_and_when() -> None:
    said = texts(exit_slip(a_slip(2), "zh_CN"))[0]
    for text in (
        *("澄明医疗信息（上海）股份有限公司", "HT-2024-0317", "撤机 Withdrawal", "2026 年 11 月 24 日（周二）"),
        *("刘洋", "居民身份证 1101**********216X", "设备到期下架", "限当日、限搬运人本人、仅一次", "客服核对签发", "值班人员逐件核验放行"),
    ):
        assert text in said
    assert "预计返回" not in said


def test_a_repair_says_when_it_is_due_back() -> None:
    slip = dataclasses.replace(a_slip(1), purpose=PURPOSES["repair"], back_by=date(2026, 12, 8))
    assert "预计返回Due back2026 年 12 月 8 日（周二）" in texts(exit_slip(slip, "zh_CN"))[0]
    assert "Tue 8 Dec 2026" in texts(exit_slip(slip, "en"))[0]


def test_long_names_stay_whole() -> None:
    slip = dataclasses.replace(a_slip(60, LONG_CLIENT), mover="阿卜杜热合曼·阿不都克里木·买买提", reason="备件更换，" * 60)
    first = texts(exit_slip(slip, "zh_CN"))[0]
    assert LONG_CLIENT in first
    assert slip.mover in first
    assert slip.reason in first


def test_long_models_and_serials_stay_whole() -> None:
    item = ExitItem("Supermicro SuperServer SYS-420GP-TNAR+ with NVIDIA HGX A100 8-GPU", "X" * 45, "资产-2026-0000000001", "B2-07 / 01–10U")
    said = texts(exit_slip(dataclasses.replace(a_slip(1), items=[item]), "zh_CN"))[0]
    assert item.serial in said
    assert item.model in said.replace("  ", " ") or item.model.replace(" ", "") in said.replace(" ", "")


@pytest.mark.parametrize(
    "change", [{"client": "公司" * 120}, {"contract": "HT" * 300}, {"reason": "因" * 1400}, {"items": [ExitItem("M" * 300, "S", "", "")]}]
)
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DoesNotFit):
        exit_slip(dataclasses.replace(a_slip(1), **change), "zh_CN")  # type: ignore[arg-type]


def test_rare_names_print_and_unknown_characters_are_refused() -> None:
    assert "𠮷田䶮" in texts(exit_slip(dataclasses.replace(a_slip(1), mover="𠮷田䶮"), "zh_CN"))[0]
    with pytest.raises(fonts.NoGlyph):
        exit_slip(dataclasses.replace(a_slip(1), mover="王😀"), "zh_CN")


def test_a_work_order_says_when_and_how_much() -> None:
    said = texts(work_order(an_order(4), "zh_CN"))[0]
    for text in (
        "数据中心托管开工单",
        "Rack-in work order",
        "2026 年 11 月 24 日 10:30",
        "肆台（4 台），8 U，3,000 W",
        "陈立、顺丰速运",
        "缺件",
    ):
        assert text in said
    assert "24 Nov 2026, 10:30" in texts(work_order(an_order(4), "en"))[0]


def test_an_acceptance_record_counts_what_came() -> None:
    said = texts(acceptance(a_record(8), "zh_CN"))[0]
    assert "验收合格：肆台（4 台），未到 2 台，拒收 2 台" in said
    assert "Accepted: four (4) items, missing: 2, refused: 2" in said
    assert "验收合格：壹台（1 台）Accepted: one (1) item" in texts(acceptance(a_record(1), "zh_CN"))[0]


def test_a_remark_of_a_thousand_characters_is_whole_and_its_emoji_are_marked() -> None:
    note = "请把设备放到卸货区，" * 99 + "谢谢😀。\n再见"
    said = texts(exit_slip(dataclasses.replace(a_slip(3), reason=note), "zh_CN"))
    assert note.replace("😀", "〓").replace("\n", "") in said[0].replace(" ", "")
    assert sum(page.count(serial(2)) for page in said) == 2


def test_a_long_note_on_an_item_is_whole() -> None:
    note = "外壳有划痕，客户已确认，" * 15
    item = AcceptedItem(MODELS[0], serial(0), Outcome.ACCEPTED, "B2-07 / 01–02U", note + "👍")
    assert note + "〓" in texts(acceptance(dataclasses.replace(a_record(1), items=[item]), "zh_CN"))[0]


@pytest.mark.parametrize(
    "client",
    ["新" * 120, "Northern Lights Cloud Infrastructure and Managed Hosting Services (Shanghai) Company Limited, Pudong Branch Office"],
)
def test_a_very_long_client_takes_more_lines(client: str) -> None:
    assert client.replace(" ", "") in texts(exit_slip(a_slip(1, client), "zh_CN"))[0].replace(" ", "")


def test_a_long_name_is_whole_where_it_signs() -> None:
    mover = "Konstantin Alexandrovich Wolkenstein-Rosenberg von der Hohen Warte am Grünen See"
    said = texts(exit_slip(dataclasses.replace(a_slip(1), mover=mover), "zh_CN"))[0].replace(" ", "")
    assert said.count(mover.replace(" ", "")) == 2


def test_an_allocation_sheet_says_all_that_is_needed() -> None:
    """R-W4: rack position, IP, mask, gateway, switch and port; an IPv6 address is whole too."""
    sheet = an_allocation(2)
    six = dataclasses.replace(
        sheet.items[0], serial="6", address="2001:0db8:0024:0008:5054:00ff:fe12:3456", mask="/64", gateway="2001:db8:24:8::1"
    )
    said = texts(allocation(dataclasses.replace(sheet, items=[*sheet.items, six]), "zh_CN"))[0]
    for text in ("B2-07 / 01–02U", "10.24.8.1", "255.255.255.0", "SW-B2-07-A", "GE1/0/1", six.address, six.gateway, "/64"):
        assert text in said
    assert "叁台（3 台），3 个 IP 地址" in said


@given(
    st.lists(st.sampled_from([8.0, 12.0, 20.0]), min_size=1, max_size=80),
    st.sampled_from([0.0, 30.0, 60.0, 90.0, 120.0]),
    st.sampled_from([10.0, 40.0, 55.0]),
)
def test_rows_are_divided_so_that_all_fits(heights: Sequence[float], first: float, tail: float) -> None:
    pages = divide(heights, first=first, later=150.0, continued=8.0, tail=tail)
    assert [row for page in pages for row in page] == list(range(len(heights)))
    for number, page in enumerate(pages):
        used = sum(heights[row] for row in page)
        assert not page or used + (tail if number == len(pages) - 1 else 8.0) <= (150.0 if number else first)
        assert page or number == 0
    if len(heights) >= 2:
        assert len(pages[-1]) >= 2 or len(pages[-2]) == 1


def test_facts_that_fill_the_first_page_leave_the_items_to_the_second() -> None:
    slip = dataclasses.replace(a_slip(1), reason="备件更换，" * 60)
    assert divide([8.0], first=20, later=150, continued=8, tail=60) == [range(0), range(1)]
    assert serial(0) in texts(exit_slip(slip, "zh_CN"))[0]


def test_a_row_higher_than_a_page_does_not_fit() -> None:
    with pytest.raises(DoesNotFit):
        divide([10.0, 200.0, 10.0], first=100, later=150, continued=8, tail=20)
