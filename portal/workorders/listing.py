"""Reading a list of items out of pasted text, CSV, TSV or XLSX. Pure: it reads shape, and judges nothing.

A line is: model, serial number, asset tag, IP addresses, ports; the last three may be left out. A first line that names the
columns, in Chinese or English, may put them into another order. What cannot be read stays in the line as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from portal.kernel import sheets
from portal.kernel.errors import Refusal, Refused
from portal.kernel.marks import N_

LINES_MOST = 1000

NOT_A_LIST = Refusal(
    "work_order.not_a_list", N_("This file cannot be read as a list. Save it as XLSX or CSV and choose it again."), field="file"
)
LIST_TOO_LONG = Refusal("work_order.list_too_long", N_("The list has more than %(limit)s lines. Split it."), field="file")
LIST_EMPTY = Refusal("work_order.list_empty", N_("There is no item in this list."), field="file")


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line as it was typed, blanks around each cell taken off."""

    model: str = ""
    serial: str = ""
    asset_tag: str = ""
    ips: str = ""
    ports: str = ""

    @property
    def blank(self) -> bool:
        """Nothing was typed but, perhaps, the ones that stand in the amounts by default."""
        return not (self.model or self.serial or self.asset_tag)


COLUMNS = tuple(field.name for field in fields(TypedLine))
HEADS = {
    "model": ("model", "型号", "设备型号", "规格型号", "device", "设备"),
    "serial": ("serial", "serialnumber", "serialno", "sn", "序列号", "设备序列号"),
    "asset_tag": ("assettag", "asset", "tag", "资产编号", "资产号", "资产标签"),
    "ips": ("ips", "ip", "ipaddresses", "ip数", "ip数量", "ip地址数"),
    "ports": ("ports", "port", "networkports", "端口", "端口数", "端口数量", "网口数"),
}


def read_text(text: str) -> list[TypedLine]:
    """The lines of pasted text. Raises Refused(LIST_TOO_LONG, LIST_EMPTY), on the field `pasted`."""
    return _lines(sheets.text_rows(text), "pasted")


def read_file(content: bytes, filename: str) -> list[TypedLine]:
    """The lines of a file. Raises Refused(NOT_A_LIST, LIST_TOO_LONG, LIST_EMPTY), on the field `file`."""
    try:
        return _lines(sheets.file_rows(content, filename), "file")
    except sheets.TooLarge as error:
        raise Refused(LIST_TOO_LONG(limit=LINES_MOST)) from error
    except sheets.NotAList as error:
        raise Refused(NOT_A_LIST) from error


def _lines(rows: Iterable[Sequence[str]], field: str) -> list[TypedLine]:
    found: list[TypedLine] = []
    for values in sheets.under_columns(rows, COLUMNS, HEADS, telling=("serial", "model"), spill="ports"):
        line = TypedLine(**values)
        if line.blank:
            continue
        found.append(line)
        if len(found) > LINES_MOST:
            raise Refused(LIST_TOO_LONG.on(field)(limit=LINES_MOST))
    if not found:
        raise Refused(LIST_EMPTY.on(field))
    return found
