"""The forms of the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.calendar.services import NewFreeze
from portal.facility.models import Room, Site
from portal.kernel import ids
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import _, _l
from portal.kernel.moments import MomentField


class DayForm(Form):
    """Whether people work on a day; "published" takes back what was entered."""

    working = RadioField(_l("This day is"), validators=[InputRequired(_l("Choose what it is."))])
    note = TextField(_l("Note"), validators=[Length(max=120)], description=_l("Why, in a few words; it stands in the calendar."))

    def offer(self, as_published: str) -> None:
        """`as_published`: what the day is when nothing is entered, in words."""
        self.working.choices = options(
            [("yes", _("a working day")), ("no", _("a day off")), ("published", _("as published: %(what)s", what=as_published))]
        )


class FreezeForm(Form):
    """A freeze: where, from when, until when, why."""

    place = SelectField(_l("Site or room"), validators=[InputRequired(_l("Choose the site or the room."))])
    starts_at = MomentField(_l("Begins"), validators=[InputRequired(_l("Give day and time."))])
    ends_at = MomentField(_l("Ends at"), validators=[InputRequired(_l("Give day and time."))])
    reason = StringField(
        _l("Reason"), validators=[InputRequired(_l("Give a reason.")), Length(max=300)], description=_l("Clients read it.")
    )

    def offer(self, sites: Iterable[tuple[Site, str]], rooms: Iterable[tuple[Room, str]]) -> None:
        """Sites and rooms, each with its name in the reader's language."""
        choices: list[tuple[str, Any]] = [("", _("Choose …"))]
        choices += [(f"site-{ids.to_text(s.id)}", _("%(code)s %(name)s, every room", code=s.code, name=name)) for s, name in sites]
        choices += [(f"room-{ids.to_text(r.id)}", name if r.code in name else f"{r.code} {name}") for r, name in rooms]
        self.place.choices = options(choices)

    def command(self) -> NewFreeze:
        kind, _sep, text = str(self.place.data).partition("-")
        place = ids.from_text(text)
        assert self.starts_at.moment is not None
        assert self.ends_at.moment is not None
        return NewFreeze(
            place if kind == "site" else None,
            place if kind == "room" else None,
            self.starts_at.moment,
            self.ends_at.moment,
            (self.reason.data or "").strip(),
        )
