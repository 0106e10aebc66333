"""What belongs to oneself: profile, password, sessions."""

from __future__ import annotations

import uuid

from flask import flash, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import refresh

from portal.accounts import queries, services, signing_in
from portal.accounts.browsers import browser_name
from portal.accounts.forms import ChangePasswordForm, ProfileForm
from portal.accounts.rules import PASSWORD_SAME
from portal.accounts.views.blueprint import bp
from portal.kernel import clock
from portal.kernel.db import transaction
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import allow_signed_in
from portal.kernel.web import actor, page, settings, submit


@bp.route("/profile", methods=["GET", "POST"])
@allow_signed_in
def profile() -> ResponseReturnValue:
    user = queries.own_account(actor())
    form = ProfileForm(data={"name": user.name, "phone": user.phone, "locale": user.locale, "theme": user.theme})
    if form.validate_on_submit():
        command = form.command()
        done = submit(
            form,
            lambda: services.change_profile(queries.own_account(actor()), command, actor(), clock.now()),
            then=lambda _r: url_for("accounts.profile"),
        )
        if done is not None:
            session["locale"], session["theme"] = command.locale, command.theme
            refresh()
            flash(_("Your profile is saved."), "ok")
            return done
    acceptances = queries.acceptances_of(user.id) if actor().is_client else []
    return page("accounts/profile.html", form, user=user, accepted=acceptances[0] if acceptances else None)


@bp.route("/profile/password", methods=["GET", "POST"])
@allow_signed_in
def change_password() -> ResponseReturnValue:
    """Asks for the present password, whose failures count like those of signing in."""
    user = queries.own_account(actor())
    form = ChangePasswordForm(user.email)
    if form.validate_on_submit():
        checked = signing_in.check(user.email, str(form.present.data), clock.now())
        with transaction():
            refusal = signing_in.confirm(checked, actor().session_id, clock.now())
        if refusal is None and form.password.data == form.present.data:
            refusal = PASSWORD_SAME
        if refusal is not None:
            form.refuse([refusal])
            return page("accounts/change_password.html", form)
        password_hash = form.password_hash()
        done = submit(
            form,
            lambda: services.change_password(queries.own_account(actor()), password_hash, actor(), clock.now()),
            then=lambda _r: url_for("accounts.profile"),
            said=lambda _r: _("Your password is changed. Other browsers were signed out."),
        )
        if done is not None:
            return done
    return page("accounts/change_password.html", form)


@bp.get("/sessions")
@allow_signed_in
def sessions() -> ResponseReturnValue:
    me = actor()
    assert me.user_id is not None
    found = queries.live_sessions(me.user_id, clock.now(), settings().session_idle_minutes)
    return page("accounts/sessions.html", sessions=found, browser_name=browser_name)


@bp.post("/sessions/<id:session_id>/end")
@allow_signed_in
def end_session(session_id: uuid.UUID) -> ResponseReturnValue:
    with transaction():
        services.end_session(session_id, actor(), clock.now())
    flash(_("That browser is signed out."), "ok")
    return redirect(url_for("accounts.sessions"))


@bp.post("/sessions/end-others")
@allow_signed_in
def end_other_sessions() -> ResponseReturnValue:
    with transaction():
        ended = services.end_other_sessions(actor(), clock.now())
    flash(ngettext("%(num)s other browser is signed out.", "%(num)s other browsers are signed out.", ended), "ok")
    return redirect(url_for("accounts.sessions"))
