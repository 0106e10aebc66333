"""Filters of address lists: by address or prefix, and by the days on which it was held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false

from portal.kernel import clock
from portal.kernel.filters import Choices, FilterView
from portal.network import history, queries
from portal.network.models import Prefix
from portal.network.rules import IPAddress, read_span


@dataclass(frozen=True, slots=True)
class Period:
    """Held at some moment from one of the site's days to another, both included; one day alone is that day."""

    key: str
    label: Any

    def days(self, args: Mapping[str, str]) -> tuple[date | None, date | None]:
        start, end = _day(args.get(f"{self.key}_from")), _day(args.get(f"{self.key}_to"))
        if start and end:
            return min(start, end), max(start, end)
        return (start or end), (end or start)

    def condition(self, args: Mapping[str, str], choices: Choices) -> ColumnElement[bool] | None:
        start, end = self.days(args)
        return history.holding_at(clock.at_local(start), clock.end_of(end)) if start and end else None

    def params(self, args: Mapping[str, str], choices: Choices) -> dict[str, str]:
        start, end = self.days(args)
        return {f"{self.key}_from": start.isoformat(), f"{self.key}_to": end.isoformat()} if start and end else {}

    def view(self, table: str, args: Mapping[str, str], choices: Choices) -> FilterView:
        start, end = self.days(args)
        first, last = (day.isoformat() if day else "" for day in (start, end))
        return FilterView("range", self.key, str(self.label), f"{table}-{self.key}", start=first, end=last)


def held_in(text: str) -> ColumnElement[bool]:
    """The condition for an address, or any of a prefix; nothing matches what is neither."""
    span = read_span(text)
    return history.between(*span) if span is not None else false()


def prefix_matching(text: str) -> ColumnElement[bool]:
    """The condition for a prefix: it holds the address or the block that was typed, or has the text in its name."""
    span = read_span(text)
    named = Prefix.name.icontains(text, autoescape=True)
    return named if span is None else named | _sharing(*span)


def _sharing(first: IPAddress, last: IPAddress) -> ColumnElement[bool]:
    if first == last:
        return queries.prefix_holding(first)
    return (Prefix.first <= last) & (Prefix.last >= first)


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if date(1970, 1, 2) <= day <= date(9998, 12, 30) else None
