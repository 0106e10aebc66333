"""On a filled PostgreSQL: how many queries each page takes, how large it is, and that neither it nor a filter of it reads a whole table."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.kernel import db
from tests.cast import NOW, Cast
from tests.load import pages, plans
from tests.load.filling import fill

As = Callable[[str], FlaskClient]
FILE = Path(__file__).with_name("pages.txt")
HEAD = """\
# How many queries each page takes on a filled database: one line for a page, a column for who opens it (- where it is not theirs).
# Written anew by `REVIEWED=write pytest tests/load/test_pages.py`; a higher number is more work for each reader, and is reviewed as such.
"""
PASSES = 2_500  # 10,000 stays, 25,000 gate events, 4,000 audit entries
MOST_ROWS = 1_500  # a page of 25 to 50, a count up to 1,000
MOST_BYTES = 60_000
LARGE = {"facility.my_racks"}  # racks drawn unit by unit, of all clients for who works here
READING = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_every_page_on_a_filled_database(app: Flask, cast: Cast, as_: As) -> None:
    fill(cast, PASSES, NOW)
    browsers = {name: as_(name) for name in pages.READERS}
    counted: dict[str, dict[str, int]] = {}
    faults: list[str] = []
    for endpoint, path in pages.addresses(app):
        filtered = False
        for name, browser in browsers.items():
            with plans.listening(db.engine()) as asked:
                status, html = pages.opened(browser, path)
            if status != 200:
                continue
            counted.setdefault(endpoint, {})[name] = sum(statement.lstrip().upper().startswith(READING) for statement, _ in asked)
            faults += _scans(f"{endpoint} as {name}", asked)
            if len(html.encode()) > MOST_BYTES and endpoint not in LARGE:
                faults.append(f"{endpoint} as {name}: {len(html.encode()):,} bytes")
            if not filtered:
                filtered = True
                for label, variant in pages.variants(html, path):
                    with plans.listening(db.engine()) as asked:
                        assert pages.opened(browser, variant)[0] in (200, 422), variant
                    faults += _scans(f"{endpoint}?{label} as {name}", asked)
    assert faults == []
    told = HEAD + "\n" + "".join(_lines(counted))
    if os.environ.get("REVIEWED") == "write":
        FILE.write_text(told)
    reviewed = FILE.read_text()
    assert told == reviewed, "".join(difflib.unified_diff(reviewed.splitlines(True), told.splitlines(True), "reviewed", "now", n=0))


def _scans(where: str, asked: list[plans.Asked]) -> Iterator[str]:
    for table, rows, statement in plans.rows_read(db.engine(), asked):
        if rows > MOST_ROWS:
            yield f"{where} reads {rows:,} rows of {table}: {statement[:300]}"


def _lines(counted: dict[str, dict[str, int]]) -> Iterator[str]:
    width = max(map(len, counted))
    yield " " * width + "  " + "  ".join(f"{name:>13}" for name in pages.READERS) + "\n"
    for endpoint, by_reader in counted.items():
        yield f"{endpoint:<{width}}  " + "  ".join(f"{by_reader.get(name, '-'):>13}" for name in pages.READERS) + "\n"
