"""Rack units held, and many threads that want them at once."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from portal.facility.services import hold_units
from portal.kernel import ids
from portal.kernel.db import isolated, transaction
from portal.kernel.errors import Refused
from tests.cast import NOW, Cast


def hold(cast: Cast, rack: str = "B2-01", unit: int = 1, height: int = 1, full_depth: bool = True, **changes: Any) -> uuid.UUID:
    """Reserves units (a holder that needs no record of its own); the holder's id."""
    values: dict[str, Any] = {
        "face": "front",
        "holder_kind": "reserved",
        "holder_id": ids.new(),
        "client_id": None,
        "contract_id": None,
        "power_w": 0,
        "now": NOW,
    } | changes
    hold_units(cast.racks[rack].id, unit, height, full_depth, **values)
    return values["holder_id"]


def at_once(works: Sequence[Callable[[], Any]]) -> Counter[str]:
    """Runs each in a thread and a transaction of its own; how often each end came: "done", or a refusal's code."""
    start, results = threading.Barrier(len(works)), list[str]()

    def run(work: Callable[[], Any]) -> None:
        with isolated():
            start.wait()
            try:
                with transaction():
                    work()
                results.append("done")
            except Refused as refused:
                results.append(refused.refusal.code)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(works), "a thread broke"
    return Counter(results)
