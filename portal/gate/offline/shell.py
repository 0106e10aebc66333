"""The app's shell: which files a phone keeps so that the gate opens without a network, and their version, which is their content's."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from functools import lru_cache
from pathlib import Path

from portal.kernel.i18n import N_

PORTAL = Path(__file__).resolve().parents[2]
STATIC = PORTAL / "static"
APP = "/gate/offline/app"
DECODER = "/gate/offline/zxing.js"
SHEETS = ("theme", "shell", "parts", "lists", "forms", "print", "gate")
MODULES = (
    "app",
    "camera",
    "confirm",
    "copy",
    "decoder",
    "judge",
    "people",
    "queue",
    "rules",
    "screen",
    "sync",
    "token",
    "vault",
    "wipe",
    "words",
)
ICONS = ("gate-192.png", "gate-512.png", "gate-maskable-512.png")

# What the app says besides what its screens hold: the names by which portal/static/gate asks for them.
WORDS: dict[str, str] = {
    "offline": N_("No network."),
    "offline-as-of": N_("No network. This phone decides by its copy of %(at)s."),
    "online-again": N_("The network is back, and everything is sent."),
    "signed-out": N_("Nobody is signed in here any more."),
    "off-duty": N_("No shift: this phone keeps nothing for when there is no network. Start your shift."),
    "unreadable": N_("Records that the portal cannot read: %(count)s. It has kept them, and the supervisor is told."),
    "objections": N_("Let through offline, but should not have been: %(count)s. The supervisor is told."),
    "waits": N_("Events waiting to be sent: %(count)s."),
    "may-enter": N_("May enter"),
    "may-leave": N_("May leave"),
    "may-not-enter": N_("May not enter"),
    "nothing-leaves": N_("Nothing may leave"),
    "cannot-tell": N_("Cannot be judged offline"),
    "not-yet": N_("Not yet"),
    "inside-since": N_("Inside %(room)s since %(at)s"),
    "rooms-until": N_("%(rooms)s · until %(day)s"),
    "slip-valid": N_("Exit slip is valid"),
    "slip-valid-but": N_("Valid, but not offline"),
    "emergency-approved": N_("Emergency approved"),
    "enter-by": N_("Room %(room)s · enter by %(at)s"),
    "document-ends": N_("Document ends in %(tail)s"),
    "person-inside": N_("Inside"),
    "person-seen": N_("Document seen"),
    "person-unseen": N_("Document to be seen"),
    "see-document": N_("See the identity document"),
    "items-today": N_("Items that may leave today: %(count)s"),
    "items-left": N_("Items that have left: %(count)s"),
    "mover-seen": N_("Mover’s identity document seen; it is %(name)s"),
    "rest-stays": N_("What is not ticked stays inside"),
    "not-on-slip": N_("Serial number %(serial)s is not on this slip: it stays inside."),
    "kind-scan": N_("Scanned"),
    "kind-entry": N_("Entered"),
    "kind-exit": N_("Left the room"),
    "kind-release": N_("Equipment released"),
    "kind-refusal": N_("Turned away"),
    "kind-damaged": N_("Damaged record"),
    "nothing-readable": N_("Nothing readable"),
    "nobody-inside": N_("Nobody is inside"),
    "since": N_("since %(at)s"),
    "as-of": N_("as of %(at)s"),
}


def files() -> list[str]:
    """The addresses that the phone keeps."""
    own = [f"/static/{path.relative_to(STATIC).as_posix()}" for path in _own()]
    return [APP, DECODER, "/bootstrap/static/css/bootstrap.min.css", *own]


@lru_cache(maxsize=1)
def version() -> str:
    """Changes with every deploy that changes anything of the shell, its texts included."""
    told = hashlib.sha256()
    texts = PORTAL / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po"
    pages = sorted((PORTAL.parent / "templates" / "gate" / "offline").glob("*.html"))
    for path in [*_own(), STATIC / "gate" / "sw.js", decoder_file(), texts, *pages]:
        told.update(path.read_bytes())
    return told.hexdigest()[:16]


def service_worker() -> str:
    """The worker's script, which begins with what it is to keep."""
    kept = {"version": version(), "app": APP, "wipe": "/static/gate/wipe.js", "files": files()}
    return f"const SHELL = {json.dumps(kept)};\n{(STATIC / 'gate' / 'sw.js').read_text()}"


def decoder_file() -> Path:
    """The decoder in its package, of which nothing is imported: it is there for this one file (requirements-static.txt)."""
    found = importlib.util.find_spec("nicegui_scanner")
    if found is None or found.origin is None:
        raise FileNotFoundError("nicegui-scanner is not installed; run: pip install --no-deps --require-hashes -r requirements-static.txt")
    return Path(found.origin).parent / "static" / "zxing.min.js"


def _own() -> list[Path]:
    sheets = [STATIC / f"{name}.css" for name in SHEETS]
    modules = [STATIC / "gate" / f"{name}.js" for name in (*MODULES, "main")]
    icons = [STATIC / "gate" / name for name in ICONS]
    return [*sheets, STATIC / "gate" / "offline.css", STATIC / "app.js", STATIC / "gate.js", STATIC / "favicon.svg", *modules, *icons]
