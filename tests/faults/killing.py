"""Kills the portal between any two lines, and looks whether it kept what it promised.

`python -m tests.faults.killing --kills 200 --database postgresql --seed 1` starts the portal on a database of its own, lets people live
on it over HTTP, kills server or worker by SIGKILL at random moments, and in the end compares what was acknowledged with what is there.
One JSON line of figures on standard output, every breach on standard error; exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench.harness import Stage
from tests.faults import lives, reckoning
from tests.faults.lives import LIVES, Ledger
from tests.faults.portal import Portal, portal

SOON, LATE = 0.2, 4.0  # seconds between two kills


def torment(made: Portal, kills: int, seed: int) -> tuple[Ledger, int]:
    """Lives and kills; returns what was acknowledged and how many lives were lived."""
    ledger, stop, chance = Ledger(), threading.Event(), random.Random(seed)
    lived: list[int] = []
    work = [
        threading.Thread(target=lambda which=which, n=n: lived.append(lives.run(which, made.settings.base_url, ledger, stop, seed + n)))
        for n, which in enumerate(LIVES)
    ]
    for thread in work:
        thread.start()
    while made.kills < kills:
        time.sleep(chance.uniform(SOON, LATE))
        made.kill(chance.choice(("server", "worker")))
        if not made.kills % 20:
            print(f"{made.kills} kills, {ledger.audit.total() + ledger.gate.total()} changes", file=sys.stderr)
        if not any(thread.is_alive() for thread in work):
            break
    stop.set()
    for thread in work:
        thread.join()
    reckoning.settle(made)
    return ledger, sum(lived)


def killed(database_url: str, folder: Path, font_cache: Path, kills: int, seed: int) -> tuple[dict[str, Any], list[str]]:
    """Figures, and what was not kept."""
    began = time.monotonic()
    with portal(database_url, folder, font_cache) as made:
        ledger, lived = torment(made, kills, seed)
        wrong = list(reckoning.breaches(made, ledger))
        told = {"kills": made.kills, "lives": lived, **reckoning.figures(made, ledger)}
    return told | {"breaches": len(wrong), "seconds": round(time.monotonic() - began)}, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    fonts = Path(os.environ.get("VAR_DIR") or "var").resolve() / "fonts"
    with Stage() as stage, stage.database(asked.database) as url:
        told, wrong = killed(url, stage.folder / "portal", fonts, asked.kills, asked.seed)
    print(json.dumps({"name": f"killing.{asked.database}", "seed": asked.seed, **told}))
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
