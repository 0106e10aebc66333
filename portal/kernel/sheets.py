"""Reading a list out of pasted text, CSV, TSV or XLSX as rows of cells, and putting cells under the columns that they are meant for.

Pure: it reads shape, and judges nothing.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence

BYTES_MOST = 2_000_000
UNPACKED_MOST = 60_000_000


class NotAList(ValueError):
    """What was given cannot be read as a list."""


class TooLarge(ValueError):
    """The file is larger than a list can be."""


def text_rows(text: str, *, tabs: bool = False) -> Iterator[Sequence[str]]:
    """The rows of pasted text: cells parted by tabs, semicolons or commas, whichever the first lines use."""
    sample = "\n".join(text.splitlines()[:5])
    counts = {mark: sample.count(mark) for mark in "\t;,，"}
    delimiter = "\t" if tabs or counts["\t"] else max(counts, key=lambda mark: counts[mark])
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    except csv.Error:
        for line in text.splitlines():
            yield line.split(delimiter)


def file_rows(content: bytes, filename: str) -> Iterator[Sequence[str]]:
    """The rows of a file: the first sheet of an XLSX, else text (UTF-8, UTF-16 with a mark, GB 18030). Raises NotAList, TooLarge."""
    if len(content) > BYTES_MOST:
        raise TooLarge
    if content.startswith(b"PK"):
        return _sheet(content)
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotAList
    return text_rows(_decoded(content), tabs=filename.lower().endswith((".tsv", ".tab")))


def under_columns(
    rows: Iterable[Sequence[str]], columns: Sequence[str], heads: Mapping[str, Sequence[str]], telling: Sequence[str], spill: str
) -> Iterator[dict[str, str]]:
    """Each row that is not empty, its cells under `columns`.

    A first row that names the columns (`heads`: column -> what it may be called, in lower case) may put them into another order; it is
    one if it names one of `telling`. Without it, a cell too many goes to the column `spill`, so that it is seen and not lost.
    """
    by_head = {head: column for column, known in heads.items() for head in known}
    order: Sequence[str] | None = None
    for row in rows:
        cells = [re.sub(r"\s+", " ", cell.replace("\0", "")).strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if order is None:
            named = [by_head.get(re.sub(r"[\s._*()（）:：-]+", "", cell.lower()), "") for cell in cells]
            if any(column in named for column in telling):
                order = named
                continue
            order = columns
        values = dict.fromkeys(columns, "")
        for place, cell in enumerate(cells):
            column = order[place] if place < len(order) else (spill if order is columns else "")
            if column and cell:
                values[column] = f"{values[column]}, {cell}" if values[column] else cell
        yield values


def _decoded(content: bytes) -> str:
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotAList


def _sheet(content: bytes) -> Iterator[Sequence[str]]:
    from openpyxl import load_workbook  # not at the start of every server process
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_MOST:
                raise TooLarge
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(max_col=12, values_only=True):
            yield [_plain(value) for value in row]
    except TooLarge:
        raise
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, AttributeError, SyntaxError) as error:
        raise NotAList from error


def _plain(value: object) -> str:
    """A sheet's cell as its reader sees it: a number that is all digits has no `.0`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
