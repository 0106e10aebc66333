"""The pages of emergency access: asking, the list, the record with the two big buttons, the report."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement

from portal.audit.queries import timeline
from portal.clients.models import Client
from portal.clients.rules import DOCUMENT_KINDS
from portal.emergencies import pdf, queries, reporting, rules, services, terms
from portal.emergencies.forms import ApproveForm, AskForm, CloseForm, RefuseForm, ReportForm
from portal.emergencies.lifecycle import EMERGENCY, OPEN
from portal.emergencies.models import Emergency
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.formats import due
from portal.kernel.i18n import _, _l
from portal.kernel.moments import wall
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import (
    ActionView,
    action_page,
    actor,
    chosen_locale,
    id_argument,
    local_name,
    offered_actions,
    page,
    settings,
    state_view,
    submit,
)
from portal.kernel.web import pdf as answer_pdf
from portal.passes.queries import live_pass

bp = Blueprint("emergencies", __name__, url_prefix="/emergencies")
BLUEPRINTS = [bp]


def _in_state(value: str) -> ColumnElement[bool]:
    return Emergency.state.in_(OPEN if value == "open" else (value,))


EMERGENCIES = Table[Emergency](
    "emergencies",
    id=Emergency.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), sort=Emergency.id, code=True, primary=True),
        Column("client", _l("Client"), cell=lambda e: e.client.name),
        Column("room", _l("Room"), cell=lambda e: e.room.code),
        Column("reason", _l("Reason"), cell=lambda e: e.reason[:80], export=lambda e: e.reason),
        Column("state", _l("State"), cell=state_view, sub=lambda e: due(queries.due_at(e))),
        Column("asked", _l("Asked at"), cell=lambda e: e.created_at),
        Column("decided_at", _l("Decided at"), cell=lambda e: e.decided_at),
        Column("entered_at", _l("First in"), hidden=True),
        Column("left_at", _l("Last out"), hidden=True),
    ],
    filters=[
        Choice(
            "state",
            _l("State"),
            options=lambda: [("open", _("Open")), *((s.key, _(s.label)) for s in EMERGENCY.states.values())],
            where=_in_state,
        ),
        Text("q", _l("Number or client"), where=queries.emergency_like),
        DateRange("asked", _l("Asked at"), Emergency.created_at),
    ],
    for_staff=("client",),
    row_url=lambda e: url_for("emergencies.show", emergency_id=e.id),
    tone=lambda e: {"asked": "stop", "report_due": "wait"}.get(e.state, ""),
)


@bp.get("/")
@allow(Permission.EMERGENCY_READ)
def index() -> ResponseReturnValue:
    statement = queries.select_emergencies(actor())
    if request.args.get("export"):
        return EMERGENCIES.export(session(), statement, request.args, request.args["export"])
    found = EMERGENCIES.read(session(), statement, request.args, lambda **kw: url_for("emergencies.index", **kw))
    return page("emergencies/index.html", found=found)


@bp.route("/ask", methods=["GET", "POST"])
@allow(Permission.EMERGENCY_ASK)
def ask() -> ResponseReturnValue:
    """Asking: the client for itself; customer service and duty staff for who is on the phone, whose client is chosen first."""
    who, now = actor(), clock.now()
    client_id = who.client_id or id_argument("client")
    if client_id is None:
        text = request.args.get("q", "").strip()[:100]
        return page("emergencies/choose.html", found=queries.clients_to_ask_for(text, now), text=text)
    client = session().get(Client, client_id)
    if client is None:
        raise NotFound(client_id)
    rooms = list(queries.rooms_in_force(client.id, now).values())
    form = AskForm()
    form.offer(rooms, [local_name(contract.room) for contract in rooms], by_phone=not who.is_client)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.ask(form.command(client_id), actor(), clock.now()),
            then=lambda made: url_for("emergencies.show", emergency_id=made.id),
            said=lambda made: _("%(number)s was asked for. The supervisor on call has been told.", number=made.number),
        )
        if done is not None:
            return done
    blocked = None if rooms else rules.NO_CONTRACT
    return page(
        "emergencies/ask.html", form, refused=[blocked.code] if blocked else [], client=client, blocked=blocked,
        minutes=terms.answer_within() // timedelta(minutes=1),
    )  # fmt: skip


@bp.get("/<id:emergency_id>")
@allow(Permission.EMERGENCY_READ)
def show(emergency_id: uuid.UUID) -> ResponseReturnValue:
    emergency = queries.get_emergency(actor(), emergency_id)
    pass_ = live_pass(emergency.id) if emergency.state in ("approved", "in_use", "report_due") else None
    actions = _actions(emergency)
    deciding = any(action.url.endswith("/approve") for action in actions)
    by = (emergency.asked_by_id, emergency.decided_by_id, emergency.reported_by_id, emergency.reviewed_by_id)
    return page(
        "emergencies/show.html",
        ApproveForm(data={"reason": ApproveForm.usual()}) if deciding else None,
        emergency=emergency,
        state=state_view(emergency),
        actions=[] if deciding else actions,
        deciding=deciding,
        steps=_steps(emergency),
        due_at=queries.due_at(emergency),
        overdue=rules.is_overdue(emergency.state, emergency.report_due_on, clock.today()),
        open_for_entry=rules.why_not_enter(emergency.number, emergency.state, emergency.lapses_at, clock.now()) is None,
        short_code=pass_.short_code if pass_ is not None and not actor().may(Permission.GATE_VERIFY) else "",
        channel=_(rules.CHANNELS[emergency.channel]),
        names=queries.names_of(by),
        document_kinds=DOCUMENT_KINDS,
        happened=timeline(("emergency", emergency.id)),
    )


@bp.get("/<id:emergency_id>/access.pdf")
@allow(Permission.EMERGENCY_READ)
def access_pass(emergency_id: uuid.UUID) -> ResponseReturnValue:
    """The red pass of an approved emergency, to print or to show on a phone."""
    emergency = queries.get_emergency(actor(), emergency_id)
    if rules.why_not_enter(emergency.number, emergency.state, emergency.lapses_at, clock.now()) is not None:
        raise NotFound(emergency_id)
    return answer_pdf(pdf.paper(emergency, settings(), chosen_locale()), emergency.number)


@bp.route("/<id:emergency_id>/report", methods=["GET", "POST"])
@allow(Permission.EMERGENCY_REPORT)
def report(emergency_id: uuid.UUID) -> ResponseReturnValue:
    """What was done, which equipment, until when."""
    emergency = queries.get_emergency(actor(), emergency_id)
    back = url_for("emergencies.show", emergency_id=emergency.id)
    if emergency.state not in EMERGENCY.actions["report"].sources or emergency.left_at is None:
        return redirect(back)
    named = [link.item.serial for link in emergency.equipment if link.in_report or not emergency.report]
    until = emergency.worked_until or emergency.left_at
    form = ReportForm(data={"report": emergency.report, "equipment": "\n".join(named), "worked_until": wall(until)})
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: reporting.report(emergency, form.command(), actor(), clock.now()),
            then=lambda _done: back,
            said=_("The report was sent. The supervisor reviews it."),
        )
        if done is not None:
            return done
        emergency = queries.get_emergency(actor(), emergency_id)
    there = queries.equipment_in(emergency.client_id, emergency.room_id)
    return page("emergencies/report.html", form, emergency=emergency, back=back, there=there)


@bp.route("/<id:emergency_id>/<action>", methods=["GET", "POST"])
@allow(*dict.fromkeys(a.permission for a in EMERGENCY.actions.values() if a.offered and a.sources))
def act(emergency_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    emergency = queries.get_emergency(actor(), emergency_id)
    back = url_for("emergencies.show", emergency_id=emergency.id)
    works = {
        "approve": services.approve,
        "refuse": services.refuse,
        "cancel": services.cancel,
        "withdraw": services.withdraw,
        "send_back": reporting.send_back,
        "close": reporting.close,
    }
    if action not in works:
        raise NotFound(action)
    work = works[action]
    forms = {"approve": ApproveForm, "refuse": RefuseForm, "close": CloseForm}
    return action_page(
        emergency,
        action,
        lambda form: work(emergency, (form.reason.data or "").strip(), actor(), clock.now()),
        back=back,
        form_class=forms.get(action),
        defaults={"reason": ApproveForm.usual()} if action == "approve" else None,
        notes=_notes(emergency, action),
    )


def _actions(emergency: Emergency) -> list[ActionView]:
    def url(key: str) -> str:
        if key == "report":
            return url_for("emergencies.report", emergency_id=emergency.id)
        return url_for("emergencies.act", emergency_id=emergency.id, action=key)

    found = offered_actions(emergency, url)
    if rules.why_not_enter(emergency.number, emergency.state, emergency.lapses_at, clock.now()) is None:
        found.append(ActionView(_("Access pass"), url_for("emergencies.access_pass", emergency_id=emergency.id)))
    return found


def _notes(emergency: Emergency, action: str) -> list[str]:
    hours = terms.enter_within() // timedelta(hours=1)
    if action == "approve":
        return [_("Whoever comes may go in for %(hours)s hours, on showing a valid identity document.", hours=hours)]
    if action in ("cancel", "withdraw") and emergency.state == "approved":
        return [_("From the moment you confirm nobody goes in on it. Client and gate are told.")]
    return []


def _steps(emergency: Emergency) -> list[tuple[str, str, str]]:
    """Where it stands on its way; none for one that came to nothing."""
    names = [_("Asked"), _("Approval"), _("Inside"), _("Report"), _("Review")]
    at = {"asked": 1, "approved": 2, "in_use": 2, "report_due": 3, "reported": 4, "closed": 5}
    if emergency.state not in at:
        return []
    now_at = at[emergency.state]
    return [(name, "done" if place < now_at else "now" if place == now_at else "later", "") for place, name in enumerate(names)]
