"""What sales and supervisors do with contracts: draft, sign, suspend, renew, end, close."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.accounts import queries as accounts
from portal.audit import services as audit
from portal.clients.models import Client
from portal.contracts import emails, granting, queries, rules
from portal.contracts.models import Contract, ContractDocument, ContractExpiryNotice
from portal.facility.models import Room
from portal.files import services as files
from portal.kernel import change, clock, ids
from portal.kernel.db import session
from portal.kernel.errors import Forbidden, NotFound, Refused
from portal.kernel.numbers import next_number
from portal.kernel.policy import SYSTEM, Actor, Permission, Role
from portal.outbox.messages import Message, Recipient
from portal.outbox.services import notify

BATCH = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What a contract grants: U outside whole racks, whole racks, W, Mbit/s, addresses and ports."""

    units_granted: int
    power_w: int
    bandwidth_mbps: int
    ips_per_server: int
    ports_per_server: int
    ips_total: int | None
    ports_total: int | None
    rack_ids: tuple[uuid.UUID, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContract(Terms):
    """A whole contract. Days are the site's, both included. `renews_id`: an earlier contract that this one goes on from."""

    client_id: uuid.UUID
    room_id: uuid.UUID
    starts_on: date
    ends_on: date
    renews_id: uuid.UUID | None = None


def draft_contract(command: NewContract, actor: Actor, now: datetime) -> Contract:
    """Opens a draft with a number of the series HT. Its whole racks are kept for it from now on. Raises Refused, Forbidden."""
    room, client = session().get(Room, command.room_id), session().get(Client, command.client_id)
    if room is None or client is None:
        raise NotFound(command.room_id)
    contract = Contract(id=ids.new(), client_id=client.id, number=next_number("HT", now), **_values(command))
    contract.starts_on, contract.ends_on, contract.room_id = command.starts_on, command.ends_on, room.id
    contract.sales_id = actor.user_id if actor.role is Role.SALES else client.sales_id
    if command.renews_id is not None:
        contract.renews_id = _earlier(command.renews_id, client.id)
    racks = granting.check(contract, room, command.rack_ids)
    facts = {"client": client.name, "room": room.code, "from": command.starts_on, "until": command.ends_on, "racks": granting.codes(racks)}
    change.open_record(contract, "draft", actor, now, facts=facts)
    granting.grant(contract.id, racks, now)
    return contract


def change_draft(contract: Contract, command: NewContract, actor: Actor, now: datetime) -> None:
    """Changes anything in a draft but whose it is. Raises Refused."""
    _change(contract, command, ("draft",), actor, now, None)


def change_terms(contract: Contract, command: Terms, reason: str, actor: Actor, now: datetime) -> None:
    """Changes what a signed contract grants, never below what is in use; its days change by renewal alone. Raises Refused."""
    _change(contract, command, ("in_force", "suspended"), actor, now, reason)


def sign_contract(contract: Contract, actor: Actor, now: datetime) -> None:
    """Puts a draft in force, once the room can still hold what it grants. Raises Refused, Conflict."""
    change.lock(contract)
    today = clock.today(now)
    if contract.state == "draft":
        if contract.ends_on < today:
            raise Refused(rules.OVER_ALREADY(day=contract.ends_on))
        room = session().get_one(Room, contract.room_id)
        granting.check(contract, room, [rack.id for rack in queries.racks_granted(contract.id)])
    change.move(contract, "sign", actor, now, facts={"until": contract.ends_on})
    room = session().get_one(Room, contract.room_id)
    told = {"number": contract.number, "room": room.code, "starts_on": str(contract.starts_on), "ends_on": str(contract.ends_on)}
    notify(emails.SIGNED, accounts.recipients_of_client(contract.client_id), now, path=_path(contract), data=told)


def cancel_contract(contract: Contract, reason: str, actor: Actor, now: datetime) -> None:
    """Gives a draft up, and its racks free."""
    change.move(contract, "cancel", actor, now, reason=reason)
    granting.revoke(contract.id)


def suspend_contract(contract: Contract, reason: str, actor: Actor, now: datetime) -> None:
    """Stops everything under the contract until it is resumed: badges, entries, rack-ins look at its state."""
    change.move(contract, "suspend", actor, now, reason=reason)
    _tell(emails.SUSPENDED, contract, now, why=reason)


def resume_contract(contract: Contract, reason: str, actor: Actor, now: datetime) -> None:
    change.move(contract, "resume", actor, now, reason=reason)
    _tell(emails.RESUMED, contract, now)


def end_contract(contract: Contract, reason: str, actor: Actor, now: datetime) -> None:
    """Begins the end before its day: from now on things only leave (R-B7, R-X5)."""
    change.move(contract, "end", actor, now, reason=reason)
    _tell(emails.ENDING, contract, now, why=reason)


def renew_contract(contract: Contract, ends_on: date, note: str, actor: Actor, now: datetime) -> None:
    """Moves the last day further out; one that is ending is in force again. Raises Refused, Forbidden."""
    _need(actor, Permission.CONTRACT_WRITE)
    change.lock(contract)
    today = clock.today(now)
    if refusal := rules.why_not_renewal(contract, ends_on, today):
        raise Refused(refusal)
    before = contract.ends_on
    room = session().get_one(Room, contract.room_id)
    racks = queries.racks_granted(contract.id)
    contract.ends_on = ends_on
    with session().no_autoflush:
        granting.check(contract, room, [rack.id for rack in racks])
    session().flush()
    audit.record(
        "contract.renewed", "contract", contract.id, contract.number, actor, now, client_id=contract.client_id,
        before={"ends_on": before}, after={"ends_on": ends_on}, reason=note or None,
    )  # fmt: skip
    if contract.state == "ending":
        change.move(contract, "reinstate", actor, now, facts={"until": ends_on})
    _tell(emails.RENEWED, contract, now)


def close_contract(contract: Contract, actor: Actor, now: datetime) -> None:
    """Closes an ending contract once nothing of it is left (R-X5). Raises Refused with what is still open, kind by kind.

    Client and contract are locked, in the order that badge applications and acceptances take: neither slips in between.
    """
    session().execute(select(Client.id).where(Client.id == contract.client_id).with_for_update())
    change.lock(contract)
    if contract.state == "ending" and (refusals := rules.why_not_close(queries.open_ends(contract))):
        raise Refused(*refusals)
    change.move(contract, "close", actor, now)
    granting.revoke(contract.id)
    _tell(emails.CLOSED, contract, now)


def add_document(contract: Contract, file_id: uuid.UUID, title: str, actor: Actor, now: datetime) -> ContractDocument:
    """Adds a paper; it opens to the client itself, sales and supervisors alone (R-S2). Raises Refused, Forbidden."""
    _need(actor, Permission.CONTRACT_WRITE)
    if contract.state == "cancelled":
        raise Refused(rules.NO_DOCUMENTS(number=contract.number))
    file = files.claim(file_id, "contract_document", contract.client_id, actor, now)
    document = ContractDocument(created_at=now, contract_id=contract.id, file_id=file.id, title=title or file.filename)
    session().add(document)
    session().flush()
    audit.record(
        "contract.document_added", "contract", contract.id, contract.number, actor, now, client_id=contract.client_id,
        after={"title": document.title, "file": file.filename},
    )  # fmt: skip
    return document


def expire_due(now: datetime) -> int:
    """Begins the end of contracts whose last day (the site's) is over. Returns how many; the next run takes what is left."""
    due = (
        select(Contract)
        .where(Contract.state.in_(("in_force", "suspended")), Contract.ends_on < clock.today(now))
        .order_by(Contract.ends_on)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    contracts = list(session().scalars(due.execution_options(populate_existing=True)))
    for contract in contracts:
        change.move(contract, "expire", SYSTEM, now, facts={"ends_on": contract.ends_on})
        _tell(emails.REACHED_END, contract, now)
    return len(contracts)


def announce_ends(now: datetime) -> int:
    """Tells client and sales 60, 30 and 7 days before a contract's last day, once each. Returns how many were told of.

    A contract that comes within several of these at once (signed late) is announced once. A renewal begins anew.
    """
    today = clock.today(now)
    nearing = (
        select(Contract)
        .where(
            Contract.state.in_(("in_force", "suspended")),
            Contract.ends_on >= today,
            Contract.ends_on <= today + timedelta(days=max(rules.ANNOUNCED_DAYS)),
        )
        .order_by(Contract.id)
    )
    contracts = list(session().scalars(nearing))
    known = select(ContractExpiryNotice.contract_id, ContractExpiryNotice.ends_on, ContractExpiryNotice.days)
    told = {tuple(row) for row in session().execute(known.where(ContractExpiryNotice.ends_on >= today))}
    announced = 0
    for contract in contracts:
        days = rules.announcement_due(contract.ends_on, today)
        if days is None or (contract.id, contract.ends_on, days) in told:
            continue
        session().add(ContractExpiryNotice(created_at=now, contract_id=contract.id, ends_on=contract.ends_on, days=days))
        audit.record(
            "contract.end_announced", "contract", contract.id, contract.number, SYSTEM, now, client_id=contract.client_id,
            after={"ends_on": contract.ends_on, "days": days},
        )  # fmt: skip
        _tell(emails.ENDS_SOON, contract, now, left=(contract.ends_on - today).days)
        announced += 1
    return announced


def _change(contract: Contract, command: Terms, states: tuple[str, ...], actor: Actor, now: datetime, reason: str | None) -> None:
    _need(actor, Permission.CONTRACT_WRITE)
    change.lock(contract)
    if contract.state not in states:
        raise Refused(rules.NOT_CHANGEABLE(number=contract.number))
    values = _values(command)
    if isinstance(command, NewContract):
        values |= {"room_id": command.room_id, "starts_on": command.starts_on, "ends_on": command.ends_on}
    had = queries.racks_granted(contract.id)
    before = {name: getattr(contract, name) for name in values if getattr(contract, name) != values[name]}
    for name in before:
        setattr(contract, name, values[name])
    room = session().get(Room, contract.room_id)
    if room is None:
        raise NotFound(contract.room_id)
    with session().no_autoflush:
        racks = granting.check(contract, room, command.rack_ids)
        if contract.state != "draft":
            used = queries.usage(contract.id, set(command.rack_ids))
            less = rules.why_not_less(used, command.units_granted, command.power_w, command.ips_total, command.ports_total)
            if less:
                raise Refused(*less)
    after = {name: values[name] for name in before}
    if "room_id" in before:
        del before["room_id"], after["room_id"]
        after["room"] = room.code
    if {rack.id for rack in had} != {rack.id for rack in racks}:
        before["racks"], after["racks"] = granting.codes(had), granting.codes(racks)
        granting.revoke(contract.id)
        granting.grant(contract.id, racks, now)
    session().flush()
    if after:
        audit.record(
            "contract.changed", "contract", contract.id, contract.number, actor, now, client_id=contract.client_id,
            before=before, after=after, reason=reason,
        )  # fmt: skip


def _values(command: Terms) -> dict[str, Any]:
    return {field.name: getattr(command, field.name) for field in fields(Terms) if field.name != "rack_ids"}


def _earlier(contract_id: uuid.UUID, client_id: uuid.UUID) -> uuid.UUID:
    earlier = session().get(Contract, contract_id)
    if earlier is None or earlier.client_id != client_id:
        raise NotFound(contract_id)
    return earlier.id


def _need(actor: Actor, permission: Permission) -> None:
    if not actor.may(permission):
        raise Forbidden(permission)


def _tell(message: Message, contract: Contract, now: datetime, **data: Any) -> None:
    """Tells the client's users and the contract's sales person (all of sales where none is named)."""
    sales: list[Recipient] = accounts.recipient(contract.sales_id) if contract.sales_id else []
    recipients = [*accounts.recipients_of_client(contract.client_id), *(sales or accounts.recipients_with_role(Role.SALES))]
    client = session().get_one(Client, contract.client_id)
    told = {"number": contract.number, "client": client.name, "ends_on": str(contract.ends_on), **data}
    notify(message, recipients, now, path=_path(contract), data=told)


def _path(contract: Contract) -> str:
    return f"/contracts/{ids.to_text(contract.id)}"
