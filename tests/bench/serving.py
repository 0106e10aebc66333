"""A server of its own for a bench: several processes in production's configuration, and clients that cost next to nothing beside it."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config import Keys, Settings, load
from tests.bench.harness import Timing

PROCESSES, THREADS = 2, 4
PORTAL, BARE = "portal.wsgi:app", "tests.bench.bare:app"
PATIENCE = 30.0


@contextmanager
def served(
    url: str, keys: Keys, folder: Path, application: str = PORTAL, *, processes: int = PROCESSES, more: Mapping[str, str] | None = None
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A server in production's configuration on a free port of loopback, while inside; gives the port and granian's main process."""
    port = _free_port()
    (folder / "keys.json").write_text(keys.to_json())
    with (folder / "server.log").open("wb") as log:
        command = [
            sys.executable,
            "-m",
            "portal.serving" if application == PORTAL else "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        command += ["--workers", str(processes), "--blocking-threads", str(THREADS), "--no-access-log", "--log-level", "error"]
        process = subprocess.Popen(
            [*command, "--workers-kill-timeout", "3", application],
            env=environment(url, folder, port) | dict(more or {}), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_for(port, process)
            yield port, process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment(url: str, folder: Path, port: int) -> dict[str, str]:
    """A production configuration for `url`, with everything that it writes in `folder`."""
    return os.environ | {
        "PORTAL_ENV": "production",
        "PORTAL_DATABASE_URL": url,
        "PORTAL_BASE_URL": "https://portal.example",
        "PORTAL_SMTP_URL": "smtp://127.0.0.1:9",
        "PORTAL_KEYS_FILE": str(folder / "keys.json"),
        "PORTAL_SECOND_FACTOR_REQUIRED": "no",  # who is signed in by the bench has none
        "PORTAL_THREADS": str(THREADS),
        "PORT": str(port),
        "VAR_DIR": str(folder),
        "PORTAL_FONT_CACHE": str(Path(os.environ.get("VAR_DIR") or "var").resolve() / "fonts"),
    }


def settings(url: str, keys: Keys, folder: Path) -> Settings:
    """The same configuration, for code of this process that has to agree with the server."""
    (folder / "keys.json").write_text(keys.to_json())
    return load(environment(url, folder, 8000))


def wait_for(port: int, process: subprocess.Popen[bytes], path: str = "/health") -> None:
    """Until the server answers 200. Raises RuntimeError when it ends before."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the server did not start; see its log")
        try:
            if hammer(port, 1, 1, lambda: get(path)).errors == []:
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server did not answer in time")


def get(path: str, cookie: str = "") -> bytes:
    """A request of a browser that reads Chinese."""
    head = f"GET {path} HTTP/1.1\r\nHost: portal.example\r\nAccept-Language: zh-CN\r\n"
    return (head + (f"Cookie: {cookie}\r\n" if cookie else "") + "\r\n").encode()


class _Client:
    """One connection that is kept open, with the answer to its present request."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began, self.answer, self.length = 0.0, b"", -1

    def send(self, request: bytes) -> None:
        self.answer, self.length, self.began = b"", -1, time.perf_counter()
        self.socket.sendall(request)

    def whole(self) -> bool:
        """Takes what came; True when the answer is there."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.answer += part
        if self.length < 0 and (end := self.answer.find(b"\r\n\r\n")) >= 0:
            at = self.answer.lower().find(b"content-length:", 0, end)
            self.length = end + 4 + (int(self.answer[at + 15 : self.answer.find(b"\r\n", at)]) if at >= 0 else 0)
        return 0 <= self.length <= len(self.answer)


def hammer(port: int, clients: int, times: int, request: Callable[[], bytes], status: bytes = b"200") -> Timing:
    """`clients` connections send what `request` makes, each the next one on the answer, until `times` answers are there.

    An answer with another status is an error. The results are the answers.
    """
    each: list[float] = []
    errors: list[str] = []
    results: list[bytes] = []
    with selectors.DefaultSelector() as waiting:
        open_ = [_Client(port) for _ in range(min(clients, times))]
        left = times - len(open_)
        start = time.perf_counter()
        for client in open_:
            waiting.register(client.socket, selectors.EVENT_READ, client)
            client.send(request())
        while len(each) + len(errors) < times:
            ready = waiting.select(PATIENCE)
            if not ready:
                raise RuntimeError("the server does not answer")
            for key, _events in ready:
                client = key.data
                if not client.whole():
                    continue
                if client.answer[9:12] == status:
                    each.append(time.perf_counter() - client.began)
                    results.append(client.answer)
                else:
                    errors.append(client.answer[:12].decode())
                if left:
                    left -= 1
                    client.send(request())
        seconds = time.perf_counter() - start
        for client in open_:
            client.socket.close()
    return Timing(seconds, each, errors, results)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
