"""The pages on which people change the building: sites, rooms, racks, reserved units."""

from __future__ import annotations

import uuid

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.facility import administration as services
from portal.facility import queries, rules
from portal.facility.blueprint import bp
from portal.facility.contents import reservations
from portal.facility.forms import NewRacksForm, RackForm, ReservationForm, RoomForm, SiteForm
from portal.kernel import clock, ids
from portal.kernel.errors import NotFound
from portal.kernel.forms import Form
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Permission, allow
from portal.kernel.web import actor, id_argument, local_name, page, submit

Crumbs = list[tuple[str, str | None]]


def _form_page(form: Form, title: str, submit_label: str, crumbs: Crumbs, *, danger: bool = False, note: str = "") -> ResponseReturnValue:
    back = next(url for _label, url in reversed(crumbs) if url)
    return page(
        "facility/form.html",
        form,
        title=title,
        submit_label=submit_label,
        crumbs=[*crumbs, (title, None)],
        back=back,
        danger=danger,
        note=note,
    )


def _rooms_crumb() -> tuple[str, str | None]:
    return _("Rooms and racks"), url_for("facility.rooms")


@bp.route("/sites/new", methods=["GET", "POST"])
@allow(Permission.FACILITY_WRITE)
def add_site() -> ResponseReturnValue:
    form = SiteForm()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_site(form.command(), actor(), clock.now()),
            then=lambda _site: url_for("facility.rooms"),
            said=lambda site: _("Site %(code)s was added.", code=site.code),
        )
        if done is not None:
            return done
    return _form_page(form, _("Add a site"), _("Add site"), [_rooms_crumb()])


@bp.route("/sites/<id:site_id>/change", methods=["GET", "POST"])
@allow(Permission.FACILITY_WRITE)
def change_site(site_id: uuid.UUID) -> ResponseReturnValue:
    site = queries.get_site(site_id)
    form = SiteForm(obj=site)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_site(queries.get_site(site_id), form.command(), actor(), clock.now()),
            then=lambda _done: url_for("facility.rooms"),
            said=_("Changes saved."),
        )
        if done is not None:
            return done
    return _form_page(form, _("Change site %(code)s", code=site.code), _("Save"), [_rooms_crumb()])


@bp.route("/rooms/new", methods=["GET", "POST"])
@allow(Permission.FACILITY_WRITE)
def add_room() -> ResponseReturnValue:
    site_id = id_argument("site")
    form = RoomForm(data={"site": ids.to_text(site_id) if site_id else None})
    sites = queries.sites()
    form.offer(sites, [local_name(site) for site in sites])
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_room(form.command(), actor(), clock.now()),
            then=lambda room: url_for("facility.room", room_id=room.id),
            said=lambda room: _("Room %(code)s was added. Now add its racks.", code=room.code),
        )
        if done is not None:
            return done
    return _form_page(form, _("Add a room"), _("Add room"), [_rooms_crumb()])


@bp.route("/rooms/<id:room_id>/change", methods=["GET", "POST"])
@allow(Permission.FACILITY_WRITE)
def change_room(room_id: uuid.UUID) -> ResponseReturnValue:
    room = queries.get_room(room_id)
    form = RoomForm(
        data={"site": ids.to_text(room.site_id), "code": room.code, "name": room.name, "name_en": room.name_en, "escorted": room.escorted}
    )
    form.offer([room.site], [local_name(room.site)])
    here = url_for("facility.room", room_id=room_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_room(queries.get_room(room_id), form.command(), actor(), clock.now()),
            then=lambda _done: here,
            said=_("Changes saved."),
        )
        if done is not None:
            return done
    return _form_page(form, _("Change room %(code)s", code=room.code), _("Save"), [_rooms_crumb(), (room.code, here)])


@bp.route("/rooms/<id:room_id>/racks/new", methods=["GET", "POST"])
@allow(Permission.FACILITY_WRITE)
def add_racks(room_id: uuid.UUID) -> ResponseReturnValue:
    room = queries.get_room(room_id)
    form, here = NewRacksForm(), url_for("facility.room", room_id=room_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_racks(form.command(room_id), actor(), clock.now()),
            then=lambda _racks: here,
            said=lambda racks: ngettext("%(num)s rack was added.", "%(num)s racks were added.", len(racks)),
        )
        if done is not None:
            return done
    return _form_page(form, _("Add racks to room %(code)s", code=room.code), _("Add racks"), [_rooms_crumb(), (room.code, here)])


@bp.route("/racks/<id:rack_id>/change", methods=["GET", "POST"])
@allow(Permission.FACILITY_WRITE)
def change_rack(rack_id: uuid.UUID) -> ResponseReturnValue:
    rack = queries.get_rack(actor(), rack_id)
    form, here = RackForm(obj=rack), url_for("facility.rack", rack_id=rack_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_rack(rack_id, form.facts(), actor(), clock.now()),
            then=lambda _rack: here,
            said=_("Changes saved."),
        )
        if done is not None:
            return done
    title = _("Change rack %(code)s", code=rack.code)
    return _form_page(form, title, _("Save"), [_rooms_crumb(), *_rack_crumbs(rack_id)])


@bp.route("/racks/<id:rack_id>/reserve", methods=["GET", "POST"])
@allow(Permission.UNITS_RESERVE)
def reserve(rack_id: uuid.UUID) -> ResponseReturnValue:
    """Keeps units free of equipment: broken rails, a shelf, an announced machine."""
    rack = queries.get_rack(actor(), rack_id)
    form, here = ReservationForm(), url_for("facility.rack", rack_id=rack_id)
    form.offer(rack)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.reserve_units(form.command(rack_id), actor(), clock.now()),
            then=lambda _id: here,
            said=_("The units are reserved."),
        )
        if done is not None:
            return done
    title = _("Reserve units of %(code)s", code=rack.code)
    return _form_page(form, title, _("Reserve units"), [_rooms_crumb(), *_rack_crumbs(rack_id)])


@bp.route("/racks/<id:rack_id>/reservations/<id:holder_id>/end", methods=["GET", "POST"])
@allow(Permission.UNITS_RESERVE)
def end_reservation(rack_id: uuid.UUID, holder_id: uuid.UUID) -> ResponseReturnValue:
    held = dict(reservations(rack_id)).get(holder_id)
    if held is None:
        raise NotFound(holder_id)
    form, here = Form(), url_for("facility.rack", rack_id=rack_id)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.end_reservation(rack_id, holder_id, actor(), clock.now()),
            then=lambda _none: here,
            said=_("The units are free again."),
        )
        if done is not None:
            return done
    units = rules.range_text({row.unit for row in held})
    note = _("%(units)s become free for equipment. They were kept for: %(note)s", units=units, note=held[0].note)
    return _form_page(form, _("End reservation"), _("End reservation"), [_rooms_crumb(), *_rack_crumbs(rack_id)], note=note)


def _rack_crumbs(rack_id: uuid.UUID) -> Crumbs:
    rack = queries.get_rack(actor(), rack_id)
    return [
        (rack.room.code, url_for("facility.room", room_id=rack.room_id)),
        (rack.code, url_for("facility.rack", rack_id=rack_id)),
    ]  # fmt: skip
