"""Finding the pass that a scan or a typed code points to. What it lets do is for its subject's area to say."""

from __future__ import annotations

import uuid
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from portal.kernel import crypto
from portal.kernel.db import session
from portal.passes import token
from portal.passes.models import Pass

KINDS = {
    "badge": token.Kind.BADGE,
    "exit_slip": token.Kind.EXIT_SLIP,
    "work_order": token.Kind.WORK_ORDER,
    "visit": token.Kind.VISIT,
    "emergency": token.Kind.EMERGENCY,
}


def live_pass(subject_id: uuid.UUID) -> Pass | None:
    """The subject's one pass that is not revoked."""
    return session().scalars(select(Pass).where(Pass.subject_id == subject_id, Pass.revoked_at.is_(None))).one_or_none()


def qr_text(found: Pass, base_url: str) -> str:
    """What the pass's QR code says: the gate's address with the signed token."""
    return token.qr_text(base_url, token.sign(KINDS[found.kind], found.id, found.valid_until, _keys(_fingerprint())[0]))


def find_pass(scanned: str) -> Pass | None:
    """The pass that a scanned address, a bare token or a typed short code points to; None when the portal never issued it.

    Raises token.BadToken and token.BadShortCode. A valid signature is not enough: the caller reads the subject's state, locked.
    """
    text = token.token_from_scan(scanned)
    if text is not None:
        read = token.read(text, _keys(_fingerprint())[1])
        found = session().get(Pass, read.id)
        return found if found is not None and KINDS[found.kind] == read.kind else None
    code = token.normalise_short_code(scanned)
    return session().scalars(select(Pass).where(Pass.short_code == code)).one_or_none()


def _fingerprint() -> tuple[tuple[int, bytes], ...]:
    return tuple(sorted(crypto.keys().passes.items()))


@lru_cache(maxsize=4)
def _keys(ring: tuple[tuple[int, bytes], ...]) -> tuple[token.SigningKey, dict[int, Ed25519PublicKey]]:
    return token.keys(dict(ring))
