"""Writing the audit chain.

An entry is written in the transaction of the change it tells, under a keyed MAC of its content; a worker then seals entries in
batches into one chain (sequence, hash of the one before) and signs the head. Sealing inside the transaction would make
writers on PostgreSQL queue behind one row; `docs/audit.md` has both measured, and what the choice cannot detect.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.audit.models import AuditEntry, AuditHead
from portal.kernel import crypto
from portal.kernel.constraints import add_unless_there
from portal.kernel.db import session
from portal.kernel.policy import Actor

FIRST = "0" * 64


def record(
    tag: str,
    subject_kind: str,
    subject_id: uuid.UUID,
    subject_label: str,
    actor: Actor,
    now: datetime,
    *,
    client_id: uuid.UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> AuditEntry:
    """Writes one entry. Values in `before` and `after` are plain (text, whole numbers, booleans); secrets do not belong in them."""
    entry = AuditEntry(
        at=now,
        tag=tag,
        actor_id=actor.user_id,
        actor_name=actor.name,
        actor_role=actor.role.value,
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_label=subject_label[:200],
        client_id=client_id,
        before=_plain(before),
        after=_plain(after),
        reason=reason,
    )
    entry.mac = crypto.audit_mac(content(entry))
    session().add(entry)
    session().info.setdefault("audited", set()).add((subject_kind, subject_id))
    return entry


def content(entry: AuditEntry) -> bytes:
    """What an entry's MAC covers: everything but its seal."""
    fields = (
        "tag", "actor_id", "actor_name", "actor_role", "subject_kind", "subject_id", "subject_label", "client_id", "before", "after",
        "reason",
    )  # fmt: skip
    values = {name: getattr(entry, name) for name in fields} | {"at": entry.at.astimezone(UTC).isoformat()}
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def link(previous: str, seq: int, mac: str) -> str:
    return hashlib.sha256(f"{previous}|{seq}|{mac}".encode()).hexdigest()


def head_text(seq: int, hash_: str, sealed_at: datetime) -> bytes:
    return f"{seq}|{hash_}|{sealed_at.astimezone(UTC).isoformat()}".encode()


def seal(now: datetime, batch: int = 1000) -> int:
    """Chains up to `batch` unsealed entries and signs the head; call it in a transaction, again until it returns 0.

    The head row is locked: of two workers one waits. After the commit comes `keep_head`.
    """
    db = session()
    head = db.scalars(select(AuditHead).with_for_update()).one_or_none()
    if head is None:
        add_unless_there(AuditHead, id=1, seq=0, hash=FIRST, sealed_at=now, signature="")
        head = db.scalars(select(AuditHead).with_for_update()).one()
    entries = db.scalars(select(AuditEntry).where(AuditEntry.seq.is_(None)).order_by(AuditEntry.id).limit(batch)).all()
    if not entries:
        return 0
    for entry in entries:
        entry.seq = head.seq = head.seq + 1
        entry.hash = head.hash = link(head.hash, entry.seq, entry.mac)
    head.sealed_at = now
    head.signature = crypto.audit_signing_key().sign(head_text(head.seq, head.hash, now)).hex()
    db.flush()
    return len(entries)


def keep_head(anchor: Path) -> None:
    """Writes the signed head to a file outside the database, so that a database which was put back to an earlier state is found out.

    Call it outside any transaction: what the file says was committed, always, else it would accuse a portal that merely failed.
    """
    head = session().scalars(select(AuditHead).execution_options(populate_existing=True)).one_or_none()
    if head is None:
        return
    kept = {"seq": head.seq, "hash": head.hash, "sealed_at": head.sealed_at.isoformat(), "signature": head.signature}
    anchor.parent.mkdir(parents=True, exist_ok=True)
    made = anchor.with_suffix(f".{os.getpid()}.new")
    made.write_text(json.dumps(kept))
    made.replace(anchor)


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return value if value is None or isinstance(value, bool | int | str) else str(value)

    return {name: plain(value) for name, value in (values or {}).items()}
