"""The pages of switches and their ports."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.facility import queries as facility
from portal.facility.models import Rack, Room
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, Table, Text
from portal.kernel.web import actor, page, submit
from portal.network import history, services, shown, strips
from portal.network.blueprint import bp, tabs
from portal.network.forms import PortForm, PortsForm, SwitchChangeForm, SwitchForm
from portal.network.models import Switch

Row = Any  # a database row of `history.select_switches`

SWITCHES = Table[Row](
    "switches",
    id=Switch.id,
    default_sort="name",
    columns=[
        Column("name", _l("Switch"), cell=lambda r: r.Switch.name, sort=Switch.name, code=True, primary=True, sub=lambda r: r.Switch.model),
        Column("model", _l("Model"), cell=lambda r: r.Switch.model, hidden=True),
        Column("room", _l("Room"), cell=lambda r: r.Switch.room.code, sort=Room.code),
        Column("rack", _l("Rack"), cell=lambda r: r.Switch.rack.code if r.Switch.rack else None, sort=Rack.code, code=True),
        Column("ports", _l("Ports"), num=True),
        Column("taken", _l("Held"), num=True),
        Column("free", _l("Free"), cell=lambda r: r.ports - r.taken - r.out_of_use, num=True),
        Column("out_of_use", _l("Out of use"), num=True),
    ],
    filters=[
        Text("q", _l("Switch or model"), columns=[Switch.name, Switch.model]),
        Choice("room", _l("Room"), where=lambda v: Switch.room_id == ids.from_text(v)),
    ],
    row_url=lambda r: url_for("network.switch", switch_id=r.Switch.id),
)


@bp.get("/switches")
@allow(Permission.NETWORK_READ)
def switches() -> ResponseReturnValue:
    statement = history.select_switches(actor())
    choices = {"room": _rooms()}
    if request.args.get("export"):
        return SWITCHES.export(session(), statement, request.args, request.args["export"], choices=choices)
    found = SWITCHES.read(session(), statement, request.args, lambda **kw: url_for("network.switches", **kw), choices=choices)
    return page("network/switches.html", found=found, tabs=tabs())


@bp.route("/switches/add", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def add_switch() -> ResponseReturnValue:
    form = SwitchForm()
    form.offer(_rooms())
    if form.validate_on_submit():
        racks = facility.racks_of_room(ids.from_text(form.room.data))
        done = submit(
            form,
            lambda: services.add_switch(form.command(racks), actor(), clock.now()),
            then=lambda made: url_for("network.switch", switch_id=made.id),
            said=lambda made: _("The switch %(name)s was added. Its ports can be given out.", name=made.name),
        )
        if done is not None:
            return done
    return page("network/form.html", form, title=_("Add a switch"), back=url_for("network.switches"), label=_("Add the switch"))


@bp.get("/switches/<id:switch_id>")
@allow(Permission.NETWORK_READ)
def switch(switch_id: uuid.UUID) -> ResponseReturnValue:
    found = history.get_switch(actor(), switch_id)
    lines = [(line, shown.port_state(line.port, line.holder)) for line in history.port_lines(found)]
    counts = {key: sum(state.key == key for _line, state in lines) for key in ("held", "planned", "free", "out")}
    return page(
        "network/switch.html",
        switch=found,
        lines=lines,
        counts=counts,
        places=list(zip(lines, strips.front(len(lines)), strict=True)),
        holder_url=shown.holder_url,
        holder_sub=shown.holder_sub,
        client_url=shown.client_url,
        happened=timeline(("switch", found.id)),
    )


@bp.route("/switches/<id:switch_id>/change", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def change_switch(switch_id: uuid.UUID) -> ResponseReturnValue:
    found = history.get_switch(actor(), switch_id)
    rack = ids.to_text(found.rack_id) if found.rack_id else ""
    form = SwitchChangeForm(data={"name": found.name, "model": found.model, "rack": rack})
    form.offer(facility.racks_of_room(found.room_id))
    back = url_for("network.switch", switch_id=found.id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_switch(form.command(switch_id), actor(), clock.now()),
            then=lambda _r: back,
            said=_("The switch was changed."),
        )
        if done is not None:
            return done
    return page("network/form.html", form, title=_("Change the switch"), code=found.name, back=back, label=_("Save the changes"))


@bp.route("/switches/<id:switch_id>/ports", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def add_ports(switch_id: uuid.UUID) -> ResponseReturnValue:
    found = history.get_switch(actor(), switch_id)
    form = PortsForm()
    back = url_for("network.switch", switch_id=found.id)
    if form.validate_on_submit():
        command = form.command(switch_id)
        if isinstance(command, Refusal):
            form.refuse([command.on("ports")])
        else:
            done = submit(
                form,
                lambda: services.add_ports(command, actor(), clock.now()),
                then=lambda _r: back,
                said=lambda added: _("%(number)s ports were added.", number=len(added)),
            )
            if done is not None:
                return done
    return page("network/form.html", form, title=_("Add ports"), code=found.name, back=back, label=_("Add the ports"))


@bp.route("/ports/<id:port_id>", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def port(port_id: uuid.UUID) -> ResponseReturnValue:
    found = history.get_port(actor(), port_id)
    code = f"{found.switch.name} {found.name}"  # before a refusal rolls back what was loaded
    form = PortForm(data={"out_of_use": found.out_of_use, "speed_mbps": found.speed_mbps})
    back = url_for("network.switch", switch_id=found.switch_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_port(form.command(port_id), actor(), clock.now()),
            then=lambda _r: back,
            said=_("The port was changed."),
        )
        if done is not None:
            return done
    return page("network/form.html", form, title=_("Change the port"), code=code, back=back, label=_("Save the changes"))


def _rooms() -> list[tuple[str, str]]:
    return [(ids.to_text(room.id), room.code) for room in facility.rooms()]
