"""Somebody signed in without the second that a password takes: a session opened in the database, and the cookie that names it."""

from __future__ import annotations

from typing import Any

from flask import Flask

from portal.accounts import services as accounts
from portal.accounts.models import User
from portal.kernel import clock
from portal.kernel.db import isolated, transaction
from portal.kernel.policy import Actor


def session_cookie(app: Flask, who: Actor) -> str:
    """What the browser sends back: name and value."""
    with isolated(), transaction() as session:
        user = session.get_one(User, who.user_id)
        token = accounts.open_session(user, "127.0.0.1", "bench", clock.now())
    with app.test_request_context():
        kept: Any = app.session_interface.session_class({"token": token, "_permanent": True})  # type: ignore[attr-defined]
        answer = app.response_class()
        app.session_interface.save_session(app, kept, answer)
    return answer.headers["Set-Cookie"].partition(";")[0]
