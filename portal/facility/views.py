"""The pages of rooms and racks. What people change about them is in `changing`."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.audit.queries import timeline
from portal.facility import changing, contents, plan, queries, rules
from portal.facility.blueprint import bp
from portal.facility.elevation import Block, Words, draw_face
from portal.facility.forms import FreeSpaceForm
from portal.facility.models import Rack, Room, Site
from portal.kernel.db import session
from portal.kernel.formats import number, watts
from portal.kernel.i18n import _, _l, ngettext
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Column, Table
from portal.kernel.web import actor, id_argument, local_name, page

BLUEPRINTS = [bp]
PAGES = (changing,)  # imported for the pages that it adds to the blueprint

RACKS_A_PAGE = 6

ROOMS = Table[Any](
    "rooms",
    id=Room.id,
    default_sort="code",
    columns=[
        Column("code", _l("Room"), cell=lambda r: r.Room.code, sort=Room.code, code=True, primary=True, sub=lambda r: local_name(r.Room)),
        Column("site", _l("Site"), cell=lambda r: local_name(r.Room.site), sort=Site.code),
        Column("racks", _l("Racks"), cell=lambda r: r.racks, num=True),
        Column("units", _l("Units held"), cell=lambda r: _of(r.held_units, r.units, "U"), num=True, export=lambda r: r.held_units),
        Column("power", _l("Power held"), cell=lambda r: _of(r.held_w, r.power_w, "W"), num=True, export=lambda r: r.held_w),
    ],
    row_url=lambda r: url_for("facility.room", room_id=r.Room.id),
    per_page=50,
)

RACKS = Table[Any](
    "racks",
    id=Rack.id,
    default_sort="code",
    columns=[
        Column("code", _l("Rack"), cell=lambda r: r.Rack.code, sort=Rack.code, code=True, primary=True),
        Column("row", _l("Row"), cell=lambda r: r.Rack.row),
        Column("units", _l("Units held"), cell=lambda r: _of(r.held_units, r.Rack.units, "U"), num=True, export=lambda r: r.held_units),
        Column("all_units", _l("Units"), cell=lambda r: r.Rack.units, hidden=True),
        Column("power", _l("Power held"), cell=lambda r: _of(r.held_w, r.Rack.power_w, "W"), num=True, export=lambda r: r.held_w),
        Column("limit", _l("Power limit"), cell=lambda r: r.Rack.power_w, hidden=True),
        Column("granted", _l("Granted to"), cell=lambda r: r.number, code=True, sub=lambda r: r.client),
    ],
    row_url=lambda r: url_for("facility.rack", rack_id=r.Rack.id),
    per_page=100,
)


@bp.get("/rooms")
@allow(Permission.FACILITY_READ)
def rooms() -> ResponseReturnValue:
    statement = queries.select_rooms_with_load()
    if request.args.get("export"):
        return ROOMS.export(session(), statement, request.args, request.args["export"])
    found = ROOMS.read(session(), statement, request.args, lambda **kw: url_for("facility.rooms", **kw))
    return page("facility/rooms.html", found=found, sites=queries.sites() if actor().may(Permission.FACILITY_WRITE) else [])


@bp.get("/rooms/<id:room_id>")
@allow(Permission.FACILITY_READ)
def room(room_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_room(room_id)
    statement = queries.select_racks_with_load(room_id)
    if request.args.get("export"):
        return RACKS.export(session(), statement, request.args, request.args["export"])
    table = RACKS.read(session(), statement, request.args, lambda **kw: url_for("facility.room", room_id=room_id, **kw))
    racks = queries.racks_of_room(room_id)
    loads = queries.loads_of([rack.id for rack in racks])
    return page(
        "facility/room.html",
        room=found,
        table=table,
        rows=_plan(racks, loads),
        figures=_room_figures(racks, loads, queries.granted_contracts([rack.id for rack in racks])),
        happened=timeline(("room", found.id)),
    )


@bp.get("/racks/<id:rack_id>")
@allow(Permission.RACK_VIEW, Permission.FACILITY_READ)
def rack(rack_id: uuid.UUID) -> ResponseReturnValue:
    """One rack, front and rear. `item` in the query marks the equipment that the reader came for."""
    found = queries.get_rack(actor(), rack_id)
    item = id_argument("item")
    blocks = contents.contents_of(actor(), [found], record_url, {item} if item else ())[found.id]
    load = queries.loads_of([found.id])[found.id]
    granted = queries.granted_contracts([found.id]).get(found.id)
    staff = not actor().is_client
    return page(
        "facility/rack.html",
        rack=found,
        drawing=draw(found, blocks, "rack"),
        blocks=blocks,
        facts=rack_facts(found, blocks, load),
        granted=granted if staff or (granted is not None and granted.client_id == actor().client_id) else None,
        reservations=contents.reservations(found.id) if actor().may(Permission.UNITS_RESERVE) else [],
        happened=timeline(("rack", found.id)) if staff else [],
    )


@bp.get("/my-racks")
@allow(Permission.RACK_VIEW)
def my_racks() -> ResponseReturnValue:
    """The racks that hold something of the client's or are granted to it. Staff find all of them by room."""
    after = request.args.get("after", "")
    racks = queries.racks_after(actor(), after, RACKS_A_PAGE + 1)
    shown = racks[:RACKS_A_PAGE]
    blocks = contents.contents_of(actor(), shown, record_url)
    loads = queries.loads_of([rack.id for rack in shown])
    return page(
        "facility/my_racks.html",
        racks=[
            (rack, draw(rack, blocks[rack.id], f"r{index}"), rack_facts(rack, blocks[rack.id], loads[rack.id]))
            for index, rack in enumerate(shown)
        ],
        next_url=url_for("facility.my_racks", after=shown[-1].code) if len(racks) > RACKS_A_PAGE else "",
        first_url=url_for("facility.my_racks") if after else "",
    )


@bp.get("/free-space")
@allow(Permission.FACILITY_READ)
def free_space() -> ResponseReturnValue:
    """Where so many units together and so many W are left: the first fit in each rack."""
    form = FreeSpaceForm(request.args) if request.args else FreeSpaceForm()
    form.offer(queries.room_choices())
    slots = None
    if request.args and form.validate():
        height, power = form.height.data or 0, form.power.data or 0
        room_id = uuid.UUID(form.room.data)
        slots = queries.free_space(room_id, height, form.full_depth.data, power, None, None, limit=100)
    found = [
        (slot, rules.place_label(slot.rack.code, slot.unit, form.height.data or 0), _(rules.FACE_LABELS[slot.face])) for slot in slots or ()
    ]
    return page("facility/free_space.html", form, found=found, searched=slots is not None)


def record_url(kind: str, id_: uuid.UUID) -> str:
    """The page of what stands in a rack."""
    if kind == "equipment":
        return url_for("equipment.show", equipment_id=id_)
    return url_for("workorders.show", order_id=id_)


def draw(rack: Rack, blocks: list[Block], key: str) -> list[tuple[str, str, Markup]]:
    """Both faces of a rack: (face, its name, its drawing), the front first."""
    drawn = []
    for face in (rules.FRONT, rules.REAR):
        name = _(rules.FACE_LABELS[face])
        held = {unit for block in blocks if block.on(face) for unit in range(block.unit, block.top + 1)}
        words = Words(
            title=_("Rack %(rack)s, %(face)s", rack=rack.code, face=name),
            description=_(
                "%(held)s of %(units)s units are held: %(ranges)s. The table beneath tells by what.",
                held=len(held), units=rack.units, ranges=rules.range_text(held) or "—",
            ),
            free=_("%(count)s U free"),
        )  # fmt: skip
        drawn.append((face, name, Markup(draw_face(rack.units, blocks, face, words, f"{key}-{face}"))))  # noqa: S704  (escaped there)
    return drawn


def rack_facts(rack: Rack, blocks: list[Block], load: queries.Load) -> dict[str, Any]:
    """Figures of a rack. Clients are told what their own equipment draws; of a shared rack no more than that."""
    held_w = sum(block.power_w for block in blocks) if actor().is_client else load.power_w
    power_share = held_w / rack.power_w if rack.power_w else 0
    return {
        "units": _of(load.units, rack.units, "U"),
        "units_share": load.units / rack.units,
        "power": _of(held_w, rack.power_w, "W"),
        "power_share": power_share,
        "power_tone": plan.alarm(power_share),
    }


def _of(held: int, whole: int, unit: str) -> str:
    return f"{number(held)} / {number(whole)} {unit}"


def _plan(racks: list[Rack], loads: dict[uuid.UUID, queries.Load]) -> list[tuple[str, list[tuple[Rack, Markup, str, str]]]]:
    """The racks by row, each with its small drawing and its figures in words."""
    held: dict[uuid.UUID, set[int]] = defaultdict(set)
    for rack_id, unit in queries.held_numbers([rack.id for rack in racks]):
        held[rack_id].add(unit)
    rows: dict[str, list[tuple[Rack, Markup, str, str]]] = defaultdict(list)
    for rack in racks:
        load = loads[rack.id]
        units, power = _of(load.units, rack.units, "U"), _of(load.power_w, rack.power_w, "W")
        tile = plan.Tile(
            units=rack.units,
            held=list(rules.runs(held[rack.id])),
            fullness=load.units / rack.units,
            power=load.power_w / rack.power_w if rack.power_w else 0,
            title=f"{rack.code}: {units}, {power}",
        )
        rows[rack.row].append((rack, Markup(plan.draw_tile(tile)), units, power))  # noqa: S704  (escaped there)
    return sorted(rows.items())


def _room_figures(
    racks: list[Rack], loads: dict[uuid.UUID, queries.Load], granted: dict[uuid.UUID, Any]
) -> list[tuple[str, str, str, str, str]]:
    units, power = sum(rack.units for rack in racks), sum(rack.power_w for rack in racks)
    held, drawn = sum(load.units for load in loads.values()), sum(load.power_w for load in loads.values())
    tight = sum(plan.alarm(loads[rack.id].power_w / rack.power_w) != "ok" for rack in racks if rack.power_w)
    return [
        (_("Racks"), number(len(racks)), ngettext("%(num)s granted whole", "%(num)s granted whole", len(granted)), "", ""),
        (_("Units free"), number(units - held), _("of %(whole)s U", whole=number(units)), "", ""),
        (_("Power left"), watts(power - drawn), _("of %(whole)s", whole=watts(power)), "", ""),
        (
            _("Racks near their power limit"),
            number(tight),
            _("%(share)s%% and more", share=80) if tight else "",
            "",
            "wait" if tight else "",
        ),
    ]
