"""The search box: names, numbers, serial numbers, addresses, always as far as the actor may see."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Select, select

from portal.badges import queries as badges
from portal.badges.models import Badge
from portal.clients import queries as clients
from portal.clients.models import Client, Person
from portal.conduct import queries as conduct
from portal.conduct.models import Violation
from portal.contracts import queries as contracts
from portal.contracts.models import Contract
from portal.emergencies import queries as emergencies
from portal.emergencies.models import Emergency
from portal.equipment import queries as equipment
from portal.equipment.models import Equipment
from portal.exits import queries as exits
from portal.exits.models import Exit
from portal.kernel.db import session
from portal.kernel.filters import begins
from portal.kernel.i18n import _
from portal.kernel.policy import Actor, Permission
from portal.network.models import AddressHold
from portal.shifts import queries as shifts
from portal.shifts.models import Shift
from portal.tickets import queries as tickets
from portal.tickets.models import Ticket
from portal.visits import queries as visits
from portal.visits.models import Visit
from portal.workorders.models import WorkOrder

MOST = 8  # of each kind
NUMBER = re.compile(r"^[A-Z]{2}-?\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    kind: str
    title: str
    sub: str
    url: str


def search(actor: Actor, text: str) -> list[Hit]:
    """What the text may mean: at most one query for each kind of thing. One letter or digit finds nothing, one ideograph does."""
    text = text.strip()
    if len(text) < 2 and text.isascii():
        return []
    address = _address(text)
    if address is not None:
        return _holders(actor, address)
    if NUMBER.match(text):
        return [*_numbers(actor, text.upper()), *_equipment(actor, text)]
    return [*_clients(actor, text), *_people(actor, text), *_equipment(actor, text)]


def _numbers(actor: Actor, text: str) -> list[Hit]:
    """Records by the number that people read out: its series says which kind it is."""
    sources: dict[str, tuple[Permission, Callable[[], Select[Any]], Any, str, str, str]] = {
        "BA": (Permission.BADGE_READ, lambda: badges.select_badges(actor), Badge, _("Badge"), "badges.show", "badge_id"),
        "EM": (
            Permission.EMERGENCY_READ,
            lambda: emergencies.select_emergencies(actor),
            Emergency,
            _("Emergency access"),
            "emergencies.show",
            "emergency_id",
        ),
        "EX": (Permission.EXIT_READ, lambda: exits.select_exits(actor), Exit, _("Exit slip"), "exits.show", "exit_id"),
        "HT": (
            Permission.CONTRACT_READ,
            lambda: contracts.select_contracts(actor),
            Contract,
            _("Contract"),
            "contracts.show",
            "contract_id",
        ),
        "VL": (
            Permission.VIOLATION_READ,
            lambda: conduct.select_violations(actor),
            Violation,
            _("Violation"),
            "conduct.show",
            "violation_id",
        ),
        "SH": (Permission.SHIFT_READ, shifts.select_shifts, Shift, _("Shift"), "shifts.show", "shift_id"),
        "SR": (Permission.TICKET_READ, lambda: tickets.select_tickets(actor), Ticket, _("Request"), "tickets.show", "ticket_id"),
        "VI": (Permission.VISIT_READ, lambda: visits.select_visits(actor), Visit, _("Visit"), "visits.show", "visit_id"),
        "WO": (Permission.WORK_ORDER_READ, lambda: _orders(actor), WorkOrder, _("Work order"), "workorders.show", "order_id"),
        "KH": (Permission.CLIENT_READ, lambda: clients.select_clients(actor), Client, _("Client"), "clients.show", "client_id"),
    }
    source = sources.get(text[:2])
    if source is None or not actor.may(source[0]):
        return []
    _permission, statement, model, kind, endpoint, parameter = source
    rows = session().scalars(statement().where(begins(model.number, text)).order_by(model.number).limit(MOST))
    return [Hit(kind, row.number, _who(row), url_for(endpoint, **{parameter: row.id})) for row in rows]


def _clients(actor: Actor, text: str) -> list[Hit]:
    if actor.is_client or not actor.may(Permission.CLIENT_READ):
        return []
    rows = session().scalars(clients.select_clients(actor).where(clients.client_like(text)).order_by(Client.name).limit(MOST))
    return [Hit(_("Client"), row.name, row.number, url_for("clients.show", client_id=row.id)) for row in rows]


def _people(actor: Actor, text: str) -> list[Hit]:
    if not actor.may(Permission.PERSON_READ):
        return []
    rows = session().scalars(clients.select_people(actor).where(clients.person_like(text)).order_by(Person.name).limit(MOST))
    return [Hit(_("Person"), row.name, row.client.name, url_for("clients.person", person_id=row.id)) for row in rows]


def _equipment(actor: Actor, text: str) -> list[Hit]:
    if not actor.may(Permission.EQUIPMENT_READ):
        return []
    statement = select(Equipment, Client.name).join(Client, Client.id == Equipment.client_id).where(equipment.begins_with(text))
    if actor.is_client:
        statement = statement.where(Equipment.client_id == actor.client_id)
    rows = session().execute(statement.order_by(Equipment.serial).limit(MOST))
    return [Hit(_("Equipment"), item.serial, name, url_for("equipment.show", equipment_id=item.id)) for item, name in rows]


def _holders(actor: Actor, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[Hit]:
    """Who holds an address, or held it last; for staff the way to its whole history, too."""
    statement = (
        select(AddressHold, Equipment.serial, Client.name)
        .join(Equipment, Equipment.id == AddressHold.holder_id)
        .join(Client, Client.id == AddressHold.client_id)
        .where(AddressHold.address == address)
    )
    if actor.is_client:
        statement = statement.where(AddressHold.client_id == actor.client_id)
    rows = session().execute(statement.order_by(AddressHold.id.desc()).limit(MOST))
    hits = [
        Hit(_("IP address"), f"{address} · {serial}", name, url_for("equipment.show", equipment_id=hold.holder_id))
        for hold, serial, name in rows
    ]
    if actor.may(Permission.NETWORK_READ):
        hits.append(Hit(_("IP address"), str(address), _("Who held it, and when"), url_for("network.history", address=str(address))))
    return hits


def _orders(actor: Actor) -> Select[Any]:
    statement = select(WorkOrder)
    return statement.where(WorkOrder.client_id == actor.client_id) if actor.is_client else statement


def _who(row: Any) -> str:
    return row.name if isinstance(row, Client) else row.client.name if "client" in row.__dict__ else ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
