"""A year at the service desk: what clients asked, reported and complained about, month by month; what is open today."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.queries import actor_of
from portal.clients.models import Client
from portal.demo import cases
from portal.equipment.models import Equipment
from portal.kernel import clock
from portal.kernel.db import session, transaction
from portal.kernel.policy import Actor, Role
from portal.tickets import chasing, complaints, opinions, services, settings, sorting
from portal.tickets.complaints import Judgement, NewAction
from portal.tickets.models import Department, Ticket, TicketKind
from portal.tickets.opinions import Opinion
from portal.tickets.services import Asked, Said
from portal.tickets.settings import Texts

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Kind, how often of a hundred, subject, what is asked, what is answered, what came of it.
STORIES = (
    ("general", 16, "参观预约", "我司审计人员下周希望参观机房外围，请问如何预约？", "可以安排，请提供人员名单。", "已安排周四上午参观。"),
    ("general", 10, "出入证办理材料", "新员工办理出入证需要哪些材料？", "照片、身份证复印件和介绍信。", "已发送材料清单，客户已提交申请。"),
    ("contract", 10, "发票抬头变更", "公司更名，发票抬头需要变更。", "请上传变更后的营业执照。", "抬头已变更，下月账单生效。"),
    (
        "network",
        9,
        "公网访问丢包",
        "从华东访问丢包约 3%，附 MTR 结果。",
        "已收到，正在与上联核对。",
        "上联光模块更换后恢复，已观察 4 小时。",
    ),
    ("hardware", 9, "服务器黄灯告警", "远程看到电源告警，请现场确认。", "工程师已到机柜前。", "电源线松动，已重新插紧，告警消除。"),
    ("cooling", 3, "冷通道温度偏高", "机柜上部温度 28 度。", "正在排查。", "盲板缺失，已补装，温度降至 23 度。"),
    ("reboot", 16, "请重启服务器", "系统无响应，请长按电源键重启。", "已到现场。", "已重启，客户确认登录正常。"),
    ("cabling", 9, "新增一条跳线", "请从 A 口到 B 口新增六类跳线一条。", "已安排明天上午。", "已完成并贴好标签。"),
    ("photos", 6, "机柜正面照片", "请拍摄机柜正反面照片用于盘点。", "好的。", "照片已上传。"),
    ("media", 4, "更换备份磁带", "请取出 1 号槽磁带，放入新磁带。", "已安排。", "已更换，旧磁带封存待取。"),
    ("suggestion", 4, "建议延长服务台时间", "希望周六上午也有人值守。", "感谢建议，已转主管。", "已列入下季度计划。"),
    ("operations", 2, "跳线任务延误", "约定周一完成的跳线周三才做。", "非常抱歉，正在核实。", "已完成并致歉，减免当次费用。"),
    ("security", 2, "门口等待过久", "早高峰在门岗等了四十分钟。", "抱歉，正在核实当班情况。", "早高峰已增派一人。"),
)
READY = (
    (
        "领取机柜钥匙",
        "Rack keys",
        "请凭出入证到一楼服务台领取机柜钥匙，离场时交还。",
        "Rack keys are at the desk on the ground floor. Please show your badge.",
    ),
    (
        "办证材料",
        "Papers for a badge",
        "请上传照片、身份证复印件和盖章的介绍信。",
        "Please upload a photo, a copy of the identity document and the letter.",
    ),
    (
        "正在处理",
        "We are on it",
        "已收到，正在处理，有进展会第一时间告知。",
        "We are on it. You will hear from us as soon as there is news.",
    ),
)
CAUSES = ("排班冲突，无人跟进。", "交接班遗漏。", "人手不足。")
WORDS = {5: ("很快，谢谢。", "", "专业。"), 4: ("", "可以。"), 3: ("等得有点久。",), 2: ("问题又出现了。",)}


def a_year(now: datetime) -> None:
    """Some twenty a month, more on Mondays and before holidays; most settled in time, some late, a few not to the client's content."""
    chance = random.Random(11)
    _ready_answers(now - 360 * DAY)
    with transaction():
        for department in session().scalars(select(Department)):
            head = session().scalars(select(User).where(User.role == department.role).order_by(User.id).limit(1)).first()
            if head is not None:
                settings.set_head(department, head.id, cases.staff(Role.ADMINISTRATOR), now - 360 * DAY)
    with transaction():
        clients = [client.id for client in session().scalars(select(Client).order_by(Client.number)) if _users(client)]
    day = clock.today(now) - timedelta(days=330)
    while day < clock.today(now) - timedelta(days=2):
        often = 3 if day.weekday() == 0 else 1 if day.weekday() < 5 else chance.choice((0, 0, 1))
        for _number in range(often if chance.random() < 0.72 else 0):
            with transaction():
                client = session().get_one(Client, chance.choice(clients))
                if client.created_at < clock.at_local(day):
                    _one(client, day, chance, now)
        day += timedelta(days=1)
    _open_today(now)


def _one(client: Client, day: date, chance: random.Random, now: datetime) -> None:
    code, _often, subject, body, first, result = chance.choices(STORIES, weights=[story[1] for story in STORIES])[0]
    at = clock.at_local(day, chance.choice((9, 10, 10, 11, 14, 15, 16)), chance.randrange(60))
    ticket = _asked(client, code, subject, body, at, chance)
    worker = _worker(ticket)
    slow = chance.random() < 0.08
    hours = chance.choice((0.3, 0.5, 1, 2)) * (8 if slow else 1)
    answered = at + timedelta(hours=hours)
    sorting.take(ticket, worker, answered)
    at_once = chance.random() < 0.3 and ticket.type != "complaint"
    if not at_once:
        services.say(ticket, Said("answer", first, minutes=10, waits=chance.random() < 0.12), worker, answered)
        if ticket.state == "waiting":
            services.say(ticket, Said("question", "已补充，请查收。"), _user(client), answered + 3 * HOUR)
    if ticket.type == "complaint":
        upheld = chance.random() < 0.6
        judgement = Judgement(upheld, chance.choice(CAUSES) if upheld else "系客户误解，已说明。", ticket.department_id if upheld else None)
        complaints.judge(ticket, judgement, worker, answered + HOUR)
    settled = answered if at_once else answered + timedelta(hours=chance.choice((1, 3, 6, 20)) * (5 if slow else 1))
    services.settle(ticket, result, chance.choice((5, 10, 20, 40)), worker, settled)
    _opinion(ticket, client, chance, settled + timedelta(hours=chance.choice((2, 20, 44))), now)


def _opinion(ticket: Ticket, client: Client, chance: random.Random, at: datetime, now: datetime) -> None:
    if at >= now:
        return
    if ticket.type == "complaint":
        opinions.follow_up(ticket, Opinion(chance.choice((4, 4, 5)), "电话回访，客户认可处理结果。", "call"), _worker(ticket), at)
        return
    if chance.random() < 0.55:
        score = chance.choices((5, 4, 3, 2), weights=(60, 33, 5, 2))[0]
        opinions.give(ticket, score, chance.choice(WORDS[score]), _user(client), at)
        if ticket.state == "open":
            services.settle(ticket, "已再次处理，并与客户当面确认。", 30, _worker(ticket), at + 4 * HOUR)
            opinions.give(ticket, 4, "这次好了。", _user(client), at + 6 * HOUR)
        return
    if ticket.settled_at is not None and ticket.settled_at + 8 * DAY < now:
        chasing.close_unanswered(ticket.settled_at + 8 * DAY)


def _open_today(now: datetime) -> None:
    """One in each state that somebody acts from, a serious complaint among them, one that came by phone from somebody who is no client."""
    with transaction():
        clients = [client for client in session().scalars(select(Client).order_by(Client.number).limit(8)) if _users(client)]
        chance = random.Random(7)
        _asked(clients[0], "general", "机柜钥匙在哪里领取", "我们下周要进机房维护，请问机柜钥匙在哪里领取？", now - 2 * HOUR, chance)
        fault = _asked(clients[1], "network", "专线延迟升高", "今早 9 点起专线延迟由 2 ms 升至 18 ms。", now - 5 * HOUR, chance)
        sorting.take(fault, _worker(fault), now - 4 * HOUR - timedelta(minutes=30))
        services.say(
            fault, Said("answer", "已收到，正在与运营商核对光路。", minutes=15), _worker(fault), now - 4 * HOUR - timedelta(minutes=20)
        )
        services.say(fault, Said("note", "运营商工单 X-2081，预计两小时内回复。", minutes=5), _worker(fault), now - 3 * HOUR)
        waiting = _asked(clients[0], "cabling", "新增万兆跳线", "需要一条万兆跳线。", now - 26 * HOUR, chance)
        services.say(waiting, Said("answer", "请告知两端的设备和端口。", waits=True), _worker(waiting), now - 25 * HOUR)
        done = _asked(clients[0], "reboot", "请重启跳板机", "跳板机无响应。", now - 30 * HOUR, chance)
        services.settle(done, "已重启，登录正常。", 10, _worker(done), now - 29 * HOUR)
        late = _asked(clients[2], "media", "更换备份磁带", "请更换 2 号槽磁带。", now - 5 * DAY, chance)
        services.say(late, Said("answer", "已安排。"), _worker(late), now - 5 * DAY + 2 * HOUR)
        serious = _asked(clients[3], "operations", "误拔业务网线", "昨晚维护时误拔我司业务网线，中断 12 分钟。", now - 20 * HOUR, chance)
        services.say(serious, Said("answer", "非常抱歉，已恢复，正在调查经过。"), cases.staff(Role.SUPERVISOR), now - 19 * HOUR)
        complaints.call_serious(serious, "业务中断，客户要求书面说明。", cases.staff(Role.CUSTOMER_SERVICE), now - 19 * HOUR)
        operations = session().scalars(select(Department).where(Department.role == "room_staff")).one()
        judgement = Judgement(True, "维护前未核对线缆标签。", operations.id)
        complaints.judge(serious, judgement, cases.staff(Role.SUPERVISOR), now - 4 * HOUR)
        owner = cases.staff(Role.ROOM_STAFF).user_id
        assert owner is not None
        action = NewAction("拔线前双人核对标签并拍照。", owner, clock.today(now) + timedelta(days=5))
        complaints.add_action(serious, action, cases.staff(Role.SUPERVISOR), now - 3 * HOUR)
        kind = session().scalars(select(TicketKind).where(TicketKind.code == "contract")).one()
        caller = Asked(
            kind.id, "咨询整机柜报价", "想了解 8 kW 整机柜的报价和上架流程。", None, channel="phone", contact_name="冯先生",
            contact_phone="13700137000", contact_email="feng@visitor.example", received_at=now - 3 * HOUR,
        )  # fmt: skip
        services.register(caller, cases.staff(Role.CUSTOMER_SERVICE), now - 2 * HOUR)
    with transaction():
        chasing.chase_due(now)


def _asked(client: Client, code: str, subject: str, body: str, at: datetime, chance: random.Random) -> Ticket:
    """By the client in the portal; of every four, one by phone or e-mail through customer service."""
    kind = session().scalars(select(TicketKind).where(TicketKind.code == code)).one()
    serials = (_serial(client),) if kind.type in ("fault", "service") else ()
    command = Asked(kind.id, subject, body, client.id, serials=tuple(filter(None, serials)))
    if chance.random() < 0.72:
        return services.ask(command, _user(client), at)
    user, late = _users(client)[0], chance.random() < 0.04
    registered = at + (30 * HOUR if late else timedelta(minutes=10))
    noted = Asked(
        kind.id, subject, body, client.id, channel=chance.choice(("phone", "phone", "email", "visit", "letter")), contact_name=user.name,
        contact_phone="13800138000", contact_email=user.email, received_at=at, serials=command.serials,
    )  # fmt: skip
    return services.register(noted, cases.staff(Role.CUSTOMER_SERVICE), registered)


def _ready_answers(at: datetime) -> None:
    service = cases.staff(Role.CUSTOMER_SERVICE)
    with transaction():
        for title, title_en, body, body_en in READY:
            settings.set_text(None, Texts(title, title_en, body, body_en), service, at)


def _worker(ticket: Ticket) -> Actor:
    department = session().get_one(Department, ticket.department_id)
    return cases.staff(Role(department.role))


def _user(client: Client) -> Actor:
    return actor_of(_users(client)[0])


def _users(client: Client) -> list[User]:
    return list(session().scalars(select(User).where(User.client_id == client.id, User.state == "active").order_by(User.id)))


def _serial(client: Client) -> str:
    found = select(Equipment.serial).where(Equipment.client_id == client.id, Equipment.state == "in_service").order_by(Equipment.serial)
    return session().scalars(found.limit(1)).first() or ""
