"""Counts in words, so that a figure on a slip cannot be changed with a pen."""

from __future__ import annotations

LARGEST = 9_999
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_chinese(count: int) -> str:
    """The financial numerals: 60 is 陆拾, 16 is 壹拾陆, 1005 is 壹仟零伍. ValueError outside 0..9,999."""
    _check(count)
    words, skipped = "", False
    for place in (3, 2, 1, 0):
        digit = count // 10**place % 10
        if not digit:
            skipped = True
            continue
        words += ("零" if skipped and words else "") + _DIGITS[digit] + _PLACES[place]
        skipped = False
    return words or _DIGITS[0]


def in_english(count: int) -> str:
    """60 is sixty, 105 is one hundred and five. ValueError outside 0..9,999."""
    _check(count)
    thousands, rest = divmod(count, 1000)
    hundreds, rest = divmod(rest, 100)
    parts = [f"{_SMALL[thousands]} thousand"] if thousands else []
    if hundreds:
        parts.append(f"{_SMALL[hundreds]} hundred")
    if rest or not parts:
        tail = _SMALL[rest] if rest < 20 else "-".join([_TENS[rest // 10 - 2], *([_SMALL[rest % 10]] if rest % 10 else [])])
        parts.append(f"and {tail}" if parts else tail)
    return " ".join(parts)


def items(count: int) -> str:
    return "item" if count == 1 else "items"


def _check(count: int) -> None:
    if not 0 <= count <= LARGEST:
        raise ValueError(f"{count} is not within 0 and {LARGEST}")
