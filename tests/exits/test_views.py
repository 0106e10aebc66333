"""The pages of exits: a list is pasted, compared, corrected; a slip is printed and opens the gate's page; what came back is booked in."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.demo.numbers import identity_number
from portal.equipment.models import Equipment
from portal.exits import services
from portal.exits.models import Exit
from portal.gate.models import GateEvent
from portal.kernel import clock, crypto, ids
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass, qr_text
from portal.passes.token import group_short_code
from tests.cast import NOW, Cast
from tests.exits import making
from tests.papers import picture
from tests.passes.reading_back import scanned, texts

As = Callable[[str], FlaskClient]


@pytest.fixture
def servers(cast: Cast) -> list[Equipment]:
    with transaction():
        return making.servers(cast, 3)


def form(**changes: Any) -> dict[str, Any]:
    values = {
        "kind": "withdrawal", "listing": "", "leaves_on": str(making.TODAY), "mover_name": "刘洋", "mover_document": identity_number(77),
        "once": crypto.new_token(),
    }  # fmt: skip
    return {name: value for name, value in (values | changes).items() if value is not None}


def the_exit() -> Exit:
    return session().scalars(select(Exit).execution_options(populate_existing=True)).one()


def page_of(found: Exit, action: str = "") -> str:
    return f"/exits/{ids.to_text(found.id)}" + (f"/{action}" if action else "")


def test_a_pasted_list_is_sent(as_: As, servers: list[Equipment]) -> None:
    answer = as_("admin").post("/exits/apply", data=form(listing="Dell PowerEdge R650\tsn-0001\nSN-0002\n"))
    assert (answer.status_code, answer.location) == (302, page_of(the_exit()))
    assert [item.listed_serial for item in making.items(the_exit())] == ["SN-0001", "SN-0002"]


def test_picked_and_listed_together(as_: As, servers: list[Equipment]) -> None:
    as_("admin").post("/exits/apply", data=form(picked=[ids.to_text(servers[2].id)], listing="SN-0001"))
    assert [item.listed_serial for item in making.items(the_exit())] == ["SN-0003", "SN-0001"]


def test_a_list_that_disagrees_is_shown_beside_the_records_and_kept(as_: As, servers: list[Equipment]) -> None:
    client = as_("admin")
    answer = client.post("/exits/apply", data=form(listing="PowerEdge R750\tSN-0001\nSN-9999"))
    assert (answer.status_code, answer.headers["X-Refusal"]) == (422, "exit.lines_disagree")
    assert "SN-9999" in answer.text
    assert 'name="anyway"' in answer.text
    assert session().scalar(select(Exit.id)) is None
    assert client.post("/exits/apply", data=form(listing="PowerEdge R750\tSN-0001\nSN-9999", anyway="y")).status_code == 302


def test_papers_are_kept_when_something_else_was_wrong(as_: As, servers: list[Equipment]) -> None:
    """What was uploaded once is not asked for again."""
    client = as_("admin")

    def paper() -> tuple[io.BytesIO, str]:
        return io.BytesIO(picture()), "paper.jpg"

    wrong = form(kind="repair", listing="SN-0001", return_due_on=None, letter=paper(), identity_copy=paper())
    answer = client.post("/exits/apply", data=wrong, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers["X-Refusal"]) == (422, "exit.return_missing")
    kept = dict(re.findall(r'type="hidden"[^>]* name="(letter[^"]*|identity_copy[^"]*)"[^>]* value="([^"]+)"', answer.text))
    assert len(kept) == 2
    again = form(kind="repair", listing="SN-0001", return_due_on=str(making.TOMORROW), **kept)
    assert client.post("/exits/apply", data=again, content_type="multipart/form-data").status_code == 302
    assert the_exit().letter_id is not None


def test_a_correction_shows_everything_but_the_number_and_keeps_it(as_: As, cast: Cast, servers: list[Equipment]) -> None:
    """R-S2."""
    with transaction():
        found = making.in_state(cast, "needs_correction", servers[:1])
    address, client = page_of(found, "resend"), as_("colleague")
    page = client.get(address).text
    assert "SN-0001" in page
    assert identity_number(77) not in page
    assert identity_number(77)[-4:] in page
    assert client.post(address, data=form(listing="SN-0001\nSN-0002", mover_document="")).status_code == 302
    assert (the_exit().state, the_exit().mover_document) == ("under_review", identity_number(77))
    with transaction():
        services.ask_correction(session().get_one(Exit, found.id), "other mover", cast.actor("service"), NOW)
    client.post(address, data=form(listing="SN-0001", mover_document=identity_number(78)))
    assert the_exit().mover_document == identity_number(78)


def test_customer_service_agrees_line_by_line_and_issues(as_: As, cast: Cast, servers: list[Equipment]) -> None:
    with transaction():
        found = making.applied(cast, servers[:2])
        one, two = (ids.to_text(item.id) for item in making.items(found))
    service = as_("service")
    assert service.post(page_of(found, "issue"), data=form()).headers["X-Refusal"] == "exit.not_all_agreed"
    service.post(page_of(found, "lines"), data={"item": [one, two]})
    service.post(page_of(found, "lines"), data={"take_back": one})
    assert service.post(page_of(found, "issue"), data=form()).headers["X-Refusal"] == "exit.not_all_agreed"
    service.post(page_of(found, "lines"), data={"item": one})
    assert service.post(page_of(found, "issue"), data=form()).status_code == 302
    assert the_exit().state == "issued"


def test_the_printed_slip_opens_the_gates_page(app: Flask, as_: As, cast: Cast, servers: list[Equipment]) -> None:
    """Read from the paper: the QR code of both copies leads a guard to the verdict, and so does the short code in any case."""
    with transaction():
        found = making.issued(cast, servers[:2])
    answer = as_("admin").get(page_of(found, "slip.pdf"))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    live = live_pass(found.id)
    assert live is not None
    code, address = group_short_code(live.short_code).lower(), qr_text(live, app.config["SETTINGS"].base_url)
    gate_copy, client_copy = texts(answer.data)
    assert found.number in gate_copy
    assert found.number in client_copy
    assert all(serial in gate_copy for serial in ("SN-0001", "SN-0002"))
    assert identity_number(77) not in gate_copy + client_copy
    (read,) = scanned(answer.data, 0)
    assert [read] == scanned(answer.data, 1) == [address]
    guard = as_("guard")
    for opened in (read.removeprefix("HTTP://LOCALHOST"), f"/gate/check?code={code}"):
        verdict = guard.get(opened)
        assert verdict.status_code == 200
        assert 'data-verdict="ok"' in verdict.text
        assert "SN-0001" in verdict.text
    assert session().scalar(select(AuditEntry.tag).where(AuditEntry.tag == "exit.printed")) is not None


@pytest.mark.parametrize("state", ["under_review", "released", "cancelled", "lapsed"])
def test_there_is_no_paper_but_for_an_issued_slip(as_: As, cast: Cast, servers: list[Equipment], state: str) -> None:
    with transaction():
        found = making.in_state(cast, state, servers[:1])
    assert as_("admin").get(page_of(found, "slip.pdf")).status_code == 404


def test_revealing_the_movers_number_is_written_down(as_: As, cast: Cast, servers: list[Equipment]) -> None:
    with transaction():
        found = making.applied(cast, servers[:1])
    answer = as_("service").post(page_of(found, "mover"))
    assert identity_number(77) in answer.text
    entry = session().scalars(select(AuditEntry).where(AuditEntry.tag == "person.number_revealed")).one()
    assert (entry.actor_name, entry.subject_label) == ("周敏", found.number)
    assert as_("colleague").post(page_of(found, "mover")).status_code == 403


def test_back_through_the_gate_into_its_place(as_: As, cast: Cast, servers: list[Equipment]) -> None:
    with transaction():
        found = making.released(cast, servers[:2], kind="repair")
        one, two = (ids.to_text(item.id) for item in making.items(found))
    assert as_("room_staff").post(page_of(found, f"items/{one}/back")).status_code == 302
    assert the_exit().state == "awaiting_return", "not booked in yet"
    for _twice in range(2):
        as_("guard").post(page_of(found, "return"), data={"item": [one, two]})
    booked = session().scalars(select(GateEvent).where(GateEvent.kind == "return")).one()
    assert (booked.guard_id, booked.subject_label, booked.facts) == (
        cast.user("guard").id, found.number, {"returned": ["SN-0001", "SN-0002"]},
    )  # fmt: skip
    as_("room_staff").post(page_of(found, f"items/{one}/back"))
    answer = as_("room_staff").post(
        page_of(found, f"items/{two}/replacement"), data=form(model="PowerEdge R650", serial="new-2", checked="y")
    )  # fmt: skip
    assert answer.status_code == 302
    assert the_exit().state == "completed"
    states = dict(tuple(row) for row in session().execute(select(Equipment.serial, Equipment.state)))
    assert states == {"SN-0001": "in_service", "SN-0002": "replaced", "SN-0003": "in_service", "NEW-2": "in_service"}


def test_an_overdue_return_is_flagged_where_it_is_seen(as_: As, cast: Cast, servers: list[Equipment]) -> None:
    with transaction():
        making.released(cast, servers[:1], kind="repair", return_due_on=making.TODAY)
    assert "逾期" not in as_("service").get("/exits/").text
    with time_machine.travel(clock.end_of(making.TODAY), tick=False):
        client = as_("service")
        assert "逾期" in client.get("/exits/").text
        assert "逾期" in client.get(page_of(the_exit())).text
