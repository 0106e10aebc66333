"""The scene's access review: of the first client, open, one line answered."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from portal.kernel.db import session
from portal.reviews import services
from portal.reviews.models import AccessReviewLine
from tests.cast import NOW, Cast


def build(cast: Cast) -> dict[str, uuid.UUID]:
    """Its records by name."""
    review = services.open_review("2026-Q4", cast.alpha.id, NOW)
    services.open_review("2026-Q4", None, NOW)
    line = (
        session()
        .scalars(select(AccessReviewLine.id).where(AccessReviewLine.review_id == review.id, AccessReviewLine.kind == "person"))
        .first()
    )
    assert line is not None
    services.answer(review, services.Answers(frozenset({line}), frozenset()), cast.actor("admin"), NOW)
    return {"access_review": review.id}
