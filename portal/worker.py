"""The worker: sends what the outbox holds, seals the audit chain, runs the periodic jobs. Any number may run side by side."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from portal.audit import services as audit
from portal.badges import services as badges
from portal.conduct import services as conduct
from portal.contracts import services as contracts
from portal.emergencies import escalation, reporting
from portal.emergencies import services as emergencies
from portal.evidence import packing
from portal.evidence import services as evidence
from portal.exits import services as exits
from portal.files import services as files
from portal.gate import stays
from portal.jobs import Job, run_due
from portal.kernel import clock, submissions
from portal.kernel.db import isolated, transaction
from portal.kernel.logs import logger
from portal.network import services as network
from portal.oncall import services as oncall
from portal.oncall.delivery import ChatSender
from portal.outbox import services as outbox
from portal.outbox.mail import Mailer
from portal.outbox.models import OutboxMessage
from portal.retention import services as retention
from portal.reviews import services as reviews
from portal.tickets import chasing as tickets
from portal.tickets import mailbox, receiving
from portal.visits import services as visits

TICK = 1.0  # seconds between two looks at the outbox

JOBS = (
    Job("contracts.expire", timedelta(minutes=5), contracts.expire_due),
    Job("contracts.announce_ends", timedelta(hours=1), contracts.announce_ends),
    Job("badges.expire", timedelta(minutes=5), badges.expire_due),
    Job("visits.over", timedelta(minutes=1), visits.over_due),
    Job("emergencies.escalate", timedelta(seconds=15), escalation.call_due),
    Job("emergencies.lapse", timedelta(minutes=1), emergencies.lapse_due),
    Job("emergencies.chase_reports", timedelta(hours=1), reporting.chase_reports),
    Job("oncall.tell_gaps", timedelta(hours=1), oncall.tell_gaps),
    Job("exits.lapse", timedelta(minutes=5), exits.lapse_due),
    Job("exits.chase_returns", timedelta(hours=1), exits.chase_returns),
    Job("gate.flag_overstays", timedelta(minutes=1), stays.flag_overstays),
    Job("network.end_rests", timedelta(minutes=5), network.end_rests),
    Job("conduct.end_suspensions", timedelta(minutes=1), conduct.end_suspensions),
    Job("conduct.close", timedelta(minutes=15), conduct.close_due),
    Job("reviews.open", timedelta(hours=1), reviews.open_due),
    Job("reviews.chase", timedelta(hours=1), reviews.chase_due),
    Job("reviews.lapse", timedelta(hours=1), reviews.lapse_due),
    Job("tickets.chase", timedelta(minutes=1), tickets.chase_due),
    Job("tickets.close_unanswered", timedelta(hours=1), tickets.close_unanswered),
    Job("tickets.read_mailbox", timedelta(minutes=1), lambda _now: None),  # takes the turn; read outside any transaction
    Job("files.remove_unclaimed", timedelta(hours=1), files.remove_unclaimed),
    Job("retention.carry_out", timedelta(hours=1), retention.carry_out),
    Job("submissions.forget", timedelta(hours=6), lambda now: submissions.forget(now - timedelta(days=7))),
)


def work_once(app: Flask) -> int:
    """One round: seal, send, run what is due. Returns how many messages went out."""
    settings, now = app.config["SETTINGS"], clock.now()
    with app.app_context(), isolated():
        sealed = 1
        while sealed:
            with transaction():
                sealed = audit.seal(now)
            if sealed:
                _keep_head(settings.var_dir / "audit" / "head.json")
        with transaction():
            batch = outbox.claim(now)
        if batch:
            chat = ChatSender(settings)
            with Mailer(settings) as mailer:
                results = outbox.deliver(batch, lambda row: chat.send(row) if row.medium == "chat" else _send(mailer, row))
            with transaction():
                oncall.note_deliveries(chat.results, now)
                for message_id, error in results:
                    if error is None:
                        outbox.mark_sent(message_id, now)
                    else:
                        outbox.mark_failed(message_id, now, error)
        if "tickets.read_mailbox" in run_due(JOBS, now):
            read_mailbox(settings)
        make_pack(clock.now())
        return len(batch)


def _send(mailer: Mailer, row: OutboxMessage) -> None:
    """In a session of its own: what is attached is read anew, and nothing stays open while the server answers."""
    with isolated():
        mailer.send(row)


def _keep_head(anchor: Path) -> None:
    """A full disk must not hold up the mail; the next seal tries again."""
    try:
        audit.keep_head(anchor)
    except OSError as error:
        logger().error("worker: the head of the audit chain cannot be kept", error=type(error).__name__)


def read_mailbox(settings: Settings) -> int:
    """Takes in what came to the desk's mailbox, each message in a transaction of its own. Returns how many."""
    if not settings.imap_url:
        return 0

    def take(raw: bytes) -> None:
        with transaction():
            receiving.receive(raw, settings, clock.now())

    try:
        with isolated():
            return mailbox.read_new(settings.imap_url, take)
    except mailbox.Unreachable as error:
        logger().error("worker: the desk's mailbox does not answer", error=str(error))
        return 0


def make_pack(now: datetime) -> bool:
    """Makes one evidence pack that waits, if there is one: read and written outside any transaction, since that may take minutes."""
    with transaction():
        claimed = evidence.claim(now)
    if claimed is None:
        return False
    pack_id, asked = claimed
    try:
        with isolated():
            made = packing.make(asked, now)
        with made.file, transaction():
            evidence.keep(pack_id, made, now)
    except Exception as error:  # noqa: BLE001  (it stands on the pack's page, and the mail goes on)
        logger().exception("worker: an evidence pack could not be made", pack=asked.number)
        with transaction():
            evidence.note_failure(pack_id, f"{type(error).__name__}: {error}", now)
    return True


def run(app: Flask, stop: threading.Event) -> None:
    """Works until told to stop. The database being away, or a full disk, is waited out."""
    while not stop.is_set():
        try:
            busy = work_once(app)
        except (SQLAlchemyError, OSError):
            logger().exception("worker: the database or the disk did not answer")
            busy = 0
            stop.wait(5)
        if not busy:
            stop.wait(TICK)
