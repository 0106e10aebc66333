"""The forms of visits. They check shape; what speaks against a visit is said by `checking`, `judging` and the services."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.clients.models import Client
from portal.facility.models import Room
from portal.files.fields import UploadField
from portal.kernel import ids
from portal.kernel.forms import Form, TextField, options, stripped
from portal.kernel.i18n import _, _l
from portal.kernel.moments import MomentField
from portal.kernel.web import coded_name
from portal.visits import rules
from portal.visits.listing import COLUMNS, TypedPerson, kind_of, read_file, read_text
from portal.visits.models import Visitor
from portal.visits.naming import Named
from portal.visits.services import Approval, LaterEnd, VisitRequest
from portal.visits.settings import HoursFacts, RuleFacts

WHEN = InputRequired(_l("Give day and time."))
DAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
EMAIL = "email-"  # the field with the address of one of the client's people, before their id


class ManyField(SelectMultipleField):
    """Several of a few, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class VisitForm(Form):
    """Where, when, why and with what; and ways to put people into the table, which is read by `typed_people`."""

    room = SelectField(_l("Room"), validators=[InputRequired(_l("Choose the room."))])
    starts_at = MomentField(_l("From"), validators=[WHEN])
    ends_at = MomentField(_l("Until"), validators=[WHEN])
    reason = TextAreaField(
        _l("Reason"),
        filters=[stripped],
        validators=[DataRequired(_l("Say what the visit is for.")), Length(max=500)],
        render_kw={"rows": 2},
    )
    opens_rack = BooleanField(_l("A rack is opened"))
    tools = TextAreaField(_l("Tools carried"), filters=[stripped], validators=[Length(max=500)], render_kw={"rows": 2})
    vehicles = TextField(
        _l("Vehicles"), validators=[Length(max=300)], description=_l("Number plates, separated by commas."), render_kw={"class": "code"}
    )
    letter = UploadField(
        _l("Letter of introduction"),
        purpose="letter",
        description=_l("With the company's seal: reason, time, each person's name and identity number. JPEG, PNG or PDF."),
    )
    exception = TextAreaField(
        _l("Why the visiting hours should not hold"),
        filters=[stripped],
        validators=[Length(max=500)],
        description=_l("Only for a time outside the visiting hours. A person decides about it, never the rule."),
        render_kw={"rows": 2},
    )
    pasted = TextAreaField(
        _l("Paste a list"),
        description=_l("One person per line: name, document, number, phone, company, e-mail. Copied cells of a sheet work too."),
        validators=[Length(max=200_000)],
        render_kw={"rows": 4, "class": "lines", "spellcheck": "false"},
    )
    file = FileField(
        _l("Or upload a list"), description=_l("XLSX, CSV or TSV with the same columns."), render_kw={"accept": ".xlsx,.csv,.tsv,.txt"}
    )

    def offer(self, client: Client, rooms: Sequence[Room]) -> None:
        """Fills in the rooms, and says what this kind of client has to bring."""
        self.room.choices = options((ids.to_text(room.id), coded_name(room)) for room in rooms)
        if client.kind == "individual":
            del self.letter
        else:
            self.letter.flags.required = True

    def taken_people(self) -> list[TypedPerson]:
        """The people who were pasted or uploaded; nobody if nothing was. Raises Refused on `pasted` or `file`."""
        found: list[TypedPerson] = []
        if self.pasted.data and self.pasted.data.strip():
            found += read_text(self.pasted.data)
        if self.file.data:
            found += read_file(self.file.data.read(), self.file.data.filename or "")
        return found

    def command(self, client_id: uuid.UUID, people: tuple[Named, ...], repeats_id: uuid.UUID | None) -> VisitRequest:
        letter: Any = self._fields.get("letter")
        assert self.starts_at.moment is not None
        assert self.ends_at.moment is not None
        return VisitRequest(
            client_id=client_id,
            room_id=ids.from_text(self.room.data),
            reason=self.reason.data or "",
            starts_at=self.starts_at.moment,
            ends_at=self.ends_at.moment,
            people=people,
            letter_id=letter.data if letter is not None else None,
            opens_rack=self.opens_rack.data,
            tools=self.tools.data or "",
            vehicles=tuple(rules.read_plates(self.vehicles.data or "")),
            exception=self.exception.data or "",
            repeats_id=repeats_id,
        )


def typed_people(posted: MultiDict[str, str]) -> list[TypedPerson]:
    """The lines of the table of people as they were typed, empty ones left out."""
    columns = [[value.strip() for value in posted.getlist(f"row_{name}")] for name in COLUMNS]
    lines = [TypedPerson(*values) for values in zip_longest(*columns, fillvalue="")]
    return [replace(line, document_kind=kind_of(line.document_kind, line.document_number)) for line in lines if not line.blank]


def chosen_people(posted: MultiDict[str, str], offered: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Who of those offered is ticked, with the address beside."""
    ticked = set(posted.getlist("person"))
    return {id_: posted.get(f"{EMAIL}{ids.to_text(id_)}", "").strip().lower()[:254] for id_ in offered if ids.to_text(id_) in ticked}


class ApproveForm(Form):
    """Who may come, and whether somebody goes with them."""

    people = ManyField(_l("May enter"))
    escorted = BooleanField(_l("Escorted throughout"), description=_l("Staff go with the visitors from entry to exit."))
    note = TextAreaField(_l("Note for the client"), filters=[stripped], validators=[Length(max=500)], render_kw={"rows": 2})

    def offer(self, visitors: Sequence[Visitor]) -> None:
        self.people.choices = options((ids.to_text(visitor.id), visitor.person.name) for visitor in visitors)

    def command(self) -> Approval:
        return Approval(frozenset(ids.from_text(text) for text in self.people.data or ()), self.escorted.data, self.note.data or "")


class ShortenForm(Form):
    ends_at = MomentField(_l("New end"), validators=[WHEN])


class MoreTimeForm(Form):
    """A later end, and why."""

    ends_at = MomentField(_l("New end"), validators=[WHEN])
    reason = TextAreaField(_l("Reason"), filters=[stripped], validators=[DataRequired(_l("Give a reason.")), Length(max=500)])
    exception = TextAreaField(
        _l("Why the visiting hours should not hold"),
        filters=[stripped],
        validators=[Length(max=500)],
        description=_l("Only for a time outside the visiting hours. A person decides about it, never the rule."),
        render_kw={"rows": 2},
    )

    def command(self) -> LaterEnd:
        assert self.ends_at.moment is not None
        return LaterEnd(self.ends_at.moment, self.reason.data or "", self.exception.data or "")


class HoursForm(Form):
    """When visits may begin and end at a site."""

    opens = TextField(_l("Opens"), validators=[DataRequired(_l("Give a time such as 09:00."))], render_kw={"placeholder": "09:00"})
    closes = TextField(_l("Closes"), validators=[DataRequired(_l("Give a time such as 18:00."))], render_kw={"placeholder": "18:00"})
    days = ManyField(_l("Open days"), validators=[DataRequired(_l("Choose at least one day."))])
    working_days_only = BooleanField(
        _l("Of these, working days only"), description=_l("By the calendar of working days, with its moved working days.")
    )
    slot_minutes = SelectField(_l("Slots"), coerce=int, description=_l("Visits begin and end at full slots."))

    def offer(self) -> None:
        self.days.choices = options((str(number), str(label)) for number, label in enumerate(DAYS, 1))
        self.days.flags.required = True
        self.slot_minutes.choices = options((str(minutes), _("%(minutes)s min", minutes=minutes)) for minutes in (5, 10, 15, 30, 60))

    def validate_opens(self, field: TextField) -> None:
        if rules.minute_of(field.data or "") is None:
            raise ValidationError(_("Give a time such as 09:00."))

    def validate_closes(self, field: TextField) -> None:
        opens, closes = rules.minute_of(self.opens.data or ""), rules.minute_of(field.data or "")
        if closes is None:
            raise ValidationError(_("Give a time such as 18:00."))
        if opens is not None and closes <= opens:
            raise ValidationError(_("It has to close after it opens."))

    def facts(self) -> HoursFacts:
        opens, closes = rules.minute_of(self.opens.data or ""), rules.minute_of(self.closes.data or "")
        assert opens is not None
        assert closes is not None
        return HoursFacts(opens, closes, "".join(sorted(self.days.data or ())), self.working_days_only.data, self.slot_minutes.data)


def _amount(label: Any, most: int, unit: Any, wrong: Any) -> IntegerField:
    return IntegerField(label, validators=[InputRequired(wrong), NumberRange(1, most, wrong)], render_kw={"unit": unit})


class RuleForm(Form):
    """What of a client's requests is approved at once."""

    active = BooleanField(_l("Approve requests inside the quota at once"))
    people_most = _amount(_l("People at a time"), 50, _l("people"), _l("From 1 to 50 people."))
    hours_most = _amount(_l("Longest visit"), 336, "h", _l("From 1 to 336 hours."))
    visits_a_week = _amount(_l("Visits a week"), 50, _l("visits"), _l("From 1 to 50 visits."))

    def facts(self) -> RuleFacts:
        return RuleFacts(self.active.data, self.people_most.data or 0, self.hours_most.data or 0, self.visits_a_week.data or 0)
