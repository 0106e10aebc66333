"""The pages of contracts."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.clients import queries as clients
from portal.contracts import queries, rules, services
from portal.contracts.forms import DocumentForm, DraftForm, RenewForm, TermsForm, present_terms
from portal.contracts.lifecycle import CONTRACT
from portal.contracts.models import Contract
from portal.facility import queries as facility
from portal.facility.models import Rack, Room
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.formats import number, watts
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Actor, Permission, allow
from portal.kernel.tables import Choice, Column, DateRange, Switch, Table, Text
from portal.kernel.web import ActionView, action_page, actor, id_argument, local_name, offered_actions, page, state_view, submit

P = Permission

bp = Blueprint("contracts", __name__, url_prefix="/contracts")
BLUEPRINTS = [bp]

CONTRACTS = Table[Contract](
    "contracts",
    id=Contract.id,
    default_sort="-number",
    columns=[
        Column("number", _l("Number"), sort=Contract.id, code=True, primary=True),
        Column("state", _l("State"), cell=state_view),
        Column("client", _l("Client"), cell=lambda c: c.client.name, url=lambda c: url_for("clients.show", client_id=c.client_id)),
        Column("room", _l("Room"), cell=lambda c: c.room.code, sub=lambda c: local_name(c.room.site), code=True),
        Column("starts_on", _l("First day"), sort=Contract.starts_on),
        Column("ends_on", _l("Last day"), sort=Contract.ends_on),
        Column("units_granted", _l("Rack units"), num=True),
        Column("power_w", _l("Power (W)"), num=True),
        Column("bandwidth_mbps", _l("Bandwidth (Mbit/s)"), num=True, hidden=True),
    ],
    filters=[
        Text("q", _l("Search"), where=queries.contract_like, hint=_l("Number or client")),
        Choice("state", _l("State"), options=lambda: [(s.key, _(s.label)) for s in CONTRACT.states.values()], column=Contract.state),
        Choice("room", _l("Room"), options=lambda: [(r.code, r.code) for r in facility.rooms()], column=Room.code),
        DateRange("ends", _l("Last day"), column=Contract.ends_on),
        Switch("soon", _l("Ends within 60 days"), where=queries.ends_soon),
    ],
    for_staff=("client",),
    row_url=lambda c: url_for("contracts.show", contract_id=c.id),
    tone=lambda c: {"ending": "wait", "suspended": "stop"}.get(c.state, ""),
)


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a grant is used. `limit` None: no ceiling."""

    label: str
    used: int
    limit: int | None
    text: str


@bp.get("/")
@allow(P.CONTRACT_READ)
def index() -> ResponseReturnValue:
    statement = queries.select_contracts(actor())
    if request.args.get("export"):
        return CONTRACTS.export(session(), statement, request.args, request.args["export"])
    found = CONTRACTS.read(session(), statement, request.args, lambda **kw: url_for("contracts.index", **kw))
    return page("contracts/index.html", found=found)


@bp.route("/draft", methods=["GET", "POST"])
@allow(P.CONTRACT_WRITE)
def draft() -> ResponseReturnValue:
    """A new draft. Client and room are chosen first, since they decide which racks can be granted; `renews` names an earlier contract."""
    g.place = "contracts.index"
    renews_id = id_argument("renews")
    earlier = queries.get_contract(actor(), renews_id) if renews_id else None
    client_id = earlier.client_id if earlier else id_argument("client")
    room_id = id_argument("room") or (earlier.room_id if earlier else None)
    if client_id is None or room_id is None:
        chosen = ids.to_text(client_id) if client_id else ""
        rooms = [(ids.to_text(room.id), f"{room.code} ({local_name(room.site)})") for room in facility.rooms()]
        return page("contracts/choose.html", choice=clients.client_choices(actor(), request.args), rooms=rooms, chosen=chosen)
    client, room = clients.get_client(actor(), client_id), facility.get_room(room_id)
    start = max(clock.today(), earlier.ends_on + timedelta(days=1)) if earlier else clock.today()
    begun: dict[str, Any] = present_terms(earlier, ()) if earlier else {}
    form = DraftForm(data=begun | {"starts_on": start, "ends_on": _year_after(start)})
    form.offer(queries.rack_choices(room.id, client.id, None))
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: _draft(form, client.id, room.id, renews_id),
            then=lambda contract: url_for("contracts.show", contract_id=contract.id),
            said=lambda contract: _("Draft %(number)s is saved.", number=contract.number),
        )
        if done is not None:
            return done
    return page("contracts/draft.html", form, client=client, room=room, earlier=earlier, back=url_for("contracts.index"))


@bp.get("/<id:contract_id>")
@allow(P.CONTRACT_READ)
def show(contract_id: uuid.UUID) -> ResponseReturnValue:
    contract, who = _contract(contract_id), actor()
    racks = queries.racks_granted(contract.id)
    live = contract.state in queries.LIVE
    open_ends = queries.open_ends(contract) if contract.state == "ending" else []
    blocked: dict[str, Refusal | None] = {"close": rules.STILL_OPEN(count=len(open_ends)) if open_ends else None}
    why_not = rules.why_not_in_force(contract, clock.today()) if contract.state in ("in_force", "suspended") else None
    return page(
        "contracts/show.html",
        contract=contract,
        state=state_view(contract),
        actions=[*_own_actions(contract), *offered_actions(contract, lambda key: _act_url(contract, key), blocked)],
        racks=racks,
        meters=_meters(contract, racks) if live else [],
        open_ends=[(_(rules.OPEN_LABELS[end.kind]), end) for end in open_ends],
        why_not=why_not,
        days_left=(contract.ends_on - clock.today()).days,
        announced=max(rules.ANNOUNCED_DAYS),
        documents=queries.documents_of(contract) if who.may(P.CONTRACT_DOCUMENT_READ) else [],
        sales=clients.name_of_user(contract.sales_id),
        earlier=queries.get_contract(who, contract.renews_id) if contract.renews_id else None,
        happened=timeline(("contract", contract.id), hidden=_hidden(who)),
    )


@bp.route("/<id:contract_id>/draft", methods=["GET", "POST"])
@allow(P.CONTRACT_WRITE)
def change_draft(contract_id: uuid.UUID) -> ResponseReturnValue:
    """Changes a draft; whose it is and its room stay."""
    contract = _contract(contract_id)
    racks = [rack.id for rack in queries.racks_granted(contract.id)]
    form = DraftForm(data=present_terms(contract, racks) | {"starts_on": contract.starts_on, "ends_on": contract.ends_on})
    del form.document
    form.offer(queries.rack_choices(contract.room_id, contract.client_id, contract.id))
    client_id, room_id = contract.client_id, contract.room_id
    return _terms_page(
        contract, form, _("Change draft"), lambda: services.change_draft(contract, form.command(client_id, room_id), actor(), clock.now())
    )


@bp.route("/<id:contract_id>/terms", methods=["GET", "POST"])
@allow(P.CONTRACT_WRITE)
def change_terms(contract_id: uuid.UUID) -> ResponseReturnValue:
    """Changes what a signed contract grants, for a reason that stays on record."""
    contract = _contract(contract_id)
    racks = [rack.id for rack in queries.racks_granted(contract.id)]
    form = TermsForm(data=present_terms(contract, racks))
    form.offer(queries.rack_choices(contract.room_id, contract.client_id, contract.id))
    return _terms_page(
        contract,
        form,
        _("Change terms"),
        lambda: services.change_terms(contract, form.command(), form.reason.data or "", actor(), clock.now()),
    )


@bp.route("/<id:contract_id>/renew", methods=["GET", "POST"])
@allow(P.CONTRACT_WRITE)
def renew(contract_id: uuid.UUID) -> ResponseReturnValue:
    contract = _contract(contract_id)
    back = url_for("contracts.show", contract_id=contract.id)
    form = RenewForm(data={"ends_on": _year_after(contract.ends_on + timedelta(days=1))})
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.renew_contract(contract, form.ends_on.data or date.min, form.note.data or "", actor(), clock.now()),
            then=lambda _none: back,
            said=_("Contract %(number)s is renewed.", number=contract.number),
        )
        if done is not None:
            return done
    return page("contracts/renew.html", form, contract=contract, back=back)


@bp.route("/<id:contract_id>/documents/add", methods=["GET", "POST"])
@allow(P.CONTRACT_WRITE)
def add_document(contract_id: uuid.UUID) -> ResponseReturnValue:
    contract = _contract(contract_id)
    back = url_for("contracts.show", contract_id=contract.id)
    form = DocumentForm()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_document(contract, form.document.data, form.title.data or "", actor(), clock.now()),
            then=lambda _document: back,
            said=_("The document is added."),
        )
        if done is not None:
            return done
    return page("contracts/add_document.html", form, contract=contract, back=back)


@bp.route("/<id:contract_id>/<action>", methods=["GET", "POST"])
@allow(P.CONTRACT_WRITE, P.CONTRACT_SUSPEND)
def act(contract_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """The page of one action of the lifecycle."""
    contract, now = _contract(contract_id), clock.now()
    back = url_for("contracts.show", contract_id=contract.id)
    plain: dict[str, Callable[..., None]] = {"sign": services.sign_contract, "close": services.close_contract}
    with_reason: dict[str, Callable[..., None]] = {
        "cancel": services.cancel_contract,
        "suspend": services.suspend_contract,
        "resume": services.resume_contract,
        "end": services.end_contract,
    }
    notes = {
        "sign": _("From its first day on, the client can apply for badges and draft work orders under it. Its users are told."),
        "cancel": _("The draft is given up, and the racks kept for it are free again."),
        "suspend": _("From this moment its badges do not open the gate, and no equipment is taken in. The client is told."),
        "end": _("From this moment its badges do not open the gate, and equipment only leaves. The client is told."),
        "close": _("Everything must be settled: equipment out, badges back, addresses released."),
    }
    told = [notes[action]] if action in notes else []
    if action in plain:
        return action_page(contract, action, lambda _form: plain[action](contract, actor(), now), back=back, notes=told)
    if action in with_reason:
        return action_page(
            contract, action, lambda form: with_reason[action](contract, form.reason.data, actor(), now), back=back, notes=told
        )
    raise NotFound(action)


def _hidden(who: Actor) -> set[str]:
    """Details of the timeline that are not for this reader: staff's notes, and what papers there are (R-S2)."""
    return ({"note"} if who.is_client else set()) | (set() if who.may(P.CONTRACT_DOCUMENT_READ) else {"title", "file"})


def _contract(contract_id: uuid.UUID) -> Contract:
    g.place = "contracts.index"
    return queries.get_contract(actor(), contract_id)


def _act_url(contract: Contract, key: str) -> str:
    return url_for("contracts.act", contract_id=contract.id, action=key)


def _draft(form: DraftForm, client_id: uuid.UUID, room_id: uuid.UUID, renews_id: uuid.UUID | None) -> Contract:
    now = clock.now()
    contract = services.draft_contract(form.command(client_id, room_id, renews_id), actor(), now)
    if form.document.data is not None:
        services.add_document(contract, form.document.data, "", actor(), now)
    return contract


def _terms_page(contract: Contract, form: DraftForm | TermsForm, title: str, work: Callable[[], None]) -> ResponseReturnValue:
    back = url_for("contracts.show", contract_id=contract.id)
    if form.validate_on_submit():
        done = submit(form, work, then=lambda _none: back, said=_("The terms of %(number)s are saved.", number=contract.number))
        if done is not None:
            return done
    return page("contracts/terms.html", form, contract=contract, title=title, back=back)


def _own_actions(contract: Contract) -> list[ActionView]:
    """What can be done beside the lifecycle's own actions."""
    if not actor().may(P.CONTRACT_WRITE):
        return []
    found = []
    if contract.state == "draft":
        found.append(ActionView(_("Change draft"), url_for("contracts.change_draft", contract_id=contract.id)))
    if contract.state in ("in_force", "suspended"):
        found.append(ActionView(_("Change terms"), url_for("contracts.change_terms", contract_id=contract.id)))
    if contract.state in queries.LIVE:
        soon = contract.state == "in_force" and contract.ends_on <= clock.today() + queries.EXPIRING
        found.append(ActionView(_("Renew"), url_for("contracts.renew", contract_id=contract.id), primary=soon))
    if contract.state in ("ending", "closed"):
        found.append(ActionView(_("Draft a follow-up contract"), url_for("contracts.draft", renews=ids.to_text(contract.id))))
    return found


def _meters(contract: Contract, racks: list[Rack]) -> list[Meter]:
    used = queries.usage(contract.id, {rack.id for rack in racks})
    whole = sum(rack.units for rack in racks)
    found = []
    if contract.units_granted or used.units:
        found.append(_meter(_("Rack units"), used.units, contract.units_granted, "U"))
    if whole:
        found.append(_meter(_("Units in whole racks"), used.units_in_racks, whole, "U"))
    power = _("%(used)s of %(limit)s", used=watts(used.power_w), limit=watts(contract.power_w))
    found.append(Meter(_("Power"), used.power_w, contract.power_w, power))
    found.append(_meter(_("IP addresses"), used.addresses, contract.ips_total))
    found.append(_meter(_("Network ports"), used.ports, contract.ports_total))
    return found


def _meter(label: str, used: int, limit: int | None, unit: str = "") -> Meter:
    unit = f" {unit}" if unit else ""
    if limit is None:
        return Meter(label, used, None, _("%(used)s, no ceiling", used=number(used) + unit))
    return Meter(label, used, limit, _("%(used)s of %(limit)s", used=number(used), limit=number(limit) + unit))


def _year_after(start: date) -> date:
    """The last day of a year that begins on `start`."""
    try:
        return start.replace(year=start.year + 1) - timedelta(days=1)
    except ValueError:  # 29 February
        return start.replace(year=start.year + 1, day=28)
