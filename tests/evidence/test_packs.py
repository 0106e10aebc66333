"""Evidence packs: made by the worker, checked by a script that knows nothing of the portal; whatever is touched is found out."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from portal import worker
from portal.audit import services as audit
from portal.audit.models import AuditEntry
from portal.evidence import controls, packing, sections, services
from portal.evidence.models import EvidencePack
from portal.files.models import StoredFile
from portal.gate import services as gate
from portal.kernel import clock, files
from portal.kernel.db import session, transaction
from portal.kernel.errors import Forbidden, Refused
from portal.outbox.models import OutboxMessage
from tests import scene as scenes
from tests.cast import NOW, Cast

VERIFIER = Path(__file__).parents[2] / "tools" / "verify_pack.py"
As = Callable[[str], FlaskClient]


@pytest.fixture
def made(cast: Cast) -> EvidencePack:
    """A pack over the scene: everything sealed, made as the worker does it."""
    with transaction():
        scenes.build(cast)
        session().info["moved"] = set()
        pack = services.ask((NOW - timedelta(days=20)).date(), clock.today(NOW), cast.actor("auditor"), NOW)
    return make(pack)


def make(pack: EvidencePack) -> EvidencePack:
    with transaction():
        while audit.seal(clock.now()):
            pass
    assert worker.make_pack(clock.now())
    with transaction():
        session().refresh(pack)
    assert pack.state == "made", pack.failure
    return pack


def content(pack: EvidencePack) -> bytes:
    assert pack.file_id is not None
    return files.get(pack.file_id)


def verify(tmp_path: Path, pack: bytes, *arguments: str) -> tuple[int, str]:
    """Runs the script as an auditor would: on its own, in an empty folder, without the portal."""
    (tmp_path / "verify_pack.py").write_bytes(VERIFIER.read_bytes())
    (tmp_path / "pack.zip").write_bytes(pack)
    ran = subprocess.run(
        [sys.executable, "-I", "verify_pack.py", "pack.zip", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def changed(pack: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The pack with its files as `change` leaves them."""
    with zipfile.ZipFile(io.BytesIO(pack)) as source:
        held = {name: source.read(name) for name in source.namelist()}
    change(held)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as written:
        for name, data in held.items():
            written.writestr(name, data)
    return target.getvalue()


def test_a_good_pack_and_every_way_to_touch_it(made: EvidencePack, tmp_path: Path) -> None:
    pack = content(made)
    code, said = verify(tmp_path, pack, "--fingerprint", made.fingerprint)
    assert (code, said.splitlines()[-1]) == (0, "SOUND"), said
    assert hashlib.sha256(pack).hexdigest() == made.sha256
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def change_row(held: dict[str, bytes]) -> None:
        held["gate_events.csv"] = held["gate_events.csv"].replace("王珺".encode(), "王军".encode(), 1)

    def remove(held: dict[str, bytes]) -> None:
        del held["presences.csv"]

    def add(held: dict[str, bytes]) -> None:
        held["more.csv"] = b"x\n"

    def forge(held: dict[str, bytes]) -> None:
        held["manifest.json"] = held["manifest.json"].replace(b"auditor", b"nobody").replace("沈清".encode(), "无人".encode())

    def sign_anew(held: dict[str, bytes]) -> None:
        manifest = json.loads(held["manifest.json"])
        change_row(held)
        manifest["files"]["gate_events.csv"]["sha256"] = hashlib.sha256(held["gate_events.csv"]).hexdigest()
        manifest["key"] |= {"public_key": public.hex(), "fingerprint": hashlib.sha256(public).hexdigest()}
        held["manifest.json"] = json.dumps(manifest).encode()
        held["manifest.sig"] = key.sign(held["manifest.json"])

    for change, words in (
        (change_row, "changed: gate_events.csv"),
        (remove, "missing: presences.csv"),
        (add, "not in the manifest: more.csv"),
        (forge, "signature is wrong"),
        (sign_anew, "signed with another key"),
    ):
        code, said = verify(tmp_path, changed(pack, change), "--fingerprint", made.fingerprint)
        assert code == 1, change.__name__
        assert words in said


def test_the_chain_in_it_is_checked_again(made: EvidencePack, tmp_path: Path) -> None:
    """Whoever holds the portal's signing key and drops an audit entry from the pack is found out by the chain."""

    def drop(held: dict[str, bytes]) -> None:
        manifest = json.loads(held["manifest.json"])
        lines = held["audit_chain.csv"].split(b"\r\n")
        del lines[5]
        held["audit_chain.csv"] = b"\r\n".join(lines)
        manifest["files"]["audit_chain.csv"]["sha256"] = hashlib.sha256(held["audit_chain.csv"]).hexdigest()
        held["manifest.json"] = json.dumps(manifest).encode()
        from portal.kernel import crypto

        held["manifest.sig"] = crypto.evidence_signing_key().sign(held["manifest.json"])

    code, said = verify(tmp_path, changed(content(made), drop), "--fingerprint", made.fingerprint)
    assert code == 1
    assert "is missing from the chain" in said


def test_what_it_holds(made: EvidencePack, cast: Cast) -> None:
    with zipfile.ZipFile(io.BytesIO(content(made))) as pack:
        names = set(pack.namelist())
        manifest = json.loads(pack.read("manifest.json"))
        tables: dict[str, list[dict[str, Any]]] = {
            name: list(csv.DictReader(io.StringIO(pack.read(name).decode("utf-8-sig")))) for name in names if name.endswith(".csv")
        }
        text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pack.read("summary.pdf"))).pages)
        everything = b"\n".join(pack.read(name) for name in names)
    assert {f"{section.name}.csv" for section in sections.SECTIONS} <= names
    assert {"retention.csv", "roles.csv", "controls.csv", "controls.md", "verify_pack.py", "summary.pdf", "manifest.sig"} <= names
    assert manifest["period"]["to"] == "2026-11-23"
    assert manifest["portal_version"]
    assert manifest["files"]["badges.csv"]["rows"] == len(tables["badges.csv"]) == made.rows["badges.csv"]
    badge = next(row for row in tables["badges.csv"] if row["state"] == "lost")
    assert (badge["ended_as"], badge["ended_by"], badge["approved_by"]) == ("badge.report_lost", "赵一鸣", "周敏")
    assert badge["document"] == f"****{cast.people['zhang'].document_tail}"
    refused = [row["reason_code"] for row in tables["gate_events.csv"] if row["kind"] == "refusal"]
    assert "gate.badge_lost" in refused
    assert tables["presences.csv"][0]["authorised_by"] == "周敏"
    assert {row["serial"] for row in tables["exit_items.csv"]}
    assert any(row["answer"] == "confirmed" for row in tables["access_reviews.csv"])
    assert {(row["guard"], row["state"]) for row in tables["shifts.csv"]} == {("孙强", "running"), ("郑毅", "handed_over")}
    for person in cast.people.values():
        assert person.document_number.encode() not in everything
    assert made.number in text
    assert "机房出入证据摘要" in text.replace(" ", "")
    assert "gate_events.csv" in text
    assert {row["standard"] for row in tables["controls.csv"]} == {c.standard for c in controls.CONTROLS}
    for control in controls.CONTROLS:
        assert controls.held(control, names), control.clause


def test_what_a_guard_types_is_no_formula_in_it(cast: Cast) -> None:
    with transaction():
        scenes.build(cast)
        gate.verify("=1+1", cast.actor("guard"), NOW)
        session().add(_named("=cmd|' /C calc'!A0", cast))
        pack = services.ask(clock.today(NOW), clock.today(NOW), cast.actor("supervisor"), NOW)
    with zipfile.ZipFile(io.BytesIO(content(make(pack)))) as held:
        for name in held.namelist():
            if name.endswith(".csv"):
                for row in csv.reader(io.StringIO(held.read(name).decode("utf-8-sig"))):
                    assert not any(cell.startswith(("=", "+", "@")) for cell in row), (name, row)


def _named(name: str, cast: Cast) -> Any:
    from portal.gate.models import GateEvent

    return GateEvent(created_at=NOW, kind="refusal", code="gate.guard_refused", guard_id=cast.user("guard").id, person_name=name, facts={})


def test_asking_and_the_ways_it_can_fail(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    day = clock.today(NOW)
    for start, end, code in (
        (day, day - timedelta(days=1), "evidence.order"),
        (day, day + timedelta(days=1), "evidence.future"),
        (day - timedelta(days=400), day, "evidence.too_long"),
    ):
        with pytest.raises(Refused) as refused, transaction():
            services.ask(start, end, cast.actor("auditor"), NOW)
        assert refused.value.refusal.code == code
    with pytest.raises(Forbidden), transaction():
        services.ask(day, day, cast.actor("administrator"), NOW)
    with transaction():
        pack = services.ask(day, day, cast.actor("auditor"), NOW)

    def breaks(*_: Any) -> Any:
        raise OSError("disk full")

    monkeypatch.setattr(packing, "make", breaks)
    for _attempt in range(3):
        assert worker.make_pack(clock.now())
    assert not worker.make_pack(clock.now())
    with transaction():
        session().refresh(pack)
        assert (pack.state, pack.failure) == ("failed", "OSError: disk full")
        assert session().scalars(select(OutboxMessage.code).where(OutboxMessage.code.startswith("evidence"))).all() == [
            "evidence_pack.failed"
        ]
        services.ask_again(pack, cast.actor("auditor"), NOW)
    monkeypatch.undo()
    make(pack)
    assert not worker.make_pack(clock.now())


def test_a_worker_that_died_leaves_it_to_the_next(cast: Cast) -> None:
    with transaction():
        services.ask(clock.today(NOW), clock.today(NOW), cast.actor("auditor"), NOW)
    with transaction():
        assert services.claim(NOW) is not None
    with transaction():
        assert services.claim(NOW + timedelta(minutes=29)) is None
    with transaction():
        assert services.claim(NOW + timedelta(minutes=31)) is not None


def test_who_downloads_it_and_that_it_is_on_record(made: EvidencePack, app: Flask, as_: As) -> None:
    from portal.kernel import ids

    assert made.file_id is not None
    address = f"/files/{ids.to_text(made.file_id)}"
    answer = as_("auditor").get(address)
    assert answer.data == content(made)
    assert answer.mimetype == "application/zip"
    assert f"{made.number}.zip" in answer.headers["Content-Disposition"]
    for who in ("administrator", "service", "guard", "admin"):
        assert as_(who).get(address).status_code == 404
    with transaction():
        opened = session().scalars(select(AuditEntry).where(AuditEntry.tag == "file.opened", AuditEntry.subject_id == made.file_id)).all()
        assert [entry.actor_name for entry in opened] == ["沈清"]
        stored = session().get_one(StoredFile, made.file_id)
    import obstore

    from portal.kernel.files import _configured, _path

    raw = bytes(obstore.get(_configured(), _path(stored.id)).bytes())
    assert b"gate_events" not in raw  # encrypted where it lies


def test_large_files_are_stored_and_read_in_pieces(app: Flask) -> None:
    from portal.kernel import crypto, ids

    class Much(io.RawIOBase):
        """60 MB that are nowhere whole."""

        left = 60

        def read(self, size: int = -1) -> bytes:
            if not self.left:
                return b""
            self.left -= 1
            return bytes([self.left]) * (1 << 20)

    file_id = ids.new()
    tracemalloc.start()
    files.put_large(file_id, Much())  # type: ignore[arg-type]
    total = sum(len(piece) for piece in files.stream(file_id))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 60 << 20
    assert peak < 40 << 20
    import obstore

    from portal.kernel.files import _configured, _path

    whole = bytes(obstore.get(_configured(), _path(file_id)).bytes())
    obstore.put(_configured(), _path(file_id), whole[: len(whole) - (1 << 20) - 33])  # the last piece cut off cleanly
    with pytest.raises(crypto.Damaged):
        list(files.stream(file_id))
    empty = ids.new()
    files.put_large(empty, io.BytesIO(b""))
    assert files.get(empty) == b""
