"""The database: engine, base class, column types, and `transaction()`, the one place that commits.

The same code runs on SQLite (WAL, foreign keys on, BEGIN IMMEDIATE, full sync) and PostgreSQL.
"""

from __future__ import annotations

import ipaddress
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Uuid,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from portal.kernel import crypto, ids
from portal.kernel.lifecycle import Lifecycle

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAPPED = 0xFFFF << 32  # IPv4 addresses are stored as ::ffff:a.b.c.d, so that one column orders both families

# A server that is away is noticed within seconds, also one whose machine went without a word.
PATIENCE = {"connect_timeout": 5, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}

_engine: Engine | None = None
_current: ContextVar[Session | None] = ContextVar("session", default=None)
_one_writer = threading.Lock()
_before_commit: list[Callable[[Session], None]] = []


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment; refuses naive ones. Read back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EncryptedText(TypeDecorator[str]):
    """Text stored encrypted; `context` ("table.column") binds the ciphertext to its place."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else crypto.encrypt(value.encode(), self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else crypto.decrypt(bytes(value), self.context).decode()


class IPAddressType(TypeDecorator[IPAddress]):
    """An IPv4 or IPv6 address as 32 hex digits: ordered, indexable, alike on both databases."""

    impl = String(32).with_variant(String(32, collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: IPAddress | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return f"{int(value) + (_MAPPED if value.version == 4 else 0):032x}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> IPAddress | None:
        if value is None:
            return None
        address = ipaddress.IPv6Address(int(value, 16))
        return address.ipv4_mapped or address


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        uuid.UUID: Uuid(),
        datetime: UTCDateTime(),
        date: Date(),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
        IPAddress: IPAddressType(),
    }


class Record(Base):
    """A row with an id that can stand in a URL."""

    __abstract__ = True

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=ids.new, sort_order=-20)
    created_at: Mapped[datetime] = mapped_column(sort_order=-19)


class Stateful(Record):
    """A record with a lifecycle. Only `kernel.change` assigns its state, and the database knows which states there are."""

    __abstract__ = True
    LIFECYCLE: ClassVar[Lifecycle]

    state: Mapped[str] = mapped_column(String(24), sort_order=-18)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "__table__"):
            known = ", ".join(f"'{state}'" for state in cls.LIFECYCLE.states)
            cls.__table__.append_constraint(CheckConstraint(f"state IN ({known})", name="state"))  # type: ignore[attr-defined]


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for `url` with the portal's guarantees switched on."""
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True, connect_args=PATIENCE
        )
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=pool_size, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "busy_timeout=30000"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def configure(engine: Engine) -> None:
    """Sets the process's engine (once; tests set it again, and the earlier one lets its idle connections go)."""
    global _engine
    if _engine is not None and _engine is not engine:
        _engine.dispose()
    _engine = engine


def engine() -> Engine:
    if _engine is None:
        raise RuntimeError("db.configure has not run")
    return _engine


def dialect() -> str:
    return engine().dialect.name


def before_commit(check: Callable[[Session], None]) -> Callable[[Session], None]:
    """Registers a check that may refuse a commit by raising."""
    _before_commit.append(check)
    return check


def session() -> Session:
    """The session of this request or transaction; a reading one is opened where none is."""
    current = _current.get()
    if current is None:
        current = Session(engine(), expire_on_commit=False)
        _current.set(current)
    return current


def close() -> None:
    """Ends this request's session. What was not committed is gone."""
    current = _current.get()
    if current is not None:
        current.close()
        _current.set(None)


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: everything in it is committed together, or nothing. Opened at the entry (view, CLI, worker), never deeper.

    What was read before it in the same request is read again, so that a decision never rests on a stale row.
    """
    current = session()
    if current.info.get("writing"):
        raise RuntimeError("a transaction is open already: services never open one")
    current.rollback()
    with _turn():
        current.info.clear()
        current.info["writing"] = True
        try:
            current.connection(execution_options={"writing": True})
            yield current
            current.flush()
            for check in _before_commit:
                check(current)
            current.commit()
        except BaseException:
            current.rollback()
            raise
        finally:
            current.info.clear()


def _turn() -> AbstractContextManager[Any]:
    """SQLite has one writer at a time: threads of this process queue here, since its own waiting is sleeping and starves some."""
    return _one_writer if dialect() == "sqlite" else nullcontext()


@contextmanager
def isolated() -> Iterator[None]:
    """A session of its own for what follows (worker, CLI, thread), closed at the end."""
    token = _current.set(None)
    try:
        yield
    finally:
        close()
        _current.reset(token)
