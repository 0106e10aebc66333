"""Reading retention periods: what holds for each kind, and what the last runs removed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.kernel.db import session
from portal.kernel.errors import NotFound
from portal.retention.models import RetentionPeriod
from portal.retention.rules import KINDS, Kind

# What audit entries about retention are about: there is one, and it has no row.
RETENTION = uuid.uuid5(uuid.NAMESPACE_URL, "rackpass:retention")


@dataclass(frozen=True, slots=True)
class Period:
    """What holds for a kind: as proposed, or as somebody set it. `reason_*` empty: the kind's own, to be translated."""

    kind: Kind
    days: int | None
    reason_zh: str
    reason_en: str
    clause: str
    changed_at: datetime | None

    def reason(self, locale: str) -> str:
        """The reason that was typed, in the reader's language or the other; empty where it is the kind's own."""
        return (self.reason_zh or self.reason_en) if locale == "zh_CN" else (self.reason_en or self.reason_zh)


def periods() -> list[Period]:
    """Every kind with the period that holds."""
    rows = {row.kind: row for row in session().scalars(select(RetentionPeriod))}
    return [_period(kind, rows.get(key)) for key, kind in KINDS.items()]


def get_period(key: str) -> Period:
    """Raises NotFound."""
    if key not in KINDS:
        raise NotFound(key)
    return _period(KINDS[key], session().get(RetentionPeriod, key))


def over_before(key: str, now: datetime) -> datetime | None:
    """What is older than this has to go; None where it is kept for good."""
    days = get_period(key).days
    return None if days is None else now - timedelta(days=days)


def _period(kind: Kind, row: RetentionPeriod | None) -> Period:
    if row is None:
        return Period(kind, kind.days, "", "", kind.clause, None)
    return Period(kind, row.days, row.reason_zh, row.reason_en, row.clause, row.changed_at)
