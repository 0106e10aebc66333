"""What happens at the same moment, with real commits and threads: a link is used once, no lock is outrun, one administrator stays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts import links, managing, services, signing_in
from portal.accounts.models import RulesAcceptance, Throttle, User, UserSession, UserToken
from portal.accounts.passwords import hash_password
from portal.kernel import clock
from portal.kernel.db import isolated, session, transaction
from portal.kernel.errors import Refusal, Refused
from portal.kernel.policy import Role
from portal.outbox.models import OutboxMessage
from tests.cast import PASSWORD, Cast, add_user

THREADS = 16


def at_once(app: Flask, works: list[Callable[[], object]]) -> list[object]:
    """Runs each in a thread and a transaction of its own, let go together; gives what each returned or raised."""
    gate = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        with app.app_context(), isolated():
            gate.wait()
            try:
                with transaction():
                    results[place] = work()
            except Exception as error:
                results[place] = error

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session().rollback()  # what was read before is from before
    return results


def user(user_id: object) -> User:
    return session().get_one(User, user_id, populate_existing=True)


def last_path(code: str) -> str:
    wanted = select(OutboxMessage.path).where(OutboxMessage.code == code).order_by(OutboxMessage.id.desc()).limit(1)
    return session().scalars(wanted).one().rpartition("/")[2]


def test_an_invitation_pressed_by_many_opens_one_account(app: Flask, cast: Cast) -> None:
    with transaction():
        command = managing.InviteUser("new@client.example", "新人", Role.CLIENT_MEMBER, cast.alpha.id, "en")
        managing.invite(command, cast.actor("administrator"), clock.now())
    token = last_path("accounts.invited")
    hashes = [hash_password(f"{PASSWORD} {number}") for number in range(THREADS)]

    def press(number: int) -> Callable[[], object]:
        return lambda: services.accept_invitation(services.AcceptInvitation(token, f"人 {number}", "", hashes[number]), clock.now()).id

    results = at_once(app, [press(number) for number in range(THREADS)])
    (won,) = [place for place, result in enumerate(results) if not isinstance(result, Exception)]
    assert all(isinstance(r, Refused) and r.refusal.code == "accounts.link_dead" for r in results if isinstance(r, Exception))
    found = user(results[won])
    assert (found.state, found.name, found.password_hash) == ("active", f"人 {won}", hashes[won])


def test_a_reset_link_pressed_by_many_sets_one_password(app: Flask, cast: Cast) -> None:
    user_id = cast.user("admin").id
    with transaction():
        services.ask_for_reset("admin@client.example", clock.now())
    token = last_path("accounts.reset")
    hashes = [hash_password(f"{PASSWORD} {number}") for number in range(THREADS)]

    def press(number: int) -> Callable[[], object]:
        return lambda: services.set_new_password(token, hashes[number], clock.now()).id

    results = at_once(app, [press(number) for number in range(THREADS)])
    (won,) = [place for place, result in enumerate(results) if not isinstance(result, Exception)]
    assert all(isinstance(r, Refused) for r in results if isinstance(r, Exception))
    assert user(user_id).password_hash == hashes[won]


def test_of_links_sent_at_once_one_works(app: Flask, cast: Cast) -> None:
    user_id = cast.user("admin").id
    results = at_once(app, [lambda: links.send_reset(user(user_id), clock.now())] * 8)
    assert results == [None] * 8
    open_ones = select(func.count()).where(UserToken.user_id == user_id, UserToken.used_at.is_(None))
    assert session().scalar(open_ones) == 1


@pytest.mark.parametrize("email", ["admin@client.example", "nobody@client.example"])
def test_a_lock_cannot_be_outrun(app: Flask, cast: Cast, email: str) -> None:
    """All guesses were hashed before any was counted; the right one among them comes no further than the lock."""
    now = clock.now()
    wrong = signing_in.check(email, "wrong", now)

    def guess(checked: signing_in.Checked) -> Callable[[], object]:
        return lambda: signing_in.sign_in(checked, "127.0.0.1", "x", now, timedelta(days=1))

    results = at_once(app, [guess(wrong)] * THREADS)
    codes = sorted(result.code for result in results if isinstance(result, Refusal))
    assert codes == ["accounts.locked"] * (THREADS - 4) + ["accounts.wrong_sign_in"] * 4
    assert session().scalars(select(Throttle)).one().count == 5, "what came while locked was not counted"
    assert session().scalar(select(func.count()).select_from(UserSession)) == 0


def test_the_right_password_behind_a_lock_stays_outside(app: Flask, cast: Cast) -> None:
    now = clock.now()
    right = signing_in.check("admin@client.example", PASSWORD, now)
    wrong = signing_in.check("admin@client.example", "wrong", now)
    assert right.fits
    for _ in range(5):
        with transaction():
            signing_in.sign_in(wrong, "127.0.0.1", "x", now, timedelta(days=1))
    with transaction():
        outcome = signing_in.sign_in(right, "127.0.0.1", "x", now, timedelta(days=1))
    assert isinstance(outcome, Refusal)
    assert outcome.code == "accounts.locked"


def test_a_password_changed_meanwhile_lets_nobody_in_by_the_old_one(app: Flask, cast: Cast) -> None:
    now, user_id = clock.now(), cast.user("admin").id
    checked = signing_in.check("admin@client.example", PASSWORD, now)
    with transaction():
        services.ask_for_reset("admin@client.example", now)
    token = last_path("accounts.reset")
    with transaction():
        services.set_new_password(token, hash_password("seven quiet otters"), now)
    with transaction():
        outcome = signing_in.sign_in(checked, "127.0.0.1", "x", now, timedelta(days=1))
    assert isinstance(outcome, Refusal)
    assert session().scalar(select(func.count()).where(UserSession.user_id == user_id)) == 0


def test_two_administrators_who_disable_each_other(app: Flask, cast: Cast) -> None:
    one, first = cast.user("administrator").id, cast.actor("administrator")
    with transaction():
        other = add_user("second@rackpass.example", "另一位", Role.ADMINISTRATOR, None, clock.now())
    second = services.actor_of(other)
    other_id = other.id
    results = at_once(
        app,
        [
            lambda: managing.disable(user(other_id), "x", first, clock.now()),
            lambda: managing.disable(user(one), "x", second, clock.now()),
        ],
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "Refused"]
    assert sorted((user(one).state, user(other_id).state)) == ["active", "disabled"]


def test_an_address_invited_by_many_gets_one_account(app: Flask, cast: Cast) -> None:
    actor, client_id = cast.actor("administrator"), cast.alpha.id
    command = managing.InviteUser("new@client.example", "新人", Role.CLIENT_MEMBER, client_id, "en")
    results = at_once(app, [lambda: managing.invite(command, actor, clock.now()).id] * 8)
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == 7
    assert {result.refusal.code for result in refused} == {"accounts.email_taken"}


def test_rules_accepted_by_many_presses_are_accepted_once(app: Flask, cast: Cast) -> None:
    administrator, admin = cast.actor("administrator"), cast.actor("admin")
    with transaction():
        services.publish_rules(services.PublishRules("甲", "a", 0), administrator, clock.now())
    results = at_once(app, [lambda: services.accept_rules(1, admin, "127.0.0.1", clock.now()).version] * 8)
    assert results == [1] * 8
    assert session().scalar(select(func.count()).select_from(RulesAcceptance)) == 1


def test_versions_published_by_many_are_one(app: Flask, cast: Cast) -> None:
    actor = cast.actor("administrator")
    results = at_once(app, [lambda: services.publish_rules(services.PublishRules("甲", "a", 0), actor, clock.now()).version] * 8)
    assert sorted(str(result) for result in results) == ["1"] + ["accounts.rules_faster"] * 7
