"""The auditor's questions as pages, each with its export, and the evidence packs."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement

from portal.accounts.models import User
from portal.audit import queries as audit
from portal.audit.models import AuditEntry
from portal.clients import services as clients
from portal.clients.queries import of_clients_named
from portal.evidence import packing, queries, services
from portal.evidence.could_enter import Ground, could_enter
from portal.evidence.forms import DocumentForm, PeriodForm
from portal.evidence.lifecycle import EVIDENCE_PACK
from portal.evidence.models import EvidencePack
from portal.files import queries as files
from portal.gate.models import Presence
from portal.kernel import clock, exports, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.filters import Choices, begins
from portal.kernel.i18n import N_, _, _l
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission, allow, proven
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import action_page, actor, id_argument, offered_actions, page, state_view, submit
from portal.kernel.words import say

bp = Blueprint("evidence", __name__, url_prefix="/evidence")
BLUEPRINTS = [bp]

GROUND_KINDS = {"badge": N_("Badge"), "visit": N_("Temporary access"), "emergency": N_("Emergency access")}
ENDPOINTS = {"badge": ("badges.show", "badge_id"), "visit": ("visits.show", "visit_id"), "emergency": ("emergencies.show", "emergency_id")}


class Overlap(DateRange):
    """Stays of which any part lies in the days, not only those that began in them."""

    def condition(self, args: Any, choices: Choices) -> ColumnElement[bool] | None:
        start, end = self._days(args)
        if start is None and end is None:
            return None
        return queries.overlapping(clock.at_local(start) if start else None, clock.end_of(end) if end else None)


STAYS: Table[Any] = Table(
    "stays",
    id=Presence.id,
    default_sort="-in",
    columns=[
        Column("in", _l("In"), cell=lambda r: r.Presence.created_at, sort=Presence.created_at),
        Column("out", _l("Out"), cell=lambda r: r.Presence.left_at),
        Column("person", _l("Person"), cell=lambda r: r.Presence.person_name, primary=True, sub=lambda r: r.client),
        Column("client", _l("Client"), cell=lambda r: r.client, hidden=True),
        Column("room", _l("Room"), cell=lambda r: r.room, code=True),
        Column("kind", _l("Kind"), cell=lambda r: _(GROUND_KINDS[r.Presence.kind]), hidden=True),
        Column("pass", _l("On what"), cell=lambda r: r.Presence.subject_label, code=True, sub=lambda r: _(GROUND_KINDS[r.Presence.kind])),
        Column("approved", _l("Approved by"), cell=lambda r: r.approved_by),
        Column("approved_at", _l("Approved at"), cell=lambda r: r.approved_at, hidden=True),
        Column("escort", _l("Escort"), cell=lambda r: r.escort),
        Column("guard_in", _l("Let in by"), cell=lambda r: r.guard_in),
        Column("guard_out", _l("Let out by"), cell=lambda r: r.guard_out),
    ],
    filters=[
        Choice("room", _l("Room"), where=lambda value: Presence.room_id == uuid.UUID(value)),
        Text("person", _l("Person"), where=lambda text: begins(Presence.person_name, text)),
        Text("client", _l("Client"), where=lambda text: of_clients_named(Presence.client_id, text)),
        Overlap("at", _l("Inside during"), Presence.created_at),
    ],
    row_url=lambda r: url_for("evidence.rights", person_id=r.Presence.person_id) if r.Presence.person_id else None,
)

RIGHTS: Table[Any] = Table(
    "rights",
    id=AuditEntry.id,
    default_sort="-at",
    columns=[
        Column("at", _l("When"), cell=lambda r: r[0].at, sort=AuditEntry.at),
        Column("what", _l("What happened"), cell=lambda r: audit.what_happened(r[0]), primary=True, sub=lambda r: r[0].reason),
        Column("subject", _l("About"), cell=lambda r: r[0].subject_label),
        Column("who", _l("By"), cell=lambda r: r[0].actor_name),
        Column("client", _l("Client"), cell=lambda r: r[1]),
        Column("reason", _l("Reason"), cell=lambda r: r[0].reason, hidden=True),
        Column("tag", _l("Code"), cell=lambda r: r[0].tag, hidden=True),
        Column("seq", _l("Number in the chain"), cell=lambda r: r[0].seq, hidden=True),
    ],
    filters=[DateRange("at", _l("Period"), AuditEntry.at)],
    per_page=50,
)

PACKS: Table[Any] = Table(
    "packs",
    id=EvidencePack.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), cell=lambda r: r[0].number, sort=EvidencePack.number, code=True, primary=True),
        Column("state", _l("State"), cell=lambda r: state_view(r[0])),
        Column("from", _l("From"), cell=lambda r: r[0].from_on, sort=EvidencePack.from_on),
        Column("to", _l("To"), cell=lambda r: r[0].to_on),
        Column("asked_by", _l("Asked for by"), cell=lambda r: r.asked_by),
        Column("made", _l("Made"), cell=lambda r: r[0].made_at),
        Column("sha256", _l("Checksum (SHA-256)"), cell=lambda r: r[0].sha256, hidden=True),
    ],
    filters=[
        Choice("state", _l("State"), column=EvidencePack.state,
               options=lambda: [(s.key, _(s.label)) for s in EVIDENCE_PACK.states.values()]),
        Text("who", _l("Asked for by"), columns=[User.name]),
    ],
    row_url=lambda r: url_for("evidence.pack", pack_id=r[0].id),
)  # fmt: skip


@bp.before_request
def _place() -> None:
    """Where one is in the rail, on every page of the questions and the packs."""
    g.place = "evidence.index"


@bp.get("/")
@allow(Permission.EVIDENCE_READ)
def index() -> ResponseReturnValue:
    """The questions."""
    return page("evidence/index.html")


@bp.get("/could-enter")
@allow(Permission.EVIDENCE_READ)
def could() -> ResponseReturnValue:
    """Who could enter a room at a moment, on what; and who was in it."""
    chosen, at = id_argument("room"), _moment(request.args.get("at", ""))
    room = queries.get_room(chosen) if chosen else None
    found = could_enter(room, at) if room is not None else []
    if room is not None and request.args.get("export"):
        return _export(found, request.args["export"])
    return page(
        "evidence/could_enter.html",
        rooms=[(ids.to_text(r.id), f"{r.code}") for r in queries.rooms()],
        room=room,
        at=at,
        typed=f"{clock.local(at):%Y-%m-%dT%H:%M}",
        opened=[_shown(ground) for ground in found if ground.refusal is None],
        shut=[_shown(ground) for ground in found if ground.refusal is not None],
        inside=queries.stays_at(room.id, at) if room is not None else [],
        exports=_exports(room.id, at) if room is not None else [],
    )


@bp.get("/entries")
@allow(Permission.EVIDENCE_READ)
def entries() -> ResponseReturnValue:
    """Who was inside, on what, and who approved it."""
    choices: Choices = {"room": [(str(room.id), room.code) for room in queries.rooms()]}
    if request.args.get("export"):
        return STAYS.export(session(), queries.select_stays(), request.args, request.args["export"], choices=choices)
    found = STAYS.read(
        session(), queries.select_stays(), request.args, lambda **kw: url_for("evidence.entries", **kw), choices=choices
    )  # fmt: skip
    return page("evidence/entries.html", found=found)


@bp.route("/people", methods=["GET", "POST"])
@allow(Permission.EVIDENCE_READ)
def people() -> ResponseReturnValue:
    """Looks a person up by their document; the number stands in no address."""
    form = DocumentForm()
    form.offer()
    if form.validate_on_submit():
        hashed = clients.document_hash(form.document_kind.data, str(form.document_number.data))
        same = queries.people_with(hashed)
        if same:
            return redirect(url_for("evidence.rights", person_id=same[0][0].id))
        flash(_("Nobody is recorded with this document."), "rest")
    return page("evidence/people.html", form)


@bp.get("/people/<id:person_id>")
@allow(Permission.EVIDENCE_READ)
def rights(person_id: uuid.UUID) -> ResponseReturnValue:
    """Every change of one person's rights, for whichever client they act."""
    person = queries.get_person(person_id)
    same = queries.people_with(person.document_hash)
    statement = audit.select_entries().where(queries.rights_of([row[0] for row in same]))
    if request.args.get("export"):
        return RIGHTS.export(session(), statement, request.args, request.args["export"])
    found = RIGHTS.read(
        session(), statement, request.args, lambda **kw: url_for("evidence.rights", person_id=person.id, **kw)
    )  # fmt: skip
    return page("evidence/rights.html", found=found, person=person, same=[(row[0], row[1]) for row in same])


@bp.get("/packs")
@allow(Permission.EVIDENCE_PACK)
def packs() -> ResponseReturnValue:
    if request.args.get("export"):
        return PACKS.export(session(), queries.select_packs(), request.args, request.args["export"])
    found = PACKS.read(session(), queries.select_packs(), request.args, lambda **kw: url_for("evidence.packs", **kw))
    return page("evidence/packs.html", found=found, fingerprint=packing.fingerprint_of_key())


@bp.route("/packs/ask", methods=["GET", "POST"])
@allow(Permission.EVIDENCE_PACK)
@proven
def ask() -> ResponseReturnValue:
    """Asks for a pack; the quarter before this one is proposed."""
    first, last = _quarter_before(clock.today())
    form = PeriodForm(data={"from_on": first, "to_on": last})
    if form.validate_on_submit():
        start, end = form.days()
        done = submit(
            form,
            lambda: services.ask(start, end, actor(), clock.now()),
            then=lambda made: url_for("evidence.pack", pack_id=made.id),
            said=lambda made: _("%(number)s is being made. You will hear when it is ready.", number=made.number),
        )
        if done is not None:
            return done
    return page("evidence/ask.html", form)


@bp.get("/packs/<id:pack_id>")
@allow(Permission.EVIDENCE_PACK)
def pack(pack_id: uuid.UUID) -> ResponseReturnValue:
    row = queries.get_pack(pack_id)
    found: EvidencePack = row[0]
    file = files.files_by_id(actor(), (found.file_id,)).get(found.file_id) if found.file_id else None
    return page(
        "evidence/pack.html",
        pack=found,
        asked_by=row.asked_by,
        state=state_view(found),
        actions=offered_actions(found, lambda key: url_for("evidence.act", pack_id=found.id, action=key)),
        download=url_for("files.show", file_id=file.id) if file is not None and found.state == "made" else "",
        happened=audit.timeline(("evidence_pack", found.id), ("file", found.file_id or found.id)),
    )


@bp.route("/packs/<id:pack_id>/<action>", methods=["GET", "POST"])
@allow(Permission.EVIDENCE_PACK)
def act(pack_id: uuid.UUID, action: str) -> ResponseReturnValue:
    found: EvidencePack = queries.get_pack(pack_id)[0]
    if action != "ask_again":
        raise NotFound(action)
    back = url_for("evidence.pack", pack_id=found.id)
    return action_page(found, action, lambda _form: services.ask_again(found, actor(), clock.now()), back=back)


def _shown(ground: Ground) -> dict[str, Any]:
    endpoint, argument = ENDPOINTS[ground.kind]
    values: dict[str, Any] = {argument: ground.subject_id}
    return {
        "ground": ground,
        "kind": _(GROUND_KINDS[ground.kind]),
        "url": url_for(endpoint, **values) if endpoint in current_app.view_functions else "",
        "why": _why(ground),
        "state": State("yes", _("Could enter"), Tone.OK) if ground.refusal is None else State("no", _("Could not"), Tone.STOP),
    }


def _why(ground: Ground) -> str:
    if ground.refusal is None:
        return ""
    label = ground.refusal.data.get("state")
    return say(ground.refusal(state=_(label)) if label else ground.refusal)


def _export(found: list[Ground], kind: str) -> ResponseReturnValue:
    if kind not in exports.FORMATS:
        raise NotFound(kind)
    heads = (N_("Could enter"), N_("Person"), N_("Client"), N_("Kind"), N_("Number"), N_("On what"), N_("Approved by"), N_("Approved at"),
             N_("Reason"))  # fmt: skip
    rows = (_exported(ground) for ground in found)
    return exports.to_response("could-enter", kind, [_(head) for head in heads], rows)


def _exported(ground: Ground) -> tuple[Any, ...]:
    could = _("yes") if ground.refusal is None else _("no")
    kind, approved = _(GROUND_KINDS[ground.kind]), (ground.approved_by, ground.approved_at)
    return (could, ground.person, ground.client, kind, ground.number, ground.on, *approved, _why(ground))


def _exports(room_id: uuid.UUID, at: datetime) -> list[tuple[str, str]]:
    room, moment = ids.to_text(room_id), f"{clock.local(at):%Y-%m-%dT%H:%M}"
    return [(kind.upper(), url_for("evidence.could", room=room, at=moment, export=kind)) for kind in exports.FORMATS]


def _moment(text: str) -> datetime:
    """What was typed, in the site's zone; now for nothing, and for nonsense."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=clock.zone()).astimezone(clock.now().tzinfo)
    except ValueError:
        return clock.now().replace(second=0, microsecond=0)


def _quarter_before(today: date) -> tuple[date, date]:
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last = first - timedelta(days=1)
    return date(last.year, (last.month - 1) // 3 * 3 + 1, 1), last
