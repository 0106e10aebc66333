"""Another client's record and one that does not exist are told alike; what is of others is in no list, search or export."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from portal.accounts import managing
from portal.accounts.models import User
from portal.kernel import clock, ids
from portal.kernel.db import session, transaction
from tests.access.attempts import Attempt
from tests.access.conftest import COLUMNS, STRANGER, Answer, Stage, nothing_stays

# Records that are everybody's to read (a freeze: of all who have something in its rooms), or the stranger's own.
EVERYBODYS = {"model", "freeze"}
OWN = {"badge_reviewing"}
AN_ID = re.compile(f"[{ids.ALPHABET}]{{{ids.LENGTH}}}")
GOT_SOMEWHERE = (200, 302, 422)


def naming(stage: Stage) -> Iterator[Attempt]:
    """The attempts whose address names a record."""
    return (attempt for attempt in stage.attempts() if AN_ID.search(attempt.path))


def unknown(attempt: Attempt) -> Attempt:
    """The same with ids that nobody has."""
    return replace(attempt, path=AN_ID.sub(lambda _found: ids.to_text(ids.new()), attempt.path))


def without_ids(answer: Answer) -> str:
    """What is told, apart from the address that was asked for, the request's number and the page's one-time token."""
    text = answer.text.replace(answer.headers["X-Request-Id"], "")
    return AN_ID.sub("", re.sub(r'name="csrf_token" value="[^"]*"', "", text))


def test_anothers_record_is_not_there(stage: Stage) -> None:
    """By GET and POST alike: 404 where the owner gets in, and word for word what an unknown id gets."""
    tried = 0
    for attempt in naming(stage):
        if set(attempt.named.values()) & (EVERYBODYS | OWN):
            continue
        owner = stage.ask("client_admin", attempt.method, attempt.path)
        foreign = stage.ask(STRANGER, attempt.method, attempt.path)
        nobodys = stage.ask(STRANGER, attempt.method, unknown(attempt).path)
        assert foreign.status == 404 or (foreign.status, owner.status) == (403, 403), attempt.name
        assert (foreign.status, without_ids(foreign)) == (nobodys.status, without_ids(nobodys)), attempt.name
        tried += owner.status in GOT_SOMEWHERE
    assert tried > 40


def test_an_id_that_nobody_has_is_not_there_for_anyone(stage: Stage) -> None:
    for attempt in naming(stage):
        for column in COLUMNS:
            if column != "nobody" and stage.ask(column, attempt.method, attempt.path).status in GOT_SOMEWHERE:
                assert stage.ask(column, attempt.method, unknown(attempt).path).status == 404, (attempt.name, column)
                break


@pytest.mark.parametrize("text", ["x", "0" * 25, "0" * 27, "8" + "0" * 25, "Z" * 26, "..%2f..", "0" * 26 + "%00", "%F0%9F%92%A9"])
def test_what_is_no_id_is_not_there(stage: Stage, text: str) -> None:
    for attempt in naming(stage):
        answer = stage.ask("administrator", attempt.method, AN_ID.sub(text, attempt.path))
        assert answer.status in (403, 404, 405), attempt.name


MIXED = [
    ("room_staff", "POST", "/exits/{exit_out}/items/{exit_back_item}/back"),
    ("room_staff", "GET", "/exits/{exit_out}/items/{exit_back_item}/replacement"),
    ("customer_service", "POST", "/exits/{exit_back}/items/{exit_out_item}/write-off"),
    ("room_staff", "GET", "/work-orders/{order_partly}/accept/{order_item}"),
    ("room_staff", "POST", "/work-orders/{order_partly}/accept/{order_item}"),
    ("room_staff", "GET", "/work-orders/{order_partly}/accept/{order_item}/refuse"),
    ("customer_service", "GET", "/clients/{other_client}/contacts/{contact}"),
    ("customer_service", "POST", "/clients/{other_client}/contacts/{contact}/remove"),
    ("stranger", "GET", "/clients/{other_client}/contacts/{contact}"),
    ("stranger", "POST", "/clients/{other_client}/contacts/{contact}/remove"),
    ("room_staff", "POST", "/facility/racks/{other_rack}/reservations/{holder}/end"),
]


@pytest.mark.parametrize(("column", "method", "path"), MIXED)
def test_a_part_is_found_in_its_own_whole_alone(stage: Stage, column: str, method: str, path: str) -> None:
    stage.scene.keep(other_client=stage.scene.cast.beta, other_rack=stage.scene.cast.racks["B2-02"])
    names = {name: stage.scene.text(name) for name in stage.scene.ids}
    assert stage.ask(column, method, path.format(**names), {"reason": "x"}).status == 404


def of_alpha(stage: Stage) -> set[str]:
    """What would give the first client away: names, numbers, serials, addresses."""
    scene = stage.scene
    words = {"星海数联", "王珺", "刘洋", "张䶮", "钱多", "赵一鸣", "198.51.2."} | {f"SN-{n:04d}" for n in (*range(1, 8), *range(101, 107))}
    words |= {contract.number for contract in [scene.cast.contracts["alpha"]]}
    return words


def test_in_no_page_of_ones_own_is_anything_of_others(stage: Stage) -> None:
    """Every page that names no record, its exports and the search for each of the other's words."""
    words = of_alpha(stage)
    paths = {a.path for a in stage.attempts() if a.method == "GET" and not AN_ID.search(a.path)}
    paths |= {f"{path}?export={kind}" for path in paths for kind in ("csv", "xlsx") if "?" not in path}
    paths |= {f"/search?q={word}" for word in words}
    paths |= {f"/search?q={stage.scene.text('equipment')}", "/exits/apply?equipment=" + stage.scene.text("equipment")}
    seen = 0
    for path in sorted(paths):
        answer = stage.ask(STRANGER, "GET", path)
        assert answer.status in (200, 302, 403, 404, 410), path
        asked_for = path.partition("q=")[2]
        found = {word for word in words if word in answer.text and word != asked_for}
        assert not found, (path, found)
        seen += answer.status == 200
    assert seen > 40
    assert stage.ask("client_admin", "GET", "/search?q=SN-0007").text.count("SN-0007") > 1, "the words are those that the owner finds"


def test_one_who_was_disabled_is_out_at_once(stage: Stage) -> None:
    """The session that the user still holds opens nothing any more."""
    with nothing_stays():
        with transaction():
            user = session().get_one(User, stage.scene.cast.user("colleague").id)
            managing.disable(user, "left", stage.scene.cast.actor("admin"), clock.now())
        browser = stage.app.test_client(use_cookies=False)
        answer = browser.get("/badges/", headers={"Cookie": stage.cookies["client_member"]})
        assert (answer.status_code, answer.location) == (302, "/sign-in?next=/badges/")
