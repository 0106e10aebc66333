"""The forms of equipment and of the model catalogue."""

from __future__ import annotations

from decimal import Decimal

from wtforms import BooleanField, DecimalField, IntegerField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal.equipment.models import EquipmentModel
from portal.equipment.services import ModelFacts
from portal.kernel.forms import Form, TextField
from portal.kernel.i18n import _l


class AssetTagForm(Form):
    asset_tag = TextField(
        _l("Asset tag"),
        validators=[Length(max=60)],
        render_kw={"class": "code", "autocomplete": "off"},
        description=_l("Your own mark of this item. Left empty: none."),
    )


class ModelForm(Form):
    """One model of the catalogue."""

    manufacturer = TextField(_l("Manufacturer"), validators=[DataRequired(_l("Say who makes it.")), Length(max=60)])
    name = TextField(_l("Model"), validators=[DataRequired(_l("Give it a name.")), Length(max=120)])
    part_number = TextField(_l("Part number"), validators=[Length(max=60)], render_kw={"class": "code"})
    height_u = IntegerField(
        _l("Height"),
        default=1,
        validators=[InputRequired(_l("Say how high it is.")), NumberRange(0, 60, _l("From 0 to 60 units."))],
        render_kw={"unit": "U"},
        description=_l("0 hangs beside the units, such as a vertical power strip."),
    )
    full_depth = BooleanField(_l("Full depth: fills front and rear"), default=True)
    weight_kg = DecimalField(
        _l("Weight"),
        places=2,
        validators=[Optional(), NumberRange(0, 2000, _l("From 0 to 2,000 kg."))],
        render_kw={"unit": "kg", "inputmode": "decimal"},
    )
    power_inlets = IntegerField(_l("Power inlets"), default=2, validators=[InputRequired(), NumberRange(0, 64)])
    power_w = IntegerField(
        _l("Most power it draws"),
        default=0,
        validators=[InputRequired(_l("Say what it draws; 0 if nobody knows.")), NumberRange(0, 100_000, _l("From 0 to 100,000 W."))],
        render_kw={"unit": "W"},
        description=_l("Over all inlets together. What a rack has left is reckoned with it."),
    )
    network_ports = IntegerField(_l("Network ports"), default=2, validators=[InputRequired(), NumberRange(0, 2000)])
    management_ports = IntegerField(_l("Management ports"), default=1, validators=[InputRequired(), NumberRange(0, 64)])

    def show(self, model: EquipmentModel) -> None:
        """Fills in the one value that the form shows in another unit than the catalogue keeps."""
        if not self.is_submitted():
            self.weight_kg.data = Decimal(model.weight_g) / 1000 if model.weight_g is not None else None

    def command(self) -> ModelFacts:
        weight = self.weight_kg.data
        return ModelFacts(
            manufacturer=self.manufacturer.data or "",
            name=self.name.data or "",
            part_number=self.part_number.data or "",
            height_u=self.height_u.data or 0,
            full_depth=bool(self.full_depth.data),
            weight_g=round(weight * 1000) if weight is not None else None,
            power_inlets=self.power_inlets.data or 0,
            power_w=self.power_w.data or 0,
            network_ports=self.network_ports.data or 0,
            management_ports=self.management_ports.data or 0,
        )
