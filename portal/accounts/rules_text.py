"""The rules text (R-S1): how its few marks are read, and the text that a new portal begins with (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["heading", "paragraph", "list", "numbers"]
_FOLDER = Path(__file__).parent / "rules_texts"
_ITEM = re.compile(r"^(?:(-)|(\d+)[.、．])\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or paragraph (`lines` has one text), or a list (one text an item)."""

    kind: Kind
    lines: tuple[str, ...]
    start: int = 1


def default_texts() -> tuple[str, str]:
    """The rules of the machine room and of customer service in words for clients: Chinese, English."""
    zh, en = ((_FOLDER / f"{locale}.md").read_text("utf-8").strip() for locale in ("zh_CN", "en"))
    return zh, en


def blocks(body: str) -> list[Block]:
    """The text in parts: '# ' begins a heading, '- ' and '1. ' items of lists; lines between empty ones are one paragraph."""
    found: list[Block] = []
    kind: Kind = "paragraph"
    lines: list[str] = []
    start = 1

    def close() -> None:
        if lines:
            found.append(Block(kind, (_joined(lines),) if kind == "paragraph" else tuple(lines), start))
            lines.clear()

    for line in (raw.strip() for raw in body.splitlines()):
        item = _ITEM.match(line)
        if not line or line.startswith("#"):
            close()
            if line:
                found.append(Block("heading", (line.lstrip("#").strip(),)))
        elif item is not None:
            wanted: Kind = "list" if item.group(1) else "numbers"
            if wanted != kind or not lines:
                close()
                kind, start = wanted, int(item.group(2) or 1)
            lines.append(item.group(3))
        elif lines and kind != "paragraph":
            lines[-1] = _joined([lines[-1], line])
        else:
            kind, start = "paragraph", 1
            lines.append(line)
    close()
    return found


def _joined(lines: list[str]) -> str:
    """Lines of one paragraph in one: with a blank between them, but not between Chinese characters."""
    text = lines[0]
    for line in lines[1:]:
        text += ("" if ord(text[-1]) > 0x2E7F or ord(line[0]) > 0x2E7F else " ") + line
    return text
