"""What stands on a desk: things that wait, and figures. Each area gives its own; pure values, ready to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select

from portal.kernel.i18n import _
from portal.kernel.lifecycle import State


@dataclass(frozen=True, slots=True)
class DueItem:
    """One thing that waits for the actor. `due_at` is when it should be done (UTC), if anyone has said.

    `day`: a day that the title tells of; it has `%(day)s` in its place, and the desk writes it as the reader writes days.
    """

    title: str
    sub: str
    state: State
    due_at: datetime | None
    url: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the desk, linked to the records behind it. `tone` "stop" marks `sub` as bad news."""

    label: str
    value: int
    sub: str
    url: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What an area counts for a desk. The desk asks the numbers of all areas in one statement.

    `numbers`: SELECTs of one number each; `figures`: what to show, given these numbers in the same order (0 for a NULL).
    """

    numbers: tuple[Select[Any], ...]
    figures: Callable[..., list[Figure]]


@dataclass(frozen=True, slots=True)
class Waits:
    """What of an area waits for the actor. The desk asks the rows of all areas in one statement.

    `rows`: a SELECT of named plain columns (no records), in the order of urgency and limited; `item`: what to show of one row, whose
    values it reads by these names.
    """

    rows: Select[*tuple[Any, ...]]
    item: Callable[[Any], DueItem]


def told(state: State) -> State:
    """A state in the reader's language."""
    return State(state.key, _(state.label), state.tone)
