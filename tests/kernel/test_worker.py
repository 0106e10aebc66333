"""The worker: seals, sends, runs the jobs that are due; any number side by side, and no fault of one job stops the rest."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from portal import worker
from portal.audit import verify
from portal.audit.models import AuditEntry
from portal.badges import emails
from portal.badges.models import Badge
from portal.jobs import Job, JobRun, run_due
from portal.kernel.db import isolated, session, transaction
from portal.outbox.messages import Recipient
from portal.outbox.models import OutboxMessage
from portal.outbox.services import notify
from tests.badges import making
from tests.cast import NOW, Cast
from tests.mail_server import MailServer, mail_server
from tests.threads import at_once

EVERY = timedelta(minutes=5)
ran: Counter[str] = Counter()


def job(name: str = "count", *, fails: bool = False) -> Job:
    def work(_now: datetime) -> None:
        if fails:
            raise ArithmeticError(name)
        ran[name] += 1

    return Job(name, EVERY, work)


@pytest.fixture(autouse=True)
def _from_zero() -> None:
    ran.clear()


@pytest.fixture
def mailing(app: Flask) -> Iterator[MailServer]:
    before: Settings = app.config["SETTINGS"]
    with mail_server() as server:
        app.config["SETTINGS"] = dataclasses.replace(before, smtp_url=server.url)
        yield server
    app.config["SETTINGS"] = before


@pytest.mark.usefixtures("app")
class TestJobs:
    def test_a_job_runs_when_its_time_has_come(self) -> None:
        for minutes, expected in ((0, 1), (4.99, 1), (5, 2), (9.99, 2), (10, 3)):
            run_due((job(),), NOW + timedelta(minutes=minutes))
            assert ran["count"] == expected, minutes

    def test_a_clock_that_was_set_back_does_not_keep_it_from_running(self) -> None:
        run_due((job(),), NOW)
        run_due((job(),), NOW - timedelta(days=1))
        assert ran["count"] == 2

    def test_of_many_workers_one_takes_a_turn_the_first_one_too(self) -> None:
        for turn in range(3):
            at_once(6, lambda _number, turn=turn: run_due((job(),), NOW + turn * EVERY))
            assert ran["count"] == turn + 1

    def test_one_that_fails_does_not_stop_the_others_and_has_its_next_turn(self) -> None:
        both = (job("broken", fails=True), job("sound"))
        assert run_due(both, NOW) == ["sound"]
        assert run_due(both, NOW + EVERY / 2) == []
        assert run_due((job("broken"), job("sound")), NOW + EVERY) == ["broken", "sound"]

    def test_nothing_of_a_job_that_fails_stays(self) -> None:
        def work(now: datetime) -> None:
            session().add(JobRun(name="left over", ran_at=now))
            session().flush()
            raise ArithmeticError

        run_due((Job("broken", EVERY, work),), NOW)
        with isolated():
            assert session().get(JobRun, "left over") is None


def test_a_round_seals_sends_and_does_what_is_due(app: Flask, cast: Cast, mailing: MailServer) -> None:
    with transaction():
        badge = making.issued(cast)
        due = session().scalar(select(func.count()).select_from(OutboxMessage))
    sent = 0
    while found := worker.work_once(app):
        sent += found
    told = session().scalar(select(func.count()).select_from(OutboxMessage)) or 0
    assert sent == told == len(mailing.mails)  # with what the jobs told meanwhile: a review that opened, a week without a rota
    assert told >= (due or 0)
    with isolated():
        assert session().scalar(select(func.count()).where(AuditEntry.seq.is_(None))) == 0
        assert verify.verify(app.config["SETTINGS"].var_dir / "audit" / "head.json").sound
    with time_machine.travel(NOW + timedelta(days=91), tick=False):
        worker.work_once(app)
    with isolated():
        assert session().get_one(Badge, badge.id).state == "expired"


def test_two_workers_send_each_mail_once(app: Flask, mailing: MailServer) -> None:
    with transaction():
        for number in range(60):
            data = {"number": f"BA-{number}", "person": "x", "why": "x"}
            notify(emails.STOPPED, [Recipient(f"p{number}@client.example", "en")], NOW, path="/x", data=data)
    at_once(2, lambda _number: [worker.work_once(app) for _ in range(4)])
    while worker.work_once(app):
        pass
    assert Counter(mail["To"] for mail in mailing.mails) == {f"p{number}@client.example": 1 for number in range(60)}


def test_it_stops_when_it_is_told_to(app: Flask) -> None:
    stop = threading.Event()
    working = threading.Thread(target=worker.run, args=(app, stop))
    working.start()
    stop.wait(0.2)
    stop.set()
    working.join(timeout=20)
    assert not working.is_alive()


def test_every_job_can_run_on_an_empty_database_and_again(app: Flask) -> None:
    names = [one.name for one in worker.JOBS]
    assert len(set(names)) == len(names)
    assert run_due(worker.JOBS, NOW) == names
    assert run_due(worker.JOBS, NOW + timedelta(days=2)) == names
