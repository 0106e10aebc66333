"""The rules text: read and accepted by client users (R-S1), published by an administrator."""

from __future__ import annotations

import uuid

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import queries, services
from portal.accounts.forms import AcceptRulesForm, RulesForm
from portal.accounts.models import RulesText
from portal.accounts.rules_text import blocks, default_texts
from portal.accounts.views.blueprint import bp
from portal.kernel import clock
from portal.kernel.i18n import _
from portal.kernel.policy import Permission, allow, allow_signed_in, proven
from portal.kernel.web import actor, chosen_locale, client_address, page, safe_next, submit


@bp.route("/rules", methods=["GET", "POST"])
@allow_signed_in
def rules() -> ResponseReturnValue:
    """The rules text that holds now. A client user who has not accepted it gets no further before they do (R-S1)."""
    text = queries.current_rules()
    accepted = next((a for a, version in queries.acceptances_of(_me()) if text and version == text.version), None)
    to_accept = actor().is_client and text is not None and accepted is None
    form = AcceptRulesForm(data={"version": text.version}) if text is not None else None
    if form is not None and to_accept and form.validate_on_submit():
        done = submit(
            form,
            lambda: services.accept_rules(int(form.version.data or 0), actor(), client_address(), clock.now()),
            then=lambda _r: _onward(),
            said=lambda done: _("You have accepted version %(version)s of the rules.", version=done.version),
        )
        if done is not None:
            return done
        text = queries.current_rules()
        form.version.data = text.version if text else None
    return page("accounts/rules.html", form, text=text, blocks=_blocks(text), accepted=accepted, to_accept=to_accept)


@bp.get("/rules/versions")
@allow(Permission.RULES_PUBLISH)
def rules_texts() -> ResponseReturnValue:
    return page("accounts/rules_texts.html", versions=queries.rules_versions(), people=queries.client_users_active())


@bp.get("/rules/versions/<id:rules_id>")
@allow(Permission.RULES_PUBLISH)
def rules_version(rules_id: uuid.UUID) -> ResponseReturnValue:
    g.place = "accounts.rules_texts"
    text = queries.get_rules(rules_id)
    return page("accounts/rules_version.html", text=text, zh=blocks(text.body_zh), en=blocks(text.body_en))


@bp.route("/rules/versions/new", methods=["GET", "POST"])
@allow(Permission.RULES_PUBLISH)
@proven
def new_rules() -> ResponseReturnValue:
    """Write, look at it, publish: what people will have to accept is never published unseen."""
    g.place = "accounts.rules_texts"
    newest = queries.current_rules()
    zh, en = (newest.body_zh, newest.body_en) if newest else default_texts()
    form = RulesForm(data={"body_zh": zh, "body_en": en, "after_version": newest.version if newest else 0, "step": "preview"})
    step = request.form.get("step", "write")
    if form.validate_on_submit():
        if step == "publish":
            done = submit(
                form,
                lambda: services.publish_rules(form.command(), actor(), clock.now()),
                then=lambda _r: url_for("accounts.rules_texts"),
                said=lambda text: _("Version %(version)s is published. Client users accept it before they go on.", version=text.version),
            )
            if done is not None:
                return done
        elif step == "preview":
            command = form.command()
            return page(
                "accounts/rules_preview.html",
                form,
                zh=blocks(command.body_zh),
                en=blocks(command.body_en),
                version=command.after_version + 1,
            )
    form.step.data = "preview"  # what the button under the text does, whatever the step before was
    return page("accounts/rules_new.html", form, version=(newest.version if newest else 0) + 1)


def _onward() -> str:
    """Where they were going; an address too long to be kept is left aside."""
    onward = safe_next(request.args.get("next"), "/")
    return onward if len(onward) <= 500 else "/"


def _me() -> uuid.UUID:
    found = actor().user_id
    assert found is not None
    return found


def _blocks(text: RulesText | None) -> list[object]:
    if text is None:
        return []
    return list(blocks(text.body_zh if chosen_locale() == "zh_CN" else text.body_en))
