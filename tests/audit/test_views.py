"""The auditor's pages: found by what, who, when and which client; nothing of it for anyone else."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from portal.accounts import managing
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.audit.services import record
from portal.audit.subjects import KINDS, tag_choices
from portal.audit.tags import LIFECYCLES, all_tags
from portal.kernel import clock, db, ids
from portal.kernel.db import session, transaction
from portal.kernel.policy import SYSTEM
from tests import scene
from tests.cast import Cast

As = Callable[[str], FlaskClient]


@pytest.fixture
def disabled(cast: Cast) -> str:
    """The address of the entry that says that a colleague was disabled."""
    with transaction():
        managing.disable(session().get_one(User, cast.user("colleague").id), "离职 <b>", cast.actor("administrator"), clock.now())
    entry_id = session().scalars(select(AuditEntry.id).where(AuditEntry.tag == "user.disable")).one()
    return f"/audit/{ids.to_text(entry_id)}"


def rows(browser: FlaskClient, query: str) -> list[list[str]]:
    """What the list shows with this query, as it is exported."""
    with browser.get(f"/audit/?export=csv&{query}") as answer:
        assert answer.status_code == 200
        return list(csv.reader(answer.text.removeprefix("\ufeff").splitlines()))[1:]


@pytest.mark.parametrize("name", ["auditor", "supervisor", "administrator"])
def test_who_audits_reads_all(as_: As, disabled: str, name: str) -> None:
    browser = as_(name)
    page = browser.get("/audit/")
    assert page.status_code == 200
    assert disabled in page.text
    shown = browser.get(disabled).text
    assert "离职 &lt;b&gt;" in shown
    assert "user.disable" in shown
    assert "停用" in shown


@pytest.mark.parametrize("name", ["admin", "colleague", "service", "sales", "room_staff", "guard"])
def test_others_read_nothing(cast: Cast, as_: As, name: str) -> None:
    entry_id = session().scalars(select(AuditEntry.id).limit(1)).one()
    browser = as_(name)
    assert browser.get("/audit/").status_code == 403
    assert browser.get("/audit/?export=csv").status_code == 403
    assert browser.get(f"/audit/{ids.to_text(entry_id)}").status_code == 403


def test_an_unknown_entry_does_not_exist(as_: As) -> None:
    assert as_("auditor").get(f"/audit/{'0' * 26}").status_code == 404
    assert as_("auditor").get("/audit/nonsense").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("subject=钱多&tag=user.disable", 1),
        ("subject=钱&tag=user.disable", 0),
        ("who=吴凡&tag=user.disable", 1),
        ("who=administrator@rackpass&tag=user.disable", 1),
        ("who=韩磊&tag=user.disable", 0),
        ("client=星海&tag=user.disable", 1),
        ("client=澄明&tag=user.disable", 0),
        ("kind=user&tag=user.disable", 1),
        ("kind=badge&tag=user.disable", 0),
        ("at_from=2026-11-23&at_to=2026-11-23&tag=user.disable", 1),
        ("at_to=2026-11-22&tag=user.disable", 0),
        ("at_from=2026-11-24&tag=user.disable", 0),
    ],
)
def test_the_list_filters(as_: As, disabled: str, query: str, found: int) -> None:
    assert len(rows(as_("auditor"), query)) == found


def test_a_number_is_found_as_it_is_typed(cast: Cast, as_: As) -> None:
    number = cast.contracts["alpha"].number
    assert rows(as_("auditor"), f"subject={number.lower()}")


def test_what_the_portal_did_is_found_by_its_name(cast: Cast, as_: As) -> None:
    user = cast.user("guard")
    with transaction():
        record("accounts.locked", "user", user.id, user.name, SYSTEM, clock.now())
    assert len(rows(as_("auditor"), f"who={SYSTEM.name}&tag=accounts.locked")) == 1


def test_the_export_tells_everything(as_: As, disabled: str) -> None:
    (row,) = rows(as_("auditor"), "tag=user.disable")
    assert "user.disable" in row
    assert "离职 <b>" in row
    assert '{"state": "active"}' in row


def test_an_entry_leads_to_its_record_for_who_may_open_it(cast: Cast, as_: As, disabled: str) -> None:
    record_page = f'href="/users/{ids.to_text(cast.user("colleague").id)}"'
    administrator, auditor = as_("administrator"), as_("auditor")
    assert record_page in administrator.get(disabled).text
    assert record_page not in auditor.get(disabled).text


def test_the_list_takes_a_constant_number_of_queries(app: Flask, cast: Cast, as_: As) -> None:
    def counted(browser: FlaskClient) -> int:
        statements: list[str] = []
        listener = event.listens_for(db.engine(), "before_cursor_execute")(lambda *args: statements.append(args[2]))
        browser.get("/audit/")
        event.remove(db.engine(), "before_cursor_execute", listener)
        return len(statements)

    user = cast.user("guard")
    user_id, name = user.id, user.name
    browser = as_("auditor")
    browser.get("/audit/")
    few = counted(browser)
    with transaction():
        for _ in range(80):
            record("accounts.signed_in", "user", user_id, name, SYSTEM, clock.now())
    assert counted(browser) == few


def test_every_kind_has_a_name_and_a_page_that_exists(app: Flask) -> None:
    for kind in KINDS.values():
        if kind.endpoint:
            (rule,) = [rule for rule in app.url_map.iter_rules(kind.endpoint) if "GET" in (rule.methods or ())][:1]
            assert kind.argument in rule.arguments
    assert {lifecycle.name for lifecycle in LIFECYCLES} <= set(KINDS)


def test_every_tag_can_be_chosen_under_a_kind(app: Flask) -> None:
    with app.test_request_context():
        choices = [choice for kind in KINDS for choice in tag_choices(kind, "")]
        assert {"badge.issue", "badge.hand_on"} <= set(dict(tag_choices("badge", "")))
        assert "accounts.signed_in" not in dict(tag_choices("badge", ""))
        assert tag_choices("", "badge.issue") == [choice for choice in choices if choice[0] == "badge.issue"][:1]
        assert tag_choices("", "no.such") == tag_choices("no such", "") == []
    assert {tag for tag, _label in choices} == set(all_tags())
    assert len({label for _tag, label in choices}) > 0.85 * len(choices), "most are told apart by their words"


def test_what_happened_to_a_kind_of_record_is_among_its_choices(cast: Cast, app: Flask) -> None:
    """The scene has something of everything in it."""
    with transaction():
        scene.build(cast)
    happened = session().execute(select(AuditEntry.subject_kind, AuditEntry.tag).distinct()).all()
    with app.test_request_context():
        missing = {(kind, tag) for kind, tag in happened if tag not in dict(tag_choices(kind, ""))}
    assert len(happened) > 80
    assert missing == set()
