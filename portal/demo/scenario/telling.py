"""The steps of the demo: what each is called, what is expected of it, and how it is told on the console and in summary.json."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx

T = TypeVar("T")
WIDE = 104  # columns before the milliseconds


class Unexpected(Exception):
    """The portal did something else than what the step expects; the text says what."""


class NotMade(Exception):
    """The step needs what an earlier one makes, and that one failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step: its figure, more lines to print under it, and the refusal's code if it was refused."""

    figure: str
    code: str = ""
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """`code`: the refusal that is expected; empty where the step has to succeed."""

    name: str
    work: Callable[[T], Outcome | str]
    code: str = ""


class Chapter(Generic[T]):
    """Steps that belong together, in the order in which they are written down."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.steps: list[Step[T]] = []

    def step(self, name: str, code: str = "") -> Callable[[Callable[[T], Outcome | str]], Callable[[T], Outcome | str]]:
        def add(work: Callable[[T], Outcome | str]) -> Callable[[T], Outcome | str]:
            self.steps.append(Step(name, work, code))
            return work

        return add


class Kept(dict[str, Any]):
    """What earlier steps made, for later ones."""

    def __missing__(self, key: str) -> Any:
        raise NotMade(key)


def run(chapters: Sequence[Chapter[T]], story: T) -> list[dict[str, Any]]:
    """Runs every step that can be run, tells each as it goes, and returns what stands in summary.json.

    A step fails when it is not refused as expected, or refused otherwise. What rests on a failed one is told as not run.
    """
    told: list[dict[str, Any]] = []
    for chapter in chapters:
        print(f"\n{chapter.title}")
        for step in chapter.steps:
            told.append(_run(step, story, len(told) + 1))
    return told


def _run(step: Step[T], story: T, number: int) -> dict[str, Any]:
    begun = time.perf_counter()
    code, ok, lines, mark = "", False, [""], "✗"
    try:
        came = step.work(story)
        outcome = Outcome(came) if isinstance(came, str) else came
        code, ok = outcome.code, outcome.code == step.code
        lines = [outcome.figure, *outcome.lines]
        mark = "✓" if ok else "✗"
        if not ok:
            lines = [f"expected {step.code or 'success'}, got {code or 'success'}: {outcome.figure}", *outcome.lines]
    except NotMade as missing:
        lines, mark = [f"not run for want of: {missing}"], "–"
    except (Unexpected, httpx.HTTPError, LookupError, StopIteration) as wrong:  # the last two: a page lacks what it should show
        lines = [f"{type(wrong).__name__} {wrong}" if not isinstance(wrong, Unexpected) else str(wrong)]
    milliseconds = (time.perf_counter() - begun) * 1000
    _tell(f"{mark} {number:>2}  {': '.join(filter(None, (step.name, code)))}", lines, milliseconds)
    return {"name": step.name, "ok": ok, "ms": round(milliseconds, 1), "code": code}


def _tell(head: str, lines: Sequence[str], milliseconds: float) -> None:
    """One line, as far as it fits: the step, its figure, its milliseconds; what is more stands beneath."""
    whole = f"{head}: {lines[0]}" if lines[0] else head
    fits = _width(whole) < WIDE
    shown = whole if fits else head
    print(f"{shown}{' ' * max(2, WIDE - _width(shown))}{milliseconds:>6.0f} ms", flush=True)
    for line in lines[1:] if fits else lines:
        print(f"      {line}", flush=True)


def write_summary(told: list[dict[str, Any]], path: Path) -> None:
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _width(text: str) -> int:
    """How many columns a text takes on a console: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
