"""Supervisors beside the cast's one, and a local receiver of webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from portal.accounts.models import User
from portal.kernel.policy import Role
from tests.cast import NOW, Cast, add_user


def supervisors(cast: Cast) -> tuple[User, User, User]:
    """The cast's supervisor 林岚 and two more, in the open transaction."""
    cast.users["deputy"] = add_user("deputy@rackpass.example", "高原", Role.SUPERVISOR, None, NOW)
    cast.users["third"] = add_user("third@rackpass.example", "白杨", Role.SUPERVISOR, None, NOW)
    return cast.user("supervisor"), cast.user("deputy"), cast.user("third")


@dataclass
class Hook:
    """`url` is the channel's address. `taken` are the messages that it accepted, each with its Idempotency-Key; `status` is its answer."""

    url: str
    status: int = 200
    taken: list[dict[str, Any]] = field(default_factory=list)
    tries: int = 0
    location: str = ""


@contextmanager
def webhook() -> Iterator[Hook]:
    """A receiver on 127.0.0.1, on a port that is free."""
    hook = Hook("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.tries += 1
            if hook.status == 200:
                hook.taken.append(body | {"key": self.headers["Idempotency-Key"]})
            self.send_response(hook.status)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hook.url = f"json://127.0.0.1:{server.server_port}/hook/a-secret-that-nobody-reads"
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
