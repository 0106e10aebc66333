"""The cast that every test knows: two company clients and an individual, their users, the staff, a building, contracts in force.

Built through the portal's own services. Identity numbers and company codes are invented, with valid check digits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import inspect

from portal.accounts.models import User
from portal.clients.models import Client, Person
from portal.clients.services import NewPerson, add_person, register_client
from portal.contracts.models import Contract
from portal.contracts.services import NewContract, draft_contract, sign_contract
from portal.demo.numbers import company_code, identity_number
from portal.equipment.models import EquipmentModel
from portal.facility.models import Rack, Room, Site
from portal.kernel.change import move, open_record
from portal.kernel.db import session
from portal.kernel.policy import SYSTEM, Actor, Role
from portal.network.administration import NewPrefix, NewSwitch, add_prefix, add_switch
from portal.tickets import starting as tickets

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)  # Monday 10:30 in Shanghai
PASSWORD = "correct horse battery"
SEED = Actor(None, "Seed", Role.ADMINISTRATOR)


@lru_cache
def password_hash() -> str:
    from portal.accounts.passwords import hash_password

    return hash_password(PASSWORD)


@dataclass
class Cast:
    """Everyone and everything by name. `actor(cast.guard)` gives the actor of a user."""

    alpha: Client
    beta: Client
    solo: Client
    users: dict[str, User] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    racks: dict[str, Rack] = field(default_factory=dict)
    models: dict[str, EquipmentModel] = field(default_factory=dict)

    def user(self, name: str) -> User:
        """The user in the session of now: a request that ended in between has closed the one that made them."""
        return session().get_one(User, inspect(self.users[name]).identity)

    def actor(self, name: str) -> Actor:
        user = self.user(name)
        return Actor(user.id, user.name, Role(user.role), user.client_id, user.locale)


STAFF = {
    "service": ("周敏", Role.CUSTOMER_SERVICE),
    "service2": ("何静", Role.CUSTOMER_SERVICE),
    "sales": ("韩磊", Role.SALES),
    "room_staff": ("马超", Role.ROOM_STAFF),
    "guard": ("孙强", Role.DUTY),
    "guard2": ("郑毅", Role.DUTY),
    "supervisor": ("林岚", Role.SUPERVISOR),
    "administrator": ("吴凡", Role.ADMINISTRATOR),
    "auditor": ("沈清", Role.AUDITOR),
}


def build(now: datetime = NOW) -> Cast:
    """Builds the cast in the open transaction."""
    db = session()
    tickets.furnish(now)
    staff = {name: add_user(f"{name}@rackpass.example", full, role, None, now) for name, (full, role) in STAFF.items()}
    sales = Actor(staff["sales"].id, "韩磊", Role.SALES)
    service = Actor(staff["service"].id, "周敏", Role.CUSTOMER_SERVICE)
    cast = Cast(
        alpha=register_client(new_client("company", "星海数联（北京）信息技术有限公司", company_code(1)), sales, now),
        beta=register_client(new_client("company", "澄明医疗信息（上海）股份有限公司", company_code(2)), sales, now),
        solo=register_client(new_client("individual", "陈堃", identity_number(1)), sales, now),
        users=staff,
    )
    for name, full, role, client in (
        ("admin", "赵一鸣", Role.CLIENT_ADMIN, cast.alpha),
        ("colleague", "钱多", Role.CLIENT_MEMBER, cast.alpha),
        ("stranger", "李想", Role.CLIENT_ADMIN, cast.beta),
        ("solo", "陈堃", Role.CLIENT_ADMIN, cast.solo),
    ):
        cast.users[name] = add_user(f"{name}@client.example", full, role, client, now)
    for number, (name, full, client) in enumerate(
        (
            ("wang", "王珺", cast.alpha),
            ("liu", "刘洋", cast.alpha),
            ("zhang", "张䶮", cast.alpha),
            ("li", "李想", cast.beta),
            ("chen", "陈堃", cast.solo),
            ("chen2", "陈二", cast.solo),
        ),
        start=10,
    ):
        cast.people[name] = add_person(
            NewPerson(client_id=client.id, name=full, document_kind="identity_card", document_number=identity_number(number), phone=""),
            service,
            now,
        )
    site = Site(created_at=now, code="YZ", name="亦庄数据中心", name_en="Yizhuang", address="")
    db.add(site)
    db.flush()
    administrator = Actor(staff["administrator"].id, "吴凡", Role.ADMINISTRATOR)
    for octet, code in enumerate(("A1", "B2"), start=1):
        room = cast.rooms[code] = Room(created_at=now, site_id=site.id, code=code, name=f"{code} 机房", name_en=f"Room {code}")
        db.add(room)
        db.flush()
        for place in range(1, 4):
            rack = cast.racks[f"{code}-{place:02d}"] = Rack(
                created_at=now, room_id=room.id, code=f"{code}-{place:02d}", row="1", units=42, power_w=6000
            )
            db.add(rack)
        db.flush()
        add_prefix(
            NewPrefix(room_id=room.id, name=f"{code} public", cidr=f"198.51.{octet}.0/24", gateway=f"198.51.{octet}.1", vlan=100 + octet),
            administrator,
            now,
        )
        add_switch(
            NewSwitch(room_id=room.id, rack_id=None, name=f"SW-{code}-1", model="S5735", ports="GE0/0/{1-24}", speed_mbps=1000),
            administrator,
            now,
        )
    for name, maker, model, height, watts in (("r750", "Dell", "PowerEdge R750", 2, 800), ("r650", "Dell", "PowerEdge R650", 1, 500)):
        cast.models[name] = EquipmentModel(
            created_at=now,
            manufacturer=maker,
            name=model,
            height_u=height,
            full_depth=True,
            weight_g=20000,
            power_inlets=2,
            power_w=watts,
            network_ports=4,
            management_ports=1,
            search_text=f"{maker} {model}".lower(),
        )
        db.add(cast.models[name])
    db.flush()
    for name, client, room_code in (("alpha", cast.alpha, "B2"), ("beta", cast.beta, "B2"), ("solo", cast.solo, "A1")):
        contract = draft_contract(new_contract(client, cast.rooms[room_code], now), sales, now)
        sign_contract(contract, sales, now)
        cast.contracts[name] = contract
    return cast


def new_contract(client: Client, room: Room, now: datetime, **changes: Any) -> NewContract:
    """The terms of an ordinary contract of one year from the month before `now`."""
    start: date = (now - timedelta(days=30)).date()
    terms: dict[str, Any] = {
        "client_id": client.id,
        "room_id": room.id,
        "starts_on": start,
        "ends_on": start + timedelta(days=365),
        "units_granted": 42,
        "power_w": 6000,
        "bandwidth_mbps": 100,
        "ips_per_server": 1,
        "ports_per_server": 1,
        "ips_total": None,
        "ports_total": None,
        "rack_ids": (),
        "note": "",
    }
    return NewContract(**(terms | changes))


def new_client(kind: str, name: str, number: str) -> Any:
    from portal.clients.services import NewClient

    return NewClient(kind=kind, name=name, registration_number=number, phone="", address="", note="")


def add_user(email: str, name: str, role: Role, client: Client | None, now: datetime) -> User:
    """An active user with the password PASSWORD who has the rules behind them (no rules text is published in tests by default)."""
    user = User(email=email, name=name, role=role.value, client_id=client.id if client else None, locale="zh_CN")
    user.password_hash = password_hash()
    open_record(user, "invite", SEED, now)
    move(user, "accept", SYSTEM, now)
    return user
