"""`portal backup`: one consistent file of database, files and configuration, made while the portal runs.

The rows are read in one transaction that sees one moment (SQLite: a reading transaction of the WAL; PostgreSQL: REPEATABLE READ); then
the files that those rows name are copied as they lie in the store. A file is written before its row and removed after it, so it is there.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, text

from config import Settings
from portal.kernel import files, migrate
from portal.kernel.wholesale import snapshot
from portal.models import Base
from portal.operations import archive, rows

FILES = "stored_files"  # every content in the store belongs to a row of this table
WITHHELD = ("key", "secret", "password", "token")
KEYS_NOT_IN_IT = "The key file is not in this backup: keep it elsewhere. Without it the backup cannot be restored, nor read by a thief."


@dataclass(frozen=True, slots=True)
class Made:
    """What went in. `missing` are files that rows tell of and the store does not have."""

    rows: int
    files: int
    size: int
    missing: tuple[str, ...]


def make(path: Path, settings: Settings, engine: Engine, now: datetime) -> Made:
    """Writes the backup. Raises FileExistsError, archive.Unusable when the database is not at head, and what the disk raises."""
    if state := migrate.behind(engine):
        raise archive.Unusable(f"the database {state}; run: python -m portal migrate")
    tables = rows.described(Base.metadata)
    with archive.made(path) as writer, snapshot(engine) as connection:
        writer.add_json(archive.ABOUT, {
            "format": archive.FORMAT, "version": archive.VERSION, "made_at": now.isoformat(), "revision": revision(connection),
            "database": engine.dialect.name, "key_prints": archive.key_prints(), "note": KEYS_NOT_IN_IT, "tables": tables,
        })  # fmt: skip
        writer.add_json("configuration.json", configuration(settings))
        digests = {}
        for name, columns in tables.items():
            made = rows.Digest()
            writer.add_table(name, rows.counted(rows.lines(connection, name, columns), made))
            digests[name] = made.told()
        count, missing = 0, []
        for file_id in file_ids(connection):
            try:
                content = files.get_sealed(file_id)
            except files.Lost:
                missing.append(file_id.hex)
                continue
            writer.add(f"files/{file_id.hex}", content)
            count += 1
        writer.close({"tables": digests, "files": count, "missing_files": missing, "audit_head": audit_head(connection)})
    return Made(sum(digest["rows"] for digest in digests.values()), count, path.stat().st_size, tuple(missing))


def configuration(settings: Settings) -> dict[str, Any]:
    """The settings as they are, for whoever sets the portal up anew: no key, no password."""
    shown: dict[str, Any] = {}
    for name in (field.name for field in fields(settings)):
        value = getattr(settings, name)
        if any(word in name for word in WITHHELD):
            continue
        if isinstance(value, str):
            value = _without_password(value)
        shown[name] = value if isinstance(value, str | int | None) else str(value)
    return shown


def _without_password(value: str) -> str:
    address = urlsplit(value)
    if "@" not in address.netloc:
        return value
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()


def revision(connection: Connection) -> str:
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def file_ids(connection: Connection) -> Iterator[uuid.UUID]:
    """Every file that a row tells of, but those whose content was removed after its time; in constant memory."""
    columns = (("id", "uuid"), ("removed_at", "moment"))
    for line in rows.lines(connection, FILES, columns):
        file_id, removed_at = json.loads(line)
        if removed_at is None:
            yield uuid.UUID(hex=file_id)


def audit_head(connection: Connection) -> dict[str, Any] | None:
    """Where the audit chain ends."""
    found = connection.execute(text("SELECT seq, hash FROM audit_head")).one_or_none()
    return None if found is None else {"seq": found.seq, "hash": found.hash}
