"""The pages of retention: what is kept for how long and why, changing it, and handing out what is held on a person."""

from __future__ import annotations

import uuid
from io import BytesIO

from flask import Blueprint, send_file, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.kernel import clock, ids
from portal.kernel.db import transaction
from portal.kernel.errors import NotFound
from portal.kernel.formats import reader_locale
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Permission, allow, proven
from portal.kernel.web import actor, page, submit
from portal.retention import handing_out, queries, services
from portal.retention.forms import PeriodForm
from portal.retention.queries import RETENTION, Period

bp = Blueprint("retention", __name__, url_prefix="/retention")
BLUEPRINTS = [bp]

YEAR = 365  # days, as the periods count them


@bp.get("/")
@allow(Permission.RETENTION_READ)
def index() -> ResponseReturnValue:
    """Every kind of record: how long, why, what goes and what stays."""
    return page(
        "retention/index.html",
        periods=[(period, _for(period.days), _reason(period)) for period in queries.periods()],
        happened=timeline(("retention", RETENTION), limit=20),
    )


@bp.route("/<kind>", methods=["GET", "POST"])
@allow(Permission.RETENTION_WRITE)
def change(kind: str) -> ResponseReturnValue:
    """Sets the period of one kind."""
    period = queries.get_period(kind)
    if period.kind.fixed:
        raise NotFound(kind)
    form = PeriodForm(
        data={
            "days": period.days,
            "for_good": period.days is None,
            "reason_zh": period.reason_zh,
            "reason_en": period.reason_en or period.kind.reason,
            "clause": _(period.clause),
        }
    )
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_period(kind, form.command(), actor(), clock.now()),
            then=lambda _r: url_for("retention.index"),
            said=_("The period is saved. The next run goes by it."),
        )
        if done is not None:
            return done
    return page("retention/change.html", form, period=period)


@bp.post("/people/<id:person_id>/hand-out")
@allow(Permission.PERSON_EXPORT)
@proven
def hand_out(person_id: uuid.UUID) -> ResponseReturnValue:
    """Everything held on a person, as a ZIP for them; it is on record who asked for it."""
    with transaction():
        content = handing_out.hand_out(person_id, actor(), clock.now())
    response = send_file(
        BytesIO(content), mimetype="application/zip", as_attachment=True, download_name=f"held-{ids.to_text(person_id)}.zip", etag=False
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _for(days: int | None) -> str:
    if days is None:
        return str(_("for good"))
    if days % YEAR == 0:
        return str(ngettext("%(num)s year", "%(num)s years", days // YEAR))
    return str(ngettext("%(num)s day", "%(num)s days", days))


def _reason(period: Period) -> str:
    return str(period.reason(reader_locale()) or _(period.kind.reason))
