"""Reading accounts: who is signed in, who is told of something, whom an administrator sees."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, exists, false, func, select, true
from sqlalchemy.orm import joinedload

from portal.accounts.models import RulesAcceptance, RulesText, SecondFactor, User, UserSession, UserToken
from portal.desk.items import Counts, DueItem, Figure, Waits
from portal.kernel import ids
from portal.kernel.db import UTCDateTime, session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _, ngettext
from portal.kernel.lifecycle import State
from portal.kernel.policy import CLIENT_ROLES, Actor, Permission, Role
from portal.outbox.messages import Recipient


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session a token is. `rules_open`: a client user who has not accepted the present rules text (R-S1). `half`: the second factor
    is still to be shown; `has_second`: there is one; `proven_at`: when they last showed who they are."""

    actor: Actor
    theme: str
    last_seen_at: datetime
    rules_open: bool
    half: bool
    proven_at: datetime | None
    has_second: bool


def signed_in(token_hash: str, now: datetime) -> SignedIn | None:
    """The live session with this token and its active user, in one query. Who was idle for too long is the caller's question."""
    row = session().execute(_signed_in(), {"token": token_hash, "now": now}).first()
    if row is None:
        return None
    session_id, last_seen_at, half, proven_at, user_id, name, role, client_id, locale, theme, published, has_accepted, has_second = row
    actor = Actor(user_id, name, Role(role), client_id, locale, session_id)
    rules_open = actor.is_client and bool(published) and not has_accepted
    return SignedIn(actor, theme, last_seen_at, rules_open, half, proven_at, has_second)


@cache
def _signed_in() -> Select[Any]:
    """Made once: every request asks it, and the making takes longer than the answer."""
    current = select(RulesText.id).order_by(RulesText.version.desc()).limit(1).scalar_subquery()
    accepted = exists().where(RulesAcceptance.user_id == User.id, RulesAcceptance.rules_text_id == current)
    return (
        select(UserSession.id, UserSession.last_seen_at, UserSession.half, UserSession.proven_at)
        .add_columns(User.id, User.name, User.role, User.client_id, User.locale, User.theme)
        .add_columns(current.is_not(None), accepted, exists().where(SecondFactor.user_id == User.id))
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == bindparam("token", type_=String()),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > bindparam("now", type_=UTCDateTime()),
            User.state == "active",
        )
    )


def recipients_of_client(client_id: uuid.UUID) -> list[Recipient]:
    """Every active user of the client."""
    return _recipients(select(User).where(User.client_id == client_id, User.state == "active"))


def recipients_admins(client_id: uuid.UUID) -> list[Recipient]:
    """The client's active administrators."""
    return _recipients(select(User).where(User.client_id == client_id, User.role == Role.CLIENT_ADMIN.value, User.state == "active"))


def recipients_with_role(role: Role) -> list[Recipient]:
    """Every active user with the role."""
    return _recipients(select(User).where(User.role == role.value, User.state == "active"))


def recipient(user_id: uuid.UUID | None) -> list[Recipient]:
    """That user, if there is one and they are active."""
    return _recipients(select(User).where(User.id == user_id, User.state == "active")) if user_id else []


def _recipients(users: Select[User]) -> list[Recipient]:
    return [recipient_of(user) for user in session().scalars(users.order_by(User.id))]


def actor_of(user: User) -> Actor:
    """The user as the one who acts."""
    return Actor(user.id, user.name, Role(user.role), user.client_id, user.locale)


def recipient_of(user: User) -> Recipient:
    return Recipient(user.email, user.locale, user.id)


def select_users(actor: Actor) -> Select[User]:
    """Whom the actor may see in a list: an administrator everyone, a client admin the own client's users, with client and second factor."""
    found = select(User).options(joinedload(User.client), joinedload(User.second_factor))
    return found.where(_within_reach(actor))


def get_user(actor: Actor, user_id: uuid.UUID) -> User:
    """A user that the actor manages, with the client loaded. Raises NotFound for anyone else's."""
    user = session().scalar(select_users(actor).where(User.id == user_id))
    if user is None:
        raise NotFound(str(user_id))
    return user


def _within_reach(actor: Actor) -> ColumnElement[bool]:
    if actor.may(Permission.USER_MANAGE):
        return true()
    if actor.may(Permission.COLLEAGUE_MANAGE) and actor.client_id is not None:
        return User.client_id == actor.client_id
    return false()


def own_account(actor: Actor) -> User:
    """The actor's own user, with the client and the second factor loaded."""
    found = select(User).options(joinedload(User.client), joinedload(User.second_factor))
    return session().scalars(found.where(User.id == actor.user_id)).one()


def live_sessions(user_id: uuid.UUID, now: datetime, idle_minutes: int) -> list[UserSession]:
    """The user's browsers that are signed in, the latest seen first."""
    found = select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.half.is_(False),
        UserSession.ended_at.is_(None),
        UserSession.expires_at > now,
        UserSession.last_seen_at > now - timedelta(minutes=idle_minutes),
    )
    return list(session().scalars(found.order_by(UserSession.last_seen_at.desc(), UserSession.id)))


def open_invitation(user_id: uuid.UUID) -> UserToken | None:
    """The invitation that was sent last and not used yet; it may have expired."""
    return session().scalar(
        select(UserToken).where(UserToken.user_id == user_id, UserToken.kind == "invitation", UserToken.used_at.is_(None))
    )


def current_rules() -> RulesText | None:
    """The rules text that holds now, if one was ever published."""
    return session().scalar(select(RulesText).order_by(RulesText.version.desc()).limit(1))


def get_rules(rules_id: uuid.UUID) -> RulesText:
    """One version. Raises NotFound."""
    text = session().get(RulesText, rules_id)
    if text is None:
        raise NotFound(str(rules_id))
    return text


@dataclass(frozen=True, slots=True)
class RulesVersion:
    """A version with who published it and how many of the active client users have accepted it."""

    text: RulesText
    published_by: str
    accepted: int


def rules_versions() -> list[RulesVersion]:
    """All versions, the newest first."""
    accepted = (
        select(RulesAcceptance.rules_text_id, func.count().label("number"))
        .join(User, User.id == RulesAcceptance.user_id)
        .where(User.state == "active")
        .group_by(RulesAcceptance.rules_text_id)
        .subquery()
    )
    rows = session().execute(
        select(RulesText, User.name, func.coalesce(accepted.c.number, 0))
        .outerjoin(User, User.id == RulesText.published_by_id)
        .outerjoin(accepted, accepted.c.rules_text_id == RulesText.id)
        .order_by(RulesText.version.desc())
    )
    return [RulesVersion(text, name or "", number) for text, name, number in rows]


def client_users_active() -> int:
    """How many people have to accept the rules."""
    return session().scalar(select(func.count()).where(User.role.in_(CLIENT_ROLES), User.state == "active")) or 0


def acceptances_of(user_id: uuid.UUID) -> list[tuple[RulesAcceptance, int]]:
    """Which versions the user accepted, when and from where, the newest first (R-S1)."""
    rows = session().execute(
        select(RulesAcceptance, RulesText.version)
        .join(RulesText, RulesText.id == RulesAcceptance.rules_text_id)
        .where(RulesAcceptance.user_id == user_id)
        .order_by(RulesText.version.desc())
    )
    return [(acceptance, version) for acceptance, version in rows]


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """Invitations that lapsed before anyone accepted them: who sent them sends them again, or withdraws them."""
    if not (actor.may(Permission.USER_MANAGE) or actor.may(Permission.COLLEAGUE_MANAGE)):
        return []
    open_link = exists().where(
        UserToken.user_id == User.id, UserToken.kind == "invitation", UserToken.used_at.is_(None), UserToken.expires_at > now
    )
    rows = select(User.id, User.name, User.email).where(_within_reach(actor), User.state == "invited", ~open_link)
    return [Waits(rows.order_by(User.id).limit(20), _lapsed)]


def _lapsed(row: Any) -> DueItem:
    state = User.LIFECYCLE.states["invited"]
    return DueItem(row.name, row.email, State(state.key, _("Invitation lapsed"), state.tone), None, f"/users/{ids.to_text(row.id)}")


def counts(actor: Actor, now: datetime) -> Counts | None:
    """For who manages users: how many there are, and how many invitations are open."""
    if not (actor.may(Permission.USER_MANAGE) or actor.may(Permission.COLLEAGUE_MANAGE)):
        return None
    place = "/users" if actor.may(Permission.USER_MANAGE) else "/colleagues"
    users = select(func.count()).select_from(User).where(_within_reach(actor))

    def told(active: int, invited: int) -> list[Figure]:
        sub = ngettext("%(num)s invitation open", "%(num)s invitations open", invited) if invited else ""
        return [Figure(_("Users"), active, sub, place)]

    return Counts((users.where(User.state == "active"), users.where(User.state == "invited")), told)
