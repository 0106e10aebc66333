"""The forms of contracts. They check shape; what can be granted, the rules say."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import DateField, IntegerField, SelectMultipleField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.contracts.models import Contract
from portal.contracts.services import NewContract, Terms
from portal.files.fields import UploadField
from portal.kernel import ids
from portal.kernel.forms import Form, TextField, stripped
from portal.kernel.i18n import _l


class RacksField(SelectMultipleField):
    """Racks as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _amount(
    label: Any, unit: str, most: int, *, least: int = 0, default: int | None = None, description: Any = "", needed: bool = True
) -> Any:
    wrong = _l("Give a whole number from %(least)s to %(most)s.", least=least, most=most)
    told: dict[str, Any] = {"invalid_value_message": wrong}
    return IntegerField(
        label,
        validators=[InputRequired(wrong) if needed else Optional(), NumberRange(least, most, wrong)],
        default=default,
        description=description,
        render_kw={"min": least, "max": most, "inputmode": "numeric"} | ({"unit": unit} if unit else {}),
        **told,
    )


class _TermsData(Form):
    units_granted = _amount(
        _l("Rack units"), "U", 5000, default=0, description=_l("In racks shared with others. Whole racks are granted besides, below.")
    )
    rack_ids = RacksField(
        _l("Whole racks"), description=_l("Nobody else's equipment goes into them. Racks that are granted or in use are not listed.")
    )
    power_w = _amount(_l("Power"), "W", 10_000_000, description=_l("All equipment together."))
    bandwidth_mbps = _amount(_l("Bandwidth"), "Mbit/s", 1_000_000, default=0)
    ips_per_server = _amount(
        _l("IP addresses per server"), "", 256, least=1, default=1, description=_l("One, unless the contract says more.")
    )
    ips_total = _amount(_l("IP addresses in all"), "", 65536, least=1, needed=False, description=_l("Empty: no other ceiling."))
    ports_per_server = _amount(_l("Network ports per server"), "", 64, least=1, default=1)
    ports_total = _amount(_l("Network ports in all"), "", 10000, least=1, needed=False)
    note = TextAreaField(_l("Note"), filters=[stripped], validators=[Length(max=2000)])

    def offer(self, racks: Sequence[tuple[str, str]]) -> None:
        """Fills in which racks can be granted."""
        self.rack_ids.choices = list(racks)
        if not racks:
            del self.rack_ids

    def terms(self) -> dict[str, Any]:
        racks: Any = self._fields.get("rack_ids")
        amounts = ("units_granted", "power_w", "bandwidth_mbps", "ips_per_server", "ports_per_server", "ips_total", "ports_total")
        return {name: self._fields[name].data for name in amounts} | {
            "rack_ids": tuple(ids.from_text(text) for text in racks.data or ()) if racks is not None else (),
            "note": self.note.data or "",
        }


class DraftForm(_TermsData):
    """A contract before it is signed."""

    starts_on = DateField(_l("First day"), validators=[InputRequired(_l("Give the first day."))])
    ends_on = DateField(_l("Last day"), validators=[InputRequired(_l("Give the last day."))])
    document = UploadField(
        _l("Contract document"),
        purpose="contract_document",
        description=_l("JPEG, PNG or PDF. It opens to the client's administrators, sales and supervisors alone."),
    )

    def command(self, client_id: uuid.UUID, room_id: uuid.UUID, renews_id: uuid.UUID | None = None) -> NewContract:
        return NewContract(
            **self.terms(),
            client_id=client_id,
            room_id=room_id,
            starts_on=self.starts_on.data or date.min,
            ends_on=self.ends_on.data or date.min,
            renews_id=renews_id,
        )


class TermsForm(_TermsData):
    """New terms of a contract in force."""

    reason = TextAreaField(_l("Reason"), filters=[stripped], validators=[DataRequired(_l("Give a reason.")), Length(max=500)])

    def command(self) -> Terms:
        return Terms(**self.terms())


class RenewForm(Form):
    """A later last day."""

    ends_on = DateField(_l("New last day"), validators=[InputRequired(_l("Give the last day."))], description=_l("Included."))
    note = TextAreaField(
        _l("Note"), filters=[stripped], validators=[Length(max=500)], description=_l("For example the number of the supplement.")
    )


class DocumentForm(Form):
    """One more paper of a contract."""

    title = TextField(_l("Title"), validators=[DataRequired(_l("Say what document it is.")), Length(max=120)])
    document = UploadField(
        _l("File"),
        purpose="contract_document",
        required=True,
        description=_l("JPEG, PNG or PDF. It opens to the client's administrators, sales and supervisors alone."),
    )


def present_terms(contract: Contract, rack_ids: Sequence[uuid.UUID]) -> dict[str, Any]:
    """What a form of terms begins with."""
    names = ("units_granted", "power_w", "bandwidth_mbps", "ips_per_server", "ports_per_server", "ips_total", "ports_total", "note")
    return {name: getattr(contract, name) for name in names} | {"rack_ids": [ids.to_text(rack_id) for rack_id in rack_ids]}
