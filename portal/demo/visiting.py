"""Temporary access in the demo: visits of the last days and of the next, in every state; one room escorts, one client has a rule."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.clients.models import Client
from portal.clients.services import NewPerson
from portal.contracts.models import Contract
from portal.demo import cases, pictures
from portal.demo.numbers import identity_number
from portal.demo.people import COMPANIES
from portal.facility import administration as facility
from portal.facility.models import Room
from portal.files.services import stage
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.policy import Actor, Role
from portal.passes import fonts
from portal.visits import queries, services, settings
from portal.visits.naming import Named, visitors_of
from portal.visits.services import Approval, LaterEnd, VisitRequest

SUPPLIERS = ("凯捷工程服务有限公司", "北方电源技术有限公司", "锐达网络工程有限公司")
FITTERS = ("许巍", "段誉明", "白洁", "侯建国", "陆小川", "孟繁星", "唐一菲", "谢长亭", "郝运来", "康宁")

# Client, how many days from today it begins, hour, hours it lasts, how many people, what for, and what becomes of it.
VISITS: tuple[tuple[int, int, int, int, int, str, str], ...] = (
    (0, -9, 10, 6, 2, "更换故障电源模块", "over"),
    (2, -6, 9, 8, 3, "季度设备巡检", "over"),
    (0, -3, 14, 3, 1, "光模块更换", "over"),
    (1, -2, 9, 9, 2, "存储扩容前勘查", "lapsed"),
    (0, 0, 0, 24, 3, "核心交换机割接", "approved"),
    (3, 0, 9, 72, 2, "UPS 蓄电池检测", "longer"),
    (0, 1, 9, 8, 4, "新机柜布线", "under_review"),
    (4, 1, 13, 4, 1, "硬盘更换", "under_review"),
    (5, 2, 10, 5, 2, "防火墙升级", "needs_correction"),
    (0, 3, 9, 8, 2, "服务器巡检", "approved"),
    (6, 2, 22, 6, 2, "夜间割接，业务低峰期才能进行", "exception"),
    (7, 4, 9, 8, 6, "参观", "refused"),
    (0, 5, 14, 3, 1, "备件更换", "cancelled"),
    (8, 2, 9, 4, 1, "例行巡检", "by_rule"),
    (2, 6, 9, 48, 2, "负载均衡设备上线调试", "approved"),
)


def what_visits_there_are(now: datetime) -> None:
    """Sets the room's and the clients' rules, then asks for the visits in the order of their time."""
    administrator, service = cases.staff(Role.ADMINISTRATOR), cases.staff(Role.CUSTOMER_SERVICE)
    long_ago = now - timedelta(days=60)
    with transaction():
        room = session().scalars(select(Room).order_by(Room.code).limit(1)).one()
        facts = facility.RoomFacts(room.site_id, room.code, room.name, room.name_en, escorted=True)
        facility.change_room(room, facts, administrator, long_ago)
        settings.set_rule(_client(8), settings.RuleFacts(True, 2, 8, 2), service, long_ago)
        settings.set_rule(_client(3), settings.RuleFacts(False, 2, 8, 1), service, long_ago)
    for number, (index, days, hour, hours, people, reason, fate) in enumerate(VISITS):
        with transaction():
            begins = clock.at_local(clock.today(now) + timedelta(days=days), hour)
            asked = min(now - timedelta(hours=2, minutes=7 * number), begins - timedelta(days=1))
            _visit(number, _client(index), asked, begins, begins + timedelta(hours=hours), people, reason, fate)
    with transaction():
        services.over_due(now)


def visiting_hours(now: datetime) -> None:
    """Sets the first site's hours: after all visits of the demo, which come at any time of the day at which it is loaded."""
    administrator = cases.staff(Role.ADMINISTRATOR)
    with transaction():
        hours_of_day = settings.HoursFacts(8 * 60, 20 * 60, "1234567", False, 30)
        settings.set_hours(queries.sites_with_hours()[0][0], hours_of_day, administrator, now - timedelta(hours=1))


def _visit(number: int, client: Client, asked: datetime, begins: datetime, ends: datetime, people: int, reason: str, fate: str) -> None:
    actor, service, room_id = cases.admin_of(client), cases.staff(Role.CUSTOMER_SERVICE), _contract(client).room_id
    command = VisitRequest(
        client_id=client.id,
        room_id=room_id,
        reason=reason,
        starts_at=begins,
        ends_at=ends,
        people=tuple(_named(client, number * 7 + place, number) for place in range(people)),
        letter_id=_letter(client, reason, begins, actor, asked),
        opens_rack=number % 3 != 2,
        tools=("万用表、螺丝刀套装、笔记本电脑", "光功率计、跳线若干", "")[number % 3],
        vehicles=(("京A8K236",), (), ("京QF1057", "京AD31882"))[number % 3],
        exception="业务低峰期在夜间，须避开白天" if fate == "exception" else "",
    )
    visit = services.request(command, actor, asked)
    answered = asked + timedelta(minutes=50)
    if fate in ("approved", "over", "longer", "cancelled"):
        escorted = session().get_one(Room, room_id).escorted or number % 2 == 0
        chosen = frozenset(visitor.id for visitor in visitors_of(visit.id)[: max(1, people - (number == 4))])
        services.approve(visit, Approval(chosen, escorted), service, answered)
    if fate == "over" or fate == "lapsed":
        services.over_due(ends + timedelta(minutes=1))
    elif fate == "longer":
        services.ask_for_more_time(visit, LaterEnd(ends + timedelta(hours=6), "备用电池晚到一天"), actor, answered + timedelta(minutes=30))
    elif fate == "needs_correction":
        services.ask_correction(visit, "介绍信未写明进入时间，请补充。", service, answered)
    elif fate == "refused":
        services.refuse(visit, "参观请走预约参观流程，不办理临时进入。", service, answered)
    elif fate == "cancelled":
        services.cancel(visit, "备件未到货，改期。", actor, answered + timedelta(minutes=20))


def _letter(client: Client, reason: str, begins: datetime, actor: Actor, asked: datetime) -> uuid.UUID:
    when = f"{clock.local(begins):%Y-%m-%d %H:%M}"
    lines = [
        "介 绍 信",
        "睿柏数据中心：",
        f"    因{reason}，我单位人员需于",
        f"    {when} 起进入机房，",
        "    请予安排。",
        "",
        f"    {client.name}",
    ]
    page = pictures.paper(lines, fonts.prepared().regular, seal=True)
    return stage(page, "介绍信.jpg", "letter", actor, asked).id


def _named(client: Client, seed: int, visit: int) -> Named:
    name, supplier = FITTERS[seed % len(FITTERS)], SUPPLIERS[visit % len(SUPPLIERS)]
    values: dict[str, Any] = {"phone": f"1390000{1000 + seed % len(FITTERS):04d}", "employer": supplier}
    person = NewPerson(client.id, name, "identity_card", identity_number(700 + seed % len(FITTERS)), **values)
    return Named(None, person, f"fitter{seed % len(FITTERS)}@supplier.example" if seed % 2 else "")


def _client(index: int) -> Client:
    return session().scalars(select(Client).where(Client.name == COMPANIES[index][0])).one()


def _contract(client: Client) -> Contract:
    in_force = select(Contract).where(Contract.client_id == client.id, Contract.state == "in_force").options(joinedload(Contract.room))
    return session().scalars(in_force.order_by(Contract.number)).first() or _none(client)


def _none(client: Client) -> Contract:
    raise LookupError(f"{client.name} has no contract in force")
