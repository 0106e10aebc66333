"""The pages of the rota and of the chat channels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.kernel import ids
from portal.kernel.db import session, transaction
from portal.oncall.models import ChatChannel, DutyWeek
from portal.outbox.models import OutboxMessage
from tests.cast import Cast
from tests.oncall.making import supervisors

As = Callable[[str], FlaskClient]


def test_the_quarter_shows_who_is_on_call_and_where_nobody_is(as_: As, cast: Cast) -> None:
    with transaction():
        first, deputy, _third = supervisors(cast)
        one, two = ids.to_text(first.id), ids.to_text(deputy.id)
    supervisor = as_("supervisor")
    assert "无人值班" in supervisor.get("/on-call/").text
    assert "无人值班" in supervisor.get("/").text, "on the desk, too"
    week = "/on-call/weeks/2026-11-23"
    assert supervisor.post(week, data={"supervisor": one, "deputy": one}).headers["X-Refusal"] == "oncall.twice"
    assert supervisor.post(week, data={"supervisor": one, "deputy": two}).status_code == 302
    row = session().scalars(select(DutyWeek)).one()
    assert (row.supervisor_id, row.deputy_id) == (first.id, deputy.id)
    shown = as_("guard").get("/on-call/").text
    assert "林岚" in shown
    assert "/on-call/weeks/" not in shown
    for wrong in ("2026-11-24", "x", "2026-11-32"):
        assert supervisor.get(f"/on-call/weeks/{wrong}").status_code == 404
    assert supervisor.get("/on-call/?week=nonsense").status_code == 200
    assert as_("admin").get("/on-call/").status_code == 403


@pytest.mark.parametrize(("locale", "words"), [("zh_CN", "11 月 23 日起的一周无人值班"), ("en", "Nobody is on call in the week of 23 Nov")])
def test_the_desk_writes_the_week_as_the_reader_writes_days(as_: As, cast: Cast, locale: str, words: str) -> None:
    supervisor = as_("supervisor")
    with supervisor.session_transaction() as cookie:
        cookie["locale"] = locale
    assert words in supervisor.get("/").text


def test_channels_are_added_tested_and_switched_off(as_: As, cast: Cast) -> None:
    administrator = as_("administrator")
    data = {"name": "值班群", "url": "json://127.0.0.1/hook", "locale": "zh_CN"}
    assert administrator.post("/on-call/channels/new", data=data).headers["X-Refusal"] == "oncall.address_inside"
    data["url"] = "https://open.feishu.cn/open-apis/bot/v2/hook/0123456789abcdef0123456789abcdef"
    assert administrator.post("/on-call/channels/new", data=data).status_code == 302
    channel = session().scalars(select(ChatChannel)).one()
    record = f"/on-call/channels/{ids.to_text(channel.id)}"
    shown = administrator.get(record).text + administrator.get(f"{record}/change").text + administrator.get("/on-call/channels").text
    assert "Feishu" in shown
    assert "0123456789abcdef" not in shown, "the address opens the channel"
    assert administrator.post(f"{record}/test").status_code == 302
    assert session().scalars(select(OutboxMessage.address).where(OutboxMessage.medium == "chat")).one() == ids.to_text(channel.id)
    assert administrator.post(f"{record}/change", data={"name": "夜班群", "url": "", "locale": "en"}).status_code == 302
    assert administrator.post(f"{record}/switch").status_code == 302
    channel = session().scalars(select(ChatChannel).execution_options(populate_existing=True)).one()
    assert (channel.name, channel.locale, channel.active) == ("夜班群", "en", False)
    assert channel.url == "feishu://0123456789abcdef0123456789abcdef/"
    assert as_("supervisor").get("/on-call/channels").status_code == 403
