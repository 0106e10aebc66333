"""Text in the cells of a sheet: nothing that a spreadsheet would take for a formula, whoever typed it."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def harmless(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet would calculate it, and without control characters."""
    text = _CONTROL.sub("", text)
    return f"'{text}" if text.startswith(_FORMULA) else text
