"""The forms of prefixes, reserved ranges, switches, ports and imports."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal.facility.models import Rack
from portal.kernel import ids
from portal.kernel.errors import Refusal
from portal.kernel.forms import Form, TextField
from portal.kernel.i18n import _, _l
from portal.network import rules
from portal.network.services import NewPrefix, NewSwitch, PortChange, PortNames, PrefixChange, Reservation, SwitchChange

_MONO = {"class": "code", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class PrefixForm(Form):
    """A new prefix."""

    room = SelectField(_l("Room"), validators=[InputRequired(_l("Choose the room."))])
    cidr = TextField(
        _l("Prefix"),
        validators=[DataRequired(_l("Enter the prefix.")), Length(max=60)],
        render_kw=_MONO,
        description=_l("For example 203.0.113.0/24 or 2001:db8:1::/64."),
    )
    name = TextField(_l("Name"), validators=[DataRequired(_l("Give it a name.")), Length(max=80)])
    gateway = TextField(
        _l("Gateway"),
        validators=[Length(max=60)],
        render_kw=_MONO,
        description=_l("Left empty: the first host's address. Never given out."),
    )
    vlan = IntegerField(_l("VLAN"), validators=[Optional(), NumberRange(1, 4094, _l("A VLAN is a number from 1 to 4094."))])

    def offer(self, rooms: Sequence[tuple[str, str]]) -> None:
        self.room.choices = [("", _("Choose …")), *rooms]

    def command(self) -> NewPrefix:
        return NewPrefix(
            room_id=ids.from_text(self.room.data), name=self.name.data or "", cidr=self.cidr.data or "", gateway=self.gateway.data or "",
            vlan=self.vlan.data,
        )  # fmt: skip


class PrefixChangeForm(Form):
    """What can be changed of a prefix: not the block itself."""

    name = TextField(_l("Name"), validators=[DataRequired(_l("Give it a name.")), Length(max=80)])
    gateway = TextField(
        _l("Gateway"),
        validators=[DataRequired(_l("Enter the gateway.")), Length(max=60)],
        render_kw=_MONO,
        description=_l("The old gateway's address becomes free; the new one must be free."),
    )
    vlan = IntegerField(_l("VLAN"), validators=[Optional(), NumberRange(1, 4094, _l("A VLAN is a number from 1 to 4094."))])

    def command(self, prefix_id: uuid.UUID) -> PrefixChange:
        return PrefixChange(prefix_id, name=self.name.data or "", gateway=self.gateway.data or "", vlan=self.vlan.data)


class ReservationForm(Form):
    """Addresses that are not to be given out."""

    first = TextField(_l("First address"), validators=[DataRequired(_l("Enter an address.")), Length(max=60)], render_kw=_MONO)
    last = TextField(_l("Last address"), validators=[Length(max=60)], render_kw=_MONO, description=_l("Left empty: the first one alone."))
    reason = TextField(
        _l("Reserved for"),
        validators=[DataRequired(_l("Say what they are reserved for.")), Length(max=120)],
        description=_l("For example VRRP."),
    )

    def command(self, prefix_id: uuid.UUID) -> Reservation:
        return Reservation(prefix_id, first=self.first.data or "", last=self.last.data or "", reason=self.reason.data or "")


class SwitchForm(Form):
    """A new switch with its ports. The rack is told by its code, within the room."""

    room = SelectField(_l("Room"), validators=[InputRequired(_l("Choose the room."))])
    rack = TextField(
        _l("Rack"),
        validators=[Length(max=16)],
        render_kw=_MONO,
        description=_l(
            "The code of the rack it stands in; servers of that rack get its ports first. Left empty: it serves the whole room."
        ),
    )
    name = TextField(_l("Name"), validators=[DataRequired(_l("Give it a name.")), Length(max=60)], render_kw=_MONO)
    model = TextField(_l("Model"), validators=[Length(max=80)])
    ports = TextField(
        _l("Ports"),
        validators=[DataRequired(_l("Say which ports it has.")), Length(max=200)],
        render_kw=_MONO,
        description=_l("A pattern: GE0/0/{1-48} stands for 48 ports. Several are separated by commas."),
    )
    speed_mbps = IntegerField(
        _l("Speed"),
        default=1000,
        validators=[InputRequired(_l("Enter the speed.")), NumberRange(1, 1_000_000)],
        render_kw={"unit": "Mbit/s"},
    )

    def offer(self, rooms: Sequence[tuple[str, str]]) -> None:
        self.room.choices = [("", _("Choose …")), *rooms]

    def command(self, racks: Sequence[Rack]) -> NewSwitch:
        """`racks`: those of the chosen room."""
        return NewSwitch(
            room_id=ids.from_text(self.room.data), rack_id=rack_called(self.rack.data or "", racks), name=self.name.data or "",
            model=self.model.data or "", ports=self.ports.data or "", speed_mbps=self.speed_mbps.data or 0,
        )  # fmt: skip


class SwitchChangeForm(Form):
    """What can be changed of a switch: not its room."""

    name = TextField(_l("Name"), validators=[DataRequired(_l("Give it a name.")), Length(max=60)], render_kw=_MONO)
    model = TextField(_l("Model"), validators=[Length(max=80)])
    rack = SelectField(_l("Rack"))

    def offer(self, racks: Sequence[Rack]) -> None:
        self.rack.choices = [("", _("None: it serves the whole room")), *((ids.to_text(rack.id), rack.code) for rack in racks)]

    def command(self, switch_id: uuid.UUID) -> SwitchChange:
        rack_id = ids.from_text(self.rack.data) if self.rack.data else None
        return SwitchChange(switch_id, rack_id=rack_id, name=self.name.data or "", model=self.model.data or "")


class PortsForm(Form):
    """More ports on a switch."""

    ports = TextField(
        _l("Ports"),
        validators=[DataRequired(_l("Say which ports it has.")), Length(max=200)],
        render_kw=_MONO,
        description=_l("A pattern: GE0/0/{1-48} stands for 48 ports. Several are separated by commas."),
    )
    speed_mbps = IntegerField(
        _l("Speed"),
        default=1000,
        validators=[InputRequired(_l("Enter the speed.")), NumberRange(1, 1_000_000)],
        render_kw={"unit": "Mbit/s"},
    )

    def command(self, switch_id: uuid.UUID) -> PortNames | Refusal:
        names = rules.port_names(self.ports.data or "")
        return names if isinstance(names, Refusal) else PortNames(switch_id, names, self.speed_mbps.data or 0)


class PortForm(Form):
    """One port."""

    out_of_use = BooleanField(_l("Out of use"), description=_l("A port out of use is not given out."))
    speed_mbps = IntegerField(
        _l("Speed"), validators=[InputRequired(_l("Enter the speed.")), NumberRange(1, 1_000_000)], render_kw={"unit": "Mbit/s"}
    )

    def command(self, port_id: uuid.UUID) -> PortChange:
        return PortChange(port_id, out_of_use=bool(self.out_of_use.data), speed_mbps=self.speed_mbps.data or 0)


class ImportForm(Form):
    """A list, pasted or uploaded; `seal` stands for the check that was shown."""

    text = TextAreaField(
        _l("List"),
        validators=[Length(max=500_000)],
        render_kw={"class": "lines", "rows": "12", "spellcheck": "false"},
        description=_l("With its head in the first line; commas, semicolons or tabs between the columns."),
    )
    file = FileField(
        _l("Or a file"), description=_l("CSV. It takes the place of what is pasted above."), render_kw={"accept": ".csv,.txt,text/csv"}
    )
    seal = HiddenField(validators=[Length(max=64)])


def rack_called(code: str, racks: Sequence[Rack]) -> uuid.UUID | None:
    """The id of the rack that people call `code`; one that is none of these is refused by the service."""
    found = {rack.code.lower(): rack.id for rack in racks}
    return found.get(code.lower(), ids.new()) if code else None
