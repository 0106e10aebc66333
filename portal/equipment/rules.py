"""Serial numbers, and why equipment cannot be put in service or a model not be changed. Pure."""

from __future__ import annotations

import re
import unicodedata

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

SERIAL_LENGTH = 60
SERIAL_IN_SERVICE = Refusal(
    "equipment.serial_in_service",
    N_("Serial number %(serial)s is in the building already. Read the label again; if it is right, tell the machine-room staff."),
    field="serial",
)
BAD_SERIAL = Refusal(
    "equipment.bad_serial",
    N_("“%(serial)s” is not a serial number: 2 to 60 letters, digits, and signs such as - / . are."),
    field="serial",
)
MODEL_EXISTS = Refusal("equipment.model_exists", N_("The catalogue has this model already."), field="name")
MODEL_IN_USE = Refusal(
    "equipment.model_in_use",
    N_("%(count)s items of this model hold rack units or are expected: height and depth cannot change. Add the other form as a new model."),
    field="height_u",
)

_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9 ./_:#+*()&-]*$")
_BLANKS = re.compile(r"\s+")


def normalise_serial(text: str) -> str:
    """The serial number as it is stored: upper case, no blanks, full-width characters as their plain ones."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text)).upper()


def why_not_serial(text: str) -> Refusal | None:
    """Why a text cannot be a serial number; `text` as typed."""
    serial = normalise_serial(text)
    if 2 <= len(serial) <= SERIAL_LENGTH and _SERIAL.match(serial):
        return None
    return BAD_SERIAL(serial=text.strip()[:SERIAL_LENGTH])


def search_text(manufacturer: str, name: str, part_number: str) -> str:
    """What a model is found by: maker, name and part number in lower case, blanks squeezed."""
    return _BLANKS.sub(" ", f"{manufacturer} {name} {part_number}").strip().lower()
