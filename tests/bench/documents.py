"""How many badge PDFs one process draws in a second: photo, Chinese text, QR. The bare work beside it is an empty ReportLab page."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.demo import pictures
from portal.passes import fonts, token
from portal.passes.documents import badge
from portal.passes.documents.style import Bilingual
from tests.bench.bare import empty_pdf
from tests.bench.harness import Bench, Figure, Stage, Timing, at_once, progress

CACHE = Path(os.environ.get("VAR_DIR") or "var").resolve() / "fonts"
NAMES = ("王珺", "刘洋", "陈堃", "林㛃", "赵喆", "张䶮", "欧阳若曦", "买买提·艾山")


def badges(stage: Stage, only: str) -> Iterator[Figure]:
    fonts.prepare(CACHE)
    fonts.load(CACHE)
    signing, _public = token.keys(stage.keys.passes)
    until = datetime(2027, 3, 31, 16, tzinfo=UTC)
    cards = [
        badge.Badge(
            site=badge.Site(
                Bilingual("睿柏数据中心", "Rackpass Data Center"), Bilingual("科创十四街 8 号", "8 Kechuang 14th Street"), "010-5550 0199"
            ),
            number=f"BA-2611-{number:04d}",
            holder=NAMES[number % len(NAMES)],
            client="星海数联（北京）信息技术有限公司",
            rooms="A1 B2",
            valid_until=date(2027, 3, 31),
            photo=pictures.portrait(number),
            qr_text=token.qr_text("https://gate.example", token.sign(token.Kind.BADGE, uuid.UUID(int=number + 1), until, signing)),
            short_code=token.new_short_code(),
            issued_by="周敏",
            issued_at=datetime(2026, 11, 23, tzinfo=UTC),
            zone=ZoneInfo("Asia/Shanghai"),
        )
        for number in range(200)
    ]
    bare = _timed(empty_pdf(), 200)
    if "badge.single".startswith(only):
        progress("  badge.single")
        left = iter(range(10_000))
        badge.render(cards[0], "zh_CN")
        single = _timed(lambda: badge.render(replace(cards[next(left) % 200]), "zh_CN"), 200)
        yield _figure("badge.single", single, 1, bare, "two-page card with photo, Chinese text and QR; one process")
    if "badge.sheet200".startswith(only):
        progress("  badge.sheet200")
        sheet = _timed(lambda: badge.render_sheet(cards, "zh_CN"), 3)
        yield _figure("badge.sheet200", sheet, 200, bare, "200 badges on A4 sheets in one PDF; one process")


def _timed(work: Callable[[], object], times: int) -> Timing:
    return at_once(1, times, work)


def _figure(name: str, timing: Timing, each: int, bare: Timing, note: str) -> Figure:
    rate = timing.per_second * each
    return Figure(
        name, rate, "1/s", len(timing.each) * each, note, timing.milliseconds() | {"bare_ratio": round(rate / bare.per_second, 3)}
    )


BENCHES = [Bench("badge", badges)]
