"""Uploads: staged while their form is being filled in, claimed by what the form leads to, removed when nothing claims them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import delete, func, select

from portal.audit import services as audit
from portal.files import contents
from portal.files.contents import CropBox
from portal.files.models import StoredFile
from portal.files.rules import FILE_GONE, KEEP_UNCLAIMED, MAX_UNCLAIMED, PURPOSES, TOO_MANY_WAITING, why_not_size
from portal.kernel import files, ids
from portal.kernel.db import session
from portal.kernel.errors import Refused
from portal.kernel.policy import Actor

SWEPT_DAYS = 7
AGE_OF_ORPHANS = timedelta(hours=1)  # younger ones may belong to a transaction that is still open


def stage(
    content: bytes, filename: str, purpose: str, actor: Actor, now: datetime, *, limit_mb: int = 10, crop: CropBox | None = None
) -> StoredFile:
    """Keeps an upload for the form that is being filled in; only its uploader sees it.

    What it is is told by its content; pictures are drawn anew, a badge's photo is cropped. Raises Refused.
    """
    assert actor.user_id is not None, "an upload is a person's"
    refusal = why_not_size(len(content), limit_mb)
    if refusal is not None:
        raise Refused(refusal)
    waiting = select(func.count()).where(StoredFile.claimed_at.is_(None), StoredFile.uploaded_by_id == actor.user_id)
    if (session().scalar(waiting) or 0) >= MAX_UNCLAIMED:
        raise Refused(TOO_MANY_WAITING(limit=MAX_UNCLAIMED))
    prepared = contents.prepare(content, filename, PURPOSES[purpose], crop)
    file = StoredFile(
        id=ids.new(),
        created_at=now,
        purpose=purpose,
        uploaded_by_id=actor.user_id,
        filename=prepared.filename,
        media_type=prepared.media_type,
        size=len(prepared.content),
        sha256=hashlib.sha256(prepared.content).hexdigest(),
    )
    files.put(file.id, prepared.content)
    session().add(file)
    session().flush()
    return file


def claim(file_id: uuid.UUID, purpose: str, client_id: uuid.UUID | None, actor: Actor, now: datetime) -> StoredFile:
    """Makes a staged upload part of a client's record; one that is already the client's, of this purpose, is given as it is.

    Raises Refused (FILE_GONE) when it is not the actor's own staged upload of that purpose, nor the client's already.
    """
    file = session().get(StoredFile, file_id, with_for_update=True, populate_existing=True)
    if file is None or file.purpose != purpose:
        raise Refused(FILE_GONE)
    if file.claimed_at is not None:
        if file.client_id != client_id:
            raise Refused(FILE_GONE)
        return file
    if file.uploaded_by_id != actor.user_id:
        raise Refused(FILE_GONE)
    file.client_id, file.claimed_at = client_id, now
    audit.record(
        "file.uploaded", "file", file.id, file.filename, actor, now,
        client_id=client_id, after={"purpose": purpose, "size": file.size, "sha256": file.sha256},
    )  # fmt: skip
    session().flush()
    return file


def keep_made(
    content: IO[bytes], filename: str, media_type: str, purpose: str, sha256: str, size: int, owner_id: uuid.UUID, now: datetime
) -> StoredFile:
    """Keeps a file that the portal itself made, claimed at once. `owner_id`: the user who asked for it."""
    file = StoredFile(
        id=ids.new(), created_at=now, purpose=purpose, uploaded_by_id=owner_id, filename=filename, media_type=media_type, size=size,
        sha256=sha256, claimed_at=now,
    )  # fmt: skip
    files.put_large(file.id, content)
    session().add(file)
    session().flush()
    return file


def record_opening(file: StoredFile, actor: Actor, now: datetime) -> None:
    """Leaves the audit entry for files whose every opening is told (R-S2)."""
    if file.claimed_at is not None and PURPOSES[file.purpose].recorded:
        audit.record("file.opened", "file", file.id, file.filename, actor, now, client_id=file.client_id, after={"purpose": file.purpose})


def remove_unclaimed(now: datetime) -> int:
    """Removes uploads that no form claimed within a day, and contents that no row tells of. Returns how many contents went.

    A row goes first; its content goes in a later run, when the row's end is committed: a row never outlives its content.
    """
    removed = sum(_sweep(batch) for day in files.recent_days(SWEPT_DAYS) for batch in files.stored_on(day))
    session().execute(delete(StoredFile).where(StoredFile.claimed_at.is_(None), StoredFile.created_at < now - KEEP_UNCLAIMED))
    return removed


def _sweep(stored: list[uuid.UUID]) -> int:
    newest = files.made_at(ids.new()) - AGE_OF_ORPHANS
    stored = [file_id for file_id in stored if files.made_at(file_id) < newest]
    known: set[uuid.UUID] = set()
    for start in range(0, len(stored), 500):
        known |= set(session().scalars(select(StoredFile.id).where(StoredFile.id.in_(stored[start : start + 500]))))
    orphans = [file_id for file_id in stored if file_id not in known]
    for file_id in orphans:
        files.delete(file_id)
    return len(orphans)
