"""What an incoming e-mail says, taken apart (pure): who writes, what it answers, its words without what it quotes, its attachments."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html.parser import HTMLParser

MOST_WORDS = 8000
MOST_ATTACHMENTS = 10
NUMBER = re.compile(r"SR-\d{4}-\d{4,}")
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
# Where what is quoted begins, as the usual programs write it.
_QUOTED = re.compile(
    r"^(>|-{2,}\s*(Original Message|原始邮件|Forwarded message)|_{10,}$|On .{4,200} wrote:$|在.{4,200}写道[:：]$|(From|发件人)\s*[:：].*@)",
    re.IGNORECASE,
)
_BLOCKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3"})


@dataclass(frozen=True, slots=True)
class Attached:
    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """`answers`: the Message-IDs that it refers to, without brackets, the nearest first. `automatic`: a machine wrote it (RFC 3834)."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    words: str
    answers: tuple[str, ...]
    automatic: bool
    attachments: tuple[Attached, ...]

    @property
    def number(self) -> str | None:
        """The number of a request that its subject names."""
        found = NUMBER.search(self.subject.upper())
        return found[0] if found else None


def read(raw: bytes) -> Letter:
    """Takes a message apart. What is missing or broken in it comes out empty; nothing in a message makes it raise."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    name, address = parseaddr(_header(message, "From"))
    answers = [*reversed(_MESSAGE_ID.findall(_header(message, "References"))), *_MESSAGE_ID.findall(_header(message, "In-Reply-To"))]
    own = _MESSAGE_ID.search(_header(message, "Message-ID"))
    return Letter(
        message_id=own[1][:255] if own else "",
        sender=address.strip().lower()[:254],
        sender_name=" ".join(name.split())[:80],
        subject=" ".join(_header(message, "Subject").split())[:120],
        words=_words(message),
        answers=tuple(dict.fromkeys(answers)),
        automatic=_automatic(message),
        attachments=tuple(_attachments(message)),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, "")).replace("\x00", "")
    except (ValueError, IndexError, AttributeError):  # the library stumbles over some malformed headers
        return ""


def _automatic(message: EmailMessage) -> bool:
    if _header(message, "Auto-Submitted").lower() not in ("", "no"):
        return True
    if _header(message, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if _header(message, "X-Auto-Response-Suppress") or _header(message, "List-Id") or _header(message, "Return-Path") == "<>":
        return True
    senders = [address.partition("@")[0].lower() for _name, address in getaddresses([_header(message, "From")])]
    return any(local in ("mailer-daemon", "postmaster", "noreply", "no-reply") for local in senders)


def _words(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        text = str(part.get_content()) if part is not None else ""
    except (LookupError, ValueError, AttributeError, KeyError):  # an unknown charset or a broken part
        return ""
    if part is not None and part.get_content_type() == "text/html":
        text = _plain(text)
    return _own(text.replace("\x00", "")).strip()[:MOST_WORDS]


def _own(text: str) -> str:
    """The lines before what is quoted; a letter that quotes alone stays whole."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept = []
    for line in lines:
        if _QUOTED.match(line.strip()):
            break
        kept.append(line.rstrip())
    return "\n".join(kept) if any(kept) else "\n".join(lines)


def _plain(html: str) -> str:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.pieces))


class _Text(HTMLParser):
    """The text of a page, without what is not read."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "head")
        if tag in _BLOCKS:
            self.pieces.append("\n")
        if tag == "blockquote":
            self.pieces.append("\n> ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)


def _attachments(message: EmailMessage) -> Iterator[Attached]:
    for part in list(message.iter_attachments())[:MOST_ATTACHMENTS] if message.is_multipart() else ():
        try:
            content = part.get_payload(decode=True)
            name = part.get_filename() or ""
        except (LookupError, ValueError, AttributeError):
            continue
        if isinstance(content, bytes) and content:
            yield Attached(name[:200] or "attachment", content)
