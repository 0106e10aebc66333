"""Requests for the scene: one in each state from which someone acts, a serious complaint with its action, a ready answer."""

from __future__ import annotations

from typing import Any

from portal.tickets import complaints, queries, services, settings, sorting
from portal.tickets.settings import Texts
from tests.cast import NOW, Cast
from tests.papers import staged
from tests.tickets import making


def tickets(cast: Cast, serial: str) -> dict[str, Any]:
    """Of the first client; customer service's, the complaint operations'."""
    paper = staged("ticket", cast.actor("admin"), NOW)
    asked = making.asked(cast, serials=(serial,), file_ids=(paper,))
    waiting, settled = making.asked(cast), making.settled(cast)
    making.answer(waiting, cast, "请补充说明。", waits=True)
    merged = making.asked(cast)
    services.merge(merged, asked, cast.actor("service"), NOW)
    complaint = making.judged_complaint(cast, serious=True)
    action = making.action(complaint, cast)
    complaints.finish_action(complaint, action, "已建立晨会。", cast.actor("room_staff"), NOW)
    sorting.watch(complaint, True, cast.actor("service"), NOW)
    calmed = making.settled_complaint(cast)
    text = settings.set_text(None, Texts("领取钥匙", "Keys", "请到服务台领取。", "At the desk."), cast.actor("service"), NOW)
    return {
        "ticket": asked, "ticket_waiting": waiting, "ticket_settled": settled, "ticket_complaint": complaint, "ticket_calmed": calmed,
        "ticket_action": action, "ticket_file": paper, "ticket_text": text, "ticket_kind": making.kind(),
        "department": queries.departments()[0],
    }  # fmt: skip
