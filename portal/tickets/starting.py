"""What a service desk begins with: departments, kinds with their terms, office hours. An administrator changes them afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.kernel.db import session
from portal.tickets.models import Department, ServiceHours, TicketKind

OPENS, CLOSES = 9 * 60, 18 * 60
DEPARTMENTS = (
    ("customer_service", "客户服务部", "Customer service"),
    ("sales", "业务部", "Sales"),
    ("room_staff", "机房运维部", "Machine-room operations"),
    ("duty", "安保值班组", "Gate and security"),
    ("supervisor", "数据中心管理组", "Data center management"),
)
# code, type, name, English name, department's role, priority, first answer, settlement
KINDS = (
    ("general", "enquiry", "一般咨询", "General enquiry", "customer_service", "normal", (4, "working_hours"), (2, "working_days")),
    ("contract", "enquiry", "合同与费用", "Contract and billing", "sales", "normal", (4, "working_hours"), (3, "working_days")),
    ("network", "fault", "网络故障", "Network fault", "room_staff", "high", (1, "hours"), (8, "hours")),
    ("power", "fault", "供电故障", "Power fault", "room_staff", "urgent", (1, "hours"), (4, "hours")),
    ("cooling", "fault", "温湿度异常", "Temperature or humidity", "room_staff", "high", (1, "hours"), (8, "hours")),
    ("hardware", "fault", "设备故障", "Equipment fault", "room_staff", "high", (1, "hours"), (24, "hours")),
    ("reboot", "service", "设备重启", "Reboot", "room_staff", "high", (1, "hours"), (4, "hours")),
    ("cabling", "service", "线缆与跳线", "Cabling", "room_staff", "normal", (4, "working_hours"), (2, "working_days")),
    ("media", "service", "介质更换", "Media handling", "room_staff", "normal", (4, "working_hours"), (1, "working_days")),
    ("photos", "service", "现场拍照", "Photos", "room_staff", "normal", (4, "working_hours"), (1, "working_days")),
    ("escort", "service", "现场陪同", "Escort", "room_staff", "normal", (4, "working_hours"), (2, "working_days")),
    ("suggestion", "suggestion", "意见建议", "Suggestion", "customer_service", "low", (8, "working_hours"), (5, "working_days")),
    ("service", "complaint", "服务投诉", "Complaint about the service", "customer_service", "high", (24, "hours"), (3, "working_days")),
    ("operations", "complaint", "运维投诉", "Complaint about operations", "room_staff", "high", (24, "hours"), (3, "working_days")),
    ("security", "complaint", "安保投诉", "Complaint about the gate", "duty", "high", (24, "hours"), (3, "working_days")),
)


def furnish(now: datetime) -> None:
    """Adds them where there is no department yet; does nothing on a desk that has begun."""
    if session().scalars(select(Department.id).limit(1)).first() is not None:
        return
    departments = {role: Department(created_at=now, role=role, name=name, name_en=name_en) for role, name, name_en in DEPARTMENTS}
    session().add_all(departments.values())
    session().add(ServiceHours(created_at=now, opens=OPENS, closes=CLOSES))
    session().flush()
    for code, type_, name, name_en, role, priority, answer, settle in KINDS:
        session().add(
            TicketKind(
                created_at=now, code=code, type=type_, name=name, name_en=name_en, department_id=departments[role].id, priority=priority,
                answer_amount=answer[0], answer_unit=answer[1], settle_amount=settle[0], settle_unit=settle[1], active=True,
            )
        )  # fmt: skip
    session().flush()
