"""What a phone at the gate keeps for when there is no network: only what duty staff need, in sections that are fetched when they changed.

Seven sections, a constant number of queries: `house` (rooms, checklist, words, public keys, bans, freezes), `badges`, `visits`,
`emergencies`, `slips`, `inside`, `releases`. Ids are 32 hex digits, moments milliseconds since 1970 (UTC), days ISO dates of the site's
calendar. No identity numbers.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import and_, select

from portal.badges.lifecycle import LIVE
from portal.badges.models import Badge, BadgeGrant
from portal.clients import rules as client_rules
from portal.clients.models import Client, Person
from portal.conduct.models import EntryBan
from portal.conduct.queries import in_effect
from portal.contracts.models import Contract
from portal.exits.models import Exit, ExitItem
from portal.facility.models import Room, Site
from portal.gate import queries as gate
from portal.gate import rules as gate_rules
from portal.gate import shown
from portal.gate.models import Presence
from portal.gate.offline import expected, releases, rules
from portal.gate.offline.facts import HASH, ms, pass_facts
from portal.kernel import clock, crypto, ids
from portal.kernel.db import session
from portal.kernel.i18n import _
from portal.passes.models import Pass

Section = Any
DOCUMENTS = (
    client_rules.IDENTITY_SHAPE, client_rules.IDENTITY_CHECK, client_rules.LICENCE_SHAPE, client_rules.LICENCE_WRONG,
    client_rules.PASSPORT_SHAPE, client_rules.HK_MACAO_SHAPE, client_rules.TAIWAN_SHAPE,
)  # fmt: skip
SAID = (*gate_rules.ALL, *rules.ALL, *shown.EMERGENCY.values(), *DOCUMENTS)  # what a phone may have to say


@dataclass(frozen=True, slots=True)
class Scope:
    """For which rooms the copy is: those of a site, or all of them."""

    site_id: uuid.UUID | None = None


def sections(scope: Scope, now: datetime, *, english: bool) -> dict[str, Section]:
    """Everything that the phone keeps, by section."""
    rooms = _rooms(scope)
    stays = _inside(rooms)
    inside = {stay["hash"] for stay in stays}
    return {
        "house": _house(rooms, now, english=english),
        "badges": _badges(rooms, inside, now),
        "visits": expected.visits(rooms, inside, now),
        "emergencies": expected.emergencies(rooms, now),
        "slips": _slips(rooms, now),
        "inside": stays,
        "releases": {release.site_id.hex: ms(release.until) for release in releases.in_force(now)},
    }


def version(section: Section) -> str:
    """Changes when the section's content does."""
    return hashlib.sha256(compact(section).encode()).hexdigest()[:16]


def changed(found: Mapping[str, Section], known: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The sections that a phone does not have in this version, each with its version."""
    versions = {name: version(section) for name, section in found.items()}
    return {name: {"version": versions[name], "data": found[name]} for name in found if known.get(name) != versions[name]}


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def public_keys() -> dict[str, str]:
    """Number -> raw Ed25519 public key in base64, of every key that a token may be signed with."""
    raw = {number: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for number, key in crypto.pass_signing_keys().items()}
    return {str(number): base64.b64encode(value).decode() for number, value in raw.items()}


def _house(rooms: Mapping[uuid.UUID, tuple[Room, Site]], now: datetime, *, english: bool) -> Section:
    return {
        "keys": public_keys(),
        "zone": str(clock.zone()),
        "life": int(rules.LIFE.total_seconds() * 1000),
        "rooms": {
            room.id.hex: {"code": room.code, "name": room.name_en if english else room.name, "site": site.id.hex}
            for room, site in rooms.values()
        },
        "checklist": [[key, str(_(label))] for key, label in gate_rules.CHECKLIST_POINTS],
        "words": {refusal.code: str(_(refusal.sentence)) for refusal in SAID},
        "documents": [[key, str(_(label))] for key, label in client_rules.DOCUMENT_KINDS.items()],
        "kept_items": [[key, str(_(label))] for key, label in gate_rules.KEPT_ITEMS.items()],
        "escorts": [[user.id.hex, user.name] for user in gate.escorts()],
        "bans": _bans(now),
        "freezes": expected.freezes({room.id: site.id for room, site in rooms.values()}, now),
    }


def _rooms(scope: Scope) -> dict[uuid.UUID, tuple[Room, Site]]:
    statement = select(Room, Site).join(Site, Site.id == Room.site_id).order_by(Room.code)
    if scope.site_id is not None:
        statement = statement.where(Room.site_id == scope.site_id)
    return {room.id: (room, site) for room, site in session().execute(statement)}


def _badges(rooms: Mapping[uuid.UUID, Any], inside: set[str], now: datetime) -> Section:
    """Every pass of a badge that a scan may still bring: of those that open nothing here no more than their state."""
    doors: dict[uuid.UUID, list[list[str]]] = defaultdict(list)
    here: set[uuid.UUID] = set()
    granted = (
        select(BadgeGrant.badge_id, Contract.room_id, Contract.starts_on, Contract.ends_on)
        .join(Contract, Contract.id == BadgeGrant.contract_id)
        .join(Badge, Badge.id == BadgeGrant.badge_id)
        .where(Contract.state == "in_force", Badge.state.in_(LIVE))
        .order_by(Contract.id)
    )
    for badge_id, room_id, starts_on, ends_on in session().execute(granted):
        doors[badge_id].append([room_id.hex, starts_on.isoformat(), ends_on.isoformat()])
        if room_id in rooms:
            here.add(badge_id)
    statement = (
        select(Pass, Badge, Person.name, Person.document_tail, Person.document_hash, Client.name)
        .join(Badge, Badge.id == Pass.subject_id)
        .join(Person, Person.id == Badge.person_id)
        .join(Client, Client.id == Badge.client_id)
        .where(Pass.kind == "badge", Pass.valid_until > now)
        .order_by(Pass.id)
    )
    found = []
    for held, badge, name, tail, document_hash, client in session().execute(statement):
        record = pass_facts(held) | {
            "state": badge.state,
            "until": badge.valid_until and badge.valid_until.isoformat(),
            "rooms": doors[badge.id],
        }
        if (badge.state == "issued" and badge.id in here) or document_hash[:HASH] in inside:
            record |= {
                "number": badge.number,
                "name": name,
                "tail": tail,
                "client": client,
                "photo": ids.to_text(badge.photo_id),
                "hash": document_hash[:HASH],
            }
        found.append(record)
    return found


def _slips(rooms: Mapping[uuid.UUID, Any], now: datetime) -> Section:
    """Slips of today and of the 24 hours that come; of used, cancelled and lapsed ones no more than that they are."""
    last = clock.today(now + rules.AHEAD)
    statement = (
        select(Pass, Exit, Client.name, Room.site_id, ExitItem)
        .join(Exit, Exit.id == Pass.subject_id)
        .outerjoin(ExitItem, and_(ExitItem.exit_id == Exit.id, Exit.state == "issued"))
        .join(Client, Client.id == Exit.client_id)
        .join(Contract, Contract.id == Exit.contract_id)
        .join(Room, Room.id == Contract.room_id)
        .where(Pass.kind == "exit_slip", Pass.valid_until > now - timedelta(days=1), Exit.leaves_on <= last, Room.id.in_(list(rooms)))
        .order_by(Pass.id, ExitItem.line)
    )
    found = []
    for (held, slip, client, site_id), lines in groupby(session().execute(statement), key=lambda row: row[:4]):
        record = pass_facts(held) | {
            "state": slip.state,
            "day": slip.leaves_on.isoformat(),
            "released": ms(slip.released_at) if slip.released_at else None,
        }
        if slip.state == "issued":
            record |= {
                "number": slip.number,
                "name": slip.mover_name,
                "tail": slip.mover_document_tail,
                "client": client,
                "site": site_id.hex,
                "items": [_item(line.ExitItem) for line in lines if line.ExitItem],
            }
        found.append(record)
    return found


def _item(item: ExitItem) -> dict[str, str]:
    return {"id": item.id.hex, "model": item.listed_model, "serial": item.listed_serial}


def _inside(rooms: Mapping[uuid.UUID, Any]) -> list[dict[str, Any]]:
    """Who is inside, for passing back and for the evacuation list."""
    statement = (
        select(Presence, Client.name)
        .join(Client, Client.id == Presence.client_id)
        .where(Presence.left_at.is_(None), Presence.room_id.in_(list(rooms)))
        .order_by(Presence.id)
    )
    return [
        {
            "hash": stay.document_hash[:HASH],
            "room": stay.room_id.hex,
            "since": ms(stay.created_at),
            "name": stay.person_name,
            "client": client,
            "kept": stay.kept_items,
        }
        for stay, client in session().execute(statement)
    ]


def _bans(now: datetime) -> list[str]:
    """Who is barred, by a part of the hash of their document: enough to know them again, too little to know them by (R-S7)."""
    found = session().scalars(select(EntryBan.document_hash).where(in_effect(now)).order_by(EntryBan.document_hash).distinct())
    return [document_hash[:HASH] for document_hash in found]
