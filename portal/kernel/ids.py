"""Ids: UUID version 7, so that they sort by creation and cannot be guessed; in URLs as 26 characters."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {c: i for i, c in enumerate(ALPHABET)}
LENGTH = 26
_lock = threading.Lock()
_last = 0


def new() -> uuid.UUID:
    """A fresh id: 48 bits of Unix milliseconds, a 12-bit counter that keeps the order within a process, then 62 random bits."""
    global _last
    with _lock:
        _last = max(_last + 1, (time.time_ns() // 1_000_000) << 12)
        ordered = _last
    value = (ordered >> 12) << 80 | 7 << 76 | (ordered & 0xFFF) << 64 | 2 << 62
    return uuid.UUID(int=value | int.from_bytes(os.urandom(8)) >> 2)


def first_of(moment: datetime) -> uuid.UUID:
    """The lowest id that can be made at that moment: every id made from then on is not below it."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62)


def to_text(id_: uuid.UUID) -> str:
    """The id as it stands in a URL."""
    value = id_.int
    return "".join(ALPHABET[value >> 5 * shift & 31] for shift in range(LENGTH - 1, -1, -1))


def from_text(text: str) -> uuid.UUID:
    """The inverse of `to_text`; ValueError for anything else."""
    if len(text) != LENGTH or text[0] > "7":
        raise ValueError("not an id")
    value = 0
    for character in text:
        if character not in _VALUES:
            raise ValueError("not an id")
        value = value << 5 | _VALUES[character]
    return uuid.UUID(int=value)
