"""Small steps of the demo's story, each through the services, at the time when it is said to have happened."""

from __future__ import annotations

import random
import uuid
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.queries import actor_of
from portal.badges import services as badges
from portal.badges.models import Badge
from portal.clients.models import Client, Person
from portal.contracts.models import Contract
from portal.demo import pictures
from portal.demo.numbers import identity_number
from portal.demo.people import STAFF
from portal.equipment.models import Equipment, EquipmentModel
from portal.exits import services as exits
from portal.exits.models import Exit
from portal.files.services import stage
from portal.gate import rules as gate_rules
from portal.gate import services as gate
from portal.kernel import clock, crypto
from portal.kernel.db import session
from portal.kernel.policy import Actor, Role
from portal.passes import fonts
from portal.passes.queries import live_pass
from portal.workorders import acceptance, planning
from portal.workorders import queries as order_queries
from portal.workorders import rules as order_rules
from portal.workorders import services as orders
from portal.workorders.checking import Line
from portal.workorders.models import WorkOrder

chance = random.Random(2026)


def staff(role: Role, which: int = 0) -> Actor:
    """The demo's staff by role."""
    email = [address for address, _name, its_role in STAFF if its_role is role][which]
    return actor_of(session().scalars(select(User).where(User.email == email)).one())


def admin_of(client: Client) -> Actor:
    """The client's administrator."""
    return actor_of(session().scalars(select(User).where(User.client_id == client.id, User.role == Role.CLIENT_ADMIN.value)).one())


def papers(client: Client, person: str, subject: str, actor: Actor, now: datetime, seed: int) -> dict[str, uuid.UUID | None]:
    """A photo, an identity copy and, from a company, a letter: staged as a form would."""
    font = fonts.prepared().regular
    copy = pictures.paper(
        ["居民身份证（复印件）", f"姓名：{person}", f"公民身份号码：{identity_number(seed)}", "（演示数据）"], font, seal=False
    )
    letter = None
    if client.kind == "company":
        lines = [
            "介 绍 信",
            "睿柏数据中心：",
            f"    兹介绍我单位 {person} 前来办理{subject}，",
            "    请予接洽。",
            "",
            f"    {client.name}",
            f"    {now:%Y-%m-%d}",
        ]
        letter = stage(pictures.paper(lines, font, seal=True), "介绍信.jpg", "letter", actor, now).id
    return {
        "photo": stage(pictures.portrait(seed), f"{person}.jpg", "badge_photo", actor, now).id,
        "copy": stage(copy, "身份证复印件.jpg", "identity_copy", actor, now).id,
        "letter": letter,
    }


def contract_scan(client: Client, contract: Contract, actor: Actor, now: datetime) -> uuid.UUID:
    """The first page of a contract with the client's seal, staged as a form would. Its id."""
    lines = [
        "主 机 托 管 合 同",
        f"合同编号：{contract.number}",
        "甲方：睿柏数据中心",
        f"乙方：{client.name}",
        f"期限：{contract.starts_on} 至 {contract.ends_on}",
        f"机架单位：{contract.units_granted} U    功率：{contract.power_w} W    带宽：{contract.bandwidth_mbps} Mbit/s",
        "（演示数据）",
    ]
    page = pictures.paper(lines, fonts.prepared().regular, seal=client.kind == "company")
    return stage(page, f"{contract.number}.jpg", "contract_document", actor, now).id


def badge(client: Client, person: Person, contracts: list[Contract], until_state: str, now: datetime, seed: int) -> Badge:
    """An application that has come as far as `until_state`."""
    actor, service = admin_of(client), staff(Role.CUSTOMER_SERVICE)
    kept = papers(client, person.name, "机房出入证", actor, now, seed)
    command = badges.Application(client.id, person.id, tuple(c.id for c in contracts), kept["photo"], kept["copy"], kept["letter"])
    made = badges.apply_for_badge(command, actor, now)
    later = now + timedelta(hours=3)
    if until_state == "under_review":
        return made
    if until_state == "needs_correction":
        badges.ask_correction(made, "照片模糊，请重新上传正面免冠照片。", service, later)
        return made
    if until_state == "refused":
        badges.refuse(made, "介绍信与申请人姓名不一致。", service, later)
        return made
    badges.issue(made, min(max(c.ends_on for c in contracts), clock.today(now) + timedelta(days=364)), service, later)
    badges.note_printed([made], service, later)
    if until_state == "suspended":
        badges.suspend(made, "持证人离岗培训，暂停使用。", service, later + timedelta(days=3))
    elif until_state == "lost":
        badges.report_lost(made, actor, later + timedelta(days=5))
    elif until_state == "cancelled":
        badges.cancel(made, "员工离职。", actor, later + timedelta(days=6))
    elif until_state == "returned":
        badges.take_back(made, service, later + timedelta(days=9))
    return made


def visit(found: Badge, guard: Actor, at: datetime, stays: timedelta | None) -> None:
    """A badge holder comes in and, unless `stays` is None, leaves again."""
    live = live_pass(found.id)
    if live is None:
        return
    points = [key for key, _label in gate_rules.CHECKLIST_POINTS]
    verdict = gate.verify(live.short_code, guard, at)
    if verdict.refusal is not None or verdict.inside is not None:
        return
    gate.enter(live, verdict.rooms[0].id, points, crypto.new_token(), guard, at + timedelta(seconds=40))
    if stays is not None:
        gate.verify(live.short_code, guard, at + stays)
        gate.leave(live, crypto.new_token(), guard, at + stays + timedelta(seconds=15))


def order(
    contract: Contract, models: list[EquipmentModel], count: int, until_state: str, arrives: datetime, prefix: str, now: datetime
) -> WorkOrder:
    """A work order for `count` servers that has come as far as `until_state`; the earlier steps lie in the days before."""
    client = session().get_one(Client, contract.client_id)
    actor, sales, room = admin_of(client), staff(Role.SALES), staff(Role.ROOM_STAFF)
    lines = tuple(
        Line(model=chance.choice(models), serial=f"{prefix}{chance.randrange(16**6):06X}{number:02d}", asset_tag=f"{prefix}-{number:03d}")
        for number in range(1, count + 1)
    )
    asked = min(arrives - timedelta(days=3), now - timedelta(hours=3))
    made = orders.draft(orders.Draft(contract.id, arrives, lines, "顺达物流 王师傅", "13800138000"), actor, asked)
    if until_state == "draft":
        return made
    orders.request(made, actor, asked + timedelta(minutes=20))
    if until_state == "requested":
        return made
    orders.issue(made, sales, min(arrives - timedelta(days=2), now - timedelta(hours=1)))
    if until_state == "issued":
        return made
    found = order_queries.lock_order(made.id)
    orders.prepare(found, planning.Room(found).propose(found.items), room, min(arrives - timedelta(days=1), now - timedelta(minutes=30)))
    if until_state == "prepared":
        return found
    items = list(found.items)
    part = items[: max(1, len(items) // 2)] if until_state == "partly_accepted" else items
    for number, item in enumerate(part):
        acceptance.accept(found, item.id, order_rules.Seen(True, True, item.serial), room, arrives + timedelta(minutes=6 * number))
    return found


def exit_application(
    client: Client,
    things: list[Equipment],
    kind: str,
    now: datetime,
    leaves: date,
    seed: int,
    *,
    extra: tuple[exits.Line, ...] = (),
    back_in_days: int = 14,
) -> Exit:
    """An exit application for some equipment; `extra` lines are not in the records."""
    actor = admin_of(client)
    mover = chance.choice(("刘洋", "周师傅", "马力", "赵一鸣"))
    kept = papers(client, mover, "设备出门", actor, now, seed)
    return exits.apply_for_exit(
        exits.Application(
            kind=kind,
            client_id=client.id,
            lines=tuple(exits.Line(thing.model.label, thing.serial) for thing in things) + extra,
            leaves_on=leaves,
            return_due_on=leaves + timedelta(days=back_in_days) if kind != "withdrawal" else None,
            mover_name=mover,
            mover_document=identity_number(seed),
            mover_phone="13900139000",
            letter_id=kept["letter"],
            identity_copy_id=kept["copy"],
            note={"withdrawal": "业务下线，整机撤出。", "repair": "主板故障，送厂检修。", "replacement": "保修更换。"}[kind],
            anyway=bool(extra),
        ),
        actor,
        now,
    )


def issue_exit(found: Exit, now: datetime) -> None:
    service = staff(Role.CUSTOMER_SERVICE)
    exits.agree(found, [item.id for item, _compared in exits.inspected(found)], service, now)
    exits.issue(found, service, now + timedelta(minutes=5))


def release_exit(found: Exit, at: datetime) -> None:
    """The gate lets everything on the slip out."""
    guard, live = staff(Role.DUTY), live_pass(found.id)
    assert live is not None
    verdict = gate.verify(live.short_code, guard, at)
    assert verdict.exit is not None, verdict
    ids = {item.id for item in verdict.exit.items}
    gate.release(live, ids, mover_seen=True, rest_stays=False, nonce=crypto.new_token(), actor=guard, now=at + timedelta(minutes=4))
