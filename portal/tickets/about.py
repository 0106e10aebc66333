"""What a request is about, by what people read out: serial numbers, the numbers of badges, visits and contracts; the client's own alone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.badges.models import Badge
from portal.contracts.models import Contract
from portal.equipment import queries as equipment
from portal.equipment.rules import normalise_serial
from portal.kernel.db import session
from portal.kernel.errors import Refusal
from portal.tickets import rules
from portal.visits.models import Visit

_NUMBER = re.compile(r"(BA|VI|HT)-\d{4}-\d{4,}", re.IGNORECASE)
_KINDS: dict[str, tuple[Any, str]] = {"BA": (Badge, "badge_id"), "VI": (Visit, "visit_id"), "HT": (Contract, "contract_id")}


def meant(texts: Sequence[str], client_id: uuid.UUID | None) -> tuple[list[dict[str, uuid.UUID]], list[Refusal]]:
    """The columns of a link for each text, and a refusal for each that is nothing of this client's; another client's is as unknown."""
    wanted = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if len(wanted) > rules.MOST_LINKS:
        return [], [rules.TOO_MANY_LINKS(limit=rules.MOST_LINKS)]
    serials = equipment.by_serials([text for text in wanted if not _NUMBER.fullmatch(text)])
    links: list[dict[str, uuid.UUID]] = []
    refusals = []
    for text in wanted:
        found = _numbered(text.upper(), client_id) if _NUMBER.fullmatch(text) else None
        item = serials.get(normalise_serial(text))
        if found is None and item is not None and client_id is not None and item.client_id == client_id:
            found = {"equipment_id": item.id}
        if found is None:
            refusals.append(rules.EQUIPMENT_UNKNOWN(serial=text))
        elif found not in links:
            links.append(found)
    return links, refusals


def _numbered(number: str, client_id: uuid.UUID | None) -> dict[str, uuid.UUID] | None:
    model, column = _KINDS[number[:2]]
    found = session().scalar(select(model.id).where(model.number == number, model.client_id == client_id)) if client_id else None
    return {column: found} if found is not None else None
