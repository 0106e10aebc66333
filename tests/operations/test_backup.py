"""A backup is one moment of a running portal; what is not whole or not this portal's is refused; what is restored is equal."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tarfile
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.dialects import postgresql

from config import Keys, Settings
from portal import invariants
from portal.audit import services as audit
from portal.clients.models import Client
from portal.clients.services import ContactData, add_contact
from portal.demo.numbers import identity_number
from portal.files.models import StoredFile
from portal.kernel import clock, db, files, migrate
from portal.kernel.db import isolated, session, transaction
from portal.kernel.policy import Actor, Role
from portal.models import Base
from portal.operations import backup, restoring, rows
from portal.operations.archive import Unusable
from tests import cast as casting
from tests.databases import KINDS, Kind
from tests.operations.conftest import Saved
from tests.operations.places import KEYS, digests, place, use

SERVICE = Actor(None, "何静", Role.CUSTOMER_SERVICE)


def names(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


def refused(file: Path, settings: Settings) -> str:
    """Why a restore refuses, having touched nothing."""
    with pytest.raises(Unusable) as told:
        restoring.restore(file, settings, use(settings), lambda _line: None)
    assert inspect(db.engine()).get_table_names() == []
    assert not files.holds_anything()
    return str(told.value)


def test_it_holds_every_table_and_every_file_and_no_secret(saved: Saved) -> None:
    manifest = restoring.examine(saved.file).manifest
    assert set(manifest["tables"]) == set(Base.metadata.tables)
    filled = {name for name, digest in manifest["tables"].items() if digest["rows"]}
    assert {name.split("/")[1] for name in names(saved.file) if name.startswith("tables/")} == filled
    assert len(filled) > 30
    assert manifest["files"] == sum(name.startswith("files/") for name in names(saved.file)) > 3
    assert manifest["missing_files"] == []
    assert saved.file.stat().st_mode & 0o077 == 0
    plain = gzip.decompress(saved.file.read_bytes())
    secrets = [json.loads(KEYS.to_json())[name] for name in ("session", "match", "audit")]
    assert not [secret for secret in (*secrets, casting.PASSWORD) if secret.encode() in plain]
    assert identity_number(10).encode() not in plain, "what is encrypted stays so"


def test_every_column_of_every_table_has_a_kind() -> None:
    described = rows.described(Base.metadata)
    assert {name: [n for n, _kind in columns] for name, columns in described.items()} == {
        name: [column.name for column in table.columns] for name, table in Base.metadata.tables.items()
    }
    with pytest.raises(TypeError):
        rows.kind_of(postgresql.INTERVAL())


def test_every_content_in_the_store_belongs_to_a_row_of_one_table() -> None:
    """`backup.FILES` is where a backup learns of files: nothing else may put one into the store."""
    root = Path(backup.__file__).parents[1]
    puts = {str(p.relative_to(root)) for p in root.rglob("*.py") if "files.put(" in p.read_text() and "kernel import" in p.read_text()}
    assert puts == {"files/services.py", "operations/doctor.py"}  # the doctor removes its probe


def test_the_settings_in_it_tell_no_password(saved: Saved) -> None:
    told = replace(saved.settings, smtp_url="smtps://rackpass:hunter2@mail.example:465", database_url="postgresql+psycopg://u:s3cret@h/d")
    shown = backup.configuration(told)
    assert (shown["smtp_url"], shown["database_url"]) == ("smtps://mail.example:465", "postgresql+psycopg://h/d")
    assert "keys" not in shown
    assert shown["site_name_zh"] == told.site_name_zh


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_restored_is_equal(saved: Saved, kind: Kind, tmp_path: Path) -> None:
    """On its own kind of database and on the other."""
    with place(kind, tmp_path / "new") as empty:
        said: list[str] = []
        assert restoring.restore(saved.file, empty, use(empty), said.append), said
        assert digests() == saved.digests
        assert migrate.behind(db.engine()) is None
        assert (empty.var_dir / "audit" / "head.json").exists()
        with isolated():
            file = session().scalars(select(StoredFile).limit(1)).one()
        assert hashlib.sha256(files.get(file.id)).hexdigest() == file.sha256
        again = tmp_path / "again.backup"
        backup.make(again, empty, use(empty), casting.NOW)
        first, second = restoring.examine(saved.file).manifest, restoring.examine(again).manifest
        assert first["tables"] == second["tables"]
        assert any("entries verified" in line for line in said)
        assert any(line.startswith(f"{len(invariants.ALL)} invariants, 0 broken") for line in said)
        with pytest.raises(Unusable, match="not empty"):
            restoring.restore(saved.file, empty, db.engine(), said.append)
    use(saved.settings)


def test_damaged_cut_altered_and_foreign_ones_are_refused_before_anything_is_touched(saved: Saved, tmp_path: Path) -> None:
    whole, bad = saved.file.read_bytes(), tmp_path / "bad.backup"
    with place("sqlite", tmp_path / "new") as empty:
        for cut in (len(whole) // 3, len(whole) - 4, 0):
            bad.write_bytes(whole[:cut])
            refused(bad, empty)
        for at in (20, len(whole) // 2, len(whole) - 6):
            bad.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            refused(bad, empty)
        plain = gzip.decompress(whole)
        head = plain.index(b'"entry') if b'"entry' in plain else plain.index(b"badge.issue")
        bad.write_bytes(gzip.compress(plain[:head] + b"x" + plain[head + 1 :], 1))
        assert "damaged" in refused(bad, empty)
        bad.write_bytes(gzip.compress(b"something else" * 100))
        refused(bad, empty)
        with tarfile.open(bad, "w:gz") as tar:
            tar.add(__file__, arcname="test.py")
        assert "not a backup" in refused(bad, empty)
        shutil.copy(_repacked(saved.file, tmp_path / "shorter", leave_out="files/"), bad)
        assert "taken out" in refused(bad, empty)
    with place("sqlite", tmp_path / "other", keys=Keys.new("test")) as other:
        assert "other keys" in refused(saved.file, other)
    use(saved.settings)


def _repacked(file: Path, made: Path, leave_out: str) -> Path:
    """The same without some of its members, each of which is sound."""
    with tarfile.open(file) as one, tarfile.open(made, "w:gz", format=tarfile.PAX_FORMAT) as other:
        for member in one.getmembers():
            if not member.name.startswith(leave_out):
                other.addfile(member, one.extractfile(member))
    return made


def test_a_restore_that_fails_in_the_middle_leaves_the_place_empty(saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind: Kind = "sqlite" if saved.settings.database_url.startswith("sqlite") else "postgresql"
    with place(kind, tmp_path / "new") as empty:
        monkeypatch.setattr(rows, "set_sequences", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            restoring.restore(saved.file, empty, use(empty), lambda _line: None)
        assert inspect(db.engine()).get_table_names() == []
        assert not files.holds_anything()
        monkeypatch.undo()
        assert restoring.restore(saved.file, empty, use(empty), lambda _line: None)
    use(saved.settings)


def test_a_backup_that_fails_leaves_nothing_and_none_is_written_over(saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "lines", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backup.make(tmp_path / "one", saved.settings, db.engine(), casting.NOW)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError):
        backup.make(saved.file, saved.settings, db.engine(), casting.NOW)


def test_a_file_that_the_store_lost_is_told_and_the_rest_is_saved(saved: Saved, tmp_path: Path) -> None:
    copied = tmp_path / "files"
    shutil.copytree(tmp_path.joinpath(saved.settings.storage_url.removeprefix("file://")), copied)
    victim = next(path for path in sorted(copied.rglob("*")) if path.is_file())
    victim.unlink()
    there = replace(saved.settings, storage_url=copied.as_uri())
    made = backup.make(tmp_path / "one", there, use(there), casting.NOW)
    assert made.missing == (victim.name,)
    with place("sqlite", tmp_path / "new") as empty:
        into = replace(empty, storage_url="memory:///")  # an object store serves as well
        assert restoring.restore(tmp_path / "one", into, use(into), lambda _line: None)
        assert sum(len(batch) for day in _days() for batch in files.stored_on(day)) == made.files > 0
    use(saved.settings)


def _days() -> list[date]:
    with isolated():
        return sorted({files.made_at(file_id).date() for file_id in session().scalars(select(StoredFile.id))})


def test_while_writers_are_busy_it_is_one_moment(saved: Saved, tmp_path: Path) -> None:
    """Registrations with their audit go on during the backup: the restored portal holds each whole or not at all."""
    use(saved.settings)
    stop, written = threading.Event(), []

    def write(number: int) -> None:
        while not stop.is_set():
            with isolated(), transaction():
                client = session().scalars(select(Client).order_by(Client.id).limit(1)).one()
                add_contact(client, ContactData(f"busy {number}", phone="010-5550 0101"), SERVICE, clock.now())
            written.append(number)
            if number == 0:
                with isolated(), transaction():
                    audit.seal(clock.now())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        while len(written) < 8:
            assert all(thread.is_alive() for thread in threads)
            time.sleep(0.01)
        before = len(written)
        backup.make(tmp_path / "busy", saved.settings, db.engine(), casting.NOW)
        during = len(written) - before
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert during > 0, "writers were held up"
    with place("sqlite", tmp_path / "new") as empty:
        assert restoring.restore(tmp_path / "busy", empty, use(empty), lambda _line: None)
        with isolated(), transaction():
            contacts = session().scalar(text("SELECT count(*) FROM contacts WHERE name LIKE 'busy%'"))
            told = session().scalar(text("SELECT count(*) FROM audit_entries WHERE tag = 'contact.added' AND after LIKE '%busy%'"))
        assert contacts == told > 0
    use(saved.settings)
