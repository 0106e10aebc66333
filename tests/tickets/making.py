"""Requests in any state, reached through the services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.kernel.db import session
from portal.outbox.models import OutboxMessage
from portal.tickets import complaints, services
from portal.tickets.complaints import Judgement, NewAction
from portal.tickets.models import CorrectiveAction, Department, Ticket, TicketKind
from portal.tickets.services import Asked, Said
from tests.cast import NOW, Cast


def kind(code: str = "general") -> TicketKind:
    return session().scalars(select(TicketKind).where(TicketKind.code == code)).one()


def department(role: str) -> Department:
    return session().scalars(select(Department).where(Department.role == role)).one()


def command(cast: Cast, code: str = "general", **changes: Any) -> Asked:
    values: dict[str, Any] = {
        "kind_id": kind(code).id,
        "subject": "机柜钥匙在哪里领取",
        "body": "我们下周要进机房维护，请问机柜钥匙在哪里领取？",
        "client_id": cast.alpha.id,
    }
    return Asked(**(values | changes))


def asked(cast: Cast, code: str = "general", by: str = "admin", now: datetime = NOW, **changes: Any) -> Ticket:
    return services.ask(command(cast, code, **changes), cast.actor(by), now)


def registered(cast: Cast, code: str = "general", by: str = "service", now: datetime = NOW, **changes: Any) -> Ticket:
    given = {"channel": "phone", "contact_name": "赵一鸣", "contact_phone": "13800138000", "contact_email": "someone@else.example"}
    return services.register(command(cast, code, **(given | changes)), cast.actor(by), now)


def answer(
    ticket: Ticket, cast: Cast, body: str = "请到一楼服务台领取。", by: str = "service", now: datetime = NOW, *, waits: bool = False
) -> None:
    services.say(ticket, Said("answer", body, waits=waits, minutes=10), cast.actor(by), now)


def settled(cast: Cast, code: str = "general", now: datetime = NOW, by: str = "service", **changes: Any) -> Ticket:
    ticket = asked(cast, code, now=now, **changes)
    services.settle(ticket, "已在服务台备好钥匙。", 5, cast.actor(by), now)
    return ticket


def token_of(ticket: Ticket) -> str:
    """What stands behind /opinion/ in the newest e-mail about a settlement."""
    rows = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "ticket.settled").order_by(OutboxMessage.id.desc()))
    row = next(row for row in rows if row.data["number"] == ticket.number)
    return row.path.removeprefix("/opinion/")


def judged_complaint(cast: Cast, now: datetime = NOW, *, upheld: bool = True, serious: bool = False) -> Ticket:
    """A complaint about operations that was judged; a serious one by the supervisor."""
    ticket = asked(cast, "operations", now=now, subject="布线延误", body="约定周一完成的布线到周三仍未完成。")
    if serious:
        complaints.call_serious(ticket, "影响客户上线，可能索赔。", cast.actor("service"), now)
    by = "supervisor" if serious else "service"
    chosen = department("room_staff").id if upheld else None
    complaints.judge(ticket, Judgement(upheld, "排班冲突，无人跟进。", chosen), cast.actor(by), now)
    return ticket


def action(ticket: Ticket, cast: Cast, owner: str = "room_staff", now: datetime = NOW) -> CorrectiveAction:
    due_on = now.date()
    return complaints.add_action(ticket, NewAction("布线任务每日晨会跟进。", cast.user(owner).id, due_on), cast.actor("supervisor"), now)


def settled_complaint(cast: Cast, now: datetime = NOW, *, serious: bool = False) -> Ticket:
    ticket = judged_complaint(cast, now, serious=serious)
    if serious:
        action(ticket, cast, now=now)
    services.settle(ticket, "已完成布线并致歉。", 30, cast.actor("supervisor"), now)
    return ticket


def again(ticket: Ticket) -> Ticket:
    """The request as it is in the database now."""
    return session().get_one(Ticket, ticket.id, populate_existing=True)
