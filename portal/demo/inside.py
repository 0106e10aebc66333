"""Who is inside on a visit or an emergency in the demo: comings and goings of the last days, some inside now, one past their time."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.accounts.models import User
from portal.accounts.queries import actor_of
from portal.clients.models import Client
from portal.clients.services import NewPerson
from portal.contracts.models import Contract
from portal.demo import cases
from portal.demo.numbers import identity_number
from portal.demo.people import COMPANIES
from portal.emergencies import services as emergencies
from portal.emergencies.services import Expected, Request
from portal.facility.models import Room
from portal.gate import rules, services, stays
from portal.kernel import crypto
from portal.kernel.db import session, transaction
from portal.kernel.policy import Role
from portal.passes.models import Pass
from portal.passes.queries import live_pass
from portal.visits import services as visits
from portal.visits.models import Visitor
from portal.visits.naming import Named, visitors_of
from portal.visits.services import Approval, VisitRequest

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
POINTS = [key for key, _label in rules.CHECKLIST_POINTS]


def people_inside(now: datetime) -> None:
    """In the order of their times."""
    _visit(11, "更换光模块", _slot(now) - 26 * HOUR, 4, (("贺松", 30, 150), ("石磊", 35, 140)))
    _visit(12, "蓄电池内阻测试", _slot(now) - 4 * HOUR, 3, (("梁栋", 20, None),), kept=["camera", "magnet"])
    _visit(7, "布线施工", _slot(now) - 2 * HOUR, 8, (("葛亮", 15, None), ("贝宁", 15, None), ("纪云", 20, 70)), kept=["video_camera"])
    _emergency(13, "存储双控同时离线，业务中断。", now - 80 * MINUTE)
    with transaction():
        stays.flag_overstays(now - 20 * MINUTE)
        visits.over_due(now)


def _visit(
    index: int, reason: str, starts_at: datetime, hours: int, people: tuple[tuple[str, int, int | None], ...], kept: list[str] | None = None
) -> None:
    """A visit of people of a firm: each name with the minutes after the beginning at which they come and, if they have left, go."""
    client, contract = _of(index)
    actor, service = cases.admin_of(client), cases.staff(Role.CUSTOMER_SERVICE)
    asked = starts_at - 30 * HOUR
    with transaction():
        letter = cases.papers(client, people[0][0], "临时进入机房", actor, asked, 700 + index)["letter"]
        named = tuple(
            Named(None, NewPerson(client.id, name, "identity_card", identity_number(700 + index * 10 + place), "13700137000"))
            for place, (name, _comes, _goes) in enumerate(people)
        )
        command = VisitRequest(client.id, contract.room_id, reason, starts_at, starts_at + hours * HOUR, named, letter)
        visit = visits.request(command, actor, asked)
        if visit.state == "under_review":
            visitors = frozenset(visitor.id for visitor in visitors_of(visit.id))
            visits.approve(visit, Approval(visitors, escorted=True), service, asked + HOUR)
        by_name = {visitor.person.name: visitor for visitor in visitors_of(visit.id)}
    for name, comes, goes in people:
        with transaction():
            _in_and_out(by_name[name], contract.room, starts_at + comes * MINUTE, starts_at + goes * MINUTE if goes else None, kept)


def _in_and_out(visitor: Visitor, room: Room, comes: datetime, goes: datetime | None, kept: list[str] | None) -> None:
    guard, escort = cases.staff(Role.DUTY), cases.staff(Role.ROOM_STAFF).user_id
    found = live_pass(visitor.id)
    assert found is not None
    services.verify(found.short_code, guard, comes)
    services.enter(found, room.id, POINTS, crypto.new_token(), guard, comes + MINUTE, escort_id=escort, kept=kept or ())
    if goes is not None:
        services.verify(found.short_code, guard, goes)
        services.leave(found, crypto.new_token(), guard, goes + MINUTE, given_back=kept or ())


def _emergency(index: int, reason: str, asked: datetime) -> None:
    """One that is in use now."""
    client, contract = _of(index)
    guard = cases.staff(Role.DUTY, 1)
    with transaction():
        engineer = Expected(COMPANIES[index][2][-1], "139 0013 9000")
        emergency = emergencies.ask(Request(client.id, contract.room_id, reason, (engineer,)), cases.admin_of(client), asked)
        supervisor = session().scalars(select(User).where(User.role == Role.SUPERVISOR.value).order_by(User.id)).first()
        assert supervisor is not None
        emergencies.approve(emergency, "业务中断，同意。", actor_of(supervisor), asked + 6 * MINUTE)
        row = emergencies.identify_at_gate(
            emergency, None, "雷鸣", "identity_card", identity_number(690 + index), guard, asked + 40 * MINUTE
        )  # fmt: skip
        found = _pass_of(emergency.id)
        services.enter(
            found, contract.room_id, POINTS, crypto.new_token(), guard, asked + 42 * MINUTE,
            escort_id=cases.staff(Role.ROOM_STAFF).user_id, who_id=row.id,
        )  # fmt: skip


def _pass_of(subject_id: uuid.UUID) -> Pass:
    return session().scalars(select(Pass).where(Pass.subject_id == subject_id).order_by(Pass.id.desc())).first() or _nothing()


def _nothing() -> Pass:
    raise LookupError("a pass")


def _slot(now: datetime) -> datetime:
    """The half hour that is running."""
    return now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)


def _of(index: int) -> tuple[Client, Contract]:
    client = session().scalars(select(Client).where(Client.name == COMPANIES[index][0])).one()
    statement = select(Contract).options(joinedload(Contract.room)).where(Contract.client_id == client.id, Contract.state == "in_force")
    return client, session().scalars(statement.order_by(Contract.id)).first() or _none(client)


def _none(client: Client) -> Contract:
    raise LookupError(client.name)
