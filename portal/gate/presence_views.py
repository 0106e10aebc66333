"""Who is inside, who was, and the list for an evacuation."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.clients.models import Client
from portal.clients.queries import of_clients_named
from portal.facility import queries as facility
from portal.facility.models import Room
from portal.gate import pdf, queries, stays
from portal.gate.blueprint import bp
from portal.gate.forms import ExtendForm, OutForm
from portal.gate.models import Presence
from portal.gate.shown import GROUNDS, ground_label, kept_label, kind_view, out_by, reason, stay_view
from portal.kernel import clock, web
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import begins
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Switch, Table, Text
from portal.kernel.web import actor, id_argument, page, submit

Row = Any  # a database row of `queries.select_stays`


def _on(kind: str) -> Any:
    return {"badge": Presence.badge_id, "visit": Presence.visitor_id, "emergency": Presence.emergency_id}[kind].is_not(None)


GROUND = Choice("ground", _l("On what"), where=_on, options=lambda: [(key, _(label)) for key, label in GROUNDS.items()])
ROOM = Choice("room", _l("Room"), where=lambda value: Presence.room_id == uuid.UUID(value))

INSIDE = Table[Row](
    "inside",
    id=Presence.id,
    default_sort="-since",
    columns=[
        Column("person", _l("Person"), cell=lambda r: r.Presence.person_name, sort=Presence.person_name, primary=True,
               sub=lambda r: r.client),
        Column("client", _l("Client"), hidden=True),
        Column("room", _l("Room"), cell=lambda r: r.room, sort=Room.code),
        Column("ground", _l("On what"), cell=lambda r: ground_label(r.Presence.kind), sub=lambda r: r.Presence.subject_label,
               export=lambda r: ground_label(r.Presence.kind)),
        Column("number", _l("Pass"), cell=lambda r: r.Presence.subject_label, hidden=True),
        Column("escort", _l("Escort")),
        Column("since", _l("In since"), cell=lambda r: r.Presence.created_at, sort=Presence.created_at),
        Column("until", _l("Expected out"), cell=lambda r: out_by(r.Presence)),
        Column("state", _l("State"), cell=lambda r: stay_view(r.Presence)),
        Column("phone", _l("Phone"), cell=lambda r: r.Presence.phone, hidden=True),
    ],
    filters=[
        Text("q", _l("Person or client"), columns=[Presence.person_name, Client.name]),
        ROOM,
        GROUND,
        Switch("past", _l("Past their time"), where=lambda: queries.is_past(clock.now())),
    ],
    row_url=lambda r: url_for("gate.stay", stay_id=r.Presence.id),
    tone=lambda r: "stop" if out_by(r.Presence) <= clock.now() else "",
)  # fmt: skip

STAYS = Table[Row](
    "stays",
    id=Presence.id,
    default_sort="-since",
    columns=[
        Column("person", _l("Person"), cell=lambda r: r.Presence.person_name, sort=Presence.person_name, primary=True,
               sub=lambda r: r.client),
        Column("client", _l("Client"), hidden=True),
        Column("room", _l("Room"), cell=lambda r: r.room),
        Column("ground", _l("On what"), cell=lambda r: ground_label(r.Presence.kind), sub=lambda r: r.Presence.subject_label,
               export=lambda r: ground_label(r.Presence.kind)),
        Column("number", _l("Pass"), cell=lambda r: r.Presence.subject_label, hidden=True),
        Column("escort", _l("Escort")),
        Column("since", _l("In"), cell=lambda r: r.Presence.created_at, sort=Presence.created_at),
        Column("left", _l("Out"), cell=lambda r: r.Presence.left_at, sub=lambda r: r.Presence.out_reason or None),
        Column("why", _l("Reason"), cell=lambda r: r.Presence.out_reason, hidden=True),
        Column("state", _l("State"), cell=lambda r: stay_view(r.Presence)),
    ],
    filters=[
        Text("q", _l("Person"), where=lambda text: begins(Presence.person_name, text)),
        Text("client", _l("Client"), where=lambda text: of_clients_named(Presence.client_id, text)),
        ROOM,
        GROUND,
        DateRange("day", _l("Day"), Presence.created_at),
        Text("pass", _l("Pass"), where=lambda text: begins(Presence.subject_label, text.upper())),
    ],
    row_url=lambda r: url_for("gate.stay", stay_id=r.Presence.id),
)  # fmt: skip


@bp.get("/gate/inside")
@allow(Permission.PRESENCE_READ)
def presence() -> ResponseReturnValue:
    """Who is inside now, by room, with what they are inside on, who escorts them, and who is past their time."""
    choices = {"room": facility.room_choices()}
    if request.args.get("export"):
        return INSIDE.export(session(), queries.select_inside(), request.args, request.args["export"], choices=choices)
    found = INSIDE.read(session(), queries.select_inside(), request.args, lambda **kw: url_for("gate.presence", **kw), choices=choices)
    rooms = [
        (code, count, _("%(count)s past their time", count=past) if past else "", url_for("gate.presence", room=str(room_id)), "stop")
        for room_id, code, count, past in queries.inside_by_room(clock.now())
    ]
    return page("gate/inside.html", found=found, rooms=rooms)


@bp.get("/gate/stays")
@allow(Permission.PRESENCE_READ)
def stay_list() -> ResponseReturnValue:
    """Who was inside, when, on what (R-A3)."""
    choices = {"room": facility.room_choices()}
    if request.args.get("export"):
        return STAYS.export(session(), queries.select_stays(), request.args, request.args["export"], choices=choices)
    found = STAYS.read(session(), queries.select_stays(), request.args, lambda **kw: url_for("gate.stay_list", **kw), choices=choices)
    return page("gate/stays.html", found=found)


@bp.get("/gate/stays/<id:stay_id>")
@allow(Permission.PRESENCE_READ)
def stay(stay_id: uuid.UUID) -> ResponseReturnValue:
    """One stay: from entry to exit, what was left at the desk, and what can be done about it."""
    row = queries.get_stay(stay_id)
    events = [
        (event.GateEvent, kind_view(event.GateEvent), reason(event.GateEvent), event.guard) for event in queries.events_of_stay(stay_id)
    ]
    return page(
        "gate/stay.html", row=row, stay=row.Presence, state=stay_view(row.Presence), out_by=out_by(row.Presence), events=events,
        ground=ground_label(row.Presence.kind), ground_url=queries.ground_path(row.Presence),
        kept=[kept_label(item) for item in row.Presence.kept_items], happened=timeline(("presence", stay_id)),
    )  # fmt: skip


@bp.route("/gate/stays/<id:stay_id>/extend", methods=["GET", "POST"])
@allow(Permission.PRESENCE_SETTLE)
def extend(stay_id: uuid.UUID) -> ResponseReturnValue:
    """More time for somebody inside, with the reason."""
    row = queries.get_stay(stay_id)
    form, back = ExtendForm(), url_for("gate.stay", stay_id=stay_id)
    if form.validate_on_submit():
        done = submit(
            form, lambda: stays.extend(stay_id, form.minutes.data or 0, form.reason.data or "", actor(), clock.now()), then=lambda _r: back,
            said=_("The stay is extended, and the client has been told."),
        )  # fmt: skip
        if done is not None:
            return done
    return page("gate/stay_form.html", form, row=row, stay=row.Presence, title=_("Extend the stay"), label=_("Extend"), back=back)


@bp.route("/gate/stays/<id:stay_id>/out", methods=["GET", "POST"])
@allow(Permission.GATE_VERIFY)
def book_out(stay_id: uuid.UUID) -> ResponseReturnValue:
    """Books somebody out whose pass is not at hand."""
    row = queries.get_stay(stay_id)
    form, back = OutForm(), url_for("gate.stay", stay_id=stay_id)
    form.offer(row.Presence)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: stays.book_out(stay_id, form.reason.data or "", form.given_back(), str(form.once.data), actor(), clock.now()),
            then=lambda _r: back,
            said=_("Booked out."),
        )
        if done is not None:
            return done
    return page(
        "gate/stay_form.html", form, row=row, stay=row.Presence, title=_("Book out without the pass"), label=_("Book out"), back=back
    )


@bp.get("/gate/evacuation")
@allow(Permission.PRESENCE_READ)
def evacuation() -> ResponseReturnValue:
    """Everyone who is inside, one sheet for each site, to be taken along and ticked off. Stands by itself, so that a phone can keep it."""
    found, site_id = _inside_by_site()
    return page("gate/evacuation.html", sites=found, now=clock.now(), chosen=site_id, moment=moment)


@bp.get("/gate/evacuation.pdf")
@allow(Permission.PRESENCE_READ)
def evacuation_pdf() -> ResponseReturnValue:
    """The same on paper."""
    found, _site_id = _inside_by_site()
    now = clock.now()
    return web.pdf(pdf.evacuation(found, web.settings(), now, web.chosen_locale()), f"evacuation-{clock.local(now):%Y%m%d-%H%M}")


def moment(value: datetime) -> str:
    """A moment that stays true on paper: never 'today'."""
    return f"{clock.local(value):%Y-%m-%d %H:%M}"


def _inside_by_site() -> tuple[list[queries.SiteInside], uuid.UUID | None]:
    site_id = id_argument("site")
    found = queries.evacuation(site_id)
    if site_id is not None and not found:
        raise NotFound(site_id)
    return found, site_id
