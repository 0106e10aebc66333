"""What chaining the audit costs the writers: inside each transaction (every writer locks the head), or sealed in batches afterwards.

Eight writers, each transaction writes one audit entry and commits. `docs/audit.md` rests on these figures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import select

from portal.audit import services
from portal.audit.models import AuditEntry, AuditHead
from portal.kernel import ids
from portal.kernel.db import isolated, session, transaction
from portal.kernel.policy import SYSTEM
from tests.bench.harness import Bench, Figure, Kind, Stage, at_once

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
WRITERS, TIMES = 8, 2000


def chaining(stage: Stage, only: str) -> Iterator[Figure]:
    for kind in stage.kinds():
        if not (f"audit.{kind}".startswith(only) or only.startswith(f"audit.{kind}")):
            continue
        with stage.database(kind, connections=20):
            yield from _on(kind, stage)


def _on(kind: Kind, stage: Stage) -> Iterator[Figure]:
    durability = stage.durability(kind)
    for name, work in (("batched", _write), ("inline", _write_and_chain)):
        with isolated(), transaction() as current:
            current.query(AuditHead).delete()
            current.add(AuditHead(id=1, seq=10_000_000 if name == "inline" else 0, hash=services.FIRST, sealed_at=NOW, signature=""))
        timing = at_once(WRITERS, TIMES, work)
        note = f"{WRITERS} writers, one entry and one commit each; {durability}"
        yield Figure(
            f"audit.{kind}.{name}.c{WRITERS}",
            timing.per_second,
            "1/s",
            len(timing.each),
            note,
            timing.milliseconds() | {"errors": len(timing.errors)},
        )
        if name == "batched":
            yield _sealing(kind, stage)


def _sealing(kind: Kind, stage: Stage) -> Figure:
    start, sealed, more = time.perf_counter(), 0, 1
    while more:
        with isolated(), transaction():
            more = services.seal(NOW)
        sealed += more
    return Figure(
        f"audit.{kind}.seal", sealed / (time.perf_counter() - start), "1/s", sealed, "entries sealed by one worker, in batches of 1,000"
    )


def _write() -> str:
    with isolated(), transaction():
        _entry()
    return ""


def _write_and_chain() -> str:
    """What chaining inside the transaction would do: lock the head, link, move it on."""
    with isolated(), transaction():
        entry = _entry()
        head = session().scalars(select(AuditHead).with_for_update()).one()
        entry.seq = head.seq = head.seq + 1
        entry.hash = head.hash = services.link(head.hash, entry.seq, entry.mac)
    return ""


def _entry() -> AuditEntry:
    return services.record("client.changed", "client", ids.new(), "Client", SYSTEM, NOW, before={"name": "a"}, after={"name": "b"})


BENCHES: list[Bench] = [Bench("audit", chaining)]
