"""Counting what was tried in vain for an e-mail address, with or without an account behind it.

Every verb here takes the row's lock first, so that attempts at the same moment are judged one after the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts import rules
from portal.accounts.models import Throttle
from portal.kernel import crypto, db
from portal.kernel.db import session

SIGN_IN, RESET, SECOND = "sign-in", "reset", "second"


def blocked_until(what: str, email: str, now: datetime, *, lock: bool = False) -> datetime | None:
    """Until when nothing is tried for this address, if it is blocked. `lock`: what is decided on it stays true until the commit."""
    key = _key(what, email)
    if lock:
        insert = postgresql.insert if db.dialect() == "postgresql" else sqlite.insert
        session().execute(insert(Throttle).values(key=key, count=0, last_at=now).on_conflict_do_nothing())
    wanted = select(Throttle.blocked_until).where(Throttle.key == key)
    until = session().scalar(wanted.with_for_update() if lock else wanted)
    return until if until is not None and until > now else None


def count(what: str, email: str, now: datetime, rest: timedelta) -> int:
    """Counts one more and gives the number; after a time of `rest` it begins at one again. Under the lock of `blocked_until`."""
    more = case((Throttle.last_at <= now - rest, 1), else_=Throttle.count + 1)
    changed = update(Throttle).where(Throttle.key == _key(what, email)).values(count=more, last_at=now).returning(Throttle.count)
    return session().scalars(changed.execution_options(synchronize_session=False)).one()


def block(what: str, email: str, until: datetime) -> None:
    _set(what, email, {"blocked_until": until})


def release(what: str, email: str) -> None:
    """Forgets the failures: who asks has shown who they are."""
    _set(what, email, {"count": 0, "blocked_until": None})


def forget_old(now: datetime) -> None:
    """Removes what has rested so long that it counts for nothing."""
    session().execute(delete(Throttle).where(Throttle.last_at <= now - rules.FORGET_FAILURES))


def _set(what: str, email: str, values: dict[str, object]) -> None:
    session().execute(update(Throttle).where(Throttle.key == _key(what, email)).values(values).execution_options(synchronize_session=False))


def _key(what: str, email: str) -> str:
    return crypto.match_hash(email.strip().lower(), f"throttles.{what}")
