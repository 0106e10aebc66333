"""Texts. `_` translates now, `_l` when shown; `N_` only marks a text for the catalogue, so that pure modules can hold it."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.kernel.marks import N_

LOCALES = ("zh_CN", "en")
DEFAULT_LOCALE = "zh_CN"

__all__ = ["DEFAULT_LOCALE", "LOCALES", "N_", "_", "_l", "known_locale", "ngettext"]


@lru_cache(maxsize=len(LOCALES))
def known_locale(name: str) -> Locale:
    """What Babel knows of a language; looking it up takes as long as a short page."""
    return Locale.parse(name)
