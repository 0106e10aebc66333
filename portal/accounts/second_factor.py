"""The second factor: one-time codes from an app, and recovery codes for the day on which the phone is gone.

A code is taken once, whoever sends it twice: of two sendings at once one changes the row. Wrong codes are counted for the account, over
all of its sessions, and lock it like wrong passwords do.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from portal.accounts import emails, guessing, rules, services, throttling, totp
from portal.accounts.models import RecoveryCode, SecondFactor, User
from portal.accounts.queries import actor_of, recipient_of
from portal.audit import services as audit
from portal.kernel import clock, crypto
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, Refusal, Refused
from portal.kernel.policy import STAFF_ROLES, Actor, Permission, Role
from portal.outbox.messages import Message
from portal.outbox.services import notify

CONTEXT = "recovery_codes.code"
HALF_LASTS = timedelta(minutes=10)  # how long a session waits for the second factor


def needed(role: Role, required: bool) -> bool:
    """Whether someone in this role has to have one. `required`: the setting."""
    return required and role in STAFF_ROLES


def set_up(seed: str, code: str, actor: Actor, now: datetime) -> None:
    """Turns on what the seed stands for, once a code shows that the app has it. What was set up before is replaced.

    Raises Refused (WRONG_CODE, SEED_BROKEN, CODES_FASTER).
    """
    step = totp.step_of(totp.secret_of(_seed(seed)), code, now)
    if step is None:
        raise Refused(rules.WRONG_CODE)
    user = _own(actor)
    session().execute(delete(SecondFactor).where(SecondFactor.user_id == user.id))
    with guarded({"uq_second_factors_user_id": rules.CODES_FASTER}):
        session().add(SecondFactor(created_at=now, user_id=user.id, secret=totp.secret_of(seed), last_step=step))
    _keep_codes(user, seed, now)
    services.proven(actor.session_id, now)
    _tell(emails.SECOND_FACTOR_ON, "accounts.second_factor_on", user, actor, now)


def renew_codes(seed: str, actor: Actor, now: datetime) -> None:
    """Replaces the recovery codes by those of the seed. Raises Refused (NO_SECOND_FACTOR, SEED_BROKEN)."""
    user = _own(actor)
    if not has_one(user.id):
        raise Refused(rules.NO_SECOND_FACTOR)
    _keep_codes(user, _seed(seed), now)
    _tell(emails.RECOVERY_CODES_NEW, "accounts.recovery_codes_renewed", user, actor, now)


def turn_off(actor: Actor, now: datetime, *, required: bool) -> None:
    """Goes without from now on. Raises Refused (SECOND_FACTOR_REQUIRED) where it is required; again is harmless."""
    if needed(actor.role, required):
        raise Refused(rules.SECOND_FACTOR_REQUIRED)
    user = _own(actor)
    if services.forget_second_factor(user.id):
        _tell(emails.SECOND_FACTOR_OFF, "accounts.second_factor_off", user, actor, now)


def remove(user: User, reason: str, actor: Actor, now: datetime) -> None:
    """Takes a lost one off someone else's account: they are signed out everywhere and told. For administrators.

    Raises Refused (NOT_YOURSELF, NO_SECOND_FACTOR), Forbidden.
    """
    if not actor.may(Permission.USER_MANAGE):
        raise Forbidden(Permission.USER_MANAGE)
    if user.id == actor.user_id:
        raise Refused(rules.NOT_YOURSELF)
    if not services.forget_second_factor(user.id):
        raise Refused(rules.NO_SECOND_FACTOR)
    services.end_all_sessions(user, now)
    audit.record(
        "accounts.second_factor_removed", "user", user.id, user.name, actor, now, client_id=user.client_id, reason=reason
    )  # fmt: skip
    notify(emails.SECOND_FACTOR_REMOVED, [recipient_of(user)], now, path="/profile/second-factor", data={"who": actor.name})


def answer(half: Actor, code: str, address: str, browser: str, now: datetime, lasts: timedelta) -> str | Refusal:
    """The second half of signing in: a one-time or a recovery code. Gives the token of a new session; the half one is over.

    Wrong codes are counted; commit either way.
    """
    user = _own(half)
    until = throttling.blocked_until(throttling.SECOND, user.email, now, lock=True)
    if until is not None:
        return rules.locked(until, now)
    how = _taken(user, code, now)
    if how is None:
        return guessing.failed(throttling.SECOND, user.email, user, now) or rules.WRONG_CODE
    throttling.release(throttling.SECOND, user.email)
    services.sign_out(half, now)
    user.last_signed_in_at = now
    after = {"address": address, "second": how}
    audit.record("accounts.signed_in", "user", user.id, user.name, actor_of(user), now, client_id=user.client_id, after=after)
    if how == "recovery":
        left = codes_left(user.id)
        data = {"email": user.email, "at": f"{clock.local(now):%Y-%m-%d %H:%M}", "left": left}
        notify(emails.RECOVERY_CODE_USED, [recipient_of(user)], now, path="/profile/second-factor", data=data)
    return services.open_session(user, address, browser, now, lasts=lasts)


def has_one(user_id: uuid.UUID) -> bool:
    return session().scalar(select(SecondFactor.id).where(SecondFactor.user_id == user_id)) is not None


def codes_left(user_id: uuid.UUID) -> int:
    unused = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return session().scalar(unused) or 0


def _taken(user: User, code: str, now: datetime) -> str | None:
    """Takes a code so that it is never taken again; says of which sort it was."""
    factor = session().scalar(select(SecondFactor).where(SecondFactor.user_id == user.id))
    step = totp.step_of(factor.secret, code, now) if factor is not None else None
    if step is not None:
        later = (SecondFactor.user_id == user.id, SecondFactor.last_step < step)
        return "app" if _one(update(SecondFactor).where(*later).values(last_step=step).returning(SecondFactor.id)) else None
    mine = (RecoveryCode.user_id == user.id, RecoveryCode.code_hash == _hash(user.id, code), RecoveryCode.used_at.is_(None))
    return "recovery" if _one(update(RecoveryCode).where(*mine).values(used_at=now).returning(RecoveryCode.id)) else None


def _one(changed: object) -> bool:
    return len(session().scalars(changed.execution_options(synchronize_session=False)).all()) == 1  # type: ignore[attr-defined]


def _keep_codes(user: User, seed: str, now: datetime) -> None:
    session().execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    with guarded({"uq_recovery_codes_code_hash": rules.CODES_FASTER}):
        session().add_all(
            RecoveryCode(created_at=now, user_id=user.id, code_hash=_hash(user.id, code)) for code in totp.recovery_codes_of(seed)
        )


def _own(actor: Actor) -> User:
    return session().get_one(User, actor.user_id, with_for_update=True)


def _seed(seed: str) -> str:
    if not totp.is_seed(seed):
        raise Refused(rules.SEED_BROKEN)
    return seed


def _hash(user_id: uuid.UUID, code: str) -> str:
    return crypto.match_hash(f"{user_id.hex}:{totp.normalised(code)}", CONTEXT)


def _tell(message: Message, tag: str, user: User, actor: Actor, now: datetime) -> None:
    audit.record(tag, "user", user.id, user.name, actor, now, client_id=user.client_id)
    data = {"email": user.email, "at": f"{clock.local(now):%Y-%m-%d %H:%M}"}
    notify(message, [recipient_of(user)], now, path="/profile/second-factor", data=data)
