"""How an address may be asked: by which methods, and never by a form of another site."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.access.conftest import COLUMNS, Stage, in_its_own_context
from tests.access.reading import Page

OFTEN = ("administrator", "customer_service", "sales", "room_staff", "duty", "supervisor", "client_admin")
GOT_SOMEWHERE = (200, 302, 409, 410, 422)


@pytest.fixture
def guarded(stage: Stage) -> Iterator[Stage]:
    """With the guard against forged forms, which the other tests leave off."""
    stage.app.config["WTF_CSRF_ENABLED"] = True
    yield stage
    stage.app.config["WTF_CSRF_ENABLED"] = False


def test_a_form_without_its_token_is_refused_everywhere(guarded: Stage) -> None:
    """Whoever could send it: without the token, and with one of another browser's."""
    for attempt in guarded.attempts():
        if attempt.method != "POST":
            continue
        answers = {column: guarded.ask(column, "POST", attempt.path) for column in COLUMNS}
        assert {answer.status for answer in answers.values()} <= {400, 401, 403}, attempt.name
        refused = [column for column, answer in answers.items() if answer.status == 400]
        assert refused, attempt.name
        foreign = guarded.ask(refused[0], "POST", attempt.path, {"csrf_token": _token(guarded, "auditor")})
        assert foreign.status == 400 or refused[0] == "auditor", attempt.name


def test_the_refusal_is_a_page_that_says_what_to_do(guarded: Stage) -> None:
    answer = guarded.ask("customer_service", "POST", f"/badges/{guarded.scene.text('badge')}/cancel", {"reason": "x"})
    assert answer.status == 400
    assert Page(answer.text).faults == []


def test_with_the_token_of_its_own_page_it_goes_through(guarded: Stage) -> None:
    path = f"/badges/{guarded.scene.text('badge')}/cancel"
    token = _token(guarded, "customer_service", path)
    assert guarded.ask("customer_service", "POST", path, {"reason": "left", "csrf_token": token}).status == 302


def _token(stage: Stage, column: str, path: str = "/profile") -> str:
    """A token as it stands in a page; the browser keeps the cookie that goes with it."""
    browser = stage.app.test_client(use_cookies=False)
    answer = in_its_own_context(lambda: browser.get(path, headers={"Cookie": stage.cookies[column]}))
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', answer.text)
    assert found is not None, path
    (cookie,) = (header.split(";")[0] for header in answer.headers.getlist("Set-Cookie"))
    stage.cookies[column] = cookie
    return found[1]


def test_what_takes_forms_alone_is_not_opened(stage: Stage) -> None:
    """A GET where only a form may be sent, and methods that the portal does not know: 405, saying what is allowed."""
    addresses, tried = stage.app.url_map.bind("localhost"), 0
    for attempt in stage.attempts():
        path = attempt.path.partition("?")[0]
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            if addresses.test(path, method):
                continue
            answer = stage.ask("administrator", method, path)
            assert answer.status == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == set(addresses.allowed_methods(path)), (method, path)
            tried += 1
    assert tried > 300


def test_what_is_asked_for_its_head_is_not_carried_out(stage: Stage) -> None:
    for attempt in stage.attempts():
        if attempt.method == "GET":
            answer = stage.ask("duty", "HEAD", attempt.path)
            assert answer.text == "", attempt.name
            assert answer.status < 500, attempt.name


GARBAGE = {
    "item": "x" * 26, "picked": "x" * 26, "take_back": "x" * 26, "room": "\0", "point": "x", "person": "x", "contracts": "x", "client": "x",
    "reason": "", "next": "//evil.example/", "valid_until": "2026-02-30", "leaves_on": "x", "unit": "1e9", "rack": "x", "version": "x",
    "email": "x", "ips": "-1", "kind": "x", "equipment": "x", "model": "\ufffe", "locale": "xx", "theme": "xx", "serial": "\u202e",
}  # fmt: skip


def test_garbage_in_a_form_is_refused_and_breaks_nothing(stage: Stage) -> None:
    for attempt in stage.attempts():
        if attempt.method == "POST":
            for column in OFTEN:
                answer = stage.ask(column, "POST", attempt.path, GARBAGE)
                assert answer.status < 500, (attempt.name, column)
                assert "evil" not in answer.location, (attempt.name, column)


@pytest.mark.parametrize(
    "query",
    [
        "q=%00&room=x&client=x&state=x&kind=x&on=x",
        "q=%25%27%22%3E&sort=-&address=x",
        "sort=x&after=x&before=x&page=x&from=x&to=y&at_from=2026-02-30",
        "export=x&equipment=x&replaces=x",
        "code=%00&next=//evil.example/",
        "code=" + "A" * 400,
    ],
)
def test_garbage_in_an_address_breaks_nothing(stage: Stage, query: str) -> None:
    for attempt in stage.attempts():
        if attempt.method == "GET" and not attempt.path.endswith((".pdf", ".csv")):
            for column in ("administrator", "customer_service") if "<" not in attempt.label else ("administrator",):
                answer = stage.ask(column, "GET", f"{attempt.path}?{query}")
                assert answer.status < 500, (attempt.name, column)
                assert "evil" not in answer.location, (attempt.name, column)
