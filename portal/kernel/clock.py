"""The portal's clock. Everything that asks for the time asks here; a demonstration may move it by a file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_file: Path | None = None
_zone = ZoneInfo("Asia/Shanghai")


def configure(timezone: str, demo_clock_file: Path | None) -> None:
    """Sets the site's zone and, for demonstrations only, the file that says what time it is.

    In it stands how many seconds the clock is ahead, or "=" and an aware moment (ISO 8601) at which it stands still.
    """
    global _file, _zone
    _file, _zone = demo_clock_file, ZoneInfo(timezone)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    if _file is None or not _file.exists():
        return datetime.now(UTC)
    text = _file.read_text()
    if text.startswith("="):
        return datetime.fromisoformat(text[1:]).astimezone(UTC)
    return datetime.now(UTC) + timedelta(seconds=float(text or 0))


def zone() -> ZoneInfo:
    """The site's time zone: what people read and type."""
    return _zone


def local(moment: datetime) -> datetime:
    return moment.astimezone(_zone)


def today(moment: datetime | None = None) -> date:
    """The site's calendar day at `moment` (now by default)."""
    return local(moment or now()).date()


def at_local(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """The UTC moment of a wall-clock time on a site's day."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=_zone).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The UTC moment at which a site's day is over: what is valid 'until' a day is valid before this."""
    return at_local(day + timedelta(days=1))
