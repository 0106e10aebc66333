"""Lists as people write them: which columns each kind has, and reading pasted or uploaded text into lines. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

MAX_LINES = 1000

NOT_TEXT = Refusal("network.import_not_text", N_("The file is not text. Save the sheet as CSV (UTF-8 or GB18030) and choose it again."))
NO_LINES = Refusal("network.import_no_lines", N_("There is no line beneath the head. Paste the list with its head, or choose a file."))
TOO_MANY_LINES = Refusal("network.import_too_long", N_("The list has %(lines)s lines; at most %(limit)s are taken at once. Divide it."))
COLUMNS_MISSING = Refusal("network.import_columns", N_("These columns are missing from the head: %(columns)s. The template has them all."))


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a sheet: its key, its English label, and what stands there as an example."""

    key: str
    label: str
    example: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    key: str
    label: str
    help: str
    columns: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line: its number in the text, the head being 1, and its cells by column."""

    number: int
    cells: Mapping[str, str]


KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "prefixes",
            N_("Prefixes"),
            N_("One prefix per line. Without a gateway the first host's address is taken."),
            (
                Heading("room", N_("Room"), "B2", True),
                Heading("prefix", N_("Prefix"), "203.0.113.0/24", True),
                Heading("name", N_("Name"), "B2 public", True),
                Heading("gateway", N_("Gateway"), "203.0.113.1"),
                Heading("vlan", N_("VLAN"), "102"),
            ),
        ),
        Kind(
            "reserved",
            N_("Reserved ranges"),
            N_("One range per line. Without a last address the first stands alone."),
            (
                Heading("prefix", N_("Prefix"), "203.0.113.0/24", True),
                Heading("first", N_("First address"), "203.0.113.2", True),
                Heading("last", N_("Last address"), "203.0.113.9"),
                Heading("reason", N_("Reserved for"), "VRRP", True),
            ),
        ),
        Kind(
            "switches",
            N_("Switches and ports"),
            N_("One port or one pattern of ports per line, such as GE0/0/{1-48}. A switch that is new is added with its first line."),
            (
                Heading("room", N_("Room"), "B2", True),
                Heading("rack", N_("Rack"), "B2-07"),
                Heading("switch", N_("Switch"), "SW-B2-07", True),
                Heading("model", N_("Model"), "S5735-L48T4X"),
                Heading("port", N_("Port"), "GE0/0/{1-48}", True),
                Heading("speed_mbps", N_("Speed (Mbit/s)"), "1000"),
                Heading("out_of_use", N_("Out of use"), "no"),
            ),
        ),
    )
}


def decode(content: bytes) -> str | Refusal:
    """An uploaded file's text: UTF-8, or what spreadsheets in China write."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return NOT_TEXT if "\0" in text else text
    return NOT_TEXT


def read(kind: Kind, text: str, words: Mapping[str, str]) -> list[SheetLine] | Refusal:
    """The lines of a sheet with commas, semicolons or tabs. `words`: heads in the reader's language -> column keys."""
    heads = text.lstrip("\ufeff\n\r ").split("\n", 1)[0]
    separator = max("\t;,", key=heads.count)
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator)
    known = {column.key: column.key for column in kind.columns} | {column.label.lower(): column.key for column in kind.columns}
    known |= {word.lower(): key for word, key in words.items()}
    keys: list[str | None] | None = None
    lines: list[SheetLine] = []
    try:
        for row in rows:
            cells = [_plain(cell) for cell in row]
            if not any(cells):
                continue
            if keys is None:
                keys = [known.get(cell.lower()) for cell in cells]
                continue
            named = {key: cell for key, cell in zip(keys, cells, strict=False) if key}
            lines.append(SheetLine(rows.line_num, {column.key: named.get(column.key, "") for column in kind.columns}))
    except csv.Error:
        return NOT_TEXT
    missing = [column.label for column in kind.columns if column.needed and column.key not in (keys or ())]
    if keys is not None and missing:
        return COLUMNS_MISSING(columns=tuple(missing))
    if not lines:
        return NO_LINES
    return TOO_MANY_LINES(lines=len(lines), limit=MAX_LINES) if len(lines) > MAX_LINES else lines


def template(kind: Kind) -> Sequence[str]:
    """The example line of a kind's template."""
    return [column.example for column in kind.columns]


def _plain(cell: str) -> str:
    """A cell without blanks, and without the apostrophe by which exports keep a spreadsheet from calculating it."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell
