"""The pages of work orders: list, record, the simple actions, planning, papers. Drafting and the door have modules of their own."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, select, union

from portal.audit.queries import timeline
from portal.calendar import queries as calendar
from portal.calendar.models import Freeze
from portal.clients.models import Client
from portal.contracts.rules import why_not_in_force
from portal.equipment.rules import normalise_serial
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.filters import begins
from portal.kernel.formats import period
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Table, Text
from portal.kernel.web import ActionView, action_page, actor, chosen_locale, offered_actions, page, settings, state_view, submit
from portal.kernel.web import pdf as answer_pdf
from portal.kernel.words import say
from portal.network import queries as network
from portal.workorders import acceptance, arrival, door, drafting, pdf, queries, rules, services
from portal.workorders.blueprint import bp
from portal.workorders.forms import IssueForm, PlanForm, RecordedReasonForm
from portal.workorders.lifecycle import ON_THE_WAY, OPEN, WORK_ORDER
from portal.workorders.models import WorkOrder
from portal.workorders.notice import notice
from portal.workorders.planning import Room

BLUEPRINTS = [bp]
PAGES = (drafting, door)  # imported for the pages that they add to the blueprint

GROUPS = {"open": OPEN, "on_the_way": ON_THE_WAY}
PAPERS = {"work_order": pdf.work_order_sheet, "acceptance": pdf.acceptance_record, "allocation": pdf.allocation_sheet}


def _in_state(value: str) -> ColumnElement[bool]:
    return WorkOrder.state.in_(GROUPS.get(value, (value,)))


def _state_options() -> list[tuple[str, str]]:
    return [("open", _("Open")), ("on_the_way", _("On the way"))] + [(s.key, _(s.label)) for s in WORK_ORDER.states.values()]


def _found(text: str) -> ColumnElement[bool]:
    ways = (
        begins(WorkOrder.number, text.upper()),
        WorkOrder.client_id.in_(Client.named(text)),
        queries.with_serial(normalise_serial(text)),
    )
    return WorkOrder.id.in_(union(*(select(WorkOrder.id).where(way) for way in ways)))


def _progress(row: Any) -> str:
    order, items, accepted = row[:3]
    started = order.state in ("partly_accepted", "completed")
    return _("%(accepted)s of %(items)s", accepted=accepted, items=items) if started else str(items)


ORDERS = Table[Any](
    "work-orders",
    id=WorkOrder.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), cell=lambda row: row[0].number, sort=WorkOrder.id, code=True, primary=True),
        Column("client", _l("Client"), cell=lambda row: row[0].client.name),
        Column("room", _l("Room"), cell=lambda row: row[0].contract.room.code),
        Column("items", _l("Items"), cell=_progress, num=True),
        Column("arrives", _l("Arrival"), cell=lambda row: row[0].arrives_at, sort=WorkOrder.arrives_at),
        Column("issued", _l("Issued"), cell=lambda row: row[0].issued_at or _("not issued"), export=lambda row: row[0].issued_at),
        Column("state", _l("State"), cell=lambda row: state_view(row[0])),
    ],
    filters=[
        Text("q", _l("Number, client, serial number"), where=_found),
        Choice("state", _l("State"), options=_state_options, where=_in_state),
        DateRange("arrives", _l("Arrival"), WorkOrder.arrives_at),
    ],
    for_staff=("client",),
    row_url=lambda row: url_for("workorders.show", order_id=row[0].id),
    tone=lambda row: "wait" if row[0].state in ("requested", "issued") else "",
)


@bp.get("/")
@allow(Permission.WORK_ORDER_READ)
def index() -> ResponseReturnValue:
    found = queries.select_orders(actor())
    if request.args.get("export"):
        return ORDERS.export(session(), found, request.args, request.args["export"])
    return page("workorders/index.html", found=ORDERS.read(session(), found, request.args, lambda **kw: url_for("workorders.index", **kw)))


@bp.get("/<id:order_id>")
@allow(Permission.WORK_ORDER_READ)
def show(order_id: uuid.UUID) -> ResponseReturnValue:
    order = queries.get_order(actor(), order_id)
    holders = {item.id: item.equipment_id or item.id for item in order.items}
    not_in_force = why_not_in_force(order.contract, clock.today()) if order.state in OPEN else None
    early = arrival.why_not(order.contract.room_id, order.arrives_at, clock.now()) if order.state in ("draft", "requested") else None
    actions = _actions(order, not_in_force)
    issued = order.state in ON_THE_WAY
    return page(
        "workorders/show.html",
        order=order,
        state=state_view(order),
        states={item.id: state_view(item) for item in order.items},
        actions=actions,
        steps=_steps(order),
        not_in_force=not_in_force,
        early=early,
        frozen=calendar.why_caught(order.contract.room_id, order.arrives_at, order.arrives_at) if issued else None,
        issue_by=order.arrives_at - notice(),
        tally=acceptance.tally(order),
        load=sum(item.model.height_u for item in order.items),
        power=sum(item.model.power_w for item in order.items),
        places={item.id: queries.place_of(item) for item in order.items},
        holders=holders,
        addresses=network.addresses_of(list(holders.values())),
        ports=network.ports_of(list(holders.values())),
        extras=queries.extras_of(order) if order.state in acceptance.EXTRAS_IN else [],
        names=queries.names_of([order.drafted_by_id, order.issued_by_id, order.prepared_by_id]),
        papers=pdf.papers_of(order),
        happened=timeline(("work_order", order.id)),
    )


@bp.route("/<id:order_id>/<action>", methods=["GET", "POST"])
@allow(*dict.fromkeys(a.permission for a in WORK_ORDER.actions.values() if a.offered and a.sources))
def act(order_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one simple action of the lifecycle."""
    order = queries.get_order(actor(), order_id)
    back, now = url_for("workorders.show", order_id=order.id), clock.now()
    if action == "issue":
        return _issue(order, back)
    if action == "request":
        note = _("Sales checks it and issues it to the machine room. You are told when that is done.")
        return action_page(order, action, lambda _form: services.request(order, actor(), now), back=back, notes=[note])
    with_reason = {
        "send_back": services.send_back,
        "replan": services.replan,
        "cancel": services.cancel,
        "finish": acceptance.finish,
    }
    if action not in with_reason:
        raise NotFound(action)
    work = with_reason[action]
    return action_page(
        order,
        action,
        lambda form: work(order, form.reason.data, actor(), now),
        back=back,
        form_class=RecordedReasonForm if action == "finish" else None,
        notes=_notes(order, action),
    )


def _issue(order: WorkOrder, back: str) -> ResponseReturnValue:
    """Issuing; where the wanted arrival is no longer possible, the first one that is stands in the form (R-W1)."""
    now = clock.now()
    room_id = order.contract.room_id
    early = arrival.why_not(room_id, order.arrives_at, now)
    arrives_at = arrival.suggested(room_id, now) if early else order.arrives_at
    notes = [say(early)] if early and request.method == "GET" else []
    notes += [frozen_words(freeze) for freeze in calendar.coming_freezes(room_id, now)]
    return action_page(
        order,
        "issue",
        lambda form: services.issue(order, actor(), clock.now(), form.arrives_at.moment),
        back=back,
        form_class=IssueForm,
        defaults={"arrives_at": clock.local(arrives_at).replace(tzinfo=None)},
        notes=notes,
    )


def frozen_words(freeze: Freeze) -> str:
    """A freeze in one line, for where a date is picked."""
    when = period(freeze.starts_at, freeze.ends_at)
    return str(_("Freeze %(when)s: nothing is racked in (%(reason)s).", when=when, reason=freeze.reason))


def _notes(order: WorkOrder, action: str) -> list[str]:
    rest = acceptance.tally(order).expected
    if action == "finish":
        return [_("Items that did not come: %(rest)s. They are recorded as missing, and what was held for them is given up.", rest=rest)]
    if action == "replan":
        return [_("Every position, address and port held for this order is given up. The client is told that its allocation changes.")]
    if action == "cancel" and order.state in ON_THE_WAY:
        return [_("The machine room and the client are told. Printed papers of this order are void.")]
    return []


@bp.route("/<id:order_id>/plan", methods=["GET", "POST"])
@allow(Permission.WORK_ORDER_PREPARE)
def plan(order_id: uuid.UUID) -> ResponseReturnValue:
    """A place for each item: proposed by first fit, changed by hand, held all together or not at all (R-W3)."""
    order = queries.get_order(actor(), order_id)
    back = url_for("workorders.show", order_id=order.id)
    if order.state != "issued":
        flash(_("%(number)s is “%(state)s”: there is nothing to plan.", number=order.number, state=state_view(order).label), "rest")
        return redirect(back)
    form = PlanForm()
    expected = [item for item in order.items if item.state == "expected"]
    room = Room(order)
    offers = room.offers()
    chosen = form.places(request.form, expected) if request.method == "POST" else room.propose(expected)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.prepare(order, chosen, actor(), clock.now()),
            then=lambda _r: back,
            said=_("Positions, addresses and ports are held. The client has been told."),
        )
        if done is not None:
            return done
        order = queries.get_order(actor(), order_id)
        expected = [item for item in order.items if item.state == "expected"]
        room = Room(order)
        offers = room.offers()
    return page("workorders/plan.html", form, order=order, expected=expected, offers=offers, chosen=chosen, field_of=services.place_field)


@bp.get("/<id:order_id>/<paper>.pdf")
@allow(Permission.WORK_ORDER_READ)
def paper(order_id: uuid.UUID, paper: str) -> ResponseReturnValue:
    """Work order, acceptance record or allocation sheet (R-W4)."""
    name = paper.replace("-", "_")
    if name not in PAPERS or "_" in paper:
        raise NotFound(paper)
    order = queries.get_order(actor(), order_id)
    return answer_pdf(PAPERS[name](order, settings(), chosen_locale()), f"{order.number}-{paper}")


def _actions(order: WorkOrder, not_in_force: Refusal | None) -> list[ActionView]:
    """The buttons of the record: those of the lifecycle, changing, and the door."""

    def url(key: str) -> str:
        if key == "prepare":
            return url_for("workorders.plan", order_id=order.id)
        return url_for("workorders.act", order_id=order.id, action=key)

    found = offered_actions(order, url, dict.fromkeys(("request", "issue", "prepare"), not_in_force))
    if actor().may(Permission.WORK_ORDER_ISSUE):  # sales issues a draft, it does not send it to itself
        found = [view for view in found if view.url != url("request")]
    if services.may_change(order, actor()):
        found.append(ActionView(_("Change"), url_for("workorders.change", order_id=order.id)))
    if order.state in ("prepared", "partly_accepted") and actor().may(Permission.WORK_ORDER_ACCEPT):
        assert order.possible_from is not None
        why = not_in_force or rules.why_not_expected_yet(order.possible_from, clock.now(), notice())
        label, target = _("Accept items"), url_for("workorders.accept", order_id=order.id)
        found.insert(0, ActionView(label, target, primary=True, enabled=why is None, why_not=say(why) if why else ""))
    return found


def _steps(order: WorkOrder) -> list[tuple[str, str, str]]:
    """Where the order stands on its way."""
    names = [_("Drafted"), _("With sales"), _("Issued"), _("Positions held"), _("Acceptance")]
    at = {"draft": 0, "requested": 1, "issued": 2, "prepared": 3, "partly_accepted": 4, "completed": 5}
    if order.state not in at:
        return []
    # A step is done once the order is past it; "issued" is done as soon as it is issued.
    now_at = at[order.state] + (1 if order.state in ("issued", "prepared") else 0)
    return [(name, "done" if place < now_at else "now" if place == now_at else "later", "") for place, name in enumerate(names)]
