"""The form of a review: one choice a line, as many lines at a time as one likes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from wtforms import TextAreaField
from wtforms.validators import Length

from portal.kernel import ids
from portal.kernel.forms import Form
from portal.kernel.i18n import _l
from portal.reviews.services import Answers

PREFIX = "line-"


class AnswersForm(Form):
    """Besides the note, a field `line-ID` for each line: keep, remove, or nothing yet."""

    note = TextAreaField(
        _l("Note"), validators=[Length(max=300)], description=_l("Why something is removed, if it needs saying. It stands in the record.")
    )

    def command(self, sent: Mapping[str, str]) -> Answers:
        """What was chosen; what is no line is left out."""
        return Answers(_chosen(sent, "keep"), _chosen(sent, "remove"), (self.note.data or "").strip())


def _chosen(sent: Mapping[str, str], answer: str) -> frozenset[uuid.UUID]:
    found = set()
    for name, value in sent.items():
        if name.startswith(PREFIX) and value == answer:
            try:
                found.add(ids.from_text(name.removeprefix(PREFIX)))
            except ValueError:
                continue
    return frozenset(found)
