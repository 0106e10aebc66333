"""When the database refuses: which of our constraints it was, as the refusal that people are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from portal.kernel.db import Base, dialect, session
from portal.kernel.errors import Refusal, Refused


@contextmanager
def guarded(refusals: Mapping[str, Refusal]) -> Iterator[None]:
    """Runs and flushes what is inside; a broken constraint named in `refusals` becomes that refusal (Refused).

    This is the second line of every rule that must hold under simultaneous requests: code checks first, to give a good
    message, and the constraint has the last word.
    """
    try:
        yield
        session().flush()
    except IntegrityError as error:
        refusal = refusals.get(broken_constraint(error) or "")
        if refusal is None:
            raise
        raise Refused(refusal) from error


def add_unless_there(model: type[Base], **values: Any) -> bool:
    """Adds a row unless one with its key is there; of two that try at once the second waits for the first. Says whether it did."""
    insert = postgresql.insert if dialect() == "postgresql" else sqlite.insert
    key = inspect(model).primary_key
    return session().execute(insert(model).values(**values).on_conflict_do_nothing().returning(*key)).first() is not None


def broken_constraint(error: IntegrityError) -> str | None:
    """The name of the constraint or unique index that was broken, on either database."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name:
        return str(name)
    text = str(error.orig)
    if check := re.search(r"CHECK constraint failed: (\w+)", text):
        return check.group(1)
    if unique := re.search(r"UNIQUE constraint failed: (.+)", text):
        columns = tuple(part.split(".")[1] for part in unique.group(1).split(", "))
        table = Base.metadata.tables[unique.group(1).split(".")[0]]
        for index in table.indexes:
            if index.unique and tuple(column.name for column in index.columns) == columns:
                return str(index.name)
        for constraint in table.constraints:
            if (
                isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
                and tuple(column.name for column in constraint.columns) == columns
            ):
                return str(constraint.name)
    return None
