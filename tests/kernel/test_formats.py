"""How times and figures are written, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel

from portal.kernel import clock, formats

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 2, 52, tzinfo=UTC)  # 10:52 in Shanghai


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        ("2026-11-23T00:00", "today 00:00", "今天 00:00"),
        ("2026-11-23T14:00", "today 14:00", "今天 14:00"),
        ("2026-11-22T23:59", "yesterday 23:59", "昨天 23:59"),
        ("2026-11-24T09:12", "tomorrow 09:12", "明天 09:12"),
        ("2026-11-25T09:12", "25 Nov 09:12", "11 月 25 日 09:12"),
        ("2025-12-31T08:00", "31 Dec 2025 08:00", "2025 年 12 月 31 日 08:00"),
    ],
)
def test_a_moment_is_told_by_its_distance(moment: str, english: str, chinese: str) -> None:
    assert formats.when_text(at(moment), NOW, ZONE, "en") == english
    assert formats.when_text(at(moment), NOW, ZONE, "zh_CN") == chinese


def test_the_day_is_the_sites_not_utcs() -> None:
    just_after_midnight = at("2026-11-24T00:05")

    assert formats.when_text(just_after_midnight, at("2026-11-23T23:55"), ZONE, "en") == "tomorrow 00:05"
    assert formats.when_text(just_after_midnight, at("2026-11-24T00:06"), ZONE, "en") == "today 00:05"


def test_the_year_is_told_over_its_end() -> None:
    assert formats.when_text(at("2027-01-02T10:00"), at("2026-12-31T10:00"), ZONE, "en") == "2 Jan 2027 10:00"
    assert formats.when_text(at("2027-01-01T10:00"), at("2026-12-31T10:00"), ZONE, "en") == "tomorrow 10:00"


def test_the_wall_clock_is_right_on_both_sides_of_a_change_of_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # 00:30 on the day that has 25 hours

    assert formats.when_text(now + timedelta(hours=1), now, berlin, "en") == "today 01:30"
    assert formats.when_text(now + timedelta(hours=24), now, berlin, "en") == "today 23:30"


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        ("2026-11-23T14:00", "today 14:00, 3 h 8 min left", "今天 14:00，剩 3 小时 8 分"),
        ("2026-11-23T10:52", "overdue by 1 min", "已超 1 分"),
        ("2026-11-23T10:30", "overdue by 22 min", "已超 22 分"),
        ("2026-11-21T08:52", "overdue by 2 d 2 h", "已超 2 天 2 小时"),
        ("2026-11-24T10:52", "tomorrow 10:52", "明天 10:52"),
        ("2026-11-24T00:00", "today 23:59, 13 h 8 min left", "今天 23:59，剩 13 小时 8 分"),
        ("2026-11-24T10:51", "tomorrow 10:51, 23 h 59 min left", "明天 10:51，剩 23 小时 59 分"),
    ],
)
def test_a_deadline_says_what_is_left_of_it(moment: str, english: str, chinese: str) -> None:
    assert formats.due_text(at(moment), NOW, ZONE, "en") == english
    assert formats.due_text(at(moment), NOW, ZONE, "zh_CN") == chinese


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 min"),
        (59, "1 min"),
        (120, "2 min"),
        (3600, "1 h"),
        (-3660, "1 h 1 min"),
        (86400, "1 d"),
        (93600, "1 d 2 h"),
        (8 * 86400 + 3600, "8 d"),
    ],
)
def test_spans(seconds: int, text: str) -> None:
    assert formats.duration_text(timedelta(seconds=seconds), "en") == text


def test_ago() -> None:
    assert formats.ago_text(at("2026-11-23T08:52"), NOW, "en") == "2 h ago"
    assert formats.ago_text(at("2026-11-23T08:52"), NOW, "zh_CN") == "2 小时前"


def test_days() -> None:
    today = date(2026, 11, 23)

    assert formats.day_text(date(2026, 11, 24), today, "en") == "24 Nov"
    assert formats.day_text(date(2026, 11, 24), today, "en", weekday=True) == "24 Nov (Tue)"
    assert formats.day_text(date(2026, 11, 24), today, "zh_CN", weekday=True) == "11 月 24 日（周二）"
    assert formats.day_text(date(2027, 3, 31), today, "zh_CN") == "2027 年 3 月 31 日"


def test_periods() -> None:
    def period(start: date, end: date, locale: str = "en") -> str:
        return formats.period_text(start, end, NOW, ZONE, locale)

    assert period(date(2026, 1, 1), date(2026, 12, 31)) == "1 Jan – 31 Dec"
    assert period(date(2026, 1, 1), date(2027, 3, 31)) == "1 Jan 2026 – 31 Mar 2027"
    assert period(date(2026, 1, 1), date(2027, 3, 31), "zh_CN") == "2026 年 1 月 1 日 – 2027 年 3 月 31 日"
    assert period(at("2026-11-23T14:00"), at("2026-11-23T18:00")) == "today 14:00–18:00"
    assert period(at("2026-11-23T14:00"), at("2026-11-24T10:00")) == "today 14:00 – tomorrow 10:00"


def test_figures() -> None:
    assert formats.number_text(1234567, "zh_CN") == "1,234,567"
    assert formats.watts_text(350, "en") == "350 W"
    assert formats.watts_text(12400, "en") == "12,400 W"
    assert formats.size_text(640, "en") == "1 kB"
    assert formats.size_text(2_400_000, "en") == "2.4 MB"


def test_rack_units() -> None:
    assert formats.units(21, 2) == "21–22U"
    assert formats.units(9) == "09U"
    assert formats.units(5, 2) == "05–06U"


@pytest.mark.parametrize(
    ("number", "masked"),
    [("110101199003070216", "1101•••••••••••216"), ("A1234567", "••••••••"), ("", ""), (None, "")],
)
def test_a_masked_number_shows_its_ends_only_if_enough_is_hidden(number: str | None, masked: str) -> None:
    assert formats.mask(number) == masked


@pytest.fixture
def flask_app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    app = Flask(__name__)
    Babel(app, locale_selector=lambda: "zh_CN")
    formats.register(app)
    return app


def test_templates_write_for_the_reader(flask_app: Flask) -> None:
    moment = at("2026-11-23T14:00")
    with flask_app.test_request_context():
        shown = render_template_string("{{ moment|when }}", moment=moment)
        lines = render_template_string("{{ moment|due_lines }}", moment=at("2026-11-23T10:30"))
        nothing = render_template_string("{{ x|when }}{{ x|due }}{{ x|due_lines }}{{ x|ago }}{{ x|day }}{{ x|watts }}", x=None)
        rest = render_template_string("{{ moment|day }} {{ 350|watts }} {{ units(3, 2) }}", moment=at("2026-11-24T00:30"))

    assert shown == ('<time datetime="2026-11-23T06:00:00+00:00" title="2026 年 11 月 23 日 星期一 14:00:00">今天 14:00</time>')
    assert lines.endswith('今天 10:30</time> <span class="rest-of stop">已超 22 分</span>')
    assert nothing == ""
    assert rest == "11 月 24 日 350 W 03–04U"
