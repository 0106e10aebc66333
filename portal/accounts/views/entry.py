"""The ways in: signing in and out, invitation, forgotten password, and the switches of language and theme, which work for strangers too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import links, queries, second_factor, services, signing_in
from portal.accounts.forms import AcceptForm, ForgottenForm, NewPasswordForm, ProveForm, SecondFactorForm, SignInForm
from portal.accounts.gatekeeping import TOKEN
from portal.accounts.models import User
from portal.accounts.rules import LOCKED
from portal.accounts.views.blueprint import bp
from portal.kernel import clock
from portal.kernel.db import transaction
from portal.kernel.errors import Refusal, Refused
from portal.kernel.forms import Form
from portal.kernel.i18n import LOCALES, _
from portal.kernel.policy import allow_anyone, allow_signed_in
from portal.kernel.ready import ready_page
from portal.kernel.web import actor, client_address, page, safe_next, settings


@bp.route("/sign-in", methods=["GET", "POST"])
@allow_anyone
def sign_in() -> ResponseReturnValue:
    """Wrong address, wrong password, disabled account: one answer, one status, one time."""
    onward = safe_next(request.args.get("next"), "/")
    if g.get("actor") is not None:
        return redirect(onward)
    if request.method == "GET":
        if g.get("half") is not None:
            return redirect(url_for("accounts.show_second_factor", next=onward))
        return ready_page("accounts/sign_in.html", SignInForm)
    form = SignInForm()
    if not form.validate_on_submit():
        return page("accounts/sign_in.html", form)
    checked = signing_in.check(str(form.email.data), str(form.password.data), clock.now())
    with transaction():
        outcome = signing_in.sign_in(checked, client_address(), _browser(), clock.now(), _lasts())
    if not isinstance(outcome, Refusal):
        _enter(outcome)
        return redirect(onward)
    return _refused("accounts/sign_in.html", form, outcome)


@bp.route("/sign-in/second", methods=["GET", "POST"])
@allow_anyone
def show_second_factor() -> ResponseReturnValue:
    """The second half of signing in. Starting over is possible; time and tries are limited."""
    onward, half = safe_next(request.args.get("next"), "/"), g.get("half")
    if half is None:
        return redirect(onward if g.get("actor") is not None else url_for("accounts.sign_in", next=onward))
    form = SecondFactorForm()
    if not form.validate_on_submit():
        return page("accounts/show_second_factor.html", form)
    with transaction():
        outcome = second_factor.answer(half, str(form.code.data), client_address(), _browser(), clock.now(), _lasts())
    if isinstance(outcome, Refusal):
        return _refused("accounts/show_second_factor.html", form, outcome)
    _enter(outcome)
    return redirect(onward)


@bp.route("/sign-in/again", methods=["GET", "POST"])
@allow_signed_in
def prove() -> ResponseReturnValue:
    """Asks for the password once more before a sensitive act, and goes on to it."""
    onward, form = safe_next(request.args.get("next"), "/"), ProveForm()
    if not form.validate_on_submit():
        return page("accounts/prove.html", form, onward=onward)
    checked = signing_in.check(queries.own_account(actor()).email, str(form.present.data), clock.now())
    with transaction():
        refusal = signing_in.confirm(checked, actor().session_id, clock.now())
    return redirect(onward) if refusal is None else _refused("accounts/prove.html", form, refusal, onward=onward)


def _refused(template: str, form: Form, refusal: Refusal, **context: Any) -> Response:
    form.refuse([refusal])
    answer = page(template, form, **context)
    if refusal.code == LOCKED.code:
        answer.status_code = 429
        answer.headers["Retry-After"] = str(60 * refusal.data["minutes"])
    return answer


@bp.post("/sign-out")
@allow_anyone
def sign_out() -> ResponseReturnValue:
    who = g.get("actor") or g.get("half")
    if who is not None:
        with transaction():
            services.sign_out(who, clock.now())
    _forget_browser()
    flash(_("You are signed out."), "ok")
    return redirect(url_for("accounts.sign_in"))


@bp.route("/invitation/<token>", methods=["GET", "POST"])
@allow_anyone
def accept_invitation(token: str) -> ResponseReturnValue:
    """Whoever holds the link chooses name and password, and is signed in."""
    user = links.holder(token, "invitation", clock.now())
    if user is None:
        return page("accounts/link_dead.html", kind="invitation"), 410
    form = AcceptForm(user.email, data={"name": user.name, "phone": user.phone})
    if form.validate_on_submit():
        command = form.command(token)
        try:
            with transaction():
                opened = _open_session(services.accept_invitation(command, clock.now()))
        except Refused:
            return page("accounts/link_dead.html", kind="invitation"), 410
        _enter(opened)
        flash(_("Welcome. Your account is open."), "ok")
        return redirect("/")
    return page("accounts/accept.html", form, user=user)


@bp.route("/password", methods=["GET", "POST"])
@allow_anyone
def forgotten() -> ResponseReturnValue:
    """Asks for a reset link. The answer is the same whether or not there is an account."""
    form = ForgottenForm()
    if form.validate_on_submit():
        with transaction():
            services.ask_for_reset(str(form.email.data), clock.now())
        return redirect(url_for("accounts.reset_sent"))
    return page("accounts/forgotten.html", form)


@bp.get("/password/sent")
@allow_anyone
def reset_sent() -> ResponseReturnValue:
    return page("accounts/reset_sent.html")


@bp.route("/password/<token>", methods=["GET", "POST"])
@allow_anyone
def set_password(token: str) -> ResponseReturnValue:
    """Whoever holds the link sets a new password; they sign in with it."""
    user = links.holder(token, "reset", clock.now())
    if user is None:
        return page("accounts/link_dead.html", kind="reset"), 410
    form = NewPasswordForm(user.email)
    if form.validate_on_submit():
        password_hash = form.password_hash()
        try:
            with transaction():
                services.set_new_password(token, password_hash, clock.now())
        except Refused:
            return page("accounts/link_dead.html", kind="reset"), 410
        _forget_browser()
        flash(_("The new password is set. Sign in with it."), "ok")
        return redirect(url_for("accounts.sign_in"))
    return page("accounts/new_password.html", form, user=user)


@bp.post("/language")
@allow_anyone
def switch_language() -> ResponseReturnValue:
    locale = request.form.get("locale", "")
    if locale in LOCALES:
        session["locale"] = locale
        if g.get("actor") is not None:
            with transaction():
                services.keep_preference(actor(), locale=locale)
    return redirect(safe_next(request.form.get("next"), "/"))


@bp.post("/theme")
@allow_anyone
def switch_theme() -> ResponseReturnValue:
    theme = request.form.get("theme", "")
    if theme in services.THEMES:
        session["theme"] = theme
        if g.get("actor") is not None:
            with transaction():
                services.keep_preference(actor(), theme=theme)
    return redirect(safe_next(request.form.get("next"), "/"))


def _open_session(user: User) -> str:
    return services.open_session(user, client_address(), _browser(), clock.now(), lasts=_lasts())


def _enter(token: str) -> None:
    """Gives the browser its new session; what it held before is gone, but for language and theme."""
    _forget_browser()
    session[TOKEN] = token


def _forget_browser() -> None:
    kept = {name: session[name] for name in ("locale", "theme") if name in session}
    session.clear()
    session.update(kept)
    session.permanent = True


def _browser() -> str:
    return request.user_agent.string


def _lasts() -> timedelta:
    return timedelta(days=settings().session_days)
