"""Who asks: the session cookie looked up at each request; and client users sent to the rules text until they have accepted it (R-S1)."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from config import Settings
from portal.accounts import passwords, queries, rules, services
from portal.kernel import clock, crypto
from portal.kernel.db import transaction
from portal.kernel.policy import ANYONE, Actor

TOKEN = "token"  # noqa: S105  (the name under which the cookie holds it)
OPEN_WITHOUT_RULES = frozenset({"accounts.rules", "accounts.sign_out", "accounts.switch_language", "accounts.switch_theme"})


def load_actor() -> Actor | None:
    """The signed-in user of this request, in one query; None when the session has ended, expired, was idle for too long, or is disabled's.

    That a session is in use is noted every few minutes, in a transaction of its own.
    """
    token = session.get(TOKEN)
    if not token:
        return None
    settings: Settings = current_app.config["SETTINGS"]
    now = clock.now()
    found = queries.signed_in(crypto.token_hash(str(token)), now)
    if found is None or rules.idle(found.last_seen_at, now, settings.session_idle_minutes):
        session.pop(TOKEN)
        return None
    g.theme, g.rules_open = found.theme, found.rules_open
    if now - found.last_seen_at >= rules.SEEN_EVERY and found.actor.session_id is not None:
        with transaction():
            services.seen(found.actor.session_id, now)
    return found.actor


def register(app: Flask) -> None:
    """Puts the rules text before everything else a client user may open, and tells templates the reader's theme."""
    passwords.configure(app.config["SETTINGS"].environment)

    @app.before_request
    def _rules_first() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if not g.get("rules_open") or endpoint is None or endpoint in OPEN_WITHOUT_RULES:
            return None
        if getattr(app.view_functions[endpoint], "__access__", None) == ANYONE:
            return None
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("accounts.rules", next=wanted))

    @app.context_processor
    def _reader() -> dict[str, Any]:
        return {"theme": g.get("theme") or session.get("theme", "auto")}
