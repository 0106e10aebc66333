"""Lists as files: CSV and XLSX, written row by row to a file that is removed once it was sent, so that memory stays
constant."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from flask import Response, send_file
from markupsafe import Markup

from portal.kernel import clock
from portal.kernel.cells import harmless

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def plain(value: Any) -> str | int | float | Decimal | date | datetime | None:
    """A cell's value as a file holds it: states by their word, markup as its text, moments in the site's zone, and no
    text that a spreadsheet would take for a formula."""
    if value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)):
        return value
    if isinstance(value, datetime):
        return clock.local(value).replace(tzinfo=None, microsecond=0)
    if isinstance(value, date):
        return value
    if isinstance(value, (list, tuple)):
        return harmless(", ".join(str(plain(part)) for part in value))
    if hasattr(value, "tone") and hasattr(value, "label"):
        value = value.label
    return harmless(value.striptags() if isinstance(value, Markup) else str(value))


def to_response(name: str, format: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The download. `rows` is used up before this returns, while the session that they come from is open."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by the response, after the last byte)
    try:
        (_write_csv if format == "csv" else _write_xlsx)(file, heads, rows)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    filename = f"{name}-{clock.today():%Y-%m-%d}.{format}"
    response = send_file(file, mimetype=FORMATS[format], as_attachment=True, download_name=filename, max_age=0)
    response.call_on_close(file.close)
    return response


def _write_csv(file: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # the mark tells spreadsheets that it is UTF-8
    writer = csv.writer(text)
    writer.writerow([harmless(head) for head in heads])
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
    text.flush()
    text.detach()


def _csv_value(value: Any) -> Any:
    value = plain(value)
    return value.isoformat(" ", "minutes") if isinstance(value, datetime) else value


def _write_xlsx(file: IO[bytes], heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from portal.kernel import workbook  # not at the start of every server process

    workbook.write(file, heads, ([plain(value) for value in row] for row in rows))
