"""Search finds what people type, and notices say days as people write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from portal.kernel.db import transaction
from portal.outbox.mail import sentence
from tests.badges import making
from tests.cast import Cast

As = Callable[[str], FlaskClient]


@pytest.mark.parametrize(("text", "found"), [("王", True), ("w", False), ("", False)], ids=["one ideograph", "one letter", "nothing"])
def test_one_ideograph_is_enough(cast: Cast, as_: As, text: str, found: bool) -> None:
    answer = as_("service").get("/search", query_string={"q": text})
    assert answer.status_code == 200
    assert ("王珺" in answer.text) is found


def test_a_serial_number_and_an_address(cast: Cast, as_: As) -> None:
    service = as_("service")
    for text in ("SN-0001", "198.51.1.9", "BA-2611"):
        assert service.get("/search", query_string={"q": text}).status_code == 200


@pytest.mark.parametrize(
    ("locale", "day"),
    [("zh_CN", "2027 年 2 月 21 日"), ("en", "21 Feb 2027")],
)
def test_days_are_written_as_the_reader_writes_them(app: Flask, locale: str, day: str) -> None:
    data: dict[str, object] = {"number": "BA-2611-0001", "person": "王珺", "until": "2027-02-21"}
    with app.test_request_context(), force_locale(locale):
        assert day in sentence("badge.issued", data, part="body")
        assert "BA-2611-0001" in sentence("badge.issued", data | {"until": "2027-02-31"}, part="body")


def test_a_notice_shows_on_the_desk_and_is_read(cast: Cast, as_: As) -> None:
    with transaction():
        making.issued(cast)
    admin = as_("admin")
    assert "可到客服领取" in admin.get("/notices").text
    admin.post("/notices/read")
    assert "全部标为已读" not in admin.get("/notices").text
