"""The colours: readable in both themes (WCAG AA), and the same dark whether it was chosen or follows the device."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

THEME = (Path(__file__).parents[2] / "portal/static/theme.css").read_text(encoding="utf-8")
TOKEN = re.compile(r"(--[a-z0-9-]+):\s*(#[0-9a-f]{3,6})\b")

ON_CARD = ("ink", "ink-2", "ink-3", "accent", "ok", "wait", "stop", "rest")
PAIRS = [
    *((ink, "card") for ink in ON_CARD),
    *((ink, "page") for ink in ("ink", "ink-2", "ink-3", "accent", "stop")),
    *((ink, "well") for ink in ("ink", "ink-2", "ink-3")),
    *((tone, f"{tone}-soft") for tone in ("ok", "wait", "stop", "rest", "accent")),
    *(("ink", f"{tone}-soft") for tone in ("ok", "wait", "stop", "rest")),
    ("ink-2", "rest-soft"),
    ("ink-2", "hover"),
    ("accent", "hover"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-2"),
    ("danger-ink", "danger"),
    ("danger-ink", "danger-2"),
    ("rail-ink", "rail"),
    ("rail-ink-2", "rail"),
]


def tokens(selector: str) -> dict[str, str]:
    block = THEME[THEME.index(selector) :]
    return dict(TOKEN.findall(block[: block.index("}")]))


LIGHT = tokens(":root {")
DARK = LIGHT | tokens('[data-bs-theme="dark"] {')


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        channels = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_can_be_read(theme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(theme[f"--{ink}"], theme[f"--{ground}"]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["card", "page", "well"])
def test_the_edges_of_fields_can_be_seen(theme: dict[str, str], ground: str) -> None:
    assert contrast(theme["--line-2"], theme[f"--{ground}"]) >= 3
    assert contrast(theme["--accent"], theme[f"--{ground}"]) >= 3


@pytest.mark.parametrize("verdict", ["--yes", "--no"])
def test_a_verdict_can_be_read_at_arms_length(verdict: str) -> None:
    assert contrast("#ffffff", LIGHT[verdict]) >= 6.5


def test_dark_is_the_same_chosen_or_by_the_device() -> None:
    assert tokens('[data-bs-theme="auto"] {') == tokens('[data-bs-theme="dark"] {')
