"""The desk's mailbox, read over IMAP by the worker: every message that is not marked as seen is taken in, then marked."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from portal.kernel.logs import logger

TIMEOUT = 20  # seconds
AT_ONCE = 50  # messages a round
LARGEST = 40 * 1024 * 1024  # bytes; more is left in the mailbox


class Unreachable(Exception):
    """The mailbox does not answer, or does not take the account. The next round tries again."""


def read_new(url: str, take: Callable[[bytes], object]) -> int:
    """Gives `take` each new message; one that it fails on stays new, and holds up no other. Returns how many were taken.

    `url`: imaps://user:password@host[:port]/FOLDER, or imap:// for a server on this machine. Raises Unreachable. A message is marked as
    seen after it was taken: one that was taken twice because of a kill between the two is known by its Message-ID.
    """
    taken = 0
    with _opened(url) as box:
        _status, found = box.search(None, "UNSEEN")
        for number in (found[0] or b"").split()[:AT_ONCE]:
            raw = _fetch(box, number.decode())
            if raw is None:
                continue
            try:
                take(raw)
            except Exception:  # noqa: BLE001  (whatever is wrong with one message, the others are taken)
                logger().exception("mailbox: a message could not be taken in")
                continue
            box.store(number.decode(), "+FLAGS", "\\Seen")
            taken += 1
    return taken


def _fetch(box: imaplib.IMAP4, number: str) -> bytes | None:
    _status, size = box.fetch(number, "(RFC822.SIZE)")
    text = size[0].decode() if size and isinstance(size[0], bytes) else ""
    if int("".join(filter(str.isdigit, text.rpartition("RFC822.SIZE")[2])) or 0) > LARGEST:
        logger().error("mailbox: a message is too large and stays where it is", number=number)
        return None
    _status, data = box.fetch(number, "(BODY.PEEK[])")
    part = data[0] if data else None
    return part[1] if isinstance(part, tuple) else None


@contextmanager
def _opened(url: str) -> Iterator[imaplib.IMAP4]:
    where = urlsplit(url)
    host = where.hostname or "localhost"
    try:
        if where.scheme == "imaps":
            box: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, where.port or 993, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
        else:
            box = imaplib.IMAP4(host, where.port or 143, timeout=TIMEOUT)
        try:
            box.login(unquote(where.username or ""), unquote(where.password or ""))
            status, _found = box.select(unquote(where.path.strip("/")) or "INBOX")
            if status != "OK":
                raise Unreachable("no such folder")
            yield box
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                box.logout()
    except (imaplib.IMAP4.error, OSError) as error:
        raise Unreachable(type(error).__name__) from error
