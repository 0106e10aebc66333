"""What is counted and measured as it happens, over all server processes of a machine together.

Prometheus asks one address and reaches any of the processes, so each keeps its numbers in a file of a shared folder, and whichever is
asked adds them up. The folder is one for each start of the server: figures begin at nothing then, as Prometheus expects.
"""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from config import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


@dataclass(frozen=True, slots=True)
class Instruments:
    requests: Counter
    seconds: Histogram

    def request(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        self.requests.labels(endpoint, method if method in METHODS else "other", str(status)).inc()
        self.seconds.labels(endpoint).observe(seconds)


def prepare(settings: Settings) -> Instruments:
    """The process's instruments. The first call decides where they are kept: a test's in memory, a server's in the shared folder."""
    if settings.environment != "test" and FOLDER not in os.environ:
        os.environ[FOLDER] = str(_folder(settings.var_dir / "metrics"))
    return _instruments()


def registry() -> CollectorRegistry:
    """What has been counted by all processes."""
    from prometheus_client import REGISTRY, CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    if FOLDER not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


@cache
def _instruments() -> Instruments:
    from prometheus_client import Counter, Histogram  # decides at its import whether processes share

    return Instruments(
        Counter("rackpass_requests_total", "Requests answered.", ("endpoint", "method", "status")),
        Histogram("rackpass_request_seconds", "Time to the answer.", ("endpoint",), buckets=SECONDS),
    )


def _folder(root: Path) -> Path:
    """One folder for the processes of one server (which have one parent); those of servers that are gone are removed."""
    host, parent = socket.gethostname(), os.getppid()
    for old in root.glob(f"{host}-*"):
        if not _alive(old.name.rpartition("-")[2]):
            shutil.rmtree(old, ignore_errors=True)
    folder = root / f"{host}-{parent}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _alive(process: str) -> bool:
    return process.isdigit() and Path(f"/proc/{process}").exists()
