"""Verifying the audit chain: what was changed, removed, put in between, or cut off."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from sqlalchemy import select

from portal.audit.models import AuditEntry, AuditHead
from portal.audit.services import FIRST, content, head_text, link
from portal.kernel import crypto
from portal.kernel.db import dialect, isolated, session


@dataclass(frozen=True, slots=True)
class Report:
    """`sound` or not, and a sentence: how much was verified, or which entry is the first that is wrong and how."""

    sound: bool
    text: str


def verify(anchor: Path) -> Report:
    """Walks the whole chain in constant memory. `anchor` is the kept copy of the signed head.

    The portal may go on meanwhile: all is read as of one moment, in a session of its own, and after the kept copy, which is never
    ahead of what was committed.
    """
    kept = json.loads(anchor.read_text()) if anchor.exists() else None
    with isolated():
        if dialect() == "postgresql":
            session().connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return _walk(kept)


def verify_tail(count: int) -> Report:
    """The last `count` sealed entries and the signed head only: what a look-over can afford on a long chain."""
    sealed = select(AuditEntry).where(AuditEntry.seq.is_not(None)).order_by(AuditEntry.seq.desc()).limit(count + 1)
    entries = list(session().scalars(sealed))[::-1]
    if not entries:
        wrong = _head_fault(0, FIRST, None)
        return Report(False, wrong) if wrong else Report(True, "no entry is sealed yet")
    before = entries[0]
    for entry in entries[1:]:
        if entry.seq != (before.seq or 0) + 1:
            return Report(False, f"Entry {(before.seq or 0) + 1} was removed (next is {entry.seq}, {_name(entry)}).")
        if crypto.audit_mac(content(entry)) != entry.mac:
            return Report(False, f"Entry {entry.seq} was changed: {_name(entry)}.")
        if entry.hash != link(before.hash or "", entry.seq, entry.mac):
            return Report(False, f"Entry {entry.seq} does not follow from the one before; it or its place was changed: {_name(entry)}.")
        before = entry
    wrong = _head_fault(before.seq or 0, before.hash or "", None)
    return Report(False, wrong) if wrong else Report(True, f"the last {len(entries)} entries verified")


def _walk(kept: dict[str, Any] | None) -> Report:
    previous, seq = FIRST, 0
    sealed = select(AuditEntry).where(AuditEntry.seq.is_not(None)).order_by(AuditEntry.seq)
    with closing(session().scalars(sealed.execution_options(yield_per=1000))) as rows:
        for entry in rows:
            if entry.seq != seq + 1:
                return Report(False, f"Entry {seq + 1} was removed (next is {entry.seq}, {_name(entry)}).")
            seq += 1
            if crypto.audit_mac(content(entry)) != entry.mac:
                return Report(False, f"Entry {seq} was changed: {_name(entry)}.")
            if entry.hash != link(previous, seq, entry.mac):
                return Report(False, f"Entry {seq} does not follow from the one before; it or its place was changed: {_name(entry)}.")
            previous = entry.hash
    unsealed = 0
    with closing(session().scalars(select(AuditEntry).where(AuditEntry.seq.is_(None)).order_by(AuditEntry.id))) as rows:
        for entry in rows:
            if crypto.audit_mac(content(entry)) != entry.mac:
                return Report(False, f"An entry that is not sealed yet was changed or forged: {_name(entry)}.")
            unsealed += 1
    wrong_head = _head_fault(seq, previous, kept)
    if wrong_head:
        return Report(False, wrong_head)
    return Report(True, f"{seq} entries verified; {unsealed} wait for their seal.")


def _head_fault(seq: int, last_hash: str, kept: dict[str, Any] | None) -> str | None:
    head = session().scalars(select(AuditHead)).one_or_none()
    if head is None:
        return None if seq == 0 and kept is None else "The signed head was removed."
    if not _signed(head.seq, head.hash, head.sealed_at, head.signature):
        return f"The head's signature is wrong (it says {head.seq} entries)."
    if head.seq > seq:
        return f"Entries {seq + 1} to {head.seq} were cut off the end."
    if head.seq != seq or head.hash != last_hash:
        return f"The head says {head.seq} entries, the chain has {seq}: entries were put in after entry {head.seq}."
    if kept is None:
        return None
    if not _signed(kept["seq"], kept["hash"], datetime.fromisoformat(kept["sealed_at"]), kept["signature"]):
        return "The kept copy of the head is not signed by this portal."
    if kept["seq"] > seq:
        return f"Entries {seq + 1} to {kept['seq']} were cut off the end, and the head was put back with them."
    found = session().scalar(select(AuditEntry.hash).where(AuditEntry.seq == kept["seq"]))
    return None if kept["seq"] == 0 or found == kept["hash"] else f"The chain up to entry {kept['seq']} was made anew."


def _signed(seq: int, hash_: str, sealed_at: datetime, signature: str) -> bool:
    try:
        crypto.audit_signing_key().public_key().verify(bytes.fromhex(signature), head_text(seq, hash_, sealed_at))
    except (InvalidSignature, ValueError):
        return False
    return True


def _name(entry: AuditEntry) -> str:
    return f"{entry.tag} of {entry.subject_label}, {entry.at:%Y-%m-%d %H:%M:%S} UTC, {entry.actor_name}"
