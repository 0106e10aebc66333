"""What stands in a QR code, and the short code that is typed when it cannot be scanned.

A token is a signed pointer to a pass, in 138 characters that a QR code packs densely (digits, capitals):

    byte 0         version (high four bits), kind (low four)
    byte 1         number of the signing key
    bytes 2..5     valid until, in minutes since 1970 (UTC)
    bytes 6..21    id of the pass
    bytes 22..85   Ed25519 signature of bytes 0..21

in base32 (RFC 4648) without padding. A valid signature says that the portal once made this token, and nothing else:
whether the pass is in force is for the gate to read from the database.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = 1
PATH = "/G/"
_HEAD = struct.Struct(">BBI16s")
_SIGNATURE_BYTES = 64
LENGTH = 138
_LONGEST = 2**32 - 1


class Kind(IntEnum):
    """What a pass lets do. The numbers stand in printed codes: never reuse one."""

    BADGE = 1
    EXIT_SLIP = 2
    WORK_ORDER = 3
    VISIT = 4
    EMERGENCY = 5


class BadToken(Exception):
    """Not a token of this portal. `code`: malformed, unknown_version, unknown_key or bad_signature."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BadShortCode(ValueError):
    """Not a short code. `code`: malformed (length or characters) or wrong_check (mistyped)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the ring: its number (1..255) stands in each token that it signed."""

    number: int
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says. `valid_until` is in UTC, to the minute."""

    kind: Kind
    id: UUID
    valid_until: datetime
    key: int

    def expired(self, now: datetime) -> bool:
        return now >= self.valid_until


def keys(ring: Mapping[int, bytes]) -> tuple[SigningKey, dict[int, Ed25519PublicKey]]:
    """The signing key (highest number) and all public keys of a ring number -> 32 secret bytes."""
    private = {number: Ed25519PrivateKey.from_private_bytes(secret) for number, secret in ring.items()}
    newest = max(private)
    return SigningKey(newest, private[newest]), {number: key.public_key() for number, key in private.items()}


def sign(kind: Kind, id: UUID, valid_until: datetime, key: SigningKey) -> str:
    """The token of a pass. A part of a minute in `valid_until` counts as a whole: it never expires too early."""
    minutes = min(-int(-valid_until.timestamp() // 60), _LONGEST)
    head = _HEAD.pack(VERSION << 4 | kind, key.number, minutes, id.bytes)
    return base64.b32encode(head + key.private.sign(head)).decode().rstrip("=")


def read(text: str, public_keys: Mapping[int, Ed25519PublicKey]) -> Token:
    """What the token `text` (upper-case, as `sign` made it) says. Raises BadToken. Its expiry is told, not judged."""
    if len(text) != LENGTH:
        raise BadToken("malformed")
    try:
        packed = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise BadToken("malformed") from None
    if base64.b32encode(packed).decode().rstrip("=") != text:
        raise BadToken("malformed")  # the spare bits of the last character are zero: one pass, one text
    head, signature = packed[: _HEAD.size], packed[_HEAD.size :]
    version_and_kind, number, minutes, id_ = _HEAD.unpack(head)
    if version_and_kind >> 4 != VERSION:
        raise BadToken("unknown_version")
    if number not in public_keys:
        raise BadToken("unknown_key")
    try:
        public_keys[number].verify(signature, head)
        return Token(Kind(version_and_kind & 15), UUID(bytes=id_), datetime.fromtimestamp(minutes * 60, UTC), number)
    except InvalidSignature:
        raise BadToken("bad_signature") from None
    except ValueError:
        raise BadToken("malformed") from None


def qr_text(base_url: str, token: str) -> str:
    """What the QR code says: the gate's address with the token, in capitals (scheme and host do not mind)."""
    return f"{base_url.rstrip('/')}{PATH}{token}".upper()


def token_from_scan(text: str) -> str | None:
    """The token in what a camera or a keyboard scanner read: an address of the gate or the bare token, in any case."""
    found = _SCANNED.search(text.strip())
    return found[1].upper() if found else None


_SCANNED = re.compile(rf"(?:^|{PATH})([A-Z2-7]{{{LENGTH}}})$", re.IGNORECASE | re.ASCII)

# Short codes: nine random characters (45 bits) and a check character, of Crockford's alphabet.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
_VALUES = {character: value for value, character in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
# The sum of value times power, in the field of 32 elements, notices each wrong character and each two swapped ones.
_POLYNOMIAL = 0b100101


def new_short_code() -> str:
    """Ten characters, as stored; `group_short_code` makes them readable. The database keeps them unique."""
    values = [secrets.randbelow(32) for _ in range(CODE_LENGTH - 1)]
    return "".join(ALPHABET[value] for value in [*values, _check(values)])


def normalise_short_code(text: str) -> str:
    """The code as stored, from what was typed: any case, spaces, hyphens, O as 0, I and L as 1. Raises BadShortCode."""
    characters = [c for c in text.upper() if not c.isspace() and c not in "-‐‑–—_"]
    if len(characters) != CODE_LENGTH or any(c not in _VALUES for c in characters):
        raise BadShortCode("malformed")
    values = [_VALUES[c] for c in characters]
    if _check(values[:-1]) != values[-1]:
        raise BadShortCode("wrong_check")
    return "".join(ALPHABET[value] for value in values)


def group_short_code(code: str) -> str:
    """`7K3F9Q2MXY` as `7K3F-9Q2M-XY`, for paper and screen."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def _check(values: list[int]) -> int:
    total = 0
    for value in values:
        total ^= value
        total <<= 1
        if total & 32:
            total ^= _POLYNOMIAL
    return total
