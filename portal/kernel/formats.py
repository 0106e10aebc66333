"""How times, days, watts and counts are written, in the reader's language and the site's zone.

The functions ending in `_text` are pure: the value, the present moment, the zone and the locale ("zh_CN", "en") go
in, text comes out. The rest are what templates and views use; they take these from the request.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup

from portal.kernel import clock
from portal.kernel.i18n import known_locale
from portal.kernel.marks import N_

_CATALOGUES = Path(__file__).parent.parent / "translations"
_NEAR_DAYS = {-1: N_("yesterday %(time)s"), 0: N_("today %(time)s"), 1: N_("tomorrow %(time)s")}
_KEPT = re.compile(r"(\d{4}-\d\d-\d\d)((?: \d\d:\d\d)?)\Z")
_SOON = timedelta(hours=24)


@lru_cache(maxsize=8)
def _catalogue(locale: str) -> NullTranslations:
    return Translations.load(_CATALOGUES, [known_locale(locale)])


def _in(locale: str, text: str, **values: Any) -> str:
    told = str(_catalogue(locale).gettext(text))
    return told % values if values else told


def _day_pattern(locale: str, with_year: bool) -> str:
    return _in(locale, N_("d MMM yyyy")) if with_year else _in(locale, N_("d MMM"))


def when_text(value: datetime, now: datetime, zone: tzinfo, locale: str) -> str:
    """'today 14:00', '23 Nov 14:00', with the year where it is not this one."""
    local, today = value.astimezone(zone), now.astimezone(zone).date()
    time = f"{local:%H:%M}"
    near = _NEAR_DAYS.get((local.date() - today).days)
    if near is not None:
        return _in(locale, near, time=time)
    day = format_date(local.date(), _day_pattern(locale, local.year != today.year), locale=known_locale(locale))
    return f"{day} {time}"


def moment_text(value: datetime, now: datetime, zone: tzinfo, locale: str) -> str:
    """'23 Nov 14:00', for a sentence that 'today' would not fit into; with the year where it is not this one."""
    local = value.astimezone(zone)
    return f"{day_text(local.date(), now.astimezone(zone).date(), locale)} {local:%H:%M}"


def full_text(value: datetime, zone: tzinfo, locale: str) -> str:
    """The moment to the second, with its weekday."""
    return str(format_datetime(value.astimezone(zone), _in(locale, N_("EEEE d MMMM yyyy, HH:mm:ss")), locale=known_locale(locale)))


def duration_text(span: timedelta, locale: str) -> str:
    """'22 min', '3 h 8 min', '2 d 4 h'. The sign is dropped; less than a minute counts as one."""
    minutes = max(1, int(abs(span.total_seconds()) // 60))
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if not hours:
        return _in(locale, N_("%(minutes)s min"), minutes=minutes)
    if not days:
        if not minutes_left:
            return _in(locale, N_("%(hours)s h"), hours=hours)
        return _in(locale, N_("%(hours)s h %(minutes)s min"), hours=hours, minutes=minutes_left)
    if not hours_left or days > 6:
        return _in(locale, N_("%(days)s d"), days=days)
    return _in(locale, N_("%(days)s d %(hours)s h"), days=days, hours=hours_left)


def left_text(value: datetime, now: datetime, locale: str) -> str:
    """How much of a deadline is left: '3 h left', 'overdue by 22 min'; nothing while it is more than a day away."""
    span = duration_text(value - now, locale)
    if value <= now:
        return _in(locale, N_("overdue by %(span)s"), span=span)
    return _in(locale, N_("%(span)s left"), span=span) if value - now < _SOON else ""


def due_text(value: datetime, now: datetime, zone: tzinfo, locale: str) -> str:
    """'today 14:00, 3 h left'; 'overdue by 22 min'; 'tomorrow 16:00'."""
    left = left_text(value, now, locale)
    if value <= now:
        return left
    moment = when_text(_last_minute(value, zone), now, zone, locale)
    return _in(locale, N_("%(when)s, %(left)s"), when=moment, left=left) if left else moment


def _last_minute(value: datetime, zone: tzinfo) -> datetime:
    """A deadline at midnight is told as the last minute of its day: 'by 27 Nov 00:00' is read as a day too late."""
    local = value.astimezone(zone)
    return value - timedelta(minutes=1) if (local.hour, local.minute) == (0, 0) else value


def ago_text(value: datetime, now: datetime, locale: str) -> str:
    """'2 h ago'."""
    return _in(locale, N_("%(span)s ago"), span=duration_text(now - value, locale))


def day_text(value: date, today: date, locale: str, *, weekday: bool = False) -> str:
    """'24 Nov', '24 Nov 2027', '24 Nov (Tue)'."""
    text = str(format_date(value, _day_pattern(locale, value.year != today.year), locale=known_locale(locale)))
    if not weekday:
        return text
    return _in(locale, N_("%(day)s (%(weekday)s)"), day=text, weekday=format_date(value, "EEE", locale=known_locale(locale)))


def period_text(start: date | datetime, end: date | datetime, now: datetime, zone: tzinfo, locale: str) -> str:
    """'1 Jan 2026 – 31 Mar 2027'; with moments 'today 14:00–18:00' or '23 Nov 14:00 – 24 Nov 10:00'."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        first, last = start.astimezone(zone), end.astimezone(zone)
        if first.date() == last.date():
            return f"{when_text(start, now, zone, locale)}–{last:%H:%M}"
        return f"{when_text(start, now, zone, locale)} – {when_text(end, now, zone, locale)}"
    today = now.astimezone(zone).date()
    with_year = not start.year == end.year == today.year
    days = [format_date(day, _day_pattern(locale, with_year), locale=known_locale(locale)) for day in (start, end)]
    return " – ".join(days)


def number_text(value: float, locale: str) -> str:
    """12345 as '12,345'."""
    return str(format_decimal(value, locale=known_locale(locale)))


def watts_text(value: float, locale: str) -> str:
    """350 as '350 W', 12400 as '12,400 W': never in kW, so that figures can be compared."""
    return f"{number_text(value, locale)} W"


def size_text(value: int, locale: str) -> str:
    """A file's size: '640 kB', '2.4 MB'."""
    if value < 1_000_000:
        return f"{number_text(max(1, round(value / 1000)), locale)} kB"
    return f"{number_text(round(value / 1_000_000, 1), locale)} MB"


def units(lowest: int, height: int = 1) -> str:
    """Rack units from the lowest one: '21–22U', '09U'."""
    return f"{lowest:02d}U" if height == 1 else f"{lowest:02d}–{lowest + height - 1:02d}U"


def mask(text: str | None, head: int = 4, tail: int = 3) -> str:
    """The ends of a number and dots between (R-S2); what is too short to hide anything is all dots."""
    text = text or ""
    hidden = len(text) - head - tail
    return f"{text[:head]}{'•' * hidden}{text[-tail:]}" if hidden >= 4 else "•" * len(text)


def reader_locale() -> str:
    """The locale of the reader of this request, by the portal's name for it (Babel calls zh_CN zh_Hans_CN)."""
    locale = get_locale()
    return "zh_CN" if locale is not None and locale.language == "zh" else "en"


def when(value: datetime | None) -> Markup:
    """The moment as a <time> element, the full time on hover."""
    return _time(value, when_text(value, clock.now(), clock.zone(), reader_locale())) if value else Markup()


def due(value: datetime | None) -> Markup:
    """A deadline in one line, with what is left of it."""
    return _time(value, due_text(value, clock.now(), clock.zone(), reader_locale())) if value else Markup()


def due_lines(value: datetime | None) -> Markup:
    """A deadline in two lines: when, and what is left."""
    if value is None:
        return Markup()
    now, locale = clock.now(), reader_locale()
    last = _last_minute(value, clock.zone())
    moment = _time(value, when_text(last, now, clock.zone(), locale))
    left = left_text(value, now, locale)
    css = "rest-of stop" if value <= now else "rest-of"
    return moment + Markup(' <span class="{}">{}</span>').format(css, left) if left else moment


def ago(value: datetime | None) -> Markup:
    return _time(value, ago_text(value, clock.now(), reader_locale())) if value else Markup()


def day(value: date | datetime | None, weekday: bool = False) -> str:
    """A day; of a moment, the site's day."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = clock.today(value)
    return day_text(value, clock.today(), reader_locale(), weekday=weekday)


def moment(value: datetime) -> str:
    """The moment inside a sentence."""
    return moment_text(value, clock.now(), clock.zone(), reader_locale())


def kept(value: object, *, year: bool = False) -> object:
    """A day or a moment of the site's kept as text, 2026-11-24 or 2026-11-24 10:30, as the reader writes days; anything else as it is."""
    found = _KEPT.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    try:
        day_kept = date.fromisoformat(found[1])
    except ValueError:
        return value
    return day_text(day_kept, date.min if year else clock.today(), reader_locale()) + found[2]


def period(start: date | datetime, end: date | datetime) -> str:
    return period_text(start, end, clock.now(), clock.zone(), reader_locale())


def duration(span: timedelta) -> str:
    return duration_text(span, reader_locale())


def number(value: float | None) -> str:
    return "" if value is None else number_text(value, reader_locale())


def watts(value: float | None) -> str:
    return "" if value is None else watts_text(value, reader_locale())


def size(value: int) -> str:
    return size_text(value, reader_locale())


def shown(value: Any) -> str:
    """Whatever a cell may hold, as a page shows it: states (.label, .tone) as sign and word, moments, days, a dash for nothing."""
    if value is None or value == "" or value == () or value == []:
        return Markup('<span class="none">—</span>')
    if hasattr(value, "tone") and hasattr(value, "label"):
        return Markup('<span class="state {}">{}</span>').format(value.tone, value.label)
    if isinstance(value, (list, tuple)):
        return Markup(" ").join(shown(part) for part in value)
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, date):
        return day(value)
    return value if isinstance(value, Markup) else str(value)


def register(app: Flask) -> None:
    """Gives templates the filters when, due, due_lines, ago, day, duration, number, watts, size, mask, shown, and the
    functions period and units."""
    for function in (when, due, due_lines, ago, day, duration, number, watts, size, mask, shown):
        app.add_template_filter(function)
    for name, helper in (("period", period), ("units", units)):
        app.add_template_global(helper, name)


def _time(value: datetime, text: str) -> Markup:
    full = full_text(value, clock.zone(), reader_locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.astimezone(UTC).isoformat(timespec="seconds"), full, text)
