"""The file store: what people upload, encrypted, in a local folder or in an object store (S3 and its like).

A file's content is sealed with AES-GCM under its own id, so that one put in another's place does not open. It is written
before the row that tells of it: a process that is killed in between leaves an object without a row, which `files.services`
removes, and never a row without its content.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import IO

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from portal.kernel import crypto, ids
from portal.kernel.errors import Unavailable

_store: ObjectStore | None = None
_CHUNKED = b"\0RPC1"  # no ciphertext of one piece begins with 0: key versions begin at 1
_CHUNK = 1024 * 1024


class Lost(Exception):
    """A row tells of a file whose content is not in the store: a fault of the store, for an operator to look into."""


def configure(storage_url: str) -> None:
    """Sets the process's store. `file:///folder` makes the folder; `s3://bucket/prefix` takes its credentials from the environment."""
    global _store
    _store = LocalStore.from_url(storage_url, mkdir=True) if storage_url.startswith("file:") else from_url(storage_url)


def put(file_id: uuid.UUID, content: bytes) -> None:
    """Stores the content; it is whole or not there at all. Raises Unavailable (disk full or read-only, store out of reach)."""
    put_sealed(file_id, crypto.encrypt(content, _context(file_id)))


def put_large(file_id: uuid.UUID, content: IO[bytes]) -> None:
    """Stores what is too large for memory: sealed piece by piece, each under the file's id and its own place, the last marked as such.

    Raises Unavailable.
    """
    try:
        obstore.put(_configured(), _path(file_id), _sealed(file_id, content), chunk_size=8 * _CHUNK, max_concurrency=2)
    except (BaseError, OSError) as error:
        raise _unavailable(error) from error


def _sealed(file_id: uuid.UUID, content: IO[bytes]) -> Iterator[bytes]:
    yield _CHUNKED
    number, piece = 0, content.read(_CHUNK)
    while True:
        following = content.read(_CHUNK)
        sealed = crypto.encrypt(piece, _place(file_id, number, last=not following))
        yield len(sealed).to_bytes(4) + sealed
        if not following:
            return
        number, piece = number + 1, following


def stream(file_id: uuid.UUID) -> Iterator[bytes]:
    """The content piece by piece, whichever way it was stored.

    Raises Lost, Unavailable, and crypto.Damaged when it was altered or cut off.
    """
    try:
        stored = obstore.get(_configured(), _path(file_id)).stream(min_chunk_size=_CHUNK)
    except (NotFoundError, FileNotFoundError) as error:
        raise Lost(str(file_id)) from error
    except (BaseError, OSError) as error:
        raise _unavailable(error) from error
    return _opened(file_id, (bytes(part) for part in stored))


def _opened(file_id: uuid.UUID, stored: Iterable[bytes]) -> Iterator[bytes]:
    parts = iter(stored)
    held = next(parts, b"")
    if not held.startswith(_CHUNKED):
        yield crypto.decrypt(held + b"".join(parts), _context(file_id))
        return
    held, number, ended = held[len(_CHUNKED) :], 0, False
    while not ended:
        while len(held) < 4 or len(held) < 4 + int.from_bytes(held[:4]):
            more = next(parts, None)
            if more is None:
                raise crypto.Damaged(f"{_context(file_id)} is cut off")
            held += more
        size = int.from_bytes(held[:4])
        sealed, held = held[4 : 4 + size], held[4 + size :]
        if not held:
            held = next(parts, b"")
        ended = not held
        yield crypto.decrypt(sealed, _place(file_id, number, last=ended))
        number += 1


def get(file_id: uuid.UUID) -> bytes:
    """Raises Lost, Unavailable, and crypto.Damaged when it was altered."""
    return b"".join(stream(file_id))


def get_sealed(file_id: uuid.UUID) -> bytes:
    """The content as it lies in the store, for a backup. Raises Lost, Unavailable."""
    try:
        return bytes(obstore.get(_configured(), _path(file_id)).bytes())
    except (NotFoundError, FileNotFoundError) as error:
        raise Lost(str(file_id)) from error
    except (BaseError, OSError) as error:
        raise _unavailable(error) from error


def put_sealed(file_id: uuid.UUID, sealed: bytes) -> None:
    """Puts back what `get_sealed` gave. Raises Unavailable."""
    try:
        obstore.put(_configured(), _path(file_id), sealed)
    except (BaseError, OSError) as error:
        raise _unavailable(error) from error


def holds_anything() -> bool:
    """Whether any file lies in the store."""
    return any(batch for batch in obstore.list(_configured(), chunk_size=1))


def look() -> None:
    """Looks into the store, at next to nothing. Raises Unavailable."""
    try:
        if isinstance(_store, LocalStore) and _store.prefix is not None and not _store.prefix.is_dir():
            raise Unavailable("storage", "the folder is gone")
        next(iter(obstore.list(_configured(), prefix="1970/01/01", chunk_size=1)), None)
    except (BaseError, OSError) as error:
        raise _unavailable(error) from error


def delete(file_id: uuid.UUID) -> None:
    """Removes the content; one that is not there is no error."""
    try:
        obstore.delete(_configured(), _path(file_id))
    except (NotFoundError, FileNotFoundError):
        pass


def made_at(file_id: uuid.UUID) -> datetime:
    """When the id was made, by the clock of the machine that made it."""
    return datetime.fromtimestamp((file_id.int >> 80) / 1000, UTC)


def stored_on(day: date) -> Iterator[list[uuid.UUID]]:
    """The files put on a day (UTC, by their ids), in batches."""
    for batch in obstore.list(_configured(), prefix=f"{day:%Y/%m/%d}"):
        yield [uuid.UUID(hex=found["path"].rpartition("/")[2]) for found in batch]


def recent_days(days: int) -> list[date]:
    """Today (UTC) and the days before it, by the same clock that ids are made with."""
    today = made_at(ids.new()).date()
    return [today - timedelta(days=back) for back in range(days)]


def _configured() -> ObjectStore:
    if _store is None:
        raise RuntimeError("files.configure has not run")
    return _store


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable("storage", str(error).partition("\n")[0])


def _path(file_id: uuid.UUID) -> str:
    return f"{made_at(file_id):%Y/%m/%d}/{file_id.hex}"


def _context(file_id: uuid.UUID) -> str:
    return f"file:{file_id.hex}"


def _place(file_id: uuid.UUID, number: int, *, last: bool) -> str:
    return f"{_context(file_id)}:{number}{':last' if last else ''}"
