"""The access pass on its way: by e-mail through a real SMTP server, as a PDF that is read back and decoded, with the visit as .ics."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta
from email.message import EmailMessage
from io import BytesIO

import pypdfium2
import zxingcpp
from flask import Flask
from icalendar import Calendar
from pypdf import PdfReader
from sqlalchemy import select

from config import Settings
from portal import worker
from portal.kernel.db import session, transaction
from portal.outbox.models import OutboxMessage
from portal.passes.queries import find_pass, live_pass
from portal.passes.token import group_short_code
from portal.visits import pdf, queries, services
from portal.visits.models import Visit
from tests.cast import NOW, Cast
from tests.mail_server import mail_server
from tests.visits import making
from tests.visits.making import END, START


def text_of(content: bytes) -> list[str]:
    """Each page's text, the blanks between taken out."""
    return [re.sub(r"\s+", "", page.extract_text()) for page in PdfReader(BytesIO(content)).pages]


def codes_of(content: bytes) -> list[str]:
    """What a camera reads on each page."""
    document = pypdfium2.PdfDocument(content)
    return [zxingcpp.read_barcodes(document[number].render(scale=4).to_pil())[0].text for number in range(len(document))]


def attached(mail: EmailMessage) -> dict[str, bytes]:
    return {part.get_content_type(): part.get_payload(decode=True) for part in mail.iter_attachments()}  # type: ignore[misc]


def test_pass_and_calendar_reach_the_client_and_the_visitor(app: Flask, cast: Cast, settings: Settings) -> None:
    people = (making.new(60, "许巍", employer="凯捷工程服务有限公司", email="xu@work.example"), making.new(61, "段誉"))
    with transaction():
        visit = making.approved(cast, people=people, tools="万用表", vehicles=("京A12345",), opens_rack=True)
    with mail_server() as server:
        app.config["SETTINGS"] = replace(settings, smtp_url=server.url)
        try:
            while worker.work_once(app):
                pass
        finally:
            app.config["SETTINGS"] = settings
        to_client, to_visitor = server.to("admin@client.example")[-1], server.to("xu@work.example")[-1]
    assert not session().scalars(select(OutboxMessage.last_error).where(OutboxMessage.sent_at.is_(None))).all()
    assert set(attached(to_client)) == set(attached(to_visitor)) == {"application/pdf", "text/calendar"}
    assert len(text_of(attached(to_client)["application/pdf"])) == 2, "everybody's, a page for each"
    own = attached(to_visitor)["application/pdf"]
    visitor = making.people(visit)[0]
    found = live_pass(visitor.id)
    assert found is not None
    (page,) = text_of(own)
    number = visitor.person.document_number
    holder = ("临时进入证", "许巍", "凯捷工程服务有限公司", "B2", "09:00", "18:00", visitor.number)
    for shown in (*holder, "京A12345", "万用表", "可单独进入", "禁止吸烟"):
        assert shown in page, shown
    assert group_short_code(found.short_code) in page
    assert number not in page
    assert number[:4] in page
    (code,) = codes_of(own)
    assert find_pass(code) == found
    body = to_visitor.get_body(("plain",))
    assert body is not None
    assert "许巍" in body.get_content()
    assert "/visits/" not in body.get_content(), "a visitor has no account to open it with"
    event = Calendar.from_ical(attached(to_visitor)["text/calendar"].decode()).walk("VEVENT")[0]
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (START.astimezone(UTC), END.astimezone(UTC))
    assert (str(event["status"]), int(event["sequence"])) == ("CONFIRMED", 0)


def test_what_is_cancelled_before_it_was_sent_goes_out_without_a_pass(app: Flask, cast: Cast, settings: Settings) -> None:
    with transaction():
        visit = making.approved(cast, people=(making.new(60, email="xu@work.example"),))
        services.shorten(visit, END - timedelta(hours=1), cast.actor("admin"), NOW)
        services.cancel(visit, "改期", cast.actor("admin"), NOW)
    with mail_server() as server:
        app.config["SETTINGS"] = replace(settings, smtp_url=server.url)
        try:
            while worker.work_once(app):
                pass
        finally:
            app.config["SETTINGS"] = settings
        mails = server.to("xu@work.example")
    assert not any("application/pdf" in attached(mail) for mail in mails)
    event = Calendar.from_ical(attached(mails[-1])["text/calendar"].decode()).walk("VEVENT")[0]
    assert str(event["status"]) == "CANCELLED"
    assert int(event["sequence"]) > visit.revision - 1


def test_the_paper_holds_what_is_long(cast: Cast, settings: Settings) -> None:
    """The longest names, reason, tools and plates fit, in both languages, escorted."""
    plates = tuple(f"京AD{number:05d}" for number in range(20))
    with transaction():
        someone = making.new(
            60,
            "乌兰图雅·巴特尔夫·阿卜杜热合曼",
            employer="内蒙古自治区呼和浩特市和林格尔新区云计算数据中心机电设备安装工程有限公司",
        )
        visit = making.requested(cast, people=(someone,), reason="更换故障电源模块" * 60, tools="示波器、" * 120, vehicles=plates)
        services.approve(visit, making.approval(visit, escorted=True), cast.actor("service"), NOW)
    loaded: Visit = queries.get_visit(cast.actor("admin"), visit.id)
    for locale in ("zh_CN", "en"):
        content = pdf.passes(loaded, loaded.visitors, settings, locale)
        assert content is not None
        (page,) = text_of(content)
        assert "须全程陪同" in page
        assert plates[-1] in page
        assert len(codes_of(content)) == 1
