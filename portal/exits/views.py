"""The pages of exits."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit import services as audit
from portal.audit.queries import timeline
from portal.clients import queries as clients
from portal.clients.models import Client
from portal.equipment import queries as equipment
from portal.equipment.models import Equipment
from portal.equipment.rules import normalise_serial
from portal.exits import pdf, queries, returns, rules, services
from portal.exits.forms import ApplicationForm, PreviewLine, ReplacementForm
from portal.exits.lifecycle import EXIT
from portal.exits.models import Exit, ExitItem
from portal.files import queries as files
from portal.gate import services as gate
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Conflict, Forbidden, NotFound, Refusal, Refused
from portal.kernel.formats import day, due, mask
from portal.kernel.forms import ReasonForm
from portal.kernel.i18n import _, _l
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Permission, allow, proven
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import ActionView, action_page, actor, chosen_locale, faster, offered_actions, page, settings, state_view, submit
from portal.kernel.web import pdf as answer_pdf
from portal.kernel.words import say
from portal.passes.queries import live_pass

bp = Blueprint("exits", __name__, url_prefix="/exits")
BLUEPRINTS = [bp]


def exit_state(found: Exit) -> State:
    """The state, or that the return is overdue."""
    if rules.is_overdue(found.state, found.return_due_on, clock.today()):
        return State("overdue", _("Return overdue"), Tone.STOP)
    return state_view(found)


EXITS = Table[Exit](
    "exits",
    id=Exit.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), sort=Exit.number, code=True, primary=True),
        Column("kind", _l("Leaves for"), cell=lambda e: _(queries.KINDS[e.kind])),
        Column("client", _l("Client"), cell=lambda e: e.client.name),
        Column("state", _l("State"), cell=exit_state, sub=lambda e: due(queries.due_at(e))),
        Column("leaves_on", _l("Leaves on"), sort=Exit.leaves_on),
        Column("return_due_on", _l("Comes back by")),
        Column("mover", _l("Mover"), cell=lambda e: e.mover_name),
    ],
    filters=[
        Choice("state", _l("State"), column=Exit.state, options=lambda: [(s.key, _(s.label)) for s in EXIT.states.values()]),
        Choice("kind", _l("Leaves for"), column=Exit.kind, options=lambda: [(key, _(label)) for key, label in queries.KINDS.items()]),
        Text("q", _l("Number, client or mover"), where=queries.exit_like),
        DateRange("leaves", _l("Leaves on"), Exit.leaves_on),
    ],
    for_staff=("client",),
    row_url=lambda e: url_for("exits.show", exit_id=e.id),
)


@bp.get("/")
@allow(Permission.EXIT_READ)
def index() -> ResponseReturnValue:
    if request.args.get("export"):
        return EXITS.export(session(), queries.select_exits(actor()), request.args, request.args["export"])
    found = EXITS.read(session(), queries.select_exits(actor()), request.args, lambda **kw: url_for("exits.index", **kw))
    return page("exits/index.html", found=found)


@bp.route("/apply", methods=["GET", "POST"])
@allow(Permission.EXIT_APPLY)
def apply() -> ResponseReturnValue:
    """A new application; `equipment` in the query picks items beforehand."""
    client = clients.get_client(actor(), actor().client_id or ids.new())
    form = ApplicationForm(data={"picked": request.args.getlist("equipment")})
    available = queries.pickable(client.id)
    form.offer(client, available)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.apply_for_exit(form.command(client.id, available), actor(), clock.now()),
            then=lambda made: url_for("exits.show", exit_id=made.id),
            said=lambda made: _("Application %(number)s was sent. You will hear from customer service.", number=made.number),
        )
        if done is not None:
            return done
    return page("exits/apply.html", form, client=client, available=available, preview=_preview(form, client, available))


@bp.get("/<id:exit_id>")
@allow(Permission.EXIT_READ)
def show(exit_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_exit(actor(), exit_id)
    inspecting = found.state in ("under_review", "needs_correction")
    things = queries.equipment_of(found)
    compared = services.inspected(found) if inspecting else []
    not_agreed = sum(item.agreed_at is None for item in found.items)
    blocked: dict[str, Refusal | None] = {"issue": rules.NOT_ALL_AGREED(count=not_agreed) if not_agreed else None}
    live = live_pass(found.id) if found.state == "issued" else None
    printing = [ActionView(_("Print exit slip"), url_for("exits.slip", exit_id=found.id), primary=True)] if live else []
    papers = files.files_by_id(actor(), (found.letter_id, found.identity_copy_id))
    return page(
        "exits/show.html",
        found=found,
        kind=_(queries.KINDS[found.kind]),
        state=exit_state(found),
        actions=[*printing, *offered_actions(found, lambda key: url_for("exits.act", exit_id=found.id, action=key), blocked)],
        compared=[(item, c, _result(c.result)) for item, c in compared],
        to_agree=[(item, c, _result(c.result)) for item, c in compared if item.agreed_at is None and c.result == rules.AGREES],
        disagreeing=sum(c.result != rules.AGREES for _item, c in compared),
        not_agreed=not_agreed,
        standing={item.id: _standing(item, found) for item in found.items},
        things=things,
        places={thing.id: equipment.place_of(thing) for thing in things.values()},
        live=live,
        papers=[(paper.filename, url_for("files.show", file_id=paper.id)) for paper in papers.values()],
        document=mask(found.mover_document),
        happened=timeline(("exit", found.id)),
    )


@bp.post("/<id:exit_id>/lines")
@allow(Permission.EXIT_INSPECT)
def agree(exit_id: uuid.UUID) -> ResponseReturnValue:
    """Agrees the named lines with the records, or takes the agreement of one back."""
    found = queries.get_exit(actor(), exit_id)
    try:
        with transaction():
            if "take_back" in request.form:
                for item_id in _named("take_back"):
                    services.disagree(found, item_id, actor(), clock.now())
            else:
                services.agree(found, _named("item"), actor(), clock.now())
    except Refused as refused:
        flash(say(refused.refusal), "stop")
    except Conflict as conflict:
        flash(say(faster(conflict)), "stop")
    return redirect(url_for("exits.show", exit_id=exit_id))


@bp.route("/<id:exit_id>/<action>", methods=["GET", "POST"])
@allow(*(Permission(a.permission) for a in EXIT.actions.values() if a.offered))
def act(exit_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    found = queries.get_exit(actor(), exit_id)
    back = url_for("exits.show", exit_id=found.id)
    if action == "resend":
        if not actor().may(EXIT.actions["resend"].permission):
            raise Forbidden(action)
        return _resend(found, back)
    if action == "issue":
        notes = [
            _(
                "The slip is valid on %(day)s, once, with %(mover)s, for what is listed. Items: %(count)s.",
                count=len(found.items),
                day=day(found.leaves_on),
                mover=found.mover_name,
            )
        ]
        return action_page(found, action, lambda _form: services.issue(found, actor(), clock.now()), back=back, notes=notes)
    with_reason = {"ask_correction": services.ask_correction, "refuse": services.refuse, "cancel": services.cancel}
    if action not in with_reason:
        raise NotFound(action)
    return action_page(found, action, lambda form: with_reason[action](found, form.reason.data, actor(), clock.now()), back=back)


@bp.get("/<id:exit_id>/slip.pdf")
@allow(Permission.EXIT_READ)
def slip(exit_id: uuid.UUID) -> ResponseReturnValue:
    """The slip to print, as long as it may be used."""
    found = queries.get_exit(actor(), exit_id)
    live = live_pass(found.id)
    if found.state != "issued" or live is None:
        raise NotFound(exit_id)
    content = pdf.slip(found, live, settings(), chosen_locale())
    with transaction():
        services.note_printed(found, actor(), clock.now())
    return answer_pdf(content, found.number)


@bp.post("/<id:exit_id>/mover")
@allow(Permission.IDENTITY_REVEAL)
@proven
def reveal(exit_id: uuid.UUID) -> ResponseReturnValue:
    """Shows the mover's number in full, once, and logs that it did (R-S2)."""
    found = queries.get_exit(actor(), exit_id)
    with transaction():
        audit.record("person.number_revealed", "exit", found.id, found.number, actor(), clock.now(), client_id=found.client_id)
    return page("exits/mover.html", found=found)


@bp.post("/<id:exit_id>/return")
@allow(Permission.EXIT_BOOK_RETURN)
def book_return(exit_id: uuid.UUID) -> ResponseReturnValue:
    """Books in at the gate what came back, or what came in its stead."""
    found = queries.get_exit(actor(), exit_id)
    with transaction():
        serials = returns.book_at_gate(found, _named("item"), actor(), clock.now())
        gate.note_return(found, serials, actor(), clock.now())
    flash(_("Booked in: %(serials)s.", serials=", ".join(serials)) if serials else _("Tick what came back."), "ok" if serials else "wait")
    return redirect(url_for("exits.show", exit_id=exit_id))


@bp.post("/<id:exit_id>/items/<id:item_id>/back")
@allow(Permission.EXIT_PLACE_REPLACEMENT)
def put_back(exit_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
    """Machine-room staff: the item is back in its place."""
    found = queries.get_exit(actor(), exit_id)
    try:
        with transaction():
            returns.put_back(found, item_id, actor(), clock.now())
        flash(_("Back in its place and in service."), "ok")
    except Refused as refused:
        flash(say(refused.refusal), "stop")
    except Conflict as conflict:
        flash(say(faster(conflict)), "stop")
    return redirect(url_for("exits.show", exit_id=exit_id))


@bp.route("/<id:exit_id>/items/<id:item_id>/replacement", methods=["GET", "POST"])
@allow(Permission.EXIT_PLACE_REPLACEMENT)
def replacement(exit_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
    """Machine-room staff: another item takes the old one's place, addresses and ports."""
    found = queries.get_exit(actor(), exit_id)
    item = next((item for item in found.items if item.id == item_id), None)
    if item is None:
        raise NotFound(item_id)
    form = ReplacementForm(data={"model": item.listed_model})
    if form.validate_on_submit():
        model = equipment.find_model(form.model.data or "")
        command = returns.Replacement(
            model.id if model else None, normalise_serial(form.serial.data or ""), form.asset_tag.data or "", form.checked.data
        )
        done = submit(
            form,
            lambda: returns.place_replacement(found, item_id, command, actor(), clock.now()),
            then=lambda _new: url_for("exits.show", exit_id=exit_id),
            said=lambda new: _("%(serial)s is in service in the old one’s place.", serial=new.serial),
        )
        if done is not None:
            return done
    return page("exits/replacement.html", form, found=found, item=item)


@bp.route("/<id:exit_id>/items/<id:item_id>/write-off", methods=["GET", "POST"])
@allow(Permission.EXIT_INSPECT)
def write_off(exit_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
    """Customer service: the item will not come back; its place, ports and addresses are freed."""
    found = queries.get_exit(actor(), exit_id)
    item = next((item for item in found.items if item.id == item_id), None)
    if item is None:
        raise NotFound(item_id)
    form = ReasonForm()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: returns.write_off(found, item_id, form.reason.data or "", actor(), clock.now()),
            then=lambda _r: url_for("exits.show", exit_id=exit_id),
            said=_("%(serial)s is written off.", serial=item.listed_serial),
        )
        if done is not None:
            return done
    return page("exits/write_off.html", form, found=found, item=item)


def _resend(found: Exit, back: str) -> ResponseReturnValue:
    if found.state != "needs_correction":
        return redirect(back)
    form = ApplicationForm(
        data={
            "kind": found.kind,
            "listing": "\n".join(f"{item.listed_model}\t{item.listed_serial}" for item in found.items),
            "leaves_on": found.leaves_on,
            "return_due_on": found.return_due_on,
            "mover_name": found.mover_name,
            "mover_phone": found.mover_phone,
            "letter": found.letter_id,
            "identity_copy": found.identity_copy_id,
            "note": found.note,
        }
    )
    available = queries.pickable(found.client_id)
    form.offer(found.client, available)
    form.keep_number(found)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.resend(found, form.command(found.client_id, available), actor(), clock.now()),
            then=lambda _r: back,
            said=_("Corrected and resent."),
        )
        if done is not None:
            return done
    said = next((entry.reason for entry in timeline(("exit", found.id)) if entry.reason), "")
    preview = _preview(form, found.client, available)
    return page("exits/apply.html", form, client=found.client, available=available, found=found, said=said, preview=preview)


def _named(name: str) -> set[uuid.UUID]:
    """The ids that the form names; what is no id names nothing."""
    found = set()
    for text in request.form.getlist(name):
        try:
            found.add(ids.from_text(text))
        except ValueError:
            continue
    return found


def _preview(form: ApplicationForm, client: Client, available: list[Equipment]) -> list[PreviewLine]:
    """The listed lines beside the records, when something was wrong with them."""
    if not form.is_submitted() or not form.errors:
        return []
    compared = services.compare(form.lines(available)[: rules.MOST_LINES], client.id)
    return [
        PreviewLine(
            number,
            (c.line.model or (c.found.model.label if c.found else "—"), c.line.serial),
            "" if c.result == rules.AGREES else _(rules.RESULTS[c.result]),
        )
        for number, c in enumerate(compared, start=1)
    ]


def _standing(item: ExitItem, found: Exit) -> tuple[State, datetime | None]:
    """Where one listed item stands, and since when."""
    settled = {"returned": _("Back in place"), "replaced": _("Replaced"), "written_off": _("Written off")}
    if item.settled_as:
        tone = Tone.REST if item.settled_as == "written_off" else Tone.OK
        return State(item.settled_as, settled[item.settled_as], tone), item.settled_at
    if item.back_at_gate_at:
        return State("at_gate", _("Back at the gate"), Tone.WAIT), item.back_at_gate_at
    if item.released_at:
        tone = Tone.WAIT if found.state == "awaiting_return" else Tone.REST
        return State("out", _("Left the building"), tone), item.released_at
    return (State("stayed", _("Stayed inside"), Tone.REST) if found.released_at else State("inside", _("Inside"), Tone.REST)), None


def _result(result: str) -> State:
    return State(result, _(rules.RESULTS[result]), Tone.OK if result == rules.AGREES else Tone.STOP)
