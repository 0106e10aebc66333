"""Sending what the outbox holds for chat channels, through Apprise. Outside any transaction, like mail."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import apprise
from flask_babel import force_locale

from config import Settings
from portal.kernel import ids
from portal.kernel.errors import Refused
from portal.kernel.i18n import _
from portal.oncall import addresses, queries
from portal.outbox.mail import sentence
from portal.outbox.models import OutboxMessage


class NotDelivered(OSError):
    """The channel did not take the message; tried again later."""


class ChatSender:
    """Sends chat messages of one batch. `results`: channel -> None, or what was wrong last, for `services.note_deliveries`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.results: dict[uuid.UUID, str | None] = {}

    def send(self, row: OutboxMessage) -> None:
        """Raises NotDelivered. A receiver of webhooks finds the row's id in Idempotency-Key, so that a repeat is known as one."""
        channel_id = ids.from_text(row.address)
        channel = queries.get_channel(channel_id)
        if not channel.active:
            raise NotDelivered("the channel is switched off")
        try:
            self._send(row, channel.url)
        except NotDelivered as error:
            self.results[channel_id] = str(error)
            raise
        self.results[channel_id] = None

    def _send(self, row: OutboxMessage, url: str) -> None:
        try:
            client = addresses.open_client(url)
        except Refused as refused:
            raise NotDelivered(", ".join(refusal.code for refusal in refused.refusals)) from refused
        if isinstance(getattr(client, "headers", None), dict):
            client.headers["Idempotency-Key"] = row.id.hex
        title, body = self._words(row)
        with apprise.LogCapture(level=apprise.logging.WARNING) as said:  # type: ignore[no-untyped-call]
            try:
                taken = client.notify(body=body, title=title)
            except TypeError as error:  # how Apprise says that a client cannot write what it is given
                raise NotDelivered(str(error)) from error
            if not taken:
                raise NotDelivered(_told(said.getvalue(), url))

    def _words(self, row: OutboxMessage) -> tuple[str, str]:
        with force_locale(row.locale):
            title = " ".join(sentence(row.code, row.data, part="subject").split())
            closing = _("Open in the portal: %(link)s", link=self.settings.base_url + row.path)
            return title, f"{sentence(row.code, row.data, part='body')}\n{closing}"


def _told(log: str, url: str) -> str:
    """What Apprise said, without the secrets of the address."""
    lines = [line.split(" - ", 3)[-1].strip() for line in log.splitlines() if line.strip()]
    text = "; ".join(lines) or "the service did not take the message"
    for part in {piece for piece in url.replace("://", "/").split("/") if len(piece) > 12}:
        text = text.replace(part, "…").replace(quote(part), "…")
    return text[:400]
