"""What waits in many areas comes in one statement, each value as its area wrote it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.types import String, Uuid

from portal.clients.models import Client
from portal.desk.gathering import gathered
from portal.desk.items import DueItem, Waits
from portal.kernel.db import UTCDateTime, session
from portal.kernel.lifecycle import State, Tone
from tests.cast import Cast

STATE = State("x", "X", Tone.WAIT)
AT, DAY, ID = datetime(2026, 3, 1, 8, 30, tzinfo=UTC), date(2026, 2, 28), uuid.UUID(int=7)


def shown(row: Any) -> DueItem:
    """All that a row holds, as a title."""
    return DueItem(str(sorted(vars(row).items(), key=lambda pair: pair[0])), "", STATE, getattr(row, "at", None), "/")


def test_rows_of_different_shapes_keep_their_names_and_kinds(cast: Cast) -> None:
    first = select(literal("a").label("name"), literal(ID, Uuid()).label("id"), literal(3).label("n"), literal("b").label("other"))
    second = select(literal(AT, UTCDateTime()).label("at"), literal(DAY).label("on"), literal(None, String()).label("none"))
    third = select(literal("c").label("name"), literal(4).label("n"), literal(5).label("m"))
    found = [item.title for item in gathered([Waits(first, shown), Waits(second, shown), Waits(third, shown)])]
    assert found == [
        str([("id", ID), ("n", 3), ("name", "a"), ("other", "b")]),
        str([("at", AT), ("none", None), ("on", DAY)]),
        str([("m", 5), ("n", 4), ("name", "c")]),
    ]


def test_each_area_keeps_its_order_and_its_limit(cast: Cast) -> None:
    upwards, downwards = select(Client.name).order_by(Client.name).limit(2), select(Client.name).order_by(Client.name.desc()).limit(1)
    names = [item.title for item in gathered([Waits(upwards, shown), Waits(downwards, shown)])]
    alone = [str([("name", name)]) for rows in (upwards, downwards) for name in session().scalars(rows)]
    assert names == alone
    assert len(names) == 3


def test_nothing_asked_asks_nothing() -> None:
    assert gathered([]) == []
