"""What the log says of a refusal is said in the reader's words, with its day, room or serial number in it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from portal.gate.models import GateEvent
from portal.kernel.db import session, transaction
from portal.passes.queries import live_pass
from tests.cast import Cast
from tests.exits import making as exits

As = Callable[[str], FlaskClient]


@pytest.fixture
def early(cast: Cast, as_: As) -> FlaskClient:
    """The guard, who was shown a slip for tomorrow."""
    with transaction():
        slip = exits.issued(cast, exits.servers(cast, 1), leaves_on=exits.TOMORROW)
        found = live_pass(slip.id)
        assert found is not None
        code = found.short_code
    guard = as_("guard")
    assert guard.get(f"/gate/check?code={code}").headers["X-Refusal"] == "gate.slip_early"
    return guard


def test_with_the_day(early: FlaskClient) -> None:
    assert f"该出门条限 {exits.TOMORROW.month} 月 {exits.TOMORROW.day} 日使用，不是今天。" in early.get("/gate/log").text


def test_the_event_is_a_page_of_its_own(early: FlaskClient) -> None:
    address = re.search(r'href="(/gate/events/\w+)"', early.get("/gate/log").text)
    assert address is not None
    assert "gate.slip_early" in early.get(address[1]).text


def test_an_entry_without_it_still_makes_a_sentence(early: FlaskClient) -> None:
    with transaction():
        session().execute(update(GateEvent).values(facts={}))
    assert "该出门条限 …使用" in early.get("/gate/log").text
