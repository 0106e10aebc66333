"""Tokens and short codes: what was signed is read, and nothing else is."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.passes import token
from portal.passes.token import BadShortCode, BadToken, Kind

from .conftest import KEY, PUBLIC, RING

UNTIL = datetime(2027, 3, 31, 16, 0, tzinfo=UTC)
ID = UUID("0199a3b4-5c6d-7e8f-9a0b-1c2d3e4f5a6b")
TEXT = token.sign(Kind.EXIT_SLIP, ID, UNTIL, KEY)


def packed(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


def unpacked(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


@given(st.sampled_from(Kind), st.uuids(), st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))
def test_what_was_signed_is_read(kind: Kind, id: UUID, until: datetime) -> None:
    read = token.read(token.sign(kind, id, until, KEY), PUBLIC)
    assert (read.kind, read.id, read.key) == (kind, id, 2)
    assert timedelta(0) <= read.valid_until - until < timedelta(minutes=1)


def test_it_is_short_and_of_characters_that_pack_densely() -> None:
    assert len(TEXT) == token.LENGTH == 138
    assert set(TEXT) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def test_the_newest_key_signs_and_older_ones_are_still_read() -> None:
    old, _ = token.keys({1: RING[1]})
    assert KEY.number == 2
    assert token.read(token.sign(Kind.BADGE, ID, UNTIL, old), PUBLIC).key == 1


def test_expiry_is_told_not_judged() -> None:
    read = token.read(token.sign(Kind.BADGE, ID, UNTIL, KEY), PUBLIC)
    assert read.valid_until == UNTIL
    assert not read.expired(UNTIL - timedelta(seconds=1))
    assert read.expired(UNTIL)


@pytest.mark.parametrize("place", range(86))
def test_each_byte_that_is_changed_is_noticed(place: int) -> None:
    for bit in range(8):
        data = bytearray(packed(TEXT))
        data[place] ^= 1 << bit
        with pytest.raises(BadToken) as refused:
            token.read(unpacked(bytes(data)), PUBLIC)
        assert refused.value.code in {"bad_signature", "unknown_key", "unknown_version"}


def test_each_character_that_is_changed_is_noticed() -> None:
    for place, character in enumerate(TEXT):
        other = "B" if character == "A" else "A"
        with pytest.raises(BadToken):
            token.read(TEXT[:place] + other + TEXT[place + 1 :], PUBLIC)


def test_one_pass_has_one_text() -> None:
    """The last character has bits to spare: changing only these gives the same bytes, and is refused."""
    twins = [TEXT[:-1] + c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if c != TEXT[-1]]
    same = [twin for twin in twins if packed(twin) == packed(TEXT)]
    assert same
    for twin in same:
        with pytest.raises(BadToken, match="malformed"):
            token.read(twin, PUBLIC)


@pytest.mark.parametrize("text", ["", "A", TEXT[:-1], TEXT + "A", TEXT.lower(), TEXT[:-1] + "1", TEXT[:-1] + "=", "é" * 138])
def test_what_is_no_token_is_malformed(text: str) -> None:
    with pytest.raises(BadToken) as refused:
        token.read(text, PUBLIC)
    assert refused.value.code == "malformed"


def signed(head: bytes) -> str:
    return unpacked(head + KEY.private.sign(head))


@pytest.mark.parametrize(
    ("first", "key", "code"),
    [
        (2 << 4 | Kind.BADGE, 2, "unknown_version"),
        (1 << 4 | Kind.BADGE, 9, "unknown_key"),
        (1 << 4 | Kind.BADGE, 1, "bad_signature"),
        (1 << 4 | 15, 2, "malformed"),
    ],
)
def test_why_a_token_is_refused(first: int, key: int, code: str) -> None:
    with pytest.raises(BadToken) as refused:
        token.read(signed(bytes([first, key]) + bytes(4) + ID.bytes), PUBLIC)
    assert refused.value.code == code


def test_a_token_of_another_portal_is_refused() -> None:
    stranger, _ = token.keys({2: b"x" * 32})
    with pytest.raises(BadToken, match="bad_signature"):
        token.read(token.sign(Kind.BADGE, ID, UNTIL, stranger), PUBLIC)


def test_the_code_is_an_address_in_capitals() -> None:
    assert token.qr_text("https://portal.rackpass.example/", TEXT) == f"HTTPS://PORTAL.RACKPASS.EXAMPLE/G/{TEXT}"


@pytest.mark.parametrize(
    "scan",
    [
        TEXT,
        TEXT.lower(),
        f"  {TEXT}\r\n",
        f"HTTPS://PORTAL.RACKPASS.EXAMPLE/G/{TEXT}",
        f"https://portal.rackpass.example/g/{TEXT.lower()}",
        f"http://127.0.0.1:8000/G/{TEXT}",
    ],
)
def test_a_scan_gives_the_token(scan: str) -> None:
    assert token.token_from_scan(scan) == TEXT


@pytest.mark.parametrize(
    "scan", ["", "https://example.com/", f"https://x.example/G/{TEXT[:-1]}", f"{TEXT}{TEXT}", "2102311TNA000003", f"x{TEXT}"]
)
def test_another_scan_gives_none(scan: str) -> None:
    assert token.token_from_scan(scan) is None


def test_new_short_codes_are_well_formed_and_differ() -> None:
    codes = {token.new_short_code() for _ in range(500)}
    assert len(codes) == 500
    for code in codes:
        assert len(code) == 10
        assert token.normalise_short_code(code) == code
        assert token.normalise_short_code(token.group_short_code(code)) == code


def test_a_short_code_is_grouped_for_reading() -> None:
    assert token.group_short_code("7K3F9Q2MXY") == "7K3F-9Q2M-XY"


def test_what_was_typed_is_forgiven() -> None:
    code = next(c for c in iter(token.new_short_code, "") if "0" in c and "1" in c)
    typed = token.group_short_code(code).lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert token.normalise_short_code(f" {typed}\t") == code
    assert token.normalise_short_code(code.replace("1", "I").replace("0", "O")) == code
    assert token.normalise_short_code("–".join([code[:5], code[5:]])) == code


def test_each_mistyped_character_and_each_swap_is_noticed() -> None:
    for _ in range(20):
        code = token.new_short_code()
        for place, right in enumerate(code):
            for wrong in token.ALPHABET:
                if wrong != right:
                    with pytest.raises(BadShortCode, match="wrong_check"):
                        token.normalise_short_code(code[:place] + wrong + code[place + 1 :])
        for one in range(10):
            for other in range(one + 1, 10):
                swapped = list(code)
                swapped[one], swapped[other] = swapped[other], swapped[one]
                if "".join(swapped) != code:
                    with pytest.raises(BadShortCode, match="wrong_check"):
                        token.normalise_short_code("".join(swapped))


@pytest.mark.parametrize("typed", ["", "7K3F", "7K3F-9Q2M-XYZ", "7K3F-9Q2M-X*", "7K3F-9Q2M-XU", "七K3F9Q2MXY"])
def test_what_is_no_short_code_is_malformed(typed: str) -> None:
    with pytest.raises(BadShortCode, match="malformed"):
        token.normalise_short_code(typed)


def test_ids_are_not_guessed_from_the_token() -> None:
    """Two tokens of the same moment share nothing but their head."""
    one, other = (token.sign(Kind.VISIT, uuid4(), UNTIL, KEY) for _ in range(2))
    assert packed(one)[:6] == packed(other)[:6]
    assert packed(one)[22:] != packed(other)[22:]
