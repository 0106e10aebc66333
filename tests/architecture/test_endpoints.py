"""Deny by default: every endpoint says who may open it, and one that does not is shut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from portal import create_app
from portal.accounts import services as accounts
from portal.accounts.models import User
from portal.kernel import clock, db
from portal.kernel.db import isolated, session, transaction
from portal.kernel.policy import ANYONE, SIGNED_IN, Permission
from tests import cast as casting

STATIC = {"static", "bootstrap.static"}
# What strangers may open: signing in, links that came by e-mail, language and theme. A line more here is a decision.
OPEN_TO_ANYONE = {
    "accounts.accept_invitation",
    "accounts.forgotten",
    "accounts.reset_sent",
    "accounts.set_password",
    "accounts.show_second_factor",
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.switch_language",
    "accounts.switch_theme",
    "operations.health",
    "operations.metrics",  # to addresses in PORTAL_METRICS_ALLOW
    "operations.ready",
    "ticket_opinions.give",  # the link in the e-mail about a settlement
}


def unmarked(app: Flask) -> Iterator[str]:
    for endpoint, view in app.view_functions.items():
        access = getattr(view, "__access__", None)
        known = access in (ANYONE, SIGNED_IN) or (access and all(isinstance(p, Permission) for p in access))
        if endpoint not in STATIC and not known:
            yield endpoint


@pytest.fixture(scope="module")
def planted(settings: Settings) -> Iterator[Flask]:
    """The application with a page that somebody forgot to mark."""
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret", methods=["GET", "POST"])
    yield app
    db.engine().dispose()


def test_every_endpoint_is_marked(module_app: Flask) -> None:
    assert not list(unmarked(module_app))


def test_the_doors_that_are_open_to_anyone_are_these(module_app: Flask) -> None:
    found = {endpoint for endpoint, view in module_app.view_functions.items() if getattr(view, "__access__", None) == ANYONE}
    assert found == OPEN_TO_ANYONE


def test_every_view_is_called_by_one_address_and_method_at_most(module_app: Flask) -> None:
    """Two rules that answer to the same address would make one of them unreachable, with its access marker."""
    seen: dict[tuple[str, str], str] = {}
    for rule in module_app.url_map.iter_rules():
        for method in rule.methods or ():
            assert seen.setdefault((rule.rule, method), rule.endpoint) == rule.endpoint, rule.rule


def test_finds_one_that_is_not_marked_and_it_is_shut(planted: Flask) -> None:
    assert list(unmarked(planted)) == ["forgotten"]
    with isolated(), transaction():
        if session().scalar(select(User.id).limit(1)) is None:
            casting.build()
    for name in casting.STAFF:
        with isolated(), transaction():
            user = session().scalars(select(User).where(User.email == f"{name}@rackpass.example")).one()
            token = accounts.open_session(user, "127.0.0.1", "test", clock.now())
        client = planted.test_client()
        with client.session_transaction() as cookie:
            cookie["token"] = token
        for answer in (client.get("/forgotten"), client.post("/forgotten")):
            assert answer.status_code == 403, name
            assert b"secret" not in answer.data
    assert planted.test_client().get("/forgotten").status_code == 403
