"""The server itself: sign-in pages a second, from start to the first answer, memory at rest. On PostgreSQL, two processes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench import serving
from tests.bench.harness import Bench, Figure, Stage

CLIENTS, TIMES = 16, 3000


def server(name: str, stage: Stage, _only: str) -> Iterator[Figure]:
    """One of the figures, of the bare server and then of the portal's."""
    with stage.database(stage.kinds()[-1]) as url:
        measured = []
        for application, path in ((serving.BARE, "/"), (serving.PORTAL, "/sign-in")):
            began = time.perf_counter()
            with serving.served(url, stage.keys, stage.folder, application) as (port, process):
                started = time.perf_counter() - began
                serving.hammer(port, CLIENTS, 20 * CLIENTS, lambda path=path: serving.get(path))
                pages = serving.hammer(port, CLIENTS, TIMES, lambda path=path: serving.get(path)) if name == "signin.c16" else None
                measured.append((started, _megabytes(process), pages))
    (bare_start, bare_memory, bare_pages), (start, memory, pages) = measured
    if name == "start.seconds":
        yield Figure(name, start, "s", 1, "to the first answer, two processes", {"bare_ratio": round(start / bare_start, 2)})
    elif name == "memory.idle_mb":
        note = "main process and two server processes together, what they share counted once"
        yield Figure(name, memory, "MB", 1, note, {"bare_ratio": round(memory / bare_memory, 2)})
    elif pages is not None and bare_pages is not None:
        more = pages.milliseconds() | {"errors": len(pages.errors), "bare_ratio": round(pages.per_second / bare_pages.per_second, 3)}
        note = f"{CLIENTS} clients on the same machine, two processes"
        yield Figure(name, pages.per_second, "1/s", len(pages.each), note, more)


def _megabytes(process: subprocess.Popen[bytes]) -> float:
    """What the process and its children take of the machine's memory: each page shared by several is shared out among them."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    told = [Path(f"/proc/{number}/smaps_rollup").read_text() for number in (str(process.pid), *children)]
    return sum(int(line.split()[1]) for text in told for line in text.splitlines() if line.startswith("Pss:")) / 1024


BENCHES = [Bench(name, partial(server, name)) for name in ("start.seconds", "memory.idle_mb", "signin.c16")]
