"""E-mail in, through a real IMAP server and through a pipe: what becomes a request, what goes on in one, what goes round in no circle."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config import Settings
from portal import worker
from portal.kernel.db import session, transaction
from portal.outbox.mail import compose
from portal.outbox.models import OutboxMessage
from portal.tickets import mailbox, queries, receiving
from portal.tickets.models import Ticket, TicketMessage
from tests.cast import NOW, Cast
from tests.papers import picture
from tests.tickets import making
from tests.tickets.test_letters import mail

HOW_TO_GET = "no Dovecot for the mailbox's tests: apt-get install dovecot-imapd"
DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
first_valid_gid = 0
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@pytest.fixture(scope="module")
def imap_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Dovecot of the tests' own."""
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET)
        pytest.skip(HOW_TO_GET)
    folder = Path("/tmp") / f"rackpass-imap-{os.getpid()}"
    folder.mkdir(mode=0o755)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    me = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())  # Dovecot keeps no mail of root's
    for part in ("mail", "home"):
        (folder / part).mkdir()
        os.chown(folder / part, me.pw_uid, me.pw_gid)
    (folder / "conf").write_text(DOVECOT.format(folder=folder, port=port, uid=me.pw_uid, gid=me.pw_gid))
    process = subprocess.Popen([program, "-F", "-c", str(folder / "conf")])
    try:
        for _attempt in range(100):
            with suppress(OSError, imaplib.IMAP4.error), imaplib.IMAP4("127.0.0.1", port, timeout=5) as box:
                box.login("desk", "secret")
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"imap://desk:secret@127.0.0.1:{port}/INBOX"
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def desk(settings: Settings) -> Settings:
    return replace(settings, desk_address="desk@rackpass.example")


def put(url: str, message: EmailMessage) -> None:
    """Delivers a message into the mailbox."""
    port = int(url.rsplit(":", 1)[1].split("/", maxsplit=1)[0])
    box = imaplib.IMAP4("127.0.0.1", port, timeout=10)
    box.login("desk", "secret")
    box.append("INBOX", "", imaplib.Time2Internaldate(time.time()), message.as_bytes())
    box.logout()


def take(message: EmailMessage, settings: Settings) -> receiving.Received:
    with transaction():
        return receiving.receive(message.as_bytes(), settings, NOW)


def test_a_message_in_the_mailbox_becomes_a_request_once(cast: Cast, desk: Settings, imap_url: str) -> None:
    message = mail("请问机柜钥匙在哪里领取？")
    message.add_attachment(picture("led"), maintype="image", subtype="jpeg", filename="led.jpg")
    message.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="tool.exe")
    put(imap_url, message)
    put(imap_url, message)  # delivered twice by a server that lost its answer
    settings = replace(desk, imap_url=imap_url)
    assert worker.read_mailbox(settings) == 2
    assert worker.read_mailbox(settings) == 0
    with transaction():
        ticket = session().scalars(select(Ticket)).one()
        assert (ticket.client_id, ticket.channel, ticket.subject, ticket.contact_email) == (
            cast.alpha.id,
            "email",
            "机柜钥匙",
            "admin@client.example",
        )
        ((said, files),) = queries.messages_of(cast.actor("admin"), ticket)
        assert said.body == "请问机柜钥匙在哪里领取？\n\n[附件未保存 / not kept: tool.exe]"
        assert [file.filename for file in files] == ["led.jpg"]
        assert session().scalars(select(OutboxMessage.address).where(OutboxMessage.code == "ticket.receipt")).all() == [
            "admin@client.example"
        ]


def test_a_mailbox_that_does_not_answer_holds_up_nothing(desk: Settings, imap_url: str) -> None:
    assert worker.read_mailbox(replace(desk, imap_url="imap://desk:secret@127.0.0.1:1/INBOX")) == 0
    assert worker.read_mailbox(replace(desk, imap_url=imap_url.replace("INBOX", "Nowhere"))) == 0


def test_a_message_that_fails_stays_new_and_holds_up_no_other(cast: Cast, imap_url: str) -> None:
    put(imap_url, mail("一", Message_ID="<f1@x>"))
    put(imap_url, mail("二", Message_ID="<f2@x>"))
    seen: list[bytes] = []

    def fail_once(raw: bytes) -> None:
        seen.append(raw)
        if len(seen) == 1:
            raise ValueError("broken")

    assert mailbox.read_new(imap_url, fail_once) == 1
    assert mailbox.read_new(imap_url, seen.append) == 1
    assert seen[0] == seen[2]


def test_an_answer_to_the_portals_mail_goes_on_in_its_request(cast: Cast, desk: Settings) -> None:
    """The portal's mail goes through a real SMTP server; what answers it, by its Message-ID, sets the clock going again."""
    with transaction():
        ticket = making.asked(cast, "network")
        making.answer(ticket, cast, "哪个端口？", by="room_staff", waits=True)
        row = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "ticket.asked_back")).one()
        sent = compose(row, desk)
    assert sent["Reply-To"] == "desk@rackpass.example"
    answer = mail("eth0。\n\n> 哪个端口？", Subject="回复", In_Reply_To=sent["Message-ID"], Message_ID="<r1@client.example>")
    assert take(answer, desk) == receiving.Received("added", ticket.number)
    assert take(answer, desk).outcome == "again"
    again = making.again(ticket)
    assert again.state == "open"
    said = session().scalars(select(TicketMessage).order_by(TicketMessage.id.desc())).first()
    assert said is not None
    assert (said.body, said.kind, said.author_name) == ("eth0。", "question", "赵一鸣")
    follow_up = mail("补充", In_Reply_To="<r1@client.example>", Message_ID="<r2@client.example>", Subject="x")
    assert take(follow_up, desk).outcome == "added"


def test_a_strangers_mail_with_anothers_number_opens_one_of_its_own(cast: Cast, desk: Settings) -> None:
    with transaction():
        ticket = making.asked(cast)
    forged = mail("请把结果发给我", From="evil@else.example", Subject=f"Re: {ticket.number}", Message_ID="<e@e>")
    received = take(forged, desk)
    assert received.outcome == "opened"
    assert received.number != ticket.number
    other_client = mail("我们的呢", From="stranger@client.example", Subject=f"Re: {ticket.number}", Message_ID="<s@s>")
    assert take(other_client, desk).outcome == "opened"
    with transaction():
        assert session().scalar(select(func.count()).select_from(TicketMessage).where(TicketMessage.ticket_id == ticket.id)) == 1


def test_a_name_of_the_staffs_in_from_makes_a_note_and_no_answer(cast: Cast, desk: Settings) -> None:
    with transaction():
        ticket = making.asked(cast)
    letter = mail("已处理", From="周敏 <service@rackpass.example>", Subject=f"Re: {ticket.number}", Message_ID="<n@n>")
    assert take(letter, desk).outcome == "added"
    assert making.again(ticket).answered_at is None
    assert [message.kind for message, _files in queries.messages_of(cast.actor("admin"), ticket)] == ["question"]


def test_what_machines_write_goes_round_in_no_circle(cast: Cast, desk: Settings) -> None:
    for message in (
        mail("我休假了", **{"Auto-Submitted": "auto-replied"}),
        mail("x", From="desk@rackpass.example"),
        mail("x", From="Rackpass <noreply@rackpass.example>"),
        mail("x", From=""),
    ):
        assert take(message, desk).outcome == "ignored"
    with transaction():
        ticket = making.asked(cast)
        row = session().scalars(select(OutboxMessage).where(OutboxMessage.code == "ticket.receipt")).one()
        assert take_raw(compose(row, desk).as_bytes(), desk) == "ignored"  # the portal's own mail, sent back by a forwarder
        assert ticket.state == "new"


def take_raw(raw: bytes, settings: Settings) -> str:
    return receiving.receive(raw, settings, NOW).outcome


def test_a_mail_server_pipes_a_message_into_the_command(tmp_path: Path) -> None:
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "PORT": "8999"}

    def portal(command: str, given: bytes = b"") -> str:
        run = subprocess.run([sys.executable, "-m", "portal", command], input=given, env=environment, capture_output=True, check=True)
        return run.stdout.decode().strip()

    portal("migrate")
    message = mail("请问如何参观？").as_bytes()
    assert portal("receive-mail", message).startswith("opened SR-")
    assert portal("receive-mail", message) == "again"
    assert portal("receive-mail", b"\x00\xff no message at all") == "ignored"
