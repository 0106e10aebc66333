"""The forms of evidence: the period of a pack, the document of a person."""

from __future__ import annotations

from datetime import date

from wtforms import DateField, SelectField
from wtforms.validators import InputRequired, Length

from portal.clients.rules import DOCUMENT_KINDS
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import _, _l


class PeriodForm(Form):
    """From one of the site's days to another, both included."""

    from_on = DateField(_l("From"), validators=[InputRequired(_l("Give the first day."))])
    to_on = DateField(_l("To"), validators=[InputRequired(_l("Give the last day."))], description=_l("Both days are included."))

    def days(self) -> tuple[date, date]:
        """The two days of a valid form."""
        assert self.from_on.data is not None
        assert self.to_on.data is not None
        return self.from_on.data, self.to_on.data


class DocumentForm(Form):
    """A person by their document. Sent by POST, so that the number stands in no address and no log."""

    document_kind = SelectField(_l("Document"))
    document_number = TextField(
        _l("Document number"),
        validators=[InputRequired(_l("Give the number.")), Length(max=40)],
        description=_l("Found under whichever client they were recorded."),
    )

    def offer(self) -> None:
        self.document_kind.choices = options((kind, _(label)) for kind, label in DOCUMENT_KINDS.items())
