"""The forms of work orders. They check shape; what speaks against an order is said by `checking` and the services."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateTimeLocalField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, ValidationError

from portal.kernel import clock, ids
from portal.kernel.errors import Refusal
from portal.kernel.formats import reader_locale, when_text
from portal.kernel.forms import Form, TextField
from portal.kernel.i18n import _, _l
from portal.kernel.words import say
from portal.workorders import rules
from portal.workorders.checking import Line
from portal.workorders.listing import COLUMNS, TypedLine, read_file, read_text
from portal.workorders.models import WorkOrderItem
from portal.workorders.notice import notice
from portal.workorders.services import Draft, Place

LOCAL = "%Y-%m-%dT%H:%M"
PHONE = Regexp(r"^[0-9+()\-. ]{5,32}$", message=_l("Digits, spaces and + - ( ) only."))


def typed_lines(posted: MultiDict[str, str]) -> list[TypedLine]:
    """The lines of the table of items as they were typed, empty ones left out."""
    columns = [[value.strip() for value in posted.getlist(f"row_{name}")] for name in COLUMNS]
    lines = [TypedLine(*values) for values in zip_longest(*columns, fillvalue="")]
    return [line for line in lines if not line.blank]


def listed_lines(items: Iterable[WorkOrderItem]) -> list[TypedLine]:
    """An order's items as they would be typed."""
    return [TypedLine(item.model.label, item.serial, item.asset_tag, str(item.ips), str(item.ports)) for item in items]


class ArrivalField(DateTimeLocalField):
    """A wall-clock time of the site; `.moment` is what it names, None where the clocks skip it."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, format=[LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **kwargs)

    @property
    def moment(self) -> datetime | None:
        if self.data is None:
            return None
        return rules.moment(self.data, clock.zone(), rules.first_possible(clock.now(), notice()))


class OrderForm(Form):
    """When something arrives, who brings it, and ways to put items into the table, which is read by `typed_lines`."""

    arrives_at = ArrivalField(_l("Arrival"), validators=[InputRequired(_l("Give day and time."))])
    bringer_name = TextField(_l("Brought by"), validators=[Length(max=80)], description=_l("Name of the person or the carrier."))
    bringer_phone = TextField(_l("Phone"), validators=[Optional(), PHONE])
    note = TextAreaField(_l("Note for the machine room"), validators=[Length(max=1000)], render_kw={"rows": 2})
    pasted = TextAreaField(
        _l("Paste a list"),
        description=_l("One item per line: model, serial number, asset tag, IP addresses, ports. Copied cells of a sheet work too."),
        validators=[Length(max=200_000)],
        render_kw={"rows": 4, "class": "lines", "spellcheck": "false"},
    )
    file = FileField(
        _l("Or upload a list"), description=_l("XLSX, CSV or TSV with the same columns."), render_kw={"accept": ".xlsx,.csv,.tsv,.txt"}
    )

    def taken_lines(self) -> list[TypedLine]:
        """The lines that were pasted or uploaded; nothing if nothing was. Raises Refused on `pasted` or `file`."""
        found: list[TypedLine] = []
        if self.pasted.data and self.pasted.data.strip():
            found += read_text(self.pasted.data)
        if self.file.data:
            found += read_file(self.file.data.read(), self.file.data.filename or "")
        return found

    def validate_arrives_at(self, field: ArrivalField) -> None:
        if field.data is not None and field.moment is None:
            raise ValidationError(say(rules.NO_SUCH_TIME))

    def command(self, contract_id: uuid.UUID, lines: Sequence[Line]) -> Draft:
        assert self.arrives_at.moment is not None
        return Draft(
            contract_id=contract_id,
            arrives_at=self.arrives_at.moment,
            lines=tuple(lines),
            bringer_name=self.bringer_name.data or "",
            bringer_phone=self.bringer_phone.data or "",
            note=(self.note.data or "").strip(),
        )


class IssueForm(Form):
    """Issuing; the arrival can be put off, the items stay."""

    arrives_at = ArrivalField(_l("Arrival"), validators=[InputRequired(_l("Give day and time."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = clock.now()
        first = when_text(rules.first_possible(now, notice()), now, clock.zone(), reader_locale())
        self.arrives_at.description = _("First possible now: %(first)s. You may put it off, if the client agrees.", first=first)

    def validate_arrives_at(self, field: ArrivalField) -> None:
        if field.data is not None and field.moment is None:
            raise ValidationError(say(rules.NO_SUCH_TIME))


class PlanForm(Form):
    """The places of the items, one row each: rack-<item>, unit-<item>, face-<item>. `wrong`: place field -> what is wrong there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wrong: dict[str, list[str]] = {}

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Shows a place's refusal in its row too."""
        for refusal in refusals:
            super().refuse([refusal])
            if refusal.field:
                self.wrong.setdefault(refusal.field, []).append(say(refusal))

    def places(self, posted: MultiDict[str, str], items: Iterable[WorkOrderItem]) -> dict[uuid.UUID, Place]:
        """What was chosen; an item without a proper choice has none."""
        found: dict[uuid.UUID, Place] = {}
        for item in items:
            key = ids.to_text(item.id)
            unit, face = posted.get(f"unit-{key}", ""), posted.get(f"face-{key}", "front")
            try:
                rack_id = ids.from_text(posted.get(f"rack-{key}", ""))
            except ValueError:
                continue
            if unit.isascii() and unit.isdigit() and 0 < len(unit) < 4 and face in ("front", "rear", "side"):
                found[item.id] = Place(rack_id, int(unit), face)
        return found


class AcceptForm(Form):
    """What the staff found on one item (R-W2)."""

    unpacked = BooleanField(_l("Boxes and paper are off"))
    model_agrees = BooleanField(_l("The model is the one listed"))
    serial = TextField(
        _l("Serial number on the equipment"),
        validators=[Length(max=120)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "class": "code"},
    )

    def seen(self) -> rules.Seen:
        return rules.Seen(self.unpacked.data, self.model_agrees.data, self.serial.data or "")


class RecordedReasonForm(Form):
    """A reason that stands on the acceptance record: as long as its column holds."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(_l("Give a reason.")), Length(max=200)], render_kw={"rows": 3})


class ExtraForm(Form):
    """Something that came and is not on the list (R-W2)."""

    description = StringField(
        _l("What it is"),
        validators=[DataRequired(_l("Say what it is.")), Length(max=100)],
        description=_l("Maker and model, as far as they can be read."),
    )
    serial = TextField(_l("Serial number"), validators=[Length(max=60)], render_kw={"autocomplete": "off", "spellcheck": "false"})
