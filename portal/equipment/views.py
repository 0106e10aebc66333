"""The pages of equipment: list, record, asset tag. The catalogue's are in `catalogue_views`."""

from __future__ import annotations

import uuid

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement

from portal.audit.queries import timeline
from portal.equipment import catalogue_views, finding, queries, services
from portal.equipment.blueprint import bp
from portal.equipment.forms import AssetTagForm
from portal.equipment.lifecycle import EQUIPMENT
from portal.equipment.models import Equipment
from portal.exits import queries as exits
from portal.facility import queries as facility
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, Table, Text
from portal.kernel.web import ActionView, actor, page, state_view, submit
from portal.network import queries as network

BLUEPRINTS = [bp]
PAGES = (catalogue_views,)  # imported for the pages that it adds to the blueprint


def _in_room(value: str) -> ColumnElement[bool]:
    return finding.in_room(uuid.UUID(value))


def place_url(equipment: Equipment) -> str | None:
    """The rack that it stands in, itself marked there."""
    if equipment.rack_id is None:
        return None
    return url_for("facility.rack", rack_id=equipment.rack_id, item=ids.to_text(equipment.id))


_SERIAL: Column[Equipment] = Column(
    "serial", _l("Serial number"), sort=Equipment.serial, code=True, primary=True, sub=lambda e: e.asset_tag
)
_TAG: Column[Equipment] = Column("asset_tag", _l("Asset tag"), hidden=True)
_MODEL: Column[Equipment] = Column("model", _l("Model"), cell=lambda e: e.model.label)
_CLIENT: Column[Equipment] = Column("client", _l("Client"), cell=lambda e: e.client.name)
_REST: tuple[Column[Equipment], ...] = (
    Column("state", _l("State"), cell=state_view),
    Column("place", _l("Place"), cell=queries.place_of, code=True, url=place_url),
    Column("addresses", _l("Addresses"), cell=lambda e: ", ".join(str(hold.address) for hold in e.addresses), code=True),
    Column("ports", _l("Ports"), cell=lambda e: ", ".join(f"{hold.port.switch.name} {hold.port.name}" for hold in e.ports), code=True),
    Column("created_at", _l("In since"), cell=lambda e: clock.today(e.created_at), export=lambda e: e.created_at, sort=Equipment.id),
)
_FILTERS = (
    Text("q", _l("Serial number or asset tag"), where=finding.begins_with, hint=_l("from its beginning")),
    Choice("state", _l("State"), column=Equipment.state, options=lambda: [(s.key, _(s.label)) for s in EQUIPMENT.states.values()]),
    Choice("room", _l("Room"), where=_in_room),
    Text("model", _l("Model"), where=finding.of_model_like),
)


def _url(equipment: Equipment) -> str:
    return url_for("equipment.show", equipment_id=equipment.id)


STAFF_LIST = Table[Equipment](
    "equipment",
    id=Equipment.id,
    default_sort="serial",
    columns=[_SERIAL, _TAG, _MODEL, _CLIENT, *_REST],
    filters=[*_FILTERS, Text("client", _l("Client"), where=finding.of_client_like)],
    row_url=_url,
)
OWN_LIST = Table[Equipment](
    "equipment", id=Equipment.id, default_sort="serial", columns=[_SERIAL, _TAG, _MODEL, *_REST], filters=_FILTERS, row_url=_url
)


@bp.get("/")
@allow(Permission.EQUIPMENT_READ)
def index() -> ResponseReturnValue:
    table = OWN_LIST if actor().is_client else STAFF_LIST
    statement, choices = queries.select_equipment(actor()), {"room": facility.room_choices()}
    if request.args.get("export"):
        format = request.args["export"]
        filters = {f.key: request.args[f.key] for f in table.filters if request.args.get(f.key)}
        with transaction():
            services.record_export(actor(), clock.now(), filters, format)
        return table.export(session(), statement, request.args, format, choices=choices)
    found = table.read(session(), statement, request.args, lambda **kw: url_for("equipment.index", **kw), choices=choices)
    return page("equipment/index.html", found=found)


@bp.get("/<id:equipment_id>")
@allow(Permission.EQUIPMENT_READ)
def show(equipment_id: uuid.UUID) -> ResponseReturnValue:
    equipment = queries.get_equipment(actor(), equipment_id)
    moves = queries.moves_of(equipment.id)
    references = queries.references(equipment.client_id, [move.reference for move in moves])
    held_by = exits.held_by_exit([equipment.id]).get(equipment.id)
    return page(
        "equipment/show.html",
        equipment=equipment,
        state=state_view(equipment),
        place=queries.place_of(equipment),
        place_url=place_url(equipment) if actor().may(Permission.RACK_VIEW) else None,
        addresses=network.addresses_of([equipment.id])[equipment.id],
        ports=network.ports_of([equipment.id])[equipment.id],
        moves=[(move, _(EQUIPMENT.actions[move.kind].told), _reference_url(references.get(move.reference))) for move in moves],
        held_by=held_by if actor().may(Permission.EXIT_READ) else None,
        actions=_actions(equipment, held_by is not None),
        happened=timeline(("equipment", equipment.id)),
    )


@bp.route("/<id:equipment_id>/asset-tag", methods=["GET", "POST"])
@allow(Permission.EQUIPMENT_TAG)
def change_tag(equipment_id: uuid.UUID) -> ResponseReturnValue:
    """The client's own mark; everything else of an item changes by a request alone (R-S5)."""
    equipment = queries.get_equipment(actor(), equipment_id)
    form, back = AssetTagForm(obj=equipment), _url(equipment)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_asset_tag(
                queries.get_equipment(actor(), equipment_id), form.asset_tag.data or "", actor(), clock.now()
            ),
            then=lambda _none: back,
            said=_("Asset tag saved."),
        )
        if done is not None:
            return done
    return page("equipment/change_tag.html", form, equipment=equipment, back=back)


def _reference_url(reference: tuple[str, uuid.UUID] | None) -> str | None:
    """The record that a move stands on, if the reader may open it."""
    if reference is None:
        return None
    kind, id_ = reference
    if kind == "work_order":
        return url_for("workorders.show", order_id=id_) if actor().may(Permission.WORK_ORDER_READ) else None
    return url_for("exits.show", exit_id=id_) if actor().may(Permission.EXIT_READ) else None


def _actions(equipment: Equipment, leaving: bool) -> list[ActionView]:
    """The next steps: taking it out begins with an application, and it is in one application at a time (R-X1, R-X2)."""
    found = []
    if actor().may(Permission.EQUIPMENT_TAG) and equipment.state in queries.IN_BUILDING:
        found.append(ActionView(_("Change asset tag"), url_for("equipment.change_tag", equipment_id=equipment.id)))
    if actor().may(Permission.EXIT_APPLY) and equipment.state == "in_service":
        url = url_for("exits.apply", equipment=ids.to_text(equipment.id))
        why_not = _("It is on an exit application already.") if leaving else ""
        found.append(ActionView(_("Take out"), url, primary=True, enabled=not leaving, why_not=why_not))
    return found
