"""A form that is sent twice counts once, one after the other or at the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from config import Settings
from portal import create_app
from portal.clients.models import Contact
from portal.kernel import crypto, db, ids, submissions
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refusal, Refused
from portal.kernel.forms import Form
from portal.kernel.numbers import NumberSeries, next_number
from portal.kernel.policy import allow_signed_in
from portal.kernel.submissions import Submission
from portal.kernel.web import app_response, submit
from tests.cast import NOW, Cast
from tests.threads import at_once

As = Callable[[str], FlaskClient]
FULL = Refusal("full", "Full.")
behaviour = {"full": False, "seconds": 0.0}


@pytest.fixture(scope="module")
def module_app(settings: Settings) -> Iterator[Flask]:
    """The application with a page that gives out a number each time its form is carried out."""
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)

    @allow_signed_in
    def count() -> object:
        form = Form()
        form.validate_on_submit()
        return submit(form, _take, then=lambda number: f"/taken/{number}", said="Taken.") or app_response("refused", 422)

    app.add_url_rule("/count", "count", count, methods=["POST"])
    yield app
    db.engine().dispose()


def _take() -> str:
    number = next_number("ZZ", NOW)
    time.sleep(behaviour["seconds"])
    if behaviour["full"]:
        raise Refused(FULL)
    return number


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    behaviour.update(full=False, seconds=0.0)


def taken() -> int:
    return session().scalar(select(NumberSeries.last).where(NumberSeries.series == "ZZ-2611")) or 0


def test_twice_is_once_and_leads_to_the_same_place(as_: As) -> None:
    client, token = as_("admin"), crypto.new_token()
    places = [client.post("/count", data={"once": token}).location for _ in range(3)]
    assert places == ["/taken/ZZ-2611-0001"] * 3
    assert taken() == 1


def test_it_is_said_once(as_: As) -> None:
    client, token = as_("admin"), crypto.new_token()
    for _ in range(2):
        client.post("/count", data={"once": token})
    with client.session_transaction() as cookie:
        assert cookie["_flashes"] == [("ok", "Taken.")]


def test_another_form_counts_again(as_: As) -> None:
    client = as_("admin")
    for _ in range(2):
        client.post("/count", data={"once": crypto.new_token()})
    assert taken() == 2


def test_a_form_without_its_token_counts_each_time(as_: As) -> None:
    client = as_("admin")
    for _ in range(2):
        client.post("/count", data={})
        client.post("/count", data={"once": ""})
    assert taken() == 4


def test_the_same_token_of_someone_else_is_another_form(as_: As) -> None:
    token = crypto.new_token()
    assert as_("admin").post("/count", data={"once": token}).location != as_("colleague").post("/count", data={"once": token}).location


def test_what_was_refused_is_tried_again_with_the_same_form(as_: As) -> None:
    client, token = as_("admin"), crypto.new_token()
    behaviour["full"] = True
    assert client.post("/count", data={"once": token}).status_code == 422
    assert taken() == 0
    behaviour["full"] = False
    assert client.post("/count", data={"once": token}).location == "/taken/ZZ-2611-0001"


def test_of_many_at_the_same_moment_one_is_carried_out(as_: As) -> None:
    """The second finds the first one's answer, whether it came in time to see it or ran into the constraint."""
    token, clients = crypto.new_token(), [as_("admin") for _ in range(6)]
    behaviour["seconds"] = 0.1
    answers = at_once(len(clients), lambda number: clients[number].post("/count", data={"once": token}))
    assert [(answer.status_code, answer.location) for answer in answers] == [(302, "/taken/ZZ-2611-0001")] * len(clients)
    assert taken() == 1
    assert session().scalar(select(func.count()).select_from(Submission)) == 1


def test_old_answers_are_forgotten(as_: As) -> None:
    client, token = as_("admin"), crypto.new_token()
    client.post("/count", data={"once": token})
    with transaction():
        submissions.forget(NOW - timedelta(days=7))
        assert session().scalar(select(func.count()).select_from(Submission)) == 1
        submissions.forget(NOW + timedelta(days=1))
    assert session().scalar(select(func.count()).select_from(Submission)) == 0


def test_what_stands_in_the_way_of_doing_it_again_does_not_hide_the_first_answer(as_: As, cast: Cast) -> None:
    """The contact was removed by the form's first sending; the page of removing it is gone since, but not the answer."""
    client = as_("service")
    client_path = f"/clients/{ids.to_text(cast.alpha.id)}"
    client.post(f"{client_path}/contacts/add", data={"name": "何静", "phone": "010-5550 0101"})
    with transaction():
        contact = session().scalars(select(Contact).where(Contact.name == "何静")).one()
        path = f"{client_path}/contacts/{ids.to_text(contact.id)}/remove"
    token = crypto.new_token()
    answers = [client.post(path, data={"once": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    assert client.post(path, data={"once": crypto.new_token()}).status_code == 404
