"""Who is expected at the gate besides badge holders: people on visits (R-A1) and on emergencies (R-A2), for a phone's copy.

Of what opens nothing any more the phone keeps no more than its state, unless somebody is still inside on it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import and_, or_, select

from portal.calendar.models import Freeze
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.emergencies.models import Emergency, EmergencyPerson
from portal.facility.models import Room
from portal.gate.models import Presence
from portal.gate.offline import rules
from portal.gate.offline.facts import HASH, ms, pass_facts
from portal.kernel.db import session
from portal.passes.models import Pass
from portal.visits.models import Visit, Visitor

KNOWN_AFTER = timedelta(days=1)  # for how long after its end a pass is refused by its own reason
USABLE = ("approved", "in_use", "report_due")


def visits(rooms: Collection[uuid.UUID], inside: set[str], now: datetime) -> list[dict[str, Any]]:
    """Every pass of a visit to these rooms whose window touches the last or the next 24 hours, or on which somebody is inside."""
    in_force: dict[tuple[uuid.UUID, uuid.UUID], list[list[str]]] = defaultdict(list)
    contracts = select(Contract).where(Contract.state == "in_force", Contract.room_id.in_(list(rooms))).order_by(Contract.id)
    for contract in session().scalars(contracts):
        in_force[contract.client_id, contract.room_id].append([contract.starts_on.isoformat(), contract.ends_on.isoformat()])
    here = select(Presence.visitor_id).where(Presence.left_at.is_(None), Presence.visitor_id.is_not(None))
    statement = (
        select(Pass, Visitor, Visit, Person, Client.name, Room.escorted)
        .join(Visitor, Visitor.id == Pass.subject_id)
        .join(Visit, Visit.id == Visitor.visit_id)
        .join(Person, Person.id == Visitor.person_id)
        .join(Client, Client.id == Visit.client_id)
        .join(Room, Room.id == Visit.room_id)
        .where(Pass.kind == "visit", Visit.room_id.in_(list(rooms)), Visit.starts_at < now + rules.AHEAD)
        .where(or_(Pass.valid_until > now - KNOWN_AFTER, Visitor.id.in_(here)))
        .order_by(Pass.id)
    )
    found = []
    for held, visitor, visit, person, client, escorted_room in session().execute(statement):
        record = pass_facts(held) | {"visit": visit.state, "state": visitor.state, "starts": ms(visit.starts_at), "ends": ms(visit.ends_at)}
        record["hash"] = person.document_hash[:HASH]  # who is barred is refused as such, whatever the pass (R-S7)
        if (visit.state, visitor.state) == ("approved", "approved") or person.document_hash[:HASH] in inside:
            record |= {
                "number": visitor.number,
                "name": person.name,
                "tail": person.document_tail,
                "client": client,
                "employer": person.employer,
                "room": visit.room_id.hex,
                "escorted": bool(visit.escorted) or escorted_room,
                "contracts": in_force[visit.client_id, visit.room_id],
            }
        found.append(record)
    return found


def emergencies(rooms: Collection[uuid.UUID], now: datetime) -> list[dict[str, Any]]:
    """Every pass of an emergency in these rooms that lapsed in the last 24 hours, lapses later, or on which somebody is inside."""
    statement = (
        select(Pass, Emergency, Contract, Client.name, Room.escorted, EmergencyPerson)
        .join(Emergency, Emergency.id == Pass.subject_id)
        .outerjoin(EmergencyPerson, and_(EmergencyPerson.emergency_id == Emergency.id, Emergency.state.in_(USABLE)))
        .join(Contract, Contract.id == Emergency.contract_id)
        .join(Client, Client.id == Emergency.client_id)
        .join(Room, Room.id == Emergency.room_id)
        .where(Pass.kind == "emergency", Emergency.room_id.in_(list(rooms)))
        .where(or_(Pass.valid_until > now - KNOWN_AFTER, Emergency.state == "in_use"))
        .order_by(Pass.id, EmergencyPerson.id)
    )
    found = []
    for (held, emergency, contract, client, escorted), rows in groupby(session().execute(statement), key=lambda row: row[:5]):
        lapses = ms(emergency.lapses_at) if emergency.lapses_at else None
        record = pass_facts(held) | {"state": emergency.state, "number": emergency.number, "lapses": lapses}
        if emergency.state in USABLE:
            record |= {
                "client": client,
                "room": emergency.room_id.hex,
                "escorted": escorted,
                "contract": contract.number,
                "in_force": [contract.starts_on.isoformat(), contract.ends_on.isoformat()] if contract.state == "in_force" else None,
                "people": [_person(row.EmergencyPerson) for row in rows if row.EmergencyPerson],
            }
        found.append(record)
    return found


def _person(row: EmergencyPerson) -> dict[str, Any]:
    return {
        "id": row.id.hex,
        "name": row.name,
        "tail": row.document_tail,
        "hash": row.document_hash[:HASH] if row.document_hash else None,
        "withdrawn": row.withdrawn_at is not None,
    }


def freezes(rooms: dict[uuid.UUID, uuid.UUID], now: datetime) -> dict[str, list[list[int]]]:
    """When the rooms (room -> its site) are frozen in the next 24 hours: room -> (from, to), the earliest first."""
    statement = (
        select(Freeze)
        .where(Freeze.lifted_at.is_(None), Freeze.ends_at > now, Freeze.starts_at < now + rules.AHEAD)
        .order_by(Freeze.starts_at, Freeze.id)
    )
    found: dict[str, list[list[int]]] = defaultdict(list)
    for freeze in session().scalars(statement):
        for room_id, site_id in rooms.items():
            if room_id == freeze.room_id or site_id == freeze.site_id:
                found[room_id.hex].append([ms(freeze.starts_at), ms(freeze.ends_at)])
    return dict(found)
