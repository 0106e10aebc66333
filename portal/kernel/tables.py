"""The one way to make a list: declare a `Table` once; `read` gives a page of it, `export` the whole of it as a file.

    BADGES = Table[Badge]("badges", id=Badge.id, default_sort="-created", columns=[
        Column("number", _l("Number"), sort=Badge.number, code=True, primary=True),
        Column("created", _l("Applied"), cell=lambda b: b.created_at, sort=Badge.created_at),
    ], filters=[Text("q", _l("Search"), columns=[Badge.number])], row_url=lambda b: url_for("badges.show",
    badge_id=b.id))

    page = BADGES.read(session(), queries.badges(actor()), request.args, lambda **kw: url_for("badges.index", **kw))

A page costs two queries (rows, count up to a cap) and what the select's own loader options add, however many rows
there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from flask import Response, current_app
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from portal.kernel import exports, formats
from portal.kernel.errors import NotFound
from portal.kernel.filters import Choice, Choices, DateRange, Filter, FilterView, Option, Switch, Text
from portal.kernel.i18n import _, ngettext
from portal.kernel.keyset import Keyset, Position, SqlKey, seal, unseal
from portal.kernel.web import actor

__all__ = ["Choice", "Column", "DateRange", "Page", "Switch", "Table", "Text"]

T = TypeVar("T")
COUNT_CAP = 1000
EXPORT_CHUNK = 500
_OWN = frozenset({"sort", "after", "before", "export"})


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column.

    `cell` gives the value of a row (by default the attribute named `key`): text, Markup, a number, a moment, a day, a
    state view (.label, .tone) or several, or None. `sub` is a quiet second line. `sort` is the SQL column that the
    list can be ordered by. `num` aligns right, `code` uses the monospaced face, `primary` carries the link to the
    row. `export` gives another value for files, False keeps the column out of them. `hidden`: not shown, but sortable
    and exported.
    """

    key: str
    label: Any
    cell: Callable[[T], Any] | None = None
    sort: SqlKey | None = None
    num: bool = False
    code: bool = False
    primary: bool = False
    sub: Callable[[T], Any] | None = None
    url: Callable[[T], str | None] | None = None
    export: Callable[[T], Any] | bool = True
    hidden: bool = False

    def value(self, row: T) -> Any:
        return self.cell(row) if self.cell is not None else getattr(row, self.key)

    def export_value(self, row: T) -> Any:
        return self.export(row) if callable(self.export) else self.value(row)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: `sort_url` orders by it; `direction` is "ascending", "descending" or "" (for aria-sort)."""

    label: str
    num: bool
    sort_url: str
    direction: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell. kind: text, state, states, time, day, empty."""

    kind: str
    value: Any
    css: str
    label: str
    url: str | None = None
    sub: Any = None


@dataclass(frozen=True, slots=True)
class Line(Generic[T]):
    row: T
    cells: Sequence[Cell]
    tone: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, with everything that its macro shows."""

    name: str
    columns: Sequence[Head]
    rows: Sequence[Line[T]]
    filters: Sequence[FilterView]
    sort_options: Sequence[Option]
    filtered: bool
    count: int
    capped: bool
    action: str
    kept: Sequence[tuple[str, str]]
    clear_url: str
    prev_url: str
    next_url: str
    exports: Sequence[tuple[str, str]]

    @property
    def objects(self) -> list[T]:
        """The rows themselves, for a page that draws them in its own way."""
        return [line.row for line in self.rows]

    @property
    def count_text(self) -> str:
        number = formats.number(self.count) + ("+" if self.capped else "")
        return str(ngettext("%(number)s entry", "%(number)s entries", self.count, number=number))


class Table(Generic[T]):
    """A list, declared once at import. `id` is the unique column that breaks ties; `default_sort` a column's key, "-"
    before it for descending. `row_url` links the primary column; `tone` marks a row that waits or is stopped.
    `for_staff` names the columns and filters that a client's own list does without, such as its name in every row."""

    def __init__(
        self,
        name: str,
        columns: Sequence[Column[T]],
        *,
        id: SqlKey,
        default_sort: str,
        filters: Sequence[Filter] = (),
        per_page: int = 25,
        row_url: Callable[[T], str | None] | None = None,
        tone: Callable[[T], str] | None = None,
        exported: bool = True,
        for_staff: Collection[str] = (),
    ) -> None:
        self.name, self.id, self.columns, self.filters = name, id, tuple(columns), tuple(filters)
        self.default_sort, self.per_page, self.exported, self.for_staff = default_sort, per_page, exported, frozenset(for_staff)
        self.row_url, self.tone = row_url, tone
        self._sorts = {column.key: column.sort for column in columns if column.sort is not None}
        if default_sort.removeprefix("-") not in self._sorts:
            raise ValueError(f"the table {name} cannot be ordered by {default_sort}")
        if clash := _OWN & {f.key for f in filters}:
            raise ValueError(f"the table {name} has filters with reserved names: {clash}")

    def read(
        self,
        session: Session,
        statement: Select[*tuple[Any, ...]],
        args: Mapping[str, str],
        url: Callable[..., str],
        *,
        choices: Choices | None = None,
    ) -> Page[T]:
        """The page that `args` asks for, of the rows that `statement` allows (its where is kept, its order is set
        here).

        `statement` selects one entity, or several columns (a row then is the database's row). `url(**params)` makes
        the list's address. `choices` gives the options of filters that depend on the reader. Runs in a request.
        """
        choices = choices or {}
        statement = self._filtered(statement, args, choices)
        sort = self._sort(args)
        keyset = self._keyset(sort)
        order, secret = f"{self.name}:{sort}", str(current_app.secret_key)
        position = unseal(args.get("before"), secret, order, backwards=True)
        position = position or unseal(args.get("after"), secret, order)
        found, more = self._fetch(session, statement, keyset, position)
        if position is not None and not found:
            position = None
            found, more = self._fetch(session, statement, keyset, None)
        backwards = position is not None and position.backwards
        count = self._count(session, statement)

        params = {name: value for f in self.filters for name, value in f.params(args, choices).items()}
        link = {**params, **({} if sort == self.default_sort else {"sort": sort})}

        def neighbour(name: str, exists: bool, row: Any) -> str:
            return url(**link, **{name: seal(Position(row[-2], row[-1]), secret, order)}) if exists else ""

        width = len(found[0]) - 2 if found else 0
        rows = [row[0] if width == 1 else row for row in found]
        action = urlsplit(url())
        unseen = self.for_staff if self.for_staff and actor().is_client else frozenset()
        columns = [column for column in self.columns if not column.hidden and column.key not in unseen]
        return Page(
            name=self.name,
            columns=[self._head(column, sort, params, url) for column in columns],
            rows=[self._line(row, columns) for row in rows],
            filters=[f.view(self.name, args, choices) for f in self.filters if f.key not in unseen],
            sort_options=self._sort_options(sort) if len(self._sorts) > 1 else (),
            filtered=bool(params),
            count=min(count, COUNT_CAP),
            capped=count > COUNT_CAP,
            action=action.path,
            kept=parse_qsl(action.query),
            clear_url=url(),
            prev_url=neighbour("before", more if backwards else position is not None, found[0] if found else None),
            next_url=neighbour("after", backwards or more, found[-1] if found else None),
            exports=[(kind.upper(), url(**link, export=kind)) for kind in exports.FORMATS] if self.exported else (),
        )

    def export(
        self, session: Session, statement: Select[*tuple[Any, ...]], args: Mapping[str, str], format: str, *, choices: Choices | None = None
    ) -> Response:
        """Every row that the filters in `args` let through, in the list's order, as a download. `format`: csv or
        xlsx, else NotFound."""
        if format not in exports.FORMATS or not self.exported:
            raise NotFound(format)
        columns = [column for column in self.columns if column.export is not False]
        keyset = self._keyset(self._sort(args))
        ordered = self._filtered(statement, args, choices or {}).order_by(None).order_by(*keyset.order())

        def rows() -> Iterator[list[Any]]:
            for row in session.execute(ordered.execution_options(yield_per=EXPORT_CHUNK)):
                item: Any = row[0] if len(row) == 1 else row
                yield [column.export_value(item) for column in columns]

        return exports.to_response(self.name, format, [str(column.label) for column in columns], rows())

    def _sort(self, args: Mapping[str, str]) -> str:
        wanted = args.get("sort", "")
        return wanted if wanted.removeprefix("-") in self._sorts else self.default_sort

    def _keyset(self, sort: str) -> Keyset:
        return Keyset(self._sorts[sort.removeprefix("-")], self.id, sort.startswith("-"))

    def _filtered(self, statement: Select[*tuple[Any, ...]], args: Mapping[str, str], choices: Choices) -> Select[*tuple[Any, ...]]:
        conditions: list[ColumnElement[bool]] = []
        for f in self.filters:
            condition = f.condition(args, choices)
            if condition is not None:
                conditions.append(condition)
        return statement.where(*conditions)

    def _fetch(
        self, session: Session, statement: Select[*tuple[Any, ...]], keyset: Keyset, position: Position | None
    ) -> tuple[list[Any], bool]:
        backwards = position is not None and position.backwards
        if position is not None:
            statement = statement.where(keyset.beyond(position))
        statement = statement.order_by(None).order_by(*keyset.order(backwards)).limit(self.per_page + 1)
        found = list(session.execute(statement.add_columns(keyset.key.label("_key"), keyset.id.label("_id"))))
        page = found[: self.per_page]
        return page[::-1] if backwards else page, len(found) > self.per_page

    def _count(self, session: Session, statement: Select[*tuple[Any, ...]]) -> int:
        capped = statement.with_only_columns(self.id).order_by(None).limit(COUNT_CAP + 1).subquery()
        return session.scalar(select(func.count()).select_from(capped)) or 0

    def _head(self, column: Column[T], sort: str, params: Mapping[str, str], url: Callable[..., str]) -> Head:
        direction, target = "", column.key
        if sort.removeprefix("-") == column.key:
            direction = "descending" if sort.startswith("-") else "ascending"
            target = column.key if sort.startswith("-") else f"-{column.key}"
        sort_url = url(**params, sort=target) if column.sort is not None else ""
        return Head(str(column.label), column.num, sort_url, direction)

    def _sort_options(self, sort: str) -> list[Option]:
        options = []
        for column in self.columns:
            if column.sort is not None:
                up, down = column.key, f"-{column.key}"
                options.append(Option(up, _("%(column)s, ascending", column=column.label), sort == up))
                options.append(Option(down, _("%(column)s, descending", column=column.label), sort == down))
        return options

    def _line(self, row: T, columns: Sequence[Column[T]]) -> Line[T]:
        cells = [self._cell(column, row) for column in columns]
        return Line(row, cells, self.tone(row) if self.tone is not None else "")

    def _cell(self, column: Column[T], row: T) -> Cell:
        value = column.value(row)
        kind = _kind(value)
        if kind == "text" and column.num and isinstance(value, int):
            value = formats.number(value)
        flags = {"num": column.num, "code": column.code, "primary": column.primary}
        flags["is-state"], flags["time"] = kind in ("state", "states"), kind in ("time", "day")
        flags["is-empty"] = kind == "empty" and not column.primary
        url = column.url(row) if column.url is not None else None
        if url is None and column.primary and self.row_url is not None:
            url = self.row_url(row)
        css = " ".join(name for name, on in flags.items() if on)
        return Cell(kind, value, css, str(column.label), url, column.sub(row) if column.sub is not None else None)


def _kind(value: Any) -> str:
    if value is None or value == "" or value == ():
        return "empty"
    if isinstance(value, (list, tuple)):
        return "states"
    if isinstance(value, datetime):
        return "time"
    if isinstance(value, date):
        return "day"
    return "state" if hasattr(value, "tone") and hasattr(value, "label") else "text"
