"""The pages of shifts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.facility import queries as facility
from portal.gate import rules as gate_rules
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import ActionView, action_page, actor, offered_actions, page, state_view, submit
from portal.shifts import queries, services
from portal.shifts.forms import HandOverForm, StartForm, TakeOverForm
from portal.shifts.lifecycle import LIVE, SHIFT
from portal.shifts.models import Shift

P = Permission
bp = Blueprint("shifts", __name__, url_prefix="/shifts")
BLUEPRINTS = [bp]

SHIFTS = Table[Shift](
    "shifts",
    id=Shift.id,
    default_sort="-started_at",
    columns=[
        Column("number", _l("Number"), sort=Shift.number, code=True, primary=True),
        Column("site", _l("Site"), cell=lambda s: s.site.code),
        Column("guard", _l("Duty staff"), cell=lambda s: s.guard.name),
        Column("state", _l("State"), cell=state_view),
        Column("started_at", _l("Began"), sort=Shift.started_at),
        Column("ended_at", _l("Ended")),
        Column("next", _l("Taken over by"), cell=lambda s: s.next_guard.name if s.next_guard else None),
    ],
    filters=[
        Text("q", _l("Number"), where=queries.shift_like),
        Choice("site", _l("Site"), where=lambda value: Shift.site_id == uuid.UUID(value)),
        Choice("state", _l("State"), column=Shift.state, options=lambda: [(s.key, _(s.label)) for s in SHIFT.states.values()]),
        DateRange("began", _l("Began"), Shift.started_at),
    ],
    row_url=lambda s: url_for("shifts.show", shift_id=s.id),
)


@bp.get("/")
@allow(P.SHIFT_READ)
def index() -> ResponseReturnValue:
    choices = {"site": [(str(site.id), site.code) for site in facility.sites()]}
    if request.args.get("export"):
        return SHIFTS.export(session(), queries.select_shifts(), request.args, request.args["export"], choices=choices)
    found = SHIFTS.read(session(), queries.select_shifts(), request.args, lambda **kw: url_for("shifts.index", **kw), choices=choices)
    user_id = actor().user_id
    own = queries.shift_of(user_id, clock.now()) if user_id else None
    return page("shifts/index.html", found=found, own=own, may_start=own is None and actor().may(P.SHIFT_HAND_OVER))


@bp.route("/start", methods=["GET", "POST"])
@allow(P.SHIFT_HAND_OVER)
def start() -> ResponseReturnValue:
    """Goes on duty where nobody is; where somebody is, their shift is taken over."""
    form, free = StartForm(), queries.sites_without()
    form.site.choices = [(ids.to_text(site.id), site.code) for site in free]
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.start(ids.from_text(form.site.data), actor(), clock.now()),
            then=lambda made: url_for("shifts.show", shift_id=made.id),
            said=lambda made: _("You are on duty: shift %(number)s.", number=made.number),
        )
        if done is not None:
            return done
    return page("shifts/start.html", form, free=free, live=queries.live_shifts())


@bp.get("/<id:shift_id>")
@allow(P.SHIFT_READ)
def show(shift_id: uuid.UUID) -> ResponseReturnValue:
    """The shift: what was signed, or, while it runs, how things stand."""
    shift, now = queries.get_shift(shift_id), clock.now()
    return page(
        "shifts/show.html",
        shift=shift,
        state=state_view(shift),
        actions=_actions(shift),
        live=shift.state in LIVE,
        **_told(shift, now),
        happened=timeline(("shift", shift.id)),
    )


@bp.route("/<id:shift_id>/<action>", methods=["GET", "POST"])
@allow(P.SHIFT_HAND_OVER)
def act(shift_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    shift, now = queries.get_shift(shift_id), clock.now()
    back = url_for("shifts.show", shift_id=shift.id)
    if action in ("hand_over", "end") and shift.guard_id != actor().user_id:
        raise Forbidden(action)
    if action == "hand_over":
        return action_page(
            shift, action, lambda form: services.hand_over(shift, form.notes.data or "", actor(), now),
            back=back, form_class=HandOverForm, template="shifts/hand_over.html", shift=shift, **_told(shift, now),
        )  # fmt: skip
    if action == "take_over":
        if shift.guard_id == actor().user_id:
            return redirect(back)
        return action_page(
            shift, action, lambda form: services.take_over(shift, form.note.data or "", actor(), now),
            back=back, form_class=TakeOverForm, template="shifts/hand_over.html", shift=shift, **_told(shift, now),
        )  # fmt: skip
    with_reason = {"take_without": services.take_without, "end": services.end}
    if action not in with_reason:
        raise NotFound(action)
    notes = [_("The supervisor is told.")] if action == "take_without" else []
    work = with_reason[action]
    return action_page(shift, action, lambda form: work(shift, form.reason.data, actor(), now), back=back, notes=notes)


def _told(shift: Shift, now: datetime) -> dict[str, Any]:
    """What the page shows of the shift: the snapshot that was signed, or one of now; moments as such, codes in words."""
    signed = bool(shift.snapshot)
    snapshot = shift.snapshot if signed else queries.gather(shift, now)

    def read(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
        return [row | {name: datetime.fromisoformat(row[name]) for name in names if row.get(name)} for row in rows]

    why = {
        code: _(refusal.sentence) if not refusal.data and "%(" not in refusal.sentence else code
        for code, refusal in gate_rules.BY_CODE.items()
    }
    return {
        "signed": signed,
        "as_of": datetime.fromisoformat(snapshot["until"]),
        "counts": snapshot["counts"],
        "refusals": read(snapshot["refusals"], "at"),
        "releases": read(snapshot["releases"], "at"),
        "violations": [row | {"id": ids.from_text(row["id"])} for row in snapshot["violations"]],
        "inside": [row | {"kept": [_kept(item) for item in row["kept"]]} for row in read(snapshot["inside"], "since")],
        "open_": snapshot["open"],
        "why": why,
    }


def _kept(item: str) -> str:
    """A thing that lies at the desk: one of the usual ones in words, anything else as it was written."""
    return _(gate_rules.KEPT_ITEMS[item]) if item in gate_rules.KEPT_ITEMS else item


def _actions(shift: Shift) -> list[ActionView]:
    """Who is on duty hands over or ends; anyone else takes over."""
    offered = offered_actions(shift, lambda key: url_for("shifts.act", shift_id=shift.id, action=key))
    if shift.guard_id != actor().user_id:
        own = {url_for("shifts.act", shift_id=shift.id, action=key) for key in ("hand_over", "end")}
        offered = [action for action in offered if action.url not in own]
    return offered
