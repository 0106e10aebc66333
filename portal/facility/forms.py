"""The forms of sites, rooms, racks, reservations, and the search for free room."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from portal.facility.administration import NewRacks, RackFacts, Reservation, RoomFacts, SiteFacts
from portal.facility.models import Rack, Site
from portal.kernel import ids
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import _l

_CODE = {"class": "code", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
_GIVE_NAME = _l("Give it a name.")
_GIVE_CODE = _l("Give it a code.")


class SiteForm(Form):
    code = TextField(
        _l("Code"),
        validators=[DataRequired(_GIVE_CODE), Length(max=12)],
        render_kw=_CODE,
        description=_l("Short; what people call it, e.g. YZ."),
    )
    name = TextField(_l("Name in Chinese"), validators=[DataRequired(_GIVE_NAME), Length(max=80)])
    name_en = TextField(_l("Name in English"), validators=[DataRequired(_GIVE_NAME), Length(max=80)])
    address = TextField(_l("Address"), validators=[Length(max=200)])

    def command(self) -> SiteFacts:
        return SiteFacts(self.code.data or "", self.name.data or "", self.name_en.data or "", self.address.data or "")


class RoomForm(Form):
    site = SelectField(_l("Site"), validators=[InputRequired(_l("Choose the site."))])
    code = TextField(
        _l("Code"),
        validators=[DataRequired(_GIVE_CODE), Length(max=12)],
        render_kw=_CODE,
        description=_l("What people call it, e.g. B2. Different from that of every other room, at other sites too."),
    )
    name = TextField(_l("Name in Chinese"), validators=[DataRequired(_GIVE_NAME), Length(max=80)])
    name_en = TextField(_l("Name in English"), validators=[DataRequired(_GIVE_NAME), Length(max=80)])
    escorted = BooleanField(
        _l("Visitors are always escorted"), description=_l("Whoever enters on a visit's pass is accompanied by staff all the time.")
    )

    def offer(self, sites: Sequence[Site], names: Sequence[str]) -> None:
        self.site.choices = options((ids.to_text(site.id), f"{site.code} {name}") for site, name in zip(sites, names, strict=True))

    def command(self) -> RoomFacts:
        return RoomFacts(
            ids.from_text(self.site.data), self.code.data or "", self.name.data or "", self.name_en.data or "", self.escorted.data
        )


class RackForm(Form):
    """What can be changed of a rack; never below what it holds."""

    code = TextField(_l("Code"), validators=[DataRequired(_GIVE_CODE), Length(max=16)], render_kw=_CODE)
    row = TextField(_l("Row"), validators=[Length(max=8)], description=_l("The row of the room that it stands in."))
    units = IntegerField(
        _l("Units"),
        validators=[InputRequired(_l("Say how many units it has.")), NumberRange(1, 60, _l("A rack has 1 to 60 units."))],
        render_kw={"unit": "U"},
        default=42,
    )
    power_w = IntegerField(
        _l("Power limit"),
        validators=[InputRequired(_l("Say what it may draw.")), NumberRange(0, 100_000, _l("From 0 to 100,000 W."))],
        render_kw={"unit": "W"},
        description=_l("What everything in it may draw together."),
    )

    def facts(self) -> RackFacts:
        return RackFacts(self.code.data or "", self.row.data or "", self.units.data or 0, self.power_w.data or 0)


class NewRacksForm(RackForm):
    """One rack, or a series of alike ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.label.text = _l("Code or series")
        self.code.description = _l("B2-07 adds one rack, B2-{01-20} adds twenty.")
        self.code.validators = [DataRequired(_GIVE_CODE), Length(max=40)]

    def command(self, room_id: uuid.UUID) -> NewRacks:
        return NewRacks(room_id, self.code.data or "", self.row.data or "", self.units.data or 0, self.power_w.data or 0)


class ReservationForm(Form):
    """Units that are to be kept free."""

    unit = IntegerField(_l("Lowest unit"), validators=[InputRequired(_l("Say which units."))], render_kw={"unit": "U"})
    last_unit = IntegerField(_l("Highest unit"), validators=[InputRequired(_l("Say which units."))], render_kw={"unit": "U"})
    face = RadioField(
        _l("Faces"),
        choices=options([("both", _l("Front and rear")), ("front", _l("Front alone")), ("rear", _l("Rear alone"))]),
        default="both",
        validators=[InputRequired()],
    )
    note = TextField(
        _l("What for"),
        validators=[DataRequired(_l("Say what they are kept for.")), Length(max=120)],
        description=_l("Staff alone can read it."),
    )

    def offer(self, rack: Rack) -> None:
        beyond = _l("The rack has units 1 to %(units)s.", units=rack.units)
        for field in (self.unit, self.last_unit):
            field.validators = [*field.validators, NumberRange(1, rack.units, beyond)]

    def command(self, rack_id: uuid.UUID) -> Reservation:
        low, high = sorted((self.unit.data or 0, self.last_unit.data or 0))
        return Reservation(rack_id, low, high, self.face.data, self.note.data or "")


class FreeSpaceForm(Form):
    """A search, sent by GET: it changes nothing, so it carries no token."""

    class Meta:
        csrf = False

    room = SelectField(_l("Room"), validators=[InputRequired(_l("Choose the room."))])
    height = IntegerField(
        _l("Units together"),
        default=1,
        validators=[InputRequired(_l("Say how many units.")), NumberRange(0, 60, _l("From 0 to 60 units."))],
        render_kw={"unit": "U"},
    )
    power = IntegerField(
        _l("Power needed"),
        default=0,
        validators=[InputRequired(_l("Say how much power.")), NumberRange(0, 100_000, _l("From 0 to 100,000 W."))],
        render_kw={"unit": "W"},
    )
    full_depth = BooleanField(_l("Full depth: front and rear"), default=True)

    def offer(self, rooms: Sequence[tuple[str, str]]) -> None:
        self.room.choices = options(rooms)
