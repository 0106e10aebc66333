"""Logs: one line of JSON an event in production, readable lines in development. Never a secret, never an identity number.

What others log (libraries, Python's own logging) goes the same way. Whatever is logged passes `scrubbed`: a last line of defence behind
the rule that nobody logs a name, a number, a token or a query string.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from config import Settings

_SECRETS = (
    (re.compile(r"(?<=://)[^/\s:@'\"]*:[^/\s@'\"]*(?=@)"), "‹withheld›"),  # user:password in an address
    (re.compile(r"(?<![0-9A-Za-z])\d{6}(?:18|19|20)\d{9}[0-9Xx](?![0-9A-Za-z])"), "‹number›"),  # identity number
    (re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])"), "‹number›"),  # mobile number
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "‹address›"),
    (re.compile(r"\.?[\w-]{16,}\.[\w-]{5,8}\.[\w-]{27,}"), "‹token›"),  # a signed cookie
    (re.compile(r"(?<![0-9A-Za-z_/.-])[0-9A-Za-z_-]{43,}(?![0-9A-Za-z_-])"), "‹token›"),  # 256 bits and more
    (re.compile(r"(?m)^(?:DETAIL|CONTEXT): .*$"), "‹withheld›"),  # PostgreSQL repeats the row there
)


def configure(settings: Settings) -> None:
    """Sets up the process's logs (once; again when settings change)."""
    rendering = structlog.processors.JSONRenderer() if settings.production else structlog.dev.ConsoleRenderer(colors=False)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub,
    ]
    structlog.configure(
        processors=[*shared, rendering],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Standard)]:
        root.removeHandler(handler)
    handler = _Standard()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_without_meta, _scrub, rendering]))
    root.addHandler(handler)


def logger() -> structlog.typing.FilteringBoundLogger:
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log


def scrubbed(text: str) -> str:
    """The text without what looks like a person's number, an address, a password or a token."""
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text


class _Standard(logging.Handler):
    """Where Python's own logging ends: beside the portal's lines, on whatever stdout is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stdout.write(f"{self.format(record)}\n")
            sys.stdout.flush()
        except Exception:  # noqa: BLE001  (what cannot be logged must not stop who logs)
            self.handleError(record)


def _scrub(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = scrubbed(value)
    return event


def _without_meta(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(None, "", event)
