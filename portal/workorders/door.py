"""The pages at the machine room's door, made for a tablet: scan, look, accept; item by item (R-W2)."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.equipment.rules import normalise_serial
from portal.kernel import clock
from portal.kernel.change import label_of
from portal.kernel.i18n import _
from portal.kernel.policy import Permission, allow
from portal.kernel.web import FASTER, actor, page, state_view, submit
from portal.kernel.words import say
from portal.network import queries as network
from portal.workorders import acceptance, queries, rules
from portal.workorders.blueprint import bp
from portal.workorders.forms import AcceptForm, ExtraForm, RecordedReasonForm
from portal.workorders.models import WorkOrder, WorkOrderItem
from portal.workorders.notice import notice


@bp.get("/<id:order_id>/accept")
@allow(Permission.WORK_ORDER_ACCEPT)
def accept(order_id: uuid.UUID) -> ResponseReturnValue:
    """What is expected and what was settled. A scanned serial number leads to its item; one that is not listed is to be refused."""
    order = queries.get_order(actor(), order_id)
    if order.state not in acceptance.EXTRAS_IN:
        return redirect(url_for("workorders.show", order_id=order.id))
    scanned = normalise_serial(request.args.get("serial", ""))[:60]
    unlisted = ""
    if scanned:
        item = next((one for one in order.items if one.serial == scanned), None)
        if item is not None and item.state == "expected":
            return redirect(url_for("workorders.accept_item", order_id=order.id, item_id=item.id, serial=scanned))
        if item is not None:
            flash(say(FASTER(subject=item.serial, state=state_view(item).label)), "wait")
            return redirect(url_for("workorders.accept", order_id=order.id))
        unlisted = scanned
    assert order.possible_from is not None
    return page(
        "workorders/accept.html",
        order=order,
        state=state_view(order),
        tally=acceptance.tally(order),
        states={item.id: state_view(item) for item in order.items},
        places={item.id: queries.place_of(item) for item in order.items},
        extras=queries.extras_of(order),
        unlisted=unlisted,
        early=rules.why_not_expected_yet(order.possible_from, clock.now(), notice()),
    )


@bp.route("/<id:order_id>/accept/<id:item_id>", methods=["GET", "POST"])
@allow(Permission.WORK_ORDER_ACCEPT)
def accept_item(order_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
    """One item: packaging off, model and serial number as listed, accepted into its place (R-W2, R-W3)."""
    order, item = _load(order_id, item_id)
    if item.state != "expected":
        return _settled(order, item)
    form = AcceptForm(data={"serial": normalise_serial(request.args.get("serial", ""))[:60]})
    if form.validate_on_submit():
        place, serial = queries.place_of(item), item.serial
        done = submit(
            form,
            lambda: acceptance.accept(order, item_id, form.seen(), actor(), clock.now()),
            then=lambda after: url_for("workorders.show" if after.state == "completed" else "workorders.accept", order_id=after.id),
            said=lambda after: _said(serial, place, after),
        )
        if done is not None:
            return done
        order, item = _load(order_id, item_id)
        if item.state != "expected":
            return _settled(order, item)
    held = network.addresses_of([item.id])[item.id], network.ports_of([item.id])[item.id]
    scanned = bool(request.args.get("serial")) and normalise_serial(form.serial.data or "") == item.serial
    return page(
        "workorders/accept_item.html",
        form,
        order=order,
        item=item,
        place=queries.place_of(item),
        addresses=held[0],
        ports=held[1],
        scanned=scanned,
        tally=acceptance.tally(order),
    )


@bp.route("/<id:order_id>/accept/<id:item_id>/refuse", methods=["GET", "POST"])
@allow(Permission.WORK_ORDER_ACCEPT)
def refuse_item(order_id: uuid.UUID, item_id: uuid.UUID) -> ResponseReturnValue:
    """One item that is not taken in, and why (R-W2)."""
    order, item = _load(order_id, item_id)
    if item.state != "expected":
        return _settled(order, item)
    form, serial = RecordedReasonForm(), item.serial
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: acceptance.refuse(order, item_id, form.reason.data or "", actor(), clock.now()),
            then=lambda after: url_for("workorders.show" if after.state == "completed" else "workorders.accept", order_id=after.id),
            said=_("%(serial)s was refused. The client is told.", serial=serial),
        )
        if done is not None:
            return done
        order, item = _load(order_id, item_id)
    return page("workorders/refuse_item.html", form, order=order, item=item)


@bp.route("/<id:order_id>/extra", methods=["GET", "POST"])
@allow(Permission.WORK_ORDER_ACCEPT)
def extra(order_id: uuid.UUID) -> ResponseReturnValue:
    """Something that came and is not on the list: refused, and on record (R-W2)."""
    order = queries.get_order(actor(), order_id)
    back = url_for("workorders.accept", order_id=order.id)
    if order.state not in acceptance.EXTRAS_IN:
        return redirect(url_for("workorders.show", order_id=order.id))
    form = ExtraForm(data={"serial": normalise_serial(request.args.get("serial", ""))[:60]})
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: acceptance.record_extra(order, (form.description.data or "").strip(), form.serial.data or "", actor(), clock.now()),
            then=lambda _r: back,
            said=_("Recorded as refused: it was not on the work order."),
        )
        if done is not None:
            return done
        order = queries.get_order(actor(), order_id)
    return page("workorders/extra.html", form, order=order, back=back)


def _load(order_id: uuid.UUID, item_id: uuid.UUID) -> tuple[WorkOrder, WorkOrderItem]:
    order = queries.get_order(actor(), order_id)
    return order, queries.item_of(order, item_id)


def _settled(order: WorkOrder, item: WorkOrderItem) -> ResponseReturnValue:
    flash(say(FASTER(subject=label_of(item), state=state_view(item).label)), "wait")
    return redirect(url_for("workorders.accept" if order.state in acceptance.EXTRAS_IN else "workorders.show", order_id=order.id))


def _said(serial: str, place: str, order: WorkOrder) -> str:
    """What the next page says: where the item goes, and how many are still to come."""
    if order.state == "completed":
        return str(_("%(serial)s goes to %(place)s. That was the last one: the work order is completed.", serial=serial, place=place))
    return str(_("%(serial)s is accepted and goes to %(place)s.", serial=serial, place=place))
