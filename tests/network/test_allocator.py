"""The free ranges against a model so simple that it is plainly right: sets of addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.kernel.db import session, transaction
from portal.network import allocator
from portal.network.models import FreeRange
from tests.network.making import add_room, ranges

FIRST = ipaddress.ip_address("10.50.0.0")
HOSTS = [FIRST + number for number in range(2, 63)]  # of a /26 with its gateway at .1

takes = st.tuples(st.just("take"), st.integers(1, 20))
gives = st.tuples(st.just("give"), st.integers(0, 60), st.integers(1, 12))
withdraws = st.tuples(st.just("withdraw"), st.integers(0, 60), st.integers(1, 9))
puts = st.tuples(st.just("put"), st.integers(0, 8), st.just(0))


class Undone(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    try:
        with transaction():
            yield
            raise Undone
    except Undone:
        pass


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(takes, gives, withdraws, puts), max_size=25))
def test_against_sets(cast, steps):
    with undone():
        (prefix,) = add_room(cast, "H1", "10.50.0.0/26")
        fresh, freed, held, reserved = set(HOSTS), set(), [], []
        for turn, (what, number, *more) in enumerate(steps, 1):
            if what == "take":
                taken = allocator.take(prefix.id, number)
                assert len(taken) == min(number, len(fresh) + len(freed))
                new = sorted(fresh)[: len(taken)]
                assert taken[: len(new)] == new, "what was never given out comes first, lowest first"
                assert set(taken[len(new) :]) <= freed
                assert len(set(taken)) == len(taken)
                fresh -= set(taken)
                freed -= set(taken)
                held += taken
            elif what == "give":
                back = held[number : number + more[0]]
                held = held[:number] + held[number + more[0] :]
                allocator.give_back(prefix.id, back, turn)
                freed |= set(back)
            elif what == "withdraw":
                first, last = HOSTS[number], HOSTS[min(number + more[0], len(HOSTS)) - 1]
                inside = {address for address in fresh | freed if first <= address <= last}
                assert allocator.withdraw(prefix.id, first, last) == len(inside)
                fresh -= inside
                freed -= inside
                reserved += list(allocator.runs(inside))
            elif reserved:
                first, last = reserved.pop(number % len(reserved))
                allocator.put_back(prefix.id, first, last)
                fresh |= {address for address in HOSTS if first <= address <= last}
            check(prefix.id, fresh, freed)
        session().expunge_all()


def check(prefix_id, fresh, freed):
    rows = session().execute(select(FreeRange.turn, FreeRange.first, FreeRange.last, FreeRange.size).order_by(FreeRange.last)
                             .where(FreeRange.prefix_id == prefix_id)).all()  # fmt: skip
    told = [(turn > 0, address) for turn, first, last, _size in rows for address in HOSTS if first <= address <= last]
    assert len(told) == len(set(told)), "ranges overlap"
    assert {address for again, address in told if again} == freed
    assert {address for again, address in told if not again} == fresh
    assert all(size == int(last) - int(first) + 1 for _turn, first, last, size in rows)
    for one, two in pairwise(rows):
        assert int(one.last) + 1 < int(two.first) or (one.turn > 0) != (two.turn > 0), "neighbours of one kind are one range"


def test_the_longest_rested_come_first(cast):
    with undone():
        (prefix,) = add_room(cast, "H1", "10.50.0.0/29")
        taken = [str(address) for address in allocator.take(prefix.id, 9)]
        assert taken == [f"10.50.0.{number}" for number in range(2, 7)]
        for turn, number in enumerate((6, 2, 4), start=100):
            allocator.give_back(prefix.id, [FIRST + number], turn)
        assert [str(allocator.take(prefix.id, 1)[0]) for _ in range(3)] == ["10.50.0.6", "10.50.0.2", "10.50.0.4"]
        assert allocator.take(prefix.id, 1) == []


def test_a_freed_address_waits_behind_those_never_given_out(cast):
    with undone():
        (prefix,) = add_room(cast, "H1", "10.50.0.0/29")
        assert str(allocator.take(prefix.id, 1)[0]) == "10.50.0.2"
        allocator.give_back(prefix.id, [FIRST + 2], 1)
        assert [str(address) for address in allocator.take(prefix.id, 9)] == [f"10.50.0.{number}" for number in (3, 4, 5, 6, 2)]


def test_one_row_however_many_addresses(cast):
    with undone():
        (prefix,) = add_room(cast, "H1", "2001:db8:50::/64")
        assert ranges(prefix.id) == [("2001:db8:50::2", "2001:db8:50:0:ffff:ffff:ffff:ffff")]
        assert len(set(allocator.take(prefix.id, 5000))) == 5000
        assert session().scalar(select(func.count()).where(FreeRange.prefix_id == prefix.id)) == 1
        assert ranges(prefix.id)[0][0] == str(ipaddress.ip_address("2001:db8:50::2") + 5000)
