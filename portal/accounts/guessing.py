"""Who guesses: counted, locked for longer each time, and told of, whether it is passwords or second factors that are guessed."""

from __future__ import annotations

from datetime import datetime

from portal.accounts import emails, rules, throttling
from portal.accounts.models import User
from portal.accounts.queries import recipient_of, recipients_with_role
from portal.audit import services as audit
from portal.kernel import clock
from portal.kernel.errors import Refusal
from portal.kernel.policy import SYSTEM, Role
from portal.outbox.services import notify


def failed(what: str, email: str, user: User | None, now: datetime) -> Refusal | None:
    """Counts one more failure for an address, under the lock of `throttling.blocked_until`; why nothing is tried for a while, or None.

    With the first lock the account's owner is told, when it goes on the administrators are, once each until it has rested.
    """
    failures = throttling.count(what, email, now, rules.FORGET_FAILURES)
    lock = rules.lock_for(failures)
    if not lock:
        return None
    throttling.block(what, email, now + lock)
    if user is not None:
        audit.record("accounts.locked", "user", user.id, user.name, SYSTEM, now, client_id=user.client_id, after={"failures": failures})
        data = {"email": email, "at": f"{clock.local(now):%Y-%m-%d %H:%M}", "failures": failures}
        if failures == rules.FREE_ATTEMPTS and user.state == "active":
            notify(emails.GUESSED, [recipient_of(user)], now, path="/sessions", data=data)
        if failures == rules.ALARM_AT:
            notify(emails.GUESSING, recipients_with_role(Role.ADMINISTRATOR), now, path=f"/users?q={email}", data=data)
    return rules.locked(now + lock, now)
