"""The pages of prefixes and addresses. Those of switches are in `switch_views`, those of imports in `import_views`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.queries import timeline
from portal.facility import queries as facility
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.forms import Form
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, Switch, Table, Text
from portal.kernel.web import actor, local_name, page, submit
from portal.network import history, import_views, queries, services, shown, strips, switch_views
from portal.network.blueprint import bp, tabs
from portal.network.filters import Period, held_in, prefix_matching
from portal.network.forms import PrefixChangeForm, PrefixForm, ReservationForm
from portal.network.history import holder_of
from portal.network.models import AddressHold, Prefix
from portal.network.queries import Use, use_from
from portal.network.rules import IPAddress, counted, read_span

BLUEPRINTS = [bp]
PARTS = (switch_views, import_views)  # imported so that their endpoints are there

Row = Any  # a database row of the selects in `history` and `queries`


def _use(row: Row) -> Use:
    return use_from(row.Prefix, row)


def room_options() -> list[tuple[str, str]]:
    """Every room as (id as in URLs, code)."""
    return [(ids.to_text(room.id), room.code) for room in facility.rooms()]


PREFIXES = Table[Row](
    "prefixes",
    id=Prefix.id,
    default_sort="prefix",
    columns=[
        Column(
            "prefix", _l("Prefix"), cell=lambda r: r.Prefix.cidr, sort=Prefix.first, code=True, primary=True, sub=lambda r: r.Prefix.name,
            export=lambda r: r.Prefix.cidr,
        ),
        Column("name", _l("Name"), cell=lambda r: r.Prefix.name, hidden=True),
        Column("room", _l("Room"), cell=lambda r: r.Prefix.room.code, sub=lambda r: local_name(r.Prefix.room.site)),
        Column("gateway", _l("Gateway"), cell=lambda r: r.Prefix.gateway, code=True),
        Column("vlan", _l("VLAN"), cell=lambda r: str(r.Prefix.vlan or "")),
        Column("use", _l("Use"), cell=lambda r: shown.strip(_use(r)), sub=lambda r: shown.strip_words(_use(r)), export=False),
        Column("held", _l("In use"), cell=lambda r: _use(r).held, hidden=True),
        Column("resting", _l("Resting"), cell=lambda r: _use(r).resting, hidden=True),
        Column("reserved", _l("Reserved"), cell=lambda r: str(_use(r).reserved), hidden=True),
        Column("free", _l("Free"), cell=lambda r: str(_use(r).free), hidden=True),
    ],
    filters=[
        Text("q", _l("Address or name"), where=prefix_matching, hint=_l("an address, a prefix, a name")),
        Choice("room", _l("Room"), where=lambda v: Prefix.room_id == ids.from_text(v)),
        Choice("version", _l("Version"), options=[("4", "IPv4"), ("6", "IPv6")], where=lambda v: Prefix.version == int(v)),
    ],
    row_url=lambda r: url_for("network.prefix", prefix_id=r.Prefix.id),
)  # fmt: skip

_HOLDER_COLUMNS: list[Column[Row]] = [
    Column(
        "holder", _l("Server"), cell=lambda r: holder_of(r).serial, code=True, url=lambda r: shown.holder_url(holder_of(r)),
        sub=lambda r: shown.holder_sub(holder_of(r)),
    ),
    Column(
        "client", _l("Client"), cell=lambda r: r.client_name, url=lambda r: shown.client_url(r.AddressHold.client_id),
    ),
]  # fmt: skip
_SINCE: Column[Row] = Column("since", _l("Since"), cell=lambda r: r.AddressHold.created_at)

HELD = Table[Row](
    "addresses",
    id=AddressHold.id,
    default_sort="address",
    columns=[
        Column("address", _l("Address"), cell=lambda r: r.AddressHold.address, sort=AddressHold.address, code=True, primary=True),
        Column(
            "state", _l("State"), cell=lambda r: shown.hold_state(r.AddressHold),
        ),
        Column(
            "holder", _l("Server"), cell=lambda r: holder_of(r).serial, code=True, url=lambda r: shown.holder_url(holder_of(r)),
            sub=lambda r: " · ".join(filter(None, (r.client_name, shown.holder_sub(holder_of(r))))),
        ),
        Column("client", _l("Client"), cell=lambda r: r.client_name, hidden=True),
        _SINCE,
        Column("rests_until", _l("Rests until"), cell=lambda r: r.AddressHold.rests_until),
    ],
    filters=[
        Text("q", _l("Address"), where=held_in, hint="203.0.113.7"),
        Switch("resting", _l("Resting only"), where=history.resting),
    ],
)  # fmt: skip

HISTORY = Table[Row](
    "address-history",
    id=AddressHold.id,
    default_sort="address",
    columns=[
        Column("address", _l("Address"), cell=lambda r: r.AddressHold.address, sort=AddressHold.address, code=True, primary=True),
        Column("state", _l("State"), cell=lambda r: shown.hold_state(r.AddressHold)),
        *_HOLDER_COLUMNS,
        _SINCE,
        Column("until", _l("Until"), cell=lambda r: r.AddressHold.released_at),
        Column("rests_until", _l("Rests until"), cell=lambda r: r.AddressHold.rests_until if r.AddressHold.freed_at is None else None),
    ],
    filters=[
        Text("address", _l("Address or prefix"), where=held_in, hint="203.0.113.7"),
        Period("held", _l("Held in these days")),
    ],
)

MINE = Table[Row](
    "my-addresses",
    id=AddressHold.id,
    default_sort="address",
    columns=[
        Column("address", _l("Address"), cell=lambda r: r.AddressHold.address, sort=AddressHold.address, code=True, primary=True),
        Column("state", _l("State"), cell=lambda r: shown.hold_state(r.AddressHold)),
        Column("mask", _l("Mask"), cell=lambda r: shown.mask(r.Prefix), code=True),
        Column("gateway", _l("Gateway"), cell=lambda r: r.Prefix.gateway, code=True),
        _HOLDER_COLUMNS[0],
        Column("ports", _l("Switch and port"), cell=lambda r: r.ports if r.AddressHold.released_at is None else None, code=True),
        _SINCE,
        Column("until", _l("Until"), cell=lambda r: r.AddressHold.released_at),
    ],
    filters=[
        Text("q", _l("Address or prefix"), where=held_in, hint="203.0.113.7"),
        Choice(
            "which", _l("Show"), options=lambda: [("now", _("Held now")), ("past", _("Past ones"))], default="now", blank=_l("All"),
            where=lambda value: AddressHold.released_at.is_(None) if value == "now" else AddressHold.released_at.is_not(None),
        ),
    ],
)  # fmt: skip


@bp.get("/")
@allow(Permission.NETWORK_READ)
def prefixes() -> ResponseReturnValue:
    statement = queries.select_prefixes(actor()).add_columns(*queries.use_columns())
    choices = {"room": room_options()}
    if request.args.get("export"):
        return PREFIXES.export(session(), statement, request.args, request.args["export"], choices=choices)
    found = PREFIXES.read(session(), statement, request.args, lambda **kw: url_for("network.prefixes", **kw), choices=choices)
    return page("network/prefixes.html", found=found, tabs=tabs())


@bp.route("/prefixes/add", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def add_prefix() -> ResponseReturnValue:
    form = PrefixForm()
    form.offer(room_options())
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_prefix(form.command(), actor(), clock.now()),
            then=lambda made: url_for("network.prefix", prefix_id=made.id),
            said=lambda made: _("%(prefix)s was added. Its addresses can be given out.", prefix=made.cidr),
        )
        if done is not None:
            return done
    return page("network/form.html", form, title=_("Add a prefix"), back=url_for("network.prefixes"), label=_("Add the prefix"))


@bp.get("/prefixes/<id:prefix_id>")
@allow(Permission.NETWORK_READ)
def prefix(prefix_id: uuid.UUID) -> ResponseReturnValue:
    found, use = queries.get_prefix_and_use(actor(), prefix_id)
    statement = history.select_holds(actor()).where(history.in_prefix(found))
    if request.args.get("export"):
        return HELD.export(session(), statement, request.args, request.args["export"])
    reserved = queries.reserved_of(found.id)
    held = HELD.read(session(), statement, request.args, lambda **kw: url_for("network.prefix", prefix_id=found.id, **kw))
    return page(
        "network/prefix.html",
        prefix=found,
        use=use,
        parts=strips.strip(use),
        percent=strips.percent,
        short=strips.short,
        reserved=reserved,
        held=held,
        reserved_for=shown.reserved_for,
        cells=_map(found, reserved, statement),
        mask=shown.mask(found),
        row=strips.ROW,
        happened=timeline(("prefix", found.id)),
    )


@bp.route("/prefixes/<id:prefix_id>/change", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def change_prefix(prefix_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_prefix(actor(), prefix_id)
    form = PrefixChangeForm(data={"name": found.name, "gateway": str(found.gateway), "vlan": found.vlan})
    back = url_for("network.prefix", prefix_id=found.id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_prefix(form.command(prefix_id), actor(), clock.now()),
            then=lambda _r: back,
            said=_("The prefix was changed."),
        )
        if done is not None:
            return done
    return page("network/form.html", form, title=_("Change the prefix"), code=found.cidr, back=back, label=_("Save the changes"))


@bp.route("/prefixes/<id:prefix_id>/reserve", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def reserve(prefix_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_prefix(actor(), prefix_id)
    form = ReservationForm()
    back = url_for("network.prefix", prefix_id=found.id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.reserve_range(form.command(prefix_id), actor(), clock.now()),
            then=lambda _r: back,
            said=_("The addresses are reserved; they are not given out."),
        )
        if done is not None:
            return done
    return page("network/form.html", form, title=_("Reserve addresses"), code=found.cidr, back=back, label=_("Reserve the addresses"))


@bp.route("/reserved/<id:range_id>/end", methods=["GET", "POST"])
@allow(Permission.NETWORK_WRITE)
def unreserve(range_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_reserved(actor(), range_id)
    form = Form()
    back = url_for("network.prefix", prefix_id=found.prefix_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.unreserve_range(range_id, actor(), clock.now()),
            then=lambda _r: back,
            said=_("The reservation was ended; the addresses can be given out."),
        )
        if done is not None:
            return done
    note = _("%(number)s addresses, reserved for %(reason)s, can be given out from then on.",
             number=strips.short(counted(found.first, found.last)), reason=found.reason)  # fmt: skip
    span = f"{found.first} – {found.last}" if found.first != found.last else str(found.first)
    return page("network/form.html", form, title=_("End the reservation"), code=span, back=back, label=_("End the reservation"), note=note)


@bp.get("/history", endpoint="history")
@allow(Permission.NETWORK_READ)
def who_held() -> ResponseReturnValue:
    """The holders of one address, or of a block's, one after the other. Without either nothing is read: it would be everything."""
    asked = request.args.get("address", "").strip()
    statement = history.select_holds(actor())
    if request.args.get("export"):
        return HISTORY.export(session(), statement, request.args, request.args["export"])
    span = read_span(asked)
    found = None if span is None else HISTORY.read(session(), statement, request.args, lambda **kw: url_for("network.history", **kw))
    return page("network/history.html", found=found, asked=asked, tabs=tabs())


@bp.get("/mine")
@allow(Permission.ADDRESS_VIEW)
def my_addresses() -> ResponseReturnValue:
    """A client's own addresses; what the others have is not theirs to see (R-S2)."""
    if not actor().is_client:
        raise NotFound("my addresses")
    statement = history.select_holds(actor())
    if request.args.get("export"):
        return MINE.export(session(), statement, request.args, request.args["export"])
    found = MINE.read(session(), statement, request.args, lambda **kw: url_for("network.my_addresses", **kw))
    return page("network/mine.html", found=found)


def _map(found: Prefix, reserved: list[Any], statement: history.AnySelect) -> list[strips.Cell]:
    """The map of a small prefix; none is read for a large one."""
    if counted(found.first, found.last) > strips.MAP_LIMIT:
        return []
    known: dict[IPAddress, tuple[str, str]] = {}
    for entry in reserved:
        for number in range(counted(entry.first, entry.last)):
            known[entry.first + number] = ("reserved", shown.reserved_for(entry))
    for row in session().execute(statement):
        state = shown.hold_state(row.AddressHold)
        kind = "resting" if state.key == "resting" else "held"
        known[row.AddressHold.address] = (kind, f"{state.label}, {holder_of(row).serial}")
    return strips.address_map(found.first, found.last, known)
