"""What the rules say about equipment that leaves. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

NO_LINES = Refusal("exit.no_lines", N_("List at least one piece of equipment."), field="listing")
TOO_MANY_LINES = Refusal(
    "exit.too_many_lines", N_("One exit slip takes at most %(most)s items. Make another one for the rest."), field="listing"
)
LISTED_TWICE = Refusal("exit.listed_twice", N_("Serial number %(serial)s is listed twice."), field="listing")
NOTHING_FOUND = Refusal(
    "exit.nothing_found", N_("None of the listed serial numbers is in your equipment. Check the list."), field="listing"
)
SEVERAL_CONTRACTS = Refusal(
    "exit.several_contracts",
    N_("The list mixes equipment of several contracts (%(numbers)s). Make one application for each."),
    field="listing",
)
IN_OTHER_EXIT = Refusal("exit.in_other_exit", N_("%(serials)s: already in another exit application."), field="listing")
LINES_DISAGREE = Refusal(
    "exit.lines_disagree",
    N_("Lines that do not agree with the records: %(count)s. Correct them, or send the list anyway and let customer service sort it out."),
    field="anyway",
)
DAY_OVER = Refusal("exit.day_over", N_("That day is over. Choose today or a later day."), field="leaves_on")
DAY_TOO_FAR = Refusal("exit.day_too_far", N_("Choose a day within the next %(days)s days."), field="leaves_on")
RETURN_MISSING = Refusal("exit.return_missing", N_("Say by when the equipment comes back."), field="return_due_on")
RETURN_BEFORE_EXIT = Refusal("exit.return_before_exit", N_("The return cannot be before the exit."), field="return_due_on")
LETTER_MISSING = Refusal("exit.letter_missing", N_("Add the stamped application (R-X2)."), field="letter")
COPY_MISSING = Refusal("exit.copy_missing", N_("Add a copy of the mover's identity document (R-X2)."), field="identity_copy")
MOVER_NOT_PRINTABLE = Refusal(
    "exit.mover_not_printable",
    N_("The name holds characters that cannot be printed: %(characters)s. Correct the name first."),
    field="mover_name",
)
NOT_ALL_AGREED = Refusal(
    "exit.not_all_agreed", N_("Lines not agreed with the records yet: %(count)s. Agree each of them, or send the application back (R-X1).")
)
LINE_DISAGREES = Refusal("exit.line_disagrees", N_("Line %(line)s does not agree with the records: %(why)s."))
NOT_BACK_YET = Refusal("exit.not_back_yet", N_("%(serial)s was not booked in at the gate yet."))
NOT_OUT = Refusal("exit.not_out", N_("%(serial)s is not out under this slip any more."))
OTHER_SIZE = Refusal(
    "exit.other_size",
    N_("The replacement is %(new)s U high, the old one %(old)s U. It cannot take its place; withdraw the old one and order a rack-in."),
    field="model",
)
UNKNOWN_MODEL = Refusal("exit.unknown_model", N_("The catalogue has no such model."), field="model")
NOT_AS_LISTED = Refusal("exit.not_as_listed", N_("Confirm that model and serial number are as written on the equipment."), field="checked")

MOST_LINES = 200
FURTHEST_DAYS = 60

# What the records say to a line.
AGREES = "agrees"
NO_SUCH_SERIAL = "no_such_serial"
MODEL_DIFFERS = "model_differs"
NOT_IN_SERVICE = "not_in_service"
OTHER_CONTRACT = "other_contract"
RESULTS: dict[str, str] = {
    AGREES: N_("Agrees"),
    NO_SUCH_SERIAL: N_("No such serial number"),
    MODEL_DIFFERS: N_("Other model in the records"),
    NOT_IN_SERVICE: N_("Not in service"),
    OTHER_CONTRACT: N_("Of another contract"),
}


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What the records have for a serial number."""

    client_id: uuid.UUID
    contract_id: uuid.UUID
    state: str
    maker: str
    model: str
    part_number: str


def same_model(text: str, found: OnRecord) -> bool:
    """Whether what the client wrote means the recorded model: "maker model", the model alone, or the part number; none written agrees."""
    written = " ".join(text.lower().split())
    spellings = (f"{found.maker} {found.model}", found.model, found.part_number)
    return not written or written in (" ".join(spelling.lower().split()) for spelling in spellings if spelling)


def compare(model: str, found: OnRecord | None, client_id: uuid.UUID, contract_id: uuid.UUID) -> str:
    """One line against the records (R-X1): what it wrote of the model, and what the records have. Another client's is told as unknown."""
    if found is None or found.client_id != client_id:
        return NO_SUCH_SERIAL
    if found.state != "in_service":
        return NOT_IN_SERVICE
    if found.contract_id != contract_id:
        return OTHER_CONTRACT
    return AGREES if same_model(model, found) else MODEL_DIFFERS


def why_not_dates(kind: str, leaves_on: date, return_due_on: date | None, today: date) -> list[Refusal]:
    """Whether the dates can stand: leaves today or later, comes back after it left."""
    refusals = []
    if leaves_on < today:
        refusals.append(DAY_OVER)
    elif (leaves_on - today).days > FURTHEST_DAYS:
        refusals.append(DAY_TOO_FAR(days=FURTHEST_DAYS))
    if kind != "withdrawal":
        if return_due_on is None:
            refusals.append(RETURN_MISSING)
        elif return_due_on < leaves_on:
            refusals.append(RETURN_BEFORE_EXIT)
    return refusals


def why_not_papers(kind: str, client_kind: str, *, letter: bool, identity_copy: bool) -> list[Refusal]:
    """Repair and replacement take a stamped application and a copy of the mover's document (R-X2); an individual has no seal."""
    if kind == "withdrawal":
        return []
    missing = []
    if client_kind == "company" and not letter:
        missing.append(LETTER_MISSING)
    if not identity_copy:
        missing.append(COPY_MISSING)
    return missing


def is_overdue(state: str, return_due_on: date | None, today: date) -> bool:
    return state == "awaiting_return" and return_due_on is not None and return_due_on < today
