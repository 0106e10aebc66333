"""The forms of violations."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField, IntegerField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.conduct.models import Violation
from portal.conduct.rules import BROKEN, MEASURES, MOST_APPEAL_FILES, SEVERITIES, Outcome
from portal.conduct.services import NewAppeal, NewViolation, Verdict
from portal.files.fields import UploadField
from portal.kernel import clock, ids
from portal.kernel.forms import Form, TextField, options
from portal.kernel.i18n import _, _l

SHOWN_AT_ONCE = 3  # upload fields of a new record; more are added to the record, one at a time


class MeasuresField(SelectMultipleField):
    """Measures as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _evidence(number: int, description: Any = "") -> UploadField:
    return UploadField(
        _l("Evidence %(number)s", number=number), purpose="evidence", description=description, render_kw={"capture": "environment"}
    )


class RecordForm(Form):
    """A new record: what, when, where, seen by whom, with up to three pieces of evidence at once."""

    person_name = TextField(
        _l("Who it was"), validators=[InputRequired(_l("Say what is known of the person.")), Length(max=80)],
        description=_l("A name, a company, how they looked. The person can be named later."),
    )  # fmt: skip
    rule = SelectField(_l("Rule broken"), validators=[InputRequired(_l("Choose the rule."))])
    severity = SelectField(_l("Severity"), validators=[InputRequired(_l("Choose how severe it is."))])
    happened_at = DateTimeLocalField(
        _l("When it happened"), format="%Y-%m-%dT%H:%M", validators=[InputRequired(_l("Say when it happened."))]
    )
    room = SelectField(_l("Room"), validators=[Optional()])
    place = TextField(
        _l("Where exactly"), validators=[Length(max=120)], description=_l("A rack, a corridor, the gate; needed where no room is chosen.")
    )
    description = TextAreaField(
        _l("What happened"), validators=[InputRequired(_l("Say what happened.")), Length(max=4000)],
        description=_l("What was seen, in order. The client reads it once it is decided on."),
    )  # fmt: skip
    witness = TextField(_l("Witness"), validators=[Length(max=200)], description=_l("For staff alone."))
    note = TextAreaField(_l("Internal note"), validators=[Length(max=2000)], description=_l("For staff alone."))
    evidence1 = _evidence(1, _l("A photo or a PDF; for staff alone."))
    evidence2 = _evidence(2)
    evidence3 = _evidence(3)

    def offer(self, rooms: Iterable[tuple[str, str]], *, known: bool) -> None:
        """Fills in what can be chosen. `known`: the person is chosen already, so nothing is asked about who it was."""
        if known:
            del self.person_name
        self.rule.choices = options([("", _("Choose …")), *((key, _(label)) for key, label in BROKEN.items())])
        self.severity.choices = options([("", _("Choose …")), *((key, _(label)) for key, label in SEVERITIES.items())])
        self.room.choices = options([("", _("No room")), *rooms])

    def command(self, client_id: uuid.UUID, person_id: uuid.UUID | None, event_id: uuid.UUID | None) -> NewViolation:
        name: Any = self._fields.get("person_name")
        happened: datetime = self.happened_at.data or clock.now()
        return NewViolation(
            client_id=client_id,
            person_id=person_id,
            person_name=name.data or "" if name is not None else "",
            rule=self.rule.data,
            severity=self.severity.data,
            happened_at=happened.replace(tzinfo=clock.zone()) if happened.tzinfo is None else happened,
            room_id=ids.from_text(self.room.data) if self.room.data else None,
            place=self.place.data or "",
            description=self.description.data or "",
            witness=self.witness.data or "",
            note=self.note.data or "",
            event_id=event_id,
            evidence=tuple(f.data for f in (self.evidence1, self.evidence2, self.evidence3) if f.data is not None),
        )


class EvidenceForm(Form):
    """One more piece of evidence."""

    file = UploadField(_l("Evidence"), purpose="evidence", required=True, description=_l("A photo or a PDF; for staff alone."))


class NameForm(Form):
    """Who it was."""

    person = SelectField(_l("Person"), validators=[InputRequired(_l("Choose the person."))])


class DecisionForm(Form):
    """What follows, and why."""

    measures = MeasuresField(_l("What follows"), description=_l("Several are possible, such as a ban and the police."))
    days = IntegerField(
        _l("Days of suspension"),
        validators=[Optional()],
        render_kw={"inputmode": "numeric", "min": 1, "max": 365},
        description=_l("Only with a suspension. The day of the decision is not counted; it ends with the last day."),
    )
    reason = TextAreaField(
        _l("Reason"), validators=[InputRequired(_l("Give a reason.")), Length(max=2000)], description=_l("The client reads it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measures.choices = options((key, _(label)) for key, label in MEASURES.items())
        self.measures.flags.required = True

    def verdict(self) -> Verdict:
        return Verdict(Outcome(frozenset(self.measures.data or ()), self.days.data), self.reason.data or "")


class AppealForm(Form):
    """The client's side of it."""

    text = TextAreaField(
        _l("Why the decision should be changed"),
        validators=[InputRequired(_l("Say why the decision should be changed.")), Length(max=4000)],
        description=_l("You can appeal once, so say everything here. What was decided holds until the answer."),
    )  # fmt: skip
    paper1 = UploadField(_l("Paper %(number)s", number=1), purpose="appeal", description=_l("JPEG, PNG or PDF."))
    paper2 = UploadField(_l("Paper %(number)s", number=2), purpose="appeal")
    paper3 = UploadField(_l("Paper %(number)s", number=3), purpose="appeal")

    def command(self) -> NewAppeal:
        papers = tuple(f.data for f in (self.paper1, self.paper2, self.paper3) if f.data is not None)
        return NewAppeal(self.text.data or "", papers[:MOST_APPEAL_FILES])


def decided_before(violation: Violation, outcome: Outcome) -> dict[str, Any]:
    """What a form that changes the decision begins with."""
    return {"measures": sorted(outcome.measures), "days": outcome.days}
