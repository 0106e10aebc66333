"""The file that a backup is: a tar, compressed, of one portal as of one moment.

about.json first (what it is, of which version, under which keys), then configuration.json, the tables in parts, the files as they lie
in the store (encrypted), and last manifest.json. Each member carries its SHA-256; the manifest a digest over all of them and a MAC under
the audit key, so that what is not whole, was altered, or is another portal's, is told before anything is done with it.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from portal.kernel import crypto

FORMAT, VERSION = "rackpass-backup", 1
HASH = "RACKPASS.sha256"
MEMBERS = "members"  # where tarfile notes what it has seen; typeshed does not know it
ABOUT, MANIFEST = "about.json", "manifest.json"
LARGEST = 1 << 30  # no member that the portal writes comes near it
PART = 1 << 20  # bytes of a table in one member


class Unusable(Exception):
    """The file cannot be restored from; the text says what is wrong with it, and that nothing was touched."""


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    content: bytes


class Writer:
    """Puts members into a backup, one after the other, in constant memory."""

    def __init__(self, target: BinaryIO) -> None:
        self._packed = gzip.GzipFile(fileobj=target, mode="wb", compresslevel=4, mtime=0, filename="")
        self._tar = tarfile.open(fileobj=self._packed, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (closed in close)
        self._all = hashlib.sha256()
        self.members = 0

    def add(self, name: str, content: bytes) -> None:
        member, sha256 = tarfile.TarInfo(name), hashlib.sha256(content).hexdigest()
        member.size, member.mode, member.pax_headers = len(content), 0o600, {HASH: sha256}
        self._tar.addfile(member, io.BytesIO(content))
        setattr(self._tar, MEMBERS, [])  # tarfile would keep them all
        self._all.update(_line(name, len(content), sha256))
        self.members += 1

    def add_json(self, name: str, value: Any) -> None:
        self.add(name, json.dumps(value, ensure_ascii=False, indent=1).encode())

    def add_table(self, name: str, lines: Iterator[bytes]) -> None:
        """A table's lines in parts of about a megabyte."""
        part, size, number = [], 0, 0
        for line in lines:
            part.append(line)
            size += len(line)
            if size >= PART:
                number += 1
                self.add(f"tables/{name}/{number:06d}.jsonl", b"".join(part))
                part, size = [], 0
        if part:
            self.add(f"tables/{name}/{number + 1:06d}.jsonl", b"".join(part))

    def close(self, manifest: dict[str, Any]) -> None:
        """Writes the manifest, with what was added and the MAC, and ends the file."""
        manifest = {**manifest, "members": self.members, "sha256": self._all.hexdigest()}
        self.add_json(MANIFEST, {**manifest, "mac": _mac(manifest)})
        self.end()

    def end(self) -> None:
        """Lets go of the file. Without `close` before, what was written is no backup."""
        self._tar.close()
        self._packed.close()


@contextmanager
def made(path: Path) -> Iterator[Writer]:
    """A backup that stands under its name when it is whole, and not before. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(f"{path} is there already; a backup never overwrites one")
    growing = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            writer = Writer(target)
            try:
                yield writer
            finally:
                writer.end()
            target.flush()
            os.fsync(target.fileno())
        os.link(growing, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        growing.unlink(missing_ok=True)


def members(path: Path) -> Iterator[Member]:
    """Every member in order, each proven by its hash; the manifest comes last and only when it stands for all of them. Raises Unusable."""
    try:
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            yield from _proven(tar)
            while packed.read(1 << 16):  # to the checksum at the end
                pass
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise Unusable(f"{path} is damaged or not whole ({error})") from error
    except OSError as error:
        raise Unusable(f"{path} cannot be read ({error})") from error


def _proven(tar: tarfile.TarFile) -> Iterator[Member]:
    total, count, ended = hashlib.sha256(), 0, False
    while (member := tar.next()) is not None:
        setattr(tar, MEMBERS, [])
        if count == 0 and member.name != ABOUT:
            raise Unusable("this is not a backup of the portal")
        if ended or not member.isreg() or member.size > LARGEST:
            raise Unusable(f"{member.name} does not belong in a backup")
        content = cast("BinaryIO", tar.extractfile(member)).read()
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 != member.pax_headers.get(HASH):
            raise Unusable(f"{member.name} is damaged")
        if member.name == MANIFEST:
            ended = True
            _check(json.loads(content), count, total.hexdigest())
        total.update(_line(member.name, member.size, sha256))
        count += 1
        yield Member(member.name, content)
    if not ended:
        raise Unusable("the end is missing" if count else "this is not a backup of the portal")


def _check(manifest: dict[str, Any], count: int, sha256: str) -> None:
    mac = manifest.pop("mac", "")
    if not hmac.compare_digest(mac, _mac(manifest)):
        raise Unusable("the manifest was altered, or written under another portal's keys")
    if (manifest["members"], manifest["sha256"]) != (count, sha256):
        raise Unusable("a member was added, taken out or changed")


def key_prints() -> dict[str, str]:
    """What tells whether two key files agree, and tells nothing of the keys: version -> mark of each key that the data needs."""
    keys = crypto.keys()
    named = {f"field {version}": key for version, key in keys.field.items()} | {"match": keys.match, "audit": keys.audit}
    return {name: hmac.new(key, b"backup: which key", hashlib.sha256).hexdigest()[:16] for name, key in sorted(named.items())}


def _mac(manifest: dict[str, Any]) -> str:
    return crypto.audit_mac(b"backup|" + json.dumps(manifest, sort_keys=True, ensure_ascii=False).encode())


def _line(name: str, size: int, sha256: str) -> bytes:
    return f"{name} {size} {sha256}\n".encode()
