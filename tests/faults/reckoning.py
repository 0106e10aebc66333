"""What was acknowledged against what is there, once the killing is over: nothing lost, nothing half done, nothing done twice."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from portal import invariants
from portal.audit import verify
from portal.audit.models import AuditEntry
from portal.files.models import StoredFile
from portal.gate.models import GateEvent
from portal.kernel import files
from portal.kernel.db import isolated, session, transaction
from portal.outbox import services as outbox
from portal.outbox.models import OutboxMessage
from tests.cast import NOW
from tests.faults.lives import Ledger
from tests.faults.portal import Portal

DRAINED_WITHIN = 180.0  # seconds


def settle(portal: Portal) -> None:
    """Waits until the worker has sent and sealed everything, also what one that was killed had claimed."""
    portal.later(outbox.LEASE)
    until = time.monotonic() + DRAINED_WITHIN
    waiting = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.sent_at.is_(None), OutboxMessage.failed_at.is_(None))
    unsealed = select(func.count()).select_from(AuditEntry).where(AuditEntry.seq.is_(None))
    while time.monotonic() < until:
        with isolated():
            if not session().scalar(waiting) and not session().scalar(unsealed):
                return
        time.sleep(0.2)


def breaches(portal: Portal, ledger: Ledger) -> Iterator[str]:
    """Whatever is not as it was promised, a line each."""
    yield from ledger.breaches
    with isolated(), transaction():
        yield from _compared("audit", ledger.audit, _audited(ledger))
        yield from _compared("gate", ledger.gate, _passed(ledger))
        for name, rows in invariants.broken().items():
            yield f"invariant broken: {name}: {rows[:2]}"
    report = verify.verify(portal.settings.var_dir / "audit" / "head.json")
    if not report.sound:
        yield report.text
    with isolated():
        yield from _files()
        yield from _messages(portal)


def _compared(what: str, acknowledged: Counter[tuple[str, str]], there: Counter[tuple[str, str]]) -> Iterator[str]:
    for key in acknowledged.keys() | there.keys():
        if acknowledged[key] != there[key]:
            yield f"{what}: {key} was acknowledged {acknowledged[key]} times and stands there {there[key]} times"


def _audited(ledger: Ledger) -> Counter[tuple[str, str]]:
    """The entries since the harness began, of the tags that it keeps count of."""
    tags = {tag for tag, _label in ledger.audit}
    found = select(AuditEntry.tag, AuditEntry.subject_label, func.count()).where(AuditEntry.tag.in_(tags), AuditEntry.at > NOW)
    return Counter(
        {(tag, label): count for tag, label, count in session().execute(found.group_by(AuditEntry.tag, AuditEntry.subject_label))}
    )


def _passed(ledger: Ledger) -> Counter[tuple[str, str]]:
    kinds = {kind for kind, _label in ledger.gate}
    found = select(GateEvent.kind, GateEvent.subject_label, func.count()).where(GateEvent.kind.in_(kinds), GateEvent.created_at > NOW)
    grouped = found.group_by(GateEvent.kind, GateEvent.subject_label)
    return Counter({(kind, label): count for kind, label, count in session().execute(grouped)})


def _files() -> Iterator[str]:
    """Every row has its content, whole. (Content without a row is swept by a job, an hour later.)"""
    for file in session().scalars(select(StoredFile)):
        try:
            content = files.get(file.id)
        except files.Lost:
            yield f"file {file.id} ({file.purpose}) has no content"
            continue
        if file.sha256 and hashlib.sha256(content).hexdigest() != file.sha256:
            yield f"file {file.id} ({file.purpose}) is not what was uploaded"


def _messages(portal: Portal) -> Iterator[str]:
    """Every message went out, and what went out twice went under the same key."""
    rows: list[Any] = list(session().scalars(select(OutboxMessage)))
    mailed = {str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in portal.mails.mails}
    told = {taken["key"] for taken in portal.hook.taken}
    for row in rows:
        if row.sent_at is None:
            yield f"{row.medium} {row.code} to {row.address} was not sent: {row.last_error}"
        elif row.id.hex not in (mailed if row.medium == "mail" else told):
            yield f"{row.medium} {row.code} to {row.address} is marked as sent and did not arrive"
    keys = {row.id.hex for row in rows}
    yield from (f"a message came under a key that nobody gave: {key}" for key in (mailed | told) - keys)


def figures(portal: Portal, ledger: Ledger) -> dict[str, int]:
    with isolated():
        messages = session().scalar(select(func.count()).select_from(OutboxMessage)) or 0
    return {
        "acknowledged": ledger.audit.total() + ledger.gate.total(),
        "sent_again_after_no_answer": ledger.unanswered,
        "sent_again_after_an_answer": ledger.again,
        "messages": messages,
        "messages_repeated": len(portal.mails.mails) + len(portal.hook.taken) - messages,
    }
