"""The messages that the portal can send: declared by each area in its `emails.py`, put into words in the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config import Settings

MESSAGES: dict[str, Message] = {}


@dataclass(frozen=True, slots=True)
class Message:
    """`subject` and `body` are English, marked with `N_`, with %(name)s placeholders; the link is added by the sender.

    `secret`: the link opens something to whoever holds it (an invitation, a password reset). It never stands on a desk, and
    the outbox forgets it once it was sent; until then only who can read the database itself could read it there.
    """

    code: str
    subject: str
    body: str
    secret: bool = False

    def __post_init__(self) -> None:
        if self.code in MESSAGES:
            raise ValueError(f"two messages are called {self.code}")
        MESSAGES[self.code] = self


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail. `media_type` as in "application/pdf", with parameters where it has some."""

    filename: str
    media_type: str
    content: bytes


Maker = Callable[[uuid.UUID, Settings, str], Sequence[Attachment]]
MAKERS: dict[str, Maker] = {}


@dataclass(frozen=True, slots=True)
class Attached:
    """A reference to what is attached when the e-mail is sent: a kind that an area makes, and of which record."""

    kind: str
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id.hex}"


def makes(kind: str) -> Callable[[Maker], Maker]:
    """Marks the function that makes the attachments of a kind, from (id, settings, locale). It reads what is true at that moment,
    and gives nothing where there is nothing to attach any more."""

    def register(maker: Maker) -> Maker:
        if kind in MAKERS:
            raise ValueError(f"two areas make {kind}")
        MAKERS[kind] = maker
        return maker

    return register


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told: by e-mail in their language and, with an account, on their desk."""

    address: str
    locale: str
    user_id: uuid.UUID | None = None
