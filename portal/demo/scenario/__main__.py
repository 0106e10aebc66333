"""`python -m portal.demo.scenario`: plays the demo, tells each step, exits with 1 when one differs."""

from __future__ import annotations

import os
import signal
import sys
import time

import click

from portal.demo.scenario import arrival, badges, conduct, ending, gate, leaving, opening, urgent, visiting
from portal.demo.scenario.story import Story
from portal.demo.scenario.system import System, first_morning, folder
from portal.demo.scenario.telling import Chapter, run, write_summary

CHAPTERS: tuple[Chapter[Story], ...] = tuple(
    part.CHAPTER for part in (opening, badges, arrival, gate, visiting, urgent, conduct, leaving, ending)
)


def main() -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in the background without it
    try:
        with System(folder(), dict(os.environ)) as system:
            return _play(system)
    except click.ClickException as error:
        error.show()
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
    return 1


def _play(system: System) -> int:
    print("Preparing a portal of its own …", file=sys.stderr)
    system.prepare(first_morning())
    begun = time.perf_counter()
    story = Story(system)
    try:
        told = run(CHAPTERS, story)
    finally:
        story.close()
    write_summary(told, system.folder / "summary.json")
    good = sum(step["ok"] for step in told)
    papers = len(list(system.folder.glob("*.pdf")))
    print(f"\n{good} of {len(told)} steps as expected in {time.perf_counter() - begun:.1f} s.")
    print(f"{papers} PDFs and summary.json are in {system.folder}")
    return 0 if good == len(told) else 1


if __name__ == "__main__":
    sys.exit(main())
