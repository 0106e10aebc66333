"""Who asks: the session cookie looked up at each request; and client users sent to the rules text until they have accepted it (R-S1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from config import Settings
from portal.accounts import passwords, queries, rules, second_factor, services
from portal.kernel import clock, crypto
from portal.kernel.db import transaction
from portal.kernel.policy import ANYONE, Actor

TOKEN = "token"  # noqa: S105  (the name under which the cookie holds it)
ALWAYS_OPEN = frozenset({"accounts.sign_out", "accounts.switch_language", "accounts.switch_theme"})
OPEN_WITHOUT_RULES = ALWAYS_OPEN | {"accounts.rules"}
OPEN_WITHOUT_SECOND = ALWAYS_OPEN | {"accounts.set_up_second_factor", "accounts.prove"}
GRACE = timedelta(minutes=30)  # a form whose page was opened in time is still taken: nobody types it twice


def load_actor() -> Actor | None:
    """The signed-in user of this request, in one query; None when the session has ended, expired, was idle for too long, or is disabled's.

    Who still has to show a second factor is nobody yet; `g.half` says who they will be.
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
    g.theme = found.theme
    if found.half:
        g.half = found.actor
        return None
    g.rules_open, g.proven_at = found.rules_open, found.proven_at
    g.second_missing = not found.has_second and second_factor.needed(found.actor.role, settings.second_factor_required)
    if now - found.last_seen_at >= rules.SEEN_EVERY and found.actor.session_id is not None:
        with transaction():
            services.seen(found.actor.session_id, now)
    return found.actor


def register(app: Flask) -> None:
    """Puts before everything else: the rules text for client users (R-S1), a second factor for who needs one. Before a sensitive act,
    that someone shows again who they are. Tells templates the reader's theme."""
    passwords.configure(app.config["SETTINGS"].environment)

    @app.before_request
    def _first() -> ResponseReturnValue | None:
        view: Any = app.view_functions.get(request.endpoint or "")
        if g.get("actor") is None or view is None or getattr(view, "__access__", None) == ANYONE:
            return None
        wanted = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
        if g.get("rules_open") and request.endpoint not in OPEN_WITHOUT_RULES:
            return redirect(url_for("accounts.rules", next=wanted))
        if g.get("second_missing") and request.endpoint not in OPEN_WITHOUT_SECOND:
            return redirect(url_for("accounts.set_up_second_factor", next=wanted))
        if getattr(view, "__proven__", False) and _proof_is_old():
            return redirect(url_for("accounts.prove", next=wanted or _came_from()))
        return None

    def _proof_is_old() -> bool:
        settings: Settings = app.config["SETTINGS"]
        sent = request.method == "POST" and request.url_rule is not None and "GET" in (request.url_rule.methods or ())
        return rules.proof_is_old(g.proven_at, clock.now() - (GRACE if sent else timedelta(0)), settings.proof_minutes)

    def _came_from() -> str | None:
        return urlsplit(request.referrer).path if request.referrer else None

    @app.context_processor
    def _reader() -> dict[str, Any]:
        return {"theme": g.get("theme") or session.get("theme", "auto")}
