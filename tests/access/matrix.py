"""Who gets what from every address: worked out by real requests, written down in matrix.txt, reviewed there.

`python -m tests.access.matrix --write` writes the file anew; without `--write` it says what would change.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.access.attempts import Attempt
from tests.access.conftest import COLUMNS, Answer

FILE = Path(__file__).with_name("matrix.txt")
HEAD = """\
# Who gets what from every address: one line for an address and a method, a column for a role. Written by
# `python -m tests.access.matrix --write` from real requests; a change of a line is a change of rights, and is reviewed as one.
#
#   200 a page       422 a form that wants more    302 done, or sent on    in  sent to sign in
#   403 not for this role    404 not there, for this reader    401 sign in first    409 not in this state
#
# The requests name records of the first client, in the states that the actions start from; forms are sent empty. The badges that
# are under review or suspended are other clients', so that what the first client's people get of these is 404.
"""


def cell(answer: Answer) -> str:
    """An answer in the matrix."""
    if answer.status == 302 and "/sign-in" in answer.location:
        return "in"
    return str(answer.status)


def written(found: list[Attempt], answer: Callable[[Attempt, str], Answer]) -> str:
    """The whole file."""
    width = max(len(attempt.name) for attempt in found)
    lines = [" " * width + "  " + "  ".join(f"{_short(name):<8}" for name in COLUMNS)]
    for attempt in found:
        cells = [cell(answer(attempt, column)) for column in COLUMNS]
        lines.append(f"{attempt.name:<{width}}  " + "  ".join(f"{one:<8}" for one in cells))
    return HEAD + "\n" + "\n".join(line.rstrip() for line in lines) + "\n"


def difference(before: str, now: str) -> str:
    return "".join(difflib.unified_diff(before.splitlines(True), now.splitlines(True), "reviewed", "now", n=0))


def _short(name: str) -> str:
    return {"client_admin": "c-admin", "client_member": "c-member", "customer_service": "service", "room_staff": "room",
            "supervisor": "superv.", "administrator": "admin"}.get(name, name)  # fmt: skip


def main() -> int:
    from config import Keys, Settings
    from portal import create_app, set_up
    from portal.kernel import db, migrate
    from tests.access.conftest import staged
    from tests.conftest import FONT_CACHE

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file anew")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            environment="test", var_dir=Path(folder), port=8000, database_url=f"sqlite:///{folder}/portal.sqlite3", keys=Keys.new("test"),
            base_url="http://localhost", font_cache=FONT_CACHE,
        )  # fmt: skip
        set_up(settings)
        migrate.upgrade(db.engine())
        app = create_app(settings)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        with staged(app) as stage:
            made = written(stage.attempts(), lambda attempt, column: stage.ask(column, attempt.method, attempt.path))
        db.engine().dispose()
    before = FILE.read_text() if FILE.exists() else ""
    sys.stdout.write(difference(before, made))
    if arguments.write:
        FILE.write_text(made)
    return 0 if arguments.write or before == made else 1


if __name__ == "__main__":
    sys.exit(main())
