"""Password hashes (argon2id). Slow on purpose: never called inside a transaction, where others would wait."""

from __future__ import annotations

import base64
import os

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config import Environment

_hasher = PasswordHasher()  # RFC 9106's second profile: 3 passes over 64 MiB in 4 lanes


def configure(environment: Environment) -> None:
    """Chooses the cost: in tests next to nothing, everywhere else the full one."""
    global _hasher
    _hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1) if environment == "test" else PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify(stored: str | None, password: str) -> bool:
    """Whether the password is the one behind `stored`. Without one it takes as long and says no, so that nobody can tell by the time."""
    try:
        _hasher.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made at another cost than today's."""
    return _hasher.check_needs_rehash(stored)


def _nobodys() -> str:
    """A hash of today's cost that no password has."""
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (_hasher.salt_len, _hasher.hash_len))
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
