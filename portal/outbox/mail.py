"""Putting a message into words and onto the wire (SMTP), or into files where no server is set (development)."""

from __future__ import annotations

import smtplib
import ssl
import uuid
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask_babel import force_locale

from config import Settings
from portal.kernel.formats import kept
from portal.kernel.i18n import _
from portal.outbox.messages import MAKERS, MESSAGES, Attachment
from portal.outbox.models import OutboxMessage


def sentence(code: str, data: dict[str, object], *, part: str) -> str:
    """The `subject` or `body` of a message in the reader's language."""
    text: str = _(getattr(MESSAGES[code], part))
    return text % {name: kept(value, year=True) for name, value in data.items()} if data else text


def compose(row: OutboxMessage, settings: Settings) -> EmailMessage:
    """The e-mail for a row. Its Message-ID is the row's id, so that a repeat is known as one."""
    mail = EmailMessage()
    with force_locale(row.locale):
        mail["Subject"] = " ".join(sentence(row.code, row.data, part="subject").split())  # a header is one line
        body = sentence(row.code, row.data, part="body")
        link = settings.base_url + row.path
        closing = _("Open in the portal: %(link)s", link=link)
        site = settings.site_name_zh if row.locale == "zh_CN" else settings.site_name_en
    mail["From"], mail["To"] = settings.mail_from, row.address
    if settings.desk_address and row.code.startswith("ticket."):
        mail["Reply-To"] = settings.desk_address
    mail["Date"] = format_datetime(row.created_at)
    mail["Message-ID"] = f"<{row.id.hex}@{urlsplit(settings.base_url).hostname}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{body}\n\n{closing}\n\n— {site}\n" if row.path else f"{body}\n\n— {site}\n")
    for file in _attachments(row, settings):
        content_type, parameters = _media_type(file.media_type)
        maintype, _slash, subtype = content_type.partition("/")
        mail.add_attachment(file.content, maintype, subtype, filename=file.filename, params=parameters)
    return mail


def _attachments(row: OutboxMessage, settings: Settings) -> Iterator[Attachment]:
    """What the row refers to, as it is now."""
    for reference in row.attachments:
        kind, _colon, id_ = reference.partition(":")
        with force_locale(row.locale):
            yield from MAKERS[kind](uuid.UUID(id_), settings, row.locale)


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    content_type, *rest = (part.strip() for part in text.split(";"))
    return content_type, dict(part.split("=", 1) for part in rest)


class Mailer:
    """Sends over one SMTP connection a batch: smtp://, smtps:// or smtp+starttls:// with user:password@host:port."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None
        self._away: OSError | None = None

    def __enter__(self) -> Mailer:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._server is not None:
            try:
                self._server.quit()
            except OSError:
                pass
            self._server = None

    def send(self, row: OutboxMessage) -> None:
        """Raises OSError (smtplib's own are OSErrors) when it could not be handed over.

        A server that did not answer is not asked again for the rest of the batch, which would take longer than the batch is ours.
        """
        mail = compose(row, self.settings)
        if not self.settings.smtp_url:
            self._write(mail, row)
            return
        if self._server is None:
            self._server = self._reached()
        try:
            self._server.send_message(mail)
        except smtplib.SMTPServerDisconnected:
            self._server = self._reached()
            self._server.send_message(mail)

    def greet(self) -> None:
        """Connects, greets and signs in, and sends nothing: whether the server could be sent to. Raises OSError."""
        self._server = self._connect()
        self._server.noop()

    def _reached(self) -> smtplib.SMTP:
        if self._away is not None:
            raise self._away
        try:
            return self._connect()
        except OSError as error:
            self._away = error
            raise

    def _connect(self) -> smtplib.SMTP:
        url = urlsplit(self.settings.smtp_url)
        host, context = url.hostname or "localhost", ssl.create_default_context()
        if url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, timeout=20, context=context)
        else:
            server = smtplib.SMTP(host, url.port or 25, timeout=20)
            if url.scheme == "smtp+starttls":
                server.starttls(context=context)
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        return server

    def _write(self, mail: EmailMessage, row: OutboxMessage) -> None:
        folder: Path = self.settings.var_dir / "mail"
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / f"{row.id.hex}.new"
        made.write_bytes(mail.as_bytes())
        made.replace(folder / f"{row.created_at:%Y%m%d-%H%M%S}-{row.id.hex[-8:]}.eml")
