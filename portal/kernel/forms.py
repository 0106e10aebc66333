"""The base of every form: a token against forgery, a token that makes a repeat harmless, and refusals shown beside the field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask import has_request_context
from flask_babel import get_locale
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.i18n import messages_path
from wtforms.validators import DataRequired, Length

from portal.kernel import crypto
from portal.kernel.errors import Refusal
from portal.kernel.i18n import _l
from portal.kernel.words import say


@lru_cache(maxsize=4)
def _said_by_wtforms(locale: str) -> NullTranslations:
    """What the form library itself says, in a language; Flask-WTF reads the file again for each request."""
    return Translations.load(messages_path(), [locale], domain="wtforms")


class Form(FlaskForm):
    """Checks shape only. Give `command()` in each subclass: the frozen value that the service takes."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> Any:
            return _said_by_wtforms(str(get_locale())) if has_request_context() else None

    once = HiddenField(default=crypto.new_token, validators=[Length(max=64)])
    refused: tuple[str, ...] = ()  # the codes of what `refuse` showed, for who does not read sentences

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Shows each refusal beside its field, or above the form where it has none."""
        for refusal in refusals:
            self.refused += (refusal.code,)
            field = self._fields.get(refusal.field or "")
            target = field.errors if field is not None else self.form_errors
            if field is not None and not isinstance(field.errors, list):
                field.errors = target = list(field.errors)
            target.append(say(refusal))


class ReasonForm(Form):
    """For an action that needs a reason."""

    reason = TextAreaField(_l("Reason"), validators=[DataRequired(_l("Give a reason.")), Length(max=500)])


def options(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """Values with their labels, as the choices of a field to select from."""
    return [SelectChoice(value, label) for value, label in pairs]


def stripped(value: Any) -> Any:
    """A filter for text fields: the text without the blanks around it."""
    return value.strip() if isinstance(value, str) else value


def serials_in(text: str) -> tuple[str, ...]:
    """Serial numbers, one per line or with commas between."""
    return tuple(part.strip() for part in re.split(r"[\n,，;；、]+", text) if part.strip())


class TextField(StringField):
    """One line of text without the blanks around it."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([stripped(value) for value in valuelist])
