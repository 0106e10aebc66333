"""Whether anything has changed that a phone's copy could tell of: one look at the end of the audit and of the gate's log.

Every change of a record is in one of the two. What changes by time alone (a visit that comes within 24 hours, a ban that ends) is looked
for anew in each `PERIOD`. A transaction that began earlier and commits later is seen by the count, which a last id alone would miss.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, literal, select, union_all

from portal.audit.models import AuditEntry
from portal.gate.models import GateEvent
from portal.kernel import ids
from portal.kernel.db import session

PERIOD = timedelta(minutes=5)  # for how long a copy may rest on "nothing has changed" without being made anew
LONGEST = timedelta(minutes=10)  # a transaction takes no longer


def of_copy(now: datetime, *parts: str) -> str:
    """An entity tag for the copy of whom and what `parts` say (guard, shift, language, version of the app)."""
    period = datetime.fromtimestamp(now.timestamp() // PERIOD.total_seconds() * PERIOD.total_seconds(), UTC)
    since = ids.first_of(period - LONGEST)
    audited = select(literal("audit"), func.count(), func.max(AuditEntry.at)).where(AuditEntry.id >= since)
    happened = select(literal("gate"), func.count(), func.max(GateEvent.created_at)).where(GateEvent.id >= since)
    told = sorted(str(row) for row in session().execute(union_all(audited, happened)))
    return hashlib.sha256("\0".join([period.isoformat(), *parts, *told]).encode()).hexdigest()[:32]
