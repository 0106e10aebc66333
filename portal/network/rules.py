"""Decisions about prefixes, addresses and ports. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.kernel.errors import Refusal
from portal.kernel.marks import N_

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

NO_PREFIX = Refusal("network.no_prefix", N_("The room has no prefix to give addresses from. Ask an administrator to add one."))
NO_ADDRESS_LEFT = Refusal(
    "network.no_address_left",
    N_("%(prefixes)s: no free address is left. Ask an administrator to add a prefix, or wait until a resting address is free."),
)
ADDRESSES_BEYOND_CONTRACT = Refusal(
    "network.addresses_beyond_contract",
    N_("The contract grants %(limit)s IP addresses in all; %(held)s are held, %(wanted)s more were asked for. Have it changed first."),
)
PORTS_BEYOND_CONTRACT = Refusal(
    "network.ports_beyond_contract",
    N_("The contract grants %(limit)s network ports in all; %(held)s are held, %(wanted)s more were asked for. Have it changed first."),
)
NO_PORT_LEFT = Refusal(
    "network.no_port_left",
    N_("The room has no %(wanted)s free switch ports left. Ask an administrator to add a switch or to put ports back into use."),
)
ADDRESS_TAKEN = Refusal("network.address_taken", N_("The address is held by someone else. Try again."))
PORT_TAKEN = Refusal("network.port_taken", N_("The port is held by someone else. Try again."))

NOT_A_PREFIX = Refusal("network.not_a_prefix", N_("“%(text)s” is not a prefix. Write it like 203.0.113.0/24 or 2001:db8:1::/64."))
HOST_BITS = Refusal("network.host_bits", N_("%(text)s is an address within a prefix. The prefix itself is %(prefix)s."))
BAD_LENGTH = Refusal(
    "network.bad_length", N_("A prefix has a length of /8 to /31 (IPv4) or /16 to /127 (IPv6), so that it has room for a gateway.")
)
NOT_UNICAST = Refusal("network.not_unicast", N_("%(prefix)s is not for hosts: it is unspecified, loopback, link-local or multicast."))
NOT_AN_ADDRESS = Refusal("network.not_an_address", N_("“%(text)s” is not an IP address."))
GATEWAY_OUTSIDE = Refusal("network.gateway_outside", N_("The gateway %(gateway)s is not a host's address of %(prefix)s."))
PREFIX_OVERLAPS = Refusal("network.prefix_overlaps", N_("%(prefix)s overlaps %(other)s in room %(room)s. An address has one place only."))
RANGE_REVERSED = Refusal("network.range_reversed", N_("The first address comes after the last one."))
RANGE_OUTSIDE = Refusal("network.range_outside", N_("%(first)s – %(last)s does not lie within %(prefix)s."))
RANGE_RESERVED = Refusal("network.range_reserved", N_("%(first)s – %(last)s is reserved already, or a part of it is: %(reason)s."))
RANGE_KEPT = Refusal("network.range_kept", N_("%(first)s – %(last)s is what the prefix keeps for itself: it is never given out."))
RANGE_HELD = Refusal("network.range_held", N_("%(address)s is held or resting. Reserve around it, or release it first."))
GATEWAY_HELD = Refusal("network.gateway_held", N_("%(gateway)s is held, resting or reserved, so it cannot become the gateway."))
NAME_TAKEN = Refusal("network.switch_name_taken", N_("There is a switch called %(name)s already."))
BAD_PATTERN = Refusal(
    "network.bad_port_pattern",
    N_("“%(text)s” is not a pattern of port names. Write it like GE0/0/{1-48}; at most %(limit)s ports."),
)
PORT_NAME_TWICE = Refusal("network.port_name_twice", N_("The port %(name)s stands in the list twice or is on the switch already."))
PORT_IN_HAND = Refusal(
    "network.port_in_hand", N_("Something is plugged into the port %(port)s. Release it before you put the port out of use.")
)
RACK_ELSEWHERE = Refusal("network.rack_elsewhere", N_("The rack is not in this room."))

MAX_PORTS = 512
GATEWAY_BY_DEFAULT = 1  # the first host's address


@dataclass(frozen=True, slots=True)
class Layout:
    """What a prefix keeps for itself (kind, address), and what can be given out."""

    kept: tuple[tuple[str, IPAddress], ...]
    free: tuple[tuple[IPAddress, IPAddress], ...]


def counted(first: IPAddress, last: IPAddress) -> int:
    """How many addresses first..last are."""
    return int(last) - int(first) + 1


def rest_ends(released: datetime, days: int) -> datetime:
    """From this moment on a released address may be given out again (R-X4)."""
    return released + timedelta(days=days)


def read_address(text: str) -> IPAddress | Refusal:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return NOT_AN_ADDRESS(text=text.strip()[:60])


def read_prefix(text: str) -> IPNetwork | Refusal:
    """A prefix in its usual spelling, fit to give addresses to hosts from."""
    text = text.strip()
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        return NOT_A_PREFIX(text=text[:60])
    network: IPNetwork = interface.network
    if "/" not in text:
        return NOT_A_PREFIX(text=text[:60])
    if interface.ip != network.network_address:
        return HOST_BITS(text=text[:60], prefix=str(network))
    shortest, longest = (8, 31) if network.version == 4 else (16, 127)
    if not shortest <= network.prefixlen <= longest:
        return BAD_LENGTH
    if any(bad.version == network.version and bad.overlaps(network) for bad in _NOT_FOR_HOSTS):
        return NOT_UNICAST(prefix=str(network))
    return network


def read_span(text: str) -> tuple[IPAddress, IPAddress] | None:
    """The first and last address of what someone searches for, an address or a prefix; None for anything else."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return network.network_address, network.broadcast_address


_NOT_FOR_HOSTS: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/16", "fe80::/10", "ff00::/8")
)


def ends_kept(network: IPNetwork) -> list[tuple[str, IPAddress]]:
    """The addresses at a prefix's ends that no host has: network and broadcast (none in a /31), the subnet-router anycast of IPv6
    (none in a /127)."""
    if network.num_addresses <= 2:
        return []
    kept: list[tuple[str, IPAddress]] = [("network", network.network_address)]
    if network.version == 4:
        kept.append(("broadcast", network.broadcast_address))
    return kept


def gateway_of(network: IPNetwork) -> IPAddress:
    """The gateway where nobody says another: the first host's address."""
    return network.network_address + (GATEWAY_BY_DEFAULT if ends_kept(network) else 0)


def why_not_gateway(network: IPNetwork, gateway: IPAddress) -> Refusal | None:
    """A gateway is a host's address of its prefix; that of IPv6 may be link-local."""
    if gateway.version == 6 and gateway.is_link_local and network.version == 6:
        return None
    if gateway.version != network.version or gateway not in network or gateway in [a for _kind, a in ends_kept(network)]:
        return GATEWAY_OUTSIDE(gateway=str(gateway), prefix=str(network))
    return None


def why_not_range(first: IPAddress, last: IPAddress, network: IPNetwork) -> Refusal | None:
    """A range runs upwards and lies within its prefix."""
    if first not in network or last not in network:
        return RANGE_OUTSIDE(first=str(first), last=str(last), prefix=str(network))
    return RANGE_REVERSED if int(first) > int(last) else None


def lay_out(network: IPNetwork, gateway: IPAddress) -> Layout:
    """Divides a prefix into what it keeps and what is free."""
    kept = ends_kept(network)
    if gateway in network:
        kept.append(("gateway", gateway))
    kept.sort(key=lambda pair: int(pair[1]))
    whole = (network.network_address, network.broadcast_address)
    return Layout(tuple(kept), tuple(without(whole, [(address, address) for _kind, address in kept])))


def without(span: tuple[IPAddress, IPAddress], holes: Iterable[tuple[IPAddress, IPAddress]]) -> list[tuple[IPAddress, IPAddress]]:
    """What is left of `span` when the holes, ordered and apart from each other, are cut out of it."""
    left, at = [], int(span[0])
    base, start = span[0], int(span[0])
    for first, last in holes:
        if int(last) < at or int(first) > int(span[1]):
            continue
        if int(first) > at:
            left.append((base + (at - start), first - 1))
        at = int(last) + 1
    if at <= int(span[1]):
        left.append((base + (at - start), span[1]))
    return left


def why_not_within(total: int | None, held: int, wanted: int, refusal: Refusal) -> Refusal | None:
    """R-W3: more than one address and port a server only as far as the contract goes. `total` empty: it sets no ceiling."""
    if total is None or held + wanted <= total:
        return None
    return refusal(limit=total, held=held, wanted=wanted)


_BRACES = re.compile(r"\{(\d{1,5})-(\d{1,5})\}")


def port_names(pattern: str) -> list[str] | Refusal:
    """The names that a pattern stands for: 'GE0/0/{1-48}, XGE0/0/{1-4}' are 52, in this order."""
    refused = BAD_PATTERN(text=pattern.strip()[:60], limit=MAX_PORTS)
    names: list[str] = []
    for part in re.split(r"[,，\n]+", pattern):
        grown = [part.strip()] if part.strip() else []
        while grown and (found := _BRACES.search(grown[0])):
            low, high = int(found[1]), int(found[2])
            if low > high or len(grown) * (high - low + 1) > MAX_PORTS:
                return refused
            width = len(found[1]) if found[1].startswith("0") else 0
            grown = [_BRACES.sub(f"{number:0{width}d}", name, count=1) for name in grown for number in range(low, high + 1)]
        names += grown
    if not names or len(names) > MAX_PORTS or any(len(name) > 40 or re.search(r"[{}\s]", name) for name in names):
        return refused
    if len(set(names)) < len(names):
        return PORT_NAME_TWICE(name=next(name for name in names if names.count(name) > 1))
    return names
