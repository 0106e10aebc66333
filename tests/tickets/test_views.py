"""The desk's pages: asking, registering, the conversation, what a client must not see, the link from the e-mail, the settings."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from portal.files.models import StoredFile
from portal.kernel import db, ids
from portal.kernel.db import session, transaction
from portal.outbox.models import OutboxMessage
from portal.tickets import services, settings
from portal.tickets.models import CannedAnswer, CorrectiveAction, ServiceHours, Ticket, TicketFile, TicketKind, TicketMessage
from portal.tickets.services import Said
from portal.tickets.settings import Texts
from tests.cast import NOW, Cast
from tests.exits import making as exits
from tests.papers import picture
from tests.tickets import making

As = Callable[[str], FlaskClient]


def url(ticket: Ticket, rest: str = "") -> str:
    return f"/requests/{ids.to_text(ticket.id)}{rest}"


def form(code: str = "general", **changes: str) -> dict[str, object]:
    return {"kind": ids.to_text(making.kind(code).id), "subject": "钥匙", "body": "钥匙在哪里领取？"} | changes


def the_only() -> Ticket:
    return session().scalars(select(Ticket)).one()


def test_a_client_asks_with_equipment_and_a_picture(cast: Cast, as_: As) -> None:
    with transaction():
        serial = exits.servers(cast, 1)[0].serial
    client = as_("admin")
    data = form("hardware", equipment=serial) | {"file1": (io.BytesIO(picture("led")), "led.jpg")}
    answer = client.post("/requests/ask", data=data, content_type="multipart/form-data")
    assert answer.status_code == 302
    page = client.get(answer.location).text
    for text in ("SR-2611-0001", "钥匙在哪里领取？", "led.jpg", serial, "机房运维部"):
        assert text in page
    assert session().scalars(select(TicketFile)).one().ticket_id == the_only().id


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(cast: Cast, as_: As) -> None:
    data = form(equipment="NOT-OURS", subject="") | {"file1": (io.BytesIO(picture("led")), "led.jpg")}
    answer = as_("admin").post("/requests/ask", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "请用几个字概括主题" in answer.text
    assert "钥匙在哪里领取？" in answer.text
    assert "led.jpg" in answer.text
    data = form(equipment="NOT-OURS")
    answer = as_("admin").post("/requests/ask", data=data)
    assert answer.headers["X-Refusal"] == "ticket.equipment_unknown"
    assert "NOT-OURS" in answer.text
    assert session().scalar(select(func.count()).select_from(Ticket)) == 0


def test_a_form_sent_twice_asks_once(cast: Cast, as_: As) -> None:
    client = as_("admin")
    data = form() | {"once": "t0k3n"}
    first, second = client.post("/requests/ask", data=data), client.post("/requests/ask", data=data)
    assert first.location == second.location
    assert session().scalar(select(func.count()).select_from(Ticket)) == 1


def test_staff_register_a_call_and_the_late_one_is_flagged(cast: Cast, as_: As) -> None:
    service = as_("service")
    assert "非客户来访者" in service.get("/requests/register").text
    data = form(channel="phone", received_at="2026-11-21T09:00", contact_name="赵一鸣", contact_phone="13800138000")
    answer = service.post(f"/requests/register?client={ids.to_text(cast.alpha.id)}", data=data)
    page = service.get(answer.location).text
    assert "收到后超过 24 小时才登记" in page
    assert "+86 138 0013 8000" in page
    answer = service.post(
        "/requests/register?client=none",
        data=form(channel="visit", received_at="2026-11-23T10:00", contact_name="冯", contact_email="f@x.example"),
    )
    assert answer.status_code == 302
    missing = service.post("/requests/register?client=none", data=form(channel="visit", received_at="2026-11-23T10:00"))
    assert missing.headers["X-Refusal"] == "ticket.contact_missing"


def test_the_conversation_and_the_ready_answers(cast: Cast, as_: As) -> None:
    with transaction():
        ticket = making.asked(cast)
        text = settings.set_text(None, Texts("钥匙", "Keys", "请到服务台领取。", "At the desk."), cast.actor("service"), NOW)
    service, client = as_("service"), as_("admin")
    filled = service.post(url(ticket, "/answer"), data={"answer-text": ids.to_text(text.id), "answer-body": ""})
    assert "请到服务台领取。" in filled.text
    assert session().scalar(select(func.count()).select_from(TicketMessage)) == 1
    answer = service.post(url(ticket, "/answer"), data={"answer-body": "请到服务台领取。", "answer-waits": "y", "answer-minutes": "15"})
    assert answer.status_code == 302
    assert making.again(ticket).state == "waiting"
    assert "等待您回复" in client.get(url(ticket)).text
    assert client.post(url(ticket, "/write"), data={"write-body": "收到，谢谢。"}).status_code == 302
    assert making.again(ticket).state == "open"
    service.post(url(ticket, "/note"), data={"note-body": "老客户。"})
    assert "老客户。" in service.get(url(ticket)).text
    seen = client.get(url(ticket)).text
    assert "老客户。" not in seen
    assert "添加了内部备注" not in seen
    empty = client.post(url(ticket, "/write"), data={"write-body": "  "})
    assert (empty.status_code, "请填写消息" in empty.text) == (422, True)


def test_another_client_and_another_department_find_nothing(cast: Cast, as_: As) -> None:
    with transaction():
        ticket = making.asked(cast)
    for who in ("stranger", "solo", "guard", "sales"):
        assert as_(who).get(url(ticket)).status_code == 404
        assert as_(who).post(url(ticket, "/write"), data={"write-body": "x"}).status_code in (403, 404)
    assert "钥匙" not in as_("stranger").get("/requests/").text
    assert "SR-2611" not in as_("guard").get("/requests/").text


def test_settling_and_the_link_from_the_mail_without_signing_in(cast: Cast, as_: As, app: Flask) -> None:
    with transaction():
        ticket = making.asked(cast)
    client = app.test_client()
    settled = as_("service").post(url(ticket, "/settle"), data={"reason": "钥匙已备好。", "minutes": "5"})
    assert settled.status_code == 302
    path = session().scalars(select(OutboxMessage.path).where(OutboxMessage.code == "ticket.settled")).one()
    for _look in range(2):  # a mail program looks, too: nothing is used up
        page = client.get(f"{path}?score=5")
        assert (page.status_code, ticket.number in page.text) == (200, True)
    assert making.again(ticket).state == "settled"
    assert client.post(path, data={}).status_code == 422
    assert "感谢您的评价" in client.post(path, data={"score": "5", "words": "很快"}).text
    assert making.again(ticket).state == "closed"
    assert client.post(path, data={"score": "1"}).status_code == 404
    assert client.get("/opinion/forged").status_code == 404
    assert client.post("/opinion/forged", data={"score": "5"}).status_code == 404


def test_a_client_who_is_not_satisfied_opens_it_again(cast: Cast, as_: As) -> None:
    with transaction():
        ticket = making.settled(cast)
    client = as_("admin")
    assert "评价" in client.get(url(ticket)).text
    assert client.post(url(ticket, "/opinion"), data={"score": "2", "words": "没好"}).status_code == 302
    assert making.again(ticket).state == "open"
    late = client.post(url(ticket, "/opinion"), data={"score": "5"})
    assert late.headers["X-Refusal"] == "ticket.opinion_over"


def test_the_list_filters_and_exports(cast: Cast, as_: As) -> None:
    with transaction():
        making.asked(cast)
        done = making.settled(cast, subject="重启跳板机")
        making.asked(cast, "operations", subject="布线延误")
    service = as_("service")
    found = service.get("/requests/?state=open").text
    assert "布线延误" in found
    assert "重启跳板机" not in found
    assert "布线延误" in service.get("/requests/?type=complaint").text
    assert done.number in service.get(f"/requests/?q={done.number}").text
    assert "重启跳板机" in service.get("/requests/?q=重启").text
    assert "布线延误" in service.get("/requests/?export=csv", buffered=True).text
    assert service.get("/requests/?whose=mine").text.count("SR-2611") == 0
    assert done.number in as_("admin").get(f"/search?q={done.number}").text


def test_more_than_one_thing_is_done_with_a_complaint(cast: Cast, as_: As) -> None:
    with transaction():
        ticket = making.asked(cast, "operations")
    service, supervisor, room_staff = as_("service"), as_("supervisor"), as_("room_staff")
    assert service.post(url(ticket, "/more-time"), data={"reason": "x"}).status_code == 403
    assert service.post(url(ticket, "/serious"), data={"reason": "可能索赔"}).status_code == 302
    department = ids.to_text(making.department("room_staff").id)
    judged = {"upheld": "yes", "cause": "排班冲突", "department": department}
    assert service.post(url(ticket, "/judge"), data=judged).headers["X-Refusal"] == "ticket.supervisor_decides"
    assert supervisor.post(url(ticket, "/judge"), data=judged).status_code == 302
    assert supervisor.post(url(ticket, "/more-time"), data={"reason": "等备件"}).status_code == 302
    assert "等备件" in as_("admin").get(url(ticket)).text
    action = {"what": "晨会跟进", "owner": ids.to_text(cast.user("room_staff").id), "due_on": "2026-11-30"}
    assert supervisor.post(url(ticket, "/corrective-action"), data=action).status_code == 302
    made = session().scalars(select(CorrectiveAction)).one()
    of_it = f"/corrective-action/{ids.to_text(made.id)}"
    assert room_staff.post(url(ticket, f"{of_it}/done"), data={"note": "已落实"}).status_code == 302
    own = room_staff.post(url(ticket, f"{of_it}/check"), data={"works": "yes", "note": "好"})
    assert own.headers["X-Refusal"] == "ticket.owner_checks"
    assert supervisor.post(url(ticket, "/settle"), data={"reason": "已处理"}).status_code == 302
    assert service.post(url(ticket, "/follow-up"), data={"way": "call", "score": "5", "words": "可以"}).status_code == 302
    assert making.again(ticket).state == "settled"
    assert supervisor.post(url(ticket, f"{of_it}/check"), data={"works": "yes", "note": "有效"}).status_code == 302
    assert making.again(ticket).state == "closed"
    assert "纠正措施" not in as_("admin").get(url(ticket)).text


def test_handing_over_sorting_taking_following_and_merging(cast: Cast, as_: As) -> None:
    with transaction():
        ticket, other = making.asked(cast), making.asked(cast)
    service, sales = as_("service"), as_("sales")
    assert service.post(url(ticket, "/take")).status_code == 302
    assert service.post(url(ticket, "/watch?on=1")).status_code == 302
    handed = {"department": ids.to_text(making.department("sales").id), "assignee": ids.to_text(cast.user("sales").id), "reason": "合同"}
    assert service.post(url(ticket, "/hand-over"), data=handed).status_code == 302
    assert sales.get(url(ticket)).status_code == 200
    sorted_ = {"kind": ids.to_text(making.kind("network").id), "priority": "urgent"}
    answer = sales.post(url(ticket, "/sort"), data=sorted_)  # another department's now: on to the list
    assert (answer.status_code, answer.location) == (302, "/requests/")
    assert sales.get(url(ticket)).status_code == 404
    assert service.post(url(other, "/merge"), data={"into": "SR-0000-0000"}).headers["X-Refusal"] == "ticket.same"
    assert service.post(url(other, "/merge"), data={"into": ticket.number.lower()}).status_code == 302
    assert ticket.number in service.get(url(other)).text


def test_an_administrator_sets_kinds_heads_and_hours(cast: Cast, as_: As) -> None:
    administrator = as_("administrator")
    assert "网络故障" in administrator.get("/requests/kinds").text
    kind = making.kind("operations")
    data = {
        "type": "complaint", "code": "operations", "name": "运维投诉", "name_en": "Operations", "priority": "high", "active": "y",
        "department": ids.to_text(kind.department_id),
        "answer_amount": "24", "answer_unit": "hours", "settle_amount": "5", "settle_unit": "working_days",
    }  # fmt: skip
    path = f"/requests/kinds/{ids.to_text(kind.id)}"
    assert administrator.post(path, data=data).headers["X-Refusal"] == "ticket.complaint_terms"
    assert administrator.post(path, data=data | {"settle_amount": "2"}).status_code == 302
    assert session().scalars(select(TicketKind.settle_amount).where(TicketKind.code == "operations")).one() == 2
    assert administrator.post("/requests/kinds/new", data=data | {"settle_amount": "2"}).headers["X-Refusal"] == "ticket.code_taken"
    head = f"/requests/departments/{ids.to_text(making.department('sales').id)}"
    assert administrator.post(head, data={"head": ids.to_text(cast.user("sales").id)}).status_code == 302
    assert administrator.post("/requests/hours", data={"opens": "18:00", "closes": "09:00"}).headers["X-Refusal"] == "ticket.closes_before"
    assert administrator.post("/requests/hours", data={"opens": "08:30", "closes": "17:30"}).status_code == 302
    assert session().scalars(select(ServiceHours.opens)).one() == 510
    assert as_("service").get("/requests/kinds").status_code == 403
    assert (
        as_("service")
        .post("/requests/answers/new", data={"title": "甲", "title_en": "A", "body": "乙", "body_en": "B", "active": "y"})
        .status_code
        == 302
    )
    assert session().scalars(select(CannedAnswer.title)).one() == "甲"


def test_what_is_attached_opens_with_its_request_alone(cast: Cast, as_: As) -> None:
    """R-S2: to the client and to whom the request concerns; to no other department, client or request, and by no other address."""
    with transaction():
        ticket, other = making.asked(cast), making.asked(cast)
    picture_ = (io.BytesIO(picture("x")), "x.jpg")
    as_("admin").post(url(ticket, "/write"), data={"write-body": "截图", "write-file1": picture_}, content_type="multipart/form-data")
    file_id = ids.to_text(session().scalars(select(StoredFile.id)).one())
    path = url(ticket, f"/files/{file_id}")
    opened = {name: as_(name).get(path).status_code for name in ("admin", "colleague", "service", "supervisor", "stranger", "room_staff")}
    assert opened == {"admin": 200, "colleague": 200, "service": 200, "supervisor": 200, "stranger": 404, "room_staff": 404}
    for name in ("admin", "service", "supervisor", "room_staff", "administrator", "auditor"):
        assert as_(name).get(url(other, f"/files/{file_id}")).status_code in (403, 404), name
        assert as_(name).get(f"/files/{file_id}").status_code == 404, name
    answer = as_("admin").get(path)
    assert (answer.mimetype, answer.headers["Content-Security-Policy"][:18]) == ("image/jpeg", "default-src 'none'")


def test_what_staff_attached_for_themselves_is_not_the_clients(cast: Cast, as_: As) -> None:
    with transaction():
        ticket = making.asked(cast)
    picture_ = (io.BytesIO(picture("x")), "x.jpg")
    as_("service").post(url(ticket, "/note"), data={"note-body": "截图", "note-file1": picture_}, content_type="multipart/form-data")
    path = url(ticket, f"/files/{ids.to_text(session().scalars(select(StoredFile.id)).one())}")
    assert [as_(name).get(path).status_code for name in ("service", "supervisor", "admin")] == [200, 200, 404]


@pytest.mark.parametrize("who", ["admin", "service"])
def test_pages_cost_the_same_however_much_was_said(cast: Cast, as_: As, who: str) -> None:
    with transaction():
        ticket = making.asked(cast)
    browser = as_(who)
    browser.get(url(ticket))
    few = _cost(browser, url(ticket))
    with transaction():
        for number in range(30):
            services.say(making.again(ticket), Said("answer", f"{number}"), cast.actor("service"), NOW)
    assert _cost(browser, url(ticket)) == few


def _cost(browser: FlaskClient, path: str) -> int:
    statements: list[str] = []

    def listen(*args: Any) -> None:
        statements.append(args[2])

    event.listen(db.engine(), "before_cursor_execute", listen)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(db.engine(), "before_cursor_execute", listen)
    return len(statements)
