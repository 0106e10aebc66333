"""The forms of clients, contacts and people. They check shape; what a number has to be, the rules say."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from portal.clients.rules import CLIENT_KINDS, DOCUMENT_KINDS
from portal.clients.services import ClientChange, ContactData, NewClient, NewPerson, PersonChange
from portal.kernel import ids
from portal.kernel.forms import Form, TextField, stripped
from portal.kernel.i18n import _, _l

# Numbers are not remembered by the browser: whoever sits there next has no business with them.
_NUMBER = {"autocomplete": "off", "spellcheck": "false", "class": "code"}
_PHONE = {"inputmode": "tel"}


def _name(label: Any, message: Any, most: int) -> TextField:
    return TextField(label, validators=[DataRequired(message), Length(max=most)])


def _phone() -> TextField:
    return TextField(_l("Phone"), validators=[Length(max=40)], render_kw=_PHONE)


def _address() -> TextField:
    return TextField(_l("Address"), validators=[Length(max=200)])


def _sales() -> SelectField:
    return SelectField(_l("Sales contact"), validators=[Optional()])


def _note() -> TextAreaField:
    return TextAreaField(
        _l("Note"), filters=[stripped], validators=[Length(max=2000)], description=_l("For staff; the client does not see it.")
    )


def _sales_choices(sales: Sequence[tuple[uuid.UUID, str]]) -> list[tuple[str, str]]:
    return [("", _("None")), *((ids.to_text(user_id), name) for user_id, name in sales)]


def _sales_id(field: SelectField) -> uuid.UUID | None:
    return ids.from_text(field.data) if field.data else None


class NewClientForm(Form):
    """Registering a client."""

    kind = RadioField(_l("Kind"), validators=[InputRequired(_l("Choose one."))], default="company")
    name = _name(_l("Name"), _l("Give the name."), 120)
    registration_number = TextField(
        _l("Registration number"),
        validators=[DataRequired(_l("Give the number.")), Length(max=40)],
        description=_l("A company's unified social credit code, an individual's identity number. Stored encrypted."),
        render_kw=_NUMBER,
    )
    phone, address, sales, note = _phone(), _address(), _sales(), _note()

    def offer(self, sales: Sequence[tuple[uuid.UUID, str]]) -> None:
        """Fills in the kinds, and which sales people can be chosen."""
        self.kind.choices = [(kind, _(label)) for kind, label in CLIENT_KINDS.items()]
        self.sales.choices = _sales_choices(sales)

    def command(self) -> NewClient:
        return NewClient(
            kind=self.kind.data,
            name=self.name.data or "",
            registration_number=self.registration_number.data or "",
            phone=self.phone.data or "",
            address=self.address.data or "",
            note=self.note.data or "",
            sales_id=_sales_id(self.sales),
        )


class ChangeClientForm(Form):
    """Changing a client's data."""

    name = _name(_l("Name"), _l("Give the name."), 120)
    registration_number = TextField(
        _l("Corrected registration number"),
        validators=[Length(max=40)],
        description=_l("Leave it empty unless the number was entered wrongly."),
        render_kw=_NUMBER,
    )
    phone, address, sales, note = _phone(), _address(), _sales(), _note()

    def offer(self, sales: Sequence[tuple[uuid.UUID, str]]) -> None:
        """Fills in which sales people can be chosen."""
        self.sales.choices = _sales_choices(sales)

    def command(self) -> ClientChange:
        return ClientChange(
            name=self.name.data or "",
            phone=self.phone.data or "",
            address=self.address.data or "",
            note=self.note.data or "",
            sales_id=_sales_id(self.sales),
            registration_number=self.registration_number.data or "",
        )


class ContactForm(Form):
    """Whom to call or write to at the client."""

    name = _name(_l("Full name"), _l("Give the full name."), 80)
    duty = TextField(_l("Responsible for"), validators=[Length(max=80)], description=_l("For example operations, contracts, invoices."))
    phone = _phone()
    email = TextField(_l("E-mail"), validators=[Optional(), Length(max=254), Email(_l("This is not an e-mail address."))])

    def command(self) -> ContactData:
        return ContactData(
            name=self.name.data or "", duty=self.duty.data or "", phone=self.phone.data or "", email=(self.email.data or "").lower()
        )


def _employer() -> TextField:
    return TextField(
        _l("Employer"),
        validators=[Length(max=120)],
        description=_l("The company that sends this person, where it is not the client itself."),
    )


def _document_kind() -> SelectField:
    return SelectField(_l("Document"), validators=[InputRequired(_l("Choose one."))], default="identity_card")


def _document_kinds() -> list[tuple[str, str]]:
    return [(kind, _(label)) for kind, label in DOCUMENT_KINDS.items()]


class NewPersonForm(Form):
    """Recording a person of a client."""

    name = _name(_l("Full name"), _l("Give the name as on the document."), 80)
    document_kind = _document_kind()
    document_number = TextField(
        _l("Document number"),
        validators=[DataRequired(_l("Give the number.")), Length(max=40)],
        description=_l("Checked by its check digit, stored encrypted, shown masked."),
        render_kw=_NUMBER,
    )
    phone = _phone()
    employer = _employer()

    def offer(self) -> None:
        """Fills in the kinds of documents."""
        self.document_kind.choices = _document_kinds()

    def command(self, client_id: uuid.UUID) -> NewPerson:
        return NewPerson(
            client_id=client_id,
            name=self.name.data or "",
            document_kind=self.document_kind.data,
            document_number=self.document_number.data or "",
            phone=self.phone.data or "",
            employer=self.employer.data or "",
        )


class ChangePersonForm(Form):
    """Changing a person's data."""

    name = _name(_l("Full name"), _l("Give the name as on the document."), 80)
    document_kind = _document_kind()
    document_number = TextField(
        _l("New document number"),
        validators=[Length(max=40)],
        description=_l("Leave it empty while the document is the same."),
        render_kw=_NUMBER,
    )
    phone = _phone()
    employer = _employer()

    def offer(self) -> None:
        """Fills in the kinds of documents."""
        self.document_kind.choices = _document_kinds()

    def command(self) -> PersonChange:
        return PersonChange(
            name=self.name.data or "",
            phone=self.phone.data or "",
            document_kind=self.document_kind.data,
            document_number=self.document_number.data or "",
            employer=self.employer.data or "",
        )
