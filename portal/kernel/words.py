"""Putting a refusal into words, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from portal.kernel import formats
from portal.kernel.errors import Refusal
from portal.kernel.i18n import _


def say(refusal: Refusal) -> str:
    """The refusal's sentence for the reader. Days and moments in its data are written as pages write them, in the site's zone."""
    text: str = _(refusal.sentence)
    return text % {name: _shown(value) for name, value in refusal.data.items()} if refusal.data else text


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return formats.moment(value)
    if isinstance(value, date):
        return formats.day(value)
    return value
