"""The forms of emergency access. They check shape; what speaks against a request is said by the services."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from typing import Any

from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from portal.contracts.models import Contract
from portal.emergencies.reporting import Report
from portal.emergencies.services import Expected, Request
from portal.kernel import clock, ids
from portal.kernel.forms import Form, ReasonForm, TextField, options, serials_in
from portal.kernel.i18n import _, _l
from portal.kernel.moments import MomentField, wall

_PHONE_AT_END = re.compile(r"[\s,，、;；]+(\+?[\d\s()（）\-]{5,24})$")


def people_in(text: str) -> tuple[Expected, ...]:
    """One person per line: a name, and a phone number after it if it is known."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if not line:
            continue
        phone = _PHONE_AT_END.search(line)
        name = line[: phone.start()] if phone else line
        found.append(Expected(name.strip(), phone[1].strip() if phone else ""))
    return tuple(found)


class AskForm(Form):
    """What has happened, where, who comes. Staff note who called, from which number, and when."""

    room = SelectField(_l("Room"), validators=[InputRequired(_l("Choose the room."))])
    reason = TextAreaField(
        _l("What has happened, and what has to be done"),
        validators=[DataRequired(_l("Say what has happened and what has to be done.")), Length(max=1000)],
        render_kw={"rows": 3},
    )
    people = TextAreaField(
        _l("Who comes"),
        validators=[Length(max=2000)],
        description=_l("As far as known: one person per line, name and phone. At the gate everyone shows an identity document."),
        render_kw={"rows": 3},
    )
    equipment = TextAreaField(
        _l("Equipment"),
        validators=[Length(max=4000)],
        description=_l("Serial numbers, one per line, if you know which equipment it is."),
        render_kw={"rows": 2, "class": "code", "spellcheck": "false"},
    )
    caller_name = TextField(_l("Caller"), validators=[Length(max=80)])
    caller_phone = TextField(_l("Caller's number"), validators=[Length(max=32)], render_kw={"inputmode": "tel"})
    called_at = MomentField(_l("Called at"), validators=[Optional()])

    def offer(self, contracts: Iterable[Contract], names: Iterable[str], *, by_phone: bool) -> None:
        rooms = [
            (ids.to_text(contract.room_id), name if contract.room.code in name else f"{contract.room.code} {name}")
            for contract, name in zip(contracts, names, strict=True)
        ]
        self.room.choices = options(rooms if len(rooms) == 1 else [("", _("Choose …")), *rooms])
        if by_phone:
            for field in (self.caller_name, self.caller_phone, self.called_at):
                field.flags.required = True
            if self.called_at.data is None and not self.called_at.raw_data:
                self.called_at.data = wall(clock.now())
        else:
            del self.caller_name, self.caller_phone, self.called_at

    def command(self, client_id: uuid.UUID) -> Request:
        called: Any = self._fields.get("called_at")
        return Request(
            client_id=client_id,
            room_id=ids.from_text(self.room.data),
            reason=(self.reason.data or "").strip(),
            people=people_in(self.people.data or ""),
            serials=serials_in(self.equipment.data or ""),
            caller_name=(self.caller_name.data or "") if called is not None else "",
            caller_phone=(self.caller_phone.data or "") if called is not None else "",
            called_at=called.moment if called is not None else None,
        )


class ApproveForm(ReasonForm):
    """Approving: the usual reason stands in the field, so that two taps are enough on a phone."""

    @staticmethod
    def usual() -> str:
        return str(_("The fault cannot wait; access is necessary."))


class RefuseForm(ReasonForm):
    """Refusing: the reason has to be one of its own."""

    def validate_reason(self, field: Any) -> None:
        if (field.data or "").strip() == ApproveForm.usual():
            raise ValidationError(_("Say why it is refused: the client reads it."))


class CloseForm(Form):
    reason = TextAreaField(_l("Note"), validators=[Length(max=500)], description=_l("Stands in the record; the client reads it."))


class ReportForm(Form):
    """What was done, to which equipment, until when."""

    report = TextAreaField(
        _l("What was done"), validators=[DataRequired(_l("Say what was done.")), Length(max=8000)], render_kw={"rows": 6}
    )
    equipment = TextAreaField(
        _l("Which equipment"),
        validators=[Length(max=4000)],
        description=_l("Serial numbers, one per line. Leave it empty if no equipment was touched."),
        render_kw={"rows": 3, "class": "code", "spellcheck": "false"},
    )
    worked_until = MomentField(_l("Worked until"), validators=[InputRequired(_l("Give day and time."))])

    def command(self) -> Report:
        assert self.worked_until.moment is not None
        return Report((self.report.data or "").strip(), serials_in(self.equipment.data or ""), self.worked_until.moment)
