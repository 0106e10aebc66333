"""Links sent by e-mail that open something to whoever holds them: an invitation, a password reset. Each works once, until it expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal.accounts import emails, rules
from portal.accounts.models import User, UserToken
from portal.accounts.queries import recipient_of
from portal.kernel import clock, crypto
from portal.kernel.change import lock
from portal.kernel.db import session
from portal.kernel.errors import Refused
from portal.outbox.services import notify

Kind = Literal["invitation", "reset"]
LASTS: dict[Kind, timedelta] = {"invitation": rules.INVITATION_LASTS, "reset": rules.RESET_LASTS}
STATE: dict[Kind, str] = {"invitation": "invited", "reset": "active"}


def send_invitation(user: User, who: str, now: datetime) -> None:
    """Sends an invited user the link by which they choose a password; an earlier one dies. `who` stands in the e-mail."""
    token = _issue(user, "invitation", now)
    data = {"who": who, "email": user.email, "until": _told(now + LASTS["invitation"])}
    notify(emails.INVITED, [recipient_of(user)], now, path=f"/invitation/{token}", data=data)


def send_reset(user: User, now: datetime) -> None:
    """Sends an active user the link by which they set a new password; an earlier one dies."""
    token = _issue(user, "reset", now)
    notify(
        emails.RESET, [recipient_of(user)], now, path=f"/password/{token}", data={"email": user.email, "until": _told(now + LASTS["reset"])}
    )


def holder(token: str, kind: Kind, now: datetime) -> User | None:
    """Whose link this is while it works, with the client loaded; looking does not use it up."""
    found = select(User).options(joinedload(User.client)).join(UserToken, UserToken.user_id == User.id)
    return session().scalar(
        found.where(
            UserToken.token_hash == crypto.token_hash(token),
            UserToken.kind == kind,
            UserToken.used_at.is_(None),
            UserToken.expires_at > now,
            User.state == STATE[kind],
        )
    )


def use(token: str, kind: Kind, now: datetime) -> User:
    """Uses the link up and gives its user, locked. Of two presses at the same moment one wins. Raises Refused (LINK_DEAD)."""
    used = (
        update(UserToken)
        .where(
            UserToken.token_hash == crypto.token_hash(token),
            UserToken.kind == kind,
            UserToken.used_at.is_(None),
            UserToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(UserToken.user_id)
        .execution_options(synchronize_session=False)
    )
    user_id = session().scalars(used).one_or_none()
    user = session().get(User, user_id, with_for_update=True) if user_id is not None else None
    if user is None or user.state != STATE[kind]:
        raise Refused(rules.LINK_DEAD)
    return user


def revoke(user: User, now: datetime, kind: Kind | None = None) -> None:
    """Kills the user's open links, of one kind or all."""
    dead = update(UserToken).where(UserToken.user_id == user.id, UserToken.used_at.is_(None))
    if kind is not None:
        dead = dead.where(UserToken.kind == kind)
    session().execute(dead.values(used_at=now).execution_options(synchronize_session=False))


def _issue(user: User, kind: Kind, now: datetime) -> str:
    session().flush()
    lock(user)  # of two links sent at once the later one counts
    revoke(user, now, kind)
    token = crypto.new_token()
    session().add(UserToken(created_at=now, user_id=user.id, kind=kind, token_hash=crypto.token_hash(token), expires_at=now + LASTS[kind]))
    return token


def _told(moment: datetime) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}"
