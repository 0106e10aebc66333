"""The edge: who asks, what they may open, how a form is carried out, and the headers of every answer. Knows no area."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.routing import BaseConverter, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from config import Settings
from portal.kernel import clock, db, ids, submissions
from portal.kernel.change import label_of
from portal.kernel.constraints import broken_constraint
from portal.kernel.db import Stateful, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refusal, Refused, Unavailable
from portal.kernel.forms import Form, ReasonForm
from portal.kernel.i18n import DEFAULT_LOCALE, LOCALES, N_, _
from portal.kernel.lifecycle import Action, State
from portal.kernel.logs import logger
from portal.kernel.policy import ANYONE, SIGNED_IN, Actor
from portal.kernel.words import say

T = TypeVar("T")

FASTER = Refusal("conflict", N_("Someone was faster: %(subject)s is now “%(state)s”. Look at it again before you go on."))

READ_ONLY = "25006"  # PostgreSQL's code for a write to a standby, or to a database that was made read-only

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class IdConverter(BaseConverter):
    """`<id:badge_id>` in a route: anything that is not an id is a 404."""

    regex = f"[{ids.ALPHABET}]{{{ids.LENGTH}}}"

    def to_python(self, value: str) -> uuid.UUID:
        try:
            return ids.from_text(value)
        except ValueError as error:
            raise ValidationError from error

    def to_url(self, value: uuid.UUID) -> str:
        return ids.to_text(value)


def actor() -> Actor:
    """Who asks. Only in endpoints that need a sign-in."""
    found: Actor | None = g.get("actor")
    if found is None:
        abort(401)
    return found


def settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def chosen_locale() -> str:
    """The reader's language: their choice, their profile, their browser's, Chinese."""
    if g.get("reader_locale"):
        return str(g.reader_locale)
    if session.get("locale") in LOCALES:
        return str(session["locale"])
    found: Actor | None = g.get("actor")
    if found is not None:
        return found.locale
    return request.accept_languages.best_match(("zh-CN", "zh", "en"), "zh").replace("zh-CN", "zh").replace("zh", DEFAULT_LOCALE)


def _answered(sender: Actor) -> ResponseReturnValue | None:
    """The answer of a form that was carried out already. Asked before its view looks at the form: what the form did may well stand in
    the way of doing it again, and who sends it again because the answer was lost is not to be told that it failed."""
    token = request.form.get("once") if request.method == "POST" else None
    location = submissions.earlier(sender.user_id, token) if token and sender.user_id is not None else None
    return redirect(location) if location is not None else None


def register(app: Flask, load_actor: Callable[[], Actor | None]) -> None:
    """Puts the edge around an app: actor, access, one session a request, headers, error pages."""
    app.url_map.converters["id"] = IdConverter
    app.jinja_env.filters.update(say=say, id=ids.to_text, local_name=local_name, coded_name=coded_name, state_view=state_view)

    @app.before_request
    def _open() -> ResponseReturnValue | None:
        endpoint = request.endpoint
        if endpoint in ("static", "bootstrap.static") or getattr(app.view_functions.get(endpoint or ""), "__machines__", False):
            return None
        g.actor = load_actor()
        if endpoint is None:
            return None
        access = getattr(app.view_functions[endpoint], "__access__", None)
        if access == ANYONE:
            return None
        if access is None:
            abort(403)
        if g.actor is None:
            if request.method in ("GET", "HEAD"):
                return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")))
            abort(401)
        if access != SIGNED_IN and not any(g.actor.may(permission) for permission in access):
            abort(403)
        return _answered(g.actor)

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings().production:
            response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if g.get("actor") is not None:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.teardown_request
    def _close(_error: BaseException | None) -> None:
        db.close()

    app.register_error_handler(NotFound, lambda _e: error_page(404))
    app.register_error_handler(Forbidden, lambda _e: error_page(403))
    app.register_error_handler(Conflict, lambda _e: error_page(409))
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(DBAPIError, unavailable)
    app.register_error_handler(PoolTimeout, unavailable)
    for code in (400, 401, 403, 404, 405, 409, 413, 429, 500, 503):
        app.register_error_handler(code, lambda e: error_page(e.code or 500, e))


def unavailable(error: Exception) -> ResponseReturnValue:
    """The database or the store is away, full or read-only: a page that says so, whatever was begun is taken back.

    What else a database refuses is a fault of the portal, and told as one.
    """
    away = isinstance(error, Unavailable | PoolTimeout | OperationalError | InterfaceError)
    if isinstance(error, DBAPIError) and not away:
        away = error.connection_invalidated or getattr(error.orig, "sqlstate", None) == READ_ONLY
    if not away:
        raise error
    db.close()
    cause = error.orig if isinstance(error, DBAPIError) else error
    logger().error("unavailable", endpoint=request.endpoint or "none", what=getattr(error, "what", "database"), error=type(cause).__name__)
    return error_page(503, error)


def error_page(code: int, error: Any = None) -> ResponseReturnValue:
    """A page that says what is wrong and what to do, and nothing of the inside.

    Where the portal itself failed, the page is made without the database: in the reader's language, as for a stranger.
    """
    if code >= 500:
        g.reader_locale, g.actor = chosen_locale(), None
    what = getattr(error, "what", "database")
    response = app_response(render_template("_layout/error.html", code=code, what=what), code)
    if code >= 500:
        response.headers["Cache-Control"] = "no-store"
    if code == 503:
        response.headers["Retry-After"] = "10"
    if code == 405 and error is not None and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def app_response(body: str, status: int = 200) -> Response:
    response: Response = current_app.make_response((body, status))
    return response


def page(template: str, form: Form | None = None, *, refused: Sequence[str] = (), **context: Any) -> Response:
    """Renders a page; one with errors in its form answers 422.

    The header X-Refusal names the codes of the refusals that the page tells in sentences: the form's, else `refused`.
    """
    wrong = form is not None and bool(form.errors or form.form_errors)
    response = app_response(render_template(template, form=form, **context), 422 if wrong else 200)
    codes = (form.refused if form is not None else ()) or refused
    if codes:
        response.headers["X-Refusal"] = ", ".join(dict.fromkeys(codes))
    return response


def submit(
    form: Form, work: Callable[[], T], *, then: Callable[[T], str], said: str | Callable[[T], str] | None = None
) -> BaseResponse | None:
    """Carries out a valid form: one transaction, once however often it is sent, then on to the page that `then` names.

    None when a rule refused: the form holds the reasons beside its fields, and nothing was done.
    """
    user_id, token = actor().user_id, str(form.once.data or "")
    assert user_id is not None
    carried_out: list[T] = []
    try:
        with transaction():
            location = submissions.earlier(user_id, token) if token else None
            if location is None:
                result = work()
                location = then(result)
                carried_out.append(result)
                if token:
                    submissions.keep(user_id, token, location, clock.now())
    except Refused as refused:
        form.refuse(refused.refusals)
        return None
    except Conflict as conflict:
        form.refuse([faster(conflict)])
        return None
    except IntegrityError as error:
        location = submissions.earlier(user_id, token) if broken_constraint(error) == "pk_submissions" else None
        if location is None:
            raise
        return redirect(location)
    if said is not None and carried_out:
        flash(said(carried_out[0]) if callable(said) else said, "ok")
    return redirect(location)


def faster(conflict: Conflict) -> Refusal:
    return FASTER(subject=conflict.subject, state=_(conflict.label))


@dataclass(frozen=True, slots=True)
class ActionView:
    """A button of a record's action bar."""

    label: str
    url: str
    primary: bool = False
    danger: bool = False
    enabled: bool = True
    why_not: str = ""
    method: str = "get"


def state_view(record: Stateful) -> State:
    """The record's state in the reader's language: colour, and a word."""
    state = record.LIFECYCLE.states[record.state]
    return State(state.key, _(state.label), state.tone)


def offered_actions(record: Stateful, url: Callable[[str], str], blocked: Mapping[str, Refusal | None] | None = None) -> list[ActionView]:
    """The buttons for what this actor may do with the record in its state; `blocked` says by action why one cannot be pressed now."""
    blocked = blocked or {}
    found = []
    for action in record.LIFECYCLE.from_state(record.state):
        asked_for_it = action.separate_from and getattr(record, action.separate_from) == actor().user_id
        if actor().may(action.permission) and not asked_for_it:
            why = blocked.get(action.key)
            found.append(
                ActionView(
                    _(action.label),
                    url(action.key),
                    action.primary,
                    action.danger,
                    why is None,
                    say(why) if why is not None else "",
                )
            )
    return found


def action_page(
    record: Stateful,
    action_key: str,
    work: Callable[[Any], Any],
    *,
    back: str,
    form_class: type[Form] | None = None,
    notes: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
    template: str = "_layout/action.html",
    **context: Any,
) -> ResponseReturnValue:
    """The page of one action on one record: says what will happen, asks for what is needed, carries it out, goes back.

    `work` gets the valid form; `defaults` fill it in at first. The lifecycle decides whether the action is possible; the service
    checks it again, locked.
    """
    action: Action | None = record.LIFECYCLE.actions.get(action_key)
    if action is None or not action.offered:
        raise NotFound(action_key)
    if not actor().may(action.permission):
        raise Forbidden(action.permission)
    form = (form_class or (ReasonForm if "reason" in action.needs else Form))(data=defaults)
    if not record.LIFECYCLE.allows(record.state, action_key):
        flash(say(FASTER(subject=label_of(record), state=_(record.LIFECYCLE.states[record.state].label))), "stop")
        return redirect(back)
    if form.validate_on_submit():
        told = _("%(what)s: %(subject)s", what=_(action.told), subject=label_of(record))
        done = submit(form, lambda: work(form), then=lambda _r: back, said=told)
        if done is not None:
            return done
    return page(template, form, record=record, action=action, subject=label_of(record), back=back, notes=notes, **context)


def pdf(content: bytes, name: str) -> Response:
    """A document to look at and print; `name` without its ending."""
    return Response(content, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})


def id_argument(name: str) -> uuid.UUID | None:
    """An id in the query string, None when it is not given. NotFound for what is not one."""
    text = request.args.get(name, "")
    try:
        return ids.from_text(text) if text else None
    except ValueError as error:
        raise NotFound(text) from error


def coded_name(place: Any) -> str:
    """A place's code and name, the code once: "SH · 宝山数据中心", "B2 机房"."""
    name = local_name(place)
    return name if place.code in name.split() else f"{place.code} · {name}"


def local_name(place: Any) -> str:
    """A site's or room's name in the reader's language. `place` has .name and .name_en."""
    return str(place.name if chosen_locale() == "zh_CN" else place.name_en)


def safe_next(target: str | None, default: str) -> str:
    """A path of this portal to go on to; anything that leads elsewhere is replaced by `default`."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and not urlsplit(target).netloc:
        return target
    return default


def client_address() -> str:
    return request.remote_addr or ""
