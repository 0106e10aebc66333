"""The catalogue of texts: what the code marks for translation, and what is there in Chinese.

English is the source language and is shown as it stands in the code, so zh_CN is the only catalogue. `python -m
tools.catalogue` brings it up to date: a text that is new in the code comes in untranslated, one that is gone goes out,
a translation that is there stays, and nothing is guessed. The file holds no dates and no line numbers: it changes only
when a text does.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, check_and_call_extract_file
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO_FILE = ROOT / "portal/translations/zh_CN/LC_MESSAGES/messages.po"
LOCALE = "zh_CN"
MO_FILE = ROOT / f"portal/translations/{Locale.parse(LOCALE)}/LC_MESSAGES/messages.mo"  # where Babel looks, by its own name of zh_CN
SOURCES = ("portal", "templates")
KEYWORDS = {**DEFAULT_KEYWORDS, **parse_keywords(["_l", "N_", "lazy_gettext", "lazy_ngettext:1,2"])}
HEADER = "# Chinese (zh_CN) texts of the portal. `make messages` brings it up to date; write only the msgstr lines by hand."
FLEETING_HEADER = re.compile(r'"(Project-Id|Report|POT|PO-Revision|Last-|Language-Team|Generated)')
PLACEHOLDER = re.compile(r"%\((\w+)\)")

Fault = str


@dataclass(frozen=True)
class Text:
    """A text that the code marks: its English, singular first, and the files where it stands."""

    forms: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def msgid(self) -> str:
        return self.forms[0]


def extract(root: Path = ROOT, faults: list[Fault] | None = None) -> dict[str, Text]:
    """Every marked text below `root`, by its (singular) English.

    A file that cannot be read is named in `faults`; without that list it raises what the reader raised.
    """
    with (root / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    found: dict[str, tuple[tuple[str, ...], list[str]]] = {}
    for path in sorted(p for source in SOURCES for p in (root / source).rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        try:
            messages = list(check_and_call_extract_file(path, methods, options, None, KEYWORDS, (), False, dirpath=root))
        except Exception as error:
            if faults is None:
                raise
            faults.append(f"{name}: cannot be read: {error}")
            continue
        for _name, _line, message, _comments, _context in messages:
            forms = (message,) if isinstance(message, str) else tuple(message)
            if not forms[0]:
                continue
            known, files = found.setdefault(forms[0], (forms, []))
            if len(forms) > len(known):
                found[forms[0]] = (forms, files)
            if name not in files:
                files.append(name)
    return {msgid: Text(forms, tuple(files)) for msgid, (forms, files) in found.items()}


def read(po: Path = PO_FILE) -> Catalog:
    """The catalogue in `po`, or an empty one when there is no such file."""
    if not po.exists():
        return Catalog(locale=LOCALE, charset="utf-8")
    with po.open("rb") as file:
        return read_po(file, locale=LOCALE, charset="utf-8", abort_invalid=True)


def refresh(texts: Mapping[str, Text], old: Catalog, given: Mapping[str, str] | None = None) -> Catalog:
    """A catalogue of exactly `texts`; each translated as in `given`, else as in `old`, else not at all."""
    new = Catalog(locale=LOCALE, charset="utf-8")
    known = {singular(entry): translation(entry) for entry in entries(old)}
    for text in texts.values():
        chinese = (given or {}).get(text.msgid) or known.get(text.msgid, "")
        if len(text.forms) > 1:
            new.add(text.forms[:2], (chinese,))
        else:
            new.add(text.msgid, chinese)
    return new


def write(catalogue: Catalog, po: Path = PO_FILE) -> None:
    """Writes the catalogue as text to `po`; a reader never sees half a file."""
    text = io.BytesIO()
    write_po(text, catalogue, no_location=True, sort_output=True, ignore_obsolete=True, width=0)
    lines = text.getvalue().decode().split("\n")
    body = lines[lines.index('msgid ""') :]
    kept = [line for line in body if not FLEETING_HEADER.match(line)]
    _replace(po, "\n".join([HEADER, *kept]).encode())


def compile_to_mo(po: Path = PO_FILE, mo: Path = MO_FILE) -> None:
    """Compiles `po` into `mo` for the portal to read."""
    compiled = io.BytesIO()
    write_mo(compiled, read(po))
    _replace(mo, compiled.getvalue())


def faults_of(texts: Mapping[str, Text], catalogue: Catalog) -> Iterator[Fault]:
    """What is wrong between the code and the catalogue, one line each; nothing when all is well."""
    known = {singular(entry): entry for entry in entries(catalogue)}
    for text in texts.values():
        where = ", ".join(text.files)
        entry = known.get(text.msgid)
        if entry is None:
            yield f"{where}: not in the catalogue: {text.msgid!r}"
        elif not translation(entry):
            yield f"{where}: not translated: {text.msgid!r}"
        else:
            yield from (f"{where}: {fault}" for fault in placeholder_faults(text.forms, translation(entry)))
    for msgid in sorted(known.keys() - texts.keys()):
        yield f"in the catalogue, but no longer in the code: {msgid!r}"


def placeholder_faults(forms: Iterable[str], chinese: str) -> Iterator[Fault]:
    """Says where the placeholders of a text and of its translation differ, or where one cannot be filled in."""
    forms = tuple(forms)
    wanted = set(PLACEHOLDER.findall(forms[-1]))
    if wanted != set(PLACEHOLDER.findall(chinese)):
        yield f"placeholders differ: {forms[-1]!r} / {chinese!r}"
    if not wanted:
        return
    for form in (*forms, chinese):
        try:
            _ = form % dict.fromkeys(PLACEHOLDER.findall(form), 1)
        except (ValueError, TypeError):
            yield f"a placeholder is cut short, or a % stands alone: {form!r}"


def entries(catalogue: Catalog) -> Iterator[Message]:
    """The texts of a catalogue, without its header."""
    return (entry for entry in catalogue if entry.id)


def singular(entry: Message) -> str:
    """The English by which a text is found."""
    return str(entry.id) if isinstance(entry.id, str) else str(entry.id[0])


def translation(entry: Message) -> str:
    """The Chinese of a text, empty when there is none. Chinese has one form for every number."""
    forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
    return forms[0] if forms else ""


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        path.touch()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Brings the catalogue up to date with the code; says what it lacks.")
    parser.add_argument("--compile", action="store_true", help="only compile the catalogue that is there")
    if parser.parse_args().compile:
        compile_to_mo()
        return 0
    faults: list[Fault] = []
    texts = extract(faults=faults)
    catalogue = refresh(texts, read())
    write(catalogue)
    compile_to_mo()
    faults += faults_of(texts, catalogue)
    print("\n".join([*faults, f"{len(texts)} texts, {len(faults)} to mend"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
