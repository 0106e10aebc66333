"""Where clients stand: sites, rooms, racks, a prefix and switches for each room; the addresses through the portal's own services."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from portal.facility.models import Rack, Room, Site
from portal.kernel import ids
from portal.kernel.db import IPAddress, isolated, transaction
from portal.network import allocator
from portal.network.administration import NewPrefix, add_prefix
from portal.network.models import Switch, SwitchPort
from tests.cast import SEED
from tests.load.bulk import Loader

CLIENTS_IN_A_ROOM = 80
RACK_UNITS, PORTS = 42, 48
FIRST = ipaddress.IPv4Address("10.0.0.0")


@dataclass
class Place:
    """A room with what is still free in it."""

    room_id: uuid.UUID
    prefix_id: uuid.UUID
    addresses: Iterator[IPAddress]
    units: Iterator[tuple[uuid.UUID, int]]
    switch_ports: list[uuid.UUID] = field(default_factory=list)
    given: int = 0


def open_room(number: int, servers: int, addresses: int, loader: Loader, now: datetime) -> Place:
    """One more room (every second one opens a site) for so many servers of one unit and so many addresses."""
    length = 32 - (addresses + 3).bit_length()
    first = FIRST + number * (1 << 18)
    with isolated(), transaction() as session:
        site = Site(
            created_at=now, code=f"L{number // 2:03d}", name=f"第 {number // 2} 数据中心", name_en=f"Site {number // 2}", address=""
        )
        if number % 2:
            site = session.query(Site).filter_by(code=site.code).one()
        else:
            session.add(site)
            session.flush()
        room = Room(created_at=now, site_id=site.id, code=f"R{number:03d}", name=f"R{number:03d} 机房", name_en=f"Room R{number:03d}")
        session.add(room)
        session.flush()
        prefix = add_prefix(NewPrefix(room.id, f"{room.code} public", f"{first}/{length}"), SEED, now)
        taken = allocator.take(prefix.id, addresses)
    racks = [ids.new() for _ in range(servers // RACK_UNITS + 1)]
    for place, rack_id in enumerate(racks, 1):
        loader.add(Rack, id=rack_id, created_at=now, room_id=room.id, code=f"R{number:03d}-{place:03d}", units=RACK_UNITS, power_w=25_000)
    found = Place(room.id, prefix.id, iter(taken), ((rack_id, unit) for rack_id in racks for unit in range(1, RACK_UNITS + 1)))
    for place in range(servers // PORTS + 1):
        switch = loader.add(Switch, id=ids.new(), created_at=now, room_id=room.id, name=f"SW-R{number:03d}-{place + 1}")
        for position in range(1, PORTS + 1):
            port_id = ids.new()
            taken_already = len(found.switch_ports) < servers
            loader.add(
                SwitchPort,
                id=port_id,
                created_at=now,
                switch_id=switch["id"],
                name=f"GE1/0/{position}",
                position=position,
                taken=taken_already,
            )
            found.switch_ports.append(port_id)
    return found
