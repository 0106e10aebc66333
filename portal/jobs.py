"""What the worker does besides sending mail: each area's periodic jobs, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.constraints import add_unless_there
from portal.kernel.db import Base, session, transaction
from portal.kernel.logs import logger


class JobRun(Base):
    """When a job last ran: of two workers only one takes a turn."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    ran_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """`work(now)` runs inside a transaction, at least `every` apart, and must be safe to run again."""

    name: str
    every: timedelta
    work: Callable[[datetime], object]


def run_due(jobs: tuple[Job, ...], now: datetime) -> list[str]:
    """Runs every job whose time has come, each in a transaction of its own. Returns the names of those that were carried out.

    A job that fails leaves nothing but a line in the log, stops no other, and has its next turn like any other.
    """
    ran = []
    for job in jobs:
        try:
            with transaction():
                if not _take_turn(job, now):
                    continue
                job.work(now)
            ran.append(job.name)
        except Exception:  # noqa: BLE001  (whatever is wrong with one job, the others and the mail go on)
            logger().exception("worker: a job failed", job=job.name)
            with transaction():
                _take_turn(job, now)
    return ran


def _take_turn(job: Job, now: datetime) -> bool:
    """Whether the job is due, and nobody else's turn; notes that it runs."""
    if add_unless_there(JobRun, name=job.name, ran_at=now):
        return True
    last = session().get_one(JobRun, job.name, with_for_update=True, populate_existing=True)
    if last.ran_at <= now < last.ran_at + job.every:
        return False
    last.ran_at = now
    return True
