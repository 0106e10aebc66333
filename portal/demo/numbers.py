"""Invented numbers with valid check digits, for demonstrations and tests. They belong to nobody: the serial part counts up."""

from __future__ import annotations

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def identity_number(index: int) -> str:
    """An identity number (GB 11643) that differs by `index`."""
    body = f"110101{1970 + index % 30}0{1 + index % 9}1{index % 10}{index % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def company_code(index: int) -> str:
    """A unified social credit code (GB 32100) that differs by `index`."""
    organisation = f"MA01{index:04d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    remainder = (11 - sum(LETTERS.index(c) * w for c, w in zip(organisation, weights, strict=True)) % 11) % 11
    body = "91110108" + organisation + ("X" if remainder == 10 else str(remainder))
    total = sum(CODE_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return body + CODE_ALPHABET[(31 - total % 31) % 31]
