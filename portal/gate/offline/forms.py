"""The form by which the supervisor allows releases without a network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from wtforms import IntegerField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from portal.facility.models import Site
from portal.gate.offline.releases import Allowance
from portal.gate.offline.rules import LONGEST_RELEASE
from portal.kernel import ids
from portal.kernel.forms import Form, options
from portal.kernel.i18n import _l

MOST_HOURS = int(LONGEST_RELEASE.total_seconds() // 3600)


class AllowForm(Form):
    site = SelectField(_l("Site"), validators=[InputRequired(_l("Choose the site."))])
    hours = IntegerField(
        _l("For how long"),
        validators=[InputRequired(_l("Say for how many hours.")), NumberRange(1, MOST_HOURS, _l("From 1 to 24 hours."))],
        render_kw={"unit": _l("h")},
        default=4,
    )
    reason = TextAreaField(
        _l("Reason"),
        description=_l("Why equipment has to leave although the portal cannot be asked. It stands in the audit."),
        validators=[DataRequired(_l("Give a reason.")), Length(max=500)],
        render_kw={"rows": 2},
    )

    def offer(self, sites: Sequence[Site], names: Sequence[str]) -> None:
        """Which sites there are, by their names in the reader's language."""
        self.site.choices = options((ids.to_text(site.id), f"{site.code} {name}") for site, name in zip(sites, names, strict=True))

    def command(self, now: datetime) -> Allowance:
        data: Any = self.site.data
        return Allowance(ids.from_text(data), now + timedelta(hours=self.hours.data or 0), (self.reason.data or "").strip())
