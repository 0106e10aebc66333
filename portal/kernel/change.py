"""Changes of state: the one way to open a record with a lifecycle and to move it on.

A change is `UPDATE ... WHERE id = ? AND state = ?` together with its audit entry. A commit that holds a change of state without
its entry is refused, and so is a state that was assigned any other way.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import event, inspect, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import ORMExecuteState, Session

from portal.audit import services as audit
from portal.kernel import db
from portal.kernel.db import Stateful, session
from portal.kernel.errors import Conflict, Forbidden
from portal.kernel.policy import Actor


class UnrecordedChange(RuntimeError):
    """A fault in the portal's own code: a state changed without the lifecycle or without its audit entry."""


def open_record(
    record: Stateful,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Adds a new record in the state that its opening action leads to. Raises Forbidden."""
    opening = record.LIFECYCLE.actions[action]
    if not actor.may(opening.permission):
        raise Forbidden(opening.permission)
    record.created_at, record.state = now, opening.target
    db_session = session()
    db_session.add(record)
    db_session.flush()
    _tell(record, action, actor, now, {}, {"state": opening.target, **(facts or {})}, reason)


def move(
    record: Stateful,
    action: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    because_of: str | None = None,
) -> None:
    """Carries out one action of the record's lifecycle and sets `values` on its columns with it.

    `facts` are told in the audit entry beside the state. `because_of` names the change that this one follows from by rule
    (a suspended contract suspends its badges): then the actor needs the permission for that one only.
    Raises Forbidden, and Conflict when the record is no longer in a state that the action starts from.
    """
    step = record.LIFECYCLE.actions[action]
    if because_of is None:
        if not actor.may(step.permission):
            raise Forbidden(step.permission)
        other = getattr(record, step.separate_from) if step.separate_from else None
        if other is not None and other == actor.user_id:
            raise Forbidden(f"{record.LIFECYCLE.tag(action)}: who asked may not approve")
    if "reason" in step.needs and not reason and because_of is None:
        raise ValueError(f"{record.LIFECYCLE.tag(action)} needs a reason")
    source = record.state
    if source not in step.sources:
        raise conflict(record, action)
    cls = type(record)
    changed = session().execute(
        update(cls)
        .where(cls.id == record.id, cls.state == source)
        .values(state=step.target, **(values or {}))
        .execution_options(through_lifecycle=True, synchronize_session=False)
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount != 1:
        session().refresh(record)
        raise conflict(record, action)
    session().refresh(record)
    after = {"state": step.target, **(facts or {})} | ({"because_of": because_of} if because_of else {})
    _tell(record, action, actor, now, {"state": source}, after, reason)


def lock(record: db.Record) -> None:
    """Reads the record again under a row lock, so that what is decided on it stays true until the commit."""
    session().flush()  # what was set before and is not written yet would be lost
    session().refresh(record, with_for_update={"of": type(record)})  # its own row alone, not those of what is loaded with it


def label_of(record: Stateful) -> str:
    """What people call the record: its number, or its name."""
    return str(getattr(record, "number", None) or getattr(record, "name", None) or record.id)


def conflict(record: Stateful, action: str) -> Conflict:
    return Conflict(label_of(record), action, record.state, record.LIFECYCLE.states[record.state].label)


def _tell(
    record: Stateful,
    action: str,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str | None,
) -> None:
    kind, client_id = record.LIFECYCLE.name, getattr(record, "client_id", None)
    session().info.setdefault("moved", set()).add((kind, record.id))
    audit.record(
        record.LIFECYCLE.tag(action), kind, record.id, label_of(record), actor, now,
        client_id=client_id, before=before, after=after, reason=reason,
    )  # fmt: skip


@event.listens_for(Session, "do_orm_execute")
def _refuse_bare_update(state: ORMExecuteState) -> None:
    if not state.is_update or state.execution_options.get("through_lifecycle"):
        return
    statement = state.statement
    table = str(getattr(statement, "table", ""))
    if table not in {cls.__tablename__ for cls in Stateful.__subclasses__()}:
        return
    rows = state.parameters or {}
    written = {getattr(column, "key", column) for column in getattr(statement, "_values", None) or {}}
    written |= {name for row in (rows if isinstance(rows, list | tuple) else [rows]) for name in row}
    if "state" in written:
        raise UnrecordedChange(f"{table}.state is changed by kernel.change alone")


@event.listens_for(Session, "before_flush")
def _note_states(current: Session, *_: Any) -> None:
    for record in current.dirty:
        if isinstance(record, Stateful) and inspect(record).attrs.state.history.has_changes():
            raise UnrecordedChange(f"{label_of(record)}: state is changed by kernel.change alone")
    for record in current.new:
        if isinstance(record, Stateful):
            current.info.setdefault("opened", []).append(record)


@db.before_commit
def _refuse_unrecorded(current: Session) -> None:
    moved: set[tuple[str, uuid.UUID]] = set(current.info.get("moved", ()))
    moved |= {(record.LIFECYCLE.name, record.id) for record in current.info.get("opened", ())}
    missing = moved - current.info.get("audited", set())
    if missing:
        raise UnrecordedChange(f"no audit entry for {sorted((kind, str(id_)) for kind, id_ in missing)}")
