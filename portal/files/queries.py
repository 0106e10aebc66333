"""Reading uploads, within what the actor may open (R-S2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from sqlalchemy import select

from portal.files.models import StoredFile
from portal.files.rules import may_open
from portal.kernel import files
from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.kernel.policy import Actor


def get_file(actor: Actor, file_id: uuid.UUID) -> StoredFile:
    """Raises NotFound for what is not there and for what this actor may not open, alike."""
    file = session().get(StoredFile, file_id)
    if file is None or not _open_to(actor, file):
        raise NotFound(file_id)
    return file


def files_by_id(actor: Actor, file_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, StoredFile]:
    """Those of the files that the actor may open, in one query."""
    wanted = {file_id for file_id in file_ids if file_id is not None}
    if not wanted:
        return {}
    found = session().scalars(select(StoredFile).where(StoredFile.id.in_(wanted)))
    return {file.id: file for file in found if _open_to(actor, file)}


def content(file: StoredFile) -> bytes:
    """The bytes of a file that was loaded through these queries. Raises kernel.files.Lost."""
    return files.get(file.id)


def pieces(file: StoredFile) -> Iterator[bytes]:
    """As `content`, piece by piece, for what is too large for memory."""
    return files.stream(file.id)


def _open_to(actor: Actor, file: StoredFile) -> bool:
    if file.removed_at is not None:
        return False
    return may_open(actor, file.purpose, file.client_id, file.uploaded_by_id, claimed=file.claimed_at is not None)
