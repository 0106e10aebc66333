"""`python -m tests.bench [ONLY]`: figures as JSON lines on standard output, progress on standard error.

ONLY is the beginning of a figure's name; what cannot give such a figure is not run. Each area gives a module with BENCHES.
"""

from __future__ import annotations

import sys
from importlib import import_module

from tests.bench.harness import Bench, Stage, progress

AREAS = ("server", "documents", "network", "gate", "pages", "audit")


def main(only: str) -> int:
    benches: list[Bench] = [bench for area in AREAS for bench in import_module(f"tests.bench.{area}").BENCHES]
    wanted = [bench for bench in benches if bench.gives(only)]
    if not wanted:
        print(f"no figure begins with {only!r}; there are: {', '.join(bench.name for bench in benches)}", file=sys.stderr)
        return 2
    with Stage() as stage:
        for bench in wanted:
            progress(f"{bench.name} …")
            for figure in bench.run(stage, only):
                if figure.name.startswith(only):
                    print(figure.to_json(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
