"""What may be uploaded for which purpose, and who may open it (R-S2)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_
from portal.kernel.policy import Actor, Permission

P = Permission

JPEG, PNG, PDF, ZIP = "image/jpeg", "image/png", "application/pdf", "application/zip"

KEEP_UNCLAIMED = timedelta(hours=24)
MAX_UNCLAIMED = 40  # uploads of one user that wait for their form
MAX_PIXELS = 50_000_000  # more is no scan, but a picture made to exhaust memory
MAX_SIDE = 2400  # px: an A4 page at some 200 dpi
PHOTO_SIZE = (440, 560)  # px: 22 × 28 mm at 508 dpi
PHOTO_LEAST = (176, 224)  # px: the same at 203 dpi

FILE_NEEDED = Refusal("file.needed", N_("Choose a file."))
FILE_EMPTY = Refusal("file.empty", N_("The file is empty. Choose another one."))
FILE_TOO_LARGE = Refusal(
    "file.too_large", N_("The file is larger than %(limit)s MB. Choose a smaller one, or scan it at a lower resolution.")
)
FILE_KIND = Refusal("file.kind", N_("This is not a file of the kind wanted here, whatever its name says. Choose a %(kinds)s file."))
FILE_DAMAGED = Refusal(
    "file.damaged", N_("The file is damaged or incomplete and cannot be read. Save or scan it again and choose the new one.")
)
PICTURE_TOO_LARGE = Refusal("file.pixels", N_("The picture has more than %(limit)s million pixels. Make it smaller and choose it again."))
PHOTO_TOO_SMALL = Refusal("file.photo_small", N_("The photo has too few pixels to be printed: at least %(width)s × %(height)s are needed."))
STORE_AWAY = Refusal("file.store_away", N_("Files cannot be stored at the moment; nothing was saved. Try again in a few minutes."))
FILE_GONE = Refusal("file.gone", N_("The uploaded file is no longer there. Choose it again."))
TOO_MANY_WAITING = Refusal(
    "file.too_many", N_("You have %(limit)s uploads that no form has used. Send one of the forms, or try again tomorrow.")
)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What an upload is for. `read`: staff with one of these open it; client users their own client's, with the same permission.

    `recorded`: every opening leaves an audit entry. `photo`: cropped to a badge's 22:28.
    """

    key: str
    read: frozenset[Permission]
    kinds: tuple[str, ...] = (JPEG, PNG, PDF)
    recorded: bool = False
    photo: bool = False


PURPOSES: dict[str, Purpose] = {
    purpose.key: purpose
    for purpose in (
        Purpose("badge_photo", frozenset({P.BADGE_READ, P.GATE_VERIFY}), kinds=(JPEG, PNG), photo=True),
        Purpose("identity_copy", frozenset({P.IDENTITY_FILE_READ}), recorded=True),
        Purpose("letter", frozenset({P.IDENTITY_FILE_READ})),
        # Pictures of the room may show what is other clients': they are for staff (R-S2). The client hears what they prove.
        Purpose("evidence", frozenset({P.VIOLATION_RECORD, P.VIOLATION_DECIDE, P.EVIDENCE_READ}), recorded=True),
        Purpose("appeal", frozenset({P.VIOLATION_READ})),
        # What is attached to a request opens with it alone (portal/tickets): to whom it concerns, not to every department.
        Purpose("ticket", frozenset()),
        Purpose("ticket_internal", frozenset()),
        Purpose("contract_document", frozenset({P.CONTRACT_DOCUMENT_READ}), recorded=True),
        Purpose("evidence_pack", frozenset({P.EVIDENCE_PACK}), kinds=(), recorded=True),  # made by the portal, never uploaded
    )
}

_NAMES = {JPEG: "JPEG", PNG: "PNG", PDF: "PDF"}


def kinds_text(purpose: Purpose) -> str:
    """'JPEG, PNG, PDF', the same in every language."""
    return ", ".join(_NAMES[kind] for kind in purpose.kinds)


def may_open(actor: Actor, purpose: str, client_id: uuid.UUID | None, uploaded_by_id: uuid.UUID, *, claimed: bool) -> bool:
    """One that is still staged opens to its uploader alone; then those whom its purpose names, client users within their client."""
    if not claimed:
        return uploaded_by_id == actor.user_id
    if actor.is_client and client_id != actor.client_id:
        return False
    return any(actor.may(permission) for permission in PURPOSES[purpose].read)


def why_not_size(size: int, limit_mb: int) -> Refusal | None:
    if size == 0:
        return FILE_EMPTY
    return FILE_TOO_LARGE(limit=limit_mb) if size > limit_mb * 1024 * 1024 else None
