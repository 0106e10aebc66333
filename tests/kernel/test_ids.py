"""Ids: sorted by creation, not to be guessed, one spelling each."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel import ids


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last id's moment is the process's: what these tests make of it ends with them."""
    monkeypatch.setattr(ids, "_last", ids._last)


@given(st.uuids())
def test_an_id_reads_back_from_its_text(id_: uuid.UUID) -> None:
    text = ids.to_text(id_)
    assert len(text) == ids.LENGTH
    assert set(text) <= set(ids.ALPHABET)
    assert ids.from_text(text) == id_


@given(st.tuples(st.uuids(), st.uuids()))
def test_texts_sort_as_their_ids_do(pair: tuple[uuid.UUID, uuid.UUID]) -> None:
    one, other = sorted(pair)
    assert ids.to_text(one) <= ids.to_text(other)


@pytest.mark.parametrize(
    "text",
    ["", "0" * 25, "0" * 27, "8" + "0" * 25, "0" * 25 + "i", "0" * 25 + "A", "0" * 25 + "-", "０" * 26, str(uuid.UUID(int=0))],
)
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(ValueError):
        ids.from_text(text)


def test_ids_are_version_7_in_the_order_of_their_making(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)
    made = []
    for millisecond in range(1, 50):
        monkeypatch.setattr(ids.time, "time_ns", lambda ms=millisecond: ms * 1_000_000)
        made.append(ids.new())
    assert [id_.int >> 80 for id_ in made] == list(range(1, 50))
    assert made == sorted(made)
    assert {id_.version for id_ in made} == {7}
    assert {id_.variant for id_ in made} == {uuid.RFC_4122}


def test_within_one_moment_the_order_is_kept_and_the_next_cannot_be_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """62 bits are random: of 2,000 ids of one millisecond every such bit takes both values; more than a counter holds keep the order."""
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_790_000_000_000_000_000)
    made = [ids.new().int for _ in range(10_000)]
    assert made == sorted(set(made))
    random = [id_ & (1 << 62) - 1 for id_ in made]
    differing = 0
    for bits in random:
        differing |= bits ^ random[0]
    assert differing.bit_count() == 62


def test_a_clock_that_is_set_back_gives_no_id_twice_and_none_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for second in (50, 40, 60, 10):
        monkeypatch.setattr(ids.time, "time_ns", lambda s=second: 1_800_000_000_000_000_000 + s * 1_000_000_000)
        made += [ids.new() for _ in range(10)]
    assert made == sorted(set(made))


def test_threads_share_the_order() -> None:
    made: list[list[uuid.UUID]] = [[] for _ in range(8)]
    threads = [threading.Thread(target=lambda mine=mine: mine.extend(ids.new() for _ in range(500))) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    assert len({id_ for mine in made for id_ in mine}) == 8 * 500


def test_what_is_made_from_a_moment_on_is_not_below_its_first_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_last", 0)  # whoever made ids at a later time goes on from there, so that their order holds
    before = datetime.now(UTC)
    made = ids.new()
    assert ids.first_of(before - timedelta(milliseconds=1)) <= made < ids.first_of(before + timedelta(hours=1))
    assert ids.first_of(before).version == 7
