"""One-time codes by time (RFC 6238), and the recovery codes beside them. Pure.

Everything that a user is given when they set the second factor up comes from one random seed, which their own page carries until they
confirm it: a form that is sent twice, or again after its answer was lost, sets up what they have seen, and nothing is stored before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime

import pyotp

SECONDS = 30  # how long a code is the present one
DRIFT = 1  # how many codes before and after it are taken, too: clocks differ
RECOVERY_CODES = 10
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # none that reads like another
_SEED = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def is_seed(text: str) -> bool:
    """Whether this can be a seed: 256 bits, as `crypto.new_token` makes them."""
    return _SEED.match(text) is not None


def secret_of(seed: str) -> str:
    """The secret that an app keeps: 160 bits, base 32."""
    return base64.b32encode(_derived(seed, "totp")[:20]).decode()


def recovery_codes_of(seed: str) -> tuple[str, ...]:
    """Ten codes of 50 bits each, as they are shown: "k3f9q-2mxyz"."""
    return tuple(_shown(_derived(seed, f"recovery {number}")) for number in range(RECOVERY_CODES))


def link_of(secret: str, email: str, issuer: str) -> str:
    """What the app's QR code says."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer))


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """Which step this code belongs to, of those that are taken now; None when to none. The caller takes each step once."""
    digits = "".join(typed.split())
    present, clock = int(now.timestamp()) // SECONDS, pyotp.TOTP(secret)
    steps = range(present - DRIFT, present + DRIFT + 1)
    fits = [step for step in steps if hmac.compare_digest(clock.at(step * SECONDS).encode(), digits.encode())]
    return fits[-1] if fits else None


def normalised(typed: str) -> str:
    """A recovery code as it was typed, without blanks and dashes, in the letters that it is made of."""
    return re.sub(r"[\s\-–]", "", typed.lower()).replace("o", "0").replace("i", "1").replace("l", "1")


def _derived(seed: str, what: str) -> bytes:
    return hmac.new(seed.encode(), what.encode(), hashlib.sha256).digest()


def _shown(random: bytes) -> str:
    number = int.from_bytes(random[:8])
    letters = "".join(_LETTERS[number >> 5 * place & 31] for place in range(10))
    return f"{letters[:5]}-{letters[5:]}"
