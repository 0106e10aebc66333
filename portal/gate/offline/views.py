"""What a gate without a network leaves to look at: offline mistakes, and the word that equipment may leave offline."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.audit.queries import timeline
from portal.equipment import queries as equipment
from portal.facility import queries as facility
from portal.gate.models import GateEvent
from portal.gate.offline import device, mistakes, queries, releases, rules, unreadable
from portal.gate.offline.blueprint import bp
from portal.gate.offline.forms import AllowForm
from portal.gate.offline.lifecycle import OFFLINE_MISTAKE
from portal.gate.offline.models import OfflineMistake
from portal.gate.offline.wording import happened_label, objection_text, when_learned
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden
from portal.kernel.filters import begins
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import action_page, actor, local_name, offered_actions, page, state_view, submit

BLUEPRINTS = [bp]
__all__ = ["BLUEPRINTS", "device"]

STATES = tuple(OFFLINE_MISTAKE.states.values())

MISTAKES = Table[Any](
    "offline_mistakes",
    id=OfflineMistake.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), cell=lambda r: r.OfflineMistake.number, sort=OfflineMistake.number, code=True, primary=True),
        Column("state", _l("State"), cell=lambda r: state_view(r.OfflineMistake)),
        Column(
            "what",
            _l("What happened"),
            cell=lambda r: happened_label(r.OfflineMistake.event),
            sub=lambda r: r.OfflineMistake.event.person_name,
        ),
        Column(
            "why",
            _l("Objection"),
            cell=lambda r: objection_text(r.OfflineMistake.event),
            export=lambda r: r.OfflineMistake.objection,
        ),
        Column("pass", _l("Pass"), cell=lambda r: r.OfflineMistake.event.subject_label, code=True),
        Column("client", _l("Client"), cell=lambda r: r.OfflineMistake.client.name if r.OfflineMistake.client else ""),
        Column("at", _l("Time"), cell=lambda r: r.OfflineMistake.event.created_at),
        Column("guard", _l("Duty staff"), cell=lambda r: r.guard),
    ],
    filters=[
        Choice("state", _l("State"), column=OfflineMistake.state, options=lambda: [(s.key, _(s.label)) for s in STATES]),
        Text("q", _l("Number"), where=lambda text: begins(OfflineMistake.number, text.upper())),
        DateRange("booked", _l("Booked"), OfflineMistake.created_at),
    ],
    row_url=lambda r: url_for("gate_offline.mistake", mistake_id=r.OfflineMistake.id),
)  # fmt: skip


@bp.get("/offline/mistakes")
@allow(Permission.GATE_LOG_READ)
def mistakes_list() -> ResponseReturnValue:
    """What phones let through and should not have."""
    if request.args.get("export"):
        return MISTAKES.export(session(), queries.select_mistakes(), request.args, request.args["export"])
    found = MISTAKES.read(session(), queries.select_mistakes(), request.args, lambda **kw: url_for("gate_offline.mistakes_list", **kw))
    return page("gate/offline/mistakes.html", found=found)


@bp.get("/offline/mistakes/<id:mistake_id>")
@allow(Permission.GATE_LOG_READ)
def mistake(mistake_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_mistake(mistake_id)
    event: GateEvent = found.event
    left = queries.left_on(event)
    return page(
        "gate/offline/mistake.html",
        found=found,
        event=event,
        state=state_view(found),
        actions=offered_actions(found, lambda key: url_for("gate_offline.act", mistake_id=found.id, action=key)),
        what=happened_label(event),
        why=objection_text(event),
        learned=when_learned(event),
        people=queries.people_of(event),
        left=[_left_row(item) for item in left],
        slip_url=url_for("exits.show", exit_id=event.subject_id) if left and not actor().may(Permission.GATE_VERIFY) else "",
        to_correct=sum(item.wrong for item in left),
        unreadable=found.objection == rules.UNREADABLE.code,
        sent=unreadable.content(event) if actor().may(Permission.OFFLINE_MISTAKE_SETTLE) else "",
        happened=timeline(("offline_mistake", found.id)),
    )


def _left_row(item: queries.Left) -> list[Any]:
    """Which item left, and what the records have of it: the equipment's page is where it is put right."""
    thing = item.equipment
    name, sub = Markup('<span class="code">{}</span>').format(item.serial), Markup('<span class="sub">{}</span>').format(thing.model.label)
    if actor().may(Permission.EQUIPMENT_READ):
        name = Markup('<a href="{}">{}</a>').format(url_for("equipment.show", equipment_id=thing.id), name)
    what = _("It has left: bring it back, or have its client apply for an exit anew.") if item.wrong else _("Nothing: it is out.")
    return [name + sub, state_view(thing), equipment.place_of(thing) or None, what]


@bp.route("/offline/mistakes/<id:mistake_id>/<action>", methods=["GET", "POST"])
@allow(Permission.OFFLINE_MISTAKE_SETTLE)
def act(mistake_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The supervisor settles a mistake, with a reason."""
    found = queries.get_mistake(mistake_id)
    back = url_for("gate_offline.mistake", mistake_id=found.id)
    notes = [_("Say what happened and what was done: whether the person or the equipment is where it should be, and what is changed.")]
    if wrong := [item.serial for item in queries.left_on(found.event) if item.wrong]:
        notes.append(_("By the records these are still in service, and they have left: %(serials)s.", serials=", ".join(wrong)))
    return action_page(found, action, lambda form: mistakes.settle(found, form.reason.data, actor(), clock.now()), back=back, notes=notes)


@bp.route("/offline/releases", methods=["GET", "POST"])
@allow(Permission.OFFLINE_RELEASE_ALLOW, Permission.GATE_VERIFY)
def allowances() -> ResponseReturnValue:
    """For which sites equipment may leave without a network, and until when; the supervisor's form for it."""
    sites = facility.sites()
    form = AllowForm()
    form.offer(sites, [local_name(site) for site in sites])
    if request.method == "POST" and not actor().may(Permission.OFFLINE_RELEASE_ALLOW):
        raise Forbidden(Permission.OFFLINE_RELEASE_ALLOW)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: releases.allow(form.command(clock.now()), actor(), clock.now()),
            then=lambda _made: url_for("gate_offline.allowances"),
            said=_("Allowed. The phones at the gate learn of it with their next sync."),
        )
        if done is not None:
            return done
    return page("gate/offline/releases.html", form, rows=queries.allowances(clock.now()))


@bp.post("/offline/releases/<id:release_id>/end")
@allow(Permission.OFFLINE_RELEASE_ALLOW)
def end_allowance(release_id: uuid.UUID) -> ResponseReturnValue:
    with transaction():
        releases.end(releases.get(release_id), actor(), clock.now())
    flash(_("Ended. A phone that is without a network now goes on by what it last learned; what it lets out is objected to."), "ok")
    return redirect(url_for("gate_offline.allowances"))
