"""Reading prefixes, addresses and ports, each actor what it may see."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Label, Select, String, cast, func, literal, select, type_coerce
from sqlalchemy.orm import contains_eager, joinedload

from portal.contracts.models import Contract
from portal.desk.items import Counts, DueItem, Figure, Waits
from portal.facility.models import Room
from portal.kernel import ids
from portal.kernel.db import IPAddress, session
from portal.kernel.errors import NotFound
from portal.kernel.i18n import _, ngettext
from portal.kernel.lifecycle import State, Tone
from portal.kernel.policy import Actor, Permission
from portal.network.models import AddressHold, FreeRange, PortHold, Prefix, ReservedRange, Switch, SwitchPort
from portal.network.rules import IPNetwork, counted

LOW = 10  # a prefix is nearly full when less than this part of it is free: a tenth


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What a contract grants in all; None: as much as its servers need."""

    addresses: int | None
    ports: int | None


@dataclass(frozen=True, slots=True)
class Use:
    """How many addresses of a prefix are held, rest, are kept back (reserved, gateway, network, broadcast), and are free."""

    held: int
    resting: int
    reserved: int
    free: int

    @property
    def size(self) -> int:
        return self.held + self.resting + self.reserved + self.free


def addresses_of(holder_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[AddressHold]]:
    """What each of the holders has now, lowest address first, `prefix` loaded. The caller has loaded the holders in its own scope."""
    found: dict[uuid.UUID, list[AddressHold]] = {holder_id: [] for holder_id in holder_ids}
    now_held = (
        select(AddressHold)
        .where(AddressHold.holder_id.in_(holder_ids), AddressHold.released_at.is_(None))
        .order_by(AddressHold.address)
        .options(joinedload(AddressHold.prefix))
    )
    for hold in session().scalars(now_held):
        found[hold.holder_id].append(hold)
    return found


def ports_of(holder_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[PortHold]]:
    """What each of the holders has now, `port.switch` loaded. The caller has loaded the holders in its own scope."""
    found: dict[uuid.UUID, list[PortHold]] = {holder_id: [] for holder_id in holder_ids}
    now_held = (
        select(PortHold)
        .join(PortHold.port)
        .join(SwitchPort.switch)
        .where(PortHold.holder_id.in_(holder_ids), PortHold.released_at.is_(None))
        .order_by(Switch.name, SwitchPort.position)
        .options(contains_eager(PortHold.port).contains_eager(SwitchPort.switch))
    )
    for hold in session().scalars(now_held):
        found[hold.holder_id].append(hold)
    return found


def amounts_held(contract_id: uuid.UUID) -> tuple[int, int]:
    """How many addresses and ports are held under a contract, planned ones included; those that rest are not."""
    held = [
        select(func.count()).select_from(model).where(model.contract_id == contract_id, model.released_at.is_(None)).scalar_subquery()
        for model in (AddressHold, PortHold)
    ]
    addresses, ports = session().execute(select(*held)).one()
    return addresses, ports


def lock_ceilings(contract_id: uuid.UUID) -> Ceilings:
    """What the contract grants; where it sets a ceiling its row is locked, so that two holds at once cannot pass it together."""
    granted = select(Contract.ips_total, Contract.ports_total).where(Contract.id == contract_id)
    found = session().execute(granted).one()
    if found.ips_total is not None or found.ports_total is not None:
        found = session().execute(granted.with_for_update(key_share=True)).one()
    return Ceilings(found.ips_total, found.ports_total)


def network_of(prefix: Prefix) -> IPNetwork:
    return ipaddress.ip_network((prefix.first, prefix.length))


def get_prefix(actor: Actor, prefix_id: uuid.UUID) -> Prefix:
    """A prefix with its room and site. Staff alone; else NotFound."""
    found = session().scalars(select_prefixes(actor).where(Prefix.id == prefix_id)).one_or_none()
    if found is None:
        raise NotFound(prefix_id)
    return found


def get_prefix_and_use(actor: Actor, prefix_id: uuid.UUID) -> tuple[Prefix, Use]:
    """A prefix with its room and site, and how much of it is used, in one query. Staff alone; else NotFound."""
    row = session().execute(select_prefixes(actor).add_columns(*use_columns()).where(Prefix.id == prefix_id)).first()
    if row is None:
        raise NotFound(prefix_id)
    return row.Prefix, use_from(row.Prefix, row)


def select_prefixes(actor: Actor) -> Select[Prefix]:
    """Prefixes with room and site. Staff alone; else NotFound."""
    _staff(actor)
    return select(Prefix).join(Prefix.room).options(contains_eager(Prefix.room).joinedload(Room.site))


def prefix_overlapping(network: IPNetwork) -> Prefix | None:
    """The prefix that shares addresses with the network, with its room; as prefixes do not overlap, only one has to be looked at."""
    last_before = (
        select(Prefix)
        .where(Prefix.first <= network.broadcast_address)
        .order_by(Prefix.first.desc())
        .limit(1)
        .options(joinedload(Prefix.room))
    )
    found = session().scalars(last_before).one_or_none()
    return found if found is not None and int(found.last) >= int(network.network_address) and found.version == network.version else None


def prefix_holding(address: IPAddress) -> ColumnElement[bool]:
    """The condition that a prefix contains an address."""
    return (Prefix.first <= address) & (Prefix.last >= address)


def reserved_of(prefix_id: uuid.UUID) -> list[ReservedRange]:
    """What a prefix keeps back, lowest first, its own (network, gateway, broadcast) included."""
    return list(session().scalars(select(ReservedRange).where(ReservedRange.prefix_id == prefix_id).order_by(ReservedRange.first)))


def get_reserved(actor: Actor, range_id: uuid.UUID) -> ReservedRange:
    """A range that people reserved. Staff alone; else NotFound."""
    _staff(actor)
    found = session().get(ReservedRange, range_id)
    if found is None or found.kind != "reserved":
        raise NotFound(range_id)
    return found


def first_held(first: IPAddress, last: IPAddress) -> IPAddress | None:
    """The lowest address of a range that is held or rests."""
    held = select(AddressHold.address).where(AddressHold.freed_at.is_(None), AddressHold.address.between(first, last))
    return session().scalar(held.order_by(AddressHold.address).limit(1))


def use_columns() -> list[Label[object]]:
    """What `use_from` reads, for a select of prefixes: sums over the ranges of each, so that no address is counted one by one.

    Ranges of 2^32 addresses and more, which no sum in 64 bits can hold, come as text "first-last,first-last".
    """
    columns: list[Label[object]] = []
    for name, model in (("free", FreeRange), ("reserved", ReservedRange)):
        of_prefix = select(func.coalesce(func.sum(model.size), 0)).where(model.prefix_id == Prefix.id)
        columns.append(of_prefix.correlate(Prefix).scalar_subquery().label(f"{name}_sum"))
        ends = type_coerce(model.first, String) + literal("-") + type_coerce(model.last, String)
        huge = select(func.aggregate_strings(ends, ",")).where(model.prefix_id == Prefix.id, model.size.is_(None))
        columns.append(huge.correlate(Prefix).scalar_subquery().label(f"{name}_huge"))
    resting = select(func.count()).where(
        AddressHold.prefix_id == Prefix.id, AddressHold.freed_at.is_(None), AddressHold.released_at.is_not(None)
    )
    columns.append(resting.correlate(Prefix).scalar_subquery().label("resting"))
    return columns


def use_from(prefix: Prefix, row: object) -> Use:
    """A prefix's use, exact, from the columns of `use_columns` in the same row."""
    free, reserved = (int(getattr(row, f"{name}_sum")) + _huge(getattr(row, f"{name}_huge")) for name in ("free", "reserved"))
    resting: int = row.resting  # type: ignore[attr-defined]
    return Use(counted(prefix.first, prefix.last) - free - reserved - resting, resting, reserved, free)


def utilisation(prefix: Prefix) -> Use:
    """How much of a prefix is used: one query."""
    return use_from(prefix, session().execute(select(*use_columns()).select_from(Prefix).where(Prefix.id == prefix.id)).one())


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """For administrators: IPv4 prefixes of which little is left beside what is reserved, the emptiest first, at most 20."""
    if not actor.may(Permission.NETWORK_WRITE):
        return []
    free = func.coalesce(select(func.sum(FreeRange.size)).where(FreeRange.prefix_id == Prefix.id).scalar_subquery(), 0)
    kept = func.coalesce(select(func.sum(ReservedRange.size)).where(ReservedRange.prefix_id == Prefix.id).scalar_subquery(), 0)
    low = (
        select(Prefix.id, Prefix.first, Prefix.length, Room.code.label("room"), cast(free, BigInteger).label("free"))
        .join(Room, Room.id == Prefix.room_id)
        .where(Prefix.version == 4, free * LOW < literal(1, BigInteger).bitwise_lshift(32 - Prefix.length) - kept)
        .order_by(free, Prefix.first)
        .limit(20)
    )
    return [Waits(low, _nearly_full)]


def _nearly_full(row: Any) -> DueItem:
    sub, state = _("room %(room)s, %(free)s addresses free", room=row.room, free=row.free), State("low", _("Nearly full"), Tone.WAIT)
    return DueItem(f"{row.first}/{row.length}", sub, state, None, f"/network/prefixes/{ids.to_text(row.id)}")


def counts(actor: Actor, now: datetime) -> Counts | None:
    """For administrators: the free IPv4 addresses of all rooms."""
    if not actor.may(Permission.NETWORK_WRITE):
        return None
    prefixes = select(func.count()).where(Prefix.version == 4)
    free_ones = select(func.sum(FreeRange.size)).join(Prefix, Prefix.id == FreeRange.prefix_id).where(Prefix.version == 4)

    def told(number: int, free: int) -> list[Figure]:
        in_all = ngettext("in %(num)s prefix", "in %(num)s prefixes", number)
        return [Figure(_("Free IPv4 addresses"), free, in_all, "/network/?version=4")]

    return Counts((prefixes, free_ones), told)


def _huge(text: str | None) -> int:
    spans = (span.split("-") for span in text.split(",")) if text else ()
    return sum(int(last, 16) - int(first, 16) + 1 for first, last in spans)


def _staff(actor: Actor) -> None:
    if not actor.may(Permission.NETWORK_READ):
        raise NotFound(actor.role)
