"""One's own second factor: what is on, setting it up, its recovery codes, going without."""

from __future__ import annotations

import base64
import io

import qrcode
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from qrcode.image.svg import SvgPathImage

from portal.accounts import queries, second_factor, totp
from portal.accounts.forms import RecoveryCodesForm, SetUpSecondFactorForm
from portal.accounts.views.blueprint import bp
from portal.kernel import clock, crypto
from portal.kernel.forms import Form
from portal.kernel.i18n import _
from portal.kernel.policy import allow_signed_in, proven
from portal.kernel.web import actor, page, safe_next, settings, submit


@bp.get("/profile/second-factor")
@allow_signed_in
def own_second_factor() -> ResponseReturnValue:
    user = queries.own_account(actor())
    return page(
        "accounts/second_factor.html",
        factor=user.second_factor,
        left=second_factor.codes_left(user.id),
        needed=second_factor.needed(actor().role, settings().second_factor_required),
    )


@bp.route("/profile/second-factor/set-up", methods=["GET", "POST"])
@allow_signed_in
@proven
def set_up_second_factor() -> ResponseReturnValue:
    """The app's QR code, the recovery codes, and a code that shows that the app has it."""
    user, form = queries.own_account(actor()), SetUpSecondFactorForm()
    onward = safe_next(request.args.get("next"), "")
    if not totp.is_seed(form.seed.data or ""):
        form.seed.data = crypto.new_token()
    seed = str(form.seed.data)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: second_factor.set_up(seed, str(form.code.data), actor(), clock.now()),
            then=lambda _r: onward or url_for("accounts.own_second_factor"),
            said=_("Your second factor is set up."),
        )
        if done is not None:
            return done
    secret = totp.secret_of(seed)
    return page(
        "accounts/set_up_second_factor.html",
        form,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        picture=_picture(totp.link_of(secret, user.email, settings().site_name)),
        codes=totp.recovery_codes_of(seed),
        replaces=user.second_factor is not None,
        needed=second_factor.needed(actor().role, settings().second_factor_required),
    )


@bp.route("/profile/second-factor/codes", methods=["GET", "POST"])
@allow_signed_in
@proven
def renew_recovery_codes() -> ResponseReturnValue:
    form = RecoveryCodesForm()
    if not totp.is_seed(form.seed.data or ""):
        form.seed.data = crypto.new_token()
    seed = str(form.seed.data)
    if queries.own_account(actor()).second_factor is None:
        return redirect(url_for("accounts.own_second_factor"))
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: second_factor.renew_codes(seed, actor(), clock.now()),
            then=lambda _r: url_for("accounts.own_second_factor"),
            said=_("The new recovery codes count from now on."),
        )
        if done is not None:
            return done
    return page("accounts/recovery_codes.html", form, codes=totp.recovery_codes_of(seed))


@bp.route("/profile/second-factor/off", methods=["GET", "POST"])
@allow_signed_in
@proven
def turn_second_factor_off() -> ResponseReturnValue:
    form, required = Form(), settings().second_factor_required
    if second_factor.needed(actor().role, required) or queries.own_account(actor()).second_factor is None:
        return redirect(url_for("accounts.own_second_factor"))
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: second_factor.turn_off(actor(), clock.now(), required=required),
            then=lambda _r: url_for("accounts.own_second_factor"),
            said=_("Your second factor is off."),
        )
        if done is not None:
            return done
    return page("accounts/second_factor_off.html", form)


def _picture(text: str) -> str:
    """The QR code as an address that an image takes."""
    drawn = io.BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, border=4).save(drawn)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
