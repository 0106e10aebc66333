"""How many addresses a second the allocator gives, and what one costs, however many are in use. Beside it: one INSERT and its commit."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, text

from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.equipment.models import Equipment, EquipmentModel
from portal.facility.models import Rack, Room, Site
from portal.kernel import db, ids
from portal.kernel.db import isolated, transaction
from portal.kernel.policy import Actor, Role
from portal.network import allocator, services
from portal.network.invariants import INVARIANTS
from portal.network.models import AddressHold
from tests.bench import serving
from tests.bench.bare import commits
from tests.bench.harness import Bench, Figure, Stage, Timing, progress

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
SEED = Actor(None, "Bench", Role.ADMINISTRATOR)
FILLS = (
    ("v4.0", "10.0.0.0/16", 0),
    ("v4.10000", "10.1.0.0/16", 10_000),
    ("v4.30000", "10.2.0.0/16", 30_000),
    ("v6.1000000", "2001:db8::/64", 1_000_000),
)
CLIENTS = (1, 8, 64)
TIMES, ROUNDS = 1000, 10


class World:
    """What an allocation needs: one room for each prefix, a contract, and a server to hold what is in use."""

    def __init__(self) -> None:
        self.rooms: dict[str, uuid.UUID] = {}
        self.prefixes: dict[str, uuid.UUID] = {}
        with isolated(), transaction() as session:
            site = Site(created_at=NOW, code="S", name="Site", name_en="Site")
            client = Client(created_at=NOW, kind="company", number="C-1", name="Client", registration_number="1", registration_hash="1")
            model = EquipmentModel(created_at=NOW, manufacturer="Maker", name="Model", height_u=1, full_depth=True, search_text="model")
            session.add_all([site, client, model])
            session.flush()
            self.client_id, self.contract_id, self.server_id = client.id, ids.new(), ids.new()
            for number, (_name, cidr, _used) in enumerate(FILLS):
                room = Room(created_at=NOW, site_id=site.id, code=f"R{number}", name="Room", name_en="Room")
                session.add(room)
                session.flush()
                self.rooms[cidr] = room.id
                self.prefixes[cidr] = services.add_prefix(services.NewPrefix(room.id, "Bench", cidr), SEED, NOW).id
            rack = Rack(created_at=NOW, room_id=room.id, code="1", power_w=1000)
            session.add(rack)
            session.flush()
            terms = {"starts_on": NOW.date(), "ends_on": NOW.date(), "units_granted": 42, "power_w": 1000, "state": "in_force"}
            contract = {"id": self.contract_id, "created_at": NOW, "number": "K-1", "client_id": client.id, "room_id": room.id, "note": ""}
            session.execute(insert(Contract).values(contract | terms))
            place = {"rack_id": rack.id, "unit": 1, "face": "front", "state": "in_service", "serial": "BENCH", "model_id": model.id}
            whose = {"client_id": client.id, "contract_id": self.contract_id}
            session.execute(insert(Equipment).values({"id": self.server_id, "created_at": NOW} | whose | place))

    def told(self) -> dict[str, str]:
        """What the server has to know of it."""
        rooms = {cidr: str(room) for cidr, room in self.rooms.items()}
        whose = {"server": self.server_id, "client": self.client_id, "contract": self.contract_id}
        return {"BENCH_WORLD": json.dumps({"rooms": rooms} | {name: str(value) for name, value in whose.items()})}

    def fill(self, cidr: str, used: int) -> None:
        """Puts so many addresses into use, in bulk, with valid rows."""
        for start in range(0, used, 50_000):
            with isolated(), transaction():
                self._hold(cidr, allocator.take(self.prefixes[cidr], min(50_000, used - start)))

    def _hold(self, cidr: str, addresses: list[Any]) -> None:
        facts = {"created_at": NOW, "prefix_id": self.prefixes[cidr], "client_id": self.client_id, "contract_id": self.contract_id}
        holder = {"holder_kind": "equipment", "holder_id": self.server_id}
        for start in range(0, len(addresses), 5000):
            rows = [{"id": ids.new(), "address": address} | facts | holder for address in addresses[start : start + 5000]]
            db.session().execute(insert(AddressHold), rows)


def settle() -> None:
    """What either database does by itself within minutes of such a change: it writes its log out and learns the new sizes."""
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if db.dialect() == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")


def allocation(stage: Stage, only: str) -> Iterator[Figure]:
    """Each allocation is a request of its own to a server of two processes, and committed to disk before it is answered."""
    kind = stage.kinds()[-1]
    with stage.database(kind, connections=70) as url:
        world, durability = World(), stage.durability(kind)
        for _name, cidr, used in FILLS:
            progress(f"  putting {used:,} in {cidr} into use")
            world.fill(cidr, used)
        settle()
        with serving.served(url, stage.keys, stage.folder, "tests.bench.allocating:app", more=world.told()) as (port, _process):
            for clients in CLIENTS:
                yield from _by(clients, port, durability, only)
        with isolated(), transaction() as session:
            broken = [name for name, query in INVARIANTS.items() if session.execute(text(query)).first() is not None]
        if broken:
            raise AssertionError(f"the allocations broke {', '.join(broken)}")


def _by(clients: int, port: int, durability: str, only: str) -> Iterator[Figure]:
    wanted = {f"allocate.{fill}.c{clients}": (cidr, used) for fill, cidr, used in FILLS if f"allocate.{fill}.c{clients}".startswith(only)}
    timings = {name: Timing(0, [], [], []) for name in wanted}
    if not wanted:
        return
    progress(f"  {clients} at once")
    bare = commits(clients, TIMES)
    for turn in range(ROUNDS + 1):  # in turns, so that what else the machine does falls on all alike
        for name, (cidr, _used) in wanted.items():
            part = serving.hammer(port, clients, TIMES // ROUNDS, lambda cidr=cidr: serving.get(f"/{cidr}"))
            if turn:  # the first one makes the connections
                timings[name] = timings[name].then(part)
    empty = timings.get(f"allocate.v4.0.c{clients}")
    for name, timing in timings.items():
        given = [answer.rpartition(b"\r\n\r\n")[2] for answer in timing.results]
        faults = {"errors": len(timing.errors), "duplicates": len(given) - len(set(given))}
        more = timing.milliseconds() | faults | {"bare_ratio": round(timing.per_second / bare.per_second, 2)}
        if empty is not None:
            more["cost_to_empty"] = round(empty.per_second / timing.per_second, 2)
        cidr, used = wanted[name]
        note = f"{used:,} used in {cidr}; over HTTP, two processes; {durability}"
        yield Figure(name, timing.per_second, "1/s", len(timing.each), note, more)


BENCHES = [Bench("allocate", allocation)]
