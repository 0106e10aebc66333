"""Telling people, after the commit, exactly once as far as the world allows.

`notify` writes rows in the transaction of the change. The worker claims a batch with a lease, sends, and marks each as sent;
a worker that dies between sending and marking sends again after the lease, under the same Message-ID.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from portal.kernel.db import session
from portal.outbox.messages import MESSAGES, Attached, Message, Recipient
from portal.outbox.models import Notice, OutboxMessage

LEASE = timedelta(minutes=5)
SKEW = timedelta(minutes=10)  # that the clocks of two workers' machines may differ
RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
MAX_ATTEMPTS = 30


def notify(
    message: Message,
    recipients: Iterable[Recipient],
    now: datetime,
    *,
    path: str,
    data: Mapping[str, Any] | None = None,
    on_desk: bool = True,
    attached: Sequence[Attached] = (),
) -> None:
    """Tells each recipient once. `path` is the portal's page that it is about; `data` fills the sentence (texts and numbers only).

    `attached` names what goes with the e-mail; it is made when that is sent. An empty `path`: for who has no account, without a link.

    A secret message never goes to the desk, whatever `on_desk` says.
    """
    values = dict(data or {})
    for recipient in {r.address.lower(): r for r in recipients}.values():
        session().add(
            OutboxMessage(
                created_at=now,
                code=message.code,
                address=recipient.address,
                locale=recipient.locale,
                path=path,
                data=values,
                available_at=now,
                attachments=[str(reference) for reference in attached],
            )
        )
        if on_desk:
            notify_desk(message, recipient, now, path=path, data=values)


def notify_desk(message: Message, recipient: Recipient, now: datetime, *, path: str, data: Mapping[str, Any]) -> None:
    """A notice on the desk alone, for who has one; of a secret message, none."""
    if not message.secret and recipient.user_id is not None:
        session().add(Notice(created_at=now, user_id=recipient.user_id, code=message.code, path=path, data=dict(data)))


def notify_chat(
    message: Message, channels: Iterable[tuple[str, str]], now: datetime, *, path: str, data: Mapping[str, Any] | None = None
) -> None:
    """Tells chat channels, given as (id as in URLs, locale). Secrets do not go to a chat, which many read."""
    if message.secret:
        raise ValueError(f"{message.code} is secret")
    for address, locale in channels:
        session().add(
            OutboxMessage(
                created_at=now, code=message.code, address=address, locale=locale, path=path, data=dict(data or {}), available_at=now,
                medium="chat",
            )
        )  # fmt: skip


def give_up(address: str, now: datetime, why: str) -> None:
    """What is not sent yet to an address is not sent any more: the channel was switched off."""
    waiting = update(OutboxMessage).where(
        OutboxMessage.address == address, OutboxMessage.sent_at.is_(None), OutboxMessage.failed_at.is_(None)
    )
    session().execute(waiting.values(failed_at=now, last_error=why, leased_until=None))


def claim(now: datetime, batch: int = 20) -> list[OutboxMessage]:
    """Leases the next due messages to the caller, oldest first; two workers never get the same one. In a transaction.

    A clock that was set back holds up nothing new, and a lease that ends later than one given now is from before that.
    """
    due = (
        select(OutboxMessage)
        .where(
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.failed_at.is_(None),
            or_(OutboxMessage.available_at <= now, OutboxMessage.available_at <= OutboxMessage.created_at),  # the latter: never put off
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= now, OutboxMessage.leased_until > now + LEASE + SKEW),
        )
        .order_by(OutboxMessage.available_at, OutboxMessage.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    claimed = list(session().scalars(due))
    for message in claimed:
        message.leased_until = now + LEASE
        message.attempts += 1
    return claimed


def mark_sent(message_id: uuid.UUID, now: datetime) -> None:
    """Marks it as sent. A secret message leaves no more than the fact: its link and its data are forgotten."""
    session().execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(sent_at=now, leased_until=None))
    _forget_secret(message_id)


def _forget_secret(message_id: uuid.UUID) -> None:
    secret = [code for code, message in MESSAGES.items() if message.secret]
    session().execute(update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.code.in_(secret)).values(path="", data={}))


def mark_failed(message_id: uuid.UUID, now: datetime, error: str) -> None:
    """Puts the message back for a later try, further apart each time; after the last it stays, marked, for a person to see."""
    message = session().get_one(OutboxMessage, message_id)
    message.last_error, message.leased_until = error[:500], None
    message.available_at = now + RETRY_AFTER[min(message.attempts, len(RETRY_AFTER)) - 1]
    if message.attempts >= MAX_ATTEMPTS:
        message.failed_at = now
        session().flush()
        _forget_secret(message_id)


def deliver(batch: Iterable[OutboxMessage], send: Callable[[OutboxMessage], None]) -> list[tuple[uuid.UUID, str | None]]:
    """Sends each message outside any transaction. Returns (id, error or None).

    Whatever is wrong with one (the network, the server, its own words), the others are sent.
    """
    results: list[tuple[uuid.UUID, str | None]] = []
    for message in batch:
        try:
            send(message)
            results.append((message.id, None))
        except Exception as error:  # noqa: BLE001  (it stands in last_error, and is tried again)
            results.append((message.id, f"{type(error).__name__}: {error}"))
    return results


def mark_read(user_id: uuid.UUID, now: datetime) -> None:
    """Marks all of a user's notices as read."""
    session().execute(update(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None)).values(read_at=now))
