"""How long before arrival a work order has to be issued (R-W1): 24 hours, or what the site's settings say."""

from __future__ import annotations

from datetime import timedelta

from portal.workorders.rules import NOTICE

_notice = NOTICE


def configure(hours: int) -> None:
    """Sets the notice, once at the start."""
    global _notice
    _notice = timedelta(hours=hours)


def notice() -> timedelta:
    """The notice that is due."""
    return _notice
