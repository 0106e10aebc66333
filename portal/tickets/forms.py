"""The forms of the service desk."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, TextAreaField, TimeField
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from portal.accounts.models import User
from portal.files.fields import UploadField
from portal.kernel import clock, ids
from portal.kernel.forms import Form, ReasonForm, TextField, options, serials_in
from portal.kernel.i18n import _, _l
from portal.kernel.moments import MomentField, wall
from portal.kernel.web import chosen_locale, local_name
from portal.tickets.complaints import Judgement, NewAction
from portal.tickets.deadlines import UNITS, Term
from portal.tickets.models import CannedAnswer, Department, TicketKind
from portal.tickets.opinions import Opinion
from portal.tickets.rules import BY_STAFF, CHANNELS, PRIORITIES, TYPES
from portal.tickets.services import Asked, Said
from portal.tickets.settings import KindFacts, Texts
from portal.tickets.sorting import HandOver

CHOOSE = ("", _l("Choose …"))
SCORES: dict[int, Any] = {
    5: _l("Very satisfied"), 4: _l("Satisfied"), 3: _l("So-so"), 2: _l("Not satisfied"), 1: _l("Not satisfied at all"),
}  # fmt: skip


def _file(number: int, purpose: str = "ticket") -> UploadField:
    return UploadField(_l("Attachment %(number)s", number=number), purpose=purpose)


def _minutes() -> IntegerField:
    return IntegerField(
        _l("Time spent"), validators=[Optional(), NumberRange(0, 1440, _l("Give 0 to 1440 minutes."))],
        render_kw={"unit": _l("min"), "inputmode": "numeric"},
    )  # fmt: skip


class AskForm(Form):
    """A request. Staff note who asks, how to reach them, by which way and when it really came in."""

    channel = SelectField(_l("Came in by"), validators=[InputRequired(_l("Choose how it came in."))])
    received_at = MomentField(_l("Came in at"), validators=[InputRequired(_l("Say when it really came in."))])
    contact_name = TextField(_l("Who asks"), validators=[Length(max=80)])
    contact_phone = TextField(_l("Phone"), validators=[Length(max=32)], render_kw={"inputmode": "tel"})
    contact_email = TextField(
        _l("E-mail"), validators=[Optional(), Length(max=254), Email(_l("This is not an e-mail address."))],
        description=_l("The receipt and the answers go there."),
    )  # fmt: skip
    kind = SelectField(_l("What it is about"), validators=[InputRequired(_l("Choose what it is about."))])
    subject = TextField(_l("Subject"), validators=[InputRequired(_l("Say in a few words what it is about.")), Length(max=120)])
    body = TextAreaField(
        _l("Description"),
        validators=[DataRequired(_l("Describe it, so that it can be answered.")), Length(max=8000)],
        render_kw={"rows": 6},
    )
    equipment = TextAreaField(
        _l("About what"), validators=[Length(max=2000)],
        description=_l("Serial numbers, or numbers of badges, visits and contracts, one per line."),
        render_kw={"rows": 2, "class": "code", "spellcheck": "false"},
    )  # fmt: skip
    wanted_at = MomentField(_l("Wanted at"), validators=[Optional()], description=_l("For remote hands: when the work is to be done."))
    minutes_booked = IntegerField(
        _l("Booked for"), validators=[Optional(), NumberRange(5, 1440, _l("Give 5 to 1440 minutes."))],
        description=_l("For remote hands: how long it will take."), render_kw={"unit": _l("min"), "inputmode": "numeric"},
    )  # fmt: skip
    priority = SelectField(_l("Priority"), validators=[Optional()])
    file1, file2, file3 = _file(1), _file(2), _file(3)

    def offer(self, kinds: Iterable[TicketKind], *, by_staff: bool, with_client: bool) -> None:
        """Fills in what can be chosen; a client is not asked what only staff know."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for kind in kinds:
            groups.setdefault(str(_(TYPES[kind.type])), []).append((ids.to_text(kind.id), kind_name(kind)))
        self.kind.choices = {"": options([CHOOSE]), **{label: options(found) for label, found in groups.items()}}
        self.priority.choices = options([("", _("As usual for its kind")), *((key, _(label)) for key, label in PRIORITIES.items())])
        if by_staff:
            self.channel.choices = options([CHOOSE, *((key, _(CHANNELS[key])) for key in BY_STAFF)])
            self.contact_name.flags.required = True
            if self.received_at.data is None and not self.received_at.raw_data:
                self.received_at.data = wall(clock.now())
        else:
            del self.channel, self.received_at, self.contact_name, self.contact_phone, self.contact_email, self.priority
        if not with_client:
            del self.equipment, self.wanted_at, self.minutes_booked

    def command(self, client_id: uuid.UUID | None) -> Asked:
        given: Any = self._fields.get
        received, wanted = given("received_at"), given("wanted_at")

        def text(name: str) -> str:
            field = given(name)
            return (field.data or "").strip() if field is not None else ""

        return Asked(
            kind_id=ids.from_text(self.kind.data), subject=self.subject.data or "", body=text("body"), client_id=client_id,
            channel=text("channel") or "portal", priority=text("priority"), contact_name=text("contact_name"),
            contact_phone=text("contact_phone"), contact_email=text("contact_email"),
            received_at=received.moment if received is not None else None, wanted_at=wanted.moment if wanted is not None else None,
            minutes_booked=self.minutes_booked.data if given("minutes_booked") is not None else None, serials=serials_in(text("equipment")),
            file_ids=_files(self),
        )  # fmt: skip


class AnswerForm(Form):
    """An answer that the client reads, or a question to them."""

    text = SelectField(_l("Start from"), validators=[Optional()])
    body = TextAreaField(_l("Answer"), validators=[DataRequired(_l("Write the answer.")), Length(max=8000)], render_kw={"rows": 5})
    waits = BooleanField(_l("Wait for the client's answer: the clock stands still"))
    minutes = _minutes()
    file1 = _file(1)

    def offer(self, texts: Sequence[CannedAnswer]) -> None:
        zh = chosen_locale() == "zh_CN"
        self.text.choices = options([("", _("An empty page")), *((ids.to_text(t.id), t.title if zh else t.title_en) for t in texts)])
        if not texts:
            del self.text

    def command(self) -> Said:
        return Said("answer", (self.body.data or "").strip(), waits=self.waits.data, minutes=self.minutes.data or 0, file_ids=_files(self))


class NoteForm(Form):
    """A note that staff alone read."""

    body = TextAreaField(_l("Internal note"), validators=[DataRequired(_l("Write the note.")), Length(max=8000)], render_kw={"rows": 3})
    minutes = _minutes()
    file1 = _file(1, "ticket_internal")

    def command(self) -> Said:
        return Said("note", (self.body.data or "").strip(), minutes=self.minutes.data or 0, file_ids=_files(self))


class WriteForm(Form):
    """What the client adds."""

    body = TextAreaField(_l("Your message"), validators=[DataRequired(_l("Write your message.")), Length(max=8000)], render_kw={"rows": 4})
    file1, file2 = _file(1), _file(2)

    def command(self) -> Said:
        return Said("question", (self.body.data or "").strip(), file_ids=_files(self))


class SettleForm(ReasonForm):
    reason = TextAreaField(
        _l("Result"), validators=[DataRequired(_l("Say what came of it.")), Length(max=4000)],
        description=_l("The client reads it, and is asked whether they are satisfied."), render_kw={"rows": 5},
    )  # fmt: skip
    minutes = _minutes()


class MergeForm(Form):
    into = TextField(
        _l("Goes on in"), validators=[InputRequired(_l("Give the number of the other request."))], render_kw={"class": "code"},
        description=_l("The number of another request of the same client that is open."),
    )  # fmt: skip


class HandOverForm(Form):
    department = SelectField(_l("Department"), validators=[InputRequired()])
    assignee = SelectField(_l("To whom"), validators=[Optional()])
    reason = TextAreaField(_l("Reason"), validators=[DataRequired(_l("Give a reason.")), Length(max=500)])

    def offer(self, departments: Sequence[Department], people: Sequence[User]) -> None:
        names = {department.role: department_name(department) for department in departments}
        self.department.choices = options((ids.to_text(d.id), department_name(d)) for d in departments)
        named = [(ids.to_text(user.id), f"{user.name} · {names[user.role]}") for user in people if user.role in names]
        self.assignee.choices = options([("", _("Whoever takes it")), *named])

    def command(self) -> HandOver:
        assignee = ids.from_text(self.assignee.data) if self.assignee.data else None
        return HandOver(ids.from_text(self.department.data), assignee, (self.reason.data or "").strip())


class SortForm(Form):
    kind = SelectField(_l("What it is about"), validators=[InputRequired()])
    priority = SelectField(_l("Priority"), validators=[InputRequired()])

    def offer(self, kinds: Iterable[TicketKind]) -> None:
        self.kind.choices = options((ids.to_text(kind.id), f"{_(TYPES[kind.type])}: {kind_name(kind)}") for kind in kinds)
        self.priority.choices = options((key, _(label)) for key, label in PRIORITIES.items())


class JudgeForm(Form):
    upheld = RadioField(
        _l("Was the complaint justified?"),
        choices=options([("yes", _l("Yes")), ("no", _l("No"))]),
        validators=[InputRequired(_l("Say yes or no."))],
    )
    cause = TextAreaField(_l("Cause"), validators=[DataRequired(_l("Say what caused it.")), Length(max=500)])
    department = SelectField(
        _l("Counts for"), validators=[Optional()], description=_l("A justified complaint takes a point from this department.")
    )

    def offer(self, departments: Sequence[Department]) -> None:
        self.department.choices = options([("", _("No department")), *((ids.to_text(d.id), department_name(d)) for d in departments)])

    def command(self) -> Judgement:
        department = ids.from_text(self.department.data) if self.department.data else None
        return Judgement(self.upheld.data == "yes", (self.cause.data or "").strip(), department)


class ActionForm(Form):
    what = TextAreaField(_l("What is done"), validators=[DataRequired(_l("Say what is done.")), Length(max=500)])
    owner = SelectField(_l("By whom"), validators=[InputRequired(_l("Choose who does it."))])
    due_on = DateField(_l("Until"), validators=[InputRequired(_l("Say until when."))])

    def offer(self, people: Sequence[User]) -> None:
        self.owner.choices = options([CHOOSE, *((ids.to_text(user.id), user.name) for user in people)])

    def command(self) -> NewAction:
        assert self.due_on.data is not None
        return NewAction((self.what.data or "").strip(), ids.from_text(self.owner.data), self.due_on.data)


class DoneForm(Form):
    note = TextAreaField(_l("What was done"), validators=[DataRequired(_l("Say what was done.")), Length(max=500)])


class CheckForm(Form):
    works = RadioField(
        _l("Does it work?"),
        choices=options([("yes", _l("Yes")), ("no", _l("No, it is to be done again"))]),
        validators=[InputRequired(_l("Say yes or no."))],
    )
    note = TextAreaField(_l("What you found"), validators=[DataRequired(_l("Say what you found.")), Length(max=500)])


class OpinionForm(Form):
    """Five points and a word."""

    score = RadioField(_l("How satisfied are you?"), validators=[InputRequired(_l("Choose one."))])
    words = TextAreaField(_l("A word on it"), validators=[Length(max=500)], render_kw={"rows": 3})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.score.choices = options((str(score), label) for score, label in SCORES.items())


class FollowUpForm(OpinionForm):
    """What the client said when staff called or visited."""

    way = RadioField(
        _l("How"),
        choices=options([("call", _l("Follow-up call")), ("visit", _l("Follow-up visit"))]),
        validators=[InputRequired(_l("Choose one."))],
    )

    def opinion(self) -> Opinion:
        return Opinion(int(self.score.data), (self.words.data or "").strip(), self.way.data)


class KindForm(Form):
    type = SelectField(_l("Type"), validators=[InputRequired()])
    code = TextField(_l("Code"), validators=[InputRequired(_l("Give a code.")), Length(max=24)], render_kw={"class": "code"})
    name = TextField(_l("Name (Chinese)"), validators=[InputRequired(_l("Give a name.")), Length(max=40)])
    name_en = TextField(_l("Name (English)"), validators=[InputRequired(_l("Give a name.")), Length(max=40)])
    department = SelectField(_l("Department"), validators=[InputRequired()])
    priority = SelectField(_l("Priority"), validators=[InputRequired()])
    answer_amount = IntegerField(_l("First answer within"), validators=[InputRequired(_l("Give a number.")), NumberRange(1, 1000)])
    answer_unit = SelectField(_l("counted in"), validators=[InputRequired()])
    settle_amount = IntegerField(_l("Settled within"), validators=[InputRequired(_l("Give a number.")), NumberRange(1, 1000)])
    settle_unit = SelectField(_l("counted in"), validators=[InputRequired()])
    active = BooleanField(_l("Offered"))

    def offer(self, departments: Sequence[Department]) -> None:
        self.type.choices = options((key, _(label)) for key, label in TYPES.items())
        self.department.choices = options((ids.to_text(d.id), department_name(d)) for d in departments)
        self.priority.choices = options((key, _(label)) for key, label in PRIORITIES.items())
        self.answer_unit.choices = self.settle_unit.choices = options((key, _(label)) for key, label in UNITS.items())

    def command(self) -> KindFacts:
        answer, settle = (
            Term(self.answer_amount.data or 0, self.answer_unit.data),
            Term(self.settle_amount.data or 0, self.settle_unit.data),
        )
        return KindFacts(
            self.code.data or "", self.type.data, self.name.data or "", self.name_en.data or "", ids.from_text(self.department.data),
            self.priority.data, answer, settle, self.active.data,
        )  # fmt: skip


class HeadForm(Form):
    head = SelectField(_l("Head"), validators=[Optional()], description=_l("What is late goes to the head and to the supervisors."))

    def offer(self, people: Sequence[User]) -> None:
        self.head.choices = options([("", _("Nobody")), *((ids.to_text(user.id), user.name) for user in people)])


class HoursForm(Form):
    opens = TimeField(_l("Opens"), validators=[InputRequired(_l("Give a time."))])
    closes = TimeField(_l("Closes"), validators=[InputRequired(_l("Give a time."))])


class TextForm(Form):
    title = TextField(_l("Title (Chinese)"), validators=[InputRequired(_l("Give a title.")), Length(max=60)])
    title_en = TextField(_l("Title (English)"), validators=[InputRequired(_l("Give a title.")), Length(max=60)])
    body = TextAreaField(_l("Text (Chinese)"), validators=[DataRequired(_l("Write the text.")), Length(max=4000)], render_kw={"rows": 5})
    body_en = TextAreaField(_l("Text (English)"), validators=[DataRequired(_l("Write the text.")), Length(max=4000)], render_kw={"rows": 5})
    active = BooleanField(_l("Offered"), default=True)

    def command(self) -> Texts:
        return Texts(self.title.data or "", self.title_en.data or "", self.body.data or "", self.body_en.data or "", self.active.data)


def kind_name(kind: TicketKind) -> str:
    return local_name(kind)


def department_name(department: Department) -> str:
    return local_name(department)


def _files(form: Form) -> tuple[uuid.UUID, ...]:
    found = (form._fields[name].data for name in form._fields if name.startswith("file"))
    return tuple(file_id for file_id in found if file_id is not None)
