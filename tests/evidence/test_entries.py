"""Who was inside in a period: every stay of which a moment lies in it, found without reading all that was before."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from portal.badges import services as badges
from portal.badges.models import Badge
from portal.evidence import queries
from portal.gate.models import GateEvent, Presence
from portal.kernel import clock, db, ids
from portal.kernel.db import session, transaction
from tests.badges import making
from tests.cast import NOW, Cast
from tests.gate.scanning import pass_of
from tests.load import plans

As = Callable[[str], FlaskClient]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERIOD = clock.at_local((NOW - 100 * DAY).date())  # one day of the site, long ago


@pytest.fixture
def badge(cast: Cast) -> Badge:
    with transaction():
        return making.issued(cast)


def stays(cast: Cast, badge: Badge, spans: dict[str, tuple[datetime, datetime | None]]) -> None:
    """Stays of those names as the gate books them, each with its entry and its exit in the log."""
    guard, room = cast.users["guard"].id, cast.rooms["B2"].id
    rows, events = [], []
    for name, (came, left) in spans.items():
        stay_id = ids.new()
        same = {"client_id": badge.client_id, "person_id": badge.person_id, "person_name": name, "subject_label": badge.number}
        rows.append(same | {
            "id": stay_id, "created_at": came, "left_at": left, "room_id": room, "badge_id": badge.id, "guard_in_id": guard,
            "guard_out_id": guard if left else None, "document_hash": cast.people["wang"].document_hash,
        })  # fmt: skip
        events += [
            same | {"id": ids.new(), "created_at": at, "kind": kind, "guard_id": guard, "room_id": room, "presence_id": stay_id}
            for kind, at in (("entry", came), ("exit", left))
            if at is not None
        ]
    with transaction():
        session().execute(insert(Presence), rows)
        session().execute(insert(GateEvent), events)


def everyday(count: int) -> dict[str, tuple[datetime, datetime | None]]:
    """So many stays of an hour, one every three hours, the last of them over before the period."""
    return {f"daily {n}": (PERIOD - (3 * n + 2) * HOUR, PERIOD - (3 * n + 1) * HOUR) for n in range(count)}


def test_every_stay_of_which_a_moment_lies_in_the_days(as_: As, cast: Cast, badge: Badge) -> None:
    end = PERIOD + DAY
    stays(cast, badge, {
        "over just before": (PERIOD - HOUR, PERIOD - timedelta(microseconds=1)),
        "out at the first moment": (PERIOD - HOUR, PERIOD),
        "within": (PERIOD + HOUR, PERIOD + 2 * HOUR),
        "in at the last moment": (end - timedelta(microseconds=1), end + HOUR),
        "in just after": (end, end + HOUR),
        "two days and a bit": (PERIOD - 2 * DAY - HOUR, PERIOD + HOUR),
        "forty days": (PERIOD - 20 * DAY, PERIOD + 20 * DAY),
        "long, and over before": (PERIOD - 20 * DAY, PERIOD - 10 * DAY),
        "inside still": (PERIOD - 60 * DAY, None),
        **everyday(30),
    })  # fmt: skip
    day = clock.local(PERIOD).date()
    with as_("auditor").get(f"/evidence/entries?at_from={day}&at_to={day}&export=csv") as answer:
        names = {row[2] for row in csv.reader(io.StringIO(answer.text))}
    assert names == {
        "人员",
        "out at the first moment",
        "within",
        "in at the last moment",
        "two days and a bit",
        "forty days",
        "inside still",
    }
    at_noon = {row.Presence.person_name for row in queries.stays_at(cast.rooms["B2"].id, PERIOD + 90 * timedelta(minutes=1))}
    assert at_noon == {"within", "forty days", "inside still"}


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_day_long_ago_costs_the_same_however_much_was_before(as_: As, cast: Cast, badge: Badge) -> None:
    auditor, day, room = as_("auditor"), clock.local(PERIOD).date(), ids.to_text(cast.rooms["B2"].id)
    at = f"{clock.local(PERIOD):%Y-%m-%dT%H:%M}"
    pages = (f"/evidence/entries?at_from={day}&at_to={day}", f"/evidence/could-enter?room={room}&at={at}")

    def read() -> list[int]:
        found = []
        for path in pages:
            with plans.listening(db.engine()) as asked:
                assert auditor.get(path).status_code == 200
            found.append(max(rows for table, rows, _statement in plans.rows_read(db.engine(), asked) if table == "presences"))
        return found

    long_one: dict[str, tuple[datetime, datetime | None]] = {"long": (PERIOD - 3 * DAY, PERIOD + HOUR)}
    stays(cast, badge, long_one | everyday(40))
    before = read()
    stays(cast, badge, {f"older {name}": (came - 40 * DAY, left - 40 * DAY) for name, (came, left) in everyday(400).items() if left})
    assert read() == before


def test_turned_away_for_one_reason(as_: As, cast: Cast, badge: Badge) -> None:
    guard, service = as_("guard"), as_("service")
    with transaction():
        badges.suspend(session().get_one(Badge, badge.id), "investigation", cast.actor("service"), NOW)
    guard.get("/gate/check?code=nonsense")
    guard.get(f"/gate/check?code={pass_of(badge).short_code}")

    def codes(query: str) -> list[str]:
        with service.get(f"/gate/log?export=csv&{query}") as answer:
            return [row[-1] for row in csv.reader(io.StringIO(answer.text))][1:]

    every = codes("kind=refusal")
    assert set(every) == {"gate.not_a_pass", "gate.badge_suspended"}
    for code in every:
        assert codes(f"why={code}") == [code]
    page = service.get("/gate/log?why=gate.not_a_pass").text
    assert '<option value="gate.not_a_pass" selected>不是本系统的凭证，或无法识读。</option>' in page
