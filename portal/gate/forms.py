"""The forms of stays."""

from __future__ import annotations

from wtforms import IntegerField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.clients.rules import DOCUMENT_KINDS
from portal.gate.models import Presence
from portal.gate.shown import kept_label
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import _, _l


class ExtendForm(Form):
    """More time for somebody who is inside."""

    minutes = IntegerField(
        _l("They may stay for another"), default=30, validators=[InputRequired(_l("Give the minutes."))],
        render_kw={"unit": _l("min"), "inputmode": "numeric"}, description=_l("Counted from now."),
    )  # fmt: skip
    reason = TextAreaField(_l("Reason"), validators=[DataRequired(_l("Give a reason.")), Length(max=200)])


class IdentifyForm(Form):
    """The identity document that the guard sees (R-A2)."""

    name = TextField(_l("Name as on the document"), validators=[DataRequired(_l("Give the name as the document says it.")), Length(max=80)])
    document_kind = SelectField(
        _l("Document"),
        choices=lambda: [(key, _(label)) for key, label in DOCUMENT_KINDS.items()],
        validators=[InputRequired(_l("Choose the kind of document."))],
    )
    document_number = TextField(_l("Document number"), validators=[DataRequired(_l("Give the document's number.")), Length(max=40)])


class _Ticks(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class OutForm(Form):
    """Booking somebody out without their pass."""

    back = _Ticks(_l("Given back from the desk"))
    reason = TextAreaField(_l("Why without the pass?"), validators=[DataRequired(_l("Give a reason.")), Length(max=200)])

    def offer(self, stay: Presence) -> None:
        """What is at the desk can be ticked; without anything there the field is gone."""
        if stay.kept_items:
            self.back.choices = options((item, kept_label(item)) for item in stay.kept_items)
            self.back.flags.required = True
        else:
            del self.back

    def given_back(self) -> list[str]:
        return list(self.back.data or ()) if "back" in self._fields else []
