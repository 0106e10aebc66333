"""The database: what stays together stays together, times are UTC, addresses sort, and the database itself has the last word."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from portal.badges.models import Badge
from portal.facility.models import Rack
from portal.jobs import JobRun
from portal.kernel import db
from portal.kernel.constraints import broken_constraint, guarded
from portal.kernel.db import IPAddressType, isolated, session, transaction
from portal.kernel.errors import Refusal, Refused
from tests.badges import making
from tests.cast import NOW, Cast

RAN = JobRun.name == "x"


def ran() -> JobRun | None:
    with isolated():
        return session().scalars(select(JobRun).where(RAN)).one_or_none()


@pytest.mark.usefixtures("app")
class TestTransaction:
    def test_everything_or_nothing(self) -> None:
        def half(fail: bool) -> None:
            session().add(JobRun(name="x", ran_at=NOW))
            session().flush()
            if fail:
                raise ArithmeticError

        with pytest.raises(ArithmeticError), transaction():
            half(fail=True)
        assert ran() is None
        with transaction():
            half(fail=False)
            assert ran() is None
        assert ran() is not None

    def test_none_opens_inside_another(self) -> None:
        with transaction():
            with pytest.raises(RuntimeError, match="services never open one"), transaction():
                pass
            session().add(JobRun(name="x", ran_at=NOW))
        assert ran() is not None

    def test_reading_commits_nothing(self) -> None:
        session().add(JobRun(name="x", ran_at=NOW))
        session().flush()
        db.close()
        assert ran() is None

    def test_what_was_read_before_is_read_again(self) -> None:
        with transaction():
            session().add(JobRun(name="x", ran_at=NOW))
        mine = session().scalars(select(JobRun).where(RAN)).one()
        with isolated(), transaction():
            session().scalars(select(JobRun).where(RAN)).one().ran_at = NOW + timedelta(days=1)
        with transaction():
            assert mine.ran_at == NOW + timedelta(days=1)

    def test_a_check_before_the_commit_can_refuse_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_session: object) -> None:
            raise PermissionError

        monkeypatch.setattr(db, "_before_commit", [refuse])
        with pytest.raises(PermissionError), transaction():
            session().add(JobRun(name="x", ran_at=NOW))
        assert ran() is None


@pytest.mark.usefixtures("app")
class TestTimes:
    def test_a_naive_one_is_refused(self) -> None:
        with pytest.raises(StatementError, match="naive datetime"), transaction():
            session().add(JobRun(name="x", ran_at=datetime(2026, 1, 1)))

    def test_any_zone_reads_back_as_the_same_moment_in_utc(self) -> None:
        with transaction():
            session().add(JobRun(name="x", ran_at=datetime(2027, 1, 1, 7, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=8)))))
        stored = ran()
        assert stored is not None
        assert stored.ran_at == datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        assert stored.ran_at.tzinfo is UTC


def test_addresses_of_both_families_keep_their_order_in_the_database(app: Flask) -> None:
    kind, dialect = IPAddressType(), db.engine().dialect
    addresses = [ipaddress.ip_address(a) for a in ("9.255.255.255", "10.0.0.0", "198.51.100.7", "2001:db8::", "2001:db8::1", "ffff::")]
    stored = [kind.process_bind_param(address, dialect) for address in addresses]
    union = " UNION ALL ".join(f"SELECT '{value}' AS a" for value in reversed(stored))
    back = session().execute(text(f"SELECT a FROM ({union}) AS x ORDER BY a" + (' COLLATE "C"' if dialect.name == "postgresql" else "")))
    assert [kind.process_result_value(row.a, dialect) for row in back] == addresses


FULL = Refusal("badge.limit", "Full.")


def test_a_broken_constraint_becomes_the_refusal_that_it_stands_for(cast: Cast) -> None:
    with transaction():
        badge = making.applied(cast, "wang")
    with pytest.raises(Refused) as refused, transaction(), guarded({"uq_badges_slot": FULL}):
        session().add(_second(badge, cast, slot=badge.slot))
    assert refused.value.refusal == FULL


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"slot": 1}, "uq_badges_slot"),
        ({"person": "wang"}, "uq_badges_person"),
        ({"number": "same"}, "uq_badges_number"),
        ({"slot": 3}, "ck_badges_slot"),
        ({"state": "gone"}, "ck_badges_state"),
    ],
)
def test_the_broken_constraint_is_known_by_its_name_on_both_databases(cast: Cast, changes: dict[str, object], name: str) -> None:
    with transaction():
        badge = making.applied(cast, "wang")
    with pytest.raises(IntegrityError) as broken, transaction():
        session().add(_second(badge, cast, **changes))
    assert broken_constraint(broken.value) == name


def _second(badge: Badge, cast: Cast, slot: int = 2, person: str = "liu", number: str = "BA-X", state: str = "under_review") -> Badge:
    return Badge(
        created_at=NOW, state=state, number=badge.number if number == "same" else number, client_id=badge.client_id, slot=slot,
        person_id=cast.people[person].id, photo_id=badge.photo_id, identity_copy_id=badge.identity_copy_id,
        applied_by_id=badge.applied_by_id,
    )  # fmt: skip


def test_a_row_that_refers_to_nothing_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction():
        session().add(Rack(created_at=NOW, room_id=uuid.uuid4(), code="X", row="", units=42, power_w=1))


def test_sqlite_is_told_to_keep_what_it_promises(app: Flask) -> None:
    if db.dialect() != "sqlite":
        pytest.skip("PostgreSQL keeps it by itself")
    found = {name: session().scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")}
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
