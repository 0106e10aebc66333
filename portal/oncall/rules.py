"""What the rota and the chat channels demand. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import date, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

WEEK = timedelta(days=7)
GAP_TOLD_AHEAD = timedelta(days=10)

NOT_A_SUPERVISOR = Refusal("oncall.not_a_supervisor", N_("Only active supervisors can be on call. Choose another person."))
TWICE = Refusal("oncall.twice", N_("The deputy has to be someone else than the supervisor."), field="deputy")
DEPUTY_ALONE = Refusal("oncall.deputy_alone", N_("Choose the supervisor before a deputy."), field="supervisor")
WEEK_OVER = Refusal("oncall.week_over", N_("This week is over and stays as it was."))
CHANGED_MEANWHILE = Refusal("oncall.changed_meanwhile", N_("Someone has just changed this week. Look at it again before you go on."))
NAME_TAKEN = Refusal("oncall.name_taken", N_("There is a channel of this name already."), field="name")
ADDRESS_UNKNOWN = Refusal(
    "oncall.address_unknown",
    N_("This is no address of a chat. Paste the robot's webhook address, or write wecombot://…, dingtalk://…, feishu://…, slack://… or jsons://…"),
    field="url",
)  # fmt: skip
ADDRESS_INSIDE = Refusal(
    "oncall.address_inside",
    N_("%(host)s is inside the network or cannot be found; messages go only to addresses outside. The settings can allow it."),
    field="url",
)
ADDRESS_MISSING = Refusal("oncall.address_missing", N_("Give the channel's address."), field="url")


# The webhook addresses that the services show, which people paste, and the scheme of Apprise's notation.
_PASTED = (
    (re.compile(r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([\w-]+)"), "wecombot"),
    (re.compile(r"https://oapi\.dingtalk\.com/robot/send\?access_token=(\w+)"), "dingtalk"),
    (re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]+)"), "feishu"),
    (re.compile(r"https://hooks\.slack\.com/services/(\w+/\w+/\w+)"), "slack"),
    (re.compile(r"https://open\.larksuite\.com/open-apis/bot/v2/hook/([\w-]+)"), "lark"),
)


def notation(text: str) -> str:
    """The address in Apprise's notation, where it is a webhook's as its service shows it; any other as it is."""
    text = text.strip()
    for pattern, scheme in _PASTED:
        if found := pattern.match(text):
            return f"{scheme}://{found[1]}/"
    return text


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def is_inside(addresses: Iterable[str]) -> bool:
    """Whether any of a host's addresses is not one of the public network: loopback, private, link-local, and the like.

    A host without an address counts as inside: nothing is sent to what is not known to be outside.
    """
    found = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
    return not found or any(not _outside(address) for address in found)


def _outside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if embedded is not None:
            return _outside(embedded)
    return address.is_global and not address.is_multicast
