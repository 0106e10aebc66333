"""Access reviews of the cast, opened by the worker's job at the start of the first quarter of 2027."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from portal.kernel.db import session
from portal.reviews import queries, services
from portal.reviews.models import AccessReview
from portal.reviews.services import Answers
from tests.badges import making as badges
from tests.cast import Cast

OPENED = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
IN_TIME = OPENED + timedelta(days=3)
OVERDUE = OPENED + timedelta(days=15)
AFTER_GRACE = OPENED + timedelta(days=29)


def opened(cast: Cast, client: str = "alpha") -> AccessReview:
    """The client's review ("staff": the staff's); of the first client 王珺 holds a badge, two have none, two users."""
    if client == "alpha":
        badges.issued(cast, "wang")
    services.open_due(OPENED)
    return review(cast, client)


def review(cast: Cast, client: str = "alpha") -> AccessReview:
    wanted = None if client == "staff" else getattr(cast, client).id
    return session().scalars(select(AccessReview).where(AccessReview.client_id == wanted)).one()


def lines(found: AccessReview) -> dict[str, object]:
    """Line ids by the name of whom they are about."""
    return {queries.subject_of(row).name.split(" ")[-1]: row[0].id for row in queries.lines_of(found.id)}


def decisions(found: AccessReview) -> dict[str, str | None]:
    return {queries.subject_of(row).name.split(" ")[-1]: row[0].decision for row in queries.lines_of(found.id)}


def answers(found: AccessReview, keep: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Answers:
    named = lines(found)
    return Answers(frozenset(named[name] for name in keep), frozenset(named[name] for name in remove))  # type: ignore[misc]
