"""Every address by every role: what the reviewed matrix says, and every page that comes back is sound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal.demo.numbers import identity_number
from portal.kernel.web import HEADERS
from tests.access import matrix
from tests.access.conftest import COLUMNS, Answer, Stage
from tests.access.reading import Page

MOST_QUERIES = 12
# A change of a work order is checked against everything that the contract grants; a phone's copy for a gate without a network holds
# all that may come to its site, in one answer.
MORE_QUERIES = {"GET /": 8, "GET /work-orders/<order_id>/change": 15, "GET /gate/offline/snapshot": 16}
# Where a number is shown in full, once, and that it was is written down (R-S2).
REVEALS = {"POST /clients/<client_id>/number", "POST /clients/people/<person_id>/number", "POST /exits/<exit_id>/mover"}
Sweep = dict[tuple[str, str], Answer]


@pytest.fixture(scope="module")
def swept(stage: Stage) -> Sweep:
    """Every attempt by everyone, once."""
    return {(a.name, column): stage.ask(column, a.method, a.path) for a in stage.attempts() for column in COLUMNS}


def pages(swept: Sweep) -> Iterator[tuple[tuple[str, str], Answer]]:
    """The answers that are pages."""
    return ((key, answer) for key, answer in swept.items() if is_page(answer))


def is_page(answer: Answer) -> bool:
    return answer.headers["Content-Type"].startswith("text/html") and not 300 <= answer.status < 400


def test_everyone_gets_what_the_matrix_says(stage: Stage, swept: Sweep) -> None:
    now = matrix.written(stage.attempts(), lambda attempt, column: swept[attempt.name, column])
    reviewed = matrix.FILE.read_text()
    assert now == reviewed, matrix.difference(reviewed, now) + "\nwrite it anew and review it: python -m tests.access.matrix --write"


def test_nothing_fails(swept: Sweep) -> None:
    assert [key for key, answer in swept.items() if answer.status >= 500] == []


def test_nobody_gets_further_than_the_sign_in(stage: Stage, swept: Sweep) -> None:
    """Without a session every page leads to the sign-in, and every form is refused, but those that are there for it."""
    for attempt in stage.attempts():
        if getattr(stage.app.view_functions[attempt.endpoint], "__access__", None) == "anyone":
            continue
        answer = swept[attempt.name, "nobody"]
        if attempt.method == "GET":
            assert (answer.status, answer.location.split("?")[0]) == (302, "/sign-in"), attempt.name
        else:
            assert answer.status == 401, attempt.name


def test_every_address_opens_to_somebody(stage: Stage, swept: Sweep) -> None:
    """The records are right: each line of the matrix has a role that gets somewhere."""
    shut = [a.name for a in stage.attempts() if not any(swept[a.name, column].status in (200, 302, 410, 422) for column in COLUMNS)]
    assert shut == []


def test_every_page_is_sound(swept: Sweep) -> None:
    texts = {answer.text: key for key, answer in pages(swept)}  # what several were shown alike is read once
    faults = {key: page.faults for text, key in texts.items() if (page := Page(text)).faults}
    assert not faults, "\n".join(f"{key}: {found}" for key, found in list(faults.items())[:40])


def test_every_answer_carries_the_headers(swept: Sweep) -> None:
    for key, answer in swept.items():
        for name, value in HEADERS.items():
            if "/files/" in key[0] and name == "Content-Security-Policy" and answer.status == 200:
                assert answer.headers[name].startswith("default-src 'none'; sandbox"), key
            else:
                assert answer.headers.get(name) == value, (key, name)


def test_what_was_shown_to_someone_is_kept_by_no_cache(swept: Sweep) -> None:
    for key, answer in pages(swept):
        if key[1] != "nobody":
            assert answer.headers.get("Cache-Control") == "no-store", key


def test_no_page_takes_many_queries(stage: Stage, swept: Sweep) -> None:
    many = {
        (name, a.queries)
        for (name, _who), a in swept.items()
        if name.startswith("GET") and a.queries > MORE_QUERIES.get(name, MOST_QUERIES)
    }
    assert not many, sorted(many)


def test_identity_numbers_are_masked_everywhere_but_where_they_are_revealed(stage: Stage, swept: Sweep) -> None:
    """R-S2, R-X2: of holders, movers and clients; in lists, records and forms alike."""
    numbers = {person.document_number for person in stage.scene.cast.people.values()}
    numbers |= {identity_number(77), stage.scene.cast.alpha.registration_number, stage.scene.cast.solo.registration_number}
    shown = {key for key, answer in swept.items() for number in numbers if number in answer.text}
    assert {key for key in shown if key[0] not in REVEALS} == set()
    assert {key[0] for key in shown} == REVEALS, "the numbers are those that would be shown"


@pytest.mark.parametrize("column", ["client_admin", "customer_service", "room_staff", "duty", "administrator"])
def test_in_english_too(stage: Stage, swept: Sweep, column: str) -> None:
    """The other language, once over: as sound, and no Chinese in the titles but names and numbers."""
    for attempt in stage.attempts():
        if swept[attempt.name, column].status == 200 and attempt.method == "GET":
            answer = stage.ask(column, "GET", attempt.path, locale="en")
            if is_page(answer):
                page = Page(answer.text)
                assert (page.lang, page.faults) == ("en", []), attempt.name
