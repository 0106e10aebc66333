"""The forms of exits."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import NamedTuple

from wtforms import BooleanField, DateField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.clients.models import Client
from portal.equipment.models import Equipment
from portal.equipment.rules import normalise_serial
from portal.exits.models import Exit
from portal.exits.queries import KINDS
from portal.exits.services import Application, Line
from portal.files.fields import UploadField
from portal.kernel import clock, ids
from portal.kernel.forms import Form, TextField
from portal.kernel.i18n import _, _l


class PreviewLine(NamedTuple):
    """A listed line as the page shows it before it is sent: `cells` are model and serial number, `error` is "" for a good one."""

    number: int
    cells: tuple[str, str]
    error: str


class PickField(SelectMultipleField):
    """Equipment as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ApplicationForm(Form):
    """An exit application: what, which items (picked or listed), when, who moves them, the papers of R-X2."""

    kind = RadioField(
        _l("Leaves for"),
        description=_l("Withdrawal is for good; what leaves for repair or replacement is to come back."),
        validators=[InputRequired(_l("Say what the equipment leaves for."))],
    )
    picked = PickField(_l("Equipment"), description=_l("Tick what leaves, or list it beneath."))
    listing = TextAreaField(
        _l("Or a list"),
        description=_l(
            "One item per line: serial number, or model and serial number with a comma or tab between. A spreadsheet’s rows can be pasted."
        ),
        validators=[Length(max=20000)],
        render_kw={"rows": 5, "class": "code"},
    )
    leaves_on = DateField(_l("Leaves on"), validators=[InputRequired(_l("Give the day."))])
    return_due_on = DateField(_l("Comes back by"), validators=[Optional()], description=_l("For repair and replacement."))
    mover_name = TextField(_l("Mover’s name"), validators=[InputRequired(_l("Give the mover’s name.")), Length(max=80)])
    mover_document = TextField(
        _l("Mover’s identity number"),
        validators=[InputRequired(_l("Give the mover’s identity number.")), Length(max=30)],
        description=_l("Duty staff compare it with the document at the gate. Stored encrypted."),
        render_kw={"autocomplete": "off"},
    )
    mover_phone = TextField(_l("Mover’s phone"), validators=[Optional(), Length(max=32)])
    letter = UploadField(
        _l("Stamped application"), purpose="letter", required=False, description=_l("For repair and replacement. JPEG, PNG or PDF.")
    )
    identity_copy = UploadField(
        _l("Copy of the mover’s identity document"), purpose="identity_copy", required=False, description=_l("For repair and replacement.")
    )
    note = TextAreaField(_l("Note"), validators=[Length(max=1000)], render_kw={"rows": 2})
    anyway = BooleanField(_l("Send the list although lines do not agree with the records"))
    _number_kept = ""

    def offer(self, client: Client, equipment: list[Equipment]) -> None:
        """Fills in what can be picked for this client."""
        self.kind.choices = [(key, _(label)) for key, label in KINDS.items()]
        self.picked.choices = [
            (ids.to_text(thing.id), f"{thing.model.label} · {thing.serial}" + (f" · {thing.asset_tag}" if thing.asset_tag else ""))
            for thing in equipment
        ]
        for field in (self.return_due_on, self.letter, self.identity_copy):  # the page hides them for a withdrawal
            field.flags.required = True
        if client.kind == "individual":
            del self.letter
        if not self.is_submitted():
            self.leaves_on.data = self.leaves_on.data or clock.today() + timedelta(days=1)

    def keep_number(self, found: Exit) -> None:
        """For a correction: the mover's number stays unless another is typed, and is not shown (R-S2)."""
        self._number_kept = found.mover_document
        self.mover_document.validators = [Optional(), Length(max=30)]
        self.mover_document.flags.required = False
        self.mover_document.description = _("Leave empty to keep the number that ends in %(tail)s.", tail=found.mover_document_tail)

    def lines(self, equipment: list[Equipment]) -> tuple[Line, ...]:
        """The picked items and then the listed ones."""
        chosen = set(self.picked.data or ())
        picked = [Line(thing.model.label, thing.serial) for thing in equipment if ids.to_text(thing.id) in chosen]
        return (*picked, *parse_listing(self.listing.data or ""))

    def command(self, client_id: uuid.UUID, equipment: list[Equipment]) -> Application:
        letter = self._fields.get("letter")
        assert self.leaves_on.data is not None  # its validators have run
        return Application(
            kind=self.kind.data,
            client_id=client_id,
            lines=self.lines(equipment),
            leaves_on=self.leaves_on.data,
            return_due_on=self.return_due_on.data,
            mover_name=self.mover_name.data or "",
            mover_document=self.mover_document.data or self._number_kept,
            mover_phone=self.mover_phone.data or "",
            letter_id=letter.data if letter is not None else None,
            identity_copy_id=self.identity_copy.data,
            note=self.note.data or "",
            anyway=self.anyway.data,
        )


class ReplacementForm(Form):
    """The item that comes in on the old one's place."""

    model = StringField(_l("Model"), validators=[InputRequired(_l("Give the model."))], description=_l("As in the catalogue, maker first."))
    serial = TextField(
        _l("Serial number"), validators=[InputRequired(_l("Give the serial number.")), Length(max=60)], render_kw={"class": "code"}
    )
    asset_tag = TextField(_l("Asset tag"), validators=[Optional(), Length(max=60)])
    checked = BooleanField(_l("Packaging is off; model and serial number are as written on the equipment"))


def parse_listing(text: str) -> tuple[Line, ...]:
    """Pasted lines: `serial`, or `model <tab or comma> serial`. Blank lines count for nothing."""
    lines = []
    for raw in text.splitlines():
        parts = [part.strip() for part in re.split(r"[\t,，;；]", raw) if part.strip()]
        if len(parts) == 1:
            lines.append(Line("", normalise_serial(parts[0])))
        elif parts:
            lines.append(Line(parts[0], normalise_serial(parts[1])))
    return tuple(lines)
