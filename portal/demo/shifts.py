"""Two weeks of shifts: handed over and taken over twice a day; one without a handover; somebody is on duty now."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.demo import cases
from portal.facility import queries as facility
from portal.kernel import clock
from portal.kernel.db import transaction
from portal.kernel.policy import Role
from portal.shifts import services

NOTES = (
    "B2 机房 3 号空调有异响，已报修，工单号写在白板上。",
    "访客登记台打印机缺纸，备用纸在二号柜。",
    "星海数联今晚有上架，货梯已预约 20:00。",
    "西侧门禁读卡器反应慢，请多刷一次。",
)


def shifts(now: datetime) -> None:
    """From 08:00 to 20:00 and through the night, two guards in turn at the first site."""
    guards, site = (cases.staff(Role.DUTY), cases.staff(Role.DUTY, 1)), facility.sites()[0]
    first = clock.at_local(clock.today(now) - timedelta(days=10), 8)
    with transaction():
        shift = services.start(site.id, guards[0], first)
    at, turn = first + timedelta(hours=12), 0
    while at < now:
        turn += 1
        with transaction():
            if turn == 9:
                shift = services.take_without(shift, "前一班家中急事离岗，已电话确认。", guards[turn % 2], at)
            else:
                services.hand_over(shift, NOTES[turn % len(NOTES)] if turn % 3 else "", guards[(turn + 1) % 2], at - timedelta(minutes=6))
                shift = services.take_over(shift, "已清点寄存物品。" if turn % 4 == 0 else "", guards[turn % 2], at)
        at += timedelta(hours=12)
