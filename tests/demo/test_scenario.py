"""The whole demo is played once, as `make demo` plays it; what it wrote is read back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import zxingcpp

from portal.demo.scenario.__main__ import CHAPTERS
from portal.demo.scenario.arrival import SERVERS
from portal.demo.scenario.story import HOLDERS, MOVER

COMMAND = [sys.executable, "-m", "portal.demo.scenario"]
REFUSALS = {
    "wrong company code refused": "client.code_check",
    "badge without a contract refused": "badge.no_contract",
    "third badge refused": "badge.limit",
    "issue 23 h 59 min before arrival refused": "work_order.too_early",
    "acceptance before the notice has passed refused": "work_order.not_expected_yet",
    "another serial number at the door refused": "work_order.serial_differs",
    "entry without the house rules told refused": "gate.checklist",
    "second entry while inside refused": "gate.already_inside",
    "the pass before its window refused": "gate.visit_early",
    "entry without naming the escort refused": "gate.choose_escort",
    "the pass after its window refused": "gate.visit_over",
    "document with a wrong number refused": "document.identity_check",
    "without what was left at the desk, nobody goes": "gate.kept_not_back",
    "badge of the suspended holder refused at the gate": "gate.barred",
    "customer service cannot give the badge back": "conduct.barred",
    "slip before every line is agreed refused": "exit.not_all_agreed",
    "slip a day early refused": "gate.slip_early",
    "equipment that is not on the slip refused": "gate.not_on_slip",
    "second use of the slip refused": "gate.slip_used",
    "its badges do not open the gate any more": "gate.no_contract",
    "closing with things open refused": "contract.badges_out, contract.equipment_inside, contract.amounts_held",
}


@dataclass(frozen=True)
class Played:
    folder: Path
    code: int
    told: str

    @property
    def summary(self) -> list[dict[str, Any]]:
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))

    def paper(self, pattern: str) -> pypdf.PdfReader:
        (found,) = self.folder.glob(pattern)
        return pypdf.PdfReader(found)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, font_cache: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return kept | {"VAR_DIR": str(tmp_path_factory.mktemp("var")), "PORTAL_FONT_CACHE": str(font_cache)}


@pytest.fixture(scope="module")
def played(env: dict[str, str]) -> Played:
    done = subprocess.run(COMMAND, env=env, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
    return Played(Path(env["VAR_DIR"]) / "demo", done.returncode, done.stdout + done.stderr)


def test_every_step_is_as_expected(played: Played) -> None:
    assert played.code == 0, played.told
    assert [step["name"] for step in played.summary] == [step.name for chapter in CHAPTERS for step in chapter.steps]
    assert all(step["ok"] and step["ms"] > 0 for step in played.summary)
    assert {step["name"]: step["code"] for step in played.summary if step["code"]} == REFUSALS


def test_the_notice_is_tried_to_the_second(played: Played) -> None:
    assert re.search(r"work_order\.too_early.*\n\s+at 23 h 59 min 00 s; .* 10:31", played.told)
    assert re.search(r"issued to the machine room 24 h 00 min 00 s before \d\d \w{3} 10:31", played.told)


def test_what_is_allocated_is_told_and_printed(played: Played) -> None:
    allocated = re.findall(r"^ +(B2-\d\d) / \S+ +([\d.]+)/\d+ (\S+) (GE\S+) +(.+) (\w+)$", played.told, re.MULTILINE)
    servers = dict(SERVERS)
    in_service = allocated[-len(SERVERS) :]
    assert {model: serial for *_place, model, serial in in_service} == servers
    assert len({address for _rack, address, *_rest in in_service}) == len(SERVERS)
    sheet = _text(played.paper("allocation-WO-*.pdf"))
    for rack, address, switch, port, _model, serial in in_service:
        assert all(part in sheet for part in (rack, address, switch, port, serial))


def test_the_papers_hold_their_numbers(played: Played) -> None:
    assert len(list(played.folder.glob("*.pdf"))) == 11
    for path in played.folder.glob("*-[A-Z][A-Z]-*.pdf"):
        number = re.search(r"[A-Z]{2}-\d{4}-\d{4}", path.name)
        assert number is not None
        assert number[0] in _text(pypdf.PdfReader(path))
    for name in ("work-order", "acceptance"):
        assert all(serial in _text(played.paper(f"{name}-*.pdf")) for _model, serial in SERVERS)
    assert HOLDERS[0] in _text(played.paper("badge-BA-*-0001.pdf"))
    # by number, in the order in which they were applied for: a demo at the end of a month begins a new series on the way
    withdrawal, repair, _rest = (_text(pypdf.PdfReader(path)) for path in sorted(played.folder.glob("exit-slip-EX-*.pdf")))
    assert MOVER in withdrawal
    assert SERVERS[0][1] in withdrawal
    assert SERVERS[1][1] not in withdrawal
    assert SERVERS[1][1] in repair


def test_what_the_gate_scanned_is_what_a_camera_sees_on_the_paper(played: Played) -> None:
    from portal.demo.scenario.printed import photo
    from portal.passes.reading import read_codes

    for path in (*played.folder.glob("badge-*.pdf"), *played.folder.glob("exit-slip-*.pdf")):
        assert read_codes(photo(path.read_bytes()))[0] == _seen(path)
        assert re.fullmatch(r"HTTP://127\.0\.0\.1:\d+/G/[A-Z2-7]{138}", _seen(path))


def test_nothing_of_it_is_left_running_and_a_stop_ends_all(played: Played, env: dict[str, str], tmp_path: Path) -> None:
    demo = subprocess.Popen(COMMAND, env=env | {"VAR_DIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert demo.stdout is not None
    while "portal runs" not in demo.stdout.readline():
        assert demo.poll() is None
    assert _using(tmp_path)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=30) == 1
    demo.stdout.close()
    assert not _using(tmp_path)
    assert not _using(played.folder)


def _using(folder: Path) -> list[int]:
    """The processes that were started for a portal in this folder; some need a moment to be gone."""
    until = time.monotonic() + 5
    while True:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"VAR_DIR={folder}/".encode() in (process / "environ").read_bytes():
                    found.append(int(process.name))
            except OSError:
                continue  # gone meanwhile, or another user's
        if not found or time.monotonic() > until:
            return found
        time.sleep(0.1)


def _text(reader: pypdf.PdfReader) -> str:
    return "".join(page.extract_text().replace("\n", "") for page in reader.pages)


def _seen(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        picture = document[0].render(scale=300 / 72).to_pil().convert("L")
    finally:
        document.close()
    return zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)[0].text
