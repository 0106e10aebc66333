"""A list as an XLSX file, written row by row. Apart from `exports`, since the library takes a tenth of a second to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from portal.kernel.cells import harmless

SHEET_ROWS = 1_000_000


def write(file: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """`rows` hold plain values: numbers, days, moments without a zone, harmless text."""
    book = Workbook(write_only=True)
    sheet: Any = None
    for number, row in enumerate(rows):
        if number % SHEET_ROWS == 0:
            sheet = _sheet(book, heads)
        sheet.append([_cell(sheet, value) for value in row])
    if sheet is None:
        _sheet(book, heads)
    book.save(file)


def _sheet(book: Workbook, heads: Sequence[str]) -> Any:
    sheet: Any = book.create_sheet()
    sheet.freeze_panes = "A2"
    cells = [_cell(sheet, harmless(head)) for head in heads]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    return sheet


def _cell(sheet: Any, value: Any) -> Any:
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula, whatever it begins with
    return cell
