"""Decisions about accounts (pure): what a password must be, how long a lock lasts, who may not be disabled."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

MIN_PASSWORD, MAX_PASSWORD = 10, 128
INVITATION_LASTS, RESET_LASTS = timedelta(days=7), timedelta(hours=1)
FREE_ATTEMPTS = 5
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(hours=1)
FORGET_FAILURES = timedelta(hours=24)
RESETS_AN_HOUR = 3
ALARM_AT = 10  # failures in a row that the administrators are told of
SEEN_EVERY = timedelta(minutes=5)

WRONG_SIGN_IN = Refusal("accounts.wrong_sign_in", N_("The e-mail address or the password is not right. Check both and try again."))
LOCKED = Refusal(
    "accounts.locked",
    N_(
        "Too many failed attempts for this e-mail address. Try again in %(minutes)s min, from %(time)s on, or set a new password by e-mail."
    ),
)
WRONG_CODE = Refusal(
    "accounts.wrong_code", N_("This code is not right, or was used already. Wait for the next one that the app shows."), field="code"
)
SECOND_FACTOR_REQUIRED = Refusal("accounts.second_factor_required", N_("Staff need a second factor. Set up a new one instead."))
NO_SECOND_FACTOR = Refusal("accounts.no_second_factor", N_("There is no second factor on this account."))
SEED_BROKEN = Refusal("accounts.seed_broken", N_("This page is out of order. Open it anew."))
CODES_FASTER = Refusal("accounts.codes_faster", N_("The second factor was just set up in another window. Look at it before you change it."))
WRONG_PASSWORD = Refusal("accounts.wrong_password", N_("This is not your present password. Try again."), field="present")
PASSWORD_SHORT = Refusal("accounts.password_short", N_("The password is too short: use at least %(least)s characters."), field="password")
PASSWORD_LONG = Refusal("accounts.password_long", N_("The password is too long: use at most %(most)s characters."), field="password")
PASSWORD_COMMON = Refusal(
    "accounts.password_common",
    N_("This password is one of the first that an attacker tries. Choose another one, such as several words that do not belong together."),
    field="password",
)
PASSWORD_IS_EMAIL = Refusal(
    "accounts.password_is_email", N_("The password must not be your e-mail address. Choose another one."), field="password"
)
PASSWORD_SAME = Refusal("accounts.password_same", N_("This is the password that you have already. Choose another one."), field="password")
LINK_DEAD = Refusal(
    "accounts.link_dead",
    N_("This link no longer works: it was used already, a newer one was sent, or its time is over. Ask for a new one."),
)
EMAIL_TAKEN = Refusal(
    "accounts.email_taken", N_("There is an account with this e-mail address already. Look for it in the list."), field="email"
)
EMAIL_NOT_INVITED = Refusal(
    "accounts.email_not_invited", N_("This e-mail address cannot be invited. Use another one, or ask customer service."), field="email"
)
NOT_YOURSELF = Refusal("accounts.not_yourself", N_("You cannot do this to your own account. Ask another administrator."))
LAST_ADMINISTRATOR = Refusal(
    "accounts.last_administrator",
    N_("This is the last active administrator. Make someone else an administrator first."),
)
LAST_CLIENT_ADMIN = Refusal(
    "accounts.last_client_admin",
    N_("This is the client's last active administrator. Make someone else one first."),
)
ROLE_OF_OTHER_SIDE = Refusal(
    "accounts.role_of_other_side", N_("This role does not fit the account: clients' and staff's roles do not mix."), field="role"
)
RULES_CHANGED = Refusal("accounts.rules_changed", N_("The rules have changed while you were reading. Read the new version and accept it."))
RULES_FASTER = Refusal("accounts.rules_faster", N_("Another version was published in the meantime. Look at it before you publish yours."))


def why_not_password(password: str, email: str) -> Refusal | None:
    """Why this cannot be the password of the account with this e-mail address."""
    if len(password) < MIN_PASSWORD:
        return PASSWORD_SHORT(least=MIN_PASSWORD)
    if len(password) > MAX_PASSWORD:
        return PASSWORD_LONG(most=MAX_PASSWORD)
    folded = password.casefold()
    if folded in (email.casefold(), email.casefold().split("@")[0]):
        return PASSWORD_IS_EMAIL
    if folded in common_passwords() or len(set(folded)) < 4 or _is_run(folded):
        return PASSWORD_COMMON
    return None


@lru_cache
def common_passwords() -> frozenset[str]:
    """The commonest passwords of the least length and more, in lower case."""
    return frozenset((Path(__file__).parent / "common_passwords.txt").read_text("utf-8").split())


def _is_run(text: str) -> bool:
    """'abcdefghij', '9876543210': each character next to the one before it."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return steps in ({1}, {-1})


def lock_for(failures: int) -> timedelta:
    """How long an address is locked after so many failures in a row: nothing, then 1 min, doubling up to 1 h."""
    if failures < FREE_ATTEMPTS:
        return timedelta(0)
    return min(FIRST_LOCK * (1 << min(failures - FREE_ATTEMPTS, 16)), LONGEST_LOCK)


def locked(until: datetime, now: datetime) -> Refusal:
    """LOCKED with its time, in whole minutes: never told too early."""
    over = (until + timedelta(seconds=59, microseconds=999_999)).replace(second=0, microsecond=0)
    return LOCKED(minutes=max(1, math.ceil((until - now) / timedelta(minutes=1))), time=over)


def proof_is_old(proven_at: datetime | None, now: datetime, minutes: int) -> bool:
    """Whether it is so long since someone showed who they are that they show it again before a sensitive act."""
    return proven_at is None or proven_at + timedelta(minutes=minutes) <= now


def idle(last_seen: datetime, now: datetime, minutes: int) -> bool:
    """Whether a session was left alone for so long that it has ended by itself."""
    return last_seen + timedelta(minutes=minutes) <= now
