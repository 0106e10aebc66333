"""Encryption of fields and files (AES-GCM, key ring), keyed hashes for matching, tokens.

A ciphertext is: key version (1 byte), nonce (12), AES-GCM text. The associated data names the column or file, so that a
ciphertext moved elsewhere does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from config import Keys

_keys: Keys | None = None


class Damaged(Exception):
    """The ciphertext was altered, stands in the wrong place, or its key is not in the ring."""


def configure(keys: Keys) -> None:
    global _keys
    _keys = keys


def keys() -> Keys:
    if _keys is None:
        raise RuntimeError("crypto.configure has not run")
    return _keys


def encrypt(plain: bytes, context: str) -> bytes:
    version = max(keys().field)
    nonce = os.urandom(12)
    return bytes([version]) + nonce + AESGCM(keys().field[version]).encrypt(nonce, plain, context.encode())


def decrypt(sealed: bytes, context: str) -> bytes:
    """Raises Damaged."""
    key = keys().field.get(sealed[0]) if len(sealed) > 28 else None
    if key is None:
        raise Damaged(context)
    try:
        return AESGCM(key).decrypt(sealed[1:13], sealed[13:], context.encode())
    except InvalidTag as error:
        raise Damaged(context) from error


def match_hash(value: str, context: str) -> str:
    """A keyed hash (64 hex digits) by which equal values can be found without being readable."""
    return hmac.new(keys().match, f"{context}\0{value}".encode(), hashlib.sha256).hexdigest()


def new_token() -> str:
    """A secret for a link or a session: 256 random bits. Only its hash is stored."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def audit_mac(content: bytes) -> str:
    return hmac.new(keys().audit, content, hashlib.sha256).hexdigest()


def audit_signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"head" + keys().audit).digest())


def evidence_signing_key() -> Ed25519PrivateKey:
    """What evidence packs are signed with. Its public half is shown on their pages, so that it can be compared outside a pack."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"evidence" + keys().audit).digest())


def pass_signing_keys() -> dict[int, Ed25519PrivateKey]:
    """Key id -> private key; the highest id signs, all verify."""
    return {version: Ed25519PrivateKey.from_private_bytes(seed) for version, seed in keys().passes.items()}
