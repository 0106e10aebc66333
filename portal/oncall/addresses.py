"""Whether an address is one of a chat that the portal may write to, and the client for it (Apprise).

Only the kinds of chat that stand in `_clients`: of Apprise's others some write files, show pop-ups on the server or send mail.
"""

from __future__ import annotations

import socket
from functools import cache
from typing import Any

from portal.kernel.errors import Refused
from portal.oncall import rules

WITH_HOST = ("json", "jsons")  # of these the host stands in the address; the others have their service's

_inside_allowed = False


def configure(inside_allowed: bool) -> None:
    """Whether webhooks inside the network may be written to; once at the start."""
    global _inside_allowed
    _inside_allowed = inside_allowed


def check(url: str) -> tuple[str, str]:
    """The address in Apprise's notation, and what its kind is called. Raises Refused ADDRESS_UNKNOWN, ADDRESS_INSIDE."""
    url = rules.notation(url)
    client = open_client(url)
    return url, str(client.service_name)[:40]


def open_client(url: str) -> Any:
    """The client for an address, checked again: a name may lead elsewhere today. Raises Refused as `check` does."""
    scheme = url.partition("://")[0].lower()
    kind = _clients().get(scheme)
    read = kind.parse_url(url) if kind is not None else None
    if kind is None or not read:
        raise Refused(rules.ADDRESS_UNKNOWN)
    try:
        client = kind(**read)
    except TypeError as error:  # how Apprise says that a part of the address cannot be right
        raise Refused(rules.ADDRESS_UNKNOWN) from error
    if scheme in WITH_HOST:
        host = str(client.host or "").strip("[]")
        if not _inside_allowed and rules.is_inside(_addresses(host)):
            raise Refused(rules.ADDRESS_INSIDE(host=host or url))
        client.redirects = False  # else an address outside could lead inside
    return client


@cache
def _clients() -> dict[str, Any]:
    from apprise.plugins.custom_json import NotifyJSON  # takes a while to load: not at the start of every server process
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.feishu import NotifyFeishu
    from apprise.plugins.lark import NotifyLark
    from apprise.plugins.slack import NotifySlack
    from apprise.plugins.wecombot import NotifyWeComBot

    return {
        "wecombot": NotifyWeComBot,
        "dingtalk": NotifyDingTalk,
        "feishu": NotifyFeishu,
        "lark": NotifyLark,
        "slack": NotifySlack,
        "json": NotifyJSON,
        "jsons": NotifyJSON,
    }


def _addresses(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []
