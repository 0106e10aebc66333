"""The pages of the model catalogue."""

from __future__ import annotations

import uuid

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, select

from portal.audit.queries import timeline
from portal.equipment import queries, services
from portal.equipment.blueprint import bp
from portal.equipment.forms import ModelForm
from portal.equipment.models import EquipmentModel
from portal.kernel import clock
from portal.kernel.db import session
from portal.kernel.formats import watts
from portal.kernel.i18n import _, _l
from portal.kernel.policy import Permission, allow
from portal.kernel.tables import Choice, Column, Table, Text
from portal.kernel.web import actor, page, submit

HEIGHTS = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3-4": (3, 4), "5-": (5, 60)}

MODELS = Table[EquipmentModel](
    "models",
    id=EquipmentModel.id,
    default_sort="model",
    columns=[
        Column(
            "model", _l("Model"), cell=lambda m: m.label, sort=EquipmentModel.search_text, primary=True, sub=lambda m: m.part_number
        ),
        Column("part_number", _l("Part number"), hidden=True),
        Column(
            "height_u", _l("Height"), cell=lambda m: f"{m.height_u} U", sort=EquipmentModel.height_u, num=True,
            export=lambda m: m.height_u,
        ),
        Column("depth", _l("Depth"), cell=lambda m: _("Full") if m.full_depth else _("Half")),
        Column(
            "power_w", _l("Power"), cell=lambda m: watts(m.power_w) if m.power_w else None, sort=EquipmentModel.power_w, num=True,
            export=lambda m: m.power_w,
        ),
        Column(
            "weight", _l("Weight"), cell=lambda m: f"{m.weight_g / 1000:.1f} kg" if m.weight_g else None, num=True,
            export=lambda m: m.weight_g / 1000 if m.weight_g else None,
        ),
        Column("power_inlets", _l("Power inlets"), num=True),
        Column("network_ports", _l("Network ports"), num=True),
    ],
    filters=[
        Text("q", _l("Model or part number"), where=lambda text: and_(*queries.holds_words(text))),
        Choice("manufacturer", _l("Manufacturer"), column=EquipmentModel.manufacturer),
        Choice(
            "height", _l("Height"),
            options=lambda: [("0", "0 U"), ("1", "1 U"), ("2", "2 U"), ("3-4", "3–4 U"), ("5-", _("5 U and more"))],
            where=lambda value: EquipmentModel.height_u.between(*HEIGHTS[value]),
        ),
    ],
    row_url=lambda m: url_for("equipment.model", model_id=m.id),
)  # fmt: skip


@bp.get("/models")
@allow(Permission.MODEL_READ)
def models() -> ResponseReturnValue:
    statement, choices = select(EquipmentModel), {"manufacturer": [(name, name) for name in queries.manufacturers()]}
    if request.args.get("export"):
        return MODELS.export(session(), statement, request.args, request.args["export"], choices=choices)
    found = MODELS.read(session(), statement, request.args, lambda **kw: url_for("equipment.models", **kw), choices=choices)
    return page("equipment/models.html", found=found)


@bp.get("/models/<id:model_id>")
@allow(Permission.MODEL_READ)
def model(model_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_model(model_id)
    return page(
        "equipment/model.html",
        model=found,
        present=queries.present_of_model(actor(), model_id) if actor().may(Permission.EQUIPMENT_READ) else None,
        happened=[] if actor().is_client else timeline(("model", found.id)),
    )


@bp.route("/models/new", methods=["GET", "POST"])
@allow(Permission.MODEL_WRITE)
def add_model() -> ResponseReturnValue:
    form = ModelForm()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.add_model(form.command(), actor(), clock.now()),
            then=lambda made: url_for("equipment.model", model_id=made.id),
            said=lambda made: _("%(model)s was added to the catalogue.", model=made.label),
        )
        if done is not None:
            return done
    return page("equipment/model_form.html", form, model=None, back=url_for("equipment.models"))


@bp.route("/models/<id:model_id>/change", methods=["GET", "POST"])
@allow(Permission.MODEL_WRITE)
def change_model(model_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_model(model_id)
    form, back = ModelForm(obj=found), url_for("equipment.model", model_id=model_id)
    form.show(found)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: services.change_model(model_id, form.command(), actor(), clock.now()),
            then=lambda _model: back,
            said=_("Changes saved."),
        )
        if done is not None:
            return done
    return page("equipment/model_form.html", form, model=found, back=back)
