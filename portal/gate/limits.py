"""How long people may stay without being asked after, as the configuration has it (R-A3)."""

from __future__ import annotations

from datetime import timedelta

_badge_hours = 12
_repeat = timedelta(minutes=30)


def configure(badge_hours: int, repeat_minutes: int) -> None:
    """Sets, once at the start, after how many hours a badge's holder is expected out, and how often who is past their time is told of."""
    global _badge_hours, _repeat
    _badge_hours, _repeat = badge_hours, timedelta(minutes=repeat_minutes)


def badge_hours() -> int:
    return _badge_hours


def repeat() -> timedelta:
    return _repeat
