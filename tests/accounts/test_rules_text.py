"""The rules text: accepted by client users before anything else, and again when it changes (R-S1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.accounts import queries, services
from portal.accounts.models import RulesAcceptance, RulesText
from portal.accounts.rules_text import default_texts
from portal.audit.models import AuditEntry
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from portal.kernel.errors import Refused
from portal.kernel.policy import Actor
from tests.cast import Cast

As = Callable[[str], FlaskClient]


def publish(actor: Actor, after: int = 0) -> RulesText:
    with transaction():
        return services.publish_rules(
            services.PublishRules(f"# 第 {after + 1} 版\n\n规定", f"# Version {after + 1}\n\nRules", after), actor, clock.now()
        )


@pytest.fixture
def published(cast: Cast) -> Actor:
    """The administrator, after publishing version 1."""
    actor = cast.actor("administrator")
    publish(actor)
    return actor


def test_client_users_accept_before_anything_else(cast: Cast, published: Actor, as_: As) -> None:
    user_id = cast.user("admin").id
    browser = as_("admin")
    assert browser.get("/profile?x=1").location == "/rules?next=/profile?x%3D1"
    assert browser.post("/profile", data={"name": "x"}).location == "/rules"
    assert browser.get("/rules?next=/profile?x%3D1").status_code == 200
    answer = browser.post("/rules?next=/profile", data={"version": "1"}, environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert answer.location == "/profile"
    assert browser.get("/profile").status_code == 200
    ((acceptance, version),) = queries.acceptances_of(user_id)
    assert (version, acceptance.address) == (1, "203.0.113.7")
    assert acceptance.created_at is not None
    (entry,) = session().scalars(select(AuditEntry).where(AuditEntry.tag == "rules.accepted"))
    assert (entry.subject_id, entry.after["version"]) == (user_id, 1)


def test_again_when_they_change(published: Actor, as_: As) -> None:
    browser = as_("admin")
    browser.post("/rules", data={"version": "1"})
    publish(published, after=1)
    assert browser.get("/profile").location == "/rules?next=/profile"
    assert browser.post("/rules", data={"version": "1"}).status_code == 422, "a version that was replaced is not accepted"
    assert browser.post("/rules", data={"version": "2"}).status_code == 302
    assert browser.get("/profile").status_code == 200
    assert session().scalar(select(func.count()).select_from(RulesAcceptance)) == 2


@pytest.mark.parametrize("name", ["service", "sales", "room_staff", "guard", "supervisor", "administrator", "auditor"])
def test_staff_go_on_without(published: Actor, as_: As, name: str) -> None:
    browser = as_(name)
    assert browser.get("/profile").status_code == 200
    assert browser.get("/rules").status_code == 200
    browser.post("/rules", data={"version": "1"})
    assert session().scalar(select(func.count()).select_from(RulesAcceptance)) == 0


def test_without_a_text_nothing_is_asked(as_: As) -> None:
    assert as_("admin").get("/profile").status_code == 200
    assert as_("admin").get("/rules").status_code == 200


def test_what_stays_open_meanwhile(published: Actor, as_: As, app: Flask) -> None:
    browser = as_("admin")
    with browser.get("/static/app.js") as script:
        assert script.status_code == 200
    assert browser.post("/language", data={"locale": "en", "next": "/rules"}).location == "/rules"
    page = browser.get("/rules").text
    assert "Version 1" in page
    assert "第 1 版" not in page
    assert browser.post("/theme", data={"theme": "dark", "next": "/rules"}).location == "/rules"
    assert browser.get("/nonsense").status_code == 404
    assert browser.post("/sign-out").location == "/sign-in"


def test_pressed_twice_it_is_accepted_once(published: Actor, as_: As) -> None:
    browser = as_("admin")
    browser.post("/rules", data={"version": "1"})
    browser.post("/rules", data={"version": "1"})
    assert session().scalar(select(func.count()).select_from(RulesAcceptance)) == 1


def test_an_administrator_writes_looks_and_publishes(cast: Cast, as_: As) -> None:
    browser = as_("administrator")
    assert browser.get("/rules/versions").status_code == 200
    page = browser.get("/rules/versions/new").text
    assert default_texts()[1].splitlines()[0][:40] in page, "a draft is prepared"
    data = {"body_zh": "# 标题\n\n- 甲 <b>\n- 乙", "body_en": "# Head\n\n- one\n- two", "after_version": "0", "step": "preview"}
    preview = browser.post("/rules/versions/new", data=data).text
    assert "<h2>标题</h2>" in preview
    assert "甲 &lt;b&gt;" in preview
    assert session().scalar(select(func.count()).select_from(RulesText)) == 0
    again = browser.post("/rules/versions/new", data=data | {"step": "write"}).text
    assert "# Head" in again
    assert 'name="step" type="hidden" value="preview"' in again
    assert browser.post("/rules/versions/new", data=data | {"step": "publish"}).location == "/rules/versions"
    text = session().scalars(select(RulesText)).one()
    assert (text.version, text.body_zh) == (1, data["body_zh"])
    listed = browser.get("/rules/versions").text
    assert ids.to_text(text.id) in listed
    assert browser.get(f"/rules/versions/{ids.to_text(text.id)}").status_code == 200


@pytest.mark.parametrize("changes", [{"body_zh": ""}, {"body_en": " "}, {"after_version": "7"}, {"after_version": ""}])
def test_what_does_not_fit_is_not_published(published: Actor, as_: As, changes: dict[str, str]) -> None:
    data = {"body_zh": "甲", "body_en": "a", "after_version": "1", "step": "publish"} | changes
    assert as_("administrator").post("/rules/versions/new", data=data).status_code == 422
    assert session().scalar(select(func.count()).select_from(RulesText)) == 1


@pytest.mark.parametrize("name", ["admin", "service", "supervisor", "auditor"])
def test_others_publish_nothing(as_: As, name: str) -> None:
    browser = as_(name)
    for address in ("/rules/versions", "/rules/versions/new", f"/rules/versions/{'0' * 26}"):
        assert browser.get(address).status_code == 403


def test_an_unknown_version_does_not_exist(as_: As) -> None:
    assert as_("administrator").get(f"/rules/versions/{'0' * 26}").status_code == 404


def test_two_who_publish_from_the_same_version(published: Actor) -> None:
    publish(published, after=1)
    with pytest.raises(Refused) as refused:
        publish(published, after=1)
    assert refused.value.refusal.code == "accounts.rules_faster"
