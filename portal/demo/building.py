"""The demo's two sites: four rooms, forty racks, prefixes and switches."""

from __future__ import annotations

from datetime import datetime

from portal.facility.administration import NewRacks, Reservation, RoomFacts, SiteFacts, add_racks, add_room, add_site, reserve_units
from portal.facility.models import Room
from portal.kernel.policy import Actor
from portal.network.administration import NewPrefix, NewSwitch, add_prefix, add_switch, reserve_range
from portal.network.administration import Reservation as AddressReservation
from portal.tickets import starting as tickets

SITES = (
    ("YZ", "亦庄数据中心", "Yizhuang Data Center", "北京经济技术开发区科创十四街 8 号", (("A1", 10), ("B2", 10))),
    ("SH", "宝山数据中心", "Baoshan Data Center", "上海市宝山区友谊路 268 号", (("C1", 10), ("C2", 10))),
)
RACK_POWER_W = 16000
PUBLIC = ("192.0.2", "198.51.100", "203.0.113", "198.18.0")  # ranges for documentation and tests: nobody's


def build(actor: Actor, now: datetime) -> dict[str, Room]:
    """Everything that stands and is wired before the first client comes. Rooms by code."""
    tickets.furnish(now)
    rooms: dict[str, Room] = {}
    for code, name, name_en, address, its_rooms in SITES:
        site = add_site(SiteFacts(code, name, name_en, address), actor, now)
        for room_code, racks in its_rooms:
            room = add_room(RoomFacts(site.id, room_code, f"{room_code} 机房", f"Room {room_code}"), actor, now)
            rooms[room_code] = room
            _furnish(room, racks, len(rooms), actor, now)
    return rooms


def _furnish(room: Room, racks: int, number: int, actor: Actor, now: datetime) -> None:
    made = add_racks(NewRacks(room.id, f"{room.code}-{{01-{racks:02d}}}", "1", 42, RACK_POWER_W), actor, now)
    reserve_units(Reservation(made[0].id, 40, 42, "both", "配线架 / patch panels"), actor, now)
    block = PUBLIC[number - 1]
    prefix = add_prefix(NewPrefix(room.id, f"{room.code} 公网", f"{block}.0/24", f"{block}.1", 100 + number), actor, now)
    reserve_range(AddressReservation(prefix.id, f"{block}.2", f"{block}.9", "网络设备 / network devices"), actor, now)
    inner = add_prefix(NewPrefix(room.id, f"{room.code} 管理网", f"10.{number}.0.0/24", f"10.{number}.0.1", 200 + number), actor, now)
    reserve_range(AddressReservation(inner.id, f"10.{number}.0.2", f"10.{number}.0.254", "管理口专用 / management only"), actor, now)
    add_prefix(NewPrefix(room.id, f"{room.code} IPv6", f"2001:db8:{number}::/64", f"2001:db8:{number}::1", 100 + number), actor, now)
    for place in range(1, 5):
        name = f"{room.code}-SW{place:02d}"
        add_switch(NewSwitch(room.id, made[min(place * 2, racks) - 1].id, name, "Huawei S5735-L48T4X", "GE0/0/{1-48}", 1000), actor, now)
