"""`portal restore` and `portal move-database`: filling an empty place, and proving that it equals what it was filled from."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect

from config import Settings
from portal import invariants
from portal.audit import services as audit
from portal.audit import verify
from portal.kernel import crypto, db, files, migrate
from portal.kernel.db import isolated, transaction
from portal.kernel.wholesale import empty, filling, snapshot
from portal.models import Base
from portal.operations import archive, backup, rows
from portal.operations.archive import Member, Unusable

Say = Callable[[str], None]


class Unequal(Exception):
    """What was put in is not what came out; the text says where. The place is empty again."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself: `about` from its beginning, `manifest` from its end."""

    about: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def tables(self) -> dict[str, rows.Columns]:
        return {name: tuple((n, kind) for n, kind in columns) for name, columns in self.about["tables"].items()}


def examine(path: Path) -> Contents:
    """Reads the whole backup and proves it whole, unaltered, and of a portal with these keys. Touches nothing. Raises Unusable."""
    about: dict[str, Any] = {}
    manifest: dict[str, Any] = {}
    for member in archive.members(path):
        if member.name == archive.ABOUT:
            about = json.loads(member.content)
            _refuse_foreign(about)
        elif member.name == archive.MANIFEST:
            manifest = json.loads(member.content)
    return Contents(about, manifest)


def _refuse_foreign(about: dict[str, Any]) -> None:
    if about.get("format") != archive.FORMAT or about.get("version") != archive.VERSION:
        raise Unusable("this is not a backup of the portal, or one of a newer version")
    here = archive.key_prints()
    other = [name for name, mark in about["key_prints"].items() if here.get(name) != mark]
    if other:
        raise Unusable(
            f"it was made under other keys than those of the key file here ({', '.join(other)}): restore with the key file of then"
        )


def restore(path: Path, settings: Settings, engine: Engine, say: Say) -> bool:
    """Restores into an empty place; says what was proven. Returns whether files, audit and invariants hold there, too.

    Raises Unusable before anything is touched; whatever fails later leaves the place empty again.
    """
    contents = examine(path)
    say(f"The backup is whole: made {contents.about['made_at']}, {contents.manifest['files']} files.")
    anchor = settings.var_dir / "audit" / "head.json"
    _refuse_unknown(contents.about["revision"], engine)
    _refuse_full(engine, anchor)
    put: list[uuid.UUID] = []
    try:
        migrate.upgrade(engine, contents.about["revision"])
        with filling(engine) as connection:
            _put_in(archive.members(path), connection, contents.tables, put)
            rows.set_sequences(connection, contents.tables)
        _prove_rows(engine, contents.tables, contents.manifest["tables"])
        migrate.upgrade(engine)
        with _standing_on(engine):
            with isolated():
                audit.keep_head(anchor)
            say(f"{len(contents.tables)} tables hold the rows that they held.")
            unsound = _unsound_files(engine, set(contents.manifest["missing_files"]))
            say(f"{contents.manifest['files']} files put back, {len(unsound)} unsound{': ' if unsound else '.'}{', '.join(unsound[:20])}")
            return _makes_sense(say, anchor) and not unsound
    except BaseException:
        _empty_again(engine, put, anchor)
        raise


def move(source: Engine, target: Engine, anchor: Path, say: Say) -> bool:
    """Copies the database into an empty one, of the same kind or the other; writers wait meanwhile. Files stay where they are.

    Returns whether audit and invariants hold there. Raises Unusable before anything is touched; whatever fails later leaves the
    target empty again. The source stays as it was in any case.
    """
    if state := migrate.behind(source):
        raise Unusable(f"the database {state}; run: python -m portal migrate")
    _refuse_full(target, None)
    tables = rows.described(Base.metadata)
    digests = {}
    try:
        migrate.upgrade(target)
        with snapshot(source, holding=list(tables)) as here:
            with filling(target) as there:
                for name, columns in tables.items():
                    made = rows.Digest()
                    rows.load(there, name, columns, rows.counted(rows.lines(here, name, columns), made))
                    digests[name] = made.told()
                rows.set_sequences(there, tables)
        _prove_rows(target, tables, digests)
        say(f"{len(tables)} tables hold the rows that they held, {sum(digest['rows'] for digest in digests.values())} in all.")
        with _standing_on(target):
            return _makes_sense(say, anchor)
    except BaseException:
        _empty_again(target, [], None)
        raise


def _refuse_unknown(revision: str, engine: Engine) -> None:
    from alembic.script import ScriptDirectory

    known = ScriptDirectory.from_config(migrate.configuration(engine)).walk_revisions()
    if revision not in {script.revision for script in known}:
        raise Unusable(f"it was made by a newer portal (database version {revision}): install that one first")


def _refuse_full(engine: Engine, anchor: Path | None) -> None:
    if inspect(engine).get_table_names():
        raise Unusable("the database is not empty: name a new one in PORTAL_DATABASE_URL")
    if anchor is not None and files.holds_anything():
        raise Unusable("the file store is not empty: name a new one in PORTAL_STORAGE_URL, or another VAR_DIR")
    if anchor is not None and anchor.exists():
        raise Unusable(f"{anchor} is there: keep it elsewhere (it tells what came after the backup), then remove it here")


def _put_in(members: Iterator[Member], connection: Connection, tables: dict[str, rows.Columns], put: list[uuid.UUID]) -> None:
    """Rows into the database, files into the store; `put` notes which, for the way back."""
    for (kind, name), some in groupby(members, key=_place):
        if kind == "tables":
            lines = (line for member in some for line in member.content.splitlines())
            rows.load(connection, name, tables[name], lines)
        elif kind == "files":
            for member in some:
                put.append(uuid.UUID(hex=name))
                files.put_sealed(put[-1], member.content)


def _place(member: Member) -> tuple[str, str]:
    kind, _slash, rest = member.name.partition("/")
    return kind, rest.partition("/")[0]


def _prove_rows(engine: Engine, tables: dict[str, rows.Columns], digests: dict[str, Any]) -> None:
    with snapshot(engine) as connection:
        for name, columns in tables.items():
            found = rows.digest(connection, name, columns)
            if found != digests[name]:
                raise Unequal(f"{name}: {digests[name]['rows']} rows went in, and what is there now differs ({found['rows']} rows)")


def _unsound_files(engine: Engine, missing: set[str]) -> list[str]:
    """Files that do not open, or are not what their row says: they went in like that."""
    found, columns = [], (("id", "uuid"), ("sha256", "text"))
    with snapshot(engine) as connection:
        for line in rows.lines(connection, backup.FILES, columns):
            name, sha256 = json.loads(line)
            try:
                sound = name in missing or hashlib.sha256(files.get(uuid.UUID(hex=name))).hexdigest() == sha256
            except (files.Lost, crypto.Damaged):
                sound = False
            if not sound:
                found.append(name)
    return found


def _makes_sense(say: Say, anchor: Path) -> bool:
    """Whether the audit chain and every invariant hold in what was filled. That they do not is no fault of the filling: it is said."""
    with isolated():
        report = verify.verify(anchor)
        say(f"Audit: {report.text}")
        with transaction():
            broken = invariants.broken()
    say(f"{len(invariants.ALL)} invariants, {len(broken)} broken{': ' if broken else '.'}{', '.join(broken)}")
    return report.sound and not broken


@contextmanager
def _standing_on(engine: Engine) -> Iterator[None]:
    """What the portal reads and writes is in this database meanwhile."""
    before = db.engine()
    db.configure(engine)
    try:
        yield
    finally:
        db.configure(before)


def _empty_again(engine: Engine, put: list[uuid.UUID], anchor: Path | None) -> None:
    empty(engine)
    for file_id in put:
        files.delete(file_id)
    if anchor is not None:
        anchor.unlink(missing_ok=True)
