"""The audit's entries for what was made in bulk: with their MAC, chained and sealed, as the worker would leave them."""

from __future__ import annotations

import uuid
from datetime import datetime

from portal.audit.models import AuditEntry, AuditHead
from portal.audit.services import FIRST, content, head_text, link
from portal.kernel import crypto
from portal.kernel.db import isolated, transaction
from tests.load.bulk import Loader, id_at


class Teller:
    """Goes on from the head of the chain; `close` signs the new one. Nothing else may be sealed in between."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        with isolated(), transaction() as session:
            head = session.get(AuditHead, 1)
            self.seq, self.hash = (head.seq, head.hash) if head is not None else (0, FIRST)

    def tell(self, tag: str, kind: str, subject_id: uuid.UUID, label: str, state: str, client_id: uuid.UUID | None, at: datetime) -> None:
        """That a record is in its present state."""
        entry = AuditEntry(
            id=id_at(at),
            at=at,
            tag=tag,
            actor_id=None,
            actor_name="Load",
            actor_role="administrator",
            subject_kind=kind,
            subject_id=subject_id,
            subject_label=label,
            client_id=client_id,
            before={},
            after={"state": state},
            reason=None,
        )
        mac = crypto.audit_mac(content(entry))
        self.seq += 1
        self.hash = link(self.hash, self.seq, mac)
        self.loader.add(
            AuditEntry,
            id=entry.id,
            at=at,
            tag=tag,
            actor_name="Load",
            actor_role="administrator",
            subject_kind=kind,
            subject_id=subject_id,
            subject_label=label,
            client_id=client_id,
            before={},
            after={"state": state},
            mac=mac,
            seq=self.seq,
            hash=self.hash,
        )

    def close(self, now: datetime) -> None:
        signature = crypto.audit_signing_key().sign(head_text(self.seq, self.hash, now)).hex()
        with isolated(), transaction() as session:
            session.merge(AuditHead(id=1, seq=self.seq, hash=self.hash, sealed_at=now, signature=signature))
