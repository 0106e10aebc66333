"""Signing in without telling a stranger anything: who exists, who is disabled, how far a guess was off.

`check` reads and hashes, outside any transaction, since a hash takes long; `sign_in` and `confirm` then count, lock and let in
within one. Addresses without an account are counted and locked like those with one.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.accounts import guessing, passwords, rules, second_factor, throttling
from portal.accounts.models import User
from portal.accounts.queries import actor_of
from portal.accounts.services import open_session, proven
from portal.accounts.throttling import SIGN_IN
from portal.audit import services as audit
from portal.kernel.db import session
from portal.kernel.errors import Refusal


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about an attempt: whether the password fits the hash that was read, and that hash made anew if it is outdated."""

    email: str
    user_id: uuid.UUID | None
    stored_hash: str | None
    fits: bool
    fresh_hash: str | None


def check(email: str, password: str, now: datetime) -> Checked:
    """Reads the account and tries the password. Takes as long for an unknown address; for a locked one nothing is tried."""
    email = email.strip().lower()
    found = session().execute(select(User.id, User.password_hash).where(User.email == email)).one_or_none()
    user_id, stored = found or (None, None)
    if throttling.blocked_until(SIGN_IN, email, now) is not None:
        return Checked(email, user_id, stored, False, None)
    fits = passwords.verify(stored, password)
    fresh = passwords.hash_password(password) if fits and stored and passwords.needs_rehash(stored) else None
    return Checked(email, user_id, stored, fits, fresh)


def sign_in(checked: Checked, address: str, browser: str, now: datetime, lasts: timedelta) -> str | Refusal:
    """Opens a session and gives its token, or says why not; a failure is counted. Commit either way.

    The session of who has a second factor waits for it, and shows nothing before.
    """
    user = _judge(checked, now)
    if isinstance(user, Refusal):
        return user
    if checked.fresh_hash is not None:
        user.password_hash = checked.fresh_hash
    if second_factor.has_one(user.id):
        return open_session(user, address, browser, now, lasts=second_factor.HALF_LASTS, half=True)
    user.last_signed_in_at = now
    audit.record(
        "accounts.signed_in", "user", user.id, user.name, actor_of(user), now, client_id=user.client_id, after={"address": address}
    )
    return open_session(user, address, browser, now, lasts=lasts)


def confirm(checked: Checked, session_id: uuid.UUID | None, now: datetime) -> Refusal | None:
    """Whether someone signed in gave their own password, which their session then knows of; a failure is counted like one at sign-in.

    Commit either way.
    """
    judged = _judge(checked, now)
    if isinstance(judged, User):
        proven(session_id, now)
        return None
    return judged if judged.code == rules.LOCKED.code else rules.WRONG_PASSWORD


def _judge(checked: Checked, now: datetime) -> User | Refusal:
    until = throttling.blocked_until(SIGN_IN, checked.email, now, lock=True)
    if until is not None:
        return rules.locked(until, now)  # locked by others meanwhile: even the right password comes too late
    user = session().get(User, checked.user_id, with_for_update=True) if checked.user_id else None
    if user is not None and checked.fits and user.state == "active" and user.password_hash == checked.stored_hash:
        throttling.release(SIGN_IN, checked.email)
        return user
    return guessing.failed(SIGN_IN, checked.email, user, now) or rules.WRONG_SIGN_IN
