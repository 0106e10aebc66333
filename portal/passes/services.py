"""Issuing and revoking passes: the rows behind the QR codes."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update

from portal.kernel.db import session
from portal.kernel.policy import Actor
from portal.passes import token
from portal.passes.models import Pass


def issue_pass(kind: str, subject_id: uuid.UUID, valid_until: datetime, actor: Actor, now: datetime) -> Pass:
    """A fresh pass for a subject; paper printed for an earlier one is dead from now on.

    `kind`: a key of passes.queries.KINDS. Of two issues at once the unique index lets one through; callers hold the subject's lock.
    """
    revoke_pass(subject_id, now, "reissued")
    code = token.new_short_code()
    while session().scalar(select(Pass.id).where(Pass.short_code == code)):
        code = token.new_short_code()
    made = Pass(created_at=now, kind=kind, subject_id=subject_id, short_code=code, valid_until=valid_until, issued_by_id=actor.user_id)
    session().add(made)
    session().flush()
    return made


def revoke_pass(subject_id: uuid.UUID, now: datetime, why: str) -> None:
    """Kills the subject's live pass, if it has one. `why` is a stable code (lost, cancelled, used, reissued ...)."""
    session().execute(update(Pass).where(Pass.subject_id == subject_id, Pass.revoked_at.is_(None)).values(revoked_at=now, revoked_for=why))
