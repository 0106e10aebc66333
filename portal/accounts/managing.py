"""Managing other people's accounts: an administrator everyone's, a client admin the own client's users.

Which of the two it is decides the action of the lifecycle (`disable`, `disable_colleague`); the caller has loaded the user through
`queries.get_user`, which shows nobody else's.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts import emails, links, rules, services
from portal.accounts.models import User
from portal.accounts.queries import recipient_of
from portal.audit import services as audit
from portal.kernel.change import lock, move, open_record
from portal.kernel.constraints import guarded
from portal.kernel.db import session
from portal.kernel.errors import Conflict, Forbidden, Refusal, Refused
from portal.kernel.policy import CLIENT_ROLES, STAFF_ROLES, Actor, Permission, Role
from portal.outbox.services import notify


@dataclass(frozen=True, slots=True)
class InviteUser:
    """`client_id` is None for staff. `locale` is the language of the e-mail, and of the portal until the user chooses another."""

    email: str
    name: str
    role: Role
    client_id: uuid.UUID | None
    locale: str


def action_for(actor: Actor, verb: str) -> str:
    """The lifecycle's action for this verb and this actor."""
    return verb if actor.may(Permission.USER_MANAGE) else f"{verb}_colleague"


def invite(command: InviteUser, actor: Actor, now: datetime) -> User:
    """Opens an account and sends the link that makes it usable. Raises Forbidden, Refused (EMAIL_TAKEN, ROLE_OF_OTHER_SIDE)."""
    if not actor.may(Permission.USER_MANAGE) and (actor.client_id is None or command.client_id != actor.client_id):
        raise Forbidden(Permission.USER_MANAGE)
    if command.role not in (STAFF_ROLES if command.client_id is None else CLIENT_ROLES):
        raise Refused(rules.ROLE_OF_OTHER_SIDE)
    taken = rules.EMAIL_TAKEN if actor.may(Permission.USER_MANAGE) else rules.EMAIL_NOT_INVITED
    email = command.email.strip().lower()
    if session().scalar(select(User.id).where(User.email == email)) is not None:
        raise Refused(taken)
    user = User(email=email, name=command.name, role=command.role.value, client_id=command.client_id, locale=command.locale)
    with guarded({"uq_users_email": taken}):
        open_record(user, action_for(actor, "invite"), actor, now, facts={"email": email, "role": command.role.value})
    links.send_invitation(user, actor.name, now)
    return user


def invite_again(user: User, actor: Actor, now: datetime) -> None:
    """Sends an invited user a new link; the earlier one dies. Raises Conflict when they are no longer invited."""
    _refuse_strangers(user, actor)
    lock(user)
    if user.state != "invited":
        raise Conflict(user.name, "invite_again", user.state, user.LIFECYCLE.states[user.state].label)
    links.send_invitation(user, actor.name, now)
    audit.record("accounts.invited_again", "user", user.id, user.name, actor, now, client_id=user.client_id)


def withdraw(user: User, actor: Actor, now: datetime) -> None:
    """Takes back an invitation: its link is dead."""
    _refuse_strangers(user, actor)
    move(user, action_for(actor, "withdraw"), actor, now)
    links.revoke(user, now)


def renew(user: User, actor: Actor, now: datetime) -> None:
    """Invites someone again whose invitation was withdrawn."""
    _refuse_strangers(user, actor)
    move(user, action_for(actor, "renew"), actor, now)
    links.send_invitation(user, actor.name, now)


def disable(user: User, reason: str, actor: Actor, now: datetime) -> None:
    """Ends the account's use from this moment: sessions and links die with it. Raises Refused (NOT_YOURSELF, LAST_...)."""
    _refuse_strangers(user, actor)
    _refuse_if(why_not_give_up(user, actor, lock_others=True))
    move(user, action_for(actor, "disable"), actor, now, reason=reason)
    services.end_all_sessions(user, now)
    links.revoke(user, now)


def enable(user: User, reason: str, actor: Actor, now: datetime) -> None:
    """Lets a disabled user sign in again, with the password they had."""
    _refuse_strangers(user, actor)
    move(user, action_for(actor, "enable"), actor, now, reason=reason)


def change_role(user: User, role: Role, actor: Actor, now: datetime) -> None:
    """Gives a user another role of the same side. Raises Refused (ROLE_OF_OTHER_SIDE, NOT_YOURSELF, LAST_...)."""
    _refuse_strangers(user, actor)
    if role not in (STAFF_ROLES if user.client_id is None else CLIENT_ROLES):
        raise Refused(rules.ROLE_OF_OTHER_SIDE)
    if role.value == user.role:
        return
    _refuse_if(why_not_give_up(user, actor, lock_others=True))
    lock(user)
    before, user.role = user.role, role.value
    audit.record(
        "accounts.role_changed", "user", user.id, user.name, actor, now,
        client_id=user.client_id, before={"role": before}, after={"role": role.value},
    )  # fmt: skip
    if user.state == "active":
        notify(emails.ROLE_CHANGED, [recipient_of(user)], now, path="/profile", data={"who": actor.name})


def end_sessions(user: User, actor: Actor, now: datetime) -> int:
    """Signs a user out everywhere. Returns how many sessions ended."""
    _refuse_strangers(user, actor)
    ended = services.end_all_sessions(user, now)
    if ended:
        audit.record("accounts.session_ended", "user", user.id, user.name, actor, now, client_id=user.client_id, after={"sessions": ended})
    return ended


def why_not_give_up(user: User, actor: Actor, *, lock_others: bool = False) -> Refusal | None:
    """Why this account cannot be disabled or given another role: it is the actor's own, or the last that manages the others.

    `lock_others`: the active administrators of that side are locked first, so that two who disable each other do not both succeed.
    """
    if user.id == actor.user_id:
        return rules.NOT_YOURSELF
    if user.role not in (Role.ADMINISTRATOR, Role.CLIENT_ADMIN) or (user.client_id is not None and not actor.is_client):
        return None  # staff may shut out a client altogether
    same = select(User.id).where(User.role == user.role, User.client_id == user.client_id, User.state == "active").order_by(User.id)
    active = list(session().scalars(same.with_for_update() if lock_others else same))
    if active == [user.id]:
        return rules.LAST_ADMINISTRATOR if user.role == Role.ADMINISTRATOR else rules.LAST_CLIENT_ADMIN
    return None


def _refuse_strangers(user: User, actor: Actor) -> None:
    if not actor.may(Permission.USER_MANAGE) and (not actor.may(Permission.COLLEAGUE_MANAGE) or user.client_id != actor.client_id):
        raise Forbidden(Permission.USER_MANAGE)


def _refuse_if(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
