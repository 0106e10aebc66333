"""What an e-mail says, taken apart: words without quotations in the ways of the usual programs, automatic answers known, nothing raises."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.tickets import letters


def mail(body: str = "你好", **headers: str) -> EmailMessage:
    made = EmailMessage()
    given_ = {
        "From": "赵一鸣 <Admin@Client.example>",
        "To": "desk@rackpass.example",
        "Subject": "机柜钥匙",
        "Message-ID": "<a1@client.example>",
    }
    for name, value in (given_ | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            made[name] = value
    made.set_content(body)
    return made


def test_who_writes_about_what() -> None:
    letter = letters.read(mail(In_Reply_To="<x@y>", References="<w@y> <x@y>").as_bytes())
    assert (letter.sender, letter.sender_name, letter.subject) == ("admin@client.example", "赵一鸣", "机柜钥匙")
    assert (letter.message_id, letter.answers, letter.words) == ("a1@client.example", ("x@y", "w@y"), "你好")
    assert letters.read(mail(Subject="Re: 您的请求 SR-2611-0042 有了答复").as_bytes()).number == "SR-2611-0042"


@pytest.mark.parametrize(
    "quoted",
    [
        "> 原来的话",
        "On Mon, 23 Nov 2026 at 10:30, Rackpass <noreply@rackpass.example> wrote:\n> x",
        "在 2026年11月23日，Rackpass <noreply@rackpass.example> 写道：\n> x",
        "-----Original Message-----\nFrom: x",
        "------------------ 原始邮件 ------------------\n发件人: x",
        "发件人: Rackpass <noreply@rackpass.example>\n发送时间: x",
        "________________________________\nFrom: x",
    ],
)
def test_what_is_quoted_is_left_out(quoted: str) -> None:
    assert letters.read(mail(f"收到，谢谢。\n\n{quoted}\n更多").as_bytes()).words == "收到，谢谢。"


def test_a_letter_that_only_quotes_stays_whole() -> None:
    assert letters.read(mail("> 只有引用").as_bytes()).words == "> 只有引用"


def test_a_page_gives_its_text() -> None:
    made = mail("")
    made.set_content("<head><style>p{}</style></head><p>你好</p><script>alert(1)</script><blockquote>旧的</blockquote>", subtype="html")
    assert letters.read(made.as_bytes()).words == "你好"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X-Auto-Response-Suppress": "All"}, {"List-Id": "<l.example>"},
        {"From": "MAILER-DAEMON@client.example"}, {"From": "no-reply@shop.example"}, {"Return-Path": "<>"},
    ],
)  # fmt: skip
def test_what_a_machine_wrote_is_known(headers: dict[str, str]) -> None:
    assert letters.read(mail(**headers).as_bytes()).automatic
    assert not letters.read(mail(**{"Auto-Submitted": "no"}).as_bytes()).automatic


def test_attachments_come_with_their_names() -> None:
    made = mail()
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="清单.pdf")
    assert [(one.filename, one.content) for one in letters.read(made.as_bytes()).attachments] == [("清单.pdf", b"%PDF-1.4")]


@given(st.binary(max_size=2000))
def test_nothing_in_a_message_makes_it_raise(raw: bytes) -> None:
    letters.read(raw)


@given(
    st.binary(max_size=200), st.sampled_from(["From", "Subject", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "References"])
)
def test_nor_does_a_malformed_header(value: bytes, name: str) -> None:
    letters.read(name.encode() + b": " + value.replace(b"\n", b" ") + b"\nFrom: a@b.example\n\nhello")
