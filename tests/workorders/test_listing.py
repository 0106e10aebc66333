"""Lists as people paste and upload them."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from portal.kernel.errors import Refused
from portal.workorders.listing import LINES_MOST, TypedLine, read_file, read_text

TWO = [TypedLine("Dell PowerEdge R750", "SN-1", "A-1", "1", "1"), TypedLine("Huawei 2288H V5", "SN-2")]


@pytest.mark.parametrize(
    "text",
    [
        "Dell PowerEdge R750\tSN-1\tA-1\t1\t1\nHuawei 2288H V5\tSN-2",
        "Dell PowerEdge R750, SN-1, A-1, 1, 1\r\nHuawei 2288H V5, SN-2\r\n",
        "Dell PowerEdge R750;SN-1;A-1;1;1\n\n;;;;\nHuawei 2288H V5;SN-2;;;",
        '"Dell PowerEdge R750","SN-1","A-1","1","1"\n"Huawei 2288H V5","SN-2"',
        "Dell PowerEdge R750，SN-1，A-1，1，1\nHuawei 2288H V5，SN-2",
        "型号\t序列号\t资产编号\tIP 数\t端口数\nDell PowerEdge R750\tSN-1\tA-1\t1\t1\nHuawei 2288H V5\tSN-2",
        "Serial No.,Model,Ports,IPs,Asset tag,Remark\nSN-1,Dell PowerEdge R750,1,1,A-1,left rack\nSN-2,Huawei 2288H V5",
        "  Dell   PowerEdge R750 ,  SN-1 , A-1 , 1 , 1 \n Huawei 2288H V5,SN-2",
    ],
)
def test_pasted(text):
    assert read_text(text) == TWO


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_uploaded_text_in_every_usual_encoding(encoding):
    text = "型号,序列号,资产编号\nDell PowerEdge R750,SN-1,机柜甲\n"
    assert read_file(text.encode(encoding), "清单.csv") == [TypedLine("Dell PowerEdge R750", "SN-1", "机柜甲")]


def test_uploaded_sheet():
    book = Workbook()
    sheet = book.active
    sheet.append(["序号", "设备型号", "序列号", "IP数", "端口数"])
    sheet.append([1, "Inspur NF5180M6", 221440913.0, 2, 1])
    sheet.append([None, None, None])
    sheet.append([2, "Dell PowerEdge R750", "SN-1", None, None])
    content = io.BytesIO()
    book.save(content)
    assert read_file(content.getvalue(), "list.xlsx") == [
        TypedLine("Inspur NF5180M6", "221440913", "", "2", "1"),
        TypedLine("Dell PowerEdge R750", "SN-1"),
    ]


def test_what_cannot_be_read_stays_as_it_was_typed():
    assert read_text("R750, SN-1, A-1, one, 1, and more") == [TypedLine("R750", "SN-1", "A-1", "one", "1, and more")]
    assert read_text("R750") == [TypedLine("R750")]


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a zip", b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xff\xff\0"])
def test_files_that_are_no_lists(content):
    with pytest.raises(Refused) as refused:
        read_file(content, "list.xlsx")
    assert refused.value.refusal.code == "work_order.not_a_list"


def test_a_zip_without_a_sheet_and_one_that_swells():
    for name, size in (("a.txt", 10), ("xl/workbook.xml", 80_000_000)):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(name, b"0" * size)
        with pytest.raises(Refused) as refused:
            read_file(content.getvalue(), "list.xlsx")
        assert refused.value.refusal.code in ("work_order.not_a_list", "work_order.list_too_long")


def test_too_long_and_empty():
    with pytest.raises(Refused) as refused:
        read_text("\n".join(f"R750,SN-{number}" for number in range(LINES_MOST + 1)))
    assert (refused.value.refusal.code, refused.value.refusal.field) == ("work_order.list_too_long", "pasted")
    with pytest.raises(Refused) as refused:
        read_file(b"model,serial\n", "list.csv")
    assert (refused.value.refusal.code, refused.value.refusal.field) == ("work_order.list_empty", "file")
