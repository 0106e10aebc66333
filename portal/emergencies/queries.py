"""Reading emergencies: staff see all, client users their own client's."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.accounts.models import User
from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.desk.items import Counts, DueItem, Figure, Waits, told
from portal.emergencies import rules, terms
from portal.emergencies.lifecycle import EMERGENCY
from portal.emergencies.models import Emergency, EmergencyCall, EmergencyEquipment, EmergencyPerson
from portal.equipment.models import Equipment
from portal.facility.models import Rack, Room
from portal.kernel import clock, ids
from portal.kernel.db import session
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.filters import begins, is_number
from portal.kernel.i18n import _, ngettext
from portal.kernel.policy import Actor, Permission


def select_emergencies(actor: Actor) -> Select[Emergency]:
    """What the actor's list is made from, with client and room."""
    statement = select(Emergency).options(joinedload(Emergency.client), joinedload(Emergency.room))
    return statement.where(Emergency.client_id == actor.client_id) if actor.is_client else statement


def emergency_like(text: str) -> ColumnElement[bool]:
    """The emergencies that a text means: by the beginning of their number, else by their client's name."""
    if is_number(text):
        return begins(Emergency.number, text.upper())
    return Emergency.client_id.in_(Client.named(text))


def get_emergency(actor: Actor, emergency_id: uuid.UUID) -> Emergency:
    """One with everything that its page shows. Raises NotFound, for another client's too."""
    found = session().scalars(_whole(select_emergencies(actor)).where(Emergency.id == emergency_id)).one_or_none()
    if found is None:
        raise NotFound(emergency_id)
    return found


def for_gate(emergency_id: uuid.UUID) -> Emergency:
    """One for the gate's decision: its row locked, with client, room, contract and people. Raises NotFound."""
    session().execute(select(Emergency.id).where(Emergency.id == emergency_id).with_for_update())
    statement = _whole(select(Emergency).options(joinedload(Emergency.client), joinedload(Emergency.room)))
    found = session().scalars(statement.where(Emergency.id == emergency_id).execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound(emergency_id)
    return found


def people_of(emergency_id: uuid.UUID) -> list[EmergencyPerson]:
    return list(session().scalars(select(EmergencyPerson).where(EmergencyPerson.emergency_id == emergency_id).order_by(EmergencyPerson.id)))


def get_person(emergency: Emergency, row_id: uuid.UUID) -> EmergencyPerson:
    """One of the people of an emergency that was loaded for this actor. Raises NotFound."""
    row = session().get(EmergencyPerson, row_id)
    if row is None or row.emergency_id != emergency.id:
        raise NotFound(row_id)
    return row


def expected_at_gate(now: datetime) -> list[Emergency]:
    """Those that someone may go in on now, or is inside on: for the gate's page. At most 100, with client, room and people."""
    statement = _whole(select(Emergency).options(joinedload(Emergency.client), joinedload(Emergency.room)))
    live = (Emergency.state == "in_use") | (Emergency.state.in_(("approved", "report_due")) & (Emergency.lapses_at > now))
    return list(session().scalars(statement.where(live).order_by(Emergency.id).limit(100)))


def overdue_report(client_id: uuid.UUID, now: datetime) -> Emergency | None:
    """The oldest emergency of the client whose report is overdue, if there is one: until it is written nothing planned is requested."""
    overdue = (
        select(Emergency)
        .where(Emergency.client_id == client_id, Emergency.state == "report_due", Emergency.report_due_on < clock.today(now))
        .order_by(Emergency.report_due_on, Emergency.id)
        .limit(1)
    )
    return session().scalars(overdue).one_or_none()


def why_report_overdue(client_id: uuid.UUID, now: datetime) -> Refusal | None:
    """The refusal of the client's next planned request while a report of theirs is overdue (R-A2)."""
    found = overdue_report(client_id, now)
    return None if found is None else rules.REPORT_OVERDUE(number=found.number, day=found.report_due_on)


def rooms_in_force(client_id: uuid.UUID, now: datetime) -> dict[uuid.UUID, Contract]:
    """The rooms that the client has a contract in force for today, each with that contract, by room code."""
    today = clock.today(now)
    statement = (
        select(Contract)
        .join(Contract.room)
        .where(Contract.client_id == client_id, Contract.state == "in_force", Contract.starts_on <= today, Contract.ends_on >= today)
        .options(joinedload(Contract.room).joinedload(Room.site))
        .order_by(Room.code, Contract.ends_on)
    )
    return {contract.room_id: contract for contract in session().scalars(statement)}


def clients_to_ask_for(text: str, now: datetime) -> list[Client]:
    """Clients with a contract in force whose name holds the text or whose number begins with it: for who takes the call. At most 30."""
    today = clock.today(now)
    in_force = select(Contract.client_id).where(Contract.state == "in_force", Contract.starts_on <= today, Contract.ends_on >= today)
    named = Client.name.icontains(text, autoescape=True) | begins(Client.number, text.upper())
    statement = select(Client).where(Client.id.in_(in_force))
    return list(session().scalars((statement.where(named) if text else statement).order_by(Client.name, Client.id).limit(30)))


def equipment_in(client_id: uuid.UUID, room_id: uuid.UUID, limit: int = 200) -> list[Equipment]:
    """The client's equipment in a room, by rack and serial number: what can be chosen."""
    statement = (
        select(Equipment)
        .join(Equipment.rack)
        .where(Equipment.client_id == client_id, Equipment.state == "in_service", Rack.room_id == room_id)
        .options(joinedload(Equipment.model), joinedload(Equipment.rack))
        .order_by(Rack.code, Equipment.serial)
        .limit(limit)
    )
    return list(session().scalars(statement))


def called(emergency_id: uuid.UUID) -> list[uuid.UUID]:
    """The users who were told that it waits."""
    return list(session().scalars(select(EmergencyCall.user_id).where(EmergencyCall.emergency_id == emergency_id).distinct()))


def equipment_links(emergency_id: uuid.UUID) -> list[EmergencyEquipment]:
    return list(session().scalars(select(EmergencyEquipment).where(EmergencyEquipment.emergency_id == emergency_id)))


def names_of(user_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    """Names of users by id, one query."""
    wanted = [user_id for user_id in user_ids if user_id is not None]
    return dict(session().execute(select(User.id, User.name).where(User.id.in_(wanted))).all())


def waiting_for(actor: Actor, now: datetime) -> list[Waits]:
    """The supervisor: requests to decide, reports to review. The client and customer service: reports. The gate: who may come."""
    if actor.may(Permission.EMERGENCY_APPROVE):
        wanted: tuple[str, ...] = ("asked", "reported")
    elif actor.may(Permission.EMERGENCY_REPORT):
        wanted = ("report_due", "asked") if actor.is_client else ("report_due",)
    elif actor.may(Permission.GATE_VERIFY):
        wanted = ("approved",)
    else:
        return []
    return [Waits(_rows(actor).where(Emergency.state.in_(wanted)).order_by(Emergency.id).limit(20), _due)]


def to_decide(actor: Actor, now: datetime) -> list[DueItem]:
    """What the supervisor has to answer now: it stands above everything else on the desk."""
    if not actor.may(Permission.EMERGENCY_APPROVE):
        return []
    asked = _rows(actor).where(Emergency.state == "asked", Emergency.asked_by_id != actor.user_id)
    return [_due(row) for row in session().execute(asked.order_by(Emergency.id).limit(5))]


def counts(actor: Actor, now: datetime) -> Counts | None:
    """The emergencies' figures on the desk: bad news as long as one waits for its answer."""
    if actor.may(Permission.EMERGENCY_APPROVE):

        def to_answer(number: int, reported: int) -> list[Figure]:
            reports = ngettext("%(num)s report to review", "%(num)s reports to review", reported) if reported else ""
            sub = _("answer now") if number else reports
            return [Figure(_("Emergencies to decide"), number, sub, "/emergencies/?state=asked", "stop" if number else "")]

        return Counts((_count(Emergency.state == "asked"), _count(Emergency.state == "reported")), to_answer)
    if actor.is_client or actor.may(Permission.EMERGENCY_REPORT):
        mine = Emergency.client_id == actor.client_id if actor.is_client else Emergency.id.is_not(None)
        due_one = _count(Emergency.state == "report_due", mine)

        def to_report(due: int, overdue: int) -> list[Figure]:
            if actor.is_client and not due:
                return []
            sub = _("%(count)s overdue", count=overdue) if overdue else ""
            return [Figure(_("Emergency reports due"), due, sub, "/emergencies/?state=report_due", "stop" if overdue else "")]

        return Counts((due_one, due_one.where(Emergency.report_due_on < clock.today(now))), to_report)
    return None


def due_at(emergency: Emergency) -> datetime | None:
    """By when the next thing has to happen: an answer, an entry, a report."""
    if emergency.state == "asked":
        return emergency.created_at + terms.answer_within()
    if emergency.state == "approved":
        return emergency.lapses_at
    if emergency.state == "report_due" and emergency.report_due_on is not None:
        return clock.end_of(emergency.report_due_on)
    return None


def _count(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(func.count()).select_from(Emergency).where(*conditions)


def _whole(statement: Select[Emergency]) -> Select[Emergency]:
    return statement.options(
        joinedload(Emergency.contract),
        joinedload(Emergency.room).joinedload(Room.site),
        selectinload(Emergency.people).joinedload(EmergencyPerson.identified_by),
        selectinload(Emergency.people).joinedload(EmergencyPerson.person),
        selectinload(Emergency.equipment).joinedload(EmergencyEquipment.item).joinedload(Equipment.model),
        selectinload(Emergency.equipment).joinedload(EmergencyEquipment.item).joinedload(Equipment.rack),
        selectinload(Emergency.calls).joinedload(EmergencyCall.user),
    )


def _rows(actor: Actor) -> Select[*tuple[Any, ...]]:
    columns = (Emergency.id, Emergency.number, Emergency.state, Emergency.created_at, Emergency.lapses_at, Emergency.report_due_on)
    reason = func.substr(Emergency.reason, 1, 60, type_=String).label("reason")
    rows = select(*columns, reason, Client.name.label("client"), Room.code.label("room"))
    rows = rows.join(Client, Client.id == Emergency.client_id).join(Room, Room.id == Emergency.room_id)
    return rows.where(Emergency.client_id == actor.client_id) if actor.is_client else rows


def _due(row: Any) -> DueItem:
    titles = {
        "asked": _("Emergency access %(number)s", number=row.number),
        "approved": _("Emergency access %(number)s: expected at the gate", number=row.number),
        "report_due": _("Report on emergency access %(number)s", number=row.number),
        "reported": _("Review the report on %(number)s", number=row.number),
    }
    sub, state = f"{row.client} · {row.room} · {row.reason}", told(EMERGENCY.states[row.state])
    return DueItem(titles[row.state], sub, state, due_at(row), f"/emergencies/{ids.to_text(row.id)}")
