"""The pages on which a work order is written: choosing the contract, typing, pasting or uploading the list, changing it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from portal.calendar import queries as calendar
from portal.contracts import queries as contracts
from portal.contracts.models import Contract
from portal.contracts.rules import why_not_in_force
from portal.emergencies import queries as emergencies
from portal.equipment import queries as equipment
from portal.kernel import clock, ids
from portal.kernel.errors import Refused
from portal.kernel.i18n import _
from portal.kernel.policy import Permission, allow
from portal.kernel.web import actor, id_argument, page, submit
from portal.kernel.words import say
from portal.workorders import arrival, checking, queries, rules, services
from portal.workorders.blueprint import bp
from portal.workorders.forms import OrderForm, listed_lines, typed_lines
from portal.workorders.listing import TypedLine
from portal.workorders.models import WorkOrder
from portal.workorders.services import Draft

BLANK_LINES = 3
MORE_LINES = 5


@bp.route("/draft", methods=["GET", "POST"])
@allow(Permission.WORK_ORDER_DRAFT)
def draft() -> ResponseReturnValue:
    """A new work order. The contract is chosen first; who has one alone goes straight to the form."""
    contract_id = id_argument("contract")
    if contract_id is None:
        text = request.args.get("q", "").strip()[:100]
        found = queries.contracts_to_choose(actor(), clock.today(), text)
        if len(found) == 1 and not text:
            return redirect(url_for("workorders.draft", contract=ids.to_text(found[0].id)))
        return page("workorders/choose.html", found=found, text=text)
    first = arrival.suggested(contracts.get_contract(actor(), contract_id).room_id, clock.now())
    form = OrderForm(data={"arrives_at": clock.local(first).replace(tzinfo=None)})
    return _write(form, contract_id, None, lambda command: services.draft(command, actor(), clock.now()))


@bp.route("/<id:order_id>/change", methods=["GET", "POST"])
@allow(Permission.WORK_ORDER_DRAFT)
def change(order_id: uuid.UUID) -> ResponseReturnValue:
    """A draft, or what sales has on its desk, written anew."""
    order = queries.get_order(actor(), order_id)
    if not services.may_change(order, actor()):
        return redirect(url_for("workorders.show", order_id=order.id))
    form = OrderForm(
        data={
            "arrives_at": clock.local(order.arrives_at).replace(tzinfo=None),
            "bringer_name": order.bringer_name,
            "bringer_phone": order.bringer_phone,
            "note": order.note,
        }
    )
    return _write(form, order.contract_id, order, lambda command: services.change(order, command, actor(), clock.now()))


@bp.get("/models")
@allow(Permission.WORK_ORDER_DRAFT)
def models() -> ResponseReturnValue:
    """The models that a text may mean, for the page's script."""
    text = request.args.get("q", "").strip()[:80]
    return {"models": [model.label for model in equipment.search_models(text, limit=12)] if len(text) > 1 else []}


def _write(form: OrderForm, contract_id: uuid.UUID, order: WorkOrder | None, save: Callable[[Draft], WorkOrder]) -> ResponseReturnValue:
    order_id = order.id if order is not None else None
    number, items = (order.number, listed_lines(order.items)) if order is not None else ("", [])
    contract = contracts.get_contract(actor(), contract_id)
    lines, blanks, done = items, BLANK_LINES, None
    if request.method == "POST":
        lines, more, verb = _edited(form)
        blanks += more
        if verb == "save" and form.validate_on_submit():
            done = _saved(form, contract, lines, order_id, save)
        if done is not None:
            return done
        contract = contracts.get_contract(actor(), contract_id)  # a refusal has put back what was read before it
    verdict = checking.judge(contract, lines, order_id, actor())
    asked = request.method == "POST" and request.form.get("do", "") != "more"
    first = arrival.first_possible(contract.room_id, clock.now())
    return page(
        "workorders/write.html",
        form,
        contract=contract,
        number=number,
        order_id=order_id,
        verdict=verdict,
        blanks=blanks if len(lines) < rules.ITEMS_MOST else 0,
        asked=asked and bool(lines),
        first=first,
        freezes=calendar.coming_freezes(contract.room_id, clock.now()),
        report_overdue=emergencies.why_report_overdue(contract.client_id, clock.now()) if order is None else None,
        not_in_force=why_not_in_force(contract, clock.today()),
        back=url_for("workorders.show", order_id=order_id) if order_id else url_for("workorders.index"),
    )


def _edited(form: OrderForm) -> tuple[list[TypedLine], int, str]:
    """The lines after what a button of the table asks for, how many more empty ones to show, and what else is to be done.

    A pasted or uploaded list goes into the table first, whatever was pressed, so that it is seen before it is saved.
    """
    lines = typed_lines(request.form)
    verb, _sep, rest = request.form.get("do", "save").partition(":")
    try:
        taken = form.taken_lines()
    except Refused as refused:
        form.refuse(refused.refusals)
        return lines, 0, "shown"
    if taken:
        lines += taken
        form.pasted.raw_data, form.pasted.data = None, ""
        return lines, 0, "shown"
    number, _sep, text = rest.partition(":")
    place = int(number) - 1 if number.isdigit() else -1
    if verb == "use" and 0 <= place < len(lines):
        lines[place] = replace(lines[place], model=text)
    if verb == "remove" and 0 <= place < len(lines):
        del lines[place]
    return lines, MORE_LINES if verb == "more" else 0, verb


def _saved(
    form: OrderForm, contract: Contract, lines: list[TypedLine], order_id: uuid.UUID | None, save: Callable[[Draft], WorkOrder]
) -> BaseResponse | None:
    """Carried out if every line is sound; None if not, and then the page shows why."""
    verdict = checking.judge(contract, lines, order_id, actor())
    if not verdict.sound:
        form.form_errors.append(_("Nothing was saved: the list of items has to be corrected first.") if lines else say(rules.NO_ITEMS))
        return None
    command = form.command(contract.id, verdict.lines)
    return submit(
        form,
        lambda: save(command),
        then=lambda saved: url_for("workorders.show", order_id=saved.id),
        said=lambda saved: (
            _("Work order %(number)s is saved as a draft.", number=saved.number)
            if saved.state == "draft"
            else _("Work order %(number)s is changed.", number=saved.number)
        ),
    )
