"""The numbers that people read out: `EX-2611-0043` is the 43rd of its series in November 2026."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel import clock
from portal.kernel.constraints import add_unless_there
from portal.kernel.db import Base, session


class NumberSeries(Base):
    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(String(16), primary_key=True)
    last: Mapped[int]


def next_number(prefix: str, now: datetime) -> str:
    """The next number of this month's series, e.g. next_number("EX", now). Numbers of a rolled-back transaction come again."""
    series = f"{prefix}-{clock.local(now):%y%m}"
    take = update(NumberSeries).where(NumberSeries.series == series).values(last=NumberSeries.last + 1).returning(NumberSeries.last)
    last = session().scalar(take.execution_options(synchronize_session=False))
    if last is None:
        add_unless_there(NumberSeries, series=series, last=0)
        last = session().scalar(take.execution_options(synchronize_session=False))
    return f"{series}-{last:04d}"
