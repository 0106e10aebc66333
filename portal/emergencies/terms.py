"""How long an emergency access waits: for a supervisor's answer, and for its entry (R-A2); the site's settings say."""

from __future__ import annotations

from datetime import timedelta

_answer = timedelta(minutes=10)
_entry = timedelta(hours=4)


def configure(answer_minutes: int, hours: int) -> None:
    """Sets both, once at the start."""
    global _answer, _entry
    _answer, _entry = timedelta(minutes=answer_minutes), timedelta(hours=hours)


def answer_within() -> timedelta:
    """After that long without an answer the next supervisor is told."""
    return _answer


def enter_within() -> timedelta:
    """After that long an approval lapses."""
    return _entry
