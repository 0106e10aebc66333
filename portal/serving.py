"""`python -m portal.serving …`: granian, with the portal's code loaded before it starts its server processes.

They are forked from it, so they share that memory instead of each loading the same, and are up at once. The options are granian's.
"""

from __future__ import annotations

import gc
from importlib import import_module

from granian.cli import entrypoint

from portal import blueprints


def main() -> None:
    gc.disable()  # nothing of what is loaded goes away again
    for area in blueprints.AREAS:
        import_module(f"portal.{area}.views")
    gc.freeze()  # else the collector writes on every object, and what is written on is shared no longer
    gc.enable()
    entrypoint()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
