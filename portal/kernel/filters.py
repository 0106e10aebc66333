"""The filters of a list. Each reads its value from the request, says what it is now, and gives a condition; nonsense
filters nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Date, and_, or_

from portal.kernel import clock
from portal.kernel.i18n import _
from portal.kernel.keyset import SqlKey

Options = Iterable[tuple[str, Any]]
Choices = Mapping[str, Options]
_NUMBER = re.compile(r"^[A-Za-z]{2}-?\d")


def begins(column: SqlKey, text: str) -> ColumnElement[bool]:
    """Whether a column begins with a text, by its index: LIKE with a bound pattern uses none on SQLite."""
    return and_(column >= text, column < text + chr(0x10FFFF))


def is_number(text: str) -> bool:
    """Whether a text is the number of a record ("BA-2611-0001"), or the beginning of one."""
    return _NUMBER.match(text) is not None


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter as the page shows it."""

    kind: str
    key: str
    label: str
    id: str
    value: str = ""
    hint: str = ""
    start: str = ""
    end: str = ""
    options: Sequence[Option] = ()


class Filter(Protocol):
    """What a table needs of a filter."""

    @property
    def key(self) -> str: ...

    def condition(self, args: Mapping[str, str], choices: Choices) -> ColumnElement[bool] | None:
        """What the chosen value demands of a row; None if it demands nothing."""

    def params(self, args: Mapping[str, str], choices: Choices) -> dict[str, str]:
        """The parameters that keep the choice in a link."""

    def view(self, table: str, args: Mapping[str, str], choices: Choices) -> FilterView: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values. Give `column` (equal to the value) or `where` (value -> condition).

    `options` are (value, label) pairs or a function that gives them; options that depend on the reader are passed to
    `Table.read` under the filter's key. `default` is chosen where the request says nothing; "" is 'all'. `blank`
    names 'all'.
    """

    key: str
    label: Any
    options: Options | Callable[[], Options] = ()
    column: SqlKey | None = None
    where: Callable[[str], ColumnElement[bool]] | None = None
    default: str = ""
    blank: Any = ""

    def _options(self, choices: Choices) -> list[tuple[str, Any]]:
        given = choices.get(self.key, self.options)
        return [(str(value), label) for value, label in (given() if callable(given) else given)]

    def _value(self, args: Mapping[str, str], options: Sequence[tuple[str, Any]]) -> str:
        value = args.get(self.key, self.default)
        return value if value == "" or value in dict(options) else self.default

    def condition(self, args: Mapping[str, str], choices: Choices) -> ColumnElement[bool] | None:
        value = self._value(args, self._options(choices))
        if not value:
            return None
        if self.where is not None:
            return self.where(value)
        if self.column is None:
            raise TypeError(f"the filter {self.key} has neither column nor where")
        return self.column == value

    def params(self, args: Mapping[str, str], choices: Choices) -> dict[str, str]:
        value = self._value(args, self._options(choices))
        return {} if value == self.default else {self.key: value}

    def view(self, table: str, args: Mapping[str, str], choices: Choices) -> FilterView:
        options = self._options(choices)
        value = self._value(args, options)
        shown = [("", self.blank or _("All")), *options]
        return FilterView(
            "choice", self.key, str(self.label), f"{table}-{self.key}", value,
            options=[Option(known, str(label), known == value) for known, label in shown],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of text that stands anywhere in one of the columns, whatever its case."""

    key: str
    label: Any
    columns: Sequence[SqlKey] = ()
    where: Callable[[str], ColumnElement[bool]] | None = None
    hint: Any = ""

    def _value(self, args: Mapping[str, str]) -> str:
        return args.get(self.key, "").replace("\0", "").strip()[:100]

    def condition(self, args: Mapping[str, str], choices: Choices) -> ColumnElement[bool] | None:
        value = self._value(args)
        if not value:
            return None
        if self.where is not None:
            return self.where(value)
        return or_(*(column.icontains(value, autoescape=True) for column in self.columns))

    def params(self, args: Mapping[str, str], choices: Choices) -> dict[str, str]:
        value = self._value(args)
        return {self.key: value} if value else {}

    def view(self, table: str, args: Mapping[str, str], choices: Choices) -> FilterView:
        return FilterView("text", self.key, str(self.label), f"{table}-{self.key}", self._value(args), hint=str(self.hint))


@dataclass(frozen=True, slots=True)
class DateRange:
    """From one of the site's days to another, both included. `column` holds moments (UTC) or days."""

    key: str
    label: Any
    column: SqlKey

    def _days(self, args: Mapping[str, str]) -> tuple[date | None, date | None]:
        start, end = _day(args.get(f"{self.key}_from")), _day(args.get(f"{self.key}_to"))
        return (end, start) if start and end and end < start else (start, end)

    def condition(self, args: Mapping[str, str], choices: Choices) -> ColumnElement[bool] | None:
        start, end = self._days(args)
        whole_days = isinstance(self.column.type, Date)
        found: ColumnElement[bool] | None = None
        if start:
            found = self.column >= (start if whole_days else clock.at_local(start))
        if end:
            until = self.column <= end if whole_days else self.column < clock.end_of(end)
            found = until if found is None else found & until
        return found

    def params(self, args: Mapping[str, str], choices: Choices) -> dict[str, str]:
        start, end = self._days(args)
        named = {f"{self.key}_from": start, f"{self.key}_to": end}
        return {name: day.isoformat() for name, day in named.items() if day}

    def view(self, table: str, args: Mapping[str, str], choices: Choices) -> FilterView:
        start, end = self._days(args)
        return FilterView(
            "range", self.key, str(self.label), f"{table}-{self.key}",
            start=start.isoformat() if start else "", end=end.isoformat() if end else "",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off: on, only rows that fulfil `where`."""

    key: str
    label: Any
    where: Callable[[], ColumnElement[bool]] = field(kw_only=True)

    def condition(self, args: Mapping[str, str], choices: Choices) -> ColumnElement[bool] | None:
        return self.where() if args.get(self.key) == "1" else None

    def params(self, args: Mapping[str, str], choices: Choices) -> dict[str, str]:
        return {self.key: "1"} if args.get(self.key) == "1" else {}

    def view(self, table: str, args: Mapping[str, str], choices: Choices) -> FilterView:
        return FilterView("switch", self.key, str(self.label), f"{table}-{self.key}", args.get(self.key, "") and "1")


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if date(1970, 1, 1) <= day <= date(9999, 1, 1) - timedelta(days=1) else None
