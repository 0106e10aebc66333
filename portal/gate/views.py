"""The gate: one screen made for a phone, and the log. Who is inside is in `presence_views`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from portal.emergencies import queries as emergencies
from portal.emergencies import services as emergency_services
from portal.equipment.rules import normalise_serial
from portal.exits import queries as exits
from portal.facility import queries as facility
from portal.facility.models import Room
from portal.gate import presence_views, queries, rules, services
from portal.gate.blueprint import bp
from portal.gate.forms import IdentifyForm
from portal.gate.models import GateEvent
from portal.gate.services import Verdict
from portal.gate.shown import KINDS, kept_label, kind_view, reason, reasons
from portal.kernel import clock, ids
from portal.kernel.constraints import broken_constraint
from portal.kernel.db import session, transaction
from portal.kernel.errors import NotFound, Refused
from portal.kernel.filters import begins
from portal.kernel.forms import Form
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import actor, id_argument, page, submit
from portal.kernel.words import say
from portal.passes.models import Pass
from portal.passes.reading import NotAPhoto, PhotoTooLarge, read_codes
from portal.shifts import queries as shifts
from portal.visits import queries as visits

__all__ = ["BLUEPRINTS", "presence_views"]
BLUEPRINTS = [bp]

NO_ROOM = "none"  # what is no pass, or one for several rooms of which none was chosen yet
LOG = Table[Any](
    "gate_log",
    id=GateEvent.id,
    default_sort="-at",
    columns=[
        Column("at", _l("Time"), cell=lambda r: r.GateEvent.created_at, sort=GateEvent.created_at, primary=True),
        Column("kind", _l("Event"), cell=lambda r: kind_view(r.GateEvent)),
        Column("who", _l("Person"), cell=lambda r: r.GateEvent.person_name, sub=lambda r: r.client),
        Column("client", _l("Client"), cell=lambda r: r.client, hidden=True),
        Column("subject", _l("Pass"), cell=lambda r: r.GateEvent.subject_label, code=True),
        Column("room", _l("Room"), cell=lambda r: r.room),
        Column("guard", _l("Duty staff"), cell=lambda r: r.guard),
        Column("code", _l("Reason"), cell=lambda r: reason(r.GateEvent), export=lambda r: r.GateEvent.code),
    ],
    filters=[
        Choice("kind", _l("Event"), column=GateEvent.kind, options=lambda: [(key, _(label)) for key, (label, _tone) in KINDS.items()]),
        Choice("why", _l("Reason"), column=GateEvent.code, options=reasons),
        Choice("room", _l("Room"), where=lambda value: GateEvent.room_id == (None if value == NO_ROOM else uuid.UUID(value))),
        DateRange("at", _l("Day"), GateEvent.created_at),
        Text("pass", _l("Pass"), where=lambda text: begins(GateEvent.subject_label, text.upper())),
    ],
    row_url=lambda r: url_for("gate.event", event_id=r.GateEvent.id),
)


@bp.get("/gate/")
@allow(Permission.GATE_VERIFY)
def scan() -> ResponseReturnValue:
    """The first screen: scan, photograph or type; what is expected today; the guard's last events."""
    return _first_screen(Form(), latest=[(row.GateEvent, kind_view(row.GateEvent)) for row in queries.latest(actor().user_id or ids.new())])


@bp.post("/gate/look-up")
@allow(Permission.GATE_VERIFY)
def look_up() -> ResponseReturnValue:
    """Takes a typed code, what a keyboard scanner sent, or a photo of the code, and goes on to the verdict."""
    photo = request.files.get("photo")
    code = request.form.get("code", "").strip()
    if photo is not None and photo.filename:
        try:
            found = read_codes(photo.read())
        except (NotAPhoto, PhotoTooLarge):
            found = []
        code = found[0] if found else ""
        if not code:
            form = Form()
            form.form_errors.append(_("No code could be read in this photo. Hold the phone closer and straight, or type the short code."))
            return _first_screen(form)
    return redirect(url_for("gate.check", code=code) if code else url_for("gate.scan"))


@bp.get("/gate/check")
@bp.get("/G/<path:token>")
@allow(Permission.GATE_VERIFY)
def check(token: str = "") -> ResponseReturnValue:
    """The verdict on what was scanned. The QR code's own address leads here, so that any phone's camera opens it."""
    scanned = token or request.args.get("code", "")
    with transaction():
        verdict = services.verify(scanned, actor(), clock.now())
    return _show(verdict)


@bp.get("/gate/passes/<id:pass_id>")
@allow(Permission.GATE_VERIFY)
def open_pass(pass_id: uuid.UUID) -> ResponseReturnValue:
    """The verdict on a pass that the guard chose from the first screen."""
    with transaction():
        verdict = services.verify_pass(_pass(pass_id), actor(), clock.now())
    return _show(verdict)


@bp.get("/gate/passes/<id:pass_id>/people/<id:who_id>")
@allow(Permission.GATE_VERIFY)
def someone(pass_id: uuid.UUID, who_id: uuid.UUID) -> ResponseReturnValue:
    """The verdict on one of an emergency's people, chosen from its list."""
    with transaction():
        verdict = services.judge_pass(_pass(pass_id, "emergency"), clock.now(), who_id)
    return _show(verdict)


@bp.route("/gate/passes/<id:pass_id>/identify", methods=["GET", "POST"])
@allow(Permission.GATE_VERIFY)
def identify(pass_id: uuid.UUID) -> ResponseReturnValue:
    """Records the identity document that the guard sees of somebody who comes on an emergency (R-A2): named before, or not."""
    found = _pass(pass_id, "emergency")
    emergency = emergencies.get_emergency(actor(), found.subject_id)
    row_id = id_argument("person")
    row = emergencies.get_person(emergency, row_id) if row_id is not None else None
    form = IdentifyForm(data={"name": row.name} if row is not None else None)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: emergency_services.identify_at_gate(
                emergency, row, form.name.data or "", form.document_kind.data, form.document_number.data or "", actor(), clock.now()
            ),
            then=lambda made: url_for("gate.someone", pass_id=pass_id, who_id=made.id),
        )
        if done is not None:
            return done
    return page("gate/identify.html", form, emergency=emergency, row=row, back=url_for("gate.open_pass", pass_id=pass_id))


@bp.post("/gate/passes/<id:pass_id>/enter")
@allow(Permission.GATE_VERIFY)
def enter(pass_id: uuid.UUID) -> ResponseReturnValue:
    """Lets somebody in. What they left at the desk is ticked or written down, several things parted by commas."""
    points, nonce, ticks = request.form.getlist("point"), _nonce(), request.form.getlist("kept")
    room_id, escort_id = _id(request.form.get("room", "")), _id(request.form.get("escort", ""))
    written = request.form.get("kept_other", "").strip()[:400]
    kept = [*ticks, *written.replace("，", ",").replace("、", ",").split(",")]
    return _confirm(
        pass_id,
        nonce,
        lambda found: services.enter(
            found, room_id, points, nonce, actor(), clock.now(), escort_id=escort_id, kept=kept, who_id=_id(request.form.get("who", ""))
        ),
        ticked=[*points, *ticks, request.form.get("room", ""), request.form.get("escort", "")],
        typed={"kept_other": written},
    )


@bp.post("/gate/passes/<id:pass_id>/leave")
@allow(Permission.GATE_VERIFY)
def leave(pass_id: uuid.UUID) -> ResponseReturnValue:
    """Lets somebody out; with a reason, also one whose entry is not in the log."""
    nonce, given_back, why = _nonce(), request.form.getlist("back"), request.form.get("reason", "")
    room_id = _id(request.form.get("room", ""))
    return _confirm(
        pass_id,
        nonce,
        lambda found: services.leave(
            found, nonce, actor(), clock.now(), given_back=given_back, reason=why, room_id=room_id, who_id=_id(request.form.get("who", ""))
        ),
        ticked=[*given_back, request.form.get("room", "")],
        typed={"reason": why},
    )


@bp.post("/gate/passes/<id:pass_id>/release")
@allow(Permission.GATE_VERIFY)
def release(pass_id: uuid.UUID) -> ResponseReturnValue:
    """Releases what is ticked; with a serial number in the box, first ticks that item and shows the list again."""
    ticked, nonce, serial = request.form.getlist("item"), _nonce(), request.form.get("serial", "").strip()
    if serial:
        return _tick(pass_id, ticked, normalise_serial(serial))
    item_ids = {found for text in ticked if (found := _id(text)) is not None}
    return _confirm(
        pass_id,
        nonce,
        lambda found: services.release(
            found,
            item_ids,
            mover_seen="mover" in request.form,
            rest_stays="rest_stays" in request.form,
            nonce=nonce,
            actor=actor(),
            now=clock.now(),
        ),
        ticked=[*ticked, *(name for name in ("mover", "rest_stays") if name in request.form)],
    )


@bp.post("/gate/passes/<id:pass_id>/turn-away")
@allow(Permission.GATE_VERIFY)
def turn_away(pass_id: uuid.UUID) -> ResponseReturnValue:
    """The guard refuses on what they see; the pass is not used up by it."""
    nonce, reason_given = _nonce(), request.form.get("reason", "").strip()[:200]
    with transaction():
        if services.earlier_event(nonce) is None:
            services.turn_away(_pass(pass_id), reason_given, nonce, actor(), clock.now())
    return redirect(url_for("gate.done", nonce=nonce))


@bp.get("/gate/done/<nonce>")
@allow(Permission.GATE_VERIFY)
def done(nonce: str) -> ResponseReturnValue:
    """What a confirm led to, in a size that is read at arm's length."""
    happened = services.earlier_event(nonce)
    if happened is None:
        raise NotFound(nonce)
    room = session().get(Room, happened.room_id) if happened.room_id else None
    refused = [happened.code] if happened.kind == "refusal" else []
    return page("gate/done.html", refused=refused, event=happened, view=kind_view(happened), why=reason(happened), room=room)


@bp.get("/gate/events/<id:event_id>")
@allow(Permission.GATE_LOG_READ)
def event(event_id: uuid.UUID) -> ResponseReturnValue:
    row = session().execute(queries.select_events().where(GateEvent.id == event_id)).one_or_none()
    if row is None:
        raise NotFound(event_id)
    return page("gate/event.html", row=row, event=row.GateEvent, view=kind_view(row.GateEvent), why=reason(row.GateEvent))


@bp.get("/gate/log")
@allow(Permission.GATE_LOG_READ)
def log() -> ResponseReturnValue:
    choices = {"room": [*facility.room_choices(), (NO_ROOM, _("No room known"))]}
    if request.args.get("export"):
        return LOG.export(session(), queries.select_events(), request.args, request.args["export"], choices=choices)
    found = LOG.read(session(), queries.select_events(), request.args, lambda **kw: url_for("gate.log", **kw), choices=choices)
    return page("gate/log.html", found=found)


def _first_screen(form: Form, latest: Collection[tuple[GateEvent, Any]] = ()) -> Response:
    now, on_duty = clock.now(), shifts.live_shifts()
    inside, past = queries.inside_counts(now)
    return page(
        "gate/scan.html",
        form,
        inside=inside,
        past=past,
        shift=next((shift for shift in on_duty if shift.guard_id == actor().user_id), None),
        on_duty=on_duty,
        slips=exits.expected_on(clock.today(now)),
        visitors=len(visits.expected(now, clock.end_of(clock.today(now)))),
        today=clock.today(now),
        emergencies=queries.emergencies_at_gate(now),
        latest=latest,
    )


def _show(
    verdict: Verdict, ticked: Collection[str] = (), nonce: str = "", status: int = 200, typed: Mapping[str, str] | None = None
) -> Response:
    """The verdict's page: of a person, of a slip, or of something that is neither."""
    form = Form()
    if nonce:
        form.once.data = nonce
    why = say(verdict.refusal) if verdict.refusal is not None else ""
    refused = [verdict.refusal.code] if verdict.refusal is not None else []
    correctable = verdict.refusal is not None and verdict.refusal.code in services.CORRECTABLE
    shown: dict[str, Any] = {"verdict": verdict, "why": why, "ticked": set(ticked), "correctable": correctable, "typed": typed or {}}
    if verdict.ground is not None:
        shown |= {"points": rules.CHECKLIST_POINTS, "kept_items": [(key, _(label)) for key, label in rules.KEPT_ITEMS.items()]}
        shown |= {"escorts": queries.escorts() if verdict.ground.escorted and verdict.inside is None else (), "kept_label": kept_label}
        shown |= {"places": verdict.rooms or facility.rooms() if verdict.inside is None else ()}
        if verdict.ground.kind == "emergency" and verdict.ground.who is None:
            shown["people"] = emergencies.people_of(verdict.ground.subject_id)
    template = _template(verdict)
    response = page(template, form, refused=refused, **shown)
    response.status_code = status
    return response


def _template(verdict: Verdict) -> str:
    if verdict.ground is not None:
        return "gate/emergency.html" if verdict.ground.who is None else "gate/person.html"
    return "gate/slip.html" if verdict.exit is not None else "gate/nothing.html"


def _confirm(
    pass_id: uuid.UUID,
    nonce: str,
    work: Callable[[Pass], Verdict],
    ticked: Collection[str] = (),
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    """Carries out a confirm once, however often it is sent. What can be put right is shown again with the ticks kept."""
    try:
        with transaction():
            verdict = None if services.earlier_event(nonce) is not None else work(_pass(pass_id))
    except IntegrityError as error:
        if broken_constraint(error) != "uq_gate_events_nonce":
            raise
        verdict = None
    except Refused:
        with transaction():  # another guard was faster: judged anew, and recorded as it now stands
            verdict = work(_pass(pass_id))
    if verdict is not None and verdict.refusal is not None and verdict.refusal.code in services.CORRECTABLE:
        return _show(verdict, ticked, nonce, status=422, typed=typed)
    return redirect(url_for("gate.done", nonce=nonce))


def _tick(pass_id: uuid.UUID, ticked: list[str], serial: str) -> ResponseReturnValue:
    with transaction():
        found = _pass(pass_id)
        verdict = services.tick(found, serial, actor(), clock.now())
    if verdict.refusal is None and verdict.exit is not None:
        ticked = [*ticked, *(ids.to_text(item.id) for item in verdict.exit.items if item.listed_serial == serial)]
    kept = [*ticked, *(name for name in ("mover", "rest_stays") if name in request.form)]
    return _show(verdict, kept, _nonce(), status=200 if verdict.refusal is None else 422)


def _pass(pass_id: uuid.UUID, kind: str = "") -> Pass:
    """A pass that decides something at the gate; of one kind alone, if one is given."""
    found = session().get(Pass, pass_id)
    if found is None or found.kind == "work_order" or (kind and found.kind != kind):
        raise NotFound(pass_id)
    return found


def _nonce() -> str:
    nonce = request.form.get("once", "")
    if not 16 <= len(nonce) <= 64:
        raise NotFound("once")
    return nonce


def _id(text: str) -> uuid.UUID | None:
    try:
        return ids.from_text(text)
    except ValueError:
        return None
