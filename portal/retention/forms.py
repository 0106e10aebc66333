"""The form of a retention period."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.kernel.forms import Form, TextField
from portal.kernel.i18n import _l
from portal.retention.services import NewPeriod


class PeriodForm(Form):
    """Days or for good, with the reason in both languages."""

    days = IntegerField(_l("Kept for"), validators=[Optional()], render_kw={"unit": _l("days")})
    for_good = BooleanField(_l("Kept for good"))
    reason_zh = TextAreaField(_l("Reason in Chinese"), validators=[InputRequired(_l("Give a reason.")), Length(max=500)])
    reason_en = TextAreaField(_l("Reason in English"), validators=[InputRequired(_l("Give a reason.")), Length(max=500)])
    clause = TextField(_l("Law or contract"), validators=[InputRequired(_l("Say what the period rests on.")), Length(max=200)])

    def command(self) -> NewPeriod:
        return NewPeriod(
            self.days.data, bool(self.for_good.data), self.reason_zh.data or "", self.reason_en.data or "", self.clause.data or ""
        )
