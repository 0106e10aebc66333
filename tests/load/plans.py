"""How many rows of each table a page makes PostgreSQL read: counted by EXPLAIN ANALYZE of what it asked, statement by statement.

Whatever way the planner goes, who reads no more rows of a large table than of a small one scans nothing. At the size of a test a whole
table may be the cheapest way; so sequential scans and joins that take in a whole table are made dear, and are taken only where no index
serves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

READING = ("SELECT", "WITH")
Asked = tuple[str, Any]


@contextmanager
def listening(engine: Engine) -> Iterator[list[Asked]]:
    """What is asked of the database while inside: statement and parameters."""
    asked: list[Asked] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def rows_read(engine: Engine, asked: list[Asked]) -> list[tuple[str, int, str]]:
    """Table, rows read of it, statement: for each statement the table that it read most of."""
    found = []
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        for setting in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"):
            cursor.execute(f"SET LOCAL {setting} = off")
        for statement, parameters in asked:
            if not statement.lstrip().upper().startswith(READING):
                continue
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
            told = cursor.fetchone()
            read: Counter[str] = Counter()
            for table, rows in _reading(told[0][0]["Plan"]):
                read[table] += rows
            found += [(table, rows, " ".join(statement.split())) for table, rows in read.most_common(1)]
    finally:
        connection.rollback()
        connection.close()
    return found


def _reading(node: dict[str, Any]) -> Iterator[tuple[str, int]]:
    thrown_away = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    if "Relation Name" in node:
        yield node["Relation Name"], round((node["Actual Rows"] + thrown_away) * node["Actual Loops"])
    for child in node.get("Plans", ()):
        yield from _reading(child)
