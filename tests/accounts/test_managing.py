"""Managing users: what administrators and client admins may do to whom, and what ends with a disabled account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts import managing, queries
from portal.accounts.lifecycle import USER
from portal.accounts.models import User, UserSession
from portal.audit.models import AuditEntry
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.policy import Actor, Role
from portal.outbox.models import OutboxMessage
from tests.cast import Cast

As = Callable[[str], FlaskClient]


def found(user_id: object) -> User:
    return session().get_one(User, user_id, populate_existing=True)


def path(cast: Cast, name: str, action: str = "") -> str:
    return f"/users/{ids.to_text(cast.user(name).id)}{action}"


def entries(tag: str) -> list[AuditEntry]:
    return list(session().scalars(select(AuditEntry).where(AuditEntry.tag == tag).order_by(AuditEntry.id)))


# Lists and records


def test_an_administrator_sees_everyone(cast: Cast, as_: As) -> None:
    page = as_("administrator").get("/users")
    assert page.status_code == 200
    for user in cast.users.values():
        assert user.email in page.text


@pytest.mark.parametrize(
    ("query", "seen", "unseen"),
    [
        ("role=duty", "guard2@", "sales@"),
        ("state=disabled", None, "sales@"),
        ("q=GUARD", "guard2@", "sales@"),
        ("q=韩磊", "sales@", "guard@"),
        ("client=星海", "admin@client", "stranger@"),
        ("role=nonsense", "sales@", None),
    ],
)
def test_the_list_filters(as_: As, query: str, seen: str | None, unseen: str | None) -> None:
    page = as_("administrator").get(f"/users?{query}").text
    assert seen is None or seen in page
    assert unseen is None or unseen not in page


def test_the_list_is_exported(as_: As) -> None:
    with as_("administrator").get("/users?export=csv&role=duty") as answer:
        assert answer.mimetype == "text/csv"
        assert answer.text.count("@rackpass.example") == 2
    assert as_("administrator").get("/users?export=pdf").status_code == 404


def test_a_client_admin_sees_the_own_client_alone(cast: Cast, as_: As) -> None:
    page = as_("admin").get("/colleagues").text
    assert "colleague@client.example" in page
    assert "stranger@" not in page
    assert "@rackpass.example" not in page
    with as_("admin").get("/colleagues?export=csv") as export:
        assert export.text.count("@") == 2


@pytest.mark.parametrize("name", ["colleague", "service", "supervisor", "auditor", "guard"])
def test_others_manage_nobody(cast: Cast, as_: As, name: str) -> None:
    colleague, mine = path(cast, "colleague"), path(cast, name)
    browser = as_(name)
    for address in ("/users", "/colleagues", "/users/invite", colleague, mine):
        assert browser.get(address).status_code == 403


def test_administrators_and_client_admins_have_lists_of_their_own(as_: As) -> None:
    assert as_("admin").get("/users").status_code == 403
    assert as_("administrator").get("/colleagues").status_code == 403


@pytest.mark.parametrize("target", ["stranger", "solo", "guard", "administrator"])
def test_other_clients_and_staff_do_not_exist_for_a_client_admin(cast: Cast, as_: As, target: str) -> None:
    address = path(cast, target)
    browser = as_("admin")
    for method, action in (
        ("get", ""),
        ("get", "/disable_colleague"),
        ("post", "/disable_colleague"),
        ("post", "/enable_colleague"),
        ("post", "/withdraw_colleague"),
        ("post", "/renew_colleague"),
        ("get", "/role"),
        ("post", "/role"),
        ("post", "/invite-again"),
        ("post", "/end-sessions"),
    ):
        answer = browser.open(f"{address}{action}", method=method, data={"reason": "x", "role": "client_member"})
        assert answer.status_code == 404, action


def test_an_action_of_the_other_side_does_not_exist(cast: Cast, as_: As) -> None:
    address = path(cast, "colleague")
    assert as_("admin").post(f"{address}/disable", data={"reason": "x"}).status_code == 404
    assert as_("administrator").post(f"{address}/disable_colleague", data={"reason": "x"}).status_code == 404
    assert as_("administrator").post(f"{address}/accept").status_code == 404
    assert as_("administrator").get(f"{address}/nonsense").status_code == 404


def test_a_record_shows_what_there_is(cast: Cast, as_: As) -> None:
    address = path(cast, "colleague")
    as_("colleague")
    page = as_("administrator").get(address).text
    for text in ("colleague@client.example", "星海数联", "127.0.0.1", "10.0.0"):
        assert (text in page) == (text != "10.0.0")


# Inviting


def test_an_administrator_invites_staff_and_client_users(cast: Cast, as_: As) -> None:
    client = ids.to_text(cast.alpha.id)
    browser = as_("administrator")
    for data in (
        {"email": "Guard3@Rackpass.example", "name": "新保安", "role": "duty", "client": "", "locale": "zh_CN"},
        {"email": "third@client.example", "name": "第三人", "role": "client_member", "client": client, "locale": "en"},
    ):
        assert browser.post("/users/invite", data=data).status_code == 302
        user = session().scalars(select(User).where(User.email == data["email"].lower())).one()
        assert (user.state, user.role, user.locale) == ("invited", data["role"], data["locale"])
        assert (user.client_id is None) == (data["client"] == "")
        mail = session().scalars(select(OutboxMessage).where(OutboxMessage.address == user.email)).one()
        assert mail.code == "accounts.invited"


def test_a_client_admin_invites_for_the_own_client_whatever_the_form_says(cast: Cast, as_: As) -> None:
    own, other = cast.alpha.id, ids.to_text(cast.beta.id)
    data = {"email": "third@client.example", "name": "第三人", "role": "client_member", "client": other, "locale": "zh_CN"}
    assert as_("admin").post("/users/invite", data=data).status_code == 302
    assert session().scalars(select(User).where(User.email == "third@client.example")).one().client_id == own


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("administrator", {"role": "duty", "client": "alpha"}),
        ("administrator", {"role": "client_admin", "client": ""}),
        ("administrator", {"role": "system"}),
        ("administrator", {"role": ""}),
        ("administrator", {"email": "not an address"}),
        ("administrator", {"email": "ADMIN@client.example"}),
        ("administrator", {"name": " "}),
        ("admin", {"role": "administrator"}),
        ("admin", {"role": "duty"}),
        ("admin", {"email": "stranger@client.example", "role": "client_member"}),
    ],
)
def test_an_invitation_that_does_not_fit_is_refused(cast: Cast, as_: As, name: str, changes: dict[str, str]) -> None:
    data = {"email": "third@client.example", "name": "第三人", "role": "duty", "client": "", "locale": "zh_CN"} | changes
    data["client"] = ids.to_text(cast.alpha.id) if data["client"] == "alpha" else data["client"]
    before = session().scalar(select(func.count()).select_from(User))
    answer = as_(name).post("/users/invite", data=data)
    assert answer.status_code == 422
    assert session().scalar(select(func.count()).select_from(User)) == before


def test_a_client_admin_does_not_learn_who_else_has_an_account(as_: As) -> None:
    data = {"email": "stranger@client.example", "name": "李想", "role": "client_member", "locale": "en"}
    page = as_("admin").post("/users/invite", data=data, headers={"Accept-Language": "en"}).text
    assert "already" not in page


def test_services_refuse_what_pages_do_not_offer(cast: Cast) -> None:
    admin, member, guard = cast.actor("admin"), cast.actor("colleague"), cast.actor("guard")
    staff = managing.InviteUser("x@rackpass.example", "X", Role.DUTY, None, "en")
    other = managing.InviteUser("x@client.example", "X", Role.CLIENT_MEMBER, cast.beta.id, "en")
    mixed = managing.InviteUser("x@client.example", "X", Role.DUTY, cast.alpha.id, "en")
    stranger_id = cast.user("stranger").id
    cases: list[tuple[type[Exception], Callable[[], object]]] = [
        (Forbidden, lambda: managing.invite(staff, admin, clock.now())),
        (Forbidden, lambda: managing.invite(other, admin, clock.now())),
        (Forbidden, lambda: managing.invite(other, guard, clock.now())),
        (Refused, lambda: managing.invite(mixed, admin, clock.now())),
        (Forbidden, lambda: managing.change_role(found(stranger_id), Role.CLIENT_MEMBER, admin, clock.now())),
        (Forbidden, lambda: managing.end_sessions(found(stranger_id), admin, clock.now())),
        (Forbidden, lambda: managing.disable(found(stranger_id), "x", member, clock.now())),
        (NotFound, lambda: queries.get_user(member, member.user_id or stranger_id)),
        (NotFound, lambda: queries.get_user(guard, stranger_id)),
    ]
    for error, work in cases:
        with pytest.raises(error), transaction():
            work()


# Disabling, enabling


def test_a_disabled_user_is_out_at_once(app: Flask, cast: Cast, as_: As) -> None:
    address, user_id = path(cast, "colleague"), cast.user("colleague").id
    victim, admin = as_("colleague"), as_("admin")
    assert victim.get("/profile").status_code == 200
    assert admin.get(f"{address}/disable_colleague").status_code == 200
    assert admin.post(f"{address}/disable_colleague", data={"reason": ""}).status_code == 422
    assert admin.post(f"{address}/disable_colleague", data={"reason": "离职"}).location == address
    assert victim.get("/profile").status_code == 302
    assert found(user_id).state == "disabled"
    assert session().scalar(select(func.count()).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))) == 0
    assert entries("user.disable_colleague")[0].reason == "离职"
    assert admin.post(f"{address}/enable_colleague", data={"reason": "回来了"}).location == address
    assert found(user_id).state == "active"
    assert victim.get("/profile").status_code == 302, "the old session stays dead"


@pytest.mark.parametrize(("name", "suffix"), [("administrator", ""), ("admin", "_colleague")])
def test_nobody_disables_themselves(cast: Cast, as_: As, name: str, suffix: str) -> None:
    address, user_id = path(cast, name), cast.user(name).id
    page = as_(name).get(address)
    assert page.status_code == 200
    answer = as_(name).post(f"{address}/disable{suffix}", data={"reason": "x"})
    assert answer.status_code == 422
    assert as_(name).post(f"{address}/role", data={"role": "auditor" if not suffix else "client_member"}).status_code == 422
    assert found(user_id).state == "active"


def test_the_last_administrator_stays(cast: Cast) -> None:
    """Only another administrator could disable them, so it takes one whose own rights were just taken away."""
    user = cast.user("administrator")
    ghost = Actor(cast.user("auditor").id, "Ghost", Role.ADMINISTRATOR)
    with pytest.raises(Refused) as refused, transaction():
        managing.disable(found(user.id), "x", ghost, clock.now())
    assert refused.value.refusal.code == "accounts.last_administrator"
    with pytest.raises(Refused), transaction():
        managing.change_role(found(user.id), Role.AUDITOR, ghost, clock.now())


def test_the_last_client_admin_stays_unless_staff_decides(cast: Cast) -> None:
    user_id = cast.user("admin").id
    ghost = Actor(cast.user("colleague").id, "Ghost", Role.CLIENT_ADMIN, cast.alpha.id)
    administrator = cast.actor("administrator")
    with pytest.raises(Refused) as refused, transaction():
        managing.disable(found(user_id), "x", ghost, clock.now())
    assert refused.value.refusal.code == "accounts.last_client_admin"
    with transaction():
        managing.disable(found(user_id), "the client is closed", administrator, clock.now())
    assert found(user_id).state == "disabled"


# Roles, sessions


def test_a_role_is_changed_and_told(cast: Cast, as_: As) -> None:
    address, user_id = path(cast, "guard"), cast.user("guard").id
    guard = as_("guard")
    assert guard.get("/users").status_code == 403
    assert as_("administrator").post(f"{address}/role", data={"role": "administrator"}).location == address
    assert found(user_id).role == "administrator"
    assert guard.get("/users").status_code == 200, "it takes effect at once"
    (entry,) = entries("accounts.role_changed")
    assert (entry.before, entry.after) == ({"role": "duty"}, {"role": "administrator"})
    assert session().scalars(select(OutboxMessage).where(OutboxMessage.code == "accounts.role_changed")).one()


@pytest.mark.parametrize(("name", "target", "role"), [("administrator", "guard", "client_admin"), ("administrator", "colleague", "duty"),
                                                      ("admin", "colleague", "duty"), ("administrator", "guard", "system")])  # fmt: skip
def test_roles_of_the_two_sides_do_not_mix(cast: Cast, as_: As, name: str, target: str, role: str) -> None:
    address, user_id, before = path(cast, target), cast.user(target).id, cast.user(target).role
    assert as_(name).post(f"{address}/role", data={"role": role}).status_code == 422
    assert found(user_id).role == before
    with pytest.raises(Refused), transaction():
        managing.change_role(found(user_id), Role(role), cast.actor("administrator"), clock.now())


def test_a_user_is_signed_out_everywhere(cast: Cast, as_: As) -> None:
    address = path(cast, "colleague")
    one, two = as_("colleague"), as_("colleague")
    assert as_("administrator").post(f"{address}/end-sessions").location == address
    assert (one.get("/profile").status_code, two.get("/profile").status_code) == (302, 302)
    assert entries("accounts.session_ended")[0].after == {"sessions": 2}


def test_who_accepted_is_not_invited_again(cast: Cast, as_: As) -> None:
    assert as_("administrator").post(path(cast, "colleague", "/invite-again")).status_code == 409


@pytest.mark.parametrize("name", ["administrator", "admin"])
@pytest.mark.parametrize("state", list(USER.states))
def test_a_page_offers_what_its_reader_may_do(cast: Cast, as_: As, name: str, state: str) -> None:
    """In every state each action of the reader's side that starts there stands on the page, and none of the other's."""
    user = cast.user("colleague")
    address, user_id = path(cast, "colleague"), user.id
    admin = cast.actor("administrator")
    with transaction():
        if state == "disabled":
            managing.disable(found(user_id), "x", admin, clock.now())
        elif state in ("invited", "withdrawn"):
            command = managing.InviteUser("third@client.example", "第三人", Role.CLIENT_MEMBER, cast.alpha.id, "en")
            third = managing.invite(command, admin, clock.now())
            address = f"/users/{ids.to_text(third.id)}"
            if state == "withdrawn":
                managing.withdraw(third, admin, clock.now())
    page = as_(name).get(address).text
    for action in USER.actions.values():
        mine = action.key.endswith("_colleague") == (name == "admin")
        offered = action.offered and state in action.sources and mine
        assert (f'href="{address}/{action.key}"' in page) == offered, action.key
