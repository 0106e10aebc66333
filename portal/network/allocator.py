"""The address allocator: free ranges, never a row for each address.

Taking the next address is one indexed look-up and one update, in an empty /29 as in a /64 with a million in use. On
PostgreSQL a range that another transaction works on is skipped; who has to skip one, and comes to a large range, cuts small
lanes off its front, so that those who come next have one each and do not queue behind a single row.

Every caller first holds the prefix's row: shared (`lock_shared`) to take or give back, alone (`lock_alone`) to change what
is reserved.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.orm import aliased

from portal.kernel import ids
from portal.kernel.db import IPAddress, session
from portal.network.models import FreeRange, Prefix
from portal.network.rules import counted

LANES, LANE = 16, 16  # under contention: so many small ranges, of so many addresses each
PAUSES = (0.002, 0.003, 0.005, 0.008, 0.013, 0.021, 0.034, 0.055, 0.089)  # seconds between looks, while every range is locked

AnyRow = Row[*tuple[Any, ...]]
Reading = TypeVar("Reading", bound=Select[*tuple[Any, ...]])

_COLUMNS = (FreeRange.id, FreeRange.prefix_id, FreeRange.first, FreeRange.last, FreeRange.turn)


def lock_shared(statement: Reading) -> Reading:
    """The statement that reads prefixes, together with others who take or give back, but not while one is being changed."""
    return statement.with_for_update(read=True, key_share=True, of=Prefix)


def lock_alone(statement: Reading) -> Reading:
    """The statement that reads a prefix and keeps everybody who takes or gives back out until the commit."""
    return statement.with_for_update(of=Prefix)


def lay_out(prefix_id: uuid.UUID, spans: Iterable[tuple[IPAddress, IPAddress]]) -> None:
    """Builds the free ranges of a new prefix: never given out, so lowest first."""
    rows = [_row(prefix_id, first, last, 0) for first, last in spans]
    if rows:
        session().execute(insert(FreeRange), rows)


def take(prefix_id: uuid.UUID, count: int) -> list[IPAddress]:
    """Takes up to `count` addresses: those never given out first, lowest first; then those that have been free for longest.

    Fewer come back only when the prefix has no more, those in other open transactions included.
    """
    taken: list[IPAddress] = []
    while len(taken) < count:
        found, contended = _next(prefix_id)
        if found is None:
            break
        size = counted(found.first, found.last)
        wanted = min(count - len(taken), size)
        taken += [found.first + step for step in range(wanted)]
        if wanted == size:
            session().execute(_quiet(delete(FreeRange).where(FreeRange.id == found.id)))
        else:
            _move_first(found, found.first + wanted, lanes=contended)
    return taken


def give_back(prefix_id: uuid.UUID, addresses: Iterable[IPAddress], turn: int) -> None:
    """Puts addresses back behind everything that has been free for longer. `turn`: the Unix second they became free."""
    for first, last in runs(addresses):
        _join(prefix_id, first, last, turn)


def put_back(prefix_id: uuid.UUID, first: IPAddress, last: IPAddress) -> None:
    """Puts a range back that was reserved, as one never given out. The prefix is locked alone."""
    _join(prefix_id, first, last, 0)


def withdraw(prefix_id: uuid.UUID, first: IPAddress, last: IPAddress) -> int:
    """Takes what is free of first..last out of the free ranges; returns how many that were. The prefix is locked alone."""
    overlapping = select(*_COLUMNS).where(FreeRange.prefix_id == prefix_id, FreeRange.last >= first, FreeRange.first <= last)
    gone = 0
    for found in session().execute(overlapping).all():
        session().execute(_quiet(delete(FreeRange).where(FreeRange.id == found.id)))
        left = []
        if found.first < first:
            left.append(_row(prefix_id, found.first, first - 1, found.turn))
        if found.last > last:
            left.append(_row(prefix_id, last + 1, found.last, found.turn))
        if left:
            session().execute(insert(FreeRange), left)
        gone += counted(max(first, found.first), min(last, found.last))
    return gone


def runs(addresses: Iterable[IPAddress]) -> Iterator[tuple[IPAddress, IPAddress]]:
    """Neighbouring addresses as (first, last)."""
    first: IPAddress | None = None
    last: IPAddress | None = None
    for address in sorted(addresses, key=int):
        if first is not None and last is not None and int(address) != int(last) + 1:
            yield first, last
            first = None
        first, last = first or address, address
    if first is not None and last is not None:
        yield first, last


def _next(prefix_id: uuid.UUID) -> tuple[AnyRow | None, bool]:
    """The range whose turn it is, locked; and whether others are at work on the prefix, so that this one was not the first choice."""
    first = aliased(FreeRange)
    first_choice = select(first.id).where(first.prefix_id == prefix_id).order_by(first.turn, first.last).limit(1).scalar_subquery()
    by_turn = (
        select(*_COLUMNS, (FreeRange.id != first_choice).label("passed_over"))
        .where(FreeRange.prefix_id == prefix_id)
        .order_by(FreeRange.turn, FreeRange.last)
        .limit(1)
    )
    locked = by_turn.with_for_update(of=FreeRange, skip_locked=True)
    found = session().execute(locked).first()
    if found is not None:
        return found, found.passed_over
    for pause in PAUSES:
        # Everything is locked, or nothing is there. Who sleeps in PostgreSQL's own queue is overtaken by everyone who comes
        # later and does not queue; so look again a few times before joining it, where at least a deadlock is found out.
        if session().execute(by_turn).first() is None:
            return None, True
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (no secret)
        found = session().execute(locked).first()
        if found is not None:
            return found, True
    while True:
        found = session().execute(by_turn.with_for_update(of=FreeRange)).first()
        if found is not None:
            return found, True
        # The one waited for is used up; another may have come meanwhile, which that statement could not see yet.
        if session().execute(by_turn).first() is None:
            return None, True


def _move_first(found: AnyRow, first: IPAddress, *, lanes: bool) -> None:
    number = min(LANES, (counted(first, found.last) - 1) // LANE) if lanes else 0
    if number > 1:
        cuts = [first + LANE * step for step in range(number + 1)]
        pieces = [_row(found.prefix_id, cuts[i], cuts[i + 1] - 1, found.turn) for i in range(number)]
        session().execute(insert(FreeRange), pieces)
        first = cuts[-1]
    _set(found.id, first=first, last=found.last, turn=found.turn)


def _join(prefix_id: uuid.UUID, first: IPAddress, last: IPAddress, turn: int) -> None:
    """Adds a range and joins it with its neighbours of the same kind (never given out, or freed).

    A neighbour that is being worked on is left alone: then two ranges touch, which harms nothing.
    """
    kind = FreeRange.turn == 0 if turn == 0 else FreeRange.turn > 0
    here = FreeRange.prefix_id == prefix_id
    following = select(FreeRange.id).where(here, FreeRange.last > last).order_by(FreeRange.last).limit(1).scalar_subquery()
    below = session().execute(select(*_COLUMNS).where(here, FreeRange.last == first - 1, kind).with_for_update(skip_locked=True)).first()
    above = (
        session()
        .execute(select(*_COLUMNS).where(FreeRange.id == following, FreeRange.first == last + 1, kind).with_for_update(skip_locked=True))
        .first()
    )
    turn = max([turn, *(neighbour.turn for neighbour in (below, above) if neighbour is not None)])
    if above is not None:
        if below is not None:
            session().execute(_quiet(delete(FreeRange).where(FreeRange.id == below.id)))
        _set(above.id, first=below.first if below is not None else first, last=above.last, turn=turn)
    elif below is not None:
        _set(below.id, first=below.first, last=last, turn=turn)
    else:
        session().execute(insert(FreeRange), [_row(prefix_id, first, last, turn)])


def _row(prefix_id: uuid.UUID, first: IPAddress, last: IPAddress, turn: int) -> dict[str, Any]:
    return {"id": ids.new(), "prefix_id": prefix_id, "turn": turn, "first": first, "last": last, "size": stored_size(first, last)}


def stored_size(first: IPAddress, last: IPAddress) -> int | None:
    """A range's size as it is stored: empty where sums of it would not fit into 64 bits."""
    size = counted(first, last)
    return size if size < 1 << 32 else None


def _set(id_: uuid.UUID, *, first: IPAddress, last: IPAddress, turn: int) -> None:
    values = {"first": first, "last": last, "turn": turn, "size": stored_size(first, last)}
    session().execute(_quiet(update(FreeRange).where(FreeRange.id == id_).values(values)))


def _quiet(statement: Any) -> Any:
    """Ranges are never kept as objects in a session, so there is nothing to bring up to date."""
    return statement.execution_options(synchronize_session=False)
