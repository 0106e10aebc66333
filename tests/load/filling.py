"""A database after years: valid records in bulk, sized by how many passes were issued.

`python -m tests.load.filling URL [PASSES]` migrates and fills an empty database. At 1,000,000 passes: as many addresses in use, 100,000
pieces of equipment, 10,000,000 gate events, and in proportion 8,000 clients with their people, contracts, rack-ins, visits, exits, audit.
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.badges.models import Badge, BadgeGrant
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.equipment.models import Equipment, EquipmentMove
from portal.exits.models import Exit, ExitItem
from portal.facility.models import Rack, RackUnit
from portal.files.models import StoredFile
from portal.gate.models import GateEvent, Presence
from portal.kernel import ids
from portal.kernel.db import session
from portal.network.models import AddressHold, PortHold, Switch, SwitchPort
from portal.outbox.models import Notice, OutboxMessage
from portal.passes.models import Pass
from portal.tickets.models import Ticket, TicketKind, TicketMessage, TicketOpinion
from portal.visits.models import Visit, Visitor
from portal.workorders.models import WorkOrder, WorkOrderItem
from tests.cast import Cast
from tests.load import desk, lives, places
from tests.load.bulk import Loader, Row, id_at, settle, without_indexes
from tests.load.telling import Teller

ORDER = (
    StoredFile,
    Rack,
    Switch,
    SwitchPort,
    Client,
    User,
    Person,
    Contract,
    Badge,
    BadgeGrant,
    Visit,
    Ticket,
    TicketMessage,
    TicketOpinion,
    Visitor,
    Pass,
    Equipment,
    EquipmentMove,
    WorkOrder,
    WorkOrderItem,
    RackUnit,
    PortHold,
    AddressHold,
    Exit,
    ExitItem,
    OutboxMessage,
    Notice,
    Presence,
    GateEvent,
    AuditEntry,
)
PASSES_OF_CLIENT, STAYS_OF_CLIENT, SCANS_OF_CLIENT = 125, 500, 250
AT_ONCE = 20
BIG = tuple(model.__tablename__ for model in (GateEvent, Presence, Pass, AuditEntry, AddressHold, Visitor, Visit))
GAP = timedelta(hours=50)  # between two stays of one client


def fill(cast: Cast, passes: int, now: datetime) -> dict[str, int]:
    """Adds the records of `passes` issued passes (rounded to whole clients) to a database that holds the cast. Returns rows by table."""
    loader, clients = Loader(ORDER), max(1, passes // PASSES_OF_CLIENT)
    teller = Teller(loader)
    file = loader.add(
        StoredFile,
        id=ids.new(),
        created_at=now,
        purpose="badge_photo",
        uploaded_by_id=cast.user("service").id,
        filename="scan.jpg",
        media_type="image/jpeg",
        size=1,
        sha256="",
        claimed_at=now,
    )
    model = cast.models["r650"]
    house = lives.House(
        cast.user("service").id,
        cast.user("sales").id,
        cast.user("room_staff").id,
        model.id,
        f"{model.manufacturer} {model.name}",
        model.power_w or 0,
        file["id"],
        now,
        _kind("general"),
        _kind("service"),
    )
    guard = cast.user("guard").id
    with without_indexes(BIG):
        for number in range(clients):
            if number % places.CLIENTS_IN_A_ROOM == 0:
                here = [lives.SERVERS[n % 2] for n in range(number, min(clients, number + places.CLIENTS_IN_A_ROOM))]
                loader.flush()
                place = places.open_room(
                    number // places.CLIENTS_IN_A_ROOM, sum(here), sum(here) * lives.ADDRESSES_OF_SERVER, loader, now - timedelta(days=1500)
                )
            life = lives.Life(number, house, place, loader, teller)
            life.write()
            desk.write(life, house)
            for stay in _stays(life, guard, now):
                loader.add(Presence, **stay)
            if number % AT_ONCE == AT_ONCE - 1:
                loader.flush()
                print(f"\r    {number + 1:,} of {clients:,} clients", end="", file=sys.stderr)
        loader.flush()
        teller.close(now)
        print("\r    building the indexes again", file=sys.stderr)
    settle()
    return dict(loader.written)


def _kind(code: str) -> tuple[uuid.UUID, uuid.UUID]:
    """A kind of request, and its department."""
    found = session().scalars(select(TicketKind).where(TicketKind.code == code)).one()
    return found.id, found.department_id


def _stays(life: lives.Life, guard: object, now: datetime) -> Iterator[Row]:
    """Stays of the client's comers with what the gate wrote of them. Of every twentieth client somebody is inside now."""
    add, badges = life.loader.add, [comer for comer in life.comers if comer.badge_id]
    visitors = [comer for comer in life.comers if comer.visitor_id]
    for turn in range(STAYS_OF_CLIENT):
        comer = visitors[turn - len(badges)] if len(badges) <= turn < len(badges) + len(visitors) else badges[turn % len(badges)]
        came_at = now - timedelta(minutes=90 + 7 * (life.number % 400)) - turn * GAP
        left_at = None if turn == 0 and life.number % 20 == 0 else came_at + timedelta(minutes=30 + turn % 50)
        stay = {
            "id": ids.new(),
            "created_at": came_at,
            "left_at": left_at,
            "client_id": life.client_id,
            "room_id": life.place.room_id,
            "person_id": comer.person["id"],
            "person_name": comer.person["name"],
            "document_hash": comer.person["document_hash"],
            "badge_id": comer.badge_id,
            "visitor_id": comer.visitor_id,
            "guard_in_id": guard,
            "guard_out_id": guard if left_at else None,
            "subject_label": comer.label,
        }
        yield stay
        event = {
            "guard_id": guard,
            "pass_id": comer.pass_id,
            "subject_kind": "badge" if comer.badge_id else "visit",
            "subject_id": comer.badge_id or comer.visitor_id,
            "subject_label": comer.label,
            "person_id": comer.person["id"],
            "person_name": comer.person["name"],
            "client_id": life.client_id,
            "facts": {},
        }
        if turn % 2 == 0:
            refused = turn % 50 == 48
            add(
                GateEvent,
                id=id_at(came_at),
                created_at=came_at,
                kind="refusal" if refused else "scan",
                code="badge.not_issued" if refused else "",
                **event,
            )
        event |= {"room_id": life.place.room_id, "presence_id": stay["id"]}
        add(GateEvent, id=id_at(came_at), created_at=came_at, kind="entry", **event)
        if left_at is not None:
            add(GateEvent, id=id_at(left_at), created_at=left_at, kind="exit", **event)


def main(url: str, passes: int) -> None:
    import config
    from portal import set_up
    from portal.kernel import clock, db, migrate
    from portal.kernel.db import isolated, transaction
    from tests.cast import build

    set_up(config.load())
    db.configure(db.make_engine(url))
    migrate.upgrade(db.engine())
    began = time.perf_counter()
    with isolated():
        with transaction():
            cast = build(clock.now())
        for table, rows in fill(cast, passes, clock.now()).items():
            print(f"{table:24} {rows:>12,}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
