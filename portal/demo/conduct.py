"""Violations in every state, one ban that crosses two clients, one suspension that is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.clients import services as clients
from portal.clients.models import Client, Person
from portal.conduct import services
from portal.conduct.models import Violation
from portal.conduct.rules import BAN, NOTE, POLICE, SUSPENSION, WARNING, Outcome
from portal.conduct.services import NewAppeal, NewViolation, Verdict
from portal.demo import cases
from portal.demo.people import COMPANIES
from portal.demo.pictures import scene
from portal.facility.models import Room
from portal.files.services import stage
from portal.kernel.db import session, transaction
from portal.kernel.policy import Actor, Role


def violations(now: datetime) -> None:
    """What went wrong in the last two months, and what was made of it."""
    for step in (_banned_at_two_clients, _suspended_and_over, _under_way, _answered, _small_ones):
        with transaction():
            step(now)


def _banned_at_two_clients(now: datetime) -> None:
    """蒋欣 works for two companies: the ban decided for one shuts them out at both."""
    at, other = now - timedelta(days=5), _client(19)
    person = _person(8, 0)
    command = clients.NewPerson(other.id, person.name, person.document_kind, person.document_number, "13900139000")
    clients.add_person(command, cases.staff(Role.CUSTOMER_SERVICE), at - timedelta(days=20))
    found = _record(
        person, "r_s4", "grave", at, "未经授权打开其他客户的机柜并拔出两块硬盘，被值班人员当场制止。", evidence=2,
        witness="机房管理人员 马超", note="监控录像 03:12–03:19 已封存。", place="3 列 07 柜前",
    )  # fmt: skip
    _decide(found, {BAN, POLICE}, None, "擅自触碰他人设备，情节特别严重。", at + timedelta(hours=3))


def _suspended_and_over(now: datetime) -> None:
    at = now - timedelta(days=40)
    found = _record(_person(12, 0), "r_e2", "serious", at, "在机房通道内吸烟，触发烟感预警。", evidence=1, witness="值班人员 郑毅")
    _decide(found, {SUSPENSION}, 7, "机房内严禁吸烟。", at + timedelta(days=1))
    services.end_suspensions(at + timedelta(days=10))
    services.close_due(at + timedelta(days=20))


def _under_way(now: datetime) -> None:
    """Waiting for a decision: someone known, someone unknown, and one that was a mistake."""
    _record(_person(3, 0), "r_e4", "minor", now - timedelta(hours=5), "设备拆箱后放在机柜外过夜，占用冷通道。", evidence=1)
    client, room = _client(6), _room()
    guard = cases.staff(Role.DUTY, 1)
    unknown = NewViolation(
        client_id=client.id, person_id=None, person_name="自称云栖外协的男子，约三十岁，蓝色工装", rule="r_s4", severity="serious",
        happened_at=now - timedelta(hours=22), room_id=room.id, place="西侧门禁", description="尾随他人进入，被拦下后离开，未出示证件。",
        witness="值班人员 郑毅", note="监控截图待比对。", evidence=(_evidence(guard, now - timedelta(hours=21), 60),),
    )  # fmt: skip
    services.record(unknown, guard, now - timedelta(hours=21))
    mistaken = _record(_person(15, 0), "r_e1", "minor", now - timedelta(days=3), "携带摄像机进入。")
    services.withdraw(
        mistaken, "经核对，摄像机已在门岗寄存，未带入机房。", cases.staff(Role.DUTY), now - timedelta(days=3) + timedelta(hours=1)
    )


def _answered(now: datetime) -> None:
    """Appeals: one waits, one was upheld, one reduced, one granted; and a decision that was lifted without one."""
    for index, days, how in ((0, 3, "waits"), (5, 18, "uphold"), (7, 16, "reduce"), (9, 15, "grant"), (11, 12, "lift")):
        at, person = now - timedelta(days=days), _person(index, 1 if index == 0 else 0)
        story = {
            "waits": "在机柜外私接电源给笔记本电脑充电，影响同列供电。",
            "uphold": "将出入证借给同事使用，持证人照片与本人不符。",
            "reduce": "未经申请更改交换机端口参数。",
            "grant": "挪动公共梯子后未归位，砸坏走线架。",
            "lift": "使用他人已停用的 IP 地址对外提供服务。",
        }[how]
        rule = {"waits": "r_e4", "uphold": "r_b4", "reduce": "r_s5", "grant": "r_s6", "lift": "r_s3"}[how]
        found = _record(person, rule, "serious", at, story, evidence=1)
        _decide(found, {SUSPENSION}, 30 if how == "reduce" else 10, "影响其他客户，需暂停进入。", at + timedelta(hours=6))
        supervisor = cases.staff(Role.SUPERVISOR, 1)  # who decided does not answer the appeal
        if how == "lift":
            services.lift(found, "经查该地址系误分配，责任不在客户。", supervisor, at + timedelta(days=2))
            continue
        said = "当时情况紧急，且已征得机房管理人员口头同意，请予复核。"
        services.appeal(found, NewAppeal(said), cases.admin_of(session().get_one(Client, found.client_id)), at + timedelta(days=1))
        if how == "uphold":
            services.uphold(found, "口头同意无记录，维持原决定。", supervisor, at + timedelta(days=2))
        elif how == "reduce":
            lighter = Verdict(Outcome(frozenset({SUSPENSION}), 3), "主动说明并及时恢复，减轻处理。")
            services.reduce(found, lighter, supervisor, at + timedelta(days=2))
        elif how == "grant":
            services.grant(found, "经查看录像，梯子由施工单位挪动。", supervisor, at + timedelta(days=2))
    services.end_suspensions(now)


def _small_ones(now: datetime) -> None:
    for index, days, measure, rule, text in (
        (14, 26, NOTE, "r_e3", "进入机房未穿鞋套，经提醒后改正。"),
        (16, 6, WARNING, "r_e2", "离开时将包装泡沫遗留在机房内。"),
        (0, 9, WARNING, "r_e3", "鞋套破损后继续在机房内走动。"),
    ):
        at = now - timedelta(days=days)
        found = _record(_person(index, 0), rule, "minor", at, text)
        _decide(found, {measure}, None, "首次，予以提醒。", at + timedelta(hours=4))
    services.close_due(now)


def _record(person: Person, rule: str, severity: str, at: datetime, text: str, *, evidence: int = 0, **more: Any) -> Violation:
    guard = cases.staff(Role.DUTY)
    given = {"witness": "", "note": "", "place": ""} | more
    command = NewViolation(
        client_id=person.client_id, person_id=person.id, person_name="", rule=rule, severity=severity,
        happened_at=at - timedelta(minutes=20), room_id=_room().id, description=text,
        evidence=tuple(_evidence(guard, at, number) for number in range(evidence)), **given,
    )  # fmt: skip
    return services.record(command, guard, at)


def _decide(found: Violation, measures: set[str], days: int | None, reason: str, at: datetime) -> None:
    services.decide(found, Verdict(Outcome(frozenset(measures), days), reason), cases.staff(Role.SUPERVISOR), at)


def _evidence(actor: Actor, at: datetime, seed: int) -> Any:
    return stage(scene(seed), f"监控截图-{at:%m%d-%H%M}-{seed + 1}.jpg", "evidence", actor, at).id


def _client(index: int) -> Client:
    return session().scalars(select(Client).where(Client.name == COMPANIES[index][0])).one()


def _person(index: int, number: int) -> Person:
    found = session().scalars(select(Person).where(Person.client_id == _client(index).id).order_by(Person.id)).all()
    return found[number]


def _room() -> Room:
    return session().scalars(select(Room).order_by(Room.code).limit(1)).one()
