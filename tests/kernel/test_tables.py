"""Lists: paging by key, sorting, filters and export, on SQLite and PostgreSQL."""

from __future__ import annotations

import csv
import io
import ipaddress
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask, g
from flask_babel import Babel
from markupsafe import Markup
from openpyxl import load_workbook
from sqlalchemy import event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from portal.kernel import clock, ids
from portal.kernel.db import Base as PortalBase
from portal.kernel.db import IPAddress, make_engine
from portal.kernel.errors import NotFound
from portal.kernel.policy import Actor, Role
from portal.kernel.tables import Choice, Column, DateRange, Page, Switch, Table, Text
from tests.databases import KINDS, fresh_database

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = PortalBase.type_annotation_map


class Crate(Base):
    __tablename__ = "crates"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.new)
    name: Mapped[str]
    weight: Mapped[int | None]
    born: Mapped[datetime]
    until: Mapped[date | None]
    address: Mapped[IPAddress | None]
    state: Mapped[str]


STATES = {
    "in": SimpleNamespace(label="In order", tone="ok"),
    "out": SimpleNamespace(label="At rest", tone="rest"),
}

CRATES = Table[Crate](
    "crates",
    [
        Column("name", "Name", sort=Crate.name, primary=True, code=True),
        Column("state", "State", cell=lambda c: STATES[c.state], sort=Crate.state),
        Column("weight", "Weight", sort=Crate.weight, num=True),
        Column("born", "Born", sort=Crate.born),
        Column("until", "Until", sort=Crate.until),
        Column("address", "Address", sort=Crate.address, hidden=True),
        Column("note", "Note", cell=lambda c: Markup("<b>{}</b>").format(c.name), export=False),
    ],
    id=Crate.id,
    default_sort="-born",
    per_page=7,
    filters=[
        Text("q", "Name", columns=[Crate.name]),
        Choice("state", "State", [("in", "In order"), ("out", "At rest")], column=Crate.state),
        DateRange("born", "Born", Crate.born),
        DateRange("until", "Until", Crate.until),
        Switch("heavy", "Heavy", where=lambda: Crate.weight > 2),
    ],
    row_url=lambda c: f"/crates/{c.name}",
)


@pytest.fixture(scope="module")
def flask_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for tests alone"
    Babel(app, locale_selector=lambda: "en")
    return app


@pytest.fixture
def request_(flask_app: Flask) -> Iterator[None]:
    with flask_app.test_request_context("/crates"):
        yield


@pytest.fixture(scope="module", params=KINDS)
def engine_session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with fresh_database(request.param, tmp_path_factory.mktemp("tables"), migrated=False) as address:
        engine = make_engine(address)
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            yield session
        engine.dispose()


@pytest.fixture
def session(engine_session: Session, request_: None) -> Iterator[Session]:
    """Thirty crates: ties in every column but the name, and NULLs where there may be any."""
    for number in range(30):
        engine_session.add(
            Crate(
                name=f"C-{number:02d}",
                weight=None if number % 4 == 0 else number % 5,
                born=START + timedelta(hours=number // 3),
                until=None if number % 3 == 0 else date(2026, 12, 1) + timedelta(days=number % 6),
                address=None if number % 2 else ipaddress.ip_address(f"2001:db8::{number % 7:x}"),
                state="out" if number % 6 == 0 else "in",
            )
        )
    engine_session.flush()
    yield engine_session
    engine_session.rollback()


def url(**params: str) -> str:
    return "/crates?" + urlencode(params) if params else "/crates"


def read(session: Session, link: str = "/crates", table: Table[Crate] = CRATES) -> Page[Crate]:
    return table.read(session, select(Crate), dict(parse_qsl(urlsplit(link).query, keep_blank_values=True)), url)


def names(page: Page[Crate]) -> list[str]:
    return [crate.name for crate in page.objects]


def walk(session: Session, link: str) -> list[Page[Crate]]:
    pages = [read(session, link)]
    while pages[-1].next_url:
        pages.append(read(session, pages[-1].next_url))
    return pages


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("key", ["name", "state", "weight", "born", "until", "address"])
def test_every_row_stands_on_one_page_whatever_the_order(session: Session, key: str, descending: bool) -> None:
    pages = walk(session, url(sort=f"-{key}" if descending else key))

    assert [len(page.rows) for page in pages] == [7, 7, 7, 7, 2]
    rows = [crate for page in pages for crate in page.objects]
    assert len({crate.id for crate in rows}) == 30
    values = [getattr(crate, key) for crate in rows]
    present = [value for value in values if value is not None]
    assert present == sorted(present, reverse=descending)
    assert values[len(present) :] == [None] * (30 - len(present)), "what has no value comes last"


@pytest.mark.parametrize("sort", ["name", "-weight", "weight", "-born", "until", "-until", "address"])
def test_the_way_back_shows_the_same_pages(session: Session, sort: str) -> None:
    forth = walk(session, url(sort=sort))

    back = [forth[-1]]
    while back[-1].prev_url:
        back.append(read(session, back[-1].prev_url))

    assert [names(page) for page in reversed(back)] == [names(page) for page in forth]
    assert back[-1].prev_url == ""


@pytest.mark.parametrize("after", ["nonsense", "WyJ2IiwxXQ.abc", "é", "."])
def test_a_bad_cursor_leads_to_the_first_page(session: Session, after: str) -> None:
    assert names(read(session, url(after=after))) == names(read(session))
    assert names(read(session, url(before=after))) == names(read(session))


def test_a_cursor_belongs_to_its_order(session: Session) -> None:
    cursor = dict(parse_qsl(urlsplit(read(session, url(sort="name")).next_url).query))["after"]

    assert names(read(session, url(sort="-weight", after=cursor))) == names(read(session, url(sort="-weight")))


def test_a_page_that_has_become_empty_is_the_first_one(session: Session) -> None:
    last = walk(session, url(sort="name"))[-2].next_url
    for crate in session.scalars(select(Crate).where(Crate.name > "C-20")):
        session.delete(crate)
    session.flush()

    assert names(read(session, last)) == names(read(session, url(sort="name")))


@pytest.mark.parametrize("sort", ["colour", "--name", "note", "name; drop table crates", ""])
def test_only_declared_columns_are_sorted_by(session: Session, sort: str) -> None:
    page = read(session, url(sort=sort))

    assert names(page) == names(read(session))
    assert next(head for head in page.columns if head.label == "Born").direction == "descending"


def test_a_head_turns_its_order_round(session: Session) -> None:
    heads = {head.label: head for head in read(session, url(sort="name", heavy="1")).columns}

    assert heads["Name"].direction == "ascending"
    assert heads["Name"].sort_url == url(heavy="1", sort="-name")
    assert heads["Weight"].sort_url == url(heavy="1", sort="weight")
    assert heads["Note"].sort_url == ""
    assert "Address" not in heads


def test_a_page_costs_two_queries_however_many_rows(session: Session) -> None:
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", count)
    read(session)
    few = len(counted)
    session.add_all(Crate(name=f"D-{n}", born=START, state="in") for n in range(200))
    session.flush()
    counted.clear()
    read(session)
    event.remove(session.get_bind(), "before_cursor_execute", count)

    assert (few, len(counted)) == (2, 2)


def test_the_count_stops_where_nobody_reads_on(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (read(session).count, read(session).count_text) == (30, "30 entries")

    monkeypatch.setattr("portal.kernel.tables.COUNT_CAP", 29)

    assert read(session).count_text == "29+ entries"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (url(q="c-0"), 10),
        (url(q=" C-00 "), 1),
        (url(q="%"), 0),
        (url(q="_"), 0),
        (url(q="C\0-00"), 1),
        (url(state="out"), 5),
        (url(state="elsewhere"), 30),
        (url(heavy="1"), 8),
        (url(heavy="yes"), 30),
        (url(heavy="1", state="out"), 1),
        (url(until_from="2026-12-03", until_to="2026-12-03"), 5),
        (url(until_to="not a day"), 30),
        (url(until_from="9999-12-31"), 30),
    ],
)
def test_filters_let_through_what_they_say(session: Session, link: str, expected: int) -> None:
    assert read(session, link).count == expected


def test_a_range_of_days_is_the_sites_days_both_included(session: Session) -> None:
    session.add_all(
        Crate(name=name, born=clock.at_local(date(2026, 11, 9), hour) - before, state="in")
        for name, hour, before in [
            ("midnight", 0, timedelta()),
            ("a second before", 0, timedelta(seconds=1)),
            ("late", 23, timedelta()),
        ]
    )
    session.flush()

    on_the_day = read(session, url(born_from="2026-11-09", born_to="2026-11-09"))
    turned_round = read(session, url(born_from="2026-11-09", born_to="2026-11-08"))

    assert names(on_the_day) == ["late", "midnight"]
    assert names(turned_round) == ["late", "midnight", "a second before"]


def test_links_keep_the_filters(session: Session) -> None:
    page = read(session, url(q="c", state="in", until_from="2026-12-01", sort="name"))

    kept = {"q": "c", "state": "in", "until_from": "2026-12-01", "sort": "name"}
    assert kept.items() <= dict(parse_qsl(urlsplit(page.next_url).query)).items()
    assert dict(parse_qsl(urlsplit(page.exports[0][1]).query)) == {**kept, "export": "csv"}
    assert page.filtered
    assert page.clear_url == "/crates"


def test_what_stands_in_the_address_already_is_kept_by_the_filter_form(session: Session) -> None:
    page = CRATES.read(session, select(Crate), {}, lambda **params: f"/racks?{urlencode({'room': 'B2', **params})}")

    assert (page.action, page.kept) == ("/racks", [("room", "B2")])


def test_a_default_choice_is_left_by_asking_for_all(session: Session) -> None:
    table = Table[Crate](
        "open", CRATES.columns, id=Crate.id, default_sort="name",
        filters=[Choice("state", "State", lambda: [("in", "In"), ("out", "Out")], column=Crate.state, default="in")],
    )  # fmt: skip

    default, everything = read(session, table=table), read(session, url(state=""), table=table)

    assert (default.count, default.filtered) == (25, False)
    assert (everything.count, everything.filtered) == (30, True)
    assert [option.value for option in everything.filters[0].options if option.chosen] == [""]


def test_options_may_depend_on_the_reader(session: Session) -> None:
    table = Table[Crate]("own", CRATES.columns, id=Crate.id, default_sort="name", filters=[Choice("state", "State", column=Crate.state)])

    found = table.read(session, select(Crate), {"state": "out"}, url, choices={"state": [("out", "At rest")]})
    refused = table.read(session, select(Crate), {"state": "out"}, url, choices={"state": [("in", "In order")]})

    assert (found.count, refused.count) == (5, 30)


@pytest.mark.parametrize(("role", "there"), [(Role.SALES, True), (Role.CLIENT_ADMIN, False)])
def test_a_clients_own_list_does_without_what_is_for_staff(session: Session, role: Role, there: bool) -> None:
    table = Table[Crate](
        "own", CRATES.columns, id=Crate.id, default_sort="name", filters=CRATES.filters, for_staff=("weight", "heavy")
    )  # fmt: skip
    g.actor = Actor(ids.new(), "Somebody", role, None if there else ids.new())

    page = table.read(session, select(Crate), {}, url)

    assert any(head.label == "Weight" for head in page.columns) is there
    assert any(cell.label == "Weight" for cell in page.rows[0].cells) is there
    assert any(f.key == "heavy" for f in page.filters) is there


def test_cells_say_what_they_are(session: Session) -> None:
    line = next(line for line in read(session, url(sort="name")).rows if line.row.name == "C-00")

    assert [cell.kind for cell in line.cells] == ["text", "state", "empty", "time", "empty", "text"]
    assert line.cells[0].url == "/crates/C-00"
    assert line.cells[0].css == "code primary"
    assert line.cells[2].css == "num is-empty"


def test_a_select_of_several_columns_gives_the_rows_of_the_database(session: Session) -> None:
    table = Table[object]("pairs", [Column("name", "Name", sort=Crate.name), Column("weight", "Weight")], id=Crate.id, default_sort="name")

    page = table.read(session, select(Crate.name, Crate.weight), {}, url)

    assert [(row.name, row.weight) for row in page.objects[:2]] == [("C-00", None), ("C-01", 1)]  # type: ignore[attr-defined]


def exported(session: Session, args: dict[str, str], format: str, table: Table[Crate] = CRATES) -> bytes:
    response = table.export(session, select(Crate), args, format)
    response.direct_passthrough = False
    assert response.headers["Content-Disposition"].startswith("attachment; filename=crates-")
    data = response.get_data()
    response.close()
    return data


def test_an_export_holds_every_row_that_the_filters_let_through(session: Session) -> None:
    data = exported(session, {"state": "in", "sort": "name"}, "csv")

    assert data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert head == ["Name", "State", "Weight", "Born", "Until", "Address"]
    assert len(rows) == 25
    assert rows[0] == ["C-01", "In order", "1", "2026-11-20 10:00", "2026-12-02", ""]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_text_becomes_a_formula(session: Session, name: str, format: str) -> None:
    session.add(Crate(name=name, born=START - timedelta(days=1), state="in", weight=-3))
    session.flush()

    data = exported(session, {"sort": "born"}, format)

    if format == "csv":
        row = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1]
        assert (row[0], row[2]) == (f"'{name}", "-3")
    else:
        cells = list(load_workbook(io.BytesIO(data)).active.iter_rows())[1]  # type: ignore[union-attr]
        assert cells[0].data_type == "s"
        assert str(cells[0].value).startswith("'")
        assert cells[2].value == -3


def test_a_sheet_holds_moments_in_the_sites_zone_and_days_as_days(session: Session) -> None:
    session.add(Crate(name="bell \x07", born=START - timedelta(days=1), until=date(2027, 3, 31), state="in"))
    session.flush()

    sheet = load_workbook(io.BytesIO(exported(session, {"sort": "born"}, "xlsx"))).active
    assert sheet is not None
    row = [cell.value for cell in list(sheet.iter_rows())[1]]

    assert row == ["bell ", "In order", None, datetime(2026, 11, 19, 10), datetime(2027, 3, 31), None]


def test_an_export_of_nothing_has_its_heads(session: Session) -> None:
    assert exported(session, {"q": "nobody"}, "csv").decode("utf-8-sig").strip() == "Name,State,Weight,Born,Until,Address"
    sheet = load_workbook(io.BytesIO(exported(session, {"q": "nobody"}, "xlsx"))).active
    assert sheet is not None
    assert sheet.max_row == 1


def test_an_unknown_format_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        CRATES.export(session, select(Crate), {}, "pdf")


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Table[Crate]("bad", CRATES.columns, id=Crate.id, default_sort="colour"),
        lambda: Table[Crate]("bad", CRATES.columns, id=Crate.id, default_sort="name", filters=[Text("sort", "Sort")]),
    ],
)
def test_a_table_that_cannot_work_is_refused_when_it_is_declared(declare: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        declare()
