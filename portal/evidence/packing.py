"""Making a pack: files are read from the database and written into the ZIP row by row, hashed on the way, listed, signed.

Everything is read as of one moment. Nothing is written to the database here.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select

from portal.audit.models import AuditEntry, AuditHead
from portal.evidence import controls, sections
from portal.evidence.sections import File, Period
from portal.kernel import clock, crypto
from portal.kernel.cells import harmless
from portal.kernel.db import dialect, session
from portal.kernel.policy import ROLE_GRANTS, Permission, Role
from portal.passes.documents import evidence_summary
from portal.passes.documents.evidence_summary import Figure, Summary
from portal.passes.documents.style import Bilingual
from portal.retention import queries as retention_queries

FORMAT = "rackpass-evidence/1"
VERIFIER = Path(__file__).parents[2] / "tools" / "verify_pack.py"
ROWS = 1000  # read at a time


@dataclass(frozen=True, slots=True)
class Asked:
    """What a pack is made for."""

    number: str
    from_on: date
    to_on: date
    asked_by: str
    site: Bilingual

    @property
    def period(self) -> Period:
        return Period(clock.at_local(self.from_on), clock.end_of(self.to_on), self.from_on, self.to_on)


@dataclass(slots=True)
class Made:
    """The finished ZIP, open at its beginning, and what it is known by. The caller closes the file."""

    file: IO[bytes]
    size: int
    sha256: str
    fingerprint: str
    audit_seq: int
    audit_hash: str
    rows: dict[str, int]


def make(asked: Asked, now: datetime) -> Made:
    """The whole pack. In a session of its own, which only reads."""
    if dialect() == "postgresql":
        session().connection(execution_options={"isolation_level": "REPEATABLE READ"})
    file = tempfile.TemporaryFile()  # noqa: SIM115  (handed on to the caller)
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
            head, fingerprint, rows = _fill(_Pack(pack), asked, now)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Made(file, size, digest, fingerprint, head.seq if head else 0, head.hash if head else "", rows)


def _fill(pack: _Pack, asked: Asked, now: datetime) -> tuple[AuditHead | None, str, dict[str, int]]:
    period = asked.period
    written: list[File] = []
    for section in sections.SECTIONS:
        pack.table(section, session().execute(section.fill(period).execution_options(yield_per=ROWS)))
        written.append(section)
    for file, lines in ((RETENTION, retention()), (ROLES, roles())):
        pack.table(file, lines)
        written.append(file)
    names = set(pack.files)
    pack.table(CONTROLS, ((c.standard, c.clause, " ".join(controls.held(c, names)), c.en, c.zh) for c in controls.CONTROLS))
    pack.text("controls.md", controls.as_markdown(names))
    pack.content("verify_pack.py", VERIFIER.read_bytes())
    key = crypto.evidence_signing_key()
    public = _raw(key)
    fingerprint = hashlib.sha256(public).hexdigest()
    head = session().scalars(select(AuditHead)).one_or_none()
    rows = {name: pack.files[name]["rows"] for name in pack.files if "rows" in pack.files[name]}
    summary = Summary(
        site=asked.site, number=asked.number, from_on=asked.from_on, to_on=asked.to_on, made_at=now, asked_by=asked.asked_by,
        zone=clock.zone(), audit_head=f"{head.seq}: {head.hash}" if head else "—", fingerprint=fingerprint,
        figures=[Figure(f"{s.name}.csv", Bilingual(s.zh, s.en), rows[f"{s.name}.csv"]) for s in written],
    )  # fmt: skip
    pack.content("summary.pdf", evidence_summary.render(summary, "zh_CN"))
    pack.text("public_key.hex", public.hex() + "\n")
    manifest = {
        "format": FORMAT,
        "number": asked.number,
        "site": asked.site.en,
        "period": {"from": asked.from_on.isoformat(), "to": asked.to_on.isoformat(), "timezone": str(clock.zone())},
        "made_at": clock.local(now).isoformat(),
        "asked_by": asked.asked_by,
        "portal_version": version(),
        "key": {"algorithm": "Ed25519", "public_key": public.hex(), "fingerprint": fingerprint},
        "audit": _audit(period, head),
        "files": pack.files,
    }
    content = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
    pack.unlisted("manifest.json", content)
    pack.unlisted("manifest.sig", key.sign(content))
    return head, fingerprint, rows


class _Pack:
    """The ZIP that is being written, and what it holds so far: SHA-256, size, rows."""

    def __init__(self, target: zipfile.ZipFile) -> None:
        self._target = target
        self.files: dict[str, dict[str, Any]] = {}

    def table(self, section: File, rows: Iterable[Sequence[Any]]) -> None:
        """One CSV file, row by row; no cell is taken for a formula by a spreadsheet."""
        count = 0
        with self._entry(f"{section.name}.csv") as raw:
            text = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8-sig", newline="")
            writer = csv.writer(text)
            writer.writerow(section.heads)
            for row in rows:
                writer.writerow([_cell(value) for value in row])
                count += 1
            text.flush()
            text.detach().detach()
        self.files[f"{section.name}.csv"]["rows"] = count

    def text(self, name: str, content: str) -> None:
        self.content(name, content.encode())

    def content(self, name: str, content: bytes) -> None:
        with self._entry(name) as raw:
            raw.write(content)

    def unlisted(self, name: str, content: bytes) -> None:
        """The manifest itself and its signature."""
        self._target.writestr(name, content)

    @contextmanager
    def _entry(self, name: str) -> Iterator[_Hashed]:
        with self._target.open(name, "w", force_zip64=True) as entry:
            hashed = _Hashed(entry)
            yield hashed
        self.files[name] = {"sha256": hashed.digest.hexdigest(), "size": hashed.size}


class _Hashed(io.RawIOBase):
    """Writes on, and hashes what passes."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target, self.digest, self.size = target, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        content = bytes(piece)
        self.digest.update(content)
        self.size += len(content)
        self._target.write(content)
        return len(content)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.local(value).isoformat(timespec="seconds")
    if isinstance(value, date | int) or value is None:
        return value
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return harmless(str(value))


def _audit(period: Period, head: AuditHead | None) -> dict[str, Any]:
    """Where the period stands in the chain, and the signed head that the chain leads to."""
    if head is None:
        return {"head": None, "first_seq": 0, "previous_hash": "", "unsealed": 0}
    first = session().scalar(select(func.min(AuditEntry.seq)).where(period.covers(AuditEntry.at)))
    previous = session().scalar(select(AuditEntry.hash).where(AuditEntry.seq == first - 1)) if first is not None and first > 1 else None
    unsealed = session().scalar(select(func.count()).where(AuditEntry.seq.is_(None), period.covers(AuditEntry.at)))
    return {
        "first_seq": first or 0,
        "previous_hash": previous or "0" * 64,
        "unsealed": unsealed or 0,
        "head": {
            "seq": head.seq,
            "hash": head.hash,
            "sealed_at": head.sealed_at.astimezone(UTC).isoformat(),
            "signature": head.signature,
            "public_key": _raw(crypto.audit_signing_key()).hex(),
        },
    }


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint_of_key() -> str:
    """SHA-256 of the public key that packs are signed with, as the page shows it."""
    return hashlib.sha256(_raw(crypto.evidence_signing_key())).hexdigest()


def version() -> str:
    """The portal's version, as its project file says."""
    try:
        return metadata.version("rackpass")
    except metadata.PackageNotFoundError:
        project = Path(__file__).parents[2] / "pyproject.toml"
        line = next((line for line in project.read_text().splitlines() if line.startswith("version")), 'version = "unknown"')
        return line.partition("=")[2].strip().strip('"')


RETENTION = File(
    "retention",
    "各类记录的保存期限与理由",
    "How long each kind of record is kept, and why",
    ("kind", "days", "reason", "clause", "changed_at"),
)
ROLES = File("roles", "角色及其权限", "Roles and what they may do", ("role", "permission"))
CONTROLS = File("controls", "控制项对照", "What shows which control", ("standard", "clause", "files", "en", "zh"))


def retention() -> Iterator[tuple[Any, ...]]:
    """What holds now for each kind of record."""
    for period in retention_queries.periods():
        kept = "for good" if period.days is None else period.days
        yield period.kind.key, kept, period.reason("en") or period.kind.reason, period.clause, period.changed_at


def roles() -> Iterator[tuple[Role, Permission]]:
    """Each role with each thing it may do."""
    return ((role, permission) for role, granted in ROLE_GRANTS.items() for permission in sorted(granted))
