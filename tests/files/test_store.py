"""The store: encrypted, bound to its id, whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Keys
from portal.kernel import crypto, files, ids


@pytest.fixture
def folder(tmp_path: Path, keys: Keys) -> Iterator[Path]:
    before, store = crypto.keys() if crypto._keys else None, files._store
    crypto.configure(keys)
    files.configure((tmp_path / "files").as_uri())
    yield tmp_path / "files"
    files._store = store
    if before is not None:
        crypto.configure(before)


def only_file(folder: Path) -> Path:
    (found,) = [path for path in folder.rglob("*") if path.is_file()]
    return found


def test_what_is_put_is_got_and_lies_encrypted(folder: Path) -> None:
    file_id = ids.new()
    files.put(file_id, b"identity card of a person")
    assert files.get(file_id) == b"identity card of a person"
    assert b"identity" not in only_file(folder).read_bytes()


def test_a_file_put_in_another_ones_place_does_not_open(folder: Path) -> None:
    one, other = ids.new(), ids.new()
    files.put(one, b"one")
    content = only_file(folder).read_bytes()
    files.put(other, b"other")
    for path in folder.rglob(f"*{other.hex}"):
        path.write_bytes(content)
    with pytest.raises(crypto.Damaged):
        files.get(other)


def test_an_altered_file_does_not_open(folder: Path) -> None:
    file_id = ids.new()
    files.put(file_id, b"content")
    path = only_file(folder)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    with pytest.raises(crypto.Damaged):
        files.get(file_id)


def test_what_is_deleted_is_lost_and_deleting_again_is_no_error(folder: Path) -> None:
    file_id = ids.new()
    files.put(file_id, b"content")
    files.delete(file_id)
    files.delete(file_id)
    with pytest.raises(files.Lost):
        files.get(file_id)


def test_files_are_found_again_by_their_day(folder: Path) -> None:
    file_ids = [ids.new() for _ in range(3)]
    for file_id in file_ids:
        files.put(file_id, b"x")
    found = [file_id for day in files.recent_days(2) for batch in files.stored_on(day) for file_id in batch]
    assert sorted(found) == sorted(file_ids)


def test_an_object_store_serves_as_well_as_a_folder(folder: Path) -> None:
    files.configure("memory:///")
    file_id = ids.new()
    files.put(file_id, b"content")
    assert files.get(file_id) == b"content"
    assert [batch for day in files.recent_days(2) for batch in files.stored_on(day)] == [[file_id]]
    files.delete(file_id)
    files.delete(file_id)
    with pytest.raises(files.Lost):
        files.get(file_id)
