"""The forms of badges."""

from __future__ import annotations

import uuid
from typing import Any

from wtforms import DateField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.badges.services import Application
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.files.fields import UploadField
from portal.kernel import ids
from portal.kernel.forms import Form
from portal.kernel.i18n import _, _l


class ContractsField(SelectMultipleField):
    """Contracts as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ApplicationForm(Form):
    """An application: who, for which contracts' rooms, with the papers of R-B1."""

    person = SelectField(_l("Holder"), validators=[InputRequired(_l("Choose the holder."))])
    contracts = ContractsField(_l("Contracts and rooms"), description=_l("The badge opens the rooms of these contracts."))
    photo = UploadField(
        _l("Photo of the holder"),
        purpose="badge_photo",
        required=True,
        description=_l("JPEG or PNG, face to the front; it is cropped to the shape of the card."),
    )
    identity_copy = UploadField(
        _l("Copy of the identity document"), purpose="identity_copy", required=True, description=_l("JPEG, PNG or PDF. Stored encrypted.")
    )
    letter = UploadField(_l("Letter of introduction"), purpose="letter", required=False)

    def offer(self, client: Client, people: list[Person], contracts: list[Contract], *, replaces_lost: bool = False) -> None:
        """Fills in what can be chosen for this client, and says what its kind has to bring."""
        self.person.choices = [("", _("Choose …"))] + [
            (ids.to_text(person.id), _("%(name)s (document ends in %(tail)s)", name=person.name, tail=person.document_tail))
            for person in people
        ]
        self.contracts.choices = [
            (ids.to_text(contract.id), _("%(number)s, room %(room)s", number=contract.number, room=contract.room.code))
            for contract in contracts
        ]
        if len(contracts) == 1 and not self.contracts.data:
            self.contracts.data = [ids.to_text(contracts[0].id)]
        self.contracts.flags.required = True
        if client.kind == "individual":
            del self.letter
        else:
            self.letter.flags.required = True
            self.letter.description = (
                _("The company's letter that says the badge was lost, with its seal.")
                if replaces_lost
                else _("With the company's seal, naming the holder. JPEG, PNG or PDF.")
            )

    def command(self, client_id: uuid.UUID, replaces_id: uuid.UUID | None = None) -> Application:
        letter: Any = self._fields.get("letter")
        return Application(
            client_id=client_id,
            person_id=ids.from_text(self.person.data) if self.person.data else None,
            contract_ids=tuple(ids.from_text(text) for text in self.contracts.data or ()),
            photo_id=self.photo.data,
            identity_copy_id=self.identity_copy.data,
            letter_id=letter.data if letter is not None else None,
            replaces_id=replaces_id,
        )


class IssueForm(Form):
    """Until when the badge is valid."""

    valid_until = DateField(_l("Valid until"), validators=[InputRequired(_l("Give the last day."))])
