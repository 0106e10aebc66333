"""Each request has an id, one line in the log and its place in the figures; its id stands on error pages and in X-Request-Id.

The line says endpoint, method, status, milliseconds and the actor's id: no name, no number, no address with its query, no token.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import structlog
from flask import Flask, Response, g, request

from config import Settings
from portal.kernel import ids
from portal.kernel.logs import logger
from portal.kernel.policy import Actor
from portal.operations import instruments

HEADER = "X-Request-Id"
WELL_FORMED = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{7,63}\Z")
QUIET = frozenset({"operations.health", "operations.ready", "operations.metrics", "static", "bootstrap.static"})


def register(app: Flask, settings: Settings) -> None:
    """Comes before everything else that looks at requests, so that it sees the first moment and the last answer."""
    counted = instruments.prepare(settings)

    @app.before_request
    def _begin() -> None:
        g.began, g.request_id = time.perf_counter(), _given(settings) or uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def _tell(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        taken, endpoint = time.perf_counter() - g.began, request.endpoint or "none"
        counted.request(endpoint, request.method, response.status_code, taken)
        if endpoint not in QUIET or response.status_code >= 400:
            logger().info(
                "request", endpoint=endpoint, method=request.method, status=response.status_code, ms=round(taken * 1000, 1), actor=_actor()
            )
        return response

    @app.context_processor
    def _request_id() -> dict[str, Any]:
        return {"request_id": g.get("request_id", "")}

    def log_exception(exc_info: Any) -> None:
        logger().error("fault", endpoint=request.endpoint or "none", method=request.method, actor=_actor(), exc_info=exc_info)

    app.log_exception = log_exception  # type: ignore[method-assign]  # Flask's own would tell the address, tokens and all


def _given(settings: Settings) -> str | None:
    """The id that a trusted proxy gave, if it is one."""
    given = request.headers.get(HEADER, "")
    return given if settings.trusted_proxies and WELL_FORMED.match(given) else None


def _actor() -> str | None:
    actor: Actor | None = g.get("actor")
    return None if actor is None or actor.user_id is None else ids.to_text(actor.user_id)
