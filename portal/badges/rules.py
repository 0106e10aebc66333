"""What the rules say about badges. Pure."""

from __future__ import annotations

from datetime import date

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

LIMITS = {"company": 2, "individual": 1}

LIMIT_REACHED = Refusal(
    "badge.limit",
    N_("This client holds as many badges as it may: %(limit)s. Return, cancel or hand on one of them first (R-B2)."),
)
NO_CONTRACT = Refusal("badge.no_contract", N_("There is no contract in force for this client, so no badge can be issued (R-B3)."))
CONTRACT_NOT_CHOSEN = Refusal("badge.contract_not_chosen", N_("Choose at least one contract that is in force."), field="contracts")
PERSON_HAS_BADGE = Refusal("badge.person_has_badge", N_("%(name)s already has a badge or an application."), field="person")
PERSON_LEFT = Refusal("badge.person_left", N_("%(name)s has left; choose someone else."), field="person")
PHOTO_MISSING = Refusal("badge.photo_missing", N_("Add a photo of the holder."), field="photo")
COPY_MISSING = Refusal("badge.copy_missing", N_("Add a copy of the holder's identity document."), field="identity_copy")
LETTER_MISSING = Refusal("badge.letter_missing", N_("Add the letter of introduction with the company's seal."), field="letter")
LOSS_LETTER_MISSING = Refusal("badge.loss_letter_missing", N_("Add the letter that says the badge was lost (R-B5)."), field="letter")
NOT_LOST = Refusal("badge.not_lost", N_("Badge %(number)s is not reported as lost, so it cannot be replaced."))
NAME_NOT_PRINTABLE = Refusal(
    "badge.name_not_printable",
    N_("The name holds characters that cannot be printed: %(characters)s. Correct the name first."),
    field="person",
)
BEYOND_CONTRACT = Refusal("badge.beyond_contract", N_("A badge is valid at most until its contract ends, %(last)s."), field="valid_until")
ALREADY_OVER = Refusal("badge.already_over", N_("That day is over. Choose today or a later day."), field="valid_until")


def limit(client_kind: str) -> int:
    """How many badges a client may hold at a time: a company two, an individual one (R-B2)."""
    return LIMITS[client_kind]


def why_not_room_for_one_more(client_kind: str, live: int) -> Refusal | None:
    """R-B2. `live` counts those under review, to be corrected, issued and suspended."""
    return LIMIT_REACHED(limit=limit(client_kind)) if live >= limit(client_kind) else None


def why_not_papers(client_kind: str, *, photo: bool, identity_copy: bool, letter: bool, replaces_lost: bool) -> list[Refusal]:
    """Which papers an application lacks (R-B1). An individual needs no letter; a replacement needs one that tells of the loss (R-B5)."""
    missing = []
    if not photo:
        missing.append(PHOTO_MISSING)
    if not identity_copy:
        missing.append(COPY_MISSING)
    if not letter and client_kind == "company":
        missing.append(LOSS_LETTER_MISSING if replaces_lost else LETTER_MISSING)
    return missing


def why_not_valid_until(valid_until: date, today: date, last_contract_day: date) -> Refusal | None:
    """A badge ends with its contract at the latest."""
    if valid_until > last_contract_day:
        return BEYOND_CONTRACT(last=last_contract_day)
    return ALREADY_OVER if valid_until < today else None
