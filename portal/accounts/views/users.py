"""Managing users: an administrator's list of everyone, a client admin's list of colleagues, and the record and actions that both share."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import or_

from portal.accounts import managing, queries, second_factor
from portal.accounts.browsers import browser_name
from portal.accounts.forms import InviteForm, RoleForm
from portal.accounts.lifecycle import USER
from portal.accounts.models import User
from portal.accounts.views.blueprint import bp
from portal.audit.queries import timeline
from portal.clients import queries as clients
from portal.clients.models import Client
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.filters import begins
from portal.kernel.forms import ReasonForm
from portal.kernel.i18n import _, _l, ngettext
from portal.kernel.policy import CLIENT_ROLES, ROLE_LABELS, STAFF_ROLES, Permission, Role, allow, proven
from portal.kernel.tables import Choice, Column, Table, Text
from portal.kernel.web import ActionView, action_page, actor, offered_actions, page, settings, state_view, submit

ROLES = tuple(ROLE_LABELS)


def role_label(user: User) -> str:
    return str(_(ROLE_LABELS[Role(user.role)]))


_NAME: Column[User] = Column("name", _l("Full name"), sort=User.name, primary=True, sub=lambda u: u.email)
_EMAIL: Column[User] = Column("email", _l("E-mail"), hidden=True)
_ROLE: Column[User] = Column("role", _l("Role"), cell=role_label)
_CLIENT: Column[User] = Column("client", _l("Client"), cell=lambda u: u.client.name if u.client else None)
_STATE: Column[User] = Column("state", _l("State"), cell=state_view)
_SEEN: Column[User] = Column("seen", _l("Last signed in"), cell=lambda u: u.last_signed_in_at, sort=User.last_signed_in_at)
_SECOND: Column[User] = Column("second_factor", _l("Second factor"), cell=lambda u: _("yes") if u.second_factor else _("no"))
_SEARCH = Text("q", _l("Name or e-mail"), where=lambda text: or_(begins(User.name, text), begins(User.email, text.lower())))
_STATES = Choice("state", _l("State"), column=User.state, options=lambda: [(s.key, _(s.label)) for s in USER.states.values()])


def _roles(roles: frozenset[Role]) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [(role.value, _(ROLE_LABELS[role])) for role in ROLES if role in roles]


def _url(user: User) -> str:
    return url_for("accounts.user", user_id=user.id)


USERS = Table[User](
    "users",
    id=User.id,
    default_sort="name",
    columns=[_NAME, _EMAIL, _ROLE, _CLIENT, _STATE, _SECOND, _SEEN],
    filters=[
        _SEARCH,
        Choice("role", _l("Role"), column=User.role, options=_roles(STAFF_ROLES | CLIENT_ROLES)),
        _STATES,
        Text("client", _l("Client"), where=lambda text: User.client_id.in_(Client.named(text))),
    ],
    row_url=_url,
)
COLLEAGUES = Table[User](
    "colleagues",
    id=User.id,
    default_sort="name",
    columns=[_NAME, _EMAIL, _ROLE, _STATE, _SECOND, _SEEN],
    filters=[_SEARCH, Choice("role", _l("Role"), column=User.role, options=_roles(CLIENT_ROLES)), _STATES],
    row_url=_url,
)


@bp.get("/users")
@allow(Permission.USER_MANAGE)
def users() -> ResponseReturnValue:
    return _list(USERS, "accounts.users")


@bp.get("/colleagues")
@allow(Permission.COLLEAGUE_MANAGE)
def colleagues() -> ResponseReturnValue:
    return _list(COLLEAGUES, "accounts.colleagues")


def _list(table: Table[User], endpoint: str) -> Response:
    wanted = queries.select_users(actor())
    if request.args.get("export"):
        return table.export(session(), wanted, request.args, request.args["export"])
    return page("accounts/users.html", found=table.read(session(), wanted, request.args, lambda **kw: url_for(endpoint, **kw)))


@bp.route("/users/invite", methods=["GET", "POST"])
@allow(Permission.USER_MANAGE, Permission.COLLEAGUE_MANAGE)
def invite() -> ResponseReturnValue:
    """`client` in the query string names the client at first, for who comes from the client's record."""
    form = InviteForm(data={"client": request.args.get("client", ""), "locale": "zh_CN"})
    choice = None if actor().is_client else clients.client_choices(actor(), request.values)
    if choice is None:
        form.offer([role for role in ROLES if role in CLIENT_ROLES])
    else:
        form.offer([role for role in ROLES if role is not Role.SYSTEM], choice.options)
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: managing.invite(form.command(actor().client_id), actor(), clock.now()),
            then=_url,
            said=lambda user: _("%(name)s is invited: the link is on its way to %(email)s.", name=user.name, email=user.email),
        )
        if done is not None:
            return done
    return _page("accounts/invite.html", form, back=_list_url(), choice=choice)


@bp.get("/users/<id:user_id>")
@allow(Permission.USER_MANAGE, Permission.COLLEAGUE_MANAGE)
def user(user_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_user(actor(), user_id)
    sessions = queries.live_sessions(found.id, clock.now(), settings().session_idle_minutes)
    return _page(
        "accounts/user.html",
        user=found,
        role=role_label(found),
        link=queries.open_invitation(found.id) if found.state == "invited" else None,
        now=clock.now(),
        actions=_actions(found, bool(sessions)),
        sessions=sessions,
        acceptances=queries.acceptances_of(found.id),
        entries=timeline(("user", found.id)),
        browser_name=browser_name,
        back=_list_url(),
    )


def _actions(found: User, signed_in: bool) -> list[ActionView]:
    own = []
    refusal = managing.why_not_give_up(found, actor())
    if found.state == "invited":
        own.append(ActionView(_("Send invitation again"), _to("accounts.invite_again", found), primary=True, method="post"))
    if found.state in ("invited", "active") and refusal is None:
        own.append(ActionView(_("Change role"), _to("accounts.change_role", found)))
    if found.second_factor is not None and actor().may(Permission.USER_MANAGE) and found.id != actor().user_id:
        own.append(ActionView(_("Remove second factor"), _to("accounts.remove_second_factor", found)))
    if signed_in and found.id != actor().user_id:
        own.append(ActionView(_("Sign out everywhere"), _to("accounts.end_sessions", found), method="post"))
    blocked: dict[str, Refusal | None] = {"disable": refusal, "disable_colleague": refusal}
    return own + offered_actions(found, lambda key: url_for("accounts.user_action", user_id=found.id, action=key), blocked)


@bp.route("/users/<id:user_id>/role", methods=["GET", "POST"])
@allow(Permission.USER_MANAGE, Permission.COLLEAGUE_MANAGE)
@proven
def change_role(user_id: uuid.UUID) -> ResponseReturnValue:
    found = queries.get_user(actor(), user_id)
    form = RoleForm(data={"role": found.role})
    side = STAFF_ROLES if found.client_id is None else CLIENT_ROLES
    form.offer([role for role in ROLES if role in side])
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: managing.change_role(queries.get_user(actor(), user_id), form.chosen(), actor(), clock.now()),
            then=lambda _r: _url(found),
            said=lambda _r: _("The role is changed."),
        )
        if done is not None:
            return done
    return _page("accounts/change_role.html", form, user=found, back=_url(found))


@bp.route("/users/<id:user_id>/second-factor", methods=["GET", "POST"])
@allow(Permission.USER_MANAGE)
@proven
def remove_second_factor(user_id: uuid.UUID) -> ResponseReturnValue:
    """For who has lost phone and recovery codes, and has shown some other way who they are."""
    found = queries.get_user(actor(), user_id)
    form = ReasonForm()
    if form.validate_on_submit():
        done = submit(
            form,
            lambda: second_factor.remove(queries.get_user(actor(), user_id), str(form.reason.data), actor(), clock.now()),
            then=lambda _r: _url(found),
            said=lambda _r: _("The second factor is removed. %(name)s is signed out everywhere.", name=found.name),
        )
        if done is not None:
            return done
    return _page("accounts/remove_second_factor.html", form, user=found, back=_url(found))


@bp.post("/users/<id:user_id>/invite-again")
@allow(Permission.USER_MANAGE, Permission.COLLEAGUE_MANAGE)
def invite_again(user_id: uuid.UUID) -> ResponseReturnValue:
    with transaction():
        found = queries.get_user(actor(), user_id)
        managing.invite_again(found, actor(), clock.now())
    flash(_("A new invitation is on its way to %(email)s; the earlier link no longer works.", email=found.email), "ok")
    return redirect(_url(found))


@bp.post("/users/<id:user_id>/end-sessions")
@allow(Permission.USER_MANAGE, Permission.COLLEAGUE_MANAGE)
def end_sessions(user_id: uuid.UUID) -> ResponseReturnValue:
    with transaction():
        found = queries.get_user(actor(), user_id)
        ended = managing.end_sessions(found, actor(), clock.now())
    flash(ngettext("%(num)s browser is signed out.", "%(num)s browsers are signed out.", ended), "ok")
    return redirect(_url(found))


WORK: dict[str, Callable[[User, Any], None]] = {
    "withdraw": lambda user, form: managing.withdraw(user, actor(), clock.now()),
    "renew": lambda user, form: managing.renew(user, actor(), clock.now()),
    "disable": lambda user, form: managing.disable(user, form.reason.data, actor(), clock.now()),
    "enable": lambda user, form: managing.enable(user, form.reason.data, actor(), clock.now()),
}


@bp.route("/users/<id:user_id>/<action>", methods=["GET", "POST"])
@allow(Permission.USER_MANAGE, Permission.COLLEAGUE_MANAGE)
def user_action(user_id: uuid.UUID, action: str) -> ResponseReturnValue:
    found = queries.get_user(actor(), user_id)
    work = WORK.get(action.removesuffix("_colleague"))
    if work is None or managing.action_for(actor(), action.removesuffix("_colleague")) != action:
        raise NotFound(action)
    _mark_place()
    notes = {
        "disable": [_("All browsers of this user are signed out at once, and open links die.")],
        "withdraw": [_("The link that was sent no longer works.")],
        "renew": [_("A new link is sent to %(email)s.", email=found.email)],
    }.get(action.removesuffix("_colleague"), ())
    return action_page(found, action, lambda form: work(queries.get_user(actor(), user_id), form), back=_url(found), notes=notes)


def _page(template: str, form: Any = None, **context: Any) -> Response:
    _mark_place()
    return page(template, form, **context)


def _mark_place() -> None:
    g.place = "accounts.colleagues" if actor().is_client else "accounts.users"


def _list_url() -> str:
    return url_for("accounts.colleagues" if actor().is_client else "accounts.users")


def _to(endpoint: str, user: User) -> str:
    return url_for(endpoint, user_id=user.id)
