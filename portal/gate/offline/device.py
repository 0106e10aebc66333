"""What a phone at the gate asks for: the app's shell, its copy, the small photos; and where it sends what happened without a network."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy.exc import IntegrityError

from portal.gate.offline import booking, marker, rules, shell, snapshot, unreadable
from portal.gate.offline.blueprint import bp
from portal.gate.offline.photos import small_photo
from portal.kernel import clock
from portal.kernel.constraints import broken_constraint
from portal.kernel.db import transaction
from portal.kernel.errors import Refused
from portal.kernel.i18n import _
from portal.kernel.policy import Permission, allow
from portal.kernel.web import actor, chosen_locale, settings
from portal.shifts import queries as shifts

RETRIES = 3  # of an event that met another guard's at the same moment


@bp.get("/sw.js")
@allow(Permission.GATE_VERIFY)
def service_worker() -> Response:
    """The worker, allowed to stand before the whole portal: the address in a QR code (/G/...) and signing out are outside /gate/."""
    answer = Response(shell.service_worker(), mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = "/"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/manifest.webmanifest")
@allow(Permission.GATE_VERIFY)
def manifest() -> Response:
    """What makes the gate an app on the phone's home screen."""
    english = chosen_locale() != "zh_CN"
    icons: list[dict[str, str]] = [
        {"src": "/static/gate/gate-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": "/static/gate/gate-512.png", "sizes": "512x512", "type": "image/png"},
        {"src": "/static/gate/gate-maskable-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
        {"src": "/static/favicon.svg", "sizes": "any", "type": "image/svg+xml"},
    ]
    answer = jsonify(
        {
            "id": "/gate/",
            "name": _("%(site)s gate", site=settings().site_name),
            "short_name": _("Gate"),
            "lang": "en" if english else "zh-CN",
            "start_url": "/gate/",
            "scope": "/",
            "display": "standalone",
            "orientation": "portrait",
            "theme_color": "#0b6b6b",
            "background_color": "#ffffff",
            "icons": icons,
        }
    )
    answer.mimetype = "application/manifest+json"
    return answer


@bp.get("/offline/app")
@allow(Permission.GATE_VERIFY)
def app() -> str:
    """The page that the phone keeps. It names nobody."""
    return render_template("gate/offline/app.html", words=[(name, _(text)) for name, text in shell.WORDS.items()])


@bp.get("/offline/zxing.js")
@allow(Permission.GATE_VERIFY)
def decoder() -> Response:
    """The decoder for browsers that have none of their own, from its package's folder."""
    answer = send_file(shell.decoder_file(), mimetype="text/javascript", max_age=86_400)
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@bp.get("/offline/snapshot")
@allow(Permission.GATE_VERIFY)
def copy() -> Response:
    """The sections of the copy that the phone does not have yet: it names the versions of those that it has.

    The copy is of the site of the guard's shift. Without a shift, and from its end on, there is none: the phone wipes what it has.
    A phone that says what it has by its entity tag is told 304 while nothing has changed, and the time by the portal's clock.
    """
    now, guard = clock.now(), actor()
    assert guard.user_id is not None
    shift = shifts.shift_of(guard.user_id, now)
    locale = chosen_locale()
    tag = marker.of_copy(now, guard.user_id.hex, shift.number if shift is not None else "", locale, shell.version())
    if request.if_none_match.contains(tag):
        return _with_tag(Response(status=304), tag, now)
    found = snapshot.sections(snapshot.Scope(shift.site_id), now, english=locale != "zh_CN") if shift is not None else {}
    body = {
        "guard": {"id": guard.user_id.hex, "name": guard.name},
        "now": int(now.timestamp() * 1000),
        "shift": shift.number if shift is not None else None,
        "until": None,
        "life": int(rules.LIFE.total_seconds() * 1000),
        "zone": str(clock.zone()),
        "csrf": generate_csrf(),
        "sections": snapshot.changed(found, request.args),
    }
    return _with_tag(Response(snapshot.compact(body), mimetype="application/json"), tag, now)


def _with_tag(answer: Response, tag: str, now: datetime) -> Response:
    answer.set_etag(tag)
    answer.headers["X-Gate-Now"] = str(int(now.timestamp() * 1000))
    answer.headers["Cache-Control"] = "private, no-store"  # the phone keeps it sealed, and nowhere else
    return answer


@bp.get("/offline/photos/<id:file_id>")
@allow(Permission.GATE_VERIFY)
def photo(file_id: uuid.UUID) -> Response:
    answer = Response(small_photo(actor(), file_id), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, no-store"  # the phone keeps it sealed, and nowhere else
    return answer


@bp.post("/offline/events")
@allow(Permission.GATE_VERIFY)
def events() -> ResponseReturnValue:
    """Books what happened offline, in the order given, each in a transaction of its own.

    Answers for each, in that order, what became of it. One that cannot be read is kept as such: the phone has nothing to send again.
    """
    body: Any = request.get_json(silent=True)
    try:
        sent, raw = datetime.fromtimestamp(float(body["sent"]) / 1000, UTC), body["events"]
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        sent, raw = clock.now(), None
    if not isinstance(raw, list) or len(raw) > rules.MOST_EVENTS:
        return jsonify({"error": "sent: milliseconds; events: a list"}), 422
    outcomes = [_book(one, sent) for one in raw]
    return jsonify({"outcomes": [{"nonce": o.nonce, "outcome": o.outcome, "objection": o.objection} for o in outcomes]})


def _book(raw: Any, sent: datetime) -> booking.Outcome:
    try:
        event = booking.read(raw)
    except booking.Unreadable:
        return _once(lambda: unreadable.keep(raw, actor(), clock.now()))
    return _once(lambda: booking.book(event, sent, actor(), clock.now()))


def _once(work: Callable[[], booking.Outcome]) -> booking.Outcome:
    """Carries it out in a transaction of its own, anew when it met another guard's, or the same one, at the same moment."""
    for attempt in range(RETRIES):
        try:
            with transaction():
                return work()
        except Refused:
            if attempt == RETRIES - 1:
                raise
        except IntegrityError as error:
            if broken_constraint(error) != "uq_gate_events_nonce":
                raise
    raise RuntimeError("unreachable: the last attempt returns or raises")
