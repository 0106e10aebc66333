"""A form sent twice counts once: the second time the answer of the first is given again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, session


class Submission(Base):
    """What a user's form, known by its one-time token, led to."""

    __tablename__ = "submissions"

    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    location: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(index=True)


def earlier(user_id: uuid.UUID, token: str) -> str | None:
    """Where the first sending of this form led, if it was carried out."""
    return session().scalar(select(Submission.location).where(Submission.user_id == user_id, Submission.token == token))


def keep(user_id: uuid.UUID, token: str, location: str, now: datetime) -> None:
    """Keeps the answer in the transaction of the change; of two sendings at once the second breaks `pk_submissions`."""
    session().add(Submission(user_id=user_id, token=token, location=location, at=now))


def forget(before: datetime) -> None:
    """Removes what is older than `before`: a phone does not try again for days."""
    session().execute(delete(Submission).where(Submission.at < before))
