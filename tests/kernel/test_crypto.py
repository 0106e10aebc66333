"""Secrets at rest: a ciphertext opens in its own place alone, unaltered, with a key of the ring; old keys go on reading."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from config import Keys
from portal.clients.models import Person
from portal.kernel import crypto
from portal.kernel.crypto import Damaged, decrypt, encrypt
from portal.kernel.db import session, transaction
from tests.cast import Cast

ONE = Keys.new("test")
TWO = dataclasses.replace(ONE, field={**ONE.field, 2: b"2" * 32})


@pytest.fixture(autouse=True)
def _ring(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "cast" not in request.fixturenames:
        monkeypatch.setattr(crypto, "_keys", ONE)


def test_what_was_encrypted_opens_in_its_place() -> None:
    for plain in (b"", b"x", b"110101199001011237", bytes(10_000)):
        assert decrypt(encrypt(plain, "people.document"), "people.document") == plain


def test_equal_texts_do_not_look_alike() -> None:
    assert encrypt(b"x", "a") != encrypt(b"x", "a")


def test_a_ciphertext_does_not_open_elsewhere() -> None:
    with pytest.raises(Damaged):
        decrypt(encrypt(b"x", "people.document"), "exits.mover_document")


@given(st.data())
def test_no_bit_can_be_altered(data: st.DataObject) -> None:
    crypto.configure(ONE)
    sealed = bytearray(encrypt(b"110101199001011237", "a"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Damaged):
        decrypt(bytes(sealed), "a")


def test_nor_cut_off() -> None:
    sealed = encrypt(b"110101199001011237", "a")
    for length in range(len(sealed)):
        with pytest.raises(Damaged):
            decrypt(sealed[:length], "a")


def test_a_new_key_encrypts_and_the_old_one_goes_on_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    old = encrypt(b"x", "a")
    assert old[0] == 1
    monkeypatch.setattr(crypto, "_keys", TWO)
    new = encrypt(b"x", "a")
    assert new[0] == 2
    assert decrypt(old, "a") == decrypt(new, "a") == b"x"
    monkeypatch.setattr(crypto, "_keys", dataclasses.replace(TWO, field={2: TWO.field[2]}))
    assert decrypt(new, "a") == b"x"
    with pytest.raises(Damaged):
        decrypt(old, "a")


def test_matching_needs_the_key_and_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    here = crypto.match_hash("110101199001011237", "people.document")
    assert here == crypto.match_hash("110101199001011237", "people.document")
    assert here != crypto.match_hash("110101199001011237", "clients.registration")
    monkeypatch.setattr(crypto, "_keys", dataclasses.replace(ONE, match=b"m" * 32))
    assert here != crypto.match_hash("110101199001011237", "people.document")


def test_without_keys_nothing_is_stored_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_keys", None)
    with pytest.raises(RuntimeError):
        encrypt(b"x", "a")


def test_identity_numbers_do_not_stand_readable_in_the_database(cast: Cast) -> None:
    """Read past the application: neither the number nor a part of it is in the row; moved to another column it does not open."""
    number = cast.people["wang"].document_number
    row = session().execute(text("SELECT * FROM people WHERE name = :name"), {"name": "王珺"}).mappings().one()
    for column, value in row.items():
        stored = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert number.encode() not in stored, column
    sealed = bytes(row["document_number"])
    with pytest.raises(Damaged):
        decrypt(sealed, "exits.mover_document")
    with transaction():
        session().execute(
            text("UPDATE people SET document_number = :sealed WHERE name = :name"), {"sealed": sealed[:-1] + b"\0", "name": "王珺"}
        )
    session().expire_all()
    with pytest.raises(Damaged):
        _ = session().get_one(Person, cast.people["wang"].id).document_number
