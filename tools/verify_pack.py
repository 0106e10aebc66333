"""Checks an evidence pack offline, with nothing of the portal: python verify_pack.py PACK.zip [--fingerprint HEX]

Needs Python 3.9 or newer and the package `cryptography`. It checks that
  1. manifest.json is signed by the key that the pack carries (compare its fingerprint with the one on the portal's page, or give it
     here: a forger can sign with a key of their own, but not with one of the same fingerprint);
  2. the pack holds the files that the manifest lists, each with its SHA-256, and no others;
  3. the audit chain from the period's first entry to the signed head has no gap, and the entries in audit.csv are links of it.
It does not check the entries' MACs, since their key never leaves the portal: `python -m portal audit verify` does that there.
The answer is the exit code: 0 sound, 1 not.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "rackpass-evidence/1"
UNLISTED = {"manifest.json", "manifest.sig"}


class Wrong(Exception):
    """What is wrong with the pack."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Checks an evidence pack offline.")
    parser.add_argument("pack", help="the ZIP file")
    parser.add_argument("--fingerprint", default="", help="the key's fingerprint as the portal's page shows it")
    given = parser.parse_args(arguments)
    try:
        for line in check(given.pack, given.fingerprint):
            print(line)
    except (Wrong, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        print(f"NOT SOUND: {error}")
        return 1
    print("SOUND")
    return 0


def check(path: str, fingerprint: str = "") -> Iterator[str]:
    """Yields what was found to be right, line by line. Raises Wrong."""
    with zipfile.ZipFile(path) as pack:
        names = [info.filename for info in pack.infolist()]
        if len(names) != len(set(names)):
            raise Wrong("two files have the same name")
        for needed in UNLISTED:
            if needed not in names:
                raise Wrong(f"{needed} is missing")
        content = pack.read("manifest.json")
        manifest = json.loads(content.decode("utf-8"))
        if manifest["format"] != FORMAT:
            raise Wrong(f"unknown format {manifest['format']!r}")
        yield from check_signature(pack, content, manifest, fingerprint)
        yield from check_files(pack, names, manifest["files"])
        yield from check_chain(pack, manifest["audit"])


def check_signature(pack: zipfile.ZipFile, content: bytes, manifest: dict[str, Any], fingerprint: str) -> Iterator[str]:
    key = bytes.fromhex(manifest["key"]["public_key"])
    found = hashlib.sha256(key).hexdigest()
    if found != manifest["key"]["fingerprint"]:
        raise Wrong("the fingerprint is not the key's")
    if fingerprint and fingerprint.replace(":", "").replace(" ", "").lower() != found:
        raise Wrong(f"signed with another key: its fingerprint is {found}")
    verify(key, pack.read("manifest.sig"), content, "the manifest's signature is wrong")
    yield f"signature: good, key {found}" + ("" if fingerprint else " (compare with the portal's page)")


def check_files(pack: zipfile.ZipFile, names: list[str], listed: dict[str, Any]) -> Iterator[str]:
    missing, unknown = sorted(set(listed) - set(names)), sorted(set(names) - set(listed) - UNLISTED)
    if missing:
        raise Wrong(f"missing: {', '.join(missing)}")
    if unknown:
        raise Wrong(f"not in the manifest: {', '.join(unknown)}")
    for name in sorted(listed):
        digest = hashlib.sha256()
        with pack.open(name) as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                digest.update(piece)
        if digest.hexdigest() != listed[name]["sha256"]:
            raise Wrong(f"changed: {name}")
    yield f"files: {len(listed)}, all as listed"


def check_chain(pack: zipfile.ZipFile, audit: dict[str, Any]) -> Iterator[str]:
    """From the period's first entry to the head, and each entry of audit.csv against it, side by side: both are in the chain's order."""
    head = audit["head"]
    if head is None:
        yield "audit: empty"
        return
    said = f"{head['seq']}|{head['hash']}|{head['sealed_at']}"
    verify(bytes.fromhex(head["public_key"]), bytes.fromhex(head["signature"]), said.encode(), "the audit head's signature is wrong")
    entries = rows(pack, "audit.csv")
    wanted, links, matched = next(entries, None), 0, 0
    previous, expected = audit["previous_hash"], audit["first_seq"]
    for link in rows(pack, "audit_chain.csv"):
        if int(link["seq"]) != expected:
            raise Wrong(f"audit entry {expected} is missing from the chain")
        made = hashlib.sha256(f"{previous}|{expected}|{link['mac']}".encode()).hexdigest()
        if made != link["hash"]:
            raise Wrong(f"audit entry {expected} does not follow from the one before")
        if wanted is not None and int(wanted["seq"]) == expected:
            if (wanted["mac"], wanted["hash"]) != (link["mac"], link["hash"]):
                raise Wrong(f"audit entry {expected} is not the chain's")
            wanted, matched = next(entries, None), matched + 1
        previous, expected, links = link["hash"], expected + 1, links + 1
    if wanted is not None:
        raise Wrong(f"audit entry {wanted['seq']} is no link of the chain")
    if links and (expected - 1 != head["seq"] or previous != head["hash"]):
        raise Wrong("the chain does not lead to the signed head")
    yield f"audit: {matched} entries of the period, {links} links to the signed head {head['seq']}"


def rows(pack: zipfile.ZipFile, name: str) -> Iterator[dict[str, str]]:
    with pack.open(name) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", newline=""))


def verify(key: bytes, signature: bytes, content: bytes, wrong: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except InvalidSignature:
        raise Wrong(wrong) from None


if __name__ == "__main__":
    csv.field_size_limit(1 << 30)
    sys.exit(main())
