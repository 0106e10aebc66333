"""The session cookie: signed, and without a say of its own about time."""

from __future__ import annotations

from flask import Flask
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.wrappers import Request
from itsdangerous import BadSignature


class LastingCookies(SecureCookieSessionInterface):
    """How long somebody stays signed in is told by the session's row, which can be ended; the cookie's signature does not age.

    Flask's own refuses a cookie that seems to be signed in the future: a server clock that is set back would sign everyone out.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        value = request.cookies.get(self.get_cookie_name(app))
        try:
            return self.session_class(serializer.loads(value)) if value else self.session_class()
        except BadSignature:
            return self.session_class()
