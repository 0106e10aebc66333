"""Day and time of the site in a form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wtforms import DateTimeLocalField
from wtforms.validators import StopValidation

from portal.kernel import clock
from portal.kernel.i18n import _


class MomentField(DateTimeLocalField):
    """A wall-clock time of the site; `.moment` is what it names (UTC). A time that the clocks skip is refused; of two the first counts."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(label, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **kwargs)

    @property
    def moment(self) -> datetime | None:
        if self.data is None:
            return None
        moment = self.data.replace(tzinfo=clock.zone()).astimezone(UTC)
        there = moment.astimezone(clock.zone()).replace(tzinfo=None) == self.data
        return moment if there else None

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and self.moment is None:
            raise StopValidation(_("The clocks go forward then: that time of day does not exist. Choose another."))


def wall(moment: datetime) -> datetime:
    """A moment as the field takes it: the site's wall clock, to the minute."""
    return clock.local(moment).replace(tzinfo=None, second=0, microsecond=0)
