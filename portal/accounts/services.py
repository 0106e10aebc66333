"""What is done to one's own account: sessions, the way in by a link, password, profile, the rules text. Managing others: managing.py."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.engine import CursorResult

from portal.accounts import emails, links, passwords, rules, throttling
from portal.accounts.lifecycle import USER
from portal.accounts.models import RecoveryCode, RulesAcceptance, RulesText, SecondFactor, User, UserSession, UserToken
from portal.accounts.queries import actor_of, current_rules, recipient_of
from portal.audit import services as audit
from portal.kernel import clock, crypto
from portal.kernel.change import move, open_record
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refused
from portal.kernel.i18n import LOCALES
from portal.kernel.policy import SYSTEM, Actor, Role
from portal.outbox.services import notify

SESSION_LASTS = timedelta(days=14)
THEMES = ("auto", "light", "dark")


def create_user(
    email: str, name: str, role: Role, client_id: uuid.UUID | None, password: str, actor: Actor, now: datetime, *, locale: str = "zh_CN"
) -> User:
    """An active user at once, without an invitation: for the first administrator, demonstrations and tests.

    The actor needs what inviting needs. Raises Forbidden, Refused (EMAIL_TAKEN).
    """
    return add_active_user(email, name, role, client_id, passwords.hash_password(password), actor, now, locale=locale)


def add_active_user(
    email: str,
    name: str,
    role: Role,
    client_id: uuid.UUID | None,
    password_hash: str,
    actor: Actor,
    now: datetime,
    *,
    locale: str = "zh_CN",
) -> User:
    """`create_user` with a password that was hashed already: hashing takes a fifth of a second, so many users share one."""
    user = User(email=email.strip().lower(), name=name, role=role.value, client_id=client_id, locale=locale)
    user.password_hash, user.password_changed_at = password_hash, now
    with guarded({"uq_users_email": rules.EMAIL_TAKEN}):
        open_record(user, "invite", actor, now)
    move(user, "accept", SYSTEM, now)
    return user


# Sessions


def open_session(user: User, address: str, browser: str, now: datetime, *, lasts: timedelta = SESSION_LASTS, half: bool = False) -> str:
    """Opens a session for a user whose identity was established, and gives the token for the browser's cookie.

    `half`: the second factor is still to be shown; the session is good for that alone.
    """
    token = crypto.new_token()
    session().add(
        UserSession(
            created_at=now,
            user_id=user.id,
            token_hash=crypto.token_hash(token),
            address=address[:45],
            browser=browser[:300],
            last_seen_at=now,
            expires_at=now + lasts,
            half=half,
            proven_at=now,
        )
    )
    return token


def proven(session_id: uuid.UUID | None, now: datetime) -> None:
    """Notes that who is in this session has just shown once more who they are."""
    session().execute(update(UserSession).where(UserSession.id == session_id).values(proven_at=now))


def seen(session_id: uuid.UUID, now: datetime) -> None:
    """Notes that a session is in use."""
    session().execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now))


def sign_out(actor: Actor, now: datetime) -> None:
    """Ends the session that the actor is in."""
    _end_sessions(now, UserSession.id == actor.session_id)


def end_session(session_id: uuid.UUID, actor: Actor, now: datetime) -> int:
    """Ends one of the actor's own sessions. Returns how many ended: 0 when it was over already. Raises NotFound for anyone else's."""
    mine = (UserSession.id == session_id, UserSession.user_id == actor.user_id)
    if session().scalar(select(UserSession.id).where(*mine)) is None:
        raise NotFound(str(session_id))
    ended = _end_sessions(now, *mine)
    _tell_ended(ended, actor, now)
    return ended


def end_other_sessions(actor: Actor, now: datetime) -> int:
    """Ends all of the actor's sessions but the one they are in. Returns how many."""
    ended = _end_sessions(now, UserSession.user_id == actor.user_id, UserSession.id != actor.session_id)
    _tell_ended(ended, actor, now)
    return ended


def end_all_sessions(user: User, now: datetime) -> int:
    """Signs the user out everywhere. Returns how many sessions ended; the caller tells why in the audit."""
    return _end_sessions(now, UserSession.user_id == user.id)


def _end_sessions(now: datetime, *which: ColumnElement[bool]) -> int:
    ended = update(UserSession).where(UserSession.ended_at.is_(None), *which).values(ended_at=now).returning(UserSession.id)
    return len(session().scalars(ended.execution_options(synchronize_session=False)).all())


def _tell_ended(ended: int, actor: Actor, now: datetime) -> None:
    if ended:
        assert actor.user_id is not None
        audit.record(
            "accounts.session_ended", "user", actor.user_id, actor.name, actor, now, client_id=actor.client_id, after={"sessions": ended}
        )


# The way in by a link


@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """`password_hash` is made before the transaction, of a password that `rules.why_not_password` let pass."""

    token: str
    name: str
    phone: str
    password_hash: str


def accept_invitation(command: AcceptInvitation, now: datetime) -> User:
    """Makes an invited user active, with the name and password of their choice. Raises Refused (LINK_DEAD)."""
    user = links.use(command.token, "invitation", now)
    values = {
        "name": command.name,
        "phone": command.phone,
        "password_hash": command.password_hash,
        "password_changed_at": now,
        "last_signed_in_at": now,
    }
    move(user, "accept", actor_of(user), now, values=values, because_of=USER.tag("invite"))
    return user


def ask_for_reset(email: str, now: datetime) -> None:
    """Sends the link for a new password if there is an account, or the invitation again if it was never accepted.

    What the asker sees is the same in every case. An address gets no more than a few an hour.
    """
    email = email.strip().lower()
    throttling.blocked_until(throttling.RESET, email, now, lock=True)
    if throttling.count(throttling.RESET, email, now, rules.RESET_LASTS) > rules.RESETS_AN_HOUR:
        return
    user = session().scalar(select(User).where(User.email == email))
    if user is None:
        return
    if user.state == "active":
        links.send_reset(user, now)
        audit.record("accounts.reset_asked", "user", user.id, user.name, SYSTEM, now, client_id=user.client_id)
    elif user.state == "invited":
        links.send_invitation(user, SYSTEM.name, now)
        audit.record("accounts.invited_again", "user", user.id, user.name, SYSTEM, now, client_id=user.client_id)


def set_new_password(token: str, password_hash: str, now: datetime) -> User:
    """Sets a new password by a reset link: every session ends, a lock is lifted. Raises Refused (LINK_DEAD)."""
    user = links.use(token, "reset", now)
    _change_password(user, password_hash, now)
    end_all_sessions(user, now)
    throttling.release(throttling.SIGN_IN, user.email)
    return user


def change_password(user: User, password_hash: str, actor: Actor, now: datetime) -> None:
    """Changes the actor's own password, which `signing_in.confirm` has asked for; all other sessions end."""
    _change_password(user, password_hash, now)
    _end_sessions(now, UserSession.user_id == user.id, UserSession.id != actor.session_id)


def _change_password(user: User, password_hash: str, now: datetime) -> None:
    user.password_hash, user.password_changed_at = password_hash, now
    links.revoke(user, now, "reset")
    audit.record("accounts.password_changed", "user", user.id, user.name, actor_of(user), now, client_id=user.client_id)
    data = {"email": user.email, "at": f"{clock.local(now):%Y-%m-%d %H:%M}"}
    notify(emails.PASSWORD_CHANGED, [recipient_of(user)], now, path="/profile", data=data)


# Ended by rule


def disable_by_rule(user: User, reason: str, because_of: str, actor: Actor, now: datetime) -> None:
    """Ends an account's use as the consequence of another change that the actor may carry out (an access review).

    Sessions and links die with it. Raises Refused (LAST_ADMINISTRATOR), Conflict.
    """
    if is_last_of_its_role(user) and user.role == Role.ADMINISTRATOR.value:
        raise Refused(rules.LAST_ADMINISTRATOR)
    move(user, "disable", actor, now, reason=reason, because_of=because_of)
    end_all_sessions(user, now)
    links.revoke(user, now)


def enable_by_rule(user: User, reason: str, because_of: str, actor: Actor, now: datetime) -> None:
    """Takes back what `disable_by_rule` did: the user signs in with the password they had."""
    move(user, "enable", actor, now, reason=reason, because_of=because_of)


def is_last_of_its_role(user: User) -> bool:
    """Whether no other active user of that side has the role. Those there are stay locked until the commit."""
    same = select(User.id).where(User.role == user.role, User.client_id == user.client_id, User.state == "active")
    return list(session().scalars(same.order_by(User.id).with_for_update())) == [user.id]


# Profile


@dataclass(frozen=True, slots=True)
class ChangeProfile:
    name: str
    phone: str
    locale: str
    theme: str


def change_profile(user: User, command: ChangeProfile, actor: Actor, now: datetime) -> None:
    """Changes what the actor says of themselves."""
    fields = ("name", "phone", "locale", "theme")
    before = {field: getattr(user, field) for field in fields}
    after = {field: getattr(command, field) for field in fields}
    if before == after:
        return
    user.name, user.phone, user.locale, user.theme = command.name, command.phone, command.locale, command.theme
    audit.record("accounts.profile_changed", "user", user.id, user.name, actor, now, client_id=user.client_id, before=before, after=after)


def keep_preference(actor: Actor, *, locale: str | None = None, theme: str | None = None) -> None:
    """Keeps a language or theme chosen from a menu in the profile, so that e-mails and other browsers follow. Unknown ones are ignored."""
    values = {key: value for key, value, known in (("locale", locale, LOCALES), ("theme", theme, THEMES)) if value in known}
    if values:
        session().execute(update(User).where(User.id == actor.user_id).values(values))


# The rules text (R-S1)


@dataclass(frozen=True, slots=True)
class PublishRules:
    """`after_version`: the version that was the newest when the text was written."""

    body_zh: str
    body_en: str
    after_version: int


def publish_rules(command: PublishRules, actor: Actor, now: datetime) -> RulesText:
    """Publishes a new version, which every client user accepts before their next request (R-S1). Raises Refused (RULES_FASTER)."""
    newest = session().scalar(select(func.max(RulesText.version))) or 0
    if newest != command.after_version:
        raise Refused(rules.RULES_FASTER)
    text = RulesText(created_at=now, version=newest + 1, body_zh=command.body_zh, body_en=command.body_en, published_by_id=actor.user_id)
    with guarded({"uq_rules_texts_version": rules.RULES_FASTER}):
        session().add(text)
    audit.record("rules.published", "rules", text.id, str(text.version), actor, now, after={"version": text.version})
    return text


def accept_rules(version: int, actor: Actor, address: str, now: datetime) -> RulesText:
    """Records that the actor accepts this version, which must be the present one. Again is harmless. Raises Refused (RULES_CHANGED)."""
    text = current_rules()
    if text is None or text.version != version:
        raise Refused(rules.RULES_CHANGED)
    assert actor.user_id is not None
    mine = (RulesAcceptance.user_id == actor.user_id, RulesAcceptance.rules_text_id == text.id)
    session().get_one(User, actor.user_id, with_for_update=True)  # of two presses at once the second finds the first
    if session().scalar(select(RulesAcceptance.id).where(*mine)) is None:
        session().add(RulesAcceptance(created_at=now, user_id=actor.user_id, rules_text_id=text.id, address=address[:45]))
        audit.record(
            "rules.accepted", "user", actor.user_id, actor.name, actor, now,
            client_id=actor.client_id, after={"version": version, "address": address},
        )  # fmt: skip
    return text


def forget_second_factor(user_id: uuid.UUID) -> bool:
    """Removes a user's app and recovery codes; says whether there was one. The caller tells why in the audit."""
    session().execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.id)
    return bool(session().scalars(gone.execution_options(synchronize_session=False)).all())


def forget_old(before: datetime, now: datetime) -> int:
    """Removes sessions and links that were over before, and attempts that count for nothing any more. Returns how many of the former."""
    ended = or_(UserSession.ended_at < before, UserSession.expires_at < before)
    gone = [session().execute(delete(UserSession).where(ended)), session().execute(delete(UserToken).where(UserToken.expires_at < before))]
    throttling.forget_old(now)
    return sum(result.rowcount for result in gone if isinstance(result, CursorResult))
