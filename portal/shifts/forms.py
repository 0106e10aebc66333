"""The forms of shifts."""

from __future__ import annotations

from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.kernel.forms import Form, TextField
from portal.kernel.i18n import _l


class StartForm(Form):
    """Where the shift begins."""

    site = SelectField(_l("Site"), validators=[InputRequired(_l("Choose the site."))])


class HandOverForm(Form):
    """The words for the next guard."""

    notes = TextAreaField(
        _l("Notes for the next shift"),
        validators=[Length(max=4000)],
        description=_l("What the figures do not say: what to watch, who was promised what, what is broken."),
    )


class TakeOverForm(Form):
    """That it was read."""

    note = TextField(
        _l("Remark"), validators=[Length(max=500)], description=_l("What differs from what was handed over, if anything does.")
    )
