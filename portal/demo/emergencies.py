"""Emergencies in every state, the rota of the supervisors, a chat channel, and the calendar with its freezes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.queries import actor_of
from portal.calendar import services as calendar
from portal.calendar.services import NewFreeze
from portal.clients.models import Client
from portal.contracts.models import Contract
from portal.demo import cases
from portal.demo.numbers import identity_number
from portal.demo.people import COMPANIES
from portal.emergencies import queries, reporting, services
from portal.emergencies.models import Emergency
from portal.emergencies.reporting import Report
from portal.emergencies.services import Expected, Request
from portal.equipment.models import Equipment
from portal.facility.models import Room, Site
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.policy import Actor, Role
from portal.oncall import queries as oncall
from portal.oncall import services as rota
from portal.oncall.rules import WEEK, monday_of
from portal.oncall.services import ChannelFacts

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def calendar_and_rota(now: datetime) -> None:
    """Freezes past, coming and lifted; a day entered by hand; who is on call from a month ago to six weeks ahead."""
    supervisor, administrator = cases.staff(Role.SUPERVISOR), cases.staff(Role.ADMINISTRATOR)
    with transaction():
        site = session().scalars(select(Site).order_by(Site.code)).first()
        room = session().scalars(select(Room).order_by(Room.code)).first()
        assert site is not None
        assert room is not None
        today = clock.today(now)
        for first, days, place, reason, made in (
            (today - timedelta(days=14), 3, site, "双十一业务保障", 40),
            (today + timedelta(days=33), 4, site, "年终决算保障", 1),
            (today + timedelta(days=20), 1, room, "配电柜切换", 2),
        ):
            at_site = isinstance(place, Site)
            times = clock.at_local(first), clock.at_local(first + timedelta(days=days))
            command = NewFreeze(place.id if at_site else None, None if at_site else place.id, *times, reason)
            freeze = calendar.make_freeze(command, supervisor, now - timedelta(days=made))
            if reason == "配电柜切换":
                calendar.lift_freeze(freeze.id, "切换改期到下季度", supervisor, now - HOUR)
        calendar.set_day(date(today.year + 1, 1, 1), False, "元旦（国务院通知公布前暂定）", administrator, now - timedelta(days=3))
        people = [user.id for user in oncall.supervisors()]
        for number in range(-4, 7):
            monday = monday_of(today) + WEEK * number
            rota.set_week(monday, people[number % 3], people[(number + 1) % 3], supervisor, min(now, clock.at_local(monday)) - WEEK)
        channel = rota.add_channel(ChannelFacts("主管值班群", "wecombot://demo-0000-0000-0000"), administrator, now - timedelta(days=30))
        rota.switch_channel(channel, False, administrator, now - timedelta(days=29))


def emergencies(now: datetime) -> None:
    """One in each state, a report that is overdue among them."""
    day = timedelta(days=1)
    _closed(2, now - 40 * day)
    with transaction():
        refused = _asked(3, now - 20 * day, "希望提前更换一台非关键服务器的风扇。")
        services.refuse(refused, "不影响业务，可按临时进入办理。", _supervisor(now - 20 * day), now - 20 * day + 6 * MINUTE)
    with transaction():
        cancelled = _asked(5, now - 12 * day, "远程管理口无响应，需现场重启。")
        services.cancel(cancelled, "带外管理已恢复，不再需要进入。", _client_user(5), now - 12 * day + 20 * MINUTE)
    with transaction():
        _approved(6, now - 9 * day, "存储控制器告警，工程师从外地赶来。")
    with transaction():
        services.lapse_due(now - 8 * day)
    with transaction():
        _left(9, now - 8 * day, "核心交换机电源模块故障。")
    with transaction():
        reporting.chase_reports(now - 2 * day)
    with transaction():
        reported = _left(4, now - 2 * day, "数据库主机宕机，需更换内存。")
        _report(reported, "更换 DIMM A3 内存一条，开机自检正常，业务恢复。", 4, now - 2 * day + 3 * HOUR)
    with transaction():
        _left(0, now - 16 * HOUR, "负载均衡主备同时失联。")
    with transaction():
        _approved(1, now - 30 * MINUTE, "阵列卡电池失效，写缓存关闭，业务变慢。")
    with transaction():
        _asked(8, now - 4 * MINUTE, "机柜整柜掉电，业务中断。", by_phone=True)


def _closed(index: int, at: datetime) -> None:
    with transaction():
        emergency = _left(index, at, "防火墙主机故障，备机未接管。")
        _report(emergency, "更换故障防火墙，恢复配置，切回主备。", index, at + 4 * HOUR)
        reporting.send_back(emergency, "请写明更换下来的设备去向。", _supervisor(at), at + 20 * HOUR)
        _report(emergency, "更换故障防火墙，恢复配置，切回主备。旧设备留在机柜内待撤机。", index, at + 22 * HOUR)
        reporting.close(emergency, "情况清楚。", _supervisor(at), at + 26 * HOUR)


def _asked(index: int, at: datetime, reason: str, *, by_phone: bool = False) -> Emergency:
    client, contract = _of(index)
    items = session().scalars(
        select(Equipment.serial)
        .where(Equipment.contract_id == contract.id, Equipment.state == "in_service")
        .order_by(Equipment.serial)
        .limit(1)
    )
    engineer = Expected(COMPANIES[index][2][-1], "139 0013 9000")
    command = Request(
        client.id, contract.room_id, reason, (engineer,), tuple(items),
        caller_name=COMPANIES[index][2][0] if by_phone else "", caller_phone="138 0013 8000" if by_phone else "",
        called_at=at - 2 * MINUTE if by_phone else None,
    )  # fmt: skip
    return services.ask(command, cases.staff(Role.DUTY) if by_phone else _client_user(index), at)


def _approved(index: int, at: datetime, reason: str) -> Emergency:
    emergency = _asked(index, at, reason)
    services.approve(emergency, "故障紧急，确需进入。", _supervisor(at), at + 5 * MINUTE)
    return emergency


def _left(index: int, at: datetime, reason: str) -> Emergency:
    """Entered after an hour, left after another."""
    emergency, guard = _approved(index, at, reason), cases.staff(Role.DUTY)
    (row,) = queries.people_of(emergency.id)
    services.identify_at_gate(emergency, row, row.name, "identity_card", identity_number(index * 10 + 2), guard, at + HOUR)
    services.note_entered(emergency, row, guard, at + HOUR + MINUTE)
    services.note_left(emergency, row, guard, at + 2 * HOUR)
    return emergency


def _report(emergency: Emergency, text: str, index: int, at: datetime) -> None:
    serials = [link.equipment_id for link in queries.equipment_links(emergency.id)]
    named = tuple(session().scalars(select(Equipment.serial).where(Equipment.id.in_(serials))))
    assert emergency.left_at is not None
    reporting.report(emergency, Report(text, named, emergency.left_at - 5 * MINUTE), _client_user(index), at)


def _of(index: int) -> tuple[Client, Contract]:
    client = session().scalars(select(Client).where(Client.name == COMPANIES[index][0])).one()
    in_force = select(Contract).where(Contract.client_id == client.id, Contract.state == "in_force").order_by(Contract.number)
    contract = session().scalars(in_force).first()
    assert contract is not None
    return client, contract


def _client_user(index: int) -> Actor:
    client, _contract = _of(index)
    return actor_of(session().scalars(select(User).where(User.client_id == client.id).order_by(User.id).limit(1)).one())


def _supervisor(at: datetime) -> Actor:
    """Who was on call then."""
    return actor_of(oncall.on_call(at)[0])
